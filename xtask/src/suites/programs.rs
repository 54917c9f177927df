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
    schema: Option<Oracle>,
    yaml: Option<YamlOracle>,
    server: Option<Server>,
    bare_server: Option<Server>,
    control: Option<Server>,
}

/// An API server that started empty, with nothing behind it but its store, or with its controllers.
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
    pub(crate) fn server(&mut self) -> Result<u16> {
        started(&mut self.server, || Server::start(Admission::Usual))
            .map(|server| server.proxy.port)
    }

    /// The port of an API server whose admission changes no object.
    pub(super) fn bare_server(&mut self) -> Result<u16> {
        let start = || Server::start(Admission::Off);
        started(&mut self.bare_server, start).map(|server| server.proxy.port)
    }

    /// The port of an API server with controllers and scheduler, and no nodes.
    pub(super) fn control(&mut self) -> Result<u16> {
        let start = || {
            let plane = Plane::start_control()?;
            Ok(Server {
                proxy: Proxy::start(&plane)?,
                _plane: plane,
            })
        };
        started(&mut self.control, start).map(|server| server.proxy.port)
    }

    /// The YAML libraries of kubectl and of kustomize.
    pub(crate) fn yaml(&mut self) -> Result<&mut YamlOracle> {
        started(&mut self.yaml, || Oracle::start("yaml").map(YamlOracle))
    }

    /// The libraries that the API server makes objects with.
    pub(super) fn schema(&mut self) -> Result<&mut Oracle> {
        started(&mut self.schema, || Oracle::start("schema"))
    }
}

fn started<T>(slot: &mut Option<T>, start: impl FnOnce() -> Result<T>) -> Result<&mut T> {
    if slot.is_none() {
        *slot = Some(start()?);
    }
    slot.as_mut().context("it has just been started")
}

/// A program that answers each question with a line of JSON.
pub(crate) struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    fn start(name: &str) -> Result<Self> {
        let mut command = Command::new(oracle::ensure(name)?);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("failed to start the oracle `{name}`"))?;
        let questions = child.stdin.take().context("the input is piped")?;
        let answers = child.stdout.take().context("the output is piped")?;
        Ok(Self {
            child,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// Asks one question.
    pub(super) fn ask(&mut self, question: &[u8]) -> Result<Value> {
        self.questions.write_all(question)?;
        self.questions.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Value::from_json(line.as_bytes()).with_context(|| format!("the oracle said `{line}`"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("   failed to end an oracle: {error}");
        }
    }
}

/// `tests/oracles/yaml`: the libraries of kubectl and of kustomize.
pub(crate) struct YamlOracle(Oracle);

impl YamlOracle {
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
        self.0.ask(&[head.as_bytes(), body].concat())
    }
}

/// JSON, or what upstream refuses with.
pub(crate) type Document = Result<String, String>;
