//! Label and field selectors.

use std::fmt;

use smol_str::SmolStr;
use toft_value::{Map, Value};

use crate::selector_text;

/// Why a text or value is no selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SelectorError(pub String);

/// One condition on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The label has the value.
    Equals(SmolStr, SmolStr),
    /// The label is missing or has another value.
    Differs(SmolStr, SmolStr),
    /// The label has one of the values.
    In(SmolStr, Vec<SmolStr>),
    /// The label is missing or has none of the values.
    NotIn(SmolStr, Vec<SmolStr>),
    /// The label is there.
    Exists(SmolStr),
    /// The label is missing.
    Missing(SmolStr),
    /// The label is an integer above the number.
    Greater(SmolStr, i64),
    /// The label is an integer below the number.
    Less(SmolStr, i64),
}

/// A conjunction of requirements; the empty one matches everything.
///
/// # Example
/// ```
/// use toft_object::LabelSelector;
/// use toft_value::value;
/// let selector = LabelSelector::parse("app=photos,tier in (web, api),!legacy").unwrap();
/// let labels = value!({"app": "photos", "tier": "web"});
/// assert!(selector.matches(labels.as_map()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// All of them must hold.
    pub requirements: Vec<Requirement>,
}

/// One condition on a field: its path, whether it must be equal, and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    /// The path, such as `metadata.name`.
    pub field: SmolStr,
    /// Whether the field must be equal; otherwise it must differ.
    pub equal: bool,
    /// The value.
    pub value: SmolStr,
}

/// A conjunction of field requirements; the empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    /// All of them must hold.
    pub requirements: Vec<FieldRequirement>,
}

impl Requirement {
    fn matches(&self, labels: Option<&Map>) -> bool {
        let label = |key: &str| {
            labels
                .and_then(|labels| labels.get(key))
                .and_then(Value::as_str)
        };
        let number = |key: &str| label(key).and_then(|text| text.parse::<i64>().ok());
        match self {
            Self::Equals(key, value) => label(key) == Some(value),
            Self::Differs(key, value) => label(key) != Some(value),
            Self::In(key, values) => {
                label(key).is_some_and(|value| values.iter().any(|one| one == value))
            }
            Self::NotIn(key, values) => {
                label(key).is_none_or(|value| values.iter().all(|one| one != value))
            }
            Self::Exists(key) => label(key).is_some(),
            Self::Missing(key) => label(key).is_none(),
            Self::Greater(key, limit) => number(key).is_some_and(|value| value > *limit),
            Self::Less(key, limit) => number(key).is_some_and(|value| value < *limit),
        }
    }
}

impl LabelSelector {
    /// Reads the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
    ///
    /// # Errors
    /// The text is no selector.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let requirements = selector_text::parse(text)?;
        Ok(Self { requirements })
    }

    /// Reads the `LabelSelector` of an object: `matchLabels` and `matchExpressions`.
    ///
    /// # Errors
    /// An expression has an unknown operator.
    pub fn from_value(value: &Value) -> Result<Self, SelectorError> {
        let labels = value.get("matchLabels").and_then(Value::as_map);
        for (key, value) in labels.into_iter().flatten() {
            let values = [SmolStr::from(value.as_str().unwrap_or_default())];
            check_requirement(key, &values, Vec::new())?;
        }
        for expression in value.items_at(&["matchExpressions"]) {
            let (key, values) = key_and_values(expression);
            check_expression(expression, &key, &values)?;
        }
        Self::of_any_text(value)
    }

    /// As [`LabelSelector::from_value`], but keys and values may be any text: what it selects are no labels, as the
    /// parameters of an `ApplicationSet`.
    ///
    /// # Errors
    /// An expression has an unknown operator.
    pub fn of_any_text(value: &Value) -> Result<Self, SelectorError> {
        let mut selector = Self::from_labels(value.get("matchLabels").and_then(Value::as_map));
        for expression in value.items_at(&["matchExpressions"]) {
            selector.requirements.push(parse_expression(expression)?);
        }
        Ok(selector)
    }

    /// The selector that wants every one of these labels.
    pub fn from_labels(labels: Option<&Map>) -> Self {
        let entries = labels.into_iter().flatten();
        let wanted = |value: &Value| SmolStr::from(value.as_str().unwrap_or_default());
        Self {
            requirements: entries
                .map(|(key, value)| Requirement::Equals(key.clone(), wanted(value)))
                .collect(),
        }
    }

    /// Whether the labels satisfy every requirement.
    pub fn matches(&self, labels: Option<&Map>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(labels))
    }

    /// Whether it matches everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

