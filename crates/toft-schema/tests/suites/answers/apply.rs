//! Requests of several managers to one object of a custom kind.

use toft_object::{Gvk, Time};
use toft_schema::apply::{ApplyContext, ApplyError, apply, update};
use toft_schema::{Schemas, apply_defaults};
use toft_value::{Value, value};

pub(crate) fn answer(request: &Value) -> Value {
    let mut schemas = Schemas::builtin();
    schemas.add_crd(request.at(&["crd"]).unwrap()).unwrap();
    let gvk = Gvk::of("example.org/v1", "Thing");
    let mut live: Option<Value> = None;
    let mut answers = Vec::new();
    for step in request.items_at(&["steps"]) {
        let context = ApplyContext {
            schemas: &schemas,
            gvk: &gvk,
            now: Time::from_seconds(1_767_323_045),
            manager: step.str_at(&["manager"]).unwrap(),
            subresource: "",
            force: step.bool_at(&["force"]).unwrap(),
        };
        let mut object = step.at(&["object"]).cloned().unwrap();
        let outcome = if step.str_at(&["op"]) == Some("apply") {
            apply(&context, live.as_ref(), &object)
        } else {
            apply_defaults(&schemas, &gvk, &mut object);
            Ok(update(&context, live.as_ref(), &object))
        };
        match outcome {
            Ok(mut object) => {
                object.set_at(&["metadata", "uid"], "u");
                answers.push(value!({"object": (timeless(&object))}));
                live = Some(object);
            }
            Err(error) => answers.push(describe(&error)),
        }
    }
    value!({"value": answers})
}

fn timeless(object: &Value) -> Value {
    let mut object = object.clone();
    let entries = object.at_mut(&["metadata", "managedFields"]);
    for entry in entries
        .and_then(Value::as_list_mut)
        .into_iter()
        .flat_map(toft_value::List::make_mut)
    {
        entry.remove_at(&["time"]);
    }
    object
}

fn describe(error: &ApplyError) -> Value {
    let mut answer = value!({"error": (error.to_string())});
    let status = match error {
        ApplyError::Conflicts(conflicts) => {
            let causes = conflicts.iter().map(|conflict| {
                value!({
                    "reason": "FieldManagerConflict",
                    "message": (conflict.message()),
                    "field": (conflict.field()),
                })
            });
            answer.set_at(&["causes"], causes.collect::<Vec<_>>());
            409
        }
        ApplyError::Bad(_) => 400,
        ApplyError::Internal(_) => 500,
    };
    answer.set_at(&["status"], status);
    answer
}
