//! The paths of the API: what a URL names, and the URL of what is named.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/request/requestinfo.go`.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use smol_str::SmolStr;

use crate::request::{Document, ResourcePath, Target};

/// What must not stand as itself in a part of a path.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'?')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// What follows a namespace name and is no resource in it.
const NAMESPACE_SUBRESOURCES: &[&str] = &["status", "finalize"];

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) target: Target,
    /// Whether the path has the old form of a watch: `/api/v1/watch/pods`.
    pub(crate) watch: bool,
}

/// Reads a path, without its query.
pub(crate) fn parse(path: &str) -> Named {
    let parts: Vec<SmolStr> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_decode_str(part).decode_utf8_lossy().as_ref().into())
        .collect();
    let texts: Vec<&str> = parts.iter().map(SmolStr::as_str).collect();
    let (target, watch) = match texts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => resource("", version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => resource(group, version, rest),
        other => (document(path, other), false),
    };
    Named { target, watch }
}

fn document(path: &str, parts: &[&str]) -> Target {
    let resources = |group: &str, version: &str| Document::Resources {
        group: group.into(),
        version: version.into(),
    };
    let open_api = |group: &str, version: &str| Document::OpenApi {
        group: group.into(),
        version: version.into(),
    };
    Target::Document(match parts {
        [] if path.len() <= 1 => Document::Root,
        ["version"] => Document::Version,
        ["livez" | "readyz" | "healthz", ..] => Document::Health {
            check: parts.join("/").into(),
            verbose: false,
        },
        ["api"] => Document::CoreVersions { aggregated: false },
        ["apis"] => Document::Groups { aggregated: false },
        ["api", version] => resources("", version),
        ["apis", group] => Document::Group((*group).into()),
        ["apis", group, version] => resources(group, version),
        ["openapi", "v2"] => Document::OpenApiV2,
        ["openapi", "v3"] => Document::OpenApiIndex,
        ["openapi", "v3", "api", version] => open_api("", version),
        ["openapi", "v3", "apis", group, version] => open_api(group, version),
        _ => Document::Unknown(path.into()),
    })
}

fn resource(group: &str, version: &str, parts: &[&str]) -> (Target, bool) {
    let (watch, parts) = match parts {
        ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
        _ => (false, parts),
    };
    let path = |namespace: &str, parts: &[&str]| {
        let part = |at: usize| SmolStr::from(parts.get(at).copied().unwrap_or_default());
        ResourcePath {
            group: group.into(),
            version: version.into(),
            namespace: namespace.into(),
            resource: part(0),
            name: part(1),
            subresource: parts.get(2..).unwrap_or_default().join("/").into(),
        }
    };
    let path = match parts {
        ["namespaces", name, rest @ ..] if is_in_namespace(rest) => path(name, rest),
        _ => path("", parts),
    };
    (Target::Resource(path), watch)
}

fn is_in_namespace(rest: &[&str]) -> bool {
    match rest {
        [] => false,
        [one] => !NAMESPACE_SUBRESOURCES.contains(one),
        _ => true,
    }
}

/// Writes the path of a resource.
pub(crate) fn print(path: &ResourcePath) -> String {
    let mut text = if path.group.is_empty() {
        format!("/api/{}", path.version)
    } else {
        format!("/apis/{}/{}", path.group, path.version)
    };
    let mut push = |part: &str| {
        text.push('/');
        text.extend(utf8_percent_encode(part, IN_PATH));
    };
    if !path.namespace.is_empty() {
        push("namespaces");
        push(&path.namespace);
    }
    for part in [&path.resource, &path.name, &path.subresource] {
        if !part.is_empty() {
            push(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_written() {
        let pod = ResourcePath::new("", "v1", "pods")
            .namespace("media")
            .name("a");
        let cases = [
            ("/api/v1/pods", ResourcePath::new("", "v1", "pods")),
            (
                "/api/v1/namespaces/media",
                ResourcePath::new("", "v1", "namespaces").name("media"),
            ),
            (
                "/api/v1/namespaces/media/finalize",
                ResourcePath::new("", "v1", "namespaces")
                    .name("media")
                    .subresource("finalize"),
            ),
            ("/api/v1/namespaces/media/pods/a", pod.clone()),
            (
                "/api/v1/namespaces/media/pods/a/log",
                pod.subresource("log"),
            ),
            (
                "/apis/apps/v1/namespaces/media/deployments",
                ResourcePath::new("apps", "v1", "deployments").namespace("media"),
            ),
        ];
        for (text, path) in cases {
            assert_eq!(print(&path), text);
            assert_eq!(
                parse(text),
                Named {
                    target: Target::Resource(path),
                    watch: false
                }
            );
        }
    }

    #[test]
    fn documents_and_old_watches_are_told_apart() {
        assert_eq!(
            parse("/apis/apps").target,
            Target::Document(Document::Group("apps".into()))
        );
        assert_eq!(
            parse("/nothing").target,
            Target::Document(Document::Unknown("/nothing".into()))
        );
        let old = parse("/api/v1/watch/namespaces/media/pods");
        assert!(old.watch);
        assert_eq!(
            old.target,
            Target::Resource(ResourcePath::new("", "v1", "pods").namespace("media"))
        );
    }
}
