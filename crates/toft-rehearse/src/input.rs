//! The replay log: everything that came into a world from outside, in order.
//!
//! An entry is one line of JSON, so that a log can be kept by appending and read by people. What only
//! reads is not in it: it changes nothing, not even the clock.

use smol_str::SmolStr;
use toft_api::http::{HttpRequest, read};
use toft_api::{Body, PatchKind, Request};
use toft_object::Time;
use toft_schema::Schemas;
use toft_value::{Map, Value, value};

/// One thing that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place among all that came in, from 0; a restored world begins anew.
    pub sequence: u64,
    /// The virtual time at which it came in; of a clock that moved, the time it moved to.
    pub time: Time,
    /// What it was.
    pub input: Input,
}

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The repository was at a revision from then on. A fresh world begins with this.
    Repository {
        /// The revision.
        revision: SmolStr,
        /// What was there from outside, as [`Repository::remotes_digest`](crate::Repository::remotes_digest)
        /// has it.
        remotes: SmolStr,
    },
    /// Somebody made a request that writes.
    Request(Box<Request>),
    /// The clock ran, and what was due happened.
    Advance,
    /// The clock jumped.
    Skip,
}

/// Why a line of a log cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is no JSON object with a sequence and a time.
    #[error("the line is no entry of a replay log: {0}")]
    Malformed(String),
    /// The request in it cannot be read.
    #[error("the request of entry {sequence} cannot be read: {reason}")]
    Request {
        /// Which entry.
        sequence: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl Entry {
    /// The entry as one line of JSON, without its end.
    ///
    /// # Example
    /// ```
    /// use toft_object::Time;
    /// use toft_rehearse::{Entry, Input};
    /// let entry = Entry { sequence: 1, time: Time::from_seconds(0), input: Input::Advance };
    /// let line = entry.to_line();
    /// assert_eq!(line, r#"{"advance":true,"sequence":1,"time":0}"#);
    /// assert_eq!(Entry::parse(&line), Ok(entry));
    /// ```
    pub fn to_line(&self) -> String {
        let mut line = Map::new();
        match &self.input {
            Input::Repository { revision, remotes } => {
                line.insert("repository", revision);
                if !remotes.is_empty() {
                    line.insert("remotes", remotes);
                }
            }
            Input::Request(request) => {
                line.insert("request", written(request));
            }
            Input::Advance => {
                line.insert("advance", true);
            }
            Input::Skip => {
                line.insert("skip", true);
            }
        }
        line.insert("sequence", self.sequence);
        // Microseconds: the clock's own unit, so that nothing is rounded.
        line.insert("time", self.time.micros());
        Value::Map(line).to_json()
    }

    /// Reads what [`Entry::to_line`] wrote.
    ///
    /// # Errors
    /// The line is none, or its request cannot be read.
    pub fn parse(line: &str) -> Result<Self, EntryError> {
        let malformed = |reason: &str| EntryError::Malformed(reason.to_owned());
        let value = Value::from_json(line.as_bytes());
        let value = value.map_err(|error| malformed(&error.message))?;
        let sequence = value.i64_at(&["sequence"]);
        let sequence = sequence.and_then(|number| u64::try_from(number).ok());
        let sequence = sequence.ok_or_else(|| malformed("it has no sequence"))?;
        let time = value.i64_at(&["time"]).map(Time::from_micros);
        let time = time.ok_or_else(|| malformed("it has no time"))?;
        let input = if let Some(request) = value.get("request") {
            let request = request_of(request);
            let request = request.map_err(|reason| EntryError::Request { sequence, reason })?;
            Input::Request(Box::new(request))
        } else if let Some(revision) = value.str_at(&["repository"]) {
            let remotes = value.str_at(&["remotes"]).unwrap_or_default();
            Input::Repository {
                revision: revision.into(),
                remotes: remotes.into(),
            }
        } else if value.get("advance").is_some() {
            Input::Advance
        } else if value.get("skip").is_some() {
            Input::Skip
        } else {
            return Err(malformed("it says nothing that came in"));
        };
        Ok(Self {
            sequence,
            time,
            input,
        })
    }

    /// Takes a later entry in, where both together are one: the clock that ran on.
    pub(crate) fn absorb(&mut self, time: Time, input: &Input) -> bool {
        let same = matches!(
            (&self.input, input),
            (Input::Advance, Input::Advance) | (Input::Skip, Input::Skip)
        );
        if same {
            self.time = time;
        }
        same
    }
}

/// A request as HTTP would carry it, with what a door found out about it.
fn written(request: &Request) -> Value {
    let http = request.to_http();
    let mut written = value!({
        "user": request.user.clone(),
        "agent": request.agent.clone(),
        "method": http.method,
        "target": http.target,
        "accept": http.accept,
    });
    match &request.body {
        Body::None => {}
        Body::Object(object) => written.set_at(&["object"], object.clone()),
        Body::Patch { kind, content } => {
            written.set_at(&["patch"], kind.media_type());
            written.set_at(&["content"], content.clone());
        }
    }
    if let Some(oddities) = &request.oddities {
        written.set_at(&["oddities"], oddities.clone());
    }
    written
}

fn request_of(written: &Value) -> Result<Request, String> {
    let text = |key: &str| written.str_at(&[key]).unwrap_or_default();
    let content_type = written.str_at(&["patch"]);
    let content = written.get("content").or_else(|| written.get("object"));
    // Options in the body of a deletion would stand for those in the query; both are in the log.
    let sent = content.filter(|_| text("method") != "DELETE");
    let json = sent.map(Value::to_json).unwrap_or_default();
    let http = HttpRequest {
        method: text("method"),
        target: text("target"),
        accept: text("accept"),
        content_type: content_type.unwrap_or("application/json"),
        agent: text("agent"),
        user: text("user"),
        body: json.as_bytes(),
    };
    let (mut request, _) = read(&http, &Schemas::builtin()).map_err(|error| error.message)?;
    // The kinds of the log are not known here; what the door read then stands in the log itself.
    request.body = match (content_type, content) {
        (_, None) => Body::None,
        (None, Some(object)) => Body::Object(object.clone()),
        (Some(media), Some(content)) => Body::Patch {
            kind: patch_kind(media)?,
            content: content.clone(),
        },
    };
    request.oddities = written.get("oddities").map(|oddities| {
        let texts = oddities.items().iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    });
    Ok(request)
}

fn patch_kind(media: &str) -> Result<PatchKind, String> {
    let kinds = [
        PatchKind::Json,
        PatchKind::Merge,
        PatchKind::Strategic,
        PatchKind::Apply,
    ];
    let found = kinds.into_iter().find(|kind| kind.media_type() == media);
    found.ok_or_else(|| format!("`{media}` is no kind of patch"))
}

#[cfg(test)]
mod tests {
    use toft_api::{Propagation, Representation, ResourcePath, Validation, Verb};

    use super::*;

    fn requests() -> Vec<Request> {
        let path = || ResourcePath::new("apps", "v1", "deployments").namespace("media");
        let one = || path().name("sonarr");
        let object = || value!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "sonarr"}, "spec": {"replicas": 2}});
        let mut created = Request::create("kubectl/v1.36", path(), object());
        created.options.field_validation = Some(Validation::Strict);
        created.options.field_manager = Some("kubectl-create".into());
        created.oddities = Some(vec!["unknown field \"spec.foo\"".to_owned()]);
        let mut deleted = Request::delete("kubectl", one());
        deleted.options.propagation = Some(Propagation::Foreground);
        // Where there is a body, what the address says of a deletion does not count.
        let mut hurried = Request::delete("kubectl", one());
        hurried.body = Body::Object(value!({"gracePeriodSeconds": 0}));
        let mut applied = Request::apply("me", one(), object());
        applied.options.force = true;
        applied.options.dry_run = true;
        let mut all = Request::new("kubectl", Verb::DeleteCollection, path());
        all.options.label_selector = toft_object::LabelSelector::parse("app in (a,b),!c").unwrap();
        let thing = ResourcePath::new("example.org", "v1", "things").name("a");
        let mut update = Request::update("kubectl", thing, value!({"kind": "Thing"}));
        update.user = "somebody".into();
        update.representation = Representation::Metadata;
        let json = value!([{"op": "remove", "path": "/spec"}]);
        let scale = one().subresource("scale");
        vec![
            created,
            deleted,
            hurried,
            applied,
            all,
            update,
            Request::patch(
                "kubectl",
                scale,
                PatchKind::Merge,
                value!({"spec": {"replicas": 3}}),
            ),
            Request::patch("kubectl", one(), PatchKind::Json, json),
            Request::patch("kubectl", one(), PatchKind::Strategic, value!({"a": null})),
        ]
    }

    #[test]
    fn what_is_written_reads_back() {
        for (sequence, request) in (0..).zip(requests()) {
            let entry = Entry {
                sequence,
                time: Time::from_micros(1_760_000_000_123_456),
                input: Input::Request(Box::new(request)),
            };
            assert_eq!(Entry::parse(&entry.to_line()), Ok(entry));
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for line in [
            "",
            "[]",
            "{}",
            r#"{"sequence":1,"time":2}"#,
            r#"{"sequence":-1,"time":2,"skip":true}"#,
        ] {
            assert!(Entry::parse(line).is_err(), "{line}");
        }
        let odd = r#"{"sequence":1,"time":2,"request":{"method":"PATCH","target":"/api/v1/pods/a","patch":"x","content":{}}}"#;
        assert!(Entry::parse(odd).is_err());
    }
}
