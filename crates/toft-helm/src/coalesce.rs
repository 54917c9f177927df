//! Values of a chart and its dependencies put together.
//!
//! The maps are shared as Go shares them: what is merged into a nested map is seen by everyone who
//! holds it, and upstream's results depend on that.
//!
//! Source: Helm 3.22.0 `pkg/chartutil/coalesce.go`; Helm 4.3.1 `pkg/chart/common/util/coalesce.go`.

use std::collections::BTreeSet;

use smol_str::SmolStr;
use toft_gotmpl::{Data, Dict, DictKind};

use crate::chart::HelmVersion;
use crate::family::{Family, Id};
use crate::problem::Problem;

/// The key under which values are for every chart.
const GLOBAL: &str = "global";

/// Whether nulls stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// A null removes what it stands over.
    Remove,
    /// Nulls are kept for a later merge.
    Keep,
}

pub(crate) fn empty() -> Dict {
    Dict::new(DictKind::Any, std::collections::BTreeMap::new())
}

/// A map that shares nothing with this one.
pub(crate) fn copied(dict: &Dict) -> Result<Dict, Problem> {
    match Data::Dict(dict.clone()).deep_copy() {
        Ok(Data::Dict(copy)) => Ok(copy),
        Ok(_) => Ok(empty()),
        Err(message) => Err(Problem::values(message)),
    }
}

pub(crate) fn table(value: Option<Data>) -> Option<Dict> {
    match value {
        Some(Data::Dict(dict)) => Some(dict),
        _ => None,
    }
}

/// The values of a chart and everything below it, under those that are given.
pub(crate) fn coalesced(
    family: &Family<'_>,
    chart: Id,
    given: &Dict,
    nulls: Nulls,
) -> Result<Dict, Problem> {
    let values = copied(given)?;
    coalesce(family, chart, &values, nulls)?;
    Ok(values)
}

fn coalesce(family: &Family<'_>, chart: Id, values: &Dict, nulls: Nulls) -> Result<(), Problem> {
    coalesce_own(family, chart, values, nulls)?;
    for child in family.charts(chart) {
        let name = family.name(*child).clone();
        let below = match values.get(&name) {
            None => {
                let below = empty();
                values.set(name.clone(), Data::Dict(below.clone()));
                below
            }
            Some(Data::Dict(below)) => below,
            Some(other) => {
                return Err(Problem::values(format!(
                    "type mismatch on {name}: %!t({}={other})",
                    other.type_name()
                )));
            }
        };
        coalesce_globals(&below, values);
        coalesce(family, *child, &below, nulls)?;
    }
    Ok(())
}

/// Copies what is for every chart into the values of a dependency.
fn coalesce_globals(into: &Dict, from: &Dict) {
    let Some(to_globals) = globals(into) else {
        return;
    };
    let Some(from_globals) = globals(from) else {
        return;
    };
    for (key, value) in from_globals.snapshot() {
        match (value, to_globals.get(&key)) {
            (Data::Dict(value), known) => {
                // The copy is shallow: what is nested deeper stays shared with the parent.
                let copy = Dict::new(DictKind::Any, value.snapshot().into_iter().collect());
                match known {
                    None => to_globals.set(key, Data::Dict(copy)),
                    Some(Data::Dict(known)) => {
                        coalesce_tables(&copy, &known, Nulls::Keep);
                        to_globals.set(key, Data::Dict(copy));
                    }
                    Some(_) => {}
                }
            }
            (_, Some(Data::Dict(_))) => {}
            (value, _) => to_globals.set(key, value),
        }
    }
    into.set(GLOBAL, Data::Dict(to_globals));
}

/// The globals of a map; a new map where there are none, nothing where they are no map.
fn globals(values: &Dict) -> Option<Dict> {
    match values.get(GLOBAL) {
        None => Some(empty()),
        found => table(found),
    }
}

fn coalesce_own(
    family: &Family<'_>,
    chart: Id,
    values: &Dict,
    nulls: Nulls,
) -> Result<(), Problem> {
    let cleans = family.version() == HelmVersion::V4 && nulls == Nulls::Remove;
    for (key, value) in copied(family.values(chart))?.snapshot() {
        match values.get(&key) {
            Some(Data::Nil | Data::Missing) if nulls == Nulls::Remove => {
                values.entries.borrow_mut().remove(&key);
            }
            Some(Data::Dict(known)) => {
                let Data::Dict(value) = value else {
                    continue;
                };
                let child = family.charts(chart).iter();
                let is_child = child.copied().any(|child| *family.name(child) == key);
                let nulls = if is_child { Nulls::Keep } else { nulls };
                if cleans && nulls == Nulls::Remove {
                    clean(&value);
                }
                coalesce_tables(&known, &value, nulls);
            }
            Some(_) => {}
            None => {
                if cleans && value.is_nil() {
                    continue;
                }
                if let (true, Data::Dict(value)) = (cleans, &value) {
                    clean(value);
                }
                values.set(key, value);
            }
        }
    }
    Ok(())
}

/// Takes nulls out, however deep.
fn clean(values: &Dict) {
    for (key, value) in values.snapshot() {
        match value {
            Data::Nil | Data::Missing => {
                values.entries.borrow_mut().remove(&key);
            }
            Data::Dict(below) => clean(&below),
            _ => {}
        }
    }
}

/// Merges one map under another; both change.
pub(crate) fn coalesce_tables(over: &Dict, under: &Dict, nulls: Nulls) {
    let set: BTreeSet<SmolStr> = under
        .snapshot()
        .into_iter()
        .filter(|(_, value)| !value.is_nil())
        .map(|(key, _)| key)
        .collect();
    for (key, value) in over.snapshot() {
        if value.is_nil() {
            under.set(key, Data::Nil);
        }
    }
    for (key, value) in under.snapshot() {
        match (over.get(&key), value) {
            (None, value) => over.set(key, value),
            (Some(known), _) if nulls == Nulls::Remove && known.is_nil() && set.contains(&key) => {
                over.entries.borrow_mut().remove(&key);
            }
            (Some(Data::Dict(known)), Data::Dict(value)) => coalesce_tables(&known, &value, nulls),
            (Some(_), _) => {}
        }
    }
}
