//! One request on its way through the server: what it is about, looked up once.

use std::cell::RefCell;

use toft_api::{ApiError, Body, Reason, Request, ResourcePath, Validation};
use toft_object::{GroupResource, Gvk, Time};
use toft_schema::{Resource, Schemas};
use toft_value::Value;

use crate::ids::Ids;
use crate::store::{Store, StoreKey};
use crate::{convert, rules};

/// One request about a resource.
pub(crate) struct Call<'a> {
    pub(crate) schemas: &'a Schemas,
    pub(crate) resource: &'a Resource,
    /// The resource under which the objects are kept.
    pub(crate) stored: GroupResource,
    /// Of a custom resource, its version in its definition.
    pub(crate) custom: Option<Value>,
    pub(crate) path: &'a ResourcePath,
    pub(crate) request: &'a Request,
    pub(crate) now: Time,
    pub(crate) seed: u64,
    pub(crate) settings: &'a crate::Settings,
    warnings: RefCell<Vec<String>>,
}

/// What a server brings to every call.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) schemas: &'a Schemas,
    pub(crate) now: Time,
    pub(crate) seed: u64,
    pub(crate) settings: &'a crate::Settings,
}

impl<'a> Call<'a> {
    /// Looks up what a request is about.
    ///
    /// # Errors
    /// There is no such resource.
    pub(crate) fn new(
        scene: Scene<'a>,
        store: &Store,
        request: &'a Request,
        path: &'a ResourcePath,
    ) -> Result<Self, ApiError> {
        let resource = scene
            .schemas
            .resource(&path.group, &path.version, &path.resource)
            .ok_or_else(unknown_resource)?;
        Ok(Self {
            schemas: scene.schemas,
            resource,
            stored: convert::stored_resource(&path.group_resource()),
            custom: crate::crd::version_of(store, path),
            path,
            request,
            now: scene.now,
            seed: scene.seed,
            settings: scene.settings,
            warnings: RefCell::default(),
        })
    }

    /// The same call, about another request to the same path.
    pub(crate) fn with<'b>(&'b self, request: &'b Request) -> Call<'b> {
        Call {
            schemas: self.schemas,
            resource: self.resource,
            stored: self.stored.clone(),
            custom: self.custom.clone(),
            path: self.path,
            request,
            now: self.now,
            seed: self.seed,
            settings: self.settings,
            warnings: RefCell::default(),
        }
    }

    pub(crate) fn gvk(&self) -> &Gvk {
        &self.resource.gvk
    }

    /// The resource as messages name it.
    pub(crate) fn named(&self) -> GroupResource {
        self.path.group_resource()
    }

    pub(crate) fn key(&self, name: &str) -> StoreKey {
        StoreKey::new(&self.stored, &self.path.namespace, name)
    }

    pub(crate) fn ids(&self, store: &Store) -> Ids {
        Ids {
            seed: self.seed,
            revision: store.revision() + 1,
        }
    }

    pub(crate) fn warn(&self, warning: impl Into<String>) {
        self.warnings.borrow_mut().push(warning.into());
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }

    pub(crate) fn not_found(&self, name: &str) -> ApiError {
        ApiError::not_found(&self.named(), name)
    }

    /// The object as it is stored.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn live<'s>(&self, store: &'s Store) -> Result<&'s Value, ApiError> {
        let found = store.find(&self.stored, &self.path.namespace, &self.path.name);
        found.ok_or_else(|| self.not_found(&self.path.name))
    }

    /// An object as it is stored, in the version of the request.
    pub(crate) fn outward(&self, value: &Value) -> Value {
        convert::to_version(self.schemas, value, self.gvk())
    }

    /// An object of the version of the request, as it is to be stored.
    pub(crate) fn inward(&self, value: Value) -> Value {
        let kept = convert::to_stored(self.schemas, value, (&self.stored, self.gvk()));
        if self.request.options.dry_run || rules::kept_as_text(self) {
            return kept;
        }
        convert::without_empty_lists(kept)
    }

    pub(crate) fn validation(&self) -> Validation {
        self.request
            .options
            .field_validation
            .unwrap_or(Validation::Warn)
    }

    /// The object that the request brings.
    ///
    /// # Errors
    /// It brings none.
    pub(crate) fn body(&self) -> Result<&Value, ApiError> {
        match &self.request.body {
            Body::Object(value) => Ok(value),
            Body::None | Body::Patch { .. } => Err(ApiError::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
                self.gvk().kind
            ))),
        }
    }
}

/// What upstream says about a resource it does not serve.
pub(crate) fn unknown_resource() -> ApiError {
    ApiError::new(
        Reason::NotFound,
        "the server could not find the requested resource",
    )
}

/// What upstream says about a verb that a resource does not have.
pub(crate) fn method_not_allowed() -> ApiError {
    ApiError::new(
        Reason::MethodNotAllowed,
        "the server does not allow this method on the requested resource",
    )
}
