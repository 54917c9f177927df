//! `input/request.json` has the mode and the body of a request that upstream's libraries answered.

use toft_testkit::{Case, Outputs};

use super::{answers, print, read};

pub(crate) fn check(case: &Case) -> Result<Outputs, String> {
    let request = read(case, "input/request.json")?;
    let mode = request.str_at(&["mode"]).unwrap_or_default();
    let body = request.at(&["body"]).ok_or("there is no body")?;
    let answer = answers::answer(mode, body).ok_or_else(|| format!("there is no mode `{mode}`"))?;
    Ok(Outputs::from([(
        "expected.json".to_owned(),
        print(&answer),
    )]))
}
