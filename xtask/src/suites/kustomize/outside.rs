//! What a case has outside its tree: repositories that `git` finds below the case, and files that a proxy
//! on this machine gives.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// What a case names as being outside, until it is dropped.
pub(super) struct Outside {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Outside {
    /// Prepares what `case.md` names; `None` where it names nothing.
    pub(super) fn of(case: &Path, about: &str) -> Result<Option<Self>> {
        let words = |name: &str| -> Vec<Vec<String>> {
            let prefix = format!("- {name}: `");
            let lines = about.lines().filter_map(|line| line.strip_prefix(&prefix));
            let words = |line: &str| line.split('`').map(str::to_owned).collect();
            lines.map(words).collect()
        };
        let (repositories, files) = (words("repository"), words("file"));
        if repositories.is_empty() && files.is_empty() {
            return Ok(None);
        }
        let name = format!("toft-outside-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let mut outside = Self {
            folder,
            environment: Vec::new(),
        };
        for (at, words) in repositories.iter().enumerate() {
            let [address, _, revision, _, from, ..] = words.as_slice() else {
                anyhow::bail!("a line about a repository is incomplete");
            };
            outside.repository(at, (&case.join("outside").join(from), address, revision))?;
        }
        outside.set("GIT_CONFIG_COUNT", repositories.len().to_string());
        let mut served = BTreeMap::new();
        for words in &files {
            let [address, _, from, ..] = words.as_slice() else {
                anyhow::bail!("a line about a file is incomplete");
            };
            let bytes = std::fs::read(case.join("outside").join(from))?;
            served.insert(address.clone(), bytes);
        }
        let proxy = serve(served)?;
        outside.set("HTTP_PROXY", proxy.clone());
        outside.set("HTTPS_PROXY", proxy);
        Ok(Some(outside))
    }

    fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.environment.push((name.into(), value.into()));
    }

    /// Makes a repository whose one commit has a tag, and the default branch.
    fn repository(
        &mut self,
        at: usize,
        (from, address, revision): (&Path, &str, &str),
    ) -> Result<()> {
        let folder = self.folder.join(at.to_string());
        std::fs::create_dir_all(&folder)?;
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(&folder);
            command.args(["-c", "user.name=case", "-c", "user.email=case@example.org"]);
            let output = shell::output(command.args(args))?;
            anyhow::ensure!(output.status.success(), "`git {}` failed", args.join(" "));
            anyhow::Ok(())
        };
        let source = from.join(".");
        let source = source.to_str().context("the checkout's path is UTF-8")?;
        shell::run(Command::new("cp").args(["-r", source]).arg(&folder))?;
        git(&["init", "-q"])?;
        git(&["add", "-A"])?;
        git(&["commit", "-qm", "case"])?;
        if !revision.is_empty() {
            git(&["tag", revision])?;
        }
        let key = format!("url.{}.insteadOf", folder.display());
        self.set(format!("GIT_CONFIG_KEY_{at}"), key);
        self.set(format!("GIT_CONFIG_VALUE_{at}"), address);
        Ok(())
    }

    /// Lets a program see the outside.
    pub(super) fn show(&self, command: &mut Command) {
        let environment = self.environment.iter();
        command.envs(environment.map(|(name, value)| (name, value)));
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // What is left in the folder for temporary files does no harm.
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Answers requests for the files, and 404 for everything else, as long as this program runs.
fn serve(files: BTreeMap<String, Vec<u8>>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who asked and went away gets no answer.
            answer(stream, &files).ok();
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().context("there is no request")??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let asked = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match files.get(asked) {
        Some(bytes) => ("200 OK", bytes.as_slice()),
        None => ("404 Not Found", b"".as_slice()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    Ok(())
}