fn key_and_values(expression: &Value) -> (SmolStr, Vec<SmolStr>) {
    let key = SmolStr::from(expression.str_at(&["key"]).unwrap_or_default());
    let values = expression.items_at(&["values"]).iter();
    let values = values.filter_map(Value::as_str).map(SmolStr::from);
    (key, values.collect())
}

fn parse_expression(expression: &Value) -> Result<Requirement, SelectorError> {
    let (key, values) = key_and_values(expression);
    match expression.str_at(&["operator"]).unwrap_or_default() {
        "In" => Ok(Requirement::In(key, values)),
        "NotIn" => Ok(Requirement::NotIn(key, values)),
        "Exists" => Ok(Requirement::Exists(key)),
        "DoesNotExist" => Ok(Requirement::Missing(key)),
        "Gt" => Ok(Requirement::Greater(key, first_integer(&values)?)),
        "Lt" => Ok(Requirement::Less(key, first_integer(&values)?)),
        other => Err(SelectorError(format!(
            "\"{other}\" is not a valid label selector operator"
        ))),
    }
}

/// Source: apimachinery 0.36.3 `pkg/labels/selector.go`, `NewRequirement`.
fn check_expression(
    expression: &Value,
    key: &str,
    values: &[SmolStr],
) -> Result<(), SelectorError> {
    let mut errors = Vec::new();
    let shown = || {
        expression
            .at(&["values"])
            .map_or_else(|| "null".to_owned(), Value::to_json)
    };
    match expression.str_at(&["operator"]).unwrap_or_default() {
        "In" | "NotIn" if values.is_empty() => errors.push(
            "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty"
                .to_owned(),
        ),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(format!(
            "values: Invalid value: {}: values set must be empty for exists and does not exist",
            shown()
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        // The others tell their own trouble.
        _ => return Ok(()),
    }
    check_requirement(key, values, errors)
}

fn check_requirement(
    key: &str,
    values: &[SmolStr],
    others: Vec<String>,
) -> Result<(), SelectorError> {
    let mut errors: Vec<String> = selector_text::key_error("key", key).into_iter().collect();
    errors.extend(others);
    let values = values.iter().enumerate();
    errors.extend(values.filter_map(|(at, value)| selector_text::value_error(key, value, at)));
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(SelectorError(one.clone())),
        several => Err(SelectorError(format!("[{}]", several.join(", ")))),
    }
}

fn first_integer(values: &[SmolStr]) -> Result<i64, SelectorError> {
    let text = values.first().map(SmolStr::as_str).unwrap_or_default();
    text.parse().map_err(|_| {
        SelectorError(format!(
            "for 'Gt', 'Lt' operators, the value must be an integer, got {text:?}"
        ))
    })
}

/// The text form, requirements in the order of their keys, as upstream prints it.
impl fmt::Display for LabelSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts: Vec<(&str, String)> =
            self.requirements.iter().map(Requirement::text).collect();
        texts.sort_by(|left, right| left.0.cmp(right.0));
        for (index, (_, text)) in texts.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(out, "{comma}{text}")?;
        }
        Ok(())
    }
}

impl Requirement {
    /// The key and the text form.
    fn text(&self) -> (&str, String) {
        let list = |values: &[SmolStr]| {
            let mut values: Vec<&str> = values.iter().map(SmolStr::as_str).collect();
            values.sort_unstable();
            values.join(",")
        };
        match self {
            Self::Equals(key, value) => (key, format!("{key}={value}")),
            Self::Differs(key, value) => (key, format!("{key}!={value}")),
            Self::In(key, values) => (key, format!("{key} in ({})", list(values))),
            Self::NotIn(key, values) => (key, format!("{key} notin ({})", list(values))),
            Self::Exists(key) => (key, key.to_string()),
            Self::Missing(key) => (key, format!("!{key}")),
            Self::Greater(key, limit) => (key, format!("{key}>{limit}")),
            Self::Less(key, limit) => (key, format!("{key}<{limit}")),
        }
    }
}

