//! A real API server and the simulated one, asked the same.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use toft_api::{Response, http};
use toft_apiserver::{ApiServer, Settings};
use toft_object::Time;
use toft_schema::{Resource, Schemas};
use toft_testkit::exchange::Exchange;
use toft_value::{Value, value};

use super::changes::Change;
use crate::http::send;
use crate::suites::Programs;

/// How many questions wait for upstream at once.
const ASKED_AT_ONCE: usize = 6;

/// How long nobody may have written to an object that registers a kind.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// How long the simulated server is up when it is asked.
const NOW: Time = Time::from_seconds(1_750_000_000);

/// What an API server says to a change: how it refuses it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    code: u16,
    reason: String,
    message: String,
    /// Sorted: upstream tells some in the order of a Go map.
    causes: Vec<String>,
}

impl Answer {
    fn of(code: u16, status: &Value) -> Self {
        let code = if code < 300 { 200 } else { code };
        if code < 300 {
            return Self {
                code,
                ..Self::default()
            };
        }
        let text = |key: &str| status.str_at(&[key]).unwrap_or_default().to_owned();
        // Some refusals list what differs in lines of Go's own after the first, which is ours too.
        let told = |cause: &Value| {
            let text = |key: &str| {
                let text = cause.str_at(&[key]).unwrap_or_default();
                text.lines().next().unwrap_or_default()
            };
            format!(
                "{}: {} ({})",
                text("field"),
                text("message"),
                text("reason")
            )
        };
        let causes = status.items_at(&["details", "causes"]).iter();
        let mut causes: Vec<String> = causes.map(told).collect();
        causes.sort();
        // The message tells the causes again, in their order.
        let message = if causes.is_empty() {
            text("message")
        } else {
            String::new()
        };
        Self {
            code,
            reason: text("reason"),
            message,
            causes,
        }
    }

    /// Prints what the two say that the other does not.
    pub(super) fn tell_beside(&self, ours: &Self) {
        for (name, one, other) in [("upstream", self, ours), ("toft", ours, self)] {
            println!("{name}: {} {} {}", one.code, one.reason, one.message);
            let mut rest = other.causes.clone();
            for cause in &one.causes {
                match rest.iter().position(|found| found == cause) {
                    Some(at) => drop(rest.swap_remove(at)),
                    None => println!("    {cause}"),
                }
            }
        }
    }
}

/// Where an object is.
pub(super) struct Place {
    namespace: String,
    collection: String,
    is_namespaced: bool,
}

impl Place {
    /// The objects of a resource; those in namespaces, in one of their own.
    pub(super) fn new(resource: &Resource, name: &str) -> Self {
        let gvk = &resource.gvk;
        let root = if gvk.group.is_empty() {
            format!("/api/{}", gvk.version)
        } else {
            format!("/apis/{}/{}", gvk.group, gvk.version)
        };
        let namespace = format!("fuzz-{name}");
        let plural = &resource.plural;
        let collection = if resource.namespaced {
            format!("{root}/namespaces/{namespace}/{plural}")
        } else {
            format!("{root}/{plural}")
        };
        Self {
            namespace,
            collection,
            is_namespaced: resource.namespaced,
        }
    }

    /// What must be there first: the namespace and its service account.
    fn furniture(&self) -> Vec<(String, Value)> {
        if !self.is_namespaced {
            return Vec::new();
        }
        let namespace = value!({"metadata": {"name": (self.namespace.as_str())}});
        let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", self.namespace);
        vec![
            ("/api/v1/namespaces".to_owned(), namespace),
            (accounts, value!({"metadata": {"name": "default"}})),
        ]
    }

    fn one(&self, object: &Value) -> String {
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        format!("{}/{name}", self.collection)
    }
}

const DRY: &str = "?dryRun=All&fieldValidation=Ignore";

fn exchange(method: &str, target: String, body: &Value) -> Exchange {
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    Exchange {
        title: String::new(),
        method: method.to_owned(),
        target,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: body.to_json(),
    }
}

/// The real server; it starts when something is asked whose answer is not kept.
pub(super) struct Upstream {
    programs: Programs,
    answers: BTreeMap<String, Answer>,
    file: Option<PathBuf>,
}

