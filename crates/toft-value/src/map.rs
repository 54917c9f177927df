//! Shared maps, sorted by key.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::value::Value;

/// A map from strings to values, sorted by key in byte order; a clone is cheap.
///
/// # Example
/// ```
/// use toft_value::{Map, Value};
/// let mut map = Map::new();
/// map.insert("b", 2);
/// map.insert("a", 1);
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b"]);
/// assert_eq!(map.get("b"), Some(&Value::Int(2)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Arc<Vec<(SmolStr, Value)>>);

/// The entries of a [`Map`], in order of keys.
pub type MapIter<'a> = std::iter::Map<
    std::slice::Iter<'a, (SmolStr, Value)>,
    fn(&'a (SmolStr, Value)) -> (&'a SmolStr, &'a Value),
>;

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map of the entries in any order; of equal keys the last one wins.
    pub fn from_entries(mut entries: Vec<(SmolStr, Value)>) -> Self {
        if !entries.is_sorted_by(|left, right| left.0 < right.0) {
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            entries.reverse();
            entries.dedup_by(|later, kept| later.0 == kept.0);
            entries.reverse();
        }
        Self(Arc::new(entries))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|entry| &entry.1)
    }

    /// The value under `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.find(key).ok()?;
        Arc::make_mut(&mut self.0)
            .get_mut(at)
            .map(|entry| &mut entry.1)
    }

    /// Whether there is an entry under `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Puts a value under `key`; gives back what was there.
    pub fn insert(&mut self, key: impl Into<SmolStr>, value: impl Into<Value>) -> Option<Value> {
        let key = key.into();
        std::mem::replace(self.get_or_insert(key, Value::Null), value.into()).some()
    }

    /// The value under `key`, to change; `default` is put there first where there is none.
    pub fn get_or_insert(
        &mut self,
        key: impl Into<SmolStr>,
        default: impl Into<Value>,
    ) -> &mut Value {
        let key = key.into();
        let found = self.find(&key);
        let entries = Arc::make_mut(&mut self.0);
        let at = match found {
            Ok(at) => at,
            Err(at) => {
                entries.insert(at, (key, default.into()));
                at
            }
        };
        entries
            .get_mut(at)
            .map(|entry| &mut entry.1)
            .expect("the entry was found or put at this index")
    }

    /// Takes the entry under `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.find(key).ok()?;
        Some(Arc::make_mut(&mut self.0).remove(at).1)
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        Arc::make_mut(&mut self.0).retain_mut(|(key, value)| keep(key, value));
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.iter().map(|entry| &entry.0)
    }

    /// The values, in order of keys.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|entry| &entry.1)
    }

    /// The values, in order of keys, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        Arc::make_mut(&mut self.0)
            .iter_mut()
            .map(|entry| &mut entry.1)
    }

    /// The entries, in order of keys.
    pub fn iter(&self) -> MapIter<'_> {
        self.0.iter().map(|entry| (&entry.0, &entry.1))
    }

    /// Whether both are the same allocation, hence equal.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A number that two living maps have in common only if they are the same allocation.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| entry.0.as_str().cmp(key))
    }
}

impl Value {
    fn some(self) -> Option<Self> {
        if self.is_null() { None } else { Some(self) }
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a SmolStr, &'a Value);
    type IntoIter = MapIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(SmolStr, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (SmolStr, Value)>>(entries: I) -> Self {
        Self::from_entries(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_keys_the_last_wins() {
        let entries = vec![
            ("b".into(), Value::Int(1)),
            ("a".into(), Value::Int(2)),
            ("b".into(), Value::Int(3)),
        ];
        let map = Map::from_entries(entries);
        assert_eq!(
            map.iter()
                .map(|(key, value)| (key.as_str(), value.as_i64()))
                .collect::<Vec<_>>(),
            [("a", Some(2)), ("b", Some(3))]
        );
    }

    #[test]
    fn a_change_leaves_clones_alone() {
        let mut map = Map::new();
        map.insert("a", 1);
        let before = map.clone();
        map.insert("a", 2);
        assert_eq!(before.get("a"), Some(&Value::Int(1)));
    }
}
