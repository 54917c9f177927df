//! A cluster from start to end: what it takes in, what it heals, how it stops and goes on.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use toft_value::Value;

use crate::cluster::{Cluster, Lab};

const SETTINGS: &str = "/api/v1/namespaces/default/configmaps/settings";

/// How long a change may take on a busy machine: two looks at the files, and a sync.
const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until the lab's ConfigMap says something, or is not there.
fn wait_for(cluster: &Cluster, wanted: Option<&str>) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = cluster.ask("GET", SETTINGS, "");
        let object = answer.value();
        let says = (answer.code == 200)
            .then(|| object.str_at(&["data", "a"]))
            .flatten();
        if says == wanted {
            return object;
        }
        assert!(Instant::now() < deadline, "{}", answer.body);
        thread::sleep(Duration::from_millis(50));
    }
}

fn save(lab: &Lab, says: &str) {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: {says}\n"
    );
    fs::write(lab.repository().join("apps/settings.yaml"), text).unwrap();
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
    ]);
    let output = git.args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_file_that_is_saved_is_synced_while_somebody_watches() {
    let lab = Lab::new();
    let cluster = lab.up(&["--watch"]);
    wait_for(&cluster, Some("b"));
    save(&lab, "saved");
    wait_for(&cluster, Some("saved"));
    // A file that is no YAML for a moment takes nothing away.
    fs::write(lab.repository().join("apps/settings.yaml"), "data: [\n").unwrap();
    thread::sleep(Duration::from_secs(3));
    wait_for(&cluster, Some("saved"));
    save(&lab, "again");
    wait_for(&cluster, Some("again"));
}

#[test]
fn a_commit_is_synced_and_what_is_not_committed_is_not() {
    let lab = Lab::new();
    git(&lab.repository(), &["init", "-q"]);
    git(&lab.repository(), &["add", "-A"]);
    git(&lab.repository(), &["commit", "-qm", "lab"]);
    let cluster = lab.up(&[]);
    wait_for(&cluster, Some("b"));
    save(&lab, "committed");
    thread::sleep(Duration::from_secs(4));
    wait_for(&cluster, Some("b"));
    git(&lab.repository(), &["commit", "-qam", "change"]);
    wait_for(&cluster, Some("committed"));
}

#[test]
fn what_somebody_deletes_or_edits_comes_back_as_git_has_it() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    cluster.settled();
    let uid = |object: &Value| object.str_at(&["metadata", "uid"]).map(str::to_owned);
    let first = uid(&wait_for(&cluster, Some("b")));
    assert_eq!(cluster.ask("DELETE", SETTINGS, "").code, 200);
    let second = uid(&wait_for(&cluster, Some("b")));
    assert_ne!(first, second);
    let object = cluster
        .ask("GET", SETTINGS, "")
        .body
        .replace("\"a\":\"b\"", "\"a\":\"edited\"");
    let edited = cluster.ask("PUT", SETTINGS, &object);
    assert_eq!(edited.code, 200, "{}", edited.body);
    assert_eq!(edited.value().str_at(&["data", "a"]), Some("edited"));
    assert_eq!(uid(&wait_for(&cluster, Some("b"))), second);
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let lab = Lab::new();
    let revision = |cluster: &Cluster| {
        let list = cluster.ask("GET", "/api/v1/namespaces", "").value();
        list.str_at(&["metadata", "resourceVersion"])
            .map(str::to_owned)
    };
    let cluster = lab.up(&[]);
    cluster.settled();
    assert_eq!(lab.toft(&["down"]).status.code(), Some(0));
    assert_eq!(cluster.wait(), Some(0));
    let cluster = lab.up(&[]);
    cluster.settled();
    let before = revision(&cluster);
    assert_eq!(lab.toft(&["down"]).status.code(), Some(0));
    assert_eq!(cluster.wait(), Some(0));
    let cluster = lab.up(&[]);
    cluster.settled();
    assert_eq!(revision(&cluster), before);
}

#[test]
fn ctrl_c_and_term_end_it_with_their_codes_and_everything_kept() {
    let lab = Lab::new();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let cluster = lab.up(&[]);
        let name = format!("kept-{signal}").to_lowercase();
        let body = format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\"}}}}"
        );
        let target = "/api/v1/namespaces/default/configmaps";
        assert_eq!(cluster.ask("POST", target, &body).code, 201);
        cluster.signal(signal);
        assert_eq!(cluster.wait(), Some(code), "{signal}");
        let again = lab.up(&[]);
        assert_eq!(again.ask("GET", &format!("{target}/{name}"), "").code, 200);
    }
}

#[test]
fn whoever_asks_from_another_terminal_is_told() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    cluster.settled();
    let table = lab.toft(&["status"]);
    assert_eq!(table.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&table.stdout).starts_with("APP    SYNC     HEALTH"));
    let running = format!("The cluster is running at https://{} ", cluster.address());
    assert!(
        String::from_utf8_lossy(&table.stderr).starts_with(&running),
        "{table:?}"
    );
    let json = lab.toft(&["status", "-o", "json", "--quiet"]);
    let overview = Value::from_json(&json.stdout).unwrap();
    assert_eq!(overview.str_at(&["kind"]), Some("Overview"));
    assert_eq!(overview.str_at(&["settled"]), Some("done"));
    assert!(json.stderr.is_empty(), "{json:?}");
    let yaml = lab.toft(&["status", "-o", "yaml"]);
    assert!(String::from_utf8_lossy(&yaml.stdout).starts_with("apiVersion: toft.dev/v1\n"));
    // One process per state; the second says so.
    let second = lab.toft(&["up", "repository"]);
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        said.starts_with("error: the state in `.toft` is in use by process"),
        "{said}"
    );
}

