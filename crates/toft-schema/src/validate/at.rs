//! A value with its path, and the errors that are found on the way.

use toft_value::{Map, Value};

use crate::field_error::{FieldError, FieldPath};

static NULL: Value = Value::Null;

/// A value with its path; a missing one reads as `null`.
#[derive(Clone)]
pub(super) struct At<'a> {
    value: &'a Value,
    path: FieldPath,
}

/// The errors that were found.
#[derive(Default)]
pub(super) struct Errors(Vec<FieldError>);

impl<'a> At<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            value,
            path: FieldPath::default(),
        }
    }

    pub(super) fn child(&self, name: &str) -> Self {
        Self {
            value: self.value.get(name).unwrap_or(&NULL),
            path: self.path.child(name),
        }
    }

    /// The same value, told as a field below, or in the place of the last step if that is this one.
    pub(super) fn sibling(&self, last: &str, told: &str) -> Self {
        Self {
            value: self.value,
            path: self.path.replacing(last).child(told),
        }
    }

    /// The entry of a map with any keys.
    pub(super) fn entry(&self, key: &str) -> Self {
        Self {
            value: self.value.get(key).unwrap_or(&NULL),
            path: self.path.key(key),
        }
    }

    /// The same value, told as an item.
    pub(super) fn at_index(&self, index: usize) -> Self {
        Self {
            value: self.value,
            path: self.path.index(index),
        }
    }

    /// Another value at the same path.
    pub(super) fn with(&self, value: &'a Value) -> Self {
        Self {
            value,
            path: self.path.clone(),
        }
    }

    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.value.items().iter().enumerate();
        let at = |(index, value)| Self {
            value,
            path: self.path.index(index),
        };
        items.map(at).collect()
    }

    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        let map = self.value.as_map();
        let keys = map.into_iter().flat_map(Map::keys);
        keys.map(|key| (key.as_str(), self.entry(key))).collect()
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn path(&self) -> &FieldPath {
        &self.path
    }

    pub(super) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(super) fn int(&self) -> Option<i64> {
        self.value.as_i64()
    }

    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    pub(super) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether there is no text, no item and no entry.
    pub(super) fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::Str(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(map) => map.is_empty(),
            _ => false,
        }
    }
}

impl Errors {
    pub(super) fn into_vec(self) -> Vec<FieldError> {
        self.0
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    pub(super) fn required(&mut self, at: &At<'_>, detail: &str) {
        self.0.push(FieldError::required(&at.path, detail));
    }

    pub(super) fn invalid(&mut self, at: &At<'_>, detail: impl Into<String>) {
        self.0.push(FieldError::invalid(&at.path, at.value, detail));
    }

    /// Upstream shows an empty text instead of the value.
    pub(super) fn invalid_empty(&mut self, at: &At<'_>, detail: &str) {
        self.0.push(FieldError::invalid(&at.path, "", detail));
    }

    pub(super) fn forbidden(&mut self, at: &At<'_>, detail: impl Into<String>) {
        self.0.push(FieldError::forbidden(&at.path, detail));
    }

    pub(super) fn duplicate(&mut self, at: &At<'_>) {
        self.0.push(FieldError::duplicate(&at.path, at.value));
    }

    pub(super) fn not_found(&mut self, at: &At<'_>) {
        self.0.push(FieldError::not_found(&at.path, at.value));
    }

    /// The text must be one of these.
    pub(super) fn one_of(&mut self, at: &At<'_>, supported: &[&str]) {
        if !supported.contains(&at.text()) {
            self.0
                .push(FieldError::not_supported(&at.path, at.value, supported));
        }
    }

    /// The text, where there is one, must be one of these.
    pub(super) fn one_of_if_set(&mut self, at: &At<'_>, supported: &[&str]) {
        if at.is_set() {
            self.one_of(at, supported);
        }
    }

    /// The text must satisfy a rule of names.
    pub(super) fn named(&mut self, at: &At<'_>, rule: fn(&str) -> Vec<String>) {
        for message in rule(at.text()) {
            self.invalid(at, message);
        }
    }

    pub(super) fn named_if_set(&mut self, at: &At<'_>, rule: fn(&str) -> Vec<String>) {
        if !at.is_empty() {
            self.named(at, rule);
        }
    }

    pub(super) fn not_negative(&mut self, at: &At<'_>) {
        if at.int().is_some_and(|number| number < 0) {
            self.invalid(at, "must be greater than or equal to 0");
        }
    }

    pub(super) fn in_range(&mut self, at: &At<'_>, (low, high): (i64, i64)) {
        if !at
            .int()
            .is_some_and(|number| (low..=high).contains(&number))
        {
            self.invalid(at, format!("must be between {low} and {high}, inclusive"));
        }
    }

    /// Each item once, by its text.
    pub(super) fn unique(&mut self, items: &[At<'_>]) {
        for (index, item) in items.iter().enumerate() {
            let is_twice = items
                .iter()
                .take(index)
                .any(|one| one.text() == item.text());
            if is_twice && !item.is_empty() {
                self.duplicate(item);
            }
        }
    }
}
