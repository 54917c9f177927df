//! Places in a kustomization file.

use toft_source::{Diagnostic, Source, Span};

use crate::kustomization::{Problem, Segment};

/// The bytes of the value at a path; of the nearest thing that exists where there is none.
pub(super) fn span(source: &Source, path: &[Segment]) -> Span {
    locate(source, path).map_or_else(Span::default, |(_, value)| value)
}

/// A longer value is told by its key.
const SPAN_BYTES_MAX: u32 = 120;

/// The bytes of the key and of the value at a path. The text is read again: errors are rare.
fn locate(source: &Source, path: &[Segment]) -> Option<(Span, Span)> {
    let tree = toft_yaml::parse(source).value;
    let root = tree.documents().find_map(|document| document.root())?;
    let mut node = root;
    let mut key = root.span();
    for segment in path {
        let found = match segment {
            Segment::Key(name) => {
                let entries = node.resolved().entries();
                let named = entries.filter(|(key, _)| key.text().eq_ignore_ascii_case(name));
                named.last()
            }
            Segment::Index(index) => {
                let item = node.resolved().items().nth(*index);
                item.map(|item| (item, item))
            }
        };
        let Some((name, value)) = found else {
            break;
        };
        key = name.span();
        node = value;
    }
    let value = node.span();
    let is_long = value.end.saturating_sub(value.start) > SPAN_BYTES_MAX;
    Some((key, if is_long { key } else { value }))
}

/// What is wrong with a field.
pub(super) fn problem(source: &Source, problem: Problem) -> Diagnostic {
    match problem {
        Problem::Unknown { path, suggestion } => {
            let name = match path.last() {
                Some(Segment::Key(name)) => name.clone(),
                Some(Segment::Index(_)) | None => "".into(),
            };
            let span = locate(source, &path).map_or_else(Span::default, |(key, _)| key);
            let told = Diagnostic::error("KUS014", format!("unknown field \"{name}\""));
            let told = told.at(source, span, "");
            match suggestion {
                Some(suggestion) => told.help(format!("did you mean `{suggestion}`?")),
                None => told.help("remove the field, or check its indentation"),
            }
        }
        Problem::Wrong {
            path,
            found,
            wanted,
        } => {
            let at = span(source, &path);
            Diagnostic::error("KUS015", wrong(&path, found, wanted)).at(source, at, "")
        }
    }
}

fn wrong(path: &[Segment], found: &str, wanted: &str) -> String {
    format!("`{}` is {found}; {wanted} is wanted", written(path))
}

/// What is wrong with a field, without its place.
pub(crate) fn problem_text(problem: &Problem) -> String {
    match problem {
        Problem::Unknown { path, .. } => format!("unknown field \"{}\"", written(path)),
        Problem::Wrong {
            path,
            found,
            wanted,
        } => wrong(path, found, wanted),
    }
}

fn written(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(name) if text.is_empty() => text.push_str(name),
            Segment::Key(name) => {
                text.push('.');
                text.push_str(name);
            }
            Segment::Index(index) => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
        }
    }
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

/// Joins two relative paths as Go's `filepath.Join` does: `..` at the front stays.
pub(crate) fn join(base: &str, entry: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(entry.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn shown_paths_keep_what_climbs_out() {
        assert_eq!(join("", "../base"), "../base");
        assert_eq!(join("../base", "web.yaml"), "../base/web.yaml");
        assert_eq!(join("../base", "../../common"), "../../common");
        assert_eq!(join("overlay", "./patch.yaml"), "overlay/patch.yaml");
    }
}
