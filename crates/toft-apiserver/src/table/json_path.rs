//! The paths of printer columns: fields, indexes, `[*]` and `[?(@.type=="Ready")]`.
//!
//! Source: client-go 0.36.3 `util/jsonpath`; apiextensions-apiserver allows simple paths alone.

use toft_value::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(i64),
    Every,
    /// The items whose field equals a text.
    Where(Vec<Self>, String),
}

/// The first value that a path leads to.
pub(super) fn first(object: &Value, path: &str) -> Option<Value> {
    let steps = parse(path)?;
    find(object, &steps)
}

fn find(value: &Value, steps: &[Step]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(value.clone());
    };
    match step {
        Step::Field(name) => find(value.get(name)?, rest),
        Step::Index(index) => {
            let items = value.items();
            let from_end = items
                .len()
                .checked_sub(usize::try_from(index.unsigned_abs()).ok()?);
            let at = if *index < 0 {
                from_end?
            } else {
                usize::try_from(*index).ok()?
            };
            find(items.get(at)?, rest)
        }
        Step::Every => value.items().iter().find_map(|item| find(item, rest)),
        Step::Where(path, wanted) => {
            let matches =
                |item: &&Value| find(item, path).is_some_and(|found| text(&found) == *wanted);
            value
                .items()
                .iter()
                .filter(matches)
                .find_map(|item| find(item, rest))
        }
    }
}

fn parse(path: &str) -> Option<Vec<Step>> {
    let (mut steps, mut rest) = (Vec::new(), path.trim());
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = closing(inner)?;
            steps.push(bracket(inner.get(..end)?)?);
            rest = inner.get(end + 1..)?;
        } else {
            let (name, after) = field(rest.strip_prefix('.').unwrap_or(rest));
            if !name.is_empty() {
                steps.push(Step::Field(name));
            }
            rest = after;
        }
    }
    Some(steps)
}

/// Where the bracket ends that was opened before the text; quotes hide brackets.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, ']') => return Some(at),
            _ => {}
        }
    }
    None
}

/// A field name; a backslash takes a dot into it.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.extend(characters.next().map(|(_, next)| next)),
            '.' | '[' => return (name, text.get(at..).unwrap_or_default()),
            _ => name.push(character),
        }
    }
    (name, "")
}

fn bracket(inner: &str) -> Option<Step> {
    let inner = inner.trim();
    if inner == "*" {
        return Some(Step::Every);
    }
    if let Some(name) = quoted(inner) {
        return Some(Step::Field(name.to_owned()));
    }
    if let Ok(index) = inner.parse() {
        return Some(Step::Index(index));
    }
    let condition = inner.strip_prefix("?(")?.strip_suffix(')')?;
    let (path, wanted) = condition.split_once("==")?;
    let path = parse(path.trim().strip_prefix('@')?)?;
    let wanted = wanted.trim();
    Some(Step::Where(
        path,
        quoted(wanted).unwrap_or(wanted).to_owned(),
    ))
}

fn quoted(text: &str) -> Option<&str> {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\''))
}

/// A value as text.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_json(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn paths_of_printer_columns_are_followed() {
        let object = value!({
            "metadata": {"annotations": {"a.b/c": "x"}},
            "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]},
        });
        let cases = [
            (
                ".status.conditions[?(@.type==\"Ready\")].status",
                Some("True"),
            ),
            (".status.conditions[0].status", Some("False")),
            (".status.conditions[-1].type", Some("Ready")),
            (".status.conditions[*].type", Some("Synced")),
            (".metadata.annotations.a\\.b/c", Some("x")),
            (".metadata.annotations['a.b/c']", Some("x")),
            (".spec.nothing", None),
        ];
        for (path, expected) in cases {
            assert_eq!(
                first(&object, path).map(|found| text(&found)).as_deref(),
                expected,
                "{path}"
            );
        }
    }
}