#[test]
fn the_port_is_the_one_that_is_asked_for_and_stays() {
    let lab = Lab::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let port = address.rsplit(':').next().unwrap();
    let cluster = lab.up(&["--port", port]);
    assert_eq!(cluster.address(), address);
    cluster.kill();
    assert_eq!(lab.up(&[]).address(), address);
}

#[test]
fn when_time_is_up_it_says_so_and_keeps_what_was_done() {
    let lab = Lab::example();
    let ended = lab.toft(&["up", "repository", "--once", "--timeout", "0s"]);
    assert_eq!(ended.status.code(), Some(4));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        said.contains("error: not everything settled within 0s\n"),
        "{said}"
    );
    assert!(said.contains("help: what was done is kept; run the same command again to go on\n"));
    let again = lab.toft(&["up", "repository", "--once", "--quiet"]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert!(again.stderr.is_empty(), "{again:?}");
}

#[test]
fn a_full_disk_is_told_and_what_was_kept_stays_good() {
    /// In blocks of 512 bytes: a fresh state fits, the whole lab does not.
    const BLOCKS: &str = "3000";
    let lab = Lab::example();
    // A process that ignores the signal is told by the file system, as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" up repository --once");
    let mut full = Command::new("sh");
    full.args(["-c", &script, env!("CARGO_BIN_EXE_toft")]);
    let full = full.current_dir(lab.folder()).output().unwrap();
    let said = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(2), "{said}");
    assert!(
        said.contains("error: failed to write the state in `.toft/state.redb`\n"),
        "{said}"
    );
    assert!(said.contains("help: what was answered is kept;"), "{said}");
    let again = lab.toft(&["up", "repository", "--once"]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
}

#[test]
fn every_shell_has_its_completions() {
    let lab = Lab::new();
    let shells = [
        ("bash", "_toft() {"),
        ("zsh", "#compdef toft"),
        ("fish", "complete -c toft"),
        ("elvish", "set edit:completion:arg-completer[toft]"),
        ("powershell", "Register-ArgumentCompleter"),
    ];
    for (shell, mark) in shells {
        let script = lab.toft(&["completion", shell]);
        assert_eq!(script.status.code(), Some(0));
        let script = String::from_utf8_lossy(&script.stdout).into_owned();
        assert!(script.contains(mark), "{shell}: {script}");
        for word in ["up", "build", "status", "--load-restrictor", "--strict"] {
            let bare = word.trim_start_matches('-');
            assert!(script.contains(bare), "{shell} does not know {word}");
        }
    }
}

#[test]
fn git_sees_nothing_of_the_state() {
    let lab = Lab::new();
    git(lab.folder(), &["init", "-q"]);
    git(lab.folder(), &["add", "-A"]);
    git(lab.folder(), &["commit", "-qm", "lab"]);
    let once = lab.toft(&["up", "repository", "--once"]);
    assert_eq!(once.status.code(), Some(0), "{once:?}");
    assert!(lab.folder().join(".toft/kubeconfig").is_file());
    let mut git = Command::new("git");
    let status = git
        .args(["status", "--porcelain"])
        .current_dir(lab.folder())
        .output()
        .unwrap();
    assert!(status.stdout.is_empty(), "{status:?}");
}

#[test]
fn what_applying_would_change_is_told_and_not_done() {
    let lab = Lab::new();
    let diff = |more: &[&str]| {
        let arguments = [
            &[
                "diff",
                "--live",
                "--exit-code",
                "--repository",
                "repository",
            ],
            more,
        ]
        .concat();
        let output = lab.toft(&arguments);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), text)
    };
    assert_eq!(diff(&[]).0, Some(2), "no state yet");
    let cluster = lab.up(&[]);
    cluster.settled();
    assert_eq!(
        diff(&[]),
        (
            Some(0),
            "No application changes (1 stay as they are)\n".to_owned()
        )
    );
    save(&lab, "saved");
    let (code, text) = diff(&[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("-   a: b") && text.contains("+   a: saved"),
        "{text}"
    );
    fs::remove_file(lab.repository().join("apps/settings.yaml")).unwrap();
    let other =
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: other\nstringData:\n  a: hidden\n";
    fs::write(lab.repository().join("apps/other.yaml"), other).unwrap();
    let (code, text) = diff(&["-o", "markdown"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("settings") && text.contains("other") && !text.contains("hidden"),
        "{text}"
    );
    // A tree that was given when the cluster began stays what the cluster has.
    wait_for(&cluster, Some("b"));
    assert_eq!(lab.toft(&["down"]).status.code(), Some(0));
    let (code, text) = diff(&[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("no cluster runs with the state in `.toft`"),
        "{text}"
    );
}
