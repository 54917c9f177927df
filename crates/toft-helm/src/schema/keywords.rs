//! What each keyword of a schema demands.

use std::collections::BTreeSet;

use regex::Regex;
use toft_value::{Map, Value, float_to_shortest};

use super::Draft;
use super::formats;
use super::places::Places;

/// How deep schemas may refer to each other for one value.
const DEPTH_MAX: usize = 150;

/// How many schemas are applied to values in all: the largest public schema applies some ten thousand.
const STEPS_MAX: usize = 2_000_000;

/// What a schema says of a value.
#[derive(Default)]
pub(super) struct Outcome {
    /// What is wrong.
    pub(super) errors: Vec<String>,
    /// The keys that some keyword has looked at.
    keys: BTreeSet<String>,
    /// How many items some keyword has looked at.
    items: usize,
}

impl Outcome {
    fn fail(&mut self, path: &str, message: &str) {
        self.errors.push(format!("at '{path}': {message}"));
    }

    /// Takes over what another has seen, and what it found wrong.
    fn absorb(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.see(&other.keys, other.items);
    }

    fn see(&mut self, keys: &BTreeSet<String>, items: usize) {
        self.keys.extend(keys.iter().cloned());
        self.items = self.items.max(items);
    }
}

/// Applies a schema to values.
pub(super) struct Validator<'s> {
    root: &'s Value,
    draft: Draft,
    places: &'s Places<'s>,
    path: Vec<String>,
    depth: usize,
    steps: usize,
    stopped: Option<String>,
}

impl<'s> Validator<'s> {
    pub(super) fn new(root: &'s Value, draft: Draft, places: &'s Places<'s>) -> Self {
        Self {
            root,
            draft,
            places,
            path: Vec::new(),
            depth: 0,
            steps: 0,
            stopped: None,
        }
    }

    /// Why checking ended before its end.
    pub(super) fn stopped(&self) -> Option<String> {
        self.stopped.clone()
    }

