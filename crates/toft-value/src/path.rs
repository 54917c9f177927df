//! Reading and changing values below values by their keys.

use crate::map::Map;
use crate::value::Value;

impl Value {
    /// The value at a path of map keys.
    ///
    /// # Example
    /// ```
    /// use toft_value::value;
    /// let pod = value!({"spec": {"nodeName": "nas"}});
    /// assert_eq!(pod.at(&["spec", "nodeName"]).and_then(|name| name.as_str()), Some("nas"));
    /// ```
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The string at a path of map keys.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The integer at a path of map keys.
    pub fn i64_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_i64()
    }

    /// The boolean at a path of map keys.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.at(path)?.as_bool()
    }

    /// The items of the list at a path of map keys; none where there is no list.
    pub fn items_at(&self, path: &[&str]) -> &[Self] {
        self.at(path).map_or(&[], Self::items)
    }

    /// The value at a path of map keys, to change.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |value, key| value.as_map_mut()?.get_mut(key))
    }

    /// Puts a value at a path of map keys; what is missing or no map on the way becomes a map.
    pub fn set_at(&mut self, path: &[&str], new: impl Into<Self>) {
        let Some((key, rest)) = path.split_first() else {
            *self = new.into();
            return;
        };
        if self.as_map().is_none() {
            *self = Self::Map(Map::new());
        }
        if let Some(map) = self.as_map_mut() {
            map.get_or_insert(*key, Self::Null).set_at(rest, new);
        }
    }

    /// Takes the value at a path of map keys out; the maps on the way stay, empty or not.
    pub fn remove_at(&mut self, path: &[&str]) -> Option<Self> {
        let (key, parents) = path.split_last()?;
        // Looking first keeps a shared map shared when there is nothing to remove.
        self.at(path)?;
        self.at_mut(parents)?.as_map_mut()?.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Value, value};

    #[test]
    fn set_at_makes_the_maps_on_the_way() {
        let mut object = Value::Null;
        object.set_at(&["metadata", "labels", "app"], "photos");
        assert_eq!(object, value!({"metadata": {"labels": {"app": "photos"}}}));
        assert_eq!(
            object.remove_at(&["metadata", "labels", "app"]),
            Some("photos".into())
        );
        assert_eq!(object, value!({"metadata": {"labels": {}}}));
    }
}
