//! The query of a URL: options of a call, read and written.
//!
//! Source: apimachinery 0.36.3 `pkg/apis/meta/v1/types.go` and `conversion.go`,
//! `pkg/apis/meta/v1/validation/validation.go`.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use smol_str::SmolStr;
use toft_object::{FieldSelector, LabelSelector};

use crate::error::{ApiError, Cause, Reason};
use crate::request::{Options, Propagation, Validation, Verb};

/// The parameters of a query, decoded, in order.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let decode = |part: &str| {
            percent_decode_str(&part.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let pairs = text.split('&').filter(|part| !part.is_empty());
        let split = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        };
        Self(pairs.map(split).collect())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == key)
            .map(|(_, value)| value.as_str())
    }

    fn all(&self, key: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(found, _)| found == key)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Everything but `false` and `0` is true, so that a bare name is.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)
            .map(|text| !matches!(text.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    fn number<T: TryFrom<i64>>(&self, key: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let number: i64 = text.parse().map_err(|_| {
            ApiError::bad_request(format!(
                "strconv.ParseInt: parsing {text:?}: invalid syntax"
            ))
        })?;
        Ok(T::try_from(number).ok())
    }

    fn text(&self, key: &str) -> Option<SmolStr> {
        self.get(key)
            .filter(|text| !text.is_empty())
            .map(SmolStr::from)
    }

    /// Reads the options of a call.
    ///
    /// # Errors
    /// An option has no such value.
    pub(crate) fn options(&self, verb: Verb) -> Result<Options, ApiError> {
        let mut options = Options {
            limit: self.number("limit")?.unwrap_or(0),
            continue_token: self
                .get("continue")
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            resource_version: self.text("resourceVersion"),
            resource_version_match: self.text("resourceVersionMatch"),
            timeout_seconds: self.timeout(verb)?,
            allow_watch_bookmarks: self.flag("allowWatchBookmarks").unwrap_or(false),
            send_initial_events: self.flag("sendInitialEvents"),
            dry_run: self.dry_run(verb)?,
            field_manager: self.field_manager(verb)?,
            field_validation: self.validation(verb)?,
            force: self.flag("force").unwrap_or(false),
            // Time that never was given is over soon.
            grace_period_seconds: self
                .number::<i64>("gracePeriodSeconds")?
                .map(|seconds| u64::try_from(seconds).unwrap_or(1)),
            propagation: self.propagation()?,
            ..Options::default()
        };
        if let Some(text) = self.get("labelSelector") {
            options.label_selector =
                LabelSelector::parse(text).map_err(|error| ApiError::bad_request(error.0))?;
        }
        if let Some(text) = self.get("fieldSelector") {
            options.field_selector =
                FieldSelector::parse(text).map_err(|error| ApiError::bad_request(error.0))?;
        }
        self.log_options(&mut options)?;
        Ok(options)
    }

    /// The same without the options that a body brings instead.
    pub(crate) fn without_deletion(self) -> Self {
        const KEYS: &[&str] = &[
            "dryRun",
            "gracePeriodSeconds",
            "orphanDependents",
            "propagationPolicy",
        ];
        let pairs = self.0.into_iter();
        Self(
            pairs
                .filter(|(key, _)| !KEYS.contains(&key.as_str()))
                .collect(),
        )
    }

    fn timeout(&self, verb: Verb) -> Result<Option<u64>, ApiError> {
        match verb {
            Verb::List | Verb::Watch | Verb::DeleteCollection => self.number("timeoutSeconds"),
            Verb::Get | Verb::Create | Verb::Update | Verb::Patch | Verb::Delete => Ok(None),
        }
    }

    fn log_options(&self, options: &mut Options) -> Result<(), ApiError> {
        options.log.container = self.text("container");
        options.log.follow = self.flag("follow").unwrap_or(false);
        options.log.previous = self.flag("previous").unwrap_or(false);
        options.log.timestamps = self.flag("timestamps").unwrap_or(false);
        options.log.tail_lines = self.number("tailLines")?;
        options.log.since_seconds = self.number("sinceSeconds")?;
        options.log.limit_bytes = self.number("limitBytes")?;
        Ok(())
    }

    fn dry_run(&self, verb: Verb) -> Result<bool, ApiError> {
        if matches!(verb, Verb::Get | Verb::List | Verb::Watch) {
            return Ok(false);
        }
        let values = self.all("dryRun");
        if values.iter().all(|value| *value == "All") {
            return Ok(!values.is_empty());
        }
        let shown: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
        let why = format!(
            "Unsupported value: [{}]: supported values: \"All\"",
            shown.join(",")
        );
        Err(refused(verb, "dryRun", ("FieldValueNotSupported", why)))
    }

    fn validation(&self, verb: Verb) -> Result<Option<Validation>, ApiError> {
        if matches!(verb, Verb::Get | Verb::List | Verb::Watch) {
            return Ok(None);
        }
        Ok(match self.get("fieldValidation") {
            None | Some("") => None,
            Some("Ignore") => Some(Validation::Ignore),
            Some("Warn") => Some(Validation::Warn),
            Some("Strict") => Some(Validation::Strict),
            Some(other) => {
                let why = format!(
                    "Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                );
                return Err(refused(
                    verb,
                    "fieldValidation",
                    ("FieldValueNotSupported", why),
                ));
            }
        })
    }

    fn propagation(&self) -> Result<Option<Propagation>, ApiError> {
        match (self.get("propagationPolicy"), self.flag("orphanDependents")) {
            (None | Some(""), None) => Ok(None),
            (None | Some(""), Some(true)) => Ok(Some(Propagation::Orphan)),
            (None | Some(""), Some(false)) => Ok(Some(Propagation::Background)),
            (Some(text), Some(_)) => {
                let why = format!("Invalid value: {text:?}: orphanDependents and deletionPropagation cannot be both set");
                Err(refused(Verb::Delete, "propagationPolicy", ("FieldValueInvalid", why)))
            }
            (Some(text), None) => Propagation::parse(text).map(Some).ok_or_else(|| {
                let why = format!("Unsupported value: {text:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
                refused(Verb::Delete, "propagationPolicy", ("FieldValueNotSupported", why))
            }),
        }
    }

    /// Source: apimachinery 0.36.3 `pkg/apis/meta/v1/validation/validation.go`, `ValidateFieldManager`.
    fn field_manager(&self, verb: Verb) -> Result<Option<SmolStr>, ApiError> {
        const LENGTH_MAX: usize = 128;
        let Some(manager) = self.text("fieldManager") else {
            return Ok(None);
        };
        if manager.len() > LENGTH_MAX {
            let why = format!("Too long: may not be more than {LENGTH_MAX} bytes");
            return Err(refused(verb, "fieldManager", ("FieldValueTooLong", why)));
        }
        let mut letters = manager.chars().enumerate();
        if let Some((at, odd)) = letters.find(|(_, one)| one.is_control()) {
            let why = format!(
                "Invalid value: {manager:?}: invalid character U+{:04X} (at position {at})",
                u32::from(odd)
            );
            return Err(refused(verb, "fieldManager", ("FieldValueInvalid", why)));
        }
        Ok(Some(manager))
    }
}

fn refused(verb: Verb, field: &str, (reason, why): (&str, String)) -> ApiError {
    let kind = match verb {
        Verb::Get | Verb::List | Verb::Watch => "ListOptions",
        Verb::Create => "CreateOptions",
        Verb::Update => "UpdateOptions",
        Verb::Patch => "PatchOptions",
        Verb::Delete | Verb::DeleteCollection => "DeleteOptions",
    };
    let mut error = ApiError::new(
        Reason::Invalid,
        format!("{kind}.meta.k8s.io \"\" is invalid: {field}: {why}"),
    );
    error.details.group = "meta.k8s.io".into();
    error.details.kind = kind.into();
    error.details.causes.push(Cause {
        reason: reason.into(),
        message: why,
        field: field.to_owned(),
    });
    error
}

impl Propagation {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "Orphan" => Self::Orphan,
            "Background" => Self::Background,
            "Foreground" => Self::Foreground,
            _ => return None,
        })
    }

    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "Orphan",
            Self::Background => "Background",
            Self::Foreground => "Foreground",
        }
    }
}

