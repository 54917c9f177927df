//! `value!`: values written as they read.

/// Writes a value as JSON reads; any expression that converts into a value may stand for one.
///
/// Keys are string literals or expressions in parentheses.
///
/// # Example
/// ```
/// use toft_value::value;
/// let replicas = 3;
/// let scale = value!({"spec": {"replicas": replicas, "paused": false}, "hosts": ["nas", "pi"]});
/// assert_eq!(scale.i64_at(&["spec", "replicas"]), Some(3));
/// ```
#[macro_export]
macro_rules! value {
    (null) => { $crate::Value::Null };
    ([ $($items:tt)* ]) => { $crate::Value::List($crate::value_list!([] $($items)*).into()) };
    ({ $($entries:tt)* }) => { $crate::Value::Map($crate::Map::from_entries($crate::value_map!([] $($entries)*))) };
    ($value:expr) => { $crate::Value::from($value) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! value_list {
    ([$($done:expr),*]) => { vec![$($done),*] };
    ([$($done:expr),*] null $(, $($rest:tt)*)?) => { $crate::value_list!([$($done,)* $crate::Value::Null] $($($rest)*)?) };
    ([$($done:expr),*] [$($inner:tt)*] $(, $($rest:tt)*)?) => { $crate::value_list!([$($done,)* $crate::value!([$($inner)*])] $($($rest)*)?) };
    ([$($done:expr),*] {$($inner:tt)*} $(, $($rest:tt)*)?) => { $crate::value_list!([$($done,)* $crate::value!({$($inner)*})] $($($rest)*)?) };
    ([$($done:expr),*] $next:expr $(, $($rest:tt)*)?) => { $crate::value_list!([$($done,)* $crate::Value::from($next)] $($($rest)*)?) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! value_map {
    ([$($done:expr),*]) => { vec![$($done),*] };
    ([$($done:expr),*] $key:tt : null $(, $($rest:tt)*)?) => { $crate::value_map!([$($done,)* ($crate::value_key!($key), $crate::Value::Null)] $($($rest)*)?) };
    ([$($done:expr),*] $key:tt : [$($inner:tt)*] $(, $($rest:tt)*)?) => { $crate::value_map!([$($done,)* ($crate::value_key!($key), $crate::value!([$($inner)*]))] $($($rest)*)?) };
    ([$($done:expr),*] $key:tt : {$($inner:tt)*} $(, $($rest:tt)*)?) => { $crate::value_map!([$($done,)* ($crate::value_key!($key), $crate::value!({$($inner)*}))] $($($rest)*)?) };
    ([$($done:expr),*] $key:tt : $value:expr $(, $($rest:tt)*)?) => { $crate::value_map!([$($done,)* ($crate::value_key!($key), $crate::Value::from($value))] $($($rest)*)?) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! value_key {
    ($key:literal) => {
        $crate::Key::new_static($key)
    };
    (($key:expr)) => {
        $crate::Key::from($key)
    };
}

#[cfg(test)]
mod tests {
    use crate::Value;

    #[test]
    fn nested_maps_lists_and_expressions_read_as_written() {
        let name = String::from("nas");
        let value = value!({
            "list": [1, "two", null, {"three": 3}, [4], 2 + 3],
            (name.as_str()): {"empty": {}, "none": [],},
        });
        let text = r#"{"list":[1,"two",null,{"three":3},[4],5],"nas":{"empty":{},"none":[]}}"#;
        assert_eq!(value, Value::from_json(text.as_bytes()).unwrap());
    }
}
