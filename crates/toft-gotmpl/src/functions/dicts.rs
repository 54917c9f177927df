//! Maps.
//!
//! Source: sprig v3.3.0 `dict.go`; dario.cat/mergo v1.0.2 `merge.go`. Keys and values come sorted by
//! key; Go's order is random.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Param::{Any, Dict as Map, Text};
use super::arguments::{any, dict, dict_of, rest, text};
use super::defaults::empty;
use super::strings::strval;
use super::{Call, Function, Ran};
use crate::runtime::{Data, Dict};

pub(super) const TABLE: &[Function] = &[
    Function::new("dict", &[], Some(Any), |_, v| Ok(make(v))),
    Function::new("dig", &[], Some(Any), |_, v| dig(v)),
    Function::new("get", &[Map, Text], None, |_, v| {
        Ok(dict(v, 0).get(text(v, 1)).unwrap_or_else(|| Data::text("")))
    }),
    Function::new("hasKey", &[Map, Text], None, |_, v| {
        Ok(Data::Bool(dict(v, 0).get(text(v, 1)).is_some()))
    }),
    Function::new("keys", &[], Some(Map), |_, v| {
        let dicts = v.iter().filter_map(dict_of);
        Ok(Data::texts(
            dicts.flat_map(|dict| dict.snapshot()).map(|(key, _)| key),
        ))
    }),
    Function::new("merge", &[Map], Some(Map), |call, v| {
        merge_all(call, v, Precedence::First)
    }),
    Function::new("mergeOverwrite", &[Map], Some(Map), |call, v| {
        merge_all(call, v, Precedence::Last)
    }),
    Function::new("mustMerge", &[Map], Some(Map), |call, v| {
        merge_all(call, v, Precedence::First)
    }),
    Function::new("mustMergeOverwrite", &[Map], Some(Map), |call, v| {
        merge_all(call, v, Precedence::Last)
    }),
    Function::new("omit", &[Map], Some(Text), |_, v| {
        Ok(select(v, Selection::Others))
    }),
    Function::new("pick", &[Map], Some(Text), |_, v| {
        Ok(select(v, Selection::Named))
    }),
    Function::new("pluck", &[Text], Some(Map), |_, v| {
        let dicts = rest(v, 1).iter().filter_map(dict_of);
        Ok(Data::list(
            dicts.filter_map(|dict| dict.get(text(v, 0))).collect(),
        ))
    }),
    Function::new("set", &[Map, Text, Any], None, set),
    Function::new("unset", &[Map, Text], None, |_, v| {
        let dict = dict(v, 0);
        dict.entries.borrow_mut().remove(text(v, 1));
        Ok(Data::Dict(dict))
    }),
    Function::new("values", &[Map], None, |_, v| {
        let entries = dict(v, 0).snapshot().into_iter();
        Ok(Data::list(entries.map(|(_, value)| value).collect()))
    }),
];

fn make(values: &[Data]) -> Data {
    let mut entries = BTreeMap::new();
    for pair in values.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| Data::text(""));
        entries.insert(SmolStr::from(strval(any(pair, 0))), nil_for_missing(value));
    }
    Data::Dict(Dict::new(crate::runtime::DictKind::Any, entries))
}

/// What is put into a map or list as `interface {}`: nothing becomes nil.
pub(super) fn nil_for_missing(value: Data) -> Data {
    match value {
        Data::Missing => Data::Nil,
        other => other,
    }
}

fn set(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let Some(dict) = dict_of(any(values, 0)) else {
        return Err("assignment to entry in nil map".to_owned());
    };
    dict.set(text(values, 1), nil_for_missing(any(values, 2).clone()));
    Ok(Data::Dict(dict))
}

#[derive(Clone, Copy)]
enum Selection {
    Named,
    Others,
}

fn select(values: &[Data], selection: Selection) -> Data {
    let named = |key: &str| {
        rest(values, 1)
            .iter()
            .any(|name| name.as_text() == Some(key))
    };
    let entries = dict(values, 0).snapshot().into_iter();
    Data::dict(entries.filter(|(key, _)| match selection {
        Selection::Named => named(key),
        Selection::Others => !named(key),
    }))
}

fn dig(values: &[Data]) -> Ran {
    let Some((keys, [default, last])) = values
        .split_last_chunk()
        .filter(|(keys, _)| !keys.is_empty())
    else {
        return Err("dig needs at least three arguments".to_owned());
    };
    let mut current = last.clone();
    for key in keys {
        let Data::Dict(dict) = &current else {
            return Err(conversion(&current, "map[string]interface {}"));
        };
        let Data::Text(key) = key else {
            return Err(conversion(key, "string"));
        };
        match dict.get(key) {
            Some(found) => current = found,
            None => return Ok(default.clone()),
        }
    }
    Ok(current)
}

/// What Go says when an `interface {}` holds another type.
fn conversion(value: &Data, wanted: &str) -> String {
    let found = if value.is_nil() {
        "nil"
    } else {
        value.type_name()
    };
    format!("interface conversion: interface {{}} is {found}, not {wanted}")
}

/// Whose value stays when both maps have one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Precedence {
    First,
    Last,
}

fn merge_all(call: &mut Call<'_>, values: &[Data], precedence: Precedence) -> Ran {
    let target = dict(values, 0);
    for source in rest(values, 1) {
        call.budget.spend(source.weigh()?)?;
        if let Some(source) = dict_of(source) {
            merge(&target, &source, precedence);
        }
    }
    Ok(Data::Dict(target))
}

/// Merges one map into another; maps in both are merged in turn, lists are not.
///
/// The source was weighed, so that the recursion ends.
fn merge(target: &Dict, source: &Dict, precedence: Precedence) {
    let overwrites = precedence == Precedence::Last;
    for (key, value) in source.snapshot() {
        let known = target.get(&key);
        match (&known, &value) {
            (_, Data::Nil) => {
                if overwrites {
                    target.set(key, value);
                }
            }
            (Some(Data::Dict(known)), Data::Dict(value)) if !known.entries.borrow().is_empty() => {
                merge(known, value, precedence);
            }
            (Some(known), _) if !overwrites && !empty(known) => {}
            _ => target.set(key, value),
        }
    }
}

impl Dict {
    /// Merges another map into this one as mergo does with `WithOverride`: its values win, maps in both
    /// are merged in turn.
    ///
    /// # Errors
    /// The other map holds too much, or itself.
    ///
    /// Source: dario.cat/mergo v1.0.2 `merge.go`.
    pub fn merge_over(&self, other: &Self) -> Result<(), String> {
        Data::Dict(other.clone()).weigh()?;
        merge(self, other, Precedence::Last);
        Ok(())
    }
}
