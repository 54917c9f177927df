//! `vars`: values of fields that stand for `$(NAME)` in other fields.
//!
//! Source: kustomize 5.8.2, `MergeVars` and `ResolveVars` in
//! `api/internal/accumulator/resaccumulator.go`, `api/filters/refvar/`.

mod expand;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_source::Diagnostic;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::id::ResId;
use crate::kustomization::Variable;
use crate::node::{Node, lookup, split_path};
use crate::resource::Resource;
use crate::schema::Schemas;
use expand::{Replacer, Value};

/// Notes which objects the variables of one kustomization are read from.
pub(super) fn declare(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let schemas = build.schemas.clone();
    for (index, variable) in directory.kustomization.variables.iter().enumerate() {
        declare_one(accumulator, variable, &schemas).map_err(|fault| {
            build.refuse(directory.entry_error("KUS072", fault.to_string(), ("vars", index)))
        })?;
    }
    Ok(())
}

fn declare_one(
    accumulator: &mut Accumulator,
    variable: &Variable,
    schemas: &Schemas,
) -> Result<(), Fault> {
    let Variable {
        gvk,
        object,
        namespace,
        ..
    } = variable;
    let (gvk, object, namespace) = (gvk.clone(), object.clone(), namespace.clone());
    let wanted = ResId::of(gvk, object, namespace, schemas);
    // Without a namespace the object may be in any.
    let anywhere = wanted.namespace.is_empty() && !wanted.cluster_scoped;
    let found = accumulator.resources.matching(|id| {
        let same = id.name == wanted.name && id.gvk == wanted.gvk;
        same && (anywhere || id.same_namespace(&wanted))
    });
    match found.as_slice() {
        [] => {}
        [at] => {
            if let Some(resource) = accumulator.resources.get_mut(*at) {
                resource.variables.push(variable.name.clone());
            }
        }
        found => {
            return Err(Fault::new(format!(
                "found {} resId matches for var {} (unable to disambiguate)",
                found.len(),
                variable.name
            )));
        }
    }
    accumulator.add_variable(variable.clone())
}

/// Replaces the names of all variables, after all names of objects are known.
pub(super) fn resolve(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    if accumulator.variables.is_empty() {
        return Ok(());
    }
    let mut values = BTreeMap::new();
    for variable in accumulator.variables.values() {
        let value = value_of(accumulator, variable)
            .map_err(|fault| build.refuse(Diagnostic::error("KUS073", fault.to_string())))?;
        values.insert(variable.name.clone(), value);
    }
    let mut replacer = Replacer {
        values: &values,
        used: BTreeSet::new(),
    };
    let specs = accumulator.config.var_reference.clone();
    for resource in accumulator.resources.iter_mut() {
        for spec in specs.iter() {
            let mut change = |node: &mut Node| replacer.replace(node);
            spec.apply(&mut resource.node, None, &mut change)
                .map_err(|fault| {
                    build.refuse(directory.object_error("KUS073", resource, &fault.to_string()))
                })?;
        }
    }
    let is_unused = |name: &&SmolStr| !replacer.used.contains(*name);
    let unused: Vec<&str> = values
        .keys()
        .filter(is_unused)
        .map(SmolStr::as_str)
        .collect();
    if !unused.is_empty() {
        let message = format!(
            "well-defined vars that were never replaced: {}",
            unused.join(",")
        );
        build.tell(Diagnostic::warning("KUS074", message));
    }
    Ok(())
}

fn value_of(accumulator: &Accumulator, variable: &Variable) -> Result<Value, Fault> {
    let mut resources = accumulator.resources.iter();
    let is_source = |resource: &&Resource| resource.variables.contains(&variable.name);
    let Some(resource) = resources.find(is_source) else {
        return Err(Fault::new(format!(
            "var '{}' cannot be mapped to a field in the set of known resources",
            variable.name
        )));
    };
    let missing = || {
        Fault::new(format!(
            "field specified in var '{}' not found in corresponding resource: {}",
            variable.name, variable.field
        ))
    };
    let path = with_indexes(split_path(&variable.field));
    let at = lookup(&resource.node, &path).map_err(|_| missing())?;
    let node = at.and_then(|at| resource.node.follow(&at));
    node.and_then(Value::of).ok_or_else(missing)
}

/// `ports[0]` is two parts of a path.
///
/// Source: `convertSliceIndex`, `kyaml/yaml/rnode.go`.
fn with_indexes(parts: Vec<String>) -> Vec<String> {
    let mut result = Vec::with_capacity(parts.len());
    for part in parts {
        let bracket = part
            .strip_suffix(']')
            .and_then(|part| part.rsplit_once('['));
        match bracket {
            Some((name, index))
                if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                result.extend(
                    Some(name)
                        .filter(|name| !name.is_empty())
                        .map(str::to_owned),
                );
                result.push(index.to_owned());
            }
            _ => result.push(part),
        }
    }
    result
}
