//! The order of keys: go-yaml's natural sort.

use std::cmp::Ordering;

use smol_str::SmolStr;
use toft_value::{Map, Value};

/// The entries of a map in the order in which go-yaml prints them: numbers inside keys by value,
/// letters after everything else.
///
/// Source: go.yaml.in/yaml v2.4.4 `sorter.go`, `keyList.Less`. That order is no order at all for
/// some keys (`10` < `1a` < `2` < `10`), and upstream sorts a map's random order; ours starts from
/// the sorted keys, so that the result is one of upstream's and always the same.
pub(super) fn natural(map: &Map) -> Vec<(&SmolStr, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    let sorted = entries
        .windows(2)
        .all(|pair| matches!(pair, [(a, _), (b, _)] if !is_less(b, a)));
    if !sorted {
        merge_sort(&mut entries);
    }
    entries
}

/// Stable and without demands on the order, unlike the standard library's sort, which may panic.
fn merge_sort<'a>(entries: &mut Vec<(&'a SmolStr, &'a Value)>) {
    let mut width = 1;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        for pair in entries.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged);
        }
        *entries = merged;
        width *= 2;
    }
}

fn merge<'a>(
    mut left: &[(&'a SmolStr, &'a Value)],
    mut right: &[(&'a SmolStr, &'a Value)],
    merged: &mut Vec<(&'a SmolStr, &'a Value)>,
) {
    while let (Some((first, rest_left)), Some((second, rest_right))) =
        (left.split_first(), right.split_first())
    {
        if is_less(second.0, first.0) {
            merged.push(*second);
            right = rest_right;
        } else {
            merged.push(*first);
            left = rest_left;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
}

fn is_less(a: &str, b: &str) -> bool {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let start = (0..=common)
        .rev()
        .find(|at| a.is_char_boundary(*at) && b.is_char_boundary(*at))
        .unwrap_or(0);
    let (Some(tail_a), Some(tail_b)) = (a.get(start..), b.get(start..)) else {
        return a < b;
    };
    let (Some(first_a), Some(first_b)) = (tail_a.chars().next(), tail_b.chars().next()) else {
        return a.len() < b.len();
    };
    match (first_a.is_alphabetic(), first_b.is_alphabetic()) {
        (true, true) => first_a < first_b,
        (true, false) => false,
        (false, true) => true,
        (false, false) => {
            let follows_digits =
                (first_a == '0' || first_b == '0') && ends_in_number(a.get(..start).unwrap_or(""));
            let seed = i64::from(follows_digits);
            let (number_a, count_a) = leading_number(tail_a, seed);
            let (number_b, count_b) = leading_number(tail_b, seed);
            let order = number_a.cmp(&number_b).then(count_a.cmp(&count_b));
            order.then(first_a.cmp(&first_b)) == Ordering::Less
        }
    }
}

/// Whether the digits at the end hold one that is not zero.
fn ends_in_number(text: &str) -> bool {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit);
    digits.into_iter().any(|digit| digit != b'0')
}

fn leading_number(text: &str, seed: i64) -> (i64, usize) {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold((seed, 0), |(number, count), digit| {
        let number = number
            .wrapping_mul(10)
            .wrapping_add(i64::from(digit - b'0'));
        (number, count + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(keys: &[&str]) -> Vec<String> {
        let map: Map = keys
            .iter()
            .map(|key| (SmolStr::new(key), Value::Null))
            .collect();
        natural(&map)
            .into_iter()
            .map(|(key, _)| key.to_string())
            .collect()
    }

    #[test]
    fn numbers_in_keys_are_compared_by_value() {
        assert_eq!(order(&["a10", "a9", "b1"]), ["a9", "a10", "b1"]);
        assert_eq!(order(&["a001", "a01", "a1"]), ["a1", "a01", "a001"]);
        assert_eq!(order(&["1001", "1010", "2"]), ["2", "1001", "1010"]);
    }

    #[test]
    fn letters_come_after_everything_else() {
        assert_eq!(order(&["aB", "a_b", "a/b"]), ["a/b", "a_b", "aB"]);
        assert_eq!(order(&["a", "A", "_"]), ["_", "A", "a"]);
    }

    #[test]
    fn keys_in_a_circle_are_put_in_some_fixed_order() {
        let keys: Vec<String> = (0..200)
            .map(|number| format!("{number}a{}", number % 7))
            .collect();
        let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        keys.extend(["10", "1a", "2"]);
        assert_eq!(order(&keys).len(), 203);
    }
}
