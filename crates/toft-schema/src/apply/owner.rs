//! The entries of `managedFields`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use smol_str::SmolStr;
use toft_object::Time;
use toft_value::{Map, Value};

use super::set::FieldSet;
use crate::go_text;

/// How many managers that update are kept apart; the oldest beyond are folded into one.
const UPDATE_MANAGERS_MAX: usize = 10;

/// The name under which the oldest updates are folded.
const OLD_UPDATES: &str = "ancient-changes";

/// What a manager does. Ordered as upstream orders entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

/// Who owns fields. One that applies is the same in every version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    name: SmolStr,
    pub(super) operation: Operation,
    api_version: SmolStr,
    subresource: SmolStr,
}

/// What a manager owns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Owned {
    pub(super) api_version: SmolStr,
    pub(super) set: FieldSet,
    pub(super) time: Option<Time>,
}

/// All managers of an object and what they own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Managed(pub(super) BTreeMap<Manager, Owned>);

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

impl Manager {
    pub(super) fn new(name: &str, operation: Operation, api_version: &str) -> Self {
        Self {
            name: name.into(),
            operation,
            api_version: match operation {
                Operation::Apply => SmolStr::default(),
                Operation::Update => api_version.into(),
            },
            subresource: SmolStr::default(),
        }
    }

    pub(super) fn below(self, subresource: &str) -> Self {
        Self {
            subresource: subresource.into(),
            ..self
        }
    }

    /// The text by which upstream tells managers apart and sorts them.
    pub(super) fn identifier(&self) -> String {
        let mut text = String::from("{");
        let fields = [
            ("manager", self.name.as_str()),
            ("operation", self.operation.name()),
            ("apiVersion", self.api_version.as_str()),
            ("subresource", self.subresource.as_str()),
        ];
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            if text.len() > 1 {
                text.push(',');
            }
            let _ = write!(text, "\"{name}\":{}", Value::from(*value).to_json());
        }
        text.push('}');
        text
    }

    /// As conflicts name it.
    pub(super) fn print(&self) -> String {
        let mut text = go_text::quote(&self.name);
        if !self.subresource.is_empty() {
            text.push_str(" with subresource ");
            text.push_str(&go_text::quote(&self.subresource));
        }
        if self.operation == Operation::Update {
            text.push_str(" using ");
            text.push_str(&self.api_version);
        }
        text
    }
}

impl Managed {
    /// Reads `metadata.managedFields`.
    ///
    /// # Errors
    /// An entry is malformed; the text is upstream's.
    pub(super) fn decode(entries: Option<&Value>) -> Result<Self, String> {
        let mut managed = Self::default();
        for (at, entry) in entries.map_or(&[][..], Value::items).iter().enumerate() {
            let text = |key: &str| entry.str_at(&[key]).unwrap_or_default();
            let operation = match text("operation") {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return Err("operation must be `Apply` or `Update`".to_owned()),
            };
            let api_version = text("apiVersion");
            if api_version.is_empty() {
                return Err("apiVersion must not be empty".to_owned());
            }
            match text("fieldsType") {
                "FieldsV1" => {}
                "" => return Err(format!("missing fieldsType in managed fields entry {at}")),
                other => {
                    let other = go_text::quote(other);
                    return Err(format!(
                        "invalid fieldsType {other} in managed fields entry {at}"
                    ));
                }
            }
            let set = match entry.get("fieldsV1") {
                None | Some(Value::Null) => FieldSet::default(),
                Some(fields) => FieldSet::from_value(fields).ok_or("error decoding set")?,
            };
            let owned = Owned {
                api_version: api_version.into(),
                set,
                time: Time::parse(text("time")).ok(),
            };
            let manager = Manager::new(text("manager"), operation, api_version);
            managed.0.insert(manager.below(text("subresource")), owned);
        }
        Ok(managed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes `metadata.managedFields`; none where nobody owns anything.
    ///
    /// Source: apimachinery 0.36.3 `pkg/util/managedfields/internal/managedfields.go`, sortEncodedManagedFields.
    pub(super) fn encode_into(&self, object: &mut Value) {
        if self.0.is_empty() {
            object.remove_at(&["metadata", "managedFields"]);
            return;
        }
        let mut entries: Vec<_> = self.0.iter().collect();
        let seconds = |owned: &Owned| owned.time.map_or(0, Time::seconds);
        entries.sort_by(|(left, left_owned), (right, right_owned)| {
            left.operation
                .cmp(&right.operation)
                .then_with(|| seconds(left_owned).cmp(&seconds(right_owned)))
                .then_with(|| left.name.cmp(&right.name))
                .then_with(|| left_owned.api_version.cmp(&right_owned.api_version))
                .then_with(|| left.subresource.cmp(&right.subresource))
        });
        let entries: Vec<Value> = entries
            .into_iter()
            .map(|(manager, owned)| encode(manager, owned))
            .collect();
        object.set_at(&["metadata", "managedFields"], entries);
    }

    /// Folds the oldest updates into one entry per version where there are too many.
    ///
    /// Source: apimachinery 0.36.3 `pkg/util/managedfields/internal/capmanagers.go`.
    pub(super) fn capped(mut self) -> Self {
        let is_update = |manager: &&Manager| manager.operation == Operation::Update;
        let mut updaters: Vec<Manager> = self.0.keys().filter(is_update).cloned().collect();
        let mut count = updaters.len();
        let seconds = |manager: &Manager| {
            let time = self.0.get(manager).and_then(|owned| owned.time);
            time.map_or(0, Time::seconds)
        };
        updaters.sort_by_cached_key(|manager| (seconds(manager), manager.identifier()));
        let mut first_of_version: BTreeMap<SmolStr, Manager> = BTreeMap::new();
        for manager in updaters {
            if count <= UPDATE_MANAGERS_MAX {
                break;
            }
            let Some(version) = self.0.get(&manager).map(|owned| owned.api_version.clone()) else {
                continue;
            };
            match first_of_version.get(&version) {
                None => {
                    first_of_version.insert(version, manager);
                }
                Some(first) => {
                    let bucket = Manager::new(OLD_UPDATES, Operation::Update, &version);
                    self.fold(first, &manager, &bucket);
                    count -= 1;
                }
            }
        }
        self
    }

    fn fold(&mut self, first: &Manager, manager: &Manager, bucket: &Manager) {
        if !self.0.contains_key(bucket)
            && let Some(owned) = self.0.remove(first)
        {
            self.0.insert(bucket.clone(), owned);
        }
        if let Some(owned) = self.0.remove(manager)
            && let Some(folded) = self.0.get_mut(bucket)
        {
            folded.set = std::mem::take(&mut folded.set).union(&owned.set);
            folded.time = owned.time;
        }
    }
}

fn encode(manager: &Manager, owned: &Owned) -> Value {
    let mut entry = Map::new();
    entry.insert("apiVersion", owned.api_version.clone());
    entry.insert("fieldsType", "FieldsV1");
    entry.insert("fieldsV1", owned.set.to_value());
    if !manager.name.is_empty() {
        entry.insert("manager", manager.name.clone());
    }
    entry.insert("operation", manager.operation.name());
    if !manager.subresource.is_empty() {
        entry.insert("subresource", manager.subresource.clone());
    }
    if let Some(time) = owned.time {
        entry.insert("time", time.to_string());
    }
    Value::Map(entry)
}
