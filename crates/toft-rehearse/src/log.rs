//! The event log: what was committed, as text.

use std::fmt::Write as _;

use toft_apiserver::Commit;

/// Prints commits, one line for each object: revision, what happened, key, and the object as JSON.
///
/// Two runs are the same run if and only if this text is the same.
pub fn print_commits(commits: &[Commit]) -> String {
    let mut text = String::new();
    for commit in commits {
        for change in &commit.changes {
            let what = match (&change.before, &change.after) {
                (None, _) => "added",
                (Some(_), Some(_)) => "modified",
                (Some(_), None) => "deleted",
            };
            let key = &change.key;
            let _ = write!(
                text,
                "{} {what} {} {}/{}",
                commit.revision, key.resource, key.namespace, key.name
            );
            if let Some(object) = &change.after {
                text.push(' ');
                object.write_json(&mut text);
            }
            text.push('\n');
        }
    }
    text
}
