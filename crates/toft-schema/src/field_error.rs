//! What is wrong with a field, and paths to fields, as upstream tells them.
//!
//! Source: apimachinery 0.36.3 `pkg/util/validation/field/{errors,path}.go`.

use std::fmt;

use toft_value::{Value, float_to_json};

use crate::go_text;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldErrorKind {
    /// It refers to what is not there.
    NotFound,
    /// It must be set.
    Required,
    /// It is there twice.
    Duplicate,
    /// It is malformed.
    Invalid,
    /// It is none of the supported values.
    NotSupported,
    /// It must not be set, or not be changed.
    Forbidden,
    /// It has too many bytes.
    TooLong,
    /// It has too many items.
    TooMany,
    /// It is of another type.
    TypeInvalid,
}

/// What is wrong with one field; prints as upstream prints it.
///
/// # Example
/// ```
/// use toft_schema::{FieldError, FieldPath};
/// let path = FieldPath::new("spec").child("containers").index(0).child("image");
/// let error = FieldError::required(&path, "");
/// assert_eq!(error.to_string(), "spec.containers[0].image: Required value");
/// assert_eq!(error.reason(), "FieldValueRequired");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// What kind of trouble it is.
    pub kind: FieldErrorKind,
    /// The path to the field, such as `spec.containers[0].image`.
    pub field: String,
    /// The value that is wrong as the message shows it; `None` where it does not.
    pub shown: Option<String>,
    /// What is wrong, in words; empty where the kind says it all.
    pub detail: String,
}

/// A path to a field: `spec.containers[0].image`, `metadata.labels[a.b/c]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path of a field at the top.
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The path of a field below.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() {
            return Self::new(name);
        }
        Self(format!("{}.{name}", self.0))
    }

    /// The path without its last step, if that is this one.
    pub(crate) fn replacing(&self, last: &str) -> Self {
        match self
            .0
            .strip_suffix(last)
            .and_then(|rest| rest.strip_suffix('.'))
        {
            Some(rest) => Self(rest.to_owned()),
            None => self.clone(),
        }
    }

    /// The path of an item below.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// The path of an entry of a map with any keys.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Upstream prints the path of nothing as Go prints a nil pointer.
        out.write_str(if self.0.is_empty() { "<nil>" } else { &self.0 })
    }
}

impl FieldError {
    fn new(
        kind: FieldErrorKind,
        path: &FieldPath,
        shown: Option<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            field: path.to_string(),
            shown,
            detail: detail.into(),
        }
    }

    /// The same error with the value shown otherwise, where upstream shows an internal type.
    #[must_use]
    pub fn showing(self, shown: String) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The field must be set.
    pub fn required(path: &FieldPath, detail: &str) -> Self {
        Self::new(FieldErrorKind::Required, path, None, detail)
    }

    /// The value is malformed.
    pub fn invalid(path: &FieldPath, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(
            FieldErrorKind::Invalid,
            path,
            Some(show(&value.into())),
            detail,
        )
    }

    /// The value is of another type.
    pub fn type_invalid(
        path: &FieldPath,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(
            FieldErrorKind::TypeInvalid,
            path,
            Some(show(&value.into())),
            detail,
        )
    }

    /// The value is none of these.
    pub fn not_supported(path: &FieldPath, value: impl Into<Value>, supported: &[&str]) -> Self {
        let quoted: Vec<String> = supported.iter().map(|one| go_text::quote(one)).collect();
        let detail = if quoted.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", quoted.join(", "))
        };
        Self::new(
            FieldErrorKind::NotSupported,
            path,
            Some(show(&value.into())),
            detail,
        )
    }

    /// The field must not be set or changed.
    pub fn forbidden(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, path, None, detail)
    }

    /// The value is there twice.
    pub fn duplicate(path: &FieldPath, value: impl Into<Value>) -> Self {
        Self::new(
            FieldErrorKind::Duplicate,
            path,
            Some(show(&value.into())),
            "",
        )
    }

    /// The value refers to what is not there.
    pub fn not_found(path: &FieldPath, value: impl Into<Value>) -> Self {
        Self::new(
            FieldErrorKind::NotFound,
            path,
            Some(show(&value.into())),
            "",
        )
    }

    /// The value has too many bytes.
    pub fn too_long(path: &FieldPath, bytes_max: usize) -> Self {
        let unit = if bytes_max == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {bytes_max} {unit}");
        Self::new(FieldErrorKind::TooLong, path, None, detail)
    }

    /// The list has too many items.
    pub fn too_many(path: &FieldPath, count: usize, count_max: usize) -> Self {
        let unit = if count_max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {count_max} {unit}");
        Self::new(
            FieldErrorKind::TooMany,
            path,
            Some(show(&count.into())),
            detail,
        )
    }

    /// The message without the path: `Required value`, `Invalid value: "x": must be …`.
    pub fn message(&self) -> String {
        let mut text = self.kind.text().to_owned();
        if let Some(shown) = &self.shown {
            text.push_str(": ");
            text.push_str(shown);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }

    /// The reason as status causes name it: `FieldValueRequired`.
    pub const fn reason(&self) -> &'static str {
        match self.kind {
            FieldErrorKind::NotFound => "FieldValueNotFound",
            FieldErrorKind::Required => "FieldValueRequired",
            FieldErrorKind::Duplicate => "FieldValueDuplicate",
            FieldErrorKind::Invalid => "FieldValueInvalid",
            FieldErrorKind::NotSupported => "FieldValueNotSupported",
            FieldErrorKind::Forbidden => "FieldValueForbidden",
            FieldErrorKind::TooLong => "FieldValueTooLong",
            FieldErrorKind::TooMany => "FieldValueTooMany",
            FieldErrorKind::TypeInvalid => "FieldValueTypeInvalid",
        }
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Str(text) => go_text::quote(text),
        Value::Float(number) => float_to_json(*number),
        other => other.to_json(),
    }
}

impl FieldErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.field, self.message())
    }
}