impl Upstream {
    /// Reads the answers of earlier runs.
    pub(super) fn open(file: Option<&Path>) -> Result<Self> {
        let mut answers = BTreeMap::new();
        let kept = file.filter(|file| file.is_file());
        let kept = kept.map_or(Ok(String::new()), std::fs::read_to_string)?;
        for line in kept.lines() {
            let line = Value::from_json(line.as_bytes())?;
            let code = line
                .i64_at(&["code"])
                .and_then(|code| u16::try_from(code).ok());
            let answer = Answer::of(
                code.unwrap_or(0),
                line.get("status").unwrap_or(&Value::Null),
            );
            let title = line.str_at(&["title"]).unwrap_or_default();
            answers.insert(title.to_owned(), answer);
        }
        Ok(Self {
            programs: Programs::default(),
            answers,
            file: file.map(Path::to_owned),
        })
    }

    /// Tries to make objects.
    pub(super) fn create(
        &mut self,
        place: &Place,
        asked: &[(String, Value)],
    ) -> Result<Vec<Answer>> {
        let is_known = |(title, _): &&(String, Value)| self.answers.contains_key(title);
        let new: Vec<_> = asked.iter().filter(|one| !is_known(one)).collect();
        if !new.is_empty() {
            self.furnish(place)?;
        }
        let exchanges = new.into_iter().map(|(title, body)| {
            let target = format!("{}{DRY}", place.collection);
            (title.clone(), exchange("POST", target, body))
        });
        self.ask(&exchanges.collect::<Vec<_>>())?;
        self.kept(asked.iter().map(|(title, _)| title))
    }

    /// Makes an object, and tries to change it.
    pub(super) fn update(
        &mut self,
        place: &Place,
        object: &Value,
        asked: &[(String, &Change)],
    ) -> Result<Vec<Answer>> {
        let is_known = |(title, _): &&(String, &Change)| self.answers.contains_key(title);
        let new: Vec<_> = asked.iter().filter(|one| !is_known(one)).collect();
        if !new.is_empty() {
            self.furnish(place)?;
            let made = self.now(&exchange("POST", place.collection.clone(), object))?;
            if made.0 != 201 && made.0 != 409 {
                bail!("upstream refuses the object itself: {}", made.1.to_json());
            }
            let target = format!("{}{DRY}", place.one(object));
            let live = self.settled(&place.one(object))?;
            let exchanges = new.into_iter().map(|(title, change)| {
                let body = change.apply(&live);
                (title.clone(), exchange("PUT", target.clone(), &body))
            });
            self.ask(&exchanges.collect::<Vec<_>>())?;
        }
        self.kept(asked.iter().map(|(title, _)| title))
    }

    fn kept<'a>(&self, titles: impl Iterator<Item = &'a String>) -> Result<Vec<Answer>> {
        let answers = titles.map(|title| self.answers.get(title).cloned());
        let answers: Option<Vec<Answer>> = answers.collect();
        answers.context("every change has been asked about")
    }

    fn furnish(&mut self, place: &Place) -> Result<()> {
        for (target, object) in place.furniture() {
            let made = self.now(&exchange("POST", target, &object))?;
            if made.0 != 201 && made.0 != 409 {
                bail!("upstream refuses {}", object.to_json());
            }
        }
        Ok(())
    }

    /// An object once nobody writes to it any more: what registers kinds does, for a moment.
    fn settled(&mut self, target: &str) -> Result<Value> {
        let read = exchange("GET", target.to_owned(), &Value::Null);
        let mut live = self.now(&read)?.1;
        while target.starts_with("/apis/api") {
            std::thread::sleep(SETTLED_AFTER);
            let again = self.now(&read)?.1;
            if again == live {
                break;
            }
            live = again;
        }
        Ok(live)
    }

    fn now(&mut self, exchange: &Exchange) -> Result<(u16, Value)> {
        answer(self.programs.server()?, exchange)
    }

    fn ask(&mut self, exchanges: &[(String, Exchange)]) -> Result<()> {
        if exchanges.is_empty() {
            return Ok(());
        }
        let port = self.programs.server()?;
        let part = exchanges.len().div_ceil(ASKED_AT_ONCE).max(1);
        let told = std::thread::scope(|scope| {
            let threads: Vec<_> = exchanges
                .chunks(part)
                .map(|part| scope.spawn(move || in_order(port, part)))
                .collect();
            let told = threads.into_iter().map(|thread| {
                let told = thread.join();
                told.map_err(|_| anyhow::anyhow!("a thread that asks died"))?
            });
            told.collect::<Result<Vec<_>>>()
        })?;
        let told: Vec<_> = told.into_iter().flatten().collect();
        self.keep(&told)
    }

    fn keep(&mut self, told: &[(String, u16, Value)]) -> Result<()> {
        let mut lines = String::new();
        for (title, code, status) in told {
            self.answers
                .insert(title.clone(), Answer::of(*code, status));
            let status = if *code < 300 { &Value::Null } else { status };
            let line = value!({"title": (title.as_str()), "code": (i64::from(*code)), "status": (status.clone())});
            lines.push_str(&line.to_json());
            lines.push('\n');
        }
        if let Some(file) = &self.file {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.create(true).append(true).open(file)?;
            file.write_all(lines.as_bytes())?;
        }
        Ok(())
    }
}