type Pairs = Vec<(&'static str, String)>;

/// Writes options as a query; empty where there are none.
pub(crate) fn print(options: &Options, verb: Verb) -> String {
    let mut pairs: Pairs = Vec::new();
    if verb == Verb::Watch {
        pairs.push(("watch", "true".to_owned()));
    }
    read_pairs(options, &mut pairs);
    write_pairs(options, &mut pairs);
    log_pairs(options, &mut pairs);
    let encode = |(key, value): &(&str, String)| {
        format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    };
    pairs.iter().map(encode).collect::<Vec<_>>().join("&")
}

fn push(pairs: &mut Pairs, key: &'static str, value: Option<impl ToString>) {
    pairs.extend(value.map(|value| (key, value.to_string())));
}

fn text_of(selector: &impl ToString) -> Option<String> {
    Some(selector.to_string()).filter(|text| !text.is_empty())
}

fn read_pairs(options: &Options, pairs: &mut Pairs) {
    push(pairs, "labelSelector", text_of(&options.label_selector));
    push(pairs, "fieldSelector", text_of(&options.field_selector));
    push(
        pairs,
        "limit",
        Some(options.limit).filter(|limit| *limit > 0),
    );
    push(pairs, "continue", options.continue_token.as_ref());
    push(pairs, "resourceVersion", options.resource_version.as_ref());
    push(
        pairs,
        "resourceVersionMatch",
        options.resource_version_match.as_ref(),
    );
    push(pairs, "timeoutSeconds", options.timeout_seconds);
    push(
        pairs,
        "allowWatchBookmarks",
        options.allow_watch_bookmarks.then_some(true),
    );
    push(pairs, "sendInitialEvents", options.send_initial_events);
}

fn write_pairs(options: &Options, pairs: &mut Pairs) {
    push(pairs, "dryRun", options.dry_run.then_some("All"));
    push(pairs, "fieldManager", options.field_manager.as_ref());
    push(
        pairs,
        "fieldValidation",
        options.field_validation.map(Validation::as_str),
    );
    push(pairs, "force", options.force.then_some(true));
    push(pairs, "gracePeriodSeconds", options.grace_period_seconds);
    push(
        pairs,
        "propagationPolicy",
        options.propagation.map(Propagation::as_str),
    );
}

fn log_pairs(options: &Options, pairs: &mut Pairs) {
    let log = &options.log;
    push(pairs, "container", log.container.as_ref());
    push(pairs, "follow", log.follow.then_some(true));
    push(pairs, "previous", log.previous.then_some(true));
    push(pairs, "timestamps", log.timestamps.then_some(true));
    push(pairs, "tailLines", log.tail_lines);
    push(pairs, "sinceSeconds", log.since_seconds);
    push(pairs, "limitBytes", log.limit_bytes);
}

impl Validation {
    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "Ignore",
            Self::Warn => "Warn",
            Self::Strict => "Strict",
        }
    }
}
