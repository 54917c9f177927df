//! Types and copies of values.
//!
//! Source: sprig v3.3.0 `reflect.go`, `dict.go`.

use super::Param::{Any, Text};
use super::arguments::{any, text};
use super::{Function, Ran};
use crate::runtime::{Data, deep_equal};

pub(super) const TABLE: &[Function] = &[
    Function::new("deepCopy", &[Any], None, |_, v| copy(any(v, 0))),
    Function::new("deepEqual", &[Any, Any], None, |_, v| {
        deep_equal(any(v, 0), any(v, 1)).map(Data::Bool)
    }),
    Function::new("kindIs", &[Text, Any], None, |_, v| {
        Ok(Data::Bool(text(v, 0) == any(v, 1).kind_name()))
    }),
    Function::new("kindOf", &[Any], None, |_, v| {
        Ok(Data::text(any(v, 0).kind_name()))
    }),
    Function::new("mustDeepCopy", &[Any], None, |_, v| copy(any(v, 0))),
    Function::new("typeIs", &[Text, Any], None, |_, v| {
        Ok(Data::Bool(text(v, 0) == any(v, 1).type_name()))
    }),
    Function::new("typeIsLike", &[Text, Any], None, |_, v| {
        let (target, found) = (text(v, 0), any(v, 1).type_name());
        Ok(Data::Bool(
            target == found || found.strip_prefix('*') == Some(target),
        ))
    }),
    Function::new("typeOf", &[Any], None, |_, v| {
        Ok(Data::text(any(v, 0).type_name()))
    }),
];

fn copy(value: &Data) -> Ran {
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
    }
    value.deep_copy()
}
