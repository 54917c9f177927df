//! The answer to a call.

use toft_value::Value;

use crate::error::ApiError;
use crate::watch::WatchStart;

/// The answer to a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub code: u16,
    /// What is answered.
    pub body: ResponseBody,
    /// `Warning` headers, without their frame.
    pub warnings: Vec<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum ResponseBody {
    /// An object, a list, a table, a discovery document.
    Value(Value),
    /// A refusal, which travels as a `Status`.
    Error(ApiError),
    /// Plain text: health, logs.
    Text(String),
    /// A watch begins; its events are read from the server with a cursor.
    Watch(Box<WatchStart>),
}

impl Response {
    /// An object with status 200.
    pub fn ok(value: Value) -> Self {
        Self {
            code: 200,
            body: ResponseBody::Value(value),
            warnings: Vec::new(),
        }
    }

    /// An object with status 201.
    pub fn created(value: Value) -> Self {
        Self {
            code: 201,
            body: ResponseBody::Value(value),
            warnings: Vec::new(),
        }
    }

    /// Plain text with status 200.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            code: 200,
            body: ResponseBody::Text(text.into()),
            warnings: Vec::new(),
        }
    }

    /// The value that was answered.
    ///
    /// # Errors
    /// The server refused, or answered with something that is no value.
    pub fn into_value(self) -> Result<Value, ApiError> {
        match self.body {
            ResponseBody::Value(value) => Ok(value),
            ResponseBody::Error(error) => Err(error),
            ResponseBody::Text(text) => Ok(Value::from(text)),
            ResponseBody::Watch(_) => Err(ApiError::internal("a watch has no value")),
        }
    }

    /// The refusal, if it is one.
    pub fn error(&self) -> Option<&ApiError> {
        match &self.body {
            ResponseBody::Error(error) => Some(error),
            ResponseBody::Value(_) | ResponseBody::Text(_) | ResponseBody::Watch(_) => None,
        }
    }
}

impl From<ApiError> for Response {
    fn from(error: ApiError) -> Self {
        Self {
            code: error.code,
            body: ResponseBody::Error(error),
            warnings: Vec::new(),
        }
    }
}
