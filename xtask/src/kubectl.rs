//! The kubectl suite: real clients against a cluster, their answers compared with a recording.
//!
//! A scenario is a folder below `tests/kubectl/`: `case.md`, the manifests it needs, `steps` (one
//! command in a line) and `expected.txt`, recorded from a real control plane. Each scenario has a
//! namespace of its own, named after it.

mod normal;
mod session;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::oracle::{self, Oracle};
use crate::parity::Score;
use crate::plane::Plane;
use crate::shell;

/// A client, and where its answers are kept: the two print some things otherwise.
struct Client {
    oracle: Oracle,
    expected: &'static str,
}

const CLIENTS: &[Client] = &[
    Client {
        oracle: oracle::KUBECTL,
        expected: "expected.txt",
    },
    Client {
        oracle: oracle::KUBECTL_OLDER,
        expected: "expected.older.txt",
    },
];

/// How long the simulated cluster may take until it answers.
const UP_SECONDS_MAX: u64 = 60;

/// `cargo x kubectl [--record | --plane] [SCENARIO]`: both clients against the simulated cluster; or record
/// from a real control plane, or compare the recording with one.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let only = args
        .iter()
        .map(String::as_str)
        .find(|arg| !arg.starts_with("--"));
    if args.iter().any(|arg| arg == "--record") {
        return with_plane(Mode::Record, only).map(drop);
    }
    if args.iter().any(|arg| arg == "--plane") {
        return told(&with_plane(Mode::Compare, only)?);
    }
    let binary = shell::build_debug("toft")?;
    let (mut passed, mut failed) = (0, 0);
    for client in CLIENTS {
        let simulated = Simulated::start(&binary)?;
        for scenario in scenarios(only)? {
            let (right, wrong) = compare(&scenario, client, &simulated.kubeconfig)?;
            passed += right;
            failed += wrong.len();
            for text in &wrong {
                println!("{text}");
            }
        }
    }
    println!("kubectl: {passed} passed, {failed} failed");
    if failed > 0 || passed == 0 {
        bail!("the simulated cluster answers otherwise than a real one");
    }
    Ok(())
}

/// Records every scenario from a real control plane, or compares the recording with it.
pub(crate) fn with_plane(mode: Mode, only: Option<&str>) -> Result<Score> {
    let plane = Plane::start()?;
    let mut score = Score::default();
    for client in CLIENTS {
        let program = client.oracle.ensure()?;
        for scenario in scenarios(only)? {
            let kubeconfig = plane.kubeconfig();
            match mode {
                Mode::Record => {
                    let transcript = session::run(&scenario, &program, kubeconfig)?;
                    std::fs::write(scenario.join(client.expected), session::print(&transcript))?;
                    score.equal += transcript.len();
                }
                Mode::Compare => {
                    let (equal, wrong) = compare(&scenario, client, kubeconfig)?;
                    score.equal += equal;
                    score.different.extend(wrong);
                }
            }
        }
    }
    Ok(score)
}

/// What is done with a real control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Its answers become the expectations.
    Record,
    /// Its answers are compared with the expectations.
    Compare,
}

fn told(score: &Score) -> Result<()> {
    for difference in &score.different {
        println!("{difference}");
    }
    println!(
        "kubectl: {} passed, {} failed",
        score.equal,
        score.different.len()
    );
    if !score.different.is_empty() || score.equal == 0 {
        bail!("the recording is not what a real control plane answers");
    }
    Ok(())
}

fn scenarios(only: Option<&str>) -> Result<Vec<PathBuf>> {
    let root = shell::root().join("tests/kubectl");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&root)? {
        let folder = entry?.path();
        let wanted = only.is_none_or(|only| folder.file_name().is_some_and(|name| name == only));
        if folder.join("steps").is_file() && wanted {
            found.push(folder);
        }
    }
    found.sort();
    if found.is_empty() {
        bail!("no scenario below `{}`", root.display());
    }
    Ok(found)
}

fn expected(scenario: &Path, client: &Client) -> Result<String> {
    let file = scenario.join(client.expected);
    std::fs::read_to_string(&file).with_context(|| format!("`{}` is not recorded", file.display()))
}

/// Plays a scenario; how many answers are as recorded, and what the others are.
///
/// Clusters work while clients ask. What differs is asked once more, so that only what differs twice counts.
fn compare(scenario: &Path, client: &Client, kubeconfig: &Path) -> Result<(usize, Vec<String>)> {
    let program = client.oracle.ensure()?;
    let expected = expected(scenario, client)?;
    let mut transcript = session::run(scenario, &program, kubeconfig)?;
    let mut wrong = session::differences(&expected, &transcript);
    if !wrong.is_empty() {
        transcript = session::run(scenario, &program, kubeconfig)?;
        wrong = session::differences(&expected, &transcript);
    }
    let name = scenario.file_name().unwrap_or_default().to_string_lossy();
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let told = wrong
        .iter()
        .map(|text| format!("{name} with {program}: {text}"));
    Ok((transcript.len() - wrong.len(), told.collect()))
}

/// A simulated cluster with an almost empty repository; it ends when this is dropped.
struct Simulated {
    child: Child,
    folder: PathBuf,
    kubeconfig: PathBuf,
}

impl Simulated {
    fn start(binary: &Path) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("toft-kubectl-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let kubeconfig = folder.join("state/kubeconfig");
        let log = std::fs::File::create(folder.join("toft.log"))?;
        let mut command = Command::new(binary);
        command
            .arg("up")
            .arg(shell::root().join("tests/kubectl/repository"));
        command
            .arg("--state")
            .arg(folder.join("state"))
            .stdin(Stdio::null());
        let child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
        let simulated = Self {
            child,
            folder,
            kubeconfig,
        };
        simulated.wait()?;
        Ok(simulated)
    }

    fn wait(&self) -> Result<()> {
        let client = oracle::KUBECTL.ensure()?;
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(UP_SECONDS_MAX) {
            let mut kubectl = Command::new(&client);
            kubectl
                .arg("--kubeconfig")
                .arg(&self.kubeconfig)
                .args(["get", "--raw", "/readyz"]);
            if self.kubeconfig.is_file() && shell::output(&mut kubectl)?.status.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(self.folder.join("toft.log")).unwrap_or_default();
        bail!("the simulated cluster did not come up in {UP_SECONDS_MAX} s:\n{log}")
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("   failed to end process {}: {error}", self.child.id());
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
