//! A difference for programs.

use toft_value::{Value, value};

use crate::difference::{AppDifference, Difference, ObjectDifference};
use crate::markdown::unified;

/// The version of the form.
pub const DIFF_API_VERSION: &str = "toft.dev/diff/v1";

/// The difference as a value: what [`Difference`] says, the lines as `diff -u` writes them.
pub fn json(difference: &Difference) -> Value {
    let apps: Vec<Value> = difference.apps.iter().map(app).collect();
    value!({
        "apiVersion": DIFF_API_VERSION,
        "kind": "Difference",
        "same": i64::try_from(difference.same).unwrap_or(i64::MAX),
        "apps": apps,
    })
}

fn app(app: &AppDifference) -> Value {
    let objects: Vec<Value> = app.objects.iter().map(object).collect();
    let moves = app.moves.iter().map(|one| {
        value!({"what": one.what.as_str(), "before": one.before.clone(), "after": one.after.clone()})
    });
    let moves: Vec<Value> = moves.collect();
    let mut told = value!({
        "name": app.name.clone(),
        "change": app.change.as_str(),
        "objects": objects,
        "moves": moves,
    });
    for (side, failure) in ["before", "after"].iter().zip(&app.failures) {
        if let Some(failure) = failure {
            told.set_at(&["failures", side], failure.as_str());
        }
    }
    told
}

fn object(object: &ObjectDifference) -> Value {
    let id = &object.id;
    let mut told = value!({
        "group": id.group.clone(),
        "kind": id.kind.clone(),
        "namespace": id.namespace.clone(),
        "name": id.name.clone(),
        "change": object.change.as_str(),
        "importance": object.importance.as_str(),
    });
    if let Some(warning) = object.warning() {
        told.set_at(&["warning"], warning);
    }
    if let Some(hunks) = &object.hunks {
        told.set_at(&["diff"], unified(hunks));
    }
    told
}