fn in_order(port: u16, part: &[(String, Exchange)]) -> Result<Vec<(String, u16, Value)>> {
    let told = part.iter().map(|(title, exchange)| {
        let (code, status) = answer(port, exchange).with_context(|| title.clone())?;
        Ok((title.clone(), code, status))
    });
    told.collect()
}

fn answer(port: u16, exchange: &Exchange) -> Result<(u16, Value)> {
    let answer = send(port, exchange)?;
    let body = Value::from_json(answer.body.as_bytes()).unwrap_or_default();
    Ok((answer.code, body))
}

/// The simulated server, with the namespace of one object.
pub(super) struct Simulated<'a> {
    server: ApiServer,
    place: &'a Place,
    live: Value,
}

impl<'a> Simulated<'a> {
    /// A server with what is there before the object.
    pub(super) fn new(place: &'a Place) -> Result<Self> {
        let settings = Settings {
            service_network: ([10, 43, 0, 0], 16),
            ..Settings::default()
        };
        let server = ApiServer::new(Schemas::builtin(), 7).with_settings(settings);
        let mut twin = Self {
            server,
            place,
            live: Value::Null,
        };
        let classes = "/apis/scheduling.k8s.io/v1/priorityclasses".to_owned();
        let names = [
            ("system-cluster-critical", 2_000_000_000_i64),
            ("system-node-critical", 2_000_001_000),
        ];
        let classes = names.map(|(name, value)| {
            (
                classes.clone(),
                value!({"metadata": {"name": name}, "value": value}),
            )
        });
        for (target, object) in classes.into_iter().chain(place.furniture()) {
            let (code, status) = twin.send(&exchange("POST", target, &object))?;
            if code != 201 {
                bail!("the simulated server refuses {}", status.to_json());
            }
        }
        Ok(twin)
    }

    /// Tries to make an object.
    pub(super) fn create(&mut self, object: &Value) -> Result<Answer> {
        let target = format!("{}{DRY}", self.place.collection);
        let (code, status) = self.send(&exchange("POST", target, object))?;
        Ok(Answer::of(code, &status))
    }

    /// Makes an object.
    pub(super) fn keep(&mut self, object: &Value) -> Result<()> {
        let made = exchange("POST", self.place.collection.clone(), object);
        let (code, live) = self.send(&made)?;
        if code != 201 {
            bail!(
                "the simulated server refuses the object: {}",
                live.to_json()
            );
        }
        let target = self.place.one(&live);
        self.live = self.send(&exchange("GET", target, &Value::Null))?.1;
        Ok(())
    }

    /// Tries to change the object that was made.
    pub(super) fn update(&mut self, change: &Change) -> Result<Answer> {
        let target = format!("{}{DRY}", self.place.one(&self.live));
        let body = change.apply(&self.live);
        let (code, status) = self.send(&exchange("PUT", target, &body))?;
        Ok(Answer::of(code, &status))
    }

    fn send(&mut self, exchange: &Exchange) -> Result<(u16, Value)> {
        let call = http::HttpRequest {
            method: &exchange.method,
            target: &exchange.target,
            accept: exchange.header("accept"),
            content_type: exchange.header("content-type"),
            agent: "exchange",
            user: "admin",
            body: exchange.body.as_bytes(),
        };
        let (response, encoding) = match http::read(&call, self.server.schemas()) {
            Ok((request, encoding)) => (self.server.handle(NOW, &request), encoding),
            Err(error) => (Response::from(error), http::Encoding::default()),
        };
        let answer = encoding.response(&response);
        let body = Value::from_json(&answer.body).context("the answer is JSON")?;
        Ok((answer.code, body))
    }
}
