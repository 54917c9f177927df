//! Which dependencies are on, under which names, and what their parents take from them.
//!
//! Source: Helm 3.22.0 `pkg/chartutil/dependencies.go`; Helm 4.3.1 `pkg/chart/v2/util/dependencies.go`.

use smol_str::SmolStr;
use toft_gotmpl::{Data, Dict, satisfies};

use crate::chart::{Chart, HelmVersion, ImportValues};
use crate::coalesce::{Nulls, coalesce_tables, coalesced, copied, empty, table};
use crate::family::{Family, Id, WantedId};
use crate::problem::{DEPENDENCY, Problem};

/// Refuses a chart that wants charts which are not in it.
pub(crate) fn check(chart: &Chart, version: HelmVersion) -> Result<(), Problem> {
    let has = |name: &SmolStr| chart.charts.iter().any(|one| one.metadata.name == *name);
    let wanted = chart.metadata.dependencies.iter();
    let missing: Vec<&str> = wanted
        .map(|dependency| &dependency.name)
        .filter(|name| !has(name))
        .map(SmolStr::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let told = match version {
        HelmVersion::V3 => {
            "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies"
        }
        HelmVersion::V4 => {
            "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies"
        }
    };
    let missing = missing.join(", ");
    Err(Problem::new(
        DEPENDENCY,
        format!("{told}: found in Chart.yaml, but missing in charts/ directory: {missing}"),
    ))
}

/// Switches dependencies on and off, renames them, and lets parents take values from them.
pub(crate) fn process(family: &mut Family<'_>, root: Id, values: &Dict) -> Result<(), Problem> {
    enable(family, root, values, "")?;
    import(family, root)
}

fn enable(family: &mut Family<'_>, chart: Id, values: &Dict, path: &str) -> Result<(), Problem> {
    let Some(wanted) = family.wanted_by(chart) else {
        return Ok(());
    };
    let charts = chosen(family, chart, &wanted)?;
    family.adopt(chart, charts);
    for id in &wanted {
        family.wanted_mut(*id).enabled = true;
    }
    let all = coalesced(family, chart, values, Nulls::Remove)?;
    for id in &wanted {
        by_tags(family, *id, &all);
        by_conditions(family, *id, &all, path);
    }
    let off = wanted.iter().filter(|id| !family.wanted(**id).enabled);
    let off: Vec<SmolStr> = off.map(|id| family.wanted(*id).name.clone()).collect();
    let charts = family.charts(chart).iter().copied();
    let charts: Vec<Id> = charts
        .filter(|id| !off.contains(family.name(*id)))
        .collect();
    let kept = wanted.iter().copied();
    let kept: Vec<WantedId> = kept
        .filter(|id| !off.contains(&family.wanted(*id).name))
        .collect();
    for child in &charts {
        let below = format!("{path}{}.", family.name(*child));
        enable(family, *child, &all, &below)?;
    }
    family.set_wanted(chart, kept);
    family.adopt(chart, charts);
    Ok(())
}

/// The charts that nobody names, then those that are wanted, under their aliases.
fn chosen(family: &mut Family<'_>, chart: Id, wanted: &[WantedId]) -> Result<Vec<Id>, Problem> {
    let there = family.charts(chart).to_vec();
    let fits = |family: &Family<'_>, one: Id, wanted: WantedId| {
        let wanted = family.wanted(wanted);
        *family.name(one) == wanted.name
            && satisfies(&wanted.version, &family.chart(one).metadata.version)
    };
    let mut charts: Vec<Id> = Vec::new();
    for one in &there {
        if !wanted.iter().any(|wanted| fits(family, *one, *wanted)) {
            charts.push(*one);
        }
    }
    for id in wanted {
        let alias = family.wanted(*id).alias.clone();
        if let Some(original) = there.iter().find(|one| fits(family, **one, *id)) {
            charts.push(family.alias(*original, &alias)?);
        }
        if !alias.is_empty() {
            family.wanted_mut(*id).name = alias;
        }
    }
    Ok(charts)
}

fn by_tags(family: &mut Family<'_>, id: WantedId, values: &Dict) {
    let Some(tags) = table(values.get("tags")) else {
        return;
    };
    let wanted = family.wanted_mut(id);
    let mut states = Vec::new();
    for tag in &wanted.tags {
        if let Some(Data::Bool(state)) = tags.get(tag) {
            states.push(state);
        }
    }
    wanted.enabled = states.is_empty() || states.contains(&true);
}

fn by_conditions(family: &mut Family<'_>, id: WantedId, values: &Dict, path: &str) {
    let wanted = family.wanted_mut(id);
    let conditions = wanted.condition.clone();
    let conditions = conditions.trim().split(',').filter(|one| !one.is_empty());
    for condition in conditions {
        if let Some(Data::Bool(state)) = value_at(values, &format!("{path}{condition}")) {
            wanted.enabled = state;
            break;
        }
    }
}

/// What stands at a path and is no map.
fn value_at(values: &Dict, path: &str) -> Option<Data> {
    let (before, last) = match path.rsplit_once('.') {
        Some((before, last)) => (table_at(values, before)?, last),
        None => (values.clone(), path),
    };
    before
        .get(last)
        .filter(|value| !matches!(value, Data::Dict(_)))
}

fn table_at(values: &Dict, path: &str) -> Option<Dict> {
    let mut current = values.clone();
    for key in path.split('.') {
        current = table(current.get(key))?;
    }
    Some(current)
}

fn import(family: &mut Family<'_>, chart: Id) -> Result<(), Problem> {
    for child in family.charts(chart).to_vec() {
        import(family, child)?;
    }
    let Some(wanted) = family.wanted_by(chart) else {
        return Ok(());
    };
    let all = coalesced(family, chart, &empty(), Nulls::Keep)?;
    let taken = empty();
    for id in wanted {
        take(family, id, &all, &taken);
    }
    // Copied, since what was taken is shared with where it was taken from.
    let all = copied(&all)?;
    coalesce_tables(&all, &taken, Nulls::Keep);
    family.set_values(chart, all);
    Ok(())
}

/// Takes what one dependency gives; what it was told to give is written down as paths.
fn take(family: &mut Family<'_>, id: WantedId, all: &Dict, taken: &Dict) {
    let wanted = family.wanted(id);
    let name = wanted.name.clone();
    let mut noted = Vec::new();
    for one in wanted.import_values.clone() {
        let (child, parent) = match one {
            ImportValues::Exported(key) => (
                SmolStr::from(format!("exports.{key}")),
                SmolStr::new_static("."),
            ),
            ImportValues::Moved { child, parent } => (child, parent),
            // Upstream does not know its own notes when it meets them a second time.
            ImportValues::Noted { .. } | ImportValues::Other(_) => continue,
        };
        noted.push(ImportValues::Noted {
            child: child.clone(),
            parent: parent.clone(),
        });
        let Some(found) = table_at(all, &format!("{name}.{child}")) else {
            continue;
        };
        coalesce_tables(taken, &nested(&parent, found), Nulls::Keep);
    }
    family.wanted_mut(id).import_values = noted;
}

/// A map below a path.
fn nested(path: &str, values: Dict) -> Dict {
    if path == "." {
        return values;
    }
    let mut current = values;
    for key in path.rsplit('.') {
        let outer = empty();
        outer.set(key, Data::Dict(current));
        current = outer;
    }
    current
}
