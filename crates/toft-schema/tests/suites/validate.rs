//! What is wrong with `input/object.json`, or with its change from `input/old.json`: `expected.json`.

use toft_schema::{Schemas, apply_defaults, decode, validate, validate_update};
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};

use super::{gvk, print, read};

pub(crate) fn check(case: &Case) -> Result<Outputs, String> {
    let mut schemas = Schemas::builtin();
    if case.text("input/crd.json").is_some() {
        let crd = read(case, "input/crd.json")?;
        schemas.add_crd(&crd).map_err(|error| error.to_string())?;
    }
    let finish = |name: &str| -> Result<Value, String> {
        let object = read(case, name)?;
        let gvk = gvk(&object);
        let decoded = decode(&schemas, &gvk, &object).map_err(|error| error.to_string())?;
        let mut object = decoded.value;
        apply_defaults(&schemas, &gvk, &mut object);
        Ok(object)
    };
    let object = finish("input/object.json")?;
    let gvk = gvk(&object);
    let errors = if case.text("input/old.json").is_some() {
        validate_update(&schemas, &gvk, &finish("input/old.json")?, &object)
    } else {
        validate(&schemas, &gvk, &object)
    };
    let mut causes: Vec<(String, String, &str)> = errors
        .iter()
        .map(|error| (error.field.clone(), error.message(), error.reason()))
        .collect();
    causes.sort();
    let causes = causes.into_iter().map(
        |(field, message, reason)| value!({"field": field, "message": message, "reason": reason}),
    );
    let causes = Value::from(causes.collect::<Vec<_>>());
    Ok(Outputs::from([(
        "expected.json".to_owned(),
        print(&causes),
    )]))
}
