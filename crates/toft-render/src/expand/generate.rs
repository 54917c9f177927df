//! One entry of `generators`: its parameters, and the template as it overrides it.
//!
//! Source: Argo CD 3.2.0 `generators/generator_spec_processor.go`, `Transform`.

use toft_argo::{Generator, GeneratorKind, NESTED_GENERATOR, TEMPLATE};
use toft_gotmpl::Dict;
use toft_object::LabelSelector;
use toft_value::{Map, Value};

use super::{ExpandError, Expander, clusters, params, template};

/// What one kind of generator gives.
pub(super) struct Generated {
    /// One set of parameters per Application.
    pub(super) params: Vec<Dict>,
    /// The template, with the generator's overrides.
    pub(super) template: Value,
}

impl Expander<'_> {
    /// Generates with every kind of an entry.
    ///
    /// `base` is the template that the generator's own overrides; `given` are the parameters of the
    /// first generator of a matrix, over which the entry itself is a template.
    pub(super) fn generate(
        &self,
        generator: &Generator,
        base: Option<&Value>,
        given: Option<&Dict>,
    ) -> Result<Vec<Generated>, ExpandError> {
        let selector = selector(generator)?;
        let interpolated = match given.filter(|given| !given.snapshot().is_empty()) {
            Some(given) => self.interpolate(generator, given)?,
            None => generator.clone(),
        };
        let mut generated = Vec::new();
        for (kind, written) in interpolated.kinds.iter().zip(&generator.kinds) {
            let template = match base {
                Some(base) => template::merge(&TEMPLATE, overrides(written), base),
                None => Value::Null,
            };
            let mut params = self.params(kind)?;
            if let Some(selector) = &selector {
                params.retain(|params| is_selected(selector, params));
            }
            generated.push(Generated { params, template });
        }
        Ok(generated)
    }

    fn interpolate(&self, generator: &Generator, given: &Dict) -> Result<Generator, ExpandError> {
        let replaced = self
            .dialect
            .replace_in(&NESTED_GENERATOR, generator.value(), given);
        let replaced = replaced.map_err(|message| {
            ExpandError::Params(format!(
                "failed to replace parameters in generator: {message}"
            ))
        })?;
        Ok(generator.with_value(&replaced))
    }

    fn params(&self, kind: &GeneratorKind) -> Result<Vec<Dict>, ExpandError> {
        match kind {
            GeneratorKind::List {
                elements,
                elements_yaml,
                ..
            } => self.list(elements, elements_yaml),
            GeneratorKind::Clusters {
                selector,
                values,
                flat_list,
                ..
            } => {
                let clusters = self.clusters(selector, values)?;
                Ok(if *flat_list {
                    clusters::flat(clusters)
                } else {
                    clusters
                })
            }
            GeneratorKind::Git(git) if git.directories.is_empty() && git.files.is_empty() => {
                Err(ExpandError::Params("ApplicationSet is empty".to_owned()))
            }
            GeneratorKind::Git(git) => {
                let generated = self.git(git);
                generated.map_err(|failure| failure.within("error generating params from git"))
            }
            GeneratorKind::Matrix { generators, .. } => self.matrix(generators),
            GeneratorKind::Merge {
                generators,
                merge_keys,
                ..
            } => self.merge(generators, merge_keys),
            GeneratorKind::Outside { name, .. } => Err(ExpandError::Params(format!(
                "the generator `{name}` asks something outside the repository, which Toft does not do"
            ))),
        }
    }
}

fn overrides(kind: &GeneratorKind) -> &Value {
    match kind {
        GeneratorKind::Git(git) => &git.template,
        GeneratorKind::List { template, .. }
        | GeneratorKind::Clusters { template, .. }
        | GeneratorKind::Matrix { template, .. }
        | GeneratorKind::Merge { template, .. }
        | GeneratorKind::Outside { template, .. } => template,
    }
}

/// The selector of an entry.
///
/// Source: Argo CD 3.2.0 `applicationset/utils/selector.go`.
fn selector(generator: &Generator) -> Result<Option<LabelSelector>, ExpandError> {
    let Some(written) = &generator.selector else {
        return Ok(None);
    };
    let refused =
        |message: String| ExpandError::Params(format!("error parsing label selector: {message}"));
    for expression in written.items_at(&["matchExpressions"]) {
        let operator = expression.str_at(&["operator"]).unwrap_or_default();
        let values = expression.items_at(&["values"]);
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                let text = "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty";
                return Err(refused(text.to_owned()));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let shown = Value::from(values.to_vec()).to_json();
                return Err(refused(format!(
                    "values: Invalid value: {shown}: values set must be empty for exists and does not exist"
                )));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                return Err(refused(format!(
                    "{other:?} is not a valid pod selector operator"
                )));
            }
        }
    }
    let selector = LabelSelector::of_any_text(written);
    selector
        .map(Some)
        .map_err(|error| refused(error.to_string()))
}

fn is_selected(selector: &LabelSelector, params: &Dict) -> bool {
    let flat = params::flattened(params).into_iter();
    let labels: Map = flat.map(|(key, text)| (key, Value::from(text))).collect();
    selector.matches(Some(&labels))
}
