//! The functions that Helm adds or replaces, and the methods of what it hands to templates.
//!
//! Source: Helm 3.22.0 `pkg/engine/engine.go`, `funcs.go`; Helm 4.3.1 has some more.

mod durations;
mod files;
mod glob;
mod toml;
mod yaml;

use std::rc::Rc;

use super::Param::{Any, Text};
use super::arguments::{any, shared, text};
use super::{Call, Function, Ran};
use crate::exec;
use crate::quote::quote;
use crate::runtime::{Data, Dict, DictKind};
use crate::scope::Scope;

pub(super) use files::METHODS as FILES_METHODS;

pub(super) const TABLE: &[Function] = &[
    Function::new("fail", &[Text], None, |_, v| Err(warning(text(v, 0)))),
    Function::new("fromJson", &[Text], None, |_, v| {
        Ok(yaml::from_json(text(v, 0)))
    }),
    Function::new("fromJsonArray", &[Text], None, |_, v| {
        Ok(yaml::from_json_array(text(v, 0)))
    }),
    Function::new("fromToml", &[Text], None, |_, v| {
        Ok(toml::from_toml(text(v, 0)))
    }),
    Function::new("fromYaml", &[Text], None, |_, v| {
        Ok(yaml::from_yaml(text(v, 0)))
    }),
    Function::new("fromYamlArray", &[Text], None, |_, v| {
        Ok(yaml::from_yaml_array(text(v, 0)))
    }),
    // Names are never looked up: Helm does so only when it is told to.
    Function::new("getHostByName", &[Text], None, |_, _| Ok(Data::text(""))),
    Function::new("include", &[Text, Any], None, include),
    Function::new("lookup", &[Text, Text, Text, Text], None, |call, v| {
        Ok(lookup(call, v))
    }),
    Function::new("required", &[Text, Any], None, required),
    Function::new("toJson", &[Any], None, |call, v| {
        yaml::to_json(call, any(v, 0))
    }),
    Function::new("toToml", &[Any], None, |call, v| {
        let text = toml::to_toml(any(v, 0))?;
        call.budget.spend_text(text.len())?;
        Ok(shared(text))
    }),
    Function::new("toYaml", &[Any], None, |call, v| {
        yaml::to_yaml(call, any(v, 0))
    }),
    Function::new("toYamlPretty", &[Any], None, |call, v| {
        yaml::to_yaml_pretty(call, any(v, 0))
    }),
    Function::new("tpl", &[Text, Any], None, template),
];

/// What Helm 4 has besides.
pub(super) const TABLES_4: &[&[Function]] = &[
    durations::TABLE,
    &[
        Function::new("mustToJson", &[Any], None, |call, v| {
            yaml::to_json(call, any(v, 0))
        }),
        Function::new("mustToToml", &[Any], None, |call, v| {
            let text = toml::must_to_toml(any(v, 0))?;
            call.budget.spend_text(text.len())?;
            Ok(shared(text))
        }),
        Function::new("mustToYaml", &[Any], None, |call, v| {
            yaml::to_yaml(call, any(v, 0))
        }),
    ],
];

pub(super) const VALUES_METHODS: &[Function] = &[
    Function::new("AsMap", &[], None, |_, v| Ok(as_map(any(v, 0)))),
    Function::new("Table", &[Text], None, |_, v| table(any(v, 0), text(v, 1))),
    Function::new("YAML", &[], None, |_, v| {
        Ok(shared(toft_yaml::write(&any(v, 0).to_value()?)))
    }),
];

pub(super) const VERSIONS_METHODS: &[Function] = &[Function::new("Has", &[Text], None, |_, v| {
    let found = match any(v, 0) {
        Data::List(list) => list
            .items
            .iter()
            .any(|item| item.as_text() == Some(text(v, 1))),
        _ => false,
    };
    Ok(Data::Bool(found))
})];

pub(super) const KUBE_VERSION_METHODS: &[Function] = &[
    Function::new("GitVersion", &[], None, |_, v| match any(v, 0) {
        Data::Record(record) => Ok(record.fields.first().cloned().unwrap_or(Data::Nil)),
        _ => Ok(Data::Nil),
    }),
    Function::new("String", &[], None, |_, v| match any(v, 0) {
        Data::Record(record) => Ok(record.version_text()),
        _ => Ok(Data::Nil),
    }),
];

/// A message that is meant for the user: Helm shows it without the templates that it came through.
fn warning(message: &str) -> String {
    format!("{WARNING_START}{message}{WARNING_END}")
}

pub(crate) const WARNING_START: &str = "HELM_ERR_START";
pub(crate) const WARNING_END: &str = "HELM_ERR_END";

fn required(_: &mut Call<'_>, values: &[Data]) -> Ran {
    match any(values, 1) {
        Data::Missing | Data::Nil => Err(warning(text(values, 0))),
        Data::Text(value) if value.is_empty() => Err(warning(text(values, 0))),
        value => Ok(value.clone()),
    }
}

fn include(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let dot = any(values, 1);
    let included = exec::run(call.scope, text(values, 0), dot, call.session);
    included.map(shared).map_err(|error| error.0)
}

fn template(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let written = text(values, 0);
    if !written.contains("{{") {
        call.budget.spend_text(written.len())?;
        return Ok(shared(without_no_value(written.to_owned())));
    }
    call.budget.spend_text(written.len())?;
    let mut scope = Scope::inside(call.scope);
    let tree = scope.add(ROOT, written, call.session.vocabulary);
    let tree =
        tree.map_err(|error| format!("cannot parse template {}: {error}", quote(written)))?;
    let scope = Rc::new(scope);
    let rendered = exec::run_tree(&scope, (ROOT, &tree), any(values, 1), call.session);
    let rendered = rendered.map_err(|error| {
        format!(
            "error during tpl function execution for {}: {error}",
            quote(written)
        )
    })?;
    Ok(shared(without_no_value(rendered)))
}

/// The name that Helm gives to the template around all others.
const ROOT: &str = "gotpl";

/// Helm takes away what Go prints for nothing.
fn without_no_value(text: String) -> String {
    const NO_VALUE: &str = "<no value>";
    if text.contains(NO_VALUE) {
        text.replace(NO_VALUE, "")
    } else {
        text
    }
}

fn lookup(call: &Call<'_>, values: &[Data]) -> Data {
    let Some(cluster) = &call.cluster else {
        return Data::dict([]);
    };
    let [version, kind, namespace, name] = [0, 1, 2, 3].map(|index| text(values, index));
    let found = cluster([version, kind, namespace, name]);
    match Data::from_value(&found) {
        found @ Data::Dict(_) => found,
        _ => Data::dict([]),
    }
}

fn as_map(value: &Data) -> Data {
    match value {
        Data::Dict(dict) => Data::Dict(Dict {
            kind: DictKind::Any,
            entries: Rc::clone(&dict.entries),
        }),
        _ => Data::dict([]),
    }
}

/// Source: Helm 3.22.0 `pkg/chartutil/values.go`, `Table`.
fn table(value: &Data, path: &str) -> Ran {
    let mut current = value.clone();
    let Data::Dict(Dict { kind, .. }) = value else {
        return Ok(Data::Nil);
    };
    for key in path.split('.') {
        let next = match &current {
            Data::Dict(dict) => dict.get(key),
            _ => None,
        };
        match next {
            Some(Data::Dict(dict)) if dict.kind.is_any() => {
                current = Data::Dict(Dict {
                    kind: *kind,
                    entries: dict.entries,
                });
            }
            _ => return Err(format!("{} is not a table", quote(key))),
        }
    }
    Ok(current)
}
