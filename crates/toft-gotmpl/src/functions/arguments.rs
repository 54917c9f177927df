//! Reading arguments whose number and types were checked before the call.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::runtime::{Data, Dict, DictKind};

pub(crate) fn any(values: &[Data], index: usize) -> &Data {
    values.get(index).unwrap_or(&Data::Missing)
}

pub(crate) fn text(values: &[Data], index: usize) -> &str {
    any(values, index).as_text().unwrap_or_default()
}

pub(crate) fn int(values: &[Data], index: usize) -> i64 {
    match any(values, index) {
        Data::Int(number) | Data::Int64(number) => *number,
        _ => 0,
    }
}

pub(crate) fn flag(values: &[Data], index: usize) -> bool {
    matches!(any(values, index), Data::Bool(true))
}

pub(crate) fn rest(values: &[Data], from: usize) -> &[Data] {
    values.get(from..).unwrap_or_default()
}

/// A map; a nil one reads as empty.
pub(crate) fn dict(values: &[Data], index: usize) -> Dict {
    dict_of(any(values, index)).unwrap_or_else(|| Dict::new(DictKind::Any, BTreeMap::new()))
}

pub(crate) fn dict_of(value: &Data) -> Option<Dict> {
    match value {
        Data::Dict(dict) => Some(dict.clone()),
        _ => None,
    }
}

/// A count as a size; below zero is none.
pub(crate) fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

pub(crate) fn shared(text: String) -> Data {
    Data::Text(SmolStr::from(text))
}
