//! Values against the schema of a CRD.
//!
//! Source: kube-openapi `pkg/validation/validate`, apiextensions-apiserver 0.36.3
//! `pkg/apiserver/{validation,schema/listtype}`. Properties are walked in order of names, where upstream's
//! order is random. CEL rules (`x-kubernetes-validations`) are not evaluated.

mod format;
mod list;

use toft_value::{Map, Value};

use crate::field_error::{FieldError, FieldPath};
use crate::go_text;
use crate::graph::Rules;
use crate::schema::{Schema, Shape};

/// What is wrong with a value.
pub(super) fn validate(schema: Schema<'_>, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(schema, value, ("", &mut errors));
    if errors.is_empty() {
        list::validate(schema, value, (&FieldPath::default(), &mut errors));
    }
    errors
}

type Context<'a> = (&'a str, &'a mut Vec<FieldError>);

fn field(path: &str) -> FieldPath {
    match path {
        "" => FieldPath::default(),
        path => FieldPath::new(path),
    }
}

fn walk(schema: Schema<'_>, value: &Value, (path, errors): Context<'_>) {
    let Some(rules) = schema.rules() else {
        return;
    };
    // The other checks go on after a wrong type, as upstream's do.
    check_type(schema, rules, value, (path, errors));
    if value.is_null() {
        if !rules.values.is_empty() {
            check_values(rules, value, (path, errors));
        }
        return;
    }
    junctors(schema, rules, value, (path, errors));
    match value {
        Value::Str(text) => check_text(rules, text, (path, errors)),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
            check_number(rules, value, (path, errors));
        }
        Value::List(items) => check_list(schema, rules, items, (path, errors)),
        Value::Null | Value::Bool(_) | Value::Map(_) => {}
    }
    check_values(rules, value, (path, errors));
    if let Value::Map(map) = value {
        check_map(schema, rules, map, (path, errors));
    }
}

/// What JSON schema calls a value.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::UInt(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn check_type(schema: Schema<'_>, rules: &Rules, value: &Value, (path, errors): Context<'_>) {
    if rules.type_.is_empty() {
        return;
    }
    let found = type_name(value);
    let wanted = |name: &str| rules.type_.split(',').any(|one| one == name);
    let is_whole = matches!(value, Value::Float(number) if number.fract() == 0.0);
    let fits = wanted(found)
        || (found == "integer" && wanted("number"))
        || (is_whole && wanted("integer"))
        || (value.is_null() && schema.is_nullable());
    if !fits {
        let detail = format!(
            "{path} in body must be of type {}: {}",
            rules.type_,
            go_text::quote(found)
        );
        errors.push(FieldError::type_invalid(&field(path), found, detail));
    }
}

fn check_values(rules: &Rules, value: &Value, (path, errors): Context<'_>) {
    let known =
        |one: &Value| one == value || (one.as_f64().is_some() && one.as_f64() == value.as_f64());
    if rules.values.is_empty() || rules.values.iter().any(known) {
        return;
    }
    let texts = rules.values.iter().map(|value| match value {
        Value::Str(text) => text.to_string(),
        other => other.to_json(),
    });
    let texts: Vec<String> = texts.collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    errors.push(FieldError::not_supported(&field(path), value, &texts));
}

fn invalid((path, errors): Context<'_>, value: impl Into<Value>, what: &str) {
    let detail = format!("{path} in body {what}");
    errors.push(FieldError::invalid(&field(path), value, detail));
}

fn check_text(rules: &Rules, text: &str, (path, errors): Context<'_>) {
    let length = text.chars().count();
    if let Some(max) = rules.max_length.filter(|max| length > *max) {
        errors.push(FieldError::too_long(&field(path), max));
    } else if let Some(min) = rules.min_length.filter(|min| length < *min) {
        invalid(
            (path, errors),
            text,
            &format!("should be at least {min} chars long"),
        );
    } else if let Some(pattern) = &rules.pattern
        && !rules.matches(text)
    {
        invalid((path, errors), text, &format!("should match '{pattern}'"));
    }
    if !format::is_valid(&rules.format, text) {
        let quoted = go_text::quote(text);
        let detail = format!("{path} in body must be of type {}: {quoted}", rules.format);
        errors.push(FieldError::type_invalid(&field(path), text, detail));
    }
}

