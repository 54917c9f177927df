//! Parameters: what a generator gives a template.

use smol_str::SmolStr;
use toft_gotmpl::{Data, Dict, DictKind, ItemsKind};
use toft_value::{Map, Value};

use super::ExpandError;
use super::dialect::Dialect;

/// No parameters yet.
pub(super) fn empty() -> Dict {
    Dict::new(DictKind::Any, std::collections::BTreeMap::new())
}

/// Parameters as text, nested ones under names with dots, for selectors.
///
/// Source: github.com/jeremywohl/flatten v1.0.1 `flatten.go`, which looks into `map[string]interface {}`
/// and `[]interface {}` only; Argo CD 3.2.0 `generator_spec_processor.go`, `flattenParameters`.
pub(super) fn flattened(params: &Dict) -> Vec<(SmolStr, String)> {
    let mut flat = Vec::new();
    for (key, value) in params.snapshot() {
        flatten(&mut flat, key, &value);
    }
    flat
}

fn flatten(flat: &mut Vec<(SmolStr, String)>, key: SmolStr, value: &Data) {
    match value {
        Data::Dict(dict) if dict.kind == DictKind::Any => {
            for (inner, value) in dict.snapshot() {
                flatten(flat, format!("{key}.{inner}").into(), &value);
            }
        }
        Data::List(list) if list.kind == ItemsKind::Any => {
            for (index, value) in list.items.iter().enumerate() {
                flatten(flat, format!("{key}.{index}").into(), value);
            }
        }
        other => flat.push((key, other.to_string())),
    }
}

/// Parameters of the older dialect out of a value: flat, every one a text.
pub(super) fn flat_texts(value: &Value) -> Dict {
    let params = empty();
    if let Data::Dict(dict) = Data::from_value(value) {
        for (key, text) in flattened(&dict) {
            params.set(key, Data::text(text));
        }
    }
    params
}

/// Adds `values` of a generator, each a template over the parameters so far.
///
/// Source: Argo CD 3.2.0 `generators/value_interpolation.go`.
pub(super) fn append_values(
    dialect: &Dialect,
    values: &Map,
    params: &Dict,
) -> Result<(), ExpandError> {
    let mut rendered = Vec::new();
    for (key, value) in values {
        let text = value.as_str().unwrap_or_default();
        let text = dialect.replace(text, params).map_err(|message| {
            ExpandError::Params(format!(
                "failed to replace templated string: failed to replace templated string with rendered values: {message}"
            ))
        })?;
        rendered.push((key.clone(), SmolStr::from(text)));
    }
    match dialect {
        Dialect::Go { .. } if !rendered.is_empty() => {
            params.set("values", Data::text_dict(rendered));
        }
        Dialect::Go { .. } => {}
        Dialect::Fast => {
            for (key, text) in rendered {
                params.set(format!("values.{key}"), Data::Text(text));
            }
        }
    }
    Ok(())
}
