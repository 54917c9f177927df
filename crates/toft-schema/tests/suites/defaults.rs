//! `input/object.json` is decoded and defaulted: `expected.json`.

use toft_schema::{Schemas, apply_defaults, decode};
use toft_testkit::{Case, Outputs};

use super::{gvk, print, read, without_registry};

pub(crate) fn check(case: &Case) -> Result<Outputs, String> {
    let object = read(case, "input/object.json")?;
    let (schemas, gvk) = (Schemas::builtin(), gvk(&object));
    let decoded = decode(&schemas, &gvk, &object).map_err(|error| error.to_string())?;
    let mut object = decoded.value;
    apply_defaults(&schemas, &gvk, &mut object);
    Ok(Outputs::from([(
        "expected.json".to_owned(),
        print(&without_registry(object)),
    )]))
}
