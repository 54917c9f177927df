//! A lab in a folder, the program that brings it up, and a client that speaks plain HTTP/1.0 over TLS.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use tempfile::TempDir;
use toft_host::StateDir;
use toft_server::Identity;
use toft_value::Value;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

const ROOT: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: root
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.org/lab.git
    path: apps
  destination:
    name: in-cluster
    namespace: default
  syncPolicy:
    automated: {prune: true, selfHeal: true}
";

const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  a: b
";

/// A small repository in a folder of its own.
pub(crate) struct Lab {
    folder: TempDir,
    /// Outside of the folder, which may be a repository.
    cache: TempDir,
}

/// A cluster that runs; it is killed when this is dropped.
pub(crate) struct Cluster {
    child: Child,
    address: String,
    identity: Identity,
    token: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The body as a document.
    pub(crate) fn value(&self) -> Value {
        Value::from_json(self.body.as_bytes()).unwrap()
    }
}

/// A connection that stays open from one request to the next.
pub(crate) struct Talk<'a> {
    cluster: &'a Cluster,
    stream: BufReader<Stream>,
}

impl Talk<'_> {
    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &str) -> Answer {
        let line = format!("{method} {target} HTTP/1.1");
        let head = self.cluster.client().head(&line, body.len());
        let stream = self.stream.get_mut();
        stream.write_all((head + body).as_bytes()).unwrap();
        stream.flush().unwrap();
        let (mut code, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if line.starts_with("HTTP/") {
                code = line.split(' ').nth(1).unwrap().parse().unwrap();
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { code, body }
    }
}

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

impl Lab {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("repository");
        fs::create_dir_all(repository.join("apps")).unwrap();
        fs::write(repository.join("root.yaml"), ROOT).unwrap();
        fs::write(repository.join("apps/settings.yaml"), SETTINGS).unwrap();
        Self {
            folder,
            cache: tempfile::tempdir().unwrap(),
        }
    }

    /// The repository of the example lab.
    pub(crate) fn example() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let example =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/k8s-nas/repository");
        copy(&example, &folder.path().join("repository"));
        Self {
            folder,
            cache: tempfile::tempdir().unwrap(),
        }
    }

    /// The folder that everything is in: the repository, and the state once there is one.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the repository.
    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toft"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TOFT_OFFLINE", "1")
            .env("TOFT_CACHE", self.cache.path())
            .env_remove("TOFT_STATE")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    /// Runs the program to its end.
    pub(crate) fn toft(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(&["up", "repository"]);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        command.stderr(log).spawn().unwrap()
    }

    /// Brings the lab up and waits until its door answers.
    pub(crate) fn up(&self, arguments: &[&str]) -> Cluster {
        let mut child = self.spawn(arguments);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = child.try_wait().unwrap();
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < deadline, "{}", log());
            let state = StateDir::find(self.folder.path().join(".toft"));
            let occupant = state.as_ref().and_then(StateDir::occupant);
            if let (Some(state), Some(occupant)) = (state, occupant)
                && occupant.pid == child.id()
                && let Some(address) = occupant.address
            {
                let identity = Identity::find(&state).unwrap().unwrap();
                let token = identity.token().to_owned();
                return Cluster {
                    child,
                    address,
                    identity,
                    token,
                };
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the program and kills it after a while, wherever it is then.
    pub(crate) fn spawn_and_kill(&self, life: Duration) {
        let mut child = self.spawn(&[]);
        thread::sleep(life);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Cluster {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Kills the program without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until the program ends by itself; gives its exit code.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// A client without the token.
    pub(crate) fn stranger(&self) -> Client<'_> {
        Client {
            cluster: self,
            token: "guess",
        }
    }

    fn client(&self) -> Client<'_> {
        Client {
            cluster: self,
            token: &self.token,
        }
    }

    pub(crate) fn ask(&self, method: &str, target: &str, body: &str) -> Answer {
        self.client().ask(method, target, body)
    }

    /// A connection that stays open from one request to the next.
    pub(crate) fn talk(&self) -> Talk<'_> {
        Talk {
            cluster: self,
            stream: BufReader::new(self.connect()),
        }
    }

    /// How everything stands, as soon as it has settled.
    pub(crate) fn settled(&self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let overview = self.ask("GET", "/toft/v1/overview", "").value();
            if overview.str_at(&["settled"]).is_some() {
                return overview;
            }
            assert!(Instant::now() < deadline, "{}", overview.to_json());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Says a request line as it is.
    pub(crate) fn say(&self, line: &str, body: &str) -> Answer {
        self.client().say(line, body)
    }

    /// The head of a request.
    pub(crate) fn head(&self, method: &str, target: &str, length: usize) -> String {
        self.client()
            .head(&format!("{method} {target} HTTP/1.0"), length)
    }

    /// A connection behind the TLS handshake.
    pub(crate) fn connect(&self) -> Stream {
        let socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let config = self.identity.client_config().unwrap();
        StreamOwned::new(ClientConnection::new(config, name).unwrap(), socket)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Somebody who asks.
pub(crate) struct Client<'a> {
    cluster: &'a Cluster,
    token: &'a str,
}

impl Client<'_> {
    pub(crate) fn ask(&self, method: &str, target: &str, body: &str) -> Answer {
        self.say(&format!("{method} {target} HTTP/1.0"), body)
    }

    fn head(&self, line: &str, length: usize) -> String {
        let token = self.token;
        format!(
            "{line}\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    }

    fn say(&self, line: &str, body: &str) -> Answer {
        let mut stream = self.cluster.connect();
        stream
            .write_all(self.head(line, body.len()).as_bytes())
            .unwrap();
        // The door may refuse before it has read everything, and may hang up without a farewell of TLS.
        drop(stream.write_all(body.as_bytes()));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Answer {
            code: code.unwrap_or_default(),
            body: body.to_owned(),
        }
    }
}
