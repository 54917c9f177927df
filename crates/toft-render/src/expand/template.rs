//! The template of an Application: merged, rendered, patched.
//!
//! Source: Argo CD 3.2.0 `applicationset/utils/utils.go`, `RenderTemplateParams`;
//! `controllers/template/template.go`, `GenerateApplications`.

use toft_argo::{API_VERSION, ApplicationSet, RESOURCES_FINALIZER, Shape, TEMPLATE};
use toft_gotmpl::Dict;
use toft_value::{Map, Value};

use super::{Expander, patch};

/// Renders the template of one Application.
pub(super) fn render(
    expander: &Expander<'_>,
    set: &ApplicationSet,
    (template, params): (&Value, &Dict),
) -> Result<Value, String> {
    let mut application = TEMPLATE.canonical(template);
    // Without parameters the template is taken as it is, finalizer and all.
    if !params.snapshot().is_empty() {
        application = TEMPLATE.canonical(&expander.dialect.replace_in(
            &TEMPLATE,
            &application,
            params,
        )?);
        add_finalizer(set, &mut application);
    }
    if let Some(written) = &set.template_patch {
        let replaced = expander.dialect.replace(written, params);
        let replaced = replaced
            .map_err(|message| format!("error replacing values in templatePatch: {message}"))?;
        application = patch::apply(&application, &replaced)?;
    }
    application.set_at(&["apiVersion"], API_VERSION);
    application.set_at(&["kind"], "Application");
    // An Application may not leave the namespace of its set.
    if set.namespace.is_empty() {
        application.remove_at(&["metadata", "namespace"]);
    } else {
        application.set_at(&["metadata", "namespace"], &set.namespace);
    }
    Ok(application)
}

fn add_finalizer(set: &ApplicationSet, application: &mut Value) {
    let preserves = set
        .sync_policy
        .is_some_and(|policy| policy.preserve_resources_on_deletion);
    if !preserves && application.items_at(&["metadata", "finalizers"]).is_empty() {
        application.set_at(&["metadata", "finalizers"], vec![RESOURCES_FINALIZER]);
    }
}

/// Fills what `first` leaves empty from `second`.
///
/// Source: dario.cat/mergo v1.0.2 `merge.go`, without options.
pub(super) fn merge(shape: &Shape, first: &Value, second: &Value) -> Value {
    let merged = |first: &Map, second: &Map, shape: &dyn Fn(&str) -> Shape| {
        let mut merged = first.clone();
        for (key, value) in second {
            let known = merged.get(key).cloned().unwrap_or_default();
            merged.insert(key.clone(), merge(&shape(key), &known, value));
        }
        Value::Map(merged)
    };
    match (shape, first, second) {
        (Shape::Struct(fields), Value::Map(first), Value::Map(second)) => {
            merged(first, second, &|key| {
                let field = fields.iter().find(|field| field.name == key);
                field.map_or(Shape::Any, |field| field.shape)
            })
        }
        (Shape::Map(item), Value::Map(first), Value::Map(second)) => {
            merged(first, second, &|_| **item)
        }
        _ if is_empty(first) => second.clone(),
        _ => first.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Str(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        // A map that is written is a pointer that is set.
        Value::UInt(_) | Value::Map(_) => false,
    }
}
