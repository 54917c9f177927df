//! Lists.
//!
//! Source: sprig v3.3.0 `list.go`.

use super::Param::{Any, Int};
use super::arguments::{any, int, rest, size};
use super::defaults::empty;
use super::dicts::nil_for_missing;
use super::numbers::to_int;
use super::strings::sort_alpha;
use super::{Call, Function, Ran};
use crate::runtime::{Data, Items, ItemsKind, deep_equal};

pub(super) const TABLE: &[Function] = &[
    Function::new("append", &[Any, Any], None, push),
    Function::new("chunk", &[Int, Any], None, chunk),
    Function::new("compact", &[Any], None, compact),
    Function::new("concat", &[], Some(Any), concat),
    Function::new("first", &[Any], None, first),
    Function::new("has", &[Any, Any], None, has),
    Function::new("initial", &[Any], None, initial),
    Function::new("last", &[Any], None, last),
    Function::new("list", &[], Some(Any), make),
    Function::new("mustAppend", &[Any, Any], None, push),
    Function::new("mustChunk", &[Int, Any], None, chunk),
    Function::new("mustCompact", &[Any], None, compact),
    Function::new("mustFirst", &[Any], None, first),
    Function::new("mustHas", &[Any, Any], None, has),
    Function::new("mustInitial", &[Any], None, initial),
    Function::new("mustLast", &[Any], None, last),
    Function::new("mustPrepend", &[Any, Any], None, prepend),
    Function::new("mustPush", &[Any, Any], None, push),
    Function::new("mustRest", &[Any], None, tail),
    Function::new("mustReverse", &[Any], None, reverse),
    Function::new("mustSlice", &[Any], Some(Any), slice),
    Function::new("mustUniq", &[Any], None, uniq),
    Function::new("mustWithout", &[Any], Some(Any), without),
    Function::new("prepend", &[Any, Any], None, prepend),
    Function::new("push", &[Any, Any], None, push),
    Function::new("rest", &[Any], None, tail),
    Function::new("reverse", &[Any], None, reverse),
    Function::new("slice", &[Any], Some(Any), slice),
    Function::new("sortAlpha", &[Any], None, |_, v| Ok(sort_alpha(any(v, 0)))),
    Function::new("tuple", &[], Some(Any), make),
    Function::new("uniq", &[Any], None, uniq),
    Function::new("without", &[Any], Some(Any), without),
];

#[expect(clippy::unnecessary_wraps, reason = "every function gives a result")]
fn make(_: &mut Call<'_>, values: &[Data]) -> Ran {
    Ok(Data::list(
        values.iter().cloned().map(nil_for_missing).collect(),
    ))
}

/// The list that is given; otherwise what sprig says, up to the name of the kind.
fn list<'a>(value: &'a Data, complaint: &str) -> Result<&'a Items, String> {
    match value {
        Data::List(list) => Ok(list),
        Data::Missing | Data::Nil => Err(NIL.to_owned()),
        other => Err(format!("{complaint} {}", other.kind_name())),
    }
}

/// What Go says when the type of nothing is asked for.
const NIL: &str = "runtime error: invalid memory address or nil pointer dereference";

fn push(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot push on type")?;
    let mut items = list.items.to_vec();
    items.push(nil_for_missing(any(values, 1).clone()));
    Ok(Data::list(items))
}

fn prepend(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot prepend on type")?;
    let mut items = vec![nil_for_missing(any(values, 1).clone())];
    items.extend(list.items.iter().cloned());
    Ok(Data::list(items))
}

fn chunk(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 1), "Cannot chunk type")?;
    let length = size(int(values, 0));
    if length == 0 {
        return Err("runtime error: makeslice: len out of range".to_owned());
    }
    let chunks = list
        .items
        .chunks(length)
        .map(|chunk| Data::list(chunk.to_vec()));
    Ok(Data::List(Items::new(ItemsKind::List, chunks.collect())))
}

fn first(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find first on type")?;
    Ok(list.items.first().cloned().unwrap_or(Data::Nil))
}

fn last(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find last on type")?;
    Ok(list.items.last().cloned().unwrap_or(Data::Nil))
}

fn tail(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find rest on type")?;
    Ok(Data::list(rest(&list.items, 1).to_vec()))
}

fn initial(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find initial on type")?;
    let initial = list.items.split_last().map(|(_, initial)| initial.to_vec());
    Ok(Data::list(initial.unwrap_or_default()))
}

fn reverse(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find reverse on type")?;
    Ok(Data::list(list.items.iter().rev().cloned().collect()))
}

fn compact(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot compact on type")?;
    let kept = list.items.iter().filter(|item| !empty(item));
    Ok(Data::list(kept.cloned().collect()))
}

fn holds(items: &[Data], wanted: &Data) -> Result<bool, String> {
    for item in items {
        if deep_equal(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find uniq on type")?;
    let average = any(values, 0).weigh()? / list.items.len().max(1);
    let mut kept: Vec<Data> = Vec::new();
    for item in list.items.iter() {
        call.budget.spend(kept.len().saturating_mul(average))?;
        if !holds(&kept, item)? {
            kept.push(item.clone());
        }
    }
    Ok(Data::list(kept))
}

fn without(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "Cannot find without on type")?;
    let omitted = rest(values, 1);
    let weight = any(values, 0).weigh()?;
    call.budget.spend(weight.saturating_mul(omitted.len()))?;
    let mut kept = Vec::new();
    for item in list.items.iter() {
        if !holds(omitted, item)? {
            kept.push(item.clone());
        }
    }
    Ok(Data::list(kept))
}

fn has(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let haystack = any(values, 1);
    if haystack.is_nil() {
        return Ok(Data::Bool(false));
    }
    let list = list(haystack, "Cannot find has on type")?;
    call.budget.spend(haystack.weigh()?)?;
    holds(&list.items, any(values, 0)).map(Data::Bool)
}

fn slice(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let list = list(any(values, 0), "list should be type of slice or array but")?;
    if list.items.is_empty() {
        return Ok(Data::Nil);
    }
    let bounds = rest(values, 1);
    let from = bounds.first().map_or(0, to_int);
    let to = bounds.get(1).map(to_int);
    let to = to.unwrap_or_else(|| i64::try_from(list.items.len()).unwrap_or(i64::MAX));
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let items = range.and_then(|(from, to)| list.items.get(from..to));
    let items = items.ok_or("reflect.Value.Slice: slice index out of bounds")?;
    Ok(Data::List(Items::new(list.kind, items.to_vec())))
}

fn concat(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let mut items = Vec::new();
    for value in values {
        match value {
            Data::List(list) => items.extend(list.items.iter().cloned()),
            Data::Missing | Data::Nil => return Err(NIL.to_owned()),
            other => {
                return Err(format!("Cannot concat type {} as list", other.kind_name()));
            }
        }
    }
    Ok(Data::list(items))
}
