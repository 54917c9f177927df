//! Following a collection: a cursor into the history.
//!
//! Source: apiserver 0.36.3 `pkg/storage/cacher`, `pkg/endpoints/handlers/watch.go`.

use std::collections::VecDeque;

use toft_api::{
    ApiError, IncludeObject, Options, Reason, Representation, WatchEvent, WatchEventKind,
    WatchStart,
};
use toft_object::{GroupResource, Gvk};
use toft_value::{Value, value};

use crate::call::unknown_resource;
use crate::history::Entry;
use crate::invalid::FieldError;
use crate::select::Selection;
use crate::server::ApiServer;
use crate::store::{Store, set_revision};
use crate::{convert, crd, read, represent, table};

/// A place in the history from which a watch goes on.
#[derive(Clone, Debug)]
pub struct WatchCursor {
    stored: GroupResource,
    gvk: Gvk,
    namespace: Option<String>,
    selection: Selection,
    representation: Representation,
    custom: Option<Value>,
    bookmarks: bool,
    /// What is there when the watch begins, told first.
    initial: VecDeque<WatchEvent>,
    /// Everything up to this revision was told.
    told: u64,
    /// Whether the columns of a table were told.
    columns_told: bool,
}

/// What happened since a cursor was read last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchBatch {
    /// The events, in order.
    pub events: Vec<WatchEvent>,
    /// Why the watch cannot go on.
    pub ended: Option<ApiError>,
}

/// Opens a watch: what is there, where that is asked for, and then what happens.
pub(crate) fn open(server: &ApiServer, start: &WatchStart) -> Result<WatchCursor, ApiError> {
    let (store, path) = (server.store(), &start.path);
    let resource = server
        .schemas()
        .resource(&path.group, &path.version, &path.resource)
        .ok_or_else(unknown_resource)?;
    let anywhere = resource.namespaced && path.namespace.is_empty();
    if anywhere && !path.name.is_empty() {
        return Err(unknown_resource());
    }
    options_fit(&start.options)?;
    let stored = convert::stored_resource(&path.group_resource());
    let custom = crd::version_of(store, path);
    let selection = Selection::new(&start.options, &stored, custom.as_ref())?;
    let asked = start
        .options
        .resource_version
        .as_deref()
        .unwrap_or_default();
    let revision = read::revision_of_one(asked)?;
    read::not_in_the_future(revision, store.revision())?;
    let mut cursor = WatchCursor {
        stored,
        gvk: resource.gvk.clone(),
        namespace: Some(path.namespace.to_string()).filter(|namespace| !namespace.is_empty()),
        selection,
        representation: start.representation,
        custom,
        bookmarks: start.options.allow_watch_bookmarks,
        initial: VecDeque::new(),
        told: revision,
        columns_told: false,
    };
    let initial = start.options.send_initial_events.unwrap_or(revision == 0);
    if initial || (revision == 0 && start.options.send_initial_events == Some(false)) {
        cursor.told = store.revision();
    }
    if initial {
        cursor.tell_what_is_there(server, &start.options);
    }
    Ok(cursor)
}

impl WatchCursor {
    fn tell_what_is_there(&mut self, server: &ApiServer, options: &Options) {
        let store = server.store();
        let objects = store.list(&self.stored, self.namespace.as_deref());
        let chosen: Vec<&Value> = objects
            .filter(|object| self.selection.matches(object))
            .collect();
        for object in chosen {
            let object = self.shaped(server, object);
            self.initial.push_back(WatchEvent {
                kind: WatchEventKind::Added,
                object,
            });
        }
        if options.send_initial_events == Some(true) && self.bookmarks {
            let event = self.end_of_initial(server, store.revision());
            self.initial.push_back(event);
        }
    }

    /// The bookmark after what was there; in a table it is a row.
    fn end_of_initial(&mut self, server: &ApiServer, revision: u64) -> WatchEvent {
        const END: &[&str] = &["metadata", "annotations", "k8s.io/initial-events-end"];
        let mut event = self.bookmark_at(revision);
        event.object.set_at(END, "true");
        if let Representation::Table(include) = self.representation {
            event.object = self.table(server, &event.object, include);
        }
        event
    }

