//! `input/steps.json` are requests of several managers to one object: `expected.json` has the answers.

use toft_object::{Gvk, Time};
use toft_schema::apply::{ApplyContext, ApplyError, apply, update};
use toft_schema::{Schemas, apply_defaults, decode};
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};

use super::{gvk, print, read, with_managers};

pub(crate) fn check(case: &Case) -> Result<Outputs, String> {
    let steps = read(case, "input/steps.json")?;
    let schemas = Schemas::builtin();
    let first = steps.items().first().and_then(|step| step.get("object"));
    let gvk = gvk(first.ok_or("there is no step")?);
    let mut live: Option<Value> = None;
    let mut answers = Vec::new();
    for (at, step) in steps.items().iter().enumerate() {
        let seconds = i64::try_from(at).unwrap_or_default();
        let context = ApplyContext {
            schemas: &schemas,
            gvk: &gvk,
            now: Time::from_seconds(1_767_323_045 + seconds),
            manager: step.str_at(&["manager"]).unwrap_or_default(),
            subresource: step.str_at(&["subresource"]).unwrap_or_default(),
            force: step.bool_at(&["force"]).unwrap_or_default(),
        };
        match perform(&context, live.as_ref(), step) {
            Ok(object) => {
                let mut object = as_registry(&context, live.as_ref(), object);
                object.set_at(&["metadata", "uid"], "u");
                answers.push(value!({"object": with_managers(&object)}));
                live = Some(object);
            }
            Err(error) => answers.push(print_error(&error)),
        }
    }
    Ok(Outputs::from([(
        "expected.json".to_owned(),
        print(&Value::from(answers)),
    )]))
}

fn perform(
    context: &ApplyContext<'_>,
    live: Option<&Value>,
    step: &Value,
) -> Result<Value, ApplyError> {
    let object = step.get("object").cloned().unwrap_or_default();
    if step.str_at(&["op"]) == Some("apply") {
        return apply(context, live, &object);
    }
    let decoded = decode(context.schemas, context.gvk, &object);
    let mut new = decoded
        .map_err(|error| ApplyError::Internal(error.to_string()))?
        .value;
    apply_defaults(context.schemas, context.gvk, &mut new);
    Ok(update(context, live, &new))
}

/// A registry takes the status from its subresource only, and nothing else from there.
fn as_registry(context: &ApplyContext<'_>, live: Option<&Value>, object: Value) -> Value {
    if *context.gvk != Gvk::of("apps/v1", "Deployment") {
        return object;
    }
    let managed = object.at(&["metadata", "managedFields"]).cloned();
    let status = |object: &Value| object.get("status").cloned();
    let (mut kept, status) = if context.subresource == "status" {
        (live.cloned().unwrap_or_default(), status(&object))
    } else {
        (object, live.and_then(status))
    };
    kept.set_at(&["status"], status.unwrap_or_else(|| value!({})));
    if let Some(managed) = managed {
        kept.set_at(&["metadata", "managedFields"], managed);
    }
    kept
}

fn print_error(error: &ApplyError) -> Value {
    let (status, causes) = match error {
        ApplyError::Conflicts(conflicts) => {
            let causes = conflicts.iter().map(|conflict| {
                value!({
                    "reason": "FieldManagerConflict",
                    "message": conflict.message(),
                    "field": conflict.field(),
                })
            });
            (409, Some(Value::from(causes.collect::<Vec<_>>())))
        }
        ApplyError::Bad(_) => (400, None),
        ApplyError::Internal(_) => (500, None),
    };
    let mut answer = value!({"error": error.to_string(), "status": status});
    if let Some(causes) = causes {
        answer.set_at(&["causes"], causes);
    }
    answer
}