fn check_number(rules: &Rules, value: &Value, (path, errors): Context<'_>) {
    let Some(number) = value.as_f64() else { return };
    let print = |bound: f64| go_text::print(&Value::Float(bound));
    if rules.type_ == "integer" && number.fract() != 0.0 {
        let format = match rules.format.as_str() {
            "" => "(default format)".to_owned(),
            format => format!("with format {format}"),
        };
        let detail = format!("Checked value must be of type integer {format} in {path}");
        errors.push(FieldError::invalid(&FieldPath::default(), "", detail));
    }
    if let Some(factor) = rules.multiple_of {
        // Upstream cuts the factor for a value without fraction.
        let is_whole = !matches!(value, Value::Float(_));
        let factor = if is_whole { factor.trunc() } else { factor };
        if factor <= 0.0 {
            let detail = format!(
                "factor MultipleOf declared for {path} must be positive: {}",
                print(factor)
            );
            errors.push(FieldError::invalid(&field(path), value, detail));
        } else if (number / factor).fract() != 0.0 {
            let what = format!("should be a multiple of {}", print(factor));
            invalid((path, errors), value, &what);
        }
    }
    if let Some(min) = rules.minimum {
        let (fails, than) = if rules.exclusive_minimum {
            (number <= min, "greater than")
        } else {
            (number < min, "greater than or equal to")
        };
        if fails {
            invalid(
                (path, errors),
                value,
                &format!("should be {than} {}", print(min)),
            );
        }
    }
    if let Some(max) = rules.maximum {
        let (fails, than) = if rules.exclusive_maximum {
            (number >= max, "less than")
        } else {
            (number > max, "less than or equal to")
        };
        if fails {
            invalid(
                (path, errors),
                value,
                &format!("should be {than} {}", print(max)),
            );
        }
    }
}

fn check_list(schema: Schema<'_>, rules: &Rules, items: &[Value], (path, errors): Context<'_>) {
    if let Some(inner) = schema.items() {
        for (at, item) in items.iter().enumerate() {
            walk(
                inner,
                item,
                (&format!("{path}{}", go_text::index(at)), errors),
            );
        }
    }
    let count = items.len();
    if let Some(min) = rules.min_items.filter(|min| count < *min) {
        invalid(
            (path, errors),
            count,
            &format!("should have at least {min} items"),
        );
    }
    if let Some(max) = rules.max_items.filter(|max| count > *max) {
        errors.push(FieldError::too_many(&field(path), count, max));
    }
    let is_twice = |at: usize, item: &Value| items.iter().take(at).any(|one| one == item);
    if rules.unique_items
        && items
            .iter()
            .enumerate()
            .any(|(at, item)| is_twice(at, item))
    {
        invalid((path, errors), "", "shouldn't contain duplicates");
    }
}

fn check_map(schema: Schema<'_>, rules: &Rules, map: &Map, (path, errors): Context<'_>) {
    let count = map.len();
    if let Some(min) = rules.min_properties.filter(|min| count < *min) {
        invalid(
            (path, errors),
            count,
            &format!("should have at least {min} properties"),
        );
    }
    if let Some(max) = rules.max_properties.filter(|max| count > *max) {
        errors.push(FieldError::too_many(&field(path), count, max));
    }
    for (key, value) in map {
        let below = match path {
            "" => key.to_string(),
            path => format!("{path}.{key}"),
        };
        let inner = match schema.field(key) {
            Some(field) => Some(field.schema()),
            None => schema.element_of_object(),
        };
        if let Some(inner) = inner {
            walk(inner, value, (&below, errors));
        }
    }
    for name in rules.required.iter().filter(|name| !map.contains_key(name)) {
        errors.push(FieldError::required(&field(path).child(name), ""));
    }
}

fn junctors(schema: Schema<'_>, rules: &Rules, value: &Value, (path, errors): Context<'_>) {
    let check = |index: &u32| {
        let mut inner = Vec::new();
        walk(schema.sibling(*index), value, (path, &mut inner));
        inner
    };
    let quoted = go_text::quote(path);
    let tell = |text: &str| {
        FieldError::invalid(&FieldPath::default(), "", format!("{quoted} must {text}"))
    };
    let any: Vec<Vec<FieldError>> = rules.any_of.iter().map(check).collect();
    if !any.is_empty() && any.iter().all(|errors| !errors.is_empty()) {
        errors.push(tell("validate at least one schema (anyOf)"));
        errors.extend(least(any));
    }
    let one: Vec<Vec<FieldError>> = rules.one_of.iter().map(check).collect();
    match one.iter().filter(|errors| errors.is_empty()).count() {
        0 if one.is_empty() => {}
        0 => {
            errors.push(tell(
                "validate one and only one schema (oneOf). Found none valid",
            ));
            errors.extend(least(one));
        }
        1 => {}
        valid => errors.push(tell(&format!(
            "validate one and only one schema (oneOf). Found {valid} valid alternatives"
        ))),
    }
    let all: Vec<Vec<FieldError>> = rules.all_of.iter().map(check).collect();
    if all.iter().any(|errors| !errors.is_empty()) {
        let valid = all.iter().filter(|errors| errors.is_empty()).count();
        errors.extend(all.into_iter().flatten());
        let hint = if valid == 0 { ". None validated" } else { "" };
        errors.push(tell(&format!("validate all the schemas (allOf){hint}")));
    }
    if rules.not.iter().any(|index| check(index).is_empty()) {
        errors.push(tell("not validate the schema (not)"));
    }
}

/// The errors of the alternative that comes nearest: the first with the fewest.
fn least(alternatives: Vec<Vec<FieldError>>) -> Vec<FieldError> {
    let nearest = alternatives.into_iter().min_by_key(Vec::len);
    nearest.unwrap_or_default()
}

/// Whether a schema is a list or map whose items may themselves be lists or maps.
fn is_container(schema: Schema<'_>) -> bool {
    matches!(schema.shape(), Shape::Object | Shape::Map | Shape::List)
}