    /// What happened since the last time.
    pub(crate) fn poll(&mut self, server: &ApiServer) -> WatchBatch {
        let store = server.store();
        let mut batch = WatchBatch {
            events: self.initial.drain(..).collect(),
            ended: None,
        };
        if !store.history().reaches(self.told) {
            batch.ended = Some(too_old(self.told, store));
            return batch;
        }
        let stored = self.stored.clone();
        let entries = store.history().after(self.told, &stored);
        for entry in entries {
            if self
                .namespace
                .as_ref()
                .is_none_or(|namespace| *namespace == entry.change.key.namespace)
            {
                batch.events.extend(self.event(server, entry));
            }
        }
        self.told = store.revision();
        batch
    }

    /// Whether there is something to tell; cheaper than to poll.
    pub(crate) fn is_behind(&self, store: &Store) -> bool {
        !self.initial.is_empty() || self.told < store.revision()
    }

    /// A bookmark of what was told, for watches that want them.
    pub(crate) fn bookmark(&self) -> Option<WatchEvent> {
        self.bookmarks.then(|| self.bookmark_at(self.told))
    }

    /// An event of the objects that match: those that begin to are added, those that cease to are deleted.
    fn event(&mut self, server: &ApiServer, entry: &Entry) -> Option<WatchEvent> {
        let matching = |value: &&Value| self.selection.matches(value);
        let before = entry.change.before.as_ref().filter(matching);
        let after = entry.change.after.as_ref().filter(matching);
        let (kind, object) = match (before, after) {
            (None, None) => return None,
            (None, Some(after)) => (WatchEventKind::Added, after.clone()),
            (Some(_), Some(after)) => (WatchEventKind::Modified, after.clone()),
            (Some(before), None) => {
                let mut last = before.clone();
                set_revision(&mut last, entry.revision);
                (WatchEventKind::Deleted, last)
            }
        };
        let object = self.shaped(server, &object);
        Some(WatchEvent { kind, object })
    }

    fn shaped(&mut self, server: &ApiServer, object: &Value) -> Value {
        let object = convert::to_version(server.schemas(), object, &self.gvk);
        match self.representation {
            Representation::Object => object,
            Representation::Metadata => represent::metadata(&object),
            Representation::Table(include) => self.table(server, &object, include),
        }
    }

    fn table(&mut self, server: &ApiServer, object: &Value, include: IncludeObject) -> Value {
        let revision = object
            .str_at(&["metadata", "resourceVersion"])
            .unwrap_or_default();
        let columns = table::Columns {
            gvk: &self.gvk,
            custom: self.custom.as_ref(),
            now: server.now(),
        };
        let list = value!({"resourceVersion": revision});
        let mut table =
            table::with_columns(&columns, std::slice::from_ref(object), (include, list));
        if self.columns_told {
            table.set_at(&["columnDefinitions"], Value::Null);
        }
        self.columns_told = true;
        table
    }

    fn bookmark_at(&self, revision: u64) -> WatchEvent {
        let mut object = value!({
            "apiVersion": self.gvk.api_version(),
            "kind": self.gvk.kind.clone(),
            "metadata": {"resourceVersion": revision.to_string()},
        });
        if self.representation == Representation::Metadata {
            object = represent::metadata(&object);
        }
        WatchEvent {
            kind: WatchEventKind::Bookmark,
            object,
        }
    }
}

fn too_old(revision: u64, store: &Store) -> ApiError {
    let oldest = store.history().oldest();
    ApiError::new(
        Reason::Expired,
        format!("too old resource version: {revision} ({oldest})"),
    )
}

/// Source: apimachinery 0.36.3 `pkg/apis/meta/internalversion/validation/validation.go`, `validateWatchOptions`.
fn options_fit(options: &Options) -> Result<(), ApiError> {
    const FIELD: &str = "resourceVersionMatch";
    let mut errors = Vec::new();
    let wanted = options.resource_version_match.as_deref();
    if options.send_initial_events.is_some() && wanted != Some("NotOlderThan") {
        errors.push(FieldError::forbidden(
            FIELD,
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    if let Some(wanted) = wanted {
        if options.send_initial_events.is_none() {
            errors.push(FieldError::forbidden(
                FIELD,
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        if wanted != "NotOlderThan" {
            errors.push(FieldError::not_supported(
                FIELD,
                &Value::from(wanted),
                &["NotOlderThan"],
            ));
        }
    }
    if options.continue_token.is_some() {
        errors.push(FieldError::forbidden(
            FIELD,
            "resourceVersionMatch is forbidden when continue is provided",
        ));
    }
    read::list_options(&errors)
}
