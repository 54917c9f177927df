//! What changes between two sides.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_object::{Object, ObjectId};

use crate::importance::{self, Importance};
use crate::lines::{Hunk, hunks};
use crate::moves::{self, Move};
use crate::secret::{SecretKey, shown};
use crate::side::{AppSide, Side};

/// What happens to an Application or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is there afterwards only.
    Added,
    /// It is another one afterwards.
    Changed,
    /// It was there before only.
    Removed,
}

impl Change {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }

    /// The sign for it, as plans have it.
    pub fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Changed => '~',
            Self::Removed => '-',
        }
    }
}

/// What changes between two sides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The Applications that change, those with the gravest changes first.
    pub apps: Vec<AppDifference>,
    /// How many Applications stay as they are.
    pub same: usize,
}

impl Difference {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty()
    }

    /// How many objects are added, changed and removed.
    pub fn counts(&self) -> [(Change, usize); 3] {
        [Change::Added, Change::Changed, Change::Removed].map(|change| {
            let objects = self.apps.iter().flat_map(|app| &app.objects);
            (
                change,
                objects.filter(|object| object.change == change).count(),
            )
        })
    }
}

/// What changes in one Application.
#[derive(Clone, Debug, PartialEq)]
pub struct AppDifference {
    /// Its name.
    pub name: SmolStr,
    /// What happens to the Application.
    pub change: Change,
    /// Why it does not render, before and after: its objects on that side are unknown, and nothing is said
    /// about them.
    pub failures: [Option<String>; 2],
    /// The objects that change, the gravest first.
    pub objects: Vec<ObjectDifference>,
    /// The images and charts that move.
    pub moves: Vec<Move>,
}

/// What changes in one object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectDifference {
    /// Which object.
    pub id: ObjectId,
    /// What happens to it.
    pub change: Change,
    /// How grave that is.
    pub importance: Importance,
    /// A field that changes and that the API server lets nobody change.
    pub fixed_field: Option<String>,
    /// The lines that change; `None` where the object is too long to be compared.
    pub hunks: Option<Vec<Hunk>>,
}

/// What changes from one side to the other.
///
/// The values of Secrets are told as hashes with `key`. An Application that fails to render on one side keeps
/// its objects out of the difference: an error is never taken for an empty list.
///
/// # Example
/// ```
/// use toft_diff::{AppSide, Change, SecretKey, Side, diff};
/// use toft_object::Object;
/// use toft_value::value;
/// let side = |replicas: i64| {
///     let object = value!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
///         "spec": {"replicas": replicas}});
///     let objects = Ok(vec![Object::new(object).unwrap()]);
///     Side { apps: [("web".into(), AppSide { objects, charts: vec![] })].into() }
/// };
/// let difference = diff(&side(1), &side(2), &SecretKey::new([7; 32]));
/// assert_eq!(difference.apps[0].objects[0].change, Change::Changed);
/// ```
pub fn diff(before: &Side, after: &Side, key: &SecretKey) -> Difference {
    let names: BTreeSet<&SmolStr> = before.apps.keys().chain(after.apps.keys()).collect();
    let total = names.len();
    let pairs = names
        .into_iter()
        .map(|name| (name, before.apps.get(name), after.apps.get(name)));
    let mut apps: Vec<AppDifference> = pairs
        .filter_map(|(name, before, after)| app(name, [before, after], key))
        .collect();
    // Names are in order already, and the sort keeps that order among equals.
    apps.sort_by_key(|app| {
        (
            app.objects
                .first()
                .map_or(Importance::Other, |one| one.importance),
            app.change != Change::Removed,
        )
    });
    Difference {
        same: total - apps.len(),
        apps,
    }
}

fn app(name: &SmolStr, sides: [Option<&AppSide>; 2], key: &SecretKey) -> Option<AppDifference> {
    let change = match sides {
        [None, _] => Change::Added,
        [_, None] => Change::Removed,
        [Some(_), Some(_)] => Change::Changed,
    };
    let failures = sides.map(|side| side.and_then(|side| side.objects.as_ref().err().cloned()));
    let [before, after] = sides.map(|side| side.map_or(&[][..], objects));
    let mut objects = Vec::new();
    let mut moves = match sides {
        [Some(before), Some(after)] => moves::charts(&before.charts, &after.charts),
        [None, _] | [_, None] => Vec::new(),
    };
    if failures.iter().all(Option::is_none) {
        let (before, after) = (by_id(before), by_id(after));
        let ids: BTreeSet<&ObjectId> = before.keys().chain(after.keys()).collect();
        for id in ids {
            let pair = [before.get(id).copied(), after.get(id).copied()];
            objects.extend(object(id, pair, key));
            if let [Some(before), Some(after)] = pair {
                moves.extend(moves::images(before, after));
            }
        }
    }
    // Ids are in order already, and the sort keeps that order among equals.
    objects.sort_by_key(|object: &ObjectDifference| object.importance);
    let is_same = change == Change::Changed
        && objects.is_empty()
        && moves.is_empty()
        && failures[0] == failures[1];
    (!is_same).then(|| AppDifference {
        name: name.clone(),
        change,
        failures,
        objects,
        moves,
    })
}

fn objects(side: &AppSide) -> &[Object] {
    side.objects.as_deref().unwrap_or_default()
}

/// Of two objects with one name the last counts, as Argo CD has it.
fn by_id(objects: &[Object]) -> BTreeMap<ObjectId, &Object> {
    objects.iter().map(|object| (object.id(), object)).collect()
}

fn object(
    id: &ObjectId,
    [before, after]: [Option<&Object>; 2],
    key: &SecretKey,
) -> Option<ObjectDifference> {
    let (change, fixed_field) = match (before, after) {
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => {
            (Change::Changed, importance::fixed_field(id, before, after))
        }
        (None, _) => (Change::Added, None),
        (_, None) => (Change::Removed, None),
    };
    let text = |object: Option<&Object>| {
        object.map_or_else(String::new, |object| toft_yaml::write(&shown(object, key)))
    };
    Some(ObjectDifference {
        id: id.clone(),
        change,
        importance: importance::of(id, change),
        fixed_field,
        hunks: hunks(&text(before), &text(after)),
    })
}

/// An object as people name it: kind, namespace and name.
pub(crate) fn title(id: &ObjectId) -> String {
    match id.namespace.as_str() {
        "" => format!("{} {}", id.kind, id.name),
        namespace => format!("{} {namespace}/{}", id.kind, id.name),
    }
}

impl ObjectDifference {
    /// The object as people name it: kind, namespace and name.
    pub fn title(&self) -> String {
        title(&self.id)
    }

    /// What is to be feared, in a sentence; `None` where nothing is.
    pub fn warning(&self) -> Option<String> {
        if let Some(field) = &self.fixed_field {
            return Some(format!(
                "`{field}` cannot be changed on a cluster: the object has to be deleted and made again"
            ));
        }
        (self.importance == Importance::Loss).then(|| match self.id.kind.as_str() {
            "CustomResourceDefinition" => {
                "every object of this kind goes with its definition".to_owned()
            }
            "Namespace" => "everything in the namespace goes with it".to_owned(),
            "Application" | "ApplicationSet" => {
                "what it brought goes with it where its finalizer says so".to_owned()
            }
            _ => "its data may go with it".to_owned(),
        })
    }
}
