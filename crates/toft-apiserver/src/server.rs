//! The server: its state, and where each request goes.

use toft_api::{
    ApiError, Options, Request, ResourcePath, Response, ResponseBody, Target, Verb, WatchStart,
    http,
};
use toft_object::{GroupResource, Time};
use toft_schema::Schemas;
use toft_value::Value;

use crate::call::{Call, Scene, method_not_allowed, unknown_resource};
use crate::settings::Settings;
use crate::store::{Commit, Record, Store};
use crate::watch::{self, WatchBatch, WatchCursor};
use crate::{
    convert, crd, create, delete, documents, patch, read, represent, subresource, update, warnings,
};

/// A Kubernetes API server as a value: requests in, responses and commits out.
///
/// It says yes to every user and reads no clock: each request brings its time. The same seed and the
/// same requests give the same bytes.
///
/// # Example
/// ```
/// use toft_api::{Request, ResourcePath};
/// use toft_apiserver::ApiServer;
/// use toft_object::Time;
/// use toft_schema::Schemas;
/// use toft_value::value;
///
/// let mut server = ApiServer::new(Schemas::builtin(), 7);
/// let namespaces = ResourcePath::new("", "v1", "namespaces");
/// let request = Request::create("example", namespaces, value!({"metadata": {"name": "media"}}));
/// let response = server.handle(Time::from_seconds(1_750_000_000), &request);
/// assert_eq!(response.code, 201);
/// assert_eq!(server.take_commits().len(), 1);
///
pub struct ApiServer {
    schemas: Schemas,
    /// What is served without any definition.
    built_in: Schemas,
    settings: Settings,
    seed: u64,
    store: Store,
    /// The time of the latest request.
    now: Time,
}

impl ApiServer {
    /// An empty server.
    pub fn new(schemas: Schemas, seed: u64) -> Self {
        Self::restore(schemas, seed, 0, std::iter::empty())
    }

    /// A server with the objects that were kept, up to `revision`; what happened before is not known.
    pub fn restore(
        schemas: Schemas,
        seed: u64,
        revision: u64,
        records: impl Iterator<Item = Record>,
    ) -> Self {
        let built_in = schemas.clone();
        let mut schemas = schemas;
        let store = Store::restore(revision, records);
        crd::learn_all(&mut schemas, &store);
        Self {
            schemas,
            built_in,
            settings: Settings::default(),
            seed,
            store,
            now: Time::default(),
        }
    }

    /// The same server with other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Answers a request; what it wrote waits in [`Self::take_commits`].
    pub fn handle(&mut self, now: Time, request: &Request) -> Response {
        self.now = now;
        match &request.target {
            Target::Document(document) => {
                documents::answer(&self.built_in, &self.schemas, document)
            }
            Target::Resource(path) if !self.serves_group(path) => http::no_page(),
            Target::Resource(path) => self.resource(request, path).unwrap_or_else(Response::from),
        }
    }

    /// What was written since the last time, in order.
    pub fn take_commits(&mut self) -> Vec<Commit> {
        self.store.take_pending()
    }

    /// The revision of the latest write.
    pub fn revision(&self) -> u64 {
        self.store.revision()
    }

