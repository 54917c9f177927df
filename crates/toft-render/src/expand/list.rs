//! The list generator.
//!
//! Source: Argo CD 3.2.0 `generators/list.go`.

use toft_gotmpl::{Data, Dict};
use toft_source::Source;
use toft_value::Value;
use toft_yaml::Resolver;

use super::dialect::Dialect;
use super::{ExpandError, Expander, params};

impl Expander<'_> {
    /// The elements, and those that are written as YAML.
    pub(super) fn list(
        &self,
        elements: &[Value],
        elements_yaml: &str,
    ) -> Result<Vec<Dict>, ExpandError> {
        let mut sets = Vec::with_capacity(elements.len());
        for element in elements {
            let Some(map) = element.as_map() else {
                if element.is_null() {
                    // Upstream's type keeps no text of a null.
                    let text = "error unmarshling list element unexpected end of JSON input";
                    return Err(ExpandError::Params(text.to_owned()));
                }
                let found = element.kind().go_name();
                return Err(ExpandError::Params(format!(
                    "error unmarshling list element json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
                )));
            };
            sets.push(match &self.dialect {
                Dialect::Go { .. } => dict(element),
                Dialect::Fast => texts(map)?,
            });
        }
        if !elements_yaml.is_empty() {
            sets.extend(from_yaml(elements_yaml)?);
        }
        Ok(sets)
    }
}

/// A value that is a map, as parameters.
pub(super) fn dict(value: &Value) -> Dict {
    match Data::from_value(value) {
        Data::Dict(dict) => dict,
        _ => params::empty(),
    }
}

/// The older dialect takes texts only, and a map of texts under `values`.
fn texts(map: &toft_value::Map) -> Result<Dict, ExpandError> {
    let no_text = || ExpandError::Params("error parsing value as string %!w(<nil>)".to_owned());
    let sets = params::empty();
    for (key, value) in map {
        if key == "values" {
            let values = value.as_map();
            let values =
                values.ok_or_else(|| ExpandError::Params("error parsing values map".to_owned()))?;
            for (key, value) in values {
                let text = value.as_str().ok_or_else(no_text)?;
                sets.set(format!("values.{key}"), Data::text(text));
            }
            continue;
        }
        sets.set(key.clone(), Data::text(value.as_str().ok_or_else(no_text)?));
    }
    Ok(sets)
}

fn from_yaml(text: &str) -> Result<Vec<Dict>, ExpandError> {
    let refused = |message: String| {
        ExpandError::Params(format!("error unmarshling decoded ElementsYaml {message}"))
    };
    let source = Source::new("elementsYaml", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, Resolver::Kubectl);
    if let Some(problem) = parsed.diagnostics.first().filter(|_| parsed.has_errors()) {
        return Err(refused(format!(
            "error converting YAML to JSON: {}",
            problem.message
        )));
    }
    let value = parsed.value.into_iter().next().map(|located| located.value);
    let mismatch = |found: &str, wanted: &str| {
        refused(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
        ))
    };
    match value.unwrap_or_default() {
        Value::Null => Ok(Vec::new()),
        Value::List(list) => {
            let bad = list
                .iter()
                .find(|one| one.as_map().is_none() && !one.is_null());
            match bad {
                Some(bad) => Err(mismatch(bad.kind().go_name(), "map[string]interface {}")),
                None => Ok(list.iter().map(dict).collect()),
            }
        }
        other => Err(mismatch(
            other.kind().go_name(),
            "[]map[string]interface {}",
        )),
    }
}
