//! `input/patch.json` is applied to `input/object.json` as one of the patches: `expected.json`.

use toft_object::Gvk;
use toft_schema::patch::{self, PatchError, UNPROCESSABLE};
use toft_schema::{DecodeError, Schemas, apply_defaults, decode};
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};

use super::{gvk, print, read, without_registry};

pub(crate) fn strategic(case: &Case) -> Result<Outputs, String> {
    check(case, |schemas, gvk, live, change| {
        let schema = schemas
            .schema(gvk)
            .ok_or_else(|| PatchError::Bad("no schema".to_owned()))?;
        patch::strategic(schema, live, change)
    })
}

pub(crate) fn json(case: &Case) -> Result<Outputs, String> {
    check(case, |_, _, live, change| patch::json(live, change))
}

pub(crate) fn merge(case: &Case) -> Result<Outputs, String> {
    check(case, |_, _, live, change| Ok(patch::merge(live, change)))
}

type Apply = fn(&Schemas, &Gvk, &Value, &Value) -> Result<Value, PatchError>;

fn check(case: &Case, apply: Apply) -> Result<Outputs, String> {
    let object = read(case, "input/object.json")?;
    let change = read(case, "input/patch.json")?;
    let (schemas, gvk) = (Schemas::builtin(), gvk(&object));
    let finish = |object: &Value| -> Result<Value, DecodeError> {
        let mut object = decode(&schemas, &gvk, object)?.value;
        apply_defaults(&schemas, &gvk, &mut object);
        Ok(object)
    };
    let live = finish(&object).map_err(|error| error.to_string())?;
    let answer = match apply(&schemas, &gvk, &live, &change) {
        Err(PatchError::Unprocessable(_)) => value!({"status": 422, "error": UNPROCESSABLE}),
        Err(error) => value!({"status": (u32::from(error.status())), "error": error.to_string()}),
        Ok(patched) => match finish(&patched) {
            Ok(patched) => without_registry(patched),
            Err(error) => value!({"error": error.to_string()}),
        },
    };
    Ok(Outputs::from([(
        "expected.json".to_owned(),
        print(&answer),
    )]))
}
