//! Whether values fit a chart's `values.schema.json`.
//!
//! Schemas of drafts 4 to 2020-12 are understood. A reference to another document is never fetched, and
//! whatever it would demand is taken as met.
//!
//! Source: Helm 3.22.0 `pkg/chartutil/jsonschema.go`; github.com/santhosh-tekuri/jsonschema v6.0.3.

mod formats;
mod keywords;
mod places;

use std::fmt::Write as _;

use toft_gotmpl::{Data, Dict};
use toft_value::Value;

use crate::family::{Family, Id};
use crate::problem::{Problem, SCHEMA};

use keywords::Validator;
use places::Places;

/// How a schema is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Draft {
    Four,
    Six,
    Seven,
    Of2019,
    Of2020,
}

impl Draft {
    fn of(schema: &Value) -> Self {
        let named = schema
            .get("$schema")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let drafts = [
            ("draft-04", Self::Four),
            ("draft-06", Self::Six),
            ("draft-07", Self::Seven),
            ("2019-09", Self::Of2019),
        ];
        let found = drafts.iter().find(|(name, _)| named.contains(name));
        found.map_or(Self::Of2020, |(_, draft)| *draft)
    }
}

/// Refuses values that do not fit the schemas of a chart and the charts below it.
pub(crate) fn check(family: &Family<'_>, root: Id, values: &Dict) -> Result<(), Problem> {
    let mut told = String::new();
    check_chart(family, root, values, &mut told);
    if told.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        SCHEMA,
        format!(
            "values don't meet the specifications of the schema(s) in the following chart(s):\n{told}"
        ),
    ))
}

fn check_chart(family: &Family<'_>, chart: Id, values: &Dict, told: &mut String) {
    if let Some(bytes) = &family.chart(chart).schema
        && let Err(message) = check_values(bytes, values)
    {
        let _ = writeln!(told, "{}:\n{message}", family.name(chart));
    }
    for child in family.charts(chart) {
        let name = family.name(*child);
        match values.get(name) {
            None | Some(Data::Nil | Data::Missing) => {}
            Some(Data::Dict(below)) => check_chart(family, *child, &below, told),
            Some(other) => {
                let found = other.type_name();
                let _ = writeln!(
                    told,
                    "{name}:\ninvalid type for values: expected object (map), got {found}"
                );
            }
        }
    }
}

/// What is wrong with values, one line each.
fn check_values(bytes: &[u8], values: &Dict) -> Result<(), String> {
    let schema = Value::from_json(bytes).map_err(|error| error.message)?;
    let value = Data::Dict(values.clone()).to_value()?;
    let places = Places::of(&schema);
    let mut validator = Validator::new(&schema, Draft::of(&schema), &places);
    let outcome = validator.check(&schema, &value);
    if let Some(message) = validator.stopped() {
        return Err(message);
    }
    if outcome.errors.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = outcome
        .errors
        .iter()
        .map(|error| format!("- {error}"))
        .collect();
    Err(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use toft_gotmpl::DictKind;
    use toft_value::value;

    use super::*;

    fn problems(schema: &str, value: &Value) -> Result<(), String> {
        let Data::Dict(values) = Data::from_typed(value) else {
            return Err("no map".to_owned());
        };
        assert_eq!(values.kind, DictKind::Any);
        check_values(schema.as_bytes(), &values)
    }

    #[test]
    fn values_that_fit_are_taken_in_every_draft() {
        let good = [
            (
                r#"{"properties":{"a":{"type":"integer"}}}"#,
                value!({"a": 3.0}),
            ),
            (
                r##"{"$ref":"#/$defs/a","$defs":{"a":{"required":["b"]}}}"##,
                value!({"b": 1}),
            ),
            (
                r##"{"properties":{"a":{"$ref":"#x"}},"$defs":{"x":{"$anchor":"x","type":"string"}}}"##,
                value!({"a": "b"}),
            ),
            (
                r#"{"$ref":"https://example.org/other.json"}"#,
                value!({"b": 1}),
            ),
            (
                r#"{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"minimum":1,"exclusiveMinimum":false}}}"#,
                value!({"a": 1}),
            ),
            (
                r#"{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}"#,
                value!({"a": 1}),
            ),
            (
                r#"{"if":{"required":["a"]},"then":{"required":["b"]}}"#,
                value!({"c": 1}),
            ),
        ];
        for (schema, value) in good {
            assert_eq!(problems(schema, &value), Ok(()), "{schema}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_told() {
        let bad = [
            (
                r#"{"properties":{"a":{"type":"integer"}}}"#,
                value!({"a": "x"}),
                "- at '/a': got string, want integer",
            ),
            (
                r#"{"required":["a"]}"#,
                value!({}),
                "- at '': missing property 'a'",
            ),
            (
                r#"{"additionalProperties":false}"#,
                value!({"a": 1}),
                "- at '': additional properties 'a' not allowed",
            ),
            (
                r#"{"properties":{"a":{"enum":["x","y"]}}}"#,
                value!({"a": "z"}),
                "- at '/a': value must be one of 'x', 'y'",
            ),
            (
                r#"{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}"#,
                value!({"b": 1}),
                "- at '': unevaluated properties 'b' not allowed",
            ),
            (
                r#"{"properties":{"a":{"pattern":"^x$"}}}"#,
                value!({"a": "z"}),
                "- at '/a': 'z' does not match pattern '^x$'",
            ),
            (
                r#"{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"minimum":1,"exclusiveMinimum":true}}}"#,
                value!({"a": 1}),
                "- at '/a': exclusiveMinimum: got 1, want 1",
            ),
            (
                r#"{"properties":{"a":{"not":{"type":"string"}}}}"#,
                value!({"a": "z"}),
                "- at '/a': 'not' failed",
            ),
        ];
        for (schema, value, expected) in bad {
            assert_eq!(
                problems(schema, &value),
                Err(expected.to_owned()),
                "{schema}"
            );
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        assert!(problems(r##"{"$ref":"#"}"##, &value!({"a": 1})).is_err());
        assert!(
            problems(
                r##"{"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##,
                &value!({"a": 1})
            )
            .is_err()
        );
    }
}
