//! Shared lists.

use std::ops::Deref;
use std::sync::Arc;

use crate::value::Value;

/// A list of values; a clone is cheap, a change copies the list if it is shared.
///
/// Reads as a slice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List(Arc<Vec<Value>>);

impl List {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// The items.
    pub fn as_slice(&self) -> &[Value] {
        &self.0
    }

    /// The items, to change in place.
    pub fn make_mut(&mut self) -> &mut Vec<Value> {
        Arc::make_mut(&mut self.0)
    }

    /// Adds an item at the end.
    pub fn push(&mut self, value: impl Into<Value>) {
        self.make_mut().push(value.into());
    }

    /// Whether both are the same allocation, hence equal.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        Self(Arc::new(items))
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self(Arc::new(items.into_iter().collect()))
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
