//! Defaults and conditions.
//!
//! Source: sprig v3.3.0 `defaults.go`, `functions.go`.

use super::Function;
use super::Param::{Any, Bool, Text};
use super::arguments::{any, flag, rest, text};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("all", &[], Some(Any), |_, v| {
        Ok(Data::Bool(!v.iter().any(empty)))
    }),
    Function::new("any", &[], Some(Any), |_, v| {
        Ok(Data::Bool(v.iter().any(|value| !empty(value))))
    }),
    Function::new("coalesce", &[], Some(Any), |_, v| {
        let found = v.iter().find(|value| !empty(value));
        Ok(found.cloned().unwrap_or(Data::Nil))
    }),
    Function::new("default", &[Any], Some(Any), |_, v| {
        let given = rest(v, 1).first().filter(|given| !empty(given));
        Ok(given.unwrap_or(any(v, 0)).clone())
    }),
    Function::new("empty", &[Any], None, |_, v| {
        Ok(Data::Bool(empty(any(v, 0))))
    }),
    Function::new("fail", &[Text], None, |_, v| Err(text(v, 0).to_owned())),
    Function::new("ternary", &[Any, Any, Bool], None, |_, v| {
        Ok(any(v, usize::from(!flag(v, 2))).clone())
    }),
];

/// Whether a value counts as not given.
pub(super) fn empty(value: &Data) -> bool {
    !value.truth()
}
