//! What an Application's options may name with a dollar sign.

use std::collections::BTreeMap;

use crate::job::Job;

/// The variables of a rendering.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `newEnv`.
pub(crate) struct Environment<'a> {
    job: Option<&'a Job<'a>>,
    names: BTreeMap<&'static str, String>,
}

impl<'a> Environment<'a> {
    pub(crate) fn new(job: &'a Job<'a>) -> Self {
        let (app, source) = (job.application, job.source);
        let names = BTreeMap::from([
            ("ARGOCD_APP_NAME", job.instance_name().to_string()),
            (
                "ARGOCD_APP_NAMESPACE",
                app.destination.namespace.to_string(),
            ),
            ("ARGOCD_APP_PROJECT_NAME", app.project.to_string()),
            ("ARGOCD_APP_SOURCE_REPO_URL", source.repo_url.to_string()),
            ("ARGOCD_APP_SOURCE_PATH", source.path.to_string()),
            (
                "ARGOCD_APP_SOURCE_TARGET_REVISION",
                source.target_revision.to_string(),
            ),
        ]);
        Self {
            job: Some(job),
            names,
        }
    }

    /// What a name stands for. The revision is looked at only by who asks for it: it changes with every commit.
    fn value(&self, name: &str) -> Option<&str> {
        let revision = || self.job.map(Job::revision);
        let short = |length: usize| revision().map(|text| text.get(..length).unwrap_or(text));
        match name {
            "ARGOCD_APP_REVISION" => revision(),
            "ARGOCD_APP_REVISION_SHORT" => short(7),
            "ARGOCD_APP_REVISION_SHORT_8" => short(8),
            name => self.names.get(name).map(String::as_str),
        }
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
                Some(name) => out.push_str(self.value(name).unwrap_or_default()),
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
        let environment = Environment {
            job: None,
            names: BTreeMap::from([("A", "x".to_owned()), ("A_B", "y".into())]),
        };
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