    /// The kinds that are served.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// An object as it is kept; `namespace` is empty for cluster-scoped objects.
    pub fn get(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<&Value> {
        self.store.find(resource, namespace, name)
    }

    /// The objects of a resource as they are kept, of one namespace or of all, in order.
    pub fn list(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &Value> + use<'_> {
        self.store.list(resource, namespace)
    }

    /// The resources that have objects in a namespace, with how many.
    pub fn resources_of(&self, namespace: &str) -> Vec<(GroupResource, usize)> {
        self.store.resources_of(namespace)
    }

    /// Begins to follow a collection.
    ///
    /// # Errors
    /// The collection, the options or the version to begin with are wrong.
    pub fn open_watch(&self, start: &WatchStart) -> Result<WatchCursor, ApiError> {
        watch::open(self, start)
    }

    /// What happened since the cursor was read last. Cheap where nothing did.
    pub fn poll_watch(&self, cursor: &mut WatchCursor) -> WatchBatch {
        if cursor.is_behind(&self.store) {
            cursor.poll(self)
        } else {
            WatchBatch::default()
        }
    }

    /// A bookmark of what the cursor was told, if its watch wants bookmarks. Upstream gives one a minute.
    pub fn bookmark(&self, cursor: &WatchCursor) -> Option<toft_api::WatchEvent> {
        cursor.bookmark()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Below a group that nobody serves, a path means nothing.
    fn serves_group(&self, path: &ResourcePath) -> bool {
        let mut resources = self.schemas.resources();
        resources.any(|resource| resource.group == path.group)
    }

    fn resource(&mut self, request: &Request, path: &ResourcePath) -> Result<Response, ApiError> {
        if request.verb == Verb::Watch {
            return self.watch(request, path);
        }
        let schemas = self.schemas.clone();
        let (seed, now) = (self.seed, self.now);
        let scene = Scene {
            schemas: &schemas,
            now,
            seed,
            settings: &self.settings,
        };
        let call = Call::new(scene, &self.store, request, path)?;
        let before = self.store.revision();
        let response = answer(&call, &mut self.store);
        let touches_kinds = call.stored == crd::resource();
        let is_custom = call.custom.is_some();
        let warnings = call.into_warnings();
        if touches_kinds && self.store.revision() != before {
            crd::follow(&mut self.store, &mut self.schemas, before);
        }
        if is_custom && self.store.revision() != before {
            crd::let_go(&mut self.store, &mut self.schemas, path);
        }
        let mut response = response.unwrap_or_else(Response::from);
        response.warnings.extend(warnings);
        Ok(response)
    }

    fn watch(&self, request: &Request, path: &ResourcePath) -> Result<Response, ApiError> {
        let options: Options = request.options.clone();
        let start = WatchStart {
            path: path.clone(),
            options,
            representation: request.representation,
        };
        // Opened once here, so that what is wrong is told with a status and not within the stream.
        self.open_watch(&start)?;
        let body = ResponseBody::Watch(Box::new(start));
        Ok(Response {
            code: 200,
            body,
            warnings: Vec::new(),
        })
    }
}

/// Where a request about a resource goes.
fn answer(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    if !scope_fits(call) {
        return Err(unknown_resource());
    }
    if !call.path.subresource.is_empty() && call.path.subresource != "status" {
        return subresource::answer(call, store);
    }
    allowed(call)?;
    if let Some(warning) = warnings::deprecation(call) {
        call.warn(warning);
    }
    let response = match call.request.verb {
        Verb::Get => return read::get(call, store),
        Verb::List => return read::list(call, store),
        Verb::DeleteCollection => return delete::delete_collection(call, store),
        Verb::Watch => return Err(method_not_allowed()),
        Verb::Create => match subresource::review(call, store) {
            Some(review) => review,
            None => create::create(call, store),
        },
        Verb::Update => update::update(call, store),
        Verb::Patch => patch::patch(call, store),
        Verb::Delete => delete::delete(call, store),
    };
    Ok(represent::answer(call, response?))
}

/// Cluster-scoped resources are not served below a namespace, and objects of the others only there.
fn scope_fits(call: &Call<'_>) -> bool {
    let namespaced = call.resource.namespaced;
    let in_namespace = !call.path.namespace.is_empty();
    in_namespace == namespaced || (namespaced && call.path.name.is_empty())
}

fn allowed(call: &Call<'_>) -> Result<(), ApiError> {
    let verb = match call.request.verb {
        Verb::Get => "get",
        Verb::List => "list",
        Verb::Watch => "watch",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Patch => "patch",
        Verb::Delete => "delete",
        Verb::DeleteCollection => "deletecollection",
    };
    if call.path.subresource.is_empty() {
        return of_place(call, verb);
    }
    let subresource = call
        .resource
        .subresource(&call.path.subresource)
        .ok_or_else(unknown_resource)?;
    if subresource.verbs.iter().any(|one| one == verb) {
        Ok(())
    } else {
        Err(method_not_allowed())
    }
}

/// What can be done with a collection of all namespaces, with a collection, with an object.
const PLACES: [&[&str]; 3] = [
    &["list", "watch"],
    &["list", "watch", "create", "deletecollection"],
    &["get", "update", "patch", "delete"],
];

/// A path at which nothing can be done is none; at others some verbs are missing.
///
/// Source: apiserver 0.36.3 `pkg/endpoints/installer.go`, `registerResourceHandlers`.
fn of_place(call: &Call<'_>, verb: &str) -> Result<(), ApiError> {
    let path = call.path;
    let [everywhere, collection, object] = PLACES;
    let place = if !path.name.is_empty() {
        object
    } else if call.resource.namespaced && path.namespace.is_empty() {
        everywhere
    } else {
        collection
    };
    if place.contains(&verb) && call.resource.allows(verb) {
        Ok(())
    } else if place.iter().any(|verb| call.resource.allows(verb)) {
        Err(method_not_allowed())
    } else {
        Err(unknown_resource())
    }
}

impl ApiServer {
    /// The resource under which the objects of a resource are kept: events are events, in whichever group.
    pub fn stored_resource(resource: &GroupResource) -> GroupResource {
        convert::stored_resource(resource)
    }
}
