//! Upstream's programs, started when the first case asks for them; they end when this is dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
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
        started(&mut self.server, || Server::start(Admission::Usual)).map(|server| server.proxy.port)
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

    /// Asks one question; `Err` within is what upstream refuses with.
    pub(crate) fn ask(&mut self, mode: &str, body: &[u8]) -> Result<Result<String, String>> {
        let head = format!("{{\"mode\":\"{mode}\",\"bytes\":{}}}\n", body.len());
        self.questions.write_all(&[head.as_bytes(), body].concat())?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer = Value::from_json(line.as_bytes())?;
        if let Some(error) = answer.str_at(&["error"]) {
            return Ok(Err(error.to_owned()));
        }
        let text = answer.str_at(&["json"]).or(answer.str_at(&["yaml"]));
        Ok(Ok(text.unwrap_or_default().to_owned()))
    }
}

impl Drop for YamlOracle {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("   failed to end the YAML oracle: {error}");
        }
    }
}
