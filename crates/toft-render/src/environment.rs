//! What an Application's options may name with a dollar sign.

use std::collections::BTreeMap;

use crate::request::Request;

/// The variables of a rendering.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `newEnv`.
pub(crate) struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    pub(crate) fn new(request: &Request<'_>) -> Self {
        let (app, source) = (request.application, request.source);
        let revision = request.revision;
        let short = |length: usize| revision.get(..length).unwrap_or(revision).to_owned();
        let name = request.instance_name();
        Self(BTreeMap::from([
            ("ARGOCD_APP_NAME", name.to_string()),
            (
                "ARGOCD_APP_NAMESPACE",
                app.destination.namespace.to_string(),
            ),
            ("ARGOCD_APP_PROJECT_NAME", app.project.to_string()),
            ("ARGOCD_APP_REVISION", revision.to_owned()),
            ("ARGOCD_APP_REVISION_SHORT", short(7)),
            ("ARGOCD_APP_REVISION_SHORT_8", short(8)),
            ("ARGOCD_APP_SOURCE_REPO_URL", source.repo_url.to_string()),
            ("ARGOCD_APP_SOURCE_PATH", source.path.to_string()),
            (
                "ARGOCD_APP_SOURCE_TARGET_REVISION",
                source.target_revision.to_string(),
            ),
        ]))
    }

    /// Replaces `$NAME` and `${NAME}`; `$$` stands for a dollar sign, an unknown name for nothing.
    ///
    /// Source: Argo CD 3.2.0 `types.go`, `Envsubst`, which is Go's `os.Expand`.
    pub(crate) fn substitute(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            if after.is_empty() {
                out.push('$');
            }
            let (name, length) = name(after);
            match name {
                Some("$") => out.push('$'),
                Some("") if length == 0 && !after.is_empty() => out.push('$'),
                Some(name) => out.push_str(self.0.get(name).map_or("", String::as_str)),
                None => {}
            }
            rest = after.get(length..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

/// The name after a dollar sign, and how many bytes it takes; none where the braces are wrong.
fn name(text: &str) -> (Option<&str>, usize) {
    let is_special = |one: char| "*#$@!?-0123456789".contains(one);
    let Some(first) = text.chars().next() else {
        return (Some(""), 0);
    };
    if first == '{' {
        let inner = text.get(1..).and_then(|rest| rest.split_once('}'));
        return match inner {
            Some(("", _)) => (None, 2),
            Some((inner, _)) => (Some(inner), inner.len() + 2),
            None => (None, 1),
        };
    }
    if is_special(first) {
        return (text.get(..1), 1);
    }
    let end = text.find(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    let length = end.unwrap_or(text.len());
    (text.get(..length), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_as_go_expands_them() {
        let environment = Environment(BTreeMap::from([("A", "x".to_owned()), ("A_B", "y".into())]));
        let cases = [
            ("$A", "x"),
            ("${A}b", "xb"),
            ("$A_B$A", "yx"),
            ("$$A", "$A"),
            ("$", "$"),
            ("a$", "a$"),
            ("$.", "$."),
            ("$unknown-b", "-b"),
            ("${}x", "x"),
            ("${A", "A"),
            ("$1x", "x"),
            ("${$}", "$"),
            ("ä$A", "äx"),
            ("$ä", "$ä"),
        ];
        for (text, expected) in cases {
            assert_eq!(environment.substitute(text), expected, "{text}");
        }
    }
}
