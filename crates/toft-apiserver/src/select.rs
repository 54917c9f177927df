//! Which objects of a collection a request means.

use toft_api::{ApiError, Options};
use toft_object::{GroupResource, LabelSelector};
use toft_value::Value;

use crate::call::Call;
use crate::fields::Fields;

/// Labels, fields and name that an object must have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: Fields,
    /// The only name that is meant, where the URL names one.
    name: Option<String>,
}

impl Selection {
    /// The selection of a request.
    ///
    /// # Errors
    /// A field is not selectable.
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, ApiError> {
        let mut selection = Self::new(&call.request.options, &call.stored, call.custom.as_ref())?;
        if !call.path.name.is_empty() {
            selection.name = Some(call.path.name.to_string());
        }
        Ok(selection)
    }

    /// The selection of options; `custom` is the version of a custom resource in its definition.
    ///
    /// # Errors
    /// A field is not selectable.
    pub(crate) fn new(
        options: &Options,
        stored: &GroupResource,
        custom: Option<&Value>,
    ) -> Result<Self, ApiError> {
        let fields = Fields::resolve(&options.field_selector, stored, custom)?;
        Ok(Self {
            labels: options.label_selector.clone(),
            name: fields.only_name().map(str::to_owned),
            fields,
        })
    }

    /// Whether an object, as it is stored, is meant.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let name = |wanted: &String| object.str_at(&["metadata", "name"]) == Some(wanted.as_str());
        self.name.as_ref().is_none_or(name)
            && self
                .labels
                .matches(object.at(&["metadata", "labels"]).and_then(Value::as_map))
            && self.fields.matches(object)
    }

    /// Whether every object is meant.
    pub(crate) fn is_everything(&self) -> bool {
        self.name.is_none() && self.labels.requirements.is_empty() && self.fields.is_empty()
    }
}
