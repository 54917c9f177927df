//! Events: what controllers tell people about objects.

use toft_object::Time;
use toft_value::{Value, value};

use crate::ctx::Ctx;
use crate::draw;
use crate::meta;
use crate::resources::EVENTS;

/// What is told about an object.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    warning: bool,
    reason: &'static str,
    message: String,
    field_path: String,
    action: &'static str,
}

impl Note {
    /// Something that was to be expected.
    pub(crate) fn normal(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            warning: false,
            reason,
            message: message.into(),
            field_path: String::new(),
            action: "",
        }
    }

    /// Something that went wrong.
    pub(crate) fn warning(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            warning: true,
            ..Self::normal(reason, message)
        }
    }

    /// Says what was being done: the note is one of `events.k8s.io`, as the scheduler writes them.
    #[must_use]
    pub(crate) fn action(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    /// Says which part of the object is meant, such as `spec.containers{app}`.
    #[must_use]
    pub(crate) fn field(mut self, path: impl Into<String>) -> Self {
        self.field_path = path.into();
        self
    }
}

impl Ctx<'_> {
    /// Tells something about an object. What was told before is counted.
    ///
    /// Source: client-go 0.36.3 `tools/record/{event.go,events_cache.go}`. Upstream names events by their
    /// time; ours are named by what they tell, so that the count needs no memory outside the store.
    pub(crate) fn note(&mut self, about: &Value, note: &Note) {
        let (namespace, name) = self.place(about, note);
        // An event that cannot be told is dropped, as upstream's recorder does.
        if let Some(mut event) = self.get(&EVENTS, &namespace, &name) {
            repeat(&mut event, note, self.now);
            drop(self.update(&EVENTS, event));
        } else {
            self.tell(about, note, (&namespace, &name));
        }
    }

    /// Tells something about an object that was not told before. What lasts is told once, not every few
    /// seconds as upstream does it.
    pub(crate) fn note_once(&mut self, about: &Value, note: &Note) {
        if !self.was_told(about, note) {
            let (namespace, name) = self.place(about, note);
            self.tell(about, note, (&namespace, &name));
        }
    }

    /// Whether something was told about an object before.
    pub(crate) fn was_told(&self, about: &Value, note: &Note) -> bool {
        let (namespace, name) = self.place(about, note);
        self.get(&EVENTS, &namespace, &name).is_some()
    }

    /// The namespace and name of an event.
    fn place(&self, about: &Value, note: &Note) -> (String, String) {
        let namespace = match meta::namespace(about) {
            "" => "default",
            namespace => namespace,
        };
        let parts = [
            meta::uid(about),
            &note.field_path,
            note.reason,
            &note.message,
            self.source(),
            self.host(),
        ];
        let number = draw::number(self.settings.seed, &parts);
        let name = format!("{}.{number:016x}", meta::name(about));
        (namespace.to_owned(), name)
    }

    fn tell(&mut self, about: &Value, note: &Note, (namespace, name): (&str, &str)) {
        let source = self.source();
        let host = self.host().to_owned();
        let mut event = value!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": reference(about, &note.field_path),
            "reason": note.reason, "message": note.message.as_str(),
            "type": if note.warning { "Warning" } else { "Normal" },
            "source": {}, "reportingComponent": source, "reportingInstance": host.as_str(),
            "eventTime": null, "firstTimestamp": null, "lastTimestamp": null,
        });
        if note.action.is_empty() {
            event.set_at(&["source", "component"], source);
            if !host.is_empty() {
                event.set_at(&["source", "host"], host);
            }
            event.set_at(&["count"], 1);
            event.set_at(&["firstTimestamp"], self.now.to_string());
            event.set_at(&["lastTimestamp"], self.now.to_string());
        } else {
            event.set_at(&["action"], note.action);
            event.set_at(&["eventTime"], self.now.to_micro_string());
            event.set_at(&["reportingInstance"], source);
        }
        drop(self.create(&EVENTS, event));
    }
}

/// Counts an event that was told before.
fn repeat(event: &mut Value, note: &Note, now: Time) {
    if note.action.is_empty() {
        let count = event.i64_at(&["count"]).unwrap_or(1);
        event.set_at(&["count"], count + 1);
        event.set_at(&["lastTimestamp"], now.to_string());
    } else {
        let count = event.i64_at(&["series", "count"]).unwrap_or(1);
        event.set_at(&["series", "count"], count + 1);
        event.set_at(&["series", "lastObservedTime"], now.to_micro_string());
    }
}

fn reference(about: &Value, field_path: &str) -> Value {
    let mut reference = value!({});
    for key in ["apiVersion", "kind"] {
        reference.set_at(&[key], about.get(key).cloned().unwrap_or_default());
    }
    for key in ["name", "namespace", "uid", "resourceVersion"] {
        if let Some(text) = about.at(&["metadata", key]) {
            reference.set_at(&[key], text);
        }
    }
    if !field_path.is_empty() {
        reference.set_at(&["fieldPath"], field_path);
    }
    reference
}
