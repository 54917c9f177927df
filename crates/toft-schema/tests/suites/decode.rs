//! `input/object.json` is decoded: `expected.json` has the object with its defaults and what is unknown, or
//! the error.

use toft_schema::{Schemas, apply_defaults, decode};
use toft_testkit::{Case, Outputs};
use toft_value::value;

use super::{gvk, print, read, without_registry};

pub(crate) fn check(case: &Case) -> Result<Outputs, String> {
    let mut schemas = Schemas::builtin();
    if case.text("input/crd.json").is_some() {
        let crd = read(case, "input/crd.json")?;
        schemas.add_crd(&crd).map_err(|error| error.to_string())?;
    }
    let object = read(case, "input/object.json")?;
    let gvk = gvk(&object);
    let answer = match decode(&schemas, &gvk, &object) {
        Err(error) => value!({"error": error.to_string()}),
        Ok(decoded) => {
            let mut object = decoded.value;
            apply_defaults(&schemas, &gvk, &mut object);
            value!({"object": without_registry(object), "unknown": decoded.unknown})
        }
    };
    Ok(Outputs::from([(
        "expected.json".to_owned(),
        print(&answer),
    )]))
}