    /// Applies a schema to a value.
    pub(super) fn check(&mut self, schema: &'s Value, value: &Value) -> Outcome {
        let mut outcome = Outcome::default();
        self.steps += 1;
        if self.depth == DEPTH_MAX || self.steps > STEPS_MAX {
            let reason =
                "unable to validate schema: it refers to itself without end, or asks too much";
            self.stopped = Some(reason.to_owned());
        }
        if self.stopped.is_some() {
            return outcome;
        }
        self.depth += 1;
        match schema {
            Value::Bool(false) => outcome.fail(&self.pointer(), "false schema"),
            Value::Map(map) => self.apply(map, value, &mut outcome),
            _ => {}
        }
        self.depth -= 1;
        outcome
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for part in &self.path {
            pointer.push('/');
            pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }

    fn below(&mut self, part: &str, schema: &'s Value, value: &Value) -> Vec<String> {
        self.path.push(part.to_owned());
        let outcome = self.check(schema, value);
        self.path.pop();
        outcome.errors
    }

    fn apply(&mut self, schema: &'s Map, value: &Value, outcome: &mut Outcome) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            if let Some(found) = self.places.find(self.root, reference) {
                let checked = self.check(found, value);
                outcome.absorb(checked);
            }
            if self.draft <= Draft::Seven {
                return;
            }
        }
        for key in ["$dynamicRef", "$recursiveRef"] {
            let reference = schema.get(key).and_then(Value::as_str);
            if let Some(found) = reference.and_then(|text| self.places.find(self.root, text)) {
                let checked = self.check(found, value);
                outcome.absorb(checked);
            }
        }
        self.kind(schema, value, outcome);
        match value {
            Value::Str(text) => self.text(schema, text, outcome),
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
                self.number(schema, value.as_f64().unwrap_or_default(), outcome);
            }
            Value::List(list) => self.list(schema, list.as_slice(), outcome),
            Value::Map(map) => self.map(schema, map, outcome),
            Value::Null | Value::Bool(_) => {}
        }
        self.combined(schema, value, outcome);
        self.unevaluated(schema, value, outcome);
    }

    fn kind(&self, schema: &Map, value: &Value, outcome: &mut Outcome) {
        let wanted: Vec<&str> = match schema.get("type") {
            Some(Value::Str(one)) => vec![one],
            Some(Value::List(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !wanted.is_empty() && !wanted.iter().any(|kind| is_kind(kind, value)) {
            let (found, wanted) = (kind_of(value), wanted.join(" or "));
            outcome.fail(&self.pointer(), &format!("got {found}, want {wanted}"));
        }
        let wanted = schema.get("const").filter(|_| self.draft >= Draft::Six);
        if let Some(wanted) = wanted.filter(|wanted| !same(wanted, value)) {
            let message = format!("value must be {}", shown(wanted));
            outcome.fail(&self.pointer(), &message);
        }
        if let Some(Value::List(all)) = schema.get("enum")
            && !all.iter().any(|one| same(one, value))
        {
            let all: Vec<String> = all.iter().map(shown).collect();
            let message = format!("value must be one of {}", all.join(", "));
            outcome.fail(&self.pointer(), &message);
        }
    }

    fn text(&mut self, schema: &Map, text: &str, outcome: &mut Outcome) {
        let length = text.chars().count();
        self.bounds(schema, ("minLength", "maxLength", length), outcome);
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && self.matches(pattern, text) == Some(false)
        {
            let message = format!("'{text}' does not match pattern '{pattern}'");
            outcome.fail(&self.pointer(), &message);
        }
        let format = schema.get("format").and_then(Value::as_str);
        let format = format.filter(|_| self.draft <= Draft::Seven);
        if let Some(format) = format.filter(|format| !formats::fits(format, text)) {
            outcome.fail(&self.pointer(), &format!("'{text}' is not valid {format}"));
        }
    }

    fn bounds(&self, schema: &Map, (least, most, found): (&str, &str, usize), out: &mut Outcome) {
        let limit = |key| {
            let limit = schema.get(key).and_then(Value::as_i64)?;
            usize::try_from(limit).ok()
        };
        if let Some(limit) = limit(least).filter(|limit| found < *limit) {
            out.fail(
                &self.pointer(),
                &format!("{least}: got {found}, want {limit}"),
            );
        }
        if let Some(limit) = limit(most).filter(|limit| found > *limit) {
            out.fail(
                &self.pointer(),
                &format!("{most}: got {found}, want {limit}"),
            );
        }
    }

    fn number(&self, schema: &Map, number: f64, outcome: &mut Outcome) {
        let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
        let strict = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let (low, high) = (limit("minimum"), limit("maximum"));
        let (above, below) = if self.draft == Draft::Four {
            (
                low.filter(|_| strict("exclusiveMinimum")),
                high.filter(|_| strict("exclusiveMaximum")),
            )
        } else {
            (limit("exclusiveMinimum"), limit("exclusiveMaximum"))
        };
        let broken = [
            ("exclusiveMinimum", above.filter(|limit| number <= *limit)),
            ("exclusiveMaximum", below.filter(|limit| number >= *limit)),
            ("minimum", low.filter(|limit| number < *limit)),
            ("maximum", high.filter(|limit| number > *limit)),
        ];
        for (keyword, limit) in broken {
            if let Some(limit) = limit {
                let (found, limit) = (float_to_shortest(number), float_to_shortest(limit));
                let message = format!("{keyword}: got {found}, want {limit}");
                outcome.fail(&self.pointer(), &message);
            }
        }
        if let Some(of) = limit("multipleOf").filter(|of| *of > 0.0) {
            let quotient = number / of;
            if (quotient - quotient.round()).abs() > 1e-9 * quotient.abs().max(1.0) {
                let (found, of) = (float_to_shortest(number), float_to_shortest(of));
                outcome.fail(
                    &self.pointer(),
                    &format!("multipleOf: got {found}, want {of}"),
                );
            }
        }
    }

    fn list(&mut self, schema: &'s Map, items: &[Value], outcome: &mut Outcome) {
        self.bounds(schema, ("minItems", "maxItems", items.len()), outcome);
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let twice = (1..items.len()).find_map(|later| {
                let (before, rest) = items.split_at_checked(later)?;
                let item = rest.first()?;
                let earlier = before.iter().position(|one| same(one, item))?;
                Some((earlier, later))
            });
            if let Some((earlier, later)) = twice {
                let message = format!("items at {earlier} and {later} are equal");
                outcome.fail(&self.pointer(), &message);
            }
        }
        let (prefix, rest) = match (schema.get("prefixItems"), schema.get("items")) {
            (Some(Value::List(prefix)), rest) if self.draft == Draft::Of2020 => {
                (prefix.as_slice(), rest)
            }
            (_, Some(Value::List(prefix))) => (prefix.as_slice(), schema.get("additionalItems")),
            (_, rest) => (&[] as &[Value], rest),
        };
        for (index, item) in items.iter().enumerate() {
            let Some(schema) = prefix.get(index).or(rest) else {
                break;
            };
            let errors = self.below(&index.to_string(), schema, item);
            outcome.errors.extend(errors);
            outcome.items = outcome.items.max(index + 1);
        }
        self.contains(schema, items, outcome);
    }

    fn contains(&mut self, schema: &'s Map, items: &[Value], outcome: &mut Outcome) {
        let Some(wanted) = schema.get("contains").filter(|_| self.draft >= Draft::Six) else {
            return;
        };
        let mut found = 0;
        for item in items {
            found += usize::from(self.check(wanted, item).errors.is_empty());
        }
        let limit = |key: &str, default: usize| {
            let limit = schema.get(key).and_then(Value::as_i64);
            limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(default)
        };
        if found < limit("minContains", 1) {
            outcome.fail(&self.pointer(), "no items match contains schema");
        } else if found > limit("maxContains", usize::MAX) {
            outcome.fail(&self.pointer(), "too many items match contains schema");
        }
    }

    fn map(&mut self, schema: &'s Map, map: &Map, outcome: &mut Outcome) {
        self.bounds(
            schema,
            ("minProperties", "maxProperties", map.len()),
            outcome,
        );
        self.required(schema.get("required"), map, outcome);
        let mut others: Vec<&str> = Vec::new();
        for (key, value) in map {
            let own = schema.get("properties").and_then(|all| all.get(key));
            let mut found = own.is_some();
            if let Some(own) = own {
                let errors = self.below(key, own, value);
                outcome.errors.extend(errors);
            }
            for schema in self.patterned(schema, key) {
                found = true;
                let errors = self.below(key, schema, value);
                outcome.errors.extend(errors);
            }
            if found {
                outcome.keys.insert(key.to_string());
            } else {
                others.push(key);
            }
        }
        self.others(schema, (map, &others), outcome);
        self.names(schema, map, outcome);
        self.dependent(schema, map, outcome);
    }

    /// The schemas of `patternProperties` that are for a key.
    fn patterned(&mut self, schema: &'s Map, key: &str) -> Vec<&'s Value> {
        let mut found = Vec::new();
        if let Some(Value::Map(patterns)) = schema.get("patternProperties") {
            for (pattern, schema) in patterns {
                if self.matches(pattern, key) == Some(true) {
                    found.push(schema);
                }
            }
        }
        found
    }

    fn required(&self, wanted: Option<&Value>, map: &Map, outcome: &mut Outcome) {
        let Some(Value::List(wanted)) = wanted else {
            return;
        };
        let wanted = wanted.iter().filter_map(Value::as_str);
        let missing: Vec<String> = wanted
            .filter(|key| !map.contains_key(key))
            .map(|key| format!("'{key}'"))
            .collect();
        match missing.as_slice() {
            [] => {}
            [one] => outcome.fail(&self.pointer(), &format!("missing property {one}")),
            all => {
                let message = format!("missing properties {}", all.join(", "));
                outcome.fail(&self.pointer(), &message);
            }
        }
    }

    /// Entries that neither `properties` nor `patternProperties` name.
    fn others(&mut self, schema: &'s Map, (map, others): (&Map, &[&str]), outcome: &mut Outcome) {
        match schema.get("additionalProperties") {
            None => return,
            Some(Value::Bool(false)) if !others.is_empty() => {
                let names: Vec<String> = others.iter().map(|key| format!("'{key}'")).collect();
                let message = format!("additional properties {} not allowed", names.join(", "));
                outcome.fail(&self.pointer(), &message);
            }
            Some(schema) => {
                for key in others {
                    let value = map.get(key).unwrap_or(&Value::Null);
                    let errors = self.below(key, schema, value);
                    outcome.errors.extend(errors);
                }
            }
        }
        outcome
            .keys
            .extend(others.iter().map(|key| (*key).to_owned()));
    }

    fn names(&mut self, schema: &'s Map, map: &Map, outcome: &mut Outcome) {
        let Some(names) = schema
            .get("propertyNames")
            .filter(|_| self.draft >= Draft::Six)
        else {
            return;
        };
        for key in map.keys() {
            let errors = self.check(names, &Value::Str(key.clone())).errors;
            if !errors.is_empty() {
                outcome.fail(&self.pointer(), &format!("invalid propertyName '{key}'"));
            }
        }
    }

    fn dependent(&mut self, schema: &'s Map, map: &Map, outcome: &mut Outcome) {
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            let Some(Value::Map(all)) = schema.get(keyword) else {
                continue;
            };
            let held = all.iter().filter(|(key, _)| map.contains_key(key));
            for (_, wanted) in held {
                match wanted {
                    Value::List(_) => self.required(Some(wanted), map, outcome),
                    schema => {
                        let checked = self.check(schema, &Value::Map(map.clone()));
                        outcome.absorb(checked);
                    }
                }
            }
        }
    }

    fn combined(&mut self, schema: &'s Map, value: &Value, outcome: &mut Outcome) {
        if let Some(Value::List(all)) = schema.get("allOf") {
            for one in all.as_slice() {
                let checked = self.check(one, value);
                outcome.absorb(checked);
            }
        }
        if let Some(Value::List(all)) = schema.get("anyOf") {
            self.any_of(all.as_slice(), value, outcome);
        }
        if let Some(Value::List(all)) = schema.get("oneOf") {
            self.one_of(all.as_slice(), value, outcome);
        }
        if let Some(unwanted) = schema.get("not")
            && self.check(unwanted, value).errors.is_empty()
        {
            outcome.fail(&self.pointer(), "'not' failed");
        }
        if let Some(condition) = schema.get("if").filter(|_| self.draft >= Draft::Seven) {
            let checked = self.check(condition, value);
            let holds = checked.errors.is_empty();
            if holds {
                outcome.see(&checked.keys, checked.items);
            }
            let then = schema.get(if holds { "then" } else { "else" });
            if let Some(then) = then {
                let checked = self.check(then, value);
                outcome.absorb(checked);
            }
        }
    }

    fn any_of(&mut self, all: &'s [Value], value: &Value, outcome: &mut Outcome) {
        let mut errors = Vec::new();
        let mut fits = false;
        for one in all {
            let checked = self.check(one, value);
            if checked.errors.is_empty() {
                fits = true;
                outcome.see(&checked.keys, checked.items);
            }
            errors.extend(checked.errors);
        }
        if !fits {
            outcome.fail(&self.pointer(), "'anyOf' failed");
            let nested = errors.into_iter().map(|error| format!("  {error}"));
            outcome.errors.extend(nested);
        }
    }

    fn one_of(&mut self, all: &'s [Value], value: &Value, outcome: &mut Outcome) {
        let mut errors = Vec::new();
        let mut fitting = Vec::new();
        for (index, one) in all.iter().enumerate() {
            let checked = self.check(one, value);
            if checked.errors.is_empty() {
                fitting.push(index.to_string());
                outcome.see(&checked.keys, checked.items);
            }
            errors.extend(checked.errors);
        }
        match fitting.len() {
            1 => {}
            0 => {
                outcome.fail(&self.pointer(), "'oneOf' failed, none matched");
                let nested = errors.into_iter().map(|error| format!("  {error}"));
                outcome.errors.extend(nested);
            }
            _ => {
                let message = format!("'oneOf' failed, subschemas {} matched", fitting.join(", "));
                outcome.fail(&self.pointer(), &message);
            }
        }
    }

    /// What no other keyword has looked at.
    fn unevaluated(&mut self, schema: &'s Map, value: &Value, outcome: &mut Outcome) {
        if self.draft < Draft::Of2019 {
            return;
        }
        if let (Value::Map(map), Some(rest)) = (value, schema.get("unevaluatedProperties")) {
            let left: Vec<_> = map
                .iter()
                .filter(|(key, _)| !outcome.keys.contains(key.as_str()))
                .collect();
            if *rest == Value::Bool(false) && !left.is_empty() {
                let names: Vec<String> = left.iter().map(|(key, _)| format!("'{key}'")).collect();
                let message = format!("unevaluated properties {} not allowed", names.join(", "));
                outcome.fail(&self.pointer(), &message);
            } else {
                for (key, value) in left {
                    let errors = self.below(key, rest, value);
                    outcome.errors.extend(errors);
                }
            }
            outcome.keys.extend(map.keys().map(ToString::to_string));
        }
        if let (Value::List(list), Some(rest)) = (value, schema.get("unevaluatedItems")) {
            for (index, item) in list.iter().enumerate().skip(outcome.items) {
                let errors = self.below(&index.to_string(), rest, item);
                outcome.errors.extend(errors);
            }
            outcome.items = list.as_slice().len();
        }
    }

    /// Whether a text matches; an expression that is none ends everything.
    fn matches(&mut self, pattern: &str, text: &str) -> Option<bool> {
        if let Ok(regex) = Regex::new(pattern) {
            return Some(regex.is_match(text));
        }
        self.stopped = Some(format!("'{pattern}' is not valid regex"));
        None
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("integer", Value::Int(_) | Value::UInt(_)) => true,
        ("integer", Value::Float(number)) => number.fract() == 0.0,
        (kind, value) => kind == kind_of(value),
    }
}

/// Whether values are equal, numbers by what they count.
#[expect(clippy::float_cmp, reason = "JSON Schema compares numbers exactly")]
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            let (left, right) = (left.as_slice(), right.as_slice());
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("'{text}'"),
        other => other.to_json(),
    }
}
