//! Where a list goes on: the tokens of `continue`.
//!
//! Source: apiserver 0.36.3 `pkg/storage/continue.go`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use toft_api::{ApiError, http};
use toft_value::{Value, value};

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// The revision of the first page, which all pages show.
    pub(crate) revision: u64,
    /// The key of the last object that was given: `/namespace/name` or `/name`.
    pub(crate) after: String,
}

impl Page {
    /// Reads a token.
    ///
    /// # Errors
    /// The token is none of ours.
    pub(crate) fn parse(token: &str) -> Result<Self, ApiError> {
        let invalid = |why: &str| {
            ApiError::bad_request(format!(
                "invalid continue token: continue key is not valid: {why}"
            ))
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| invalid("illegal base64 data at input byte 0"))?;
        let content = Value::from_json(&bytes).map_err(|_| invalid(&http::json_problem(&bytes)))?;
        let version = content.str_at(&["v"]).unwrap_or_default();
        if version != "meta.k8s.io/v1" {
            return Err(invalid(&format!(
                "server does not recognize this encoded version {version}"
            )));
        }
        let revision = content
            .i64_at(&["rv"])
            .and_then(|revision| u64::try_from(revision).ok())
            .unwrap_or(0);
        let start = content.str_at(&["start"]).unwrap_or_default();
        if revision == 0 {
            return Err(invalid(
                "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ));
        }
        if start.is_empty() {
            return Err(invalid("encoded start key empty (version meta.k8s.io/v1)"));
        }
        Ok(Self {
            revision,
            after: start.trim_end_matches('\0').to_owned(),
        })
    }

    /// Writes a token.
    pub(crate) fn token(&self) -> String {
        let content = value!({"v": "meta.k8s.io/v1", "rv": self.revision, "start": format!("{}\0", self.after)});
        URL_SAFE_NO_PAD.encode(content.to_json())
    }
}

/// The key of an object within its collection, ordered as etcd orders it.
pub(crate) fn key_of(object: &Value) -> String {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
    match text("namespace") {
        "" => format!("/{}", text("name")),
        namespace => format!("/{namespace}/{}", text("name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back() {
        let page = Page {
            revision: 7,
            after: "/default/a".into(),
        };
        assert_eq!(Page::parse(&page.token()), Ok(page));
        assert!(Page::parse("abc").is_err());
    }
}
