//! Upstream's programs, started when the first case asks for them; they end when this is dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use toft_value::Value;

use crate::http::Proxy;
use crate::oracle;
use crate::plane::{Admission, Plane};

/// What has been started so far.
#[derive(Default)]
pub(crate) struct Programs {
    yaml: Option<YamlOracle>,
    server: Option<Server>,
    bare_server: Option<Server>,
}

/// An API server that started empty, with nothing behind it but its store.
pub(crate) struct Server {
    // Dropped before the plane that it speaks to.
    proxy: Proxy,
    _plane: Plane,
}

impl Server {
    fn start(admission: Admission) -> Result<Self> {
        let plane = Plane::start_api_server(admission)?;
        Ok(Self {
            proxy: Proxy::start(&plane)?,
            _plane: plane,
        })
    }
}

impl Programs {
    /// The port of an API server as it comes.
    pub(super) fn server(&mut self) -> Result<u16> {
        started(&mut self.server, || Server::start(Admission::Usual))
            .map(|server| server.proxy.port)
    }

    /// The port of an API server whose admission changes no object.
    pub(super) fn bare_server(&mut self) -> Result<u16> {
        let start = || Server::start(Admission::Off);
        started(&mut self.bare_server, start).map(|server| server.proxy.port)
    }

    /// The YAML libraries of kubectl and of kustomize.
    pub(crate) fn yaml(&mut self) -> Result<&mut YamlOracle> {
        started(&mut self.yaml, YamlOracle::start)
    }
}

fn started<T>(slot: &mut Option<T>, start: impl FnOnce() -> Result<T>) -> Result<&mut T> {
    if slot.is_none() {
        *slot = Some(start()?);
    }
    slot.as_mut().context("it has just been started")
}

/// `tests/oracles/yaml`: questions in, answers out.
pub(crate) struct YamlOracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl YamlOracle {
    fn start() -> Result<Self> {
        let mut command = Command::new(oracle::ensure("yaml")?);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("failed to start the YAML oracle")?;
        let questions = child.stdin.take().context("the input is piped")?;
        let answers = child.stdout.take().context("the output is piped")?;
        Ok(Self {
            child,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// What one of the libraries makes of a file: its documents, each a value or a refusal.
    pub(crate) fn read(&mut self, library: &str, text: &[u8]) -> Result<Vec<Document>> {
        let answer = self.ask(library, text)?;
        if let Some(error) = answer.str_at(&["error"]) {
            bail!("the YAML oracle failed: {error}");
        }
        let documents = answer.items_at(&["documents"]).iter().map(|document| {
            match (document.str_at(&["json"]), document.str_at(&["error"])) {
                (Some(json), _) => Ok(json.to_owned()),
                (None, error) => Err(error.unwrap_or_default().to_owned()),
            }
        });
        Ok(documents.collect())
    }

    /// What upstream writes for a value; `None` where it cannot.
    pub(crate) fn write(&mut self, json: &str) -> Result<Option<String>> {
        let answer = self.ask("write", json.as_bytes())?;
        Ok(answer.str_at(&["yaml"]).map(str::to_owned))
    }

    fn ask(&mut self, mode: &str, body: &[u8]) -> Result<Value> {
        let head = format!("{{\"mode\":\"{mode}\",\"bytes\":{}}}\n", body.len());
        self.questions
            .write_all(&[head.as_bytes(), body].concat())?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Value::from_json(line.as_bytes()).with_context(|| format!("the YAML oracle said `{line}`"))
    }
}

/// JSON, or what upstream refuses with.
pub(crate) type Document = Result<String, String>;

impl Drop for YamlOracle {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("   failed to end the YAML oracle: {error}");
        }
    }
}
