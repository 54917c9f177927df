//! `input/patch.json` is applied to `input/object.json` as a strategic merge patch: `expected.json`.

use toft_schema::{DecodeError, Schemas, apply_defaults, decode, patch};
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};

use super::{gvk, print, read, without_registry};

pub(crate) fn check(case: &Case) -> Result<Outputs, String> {
    let object = read(case, "input/object.json")?;
    let change = read(case, "input/patch.json")?;
    let (schemas, gvk) = (Schemas::builtin(), gvk(&object));
    let finish = |object: &Value| -> Result<Value, DecodeError> {
        let mut object = decode(&schemas, &gvk, object)?.value;
        apply_defaults(&schemas, &gvk, &mut object);
        Ok(object)
    };
    let live = finish(&object).map_err(|error| error.to_string())?;
    let schema = schemas.schema(&gvk).ok_or("the kind is unknown")?;
    let answer = match patch::strategic(schema, &live, &change) {
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
