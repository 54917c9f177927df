//! Requests about objects, sent to a real API server; what they leave behind is removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use toft_testkit::exchange::{Answer, Exchange};
use toft_value::{Value, value};

use crate::http;

/// How long a definition may take until its objects can be sent.
const DEFINED_SECONDS_MAX: u64 = 30;

/// How long an object of an earlier case may take to go.
const LEAVING_MAX: Duration = Duration::from_secs(30);

/// How an object is sent.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) method: &'static str,
    pub(super) content_type: &'static str,
    pub(super) query: &'a str,
    pub(super) subresource: &'a str,
}

/// Where objects of a kind are.
#[derive(Clone)]
struct Place {
    plural: String,
    is_namespaced: bool,
}

/// One case's connection to the server.
pub(super) struct Client {
    port: u16,
    namespace: String,
    kinds: BTreeMap<(String, String), Place>,
    /// Paths of what was made, to be removed.
    made: Vec<String>,
}

impl Client {
    /// Makes the namespace of a case.
    pub(super) fn open(port: u16, namespace: &str) -> Result<Self> {
        let client = Self {
            port,
            namespace: namespace.to_owned(),
            kinds: BTreeMap::new(),
            made: Vec::new(),
        };
        let object = value!({"metadata": {"name": namespace}});
        let body = object.to_json();
        let answer = client.request(("POST", "/api/v1/namespaces"), "application/json", &body)?;
        // No namespace goes away without its controller: a second asking finds that of the first.
        if answer.code != 201 && answer.code != 409 {
            bail!("no namespace was made: {}", answer.body);
        }
        Ok(client)
    }

    /// The namespace of the case.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Makes a definition, if it is not there, and waits until its objects are served.
    pub(super) fn define(&mut self, definition: &Value) -> Result<()> {
        let name = definition.str_at(&["metadata", "name"]).unwrap_or_default();
        let all = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let answer = self.request(("POST", all), "application/json", &definition.to_json())?;
        if answer.code != 201 && answer.code != 409 {
            bail!("the definition is refused: {}", answer.body);
        }
        let group = definition.str_at(&["spec", "group"]).unwrap_or_default();
        let version = definition.items_at(&["spec", "versions"]).first();
        let version = version.and_then(|version| version.str_at(&["name"]));
        let plural = definition.str_at(&["spec", "names", "plural"]);
        let objects = format!(
            "/apis/{group}/{}/{}",
            version.unwrap_or_default(),
            plural.unwrap_or_default()
        );
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(DEFINED_SECONDS_MAX) {
            if self.request(("GET", &objects), "", "")?.code == 200 {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("`{name}` was not served within {DEFINED_SECONDS_MAX} s")
    }

    /// Makes an object that later requests are about, and gives it as it is kept.
    pub(super) fn create(&mut self, object: &Value) -> Result<Value> {
        let step = Step {
            method: "POST",
            content_type: "application/json",
            query: "",
            subresource: "",
        };
        let begin = Instant::now();
        loop {
            let answer = self.send(object, &step)?;
            if answer.code == 201 {
                return Ok(Value::from_json(answer.body.as_bytes())?);
            }
            // One of that name, of the case before, takes its time to go.
            let is_there = ["object is being deleted", "already exists"]
                .iter()
                .any(|why| answer.body.contains(why));
            if !is_there || begin.elapsed() > LEAVING_MAX {
                bail!("the object is refused: {}", answer.body);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A definition as it is once its objects are served: only then it is held to what it was.
    pub(super) fn established(&mut self, definition: &Value) -> Result<Value> {
        self.define(definition)?;
        let name = definition.str_at(&["metadata", "name"]).unwrap_or_default();
        let path = format!("{}/{}", self.collection(definition)?, escaped(name));
        let answer = self.request(("GET", &path), "", "")?;
        Ok(Value::from_json(answer.body.as_bytes())?)
    }

    /// Sends an object.
    pub(super) fn send(&mut self, object: &Value, step: &Step<'_>) -> Result<Answer> {
        self.send_text(object, &object.to_json(), step)
    }

    /// Sends a text to where an object is, or to the collection that it would be made in.
    pub(super) fn send_text(
        &mut self,
        object: &Value,
        text: &str,
        step: &Step<'_>,
    ) -> Result<Answer> {
        let collection = self.collection(object)?;
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        let one = format!("{collection}/{}", escaped(name));
        let mut target = if step.method == "POST" {
            collection
        } else {
            one.clone()
        };
        if !step.subresource.is_empty() {
            target = format!("{target}/{}", step.subresource);
        }
        if !step.query.is_empty() {
            target = format!("{target}?{}", step.query);
        }
        let answer = self.request((step.method, &target), step.content_type, text)?;
        if answer.code == 201 && !step.query.contains("dryRun") {
            self.made.push(one);
        }
        Ok(answer)
    }

    /// Removes what was made, finalizers or not.
    pub(super) fn close(self) -> Result<()> {
        for path in &self.made {
            let no_finalizers = r#"{"metadata":{"finalizers":null}}"#;
            let merge = "application/merge-patch+json";
            self.request(("PATCH", path), merge, no_finalizers)?;
            let answer = self.request(("DELETE", path), "", "")?;
            if answer.code >= 400 {
                bail!("`{path}` stays: {}", answer.body);
            }
        }
        Ok(())
    }

    fn collection(&mut self, object: &Value) -> Result<String> {
        let part = |key: &str| object.str_at(&[key]).unwrap_or_default().to_owned();
        let (version, kind) = (part("apiVersion"), part("kind"));
        let root = if version.contains('/') {
            format!("/apis/{version}")
        } else {
            format!("/api/{version}")
        };
        let place = self.place(&root, (version, kind))?;
        Ok(if place.is_namespaced {
            format!("{root}/namespaces/{}/{}", self.namespace, place.plural)
        } else {
            format!("{root}/{}", place.plural)
        })
    }

    fn place(&mut self, root: &str, key: (String, String)) -> Result<Place> {
        if let Some(found) = self.kinds.get(&key) {
            return Ok(found.clone());
        }
        let answer = self.request(("GET", root), "", "")?;
        let list = Value::from_json(answer.body.as_bytes())?;
        let found = list.items_at(&["resources"]).iter().find(|resource| {
            let name = resource.str_at(&["name"]).unwrap_or_default();
            resource.str_at(&["kind"]) == Some(key.1.as_str()) && !name.contains('/')
        });
        let found = found.with_context(|| format!("no kind {} {}", key.0, key.1))?;
        let place = Place {
            plural: found.str_at(&["name"]).unwrap_or_default().to_owned(),
            is_namespaced: found.bool_at(&["namespaced"]).unwrap_or_default(),
        };
        self.kinds.insert(key, place.clone());
        Ok(place)
    }

    fn request(&self, (method, target): (&str, &str), content: &str, body: &str) -> Result<Answer> {
        let headers = [("content-type", content), ("accept", "application/json")];
        let headers = headers.iter().filter(|(_, value)| !value.is_empty());
        let exchange = Exchange {
            title: String::new(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned(),
        };
        http::send(self.port, &exchange).with_context(|| format!("{method} {target}"))
    }
}

/// A part of a path or a query.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
