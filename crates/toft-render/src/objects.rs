//! Lists unfolded.

use toft_object::{Object, Rendered, Rendering};
use toft_source::{Checked, Diagnostic};
use toft_value::Value;

/// The objects, with the items of lists in their places.
///
/// A list is what has `items` that are a list, whatever its kind.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `GenerateManifests`, `isNullList`;
/// apimachinery v0.34.0 `unstructured.go`, `IsList`.
pub(crate) fn unfold(checked: Checked<Rendering>) -> Checked<Rendering> {
    let Checked {
        value: rendering,
        mut diagnostics,
    } = checked;
    let mut unfolded = Rendering::default();
    for one in rendering.objects {
        let value = one.object.value();
        match value.get("items") {
            Some(Value::List(items)) => {
                for item in items {
                    push(&mut unfolded, &mut diagnostics, (&one, item));
                }
            }
            Some(Value::Null) if value.get("spec").is_none() && value.get("status").is_none() => {}
            _ => unfolded.objects.push(one),
        }
    }
    Checked {
        value: unfolded,
        diagnostics,
    }
}

fn push(
    unfolded: &mut Rendering,
    diagnostics: &mut Vec<Diagnostic>,
    (list, item): (&Rendered, &Value),
) {
    match Object::unversioned(item.clone()) {
        Ok(object) => unfolded.objects.push(Rendered {
            object,
            origin: list.origin.clone(),
        }),
        Err(error) => {
            let path = &list.origin.path;
            let message = format!("an item of a list in `{path}` is no Kubernetes object: {error}");
            diagnostics.push(Diagnostic::error("REN010", message));
        }
    }
}