/// The text form: `metadata.name=a,status.phase!=Running`.
impl fmt::Display for FieldSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.requirements.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let operator = if one.equal { "=" } else { "!=" };
            write!(out, "{comma}{}{operator}{}", one.field, escape(&one.value))?;
        }
        Ok(())
    }
}

impl FieldSelector {
    /// Reads the text form: `metadata.name=a,status.phase!=Running`.
    ///
    /// # Errors
    /// A part has no operator.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut parts = split_fields(text);
        parts.sort_unstable();
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let requirements = parts.map(|part| parse_field(text, part));
        let requirements = requirements.collect::<Result<_, _>>()?;
        let mut requirements: Vec<FieldRequirement> = requirements;
        // Upstream takes one that is about no field at all for everything.
        requirements.retain(|one| !one.field.is_empty() || !one.value.is_empty());
        Ok(Self { requirements })
    }
}

/// The parts between commas that no backslash escapes.
///
/// Source: apimachinery 0.36.3 `pkg/fields/selector.go`, splitTerms.
fn split_fields(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

/// The value without its backslashes.
///
/// Source: apimachinery 0.36.3 `pkg/fields/selector.go`, `UnescapeValue`.
fn unescape(value: &str) -> Result<SmolStr, SelectorError> {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(letter @ ('\\' | ',' | '=')) => plain.push(letter),
                Some(letter) => {
                    return Err(SelectorError(format!(
                        "invalid field selector: invalid escape sequence: \\{letter}"
                    )));
                }
                None => {
                    return Err(SelectorError(
                        "invalid field selector: invalid escape sequence: \\".to_owned(),
                    ));
                }
            },
            ',' | '=' => {
                // Upstream prints the number of the character.
                let number = u32::from(letter);
                return Err(SelectorError(format!(
                    "invalid field selector: unescaped character in value: {number}"
                )));
            }
            letter => plain.push(letter),
        }
    }
    Ok(plain.into())
}

/// The value with backslashes where it needs them.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace(',', "\\,")
        .replace('=', "\\=")
}

fn parse_field(text: &str, part: &str) -> Result<FieldRequirement, SelectorError> {
    const OPERATORS: &[(&str, bool)] = &[("!=", false), ("==", true), ("=", true)];
    for (at, _) in part.char_indices() {
        let rest = part.get(at..).unwrap_or_default();
        let mut operators = OPERATORS.iter();
        let found = operators
            .find_map(|(operator, equal)| rest.strip_prefix(operator).map(|value| (value, *equal)));
        if let Some((value, equal)) = found {
            return Ok(FieldRequirement {
                field: part.get(..at).unwrap_or_default().into(),
                equal,
                value: unescape(value)?,
            });
        }
    }
    Err(SelectorError(format!(
        "invalid selector: '{text}'; can't understand '{part}'"
    )))
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn every_operator_is_understood() {
        let labels = value!({"a": "1", "b": "x"});
        let cases = [
            ("a=1", true),
            ("a==1,b!=y", true),
            ("a in (1, 2)", true),
            ("a notin (1,2)", false),
            ("c notin (1)", true),
            ("a", true),
            ("!a", false),
            ("a>0,a<2", true),
            ("a>1", false),
            ("", true),
        ];
        for (text, expected) in cases {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(selector.matches(labels.as_map()), expected, "{text}");
        }
        assert!(LabelSelector::parse("=a").is_err());
    }

    #[test]
    fn expressions_of_objects_are_understood() {
        let selector = value!({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]});
        let selector = LabelSelector::from_value(&selector).unwrap();
        assert!(selector.matches(value!({"a": "1"}).as_map()));
        assert!(!selector.matches(value!({"a": "1", "c": ""}).as_map()));
    }
}
