//! Commits of a repository that a real Git serves.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use toft_host::{Look, Whence};
use toft_source::{Remote, RepoPath};

use crate::server::{Asked, Reply, Server};
use crate::{Home, text};

fn git(folder: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "init.defaultBranch=main",
    ]);
    git.args([
        "-c",
        "commit.gpgsign=false",
        "-c",
        "tag.gpgsign=false",
        "-c",
        "protocol.file.allow=always",
    ]);
    let output = git.args(args).current_dir(folder).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A repository with two commits, a tag with words of its own, a link and a submodule.
struct Upstream {
    folder: PathBuf,
    first: String,
    second: String,
}

impl Upstream {
    fn new(home: &Home) -> Self {
        let folder = home.path().join("upstream");
        std::fs::create_dir_all(folder.join("base")).unwrap();
        git(&folder, &["init", "-q"]);
        let write = |path: &str, text: &str| std::fs::write(folder.join(path), text).unwrap();
        // Long and repeated, so that the pack has differences in it.
        let long: String = "one line as long as many\n".repeat(2_000);
        write("base/kustomization.yaml", "resources: [a.yaml]\n");
        write("base/a.yaml", "number: 1\n");
        write("long.yaml", &long);
        std::os::unix::fs::symlink("base/a.yaml", folder.join("link.yaml")).unwrap();
        git(&folder, &["add", "."]);
        git(&folder, &["commit", "-qm", "first"]);
        let first = git(&folder, &["rev-parse", "HEAD"]);
        git(&folder, &["tag", "-am", "words", "v1.0.0"]);
        write("base/a.yaml", "number: 2\n");
        write("long2.yaml", &format!("{long}more: true\n"));
        git(&folder, &["add", "."]);
        git(
            &folder,
            &[
                "update-index",
                "--add",
                "--cacheinfo",
                &format!("160000,{first},module"),
            ],
        );
        git(&folder, &["commit", "-qm", "second"]);
        let second = git(&folder, &["rev-parse", "HEAD"]);
        git(&folder, &["tag", "v1.1.0"]);
        git(&folder, &["branch", "feature/x", &first]);
        Self {
            folder,
            first,
            second,
        }
    }

    /// Served as Git serves over HTTP.
    fn serve(&self) -> Server {
        let folder = self.folder.clone();
        Server::start(move |asked| serve(&folder, asked))
    }
}

fn serve(folder: &Path, asked: &Asked) -> Reply {
    let is_advertisement = match asked.path.as_str() {
        "/me/lab.git/info/refs?service=git-upload-pack" => true,
        "/me/lab.git/git-upload-pack" => false,
        _ => return Reply::code(404),
    };
    let mut git = Command::new("git");
    git.args(["upload-pack", "--stateless-rpc"]);
    if is_advertisement {
        git.arg("--advertise-refs");
    }
    git.arg(folder).env(
        "GIT_PROTOCOL",
        asked.header("git-protocol").unwrap_or_default(),
    );
    git.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = git.spawn().unwrap();
    child.stdin.take().unwrap().write_all(&asked.body).unwrap();
    let output = child.wait_with_output().unwrap();
    let mut body = Vec::new();
    if is_advertisement {
        body.extend(b"001e# service=git-upload-pack\n0000");
    }
    body.extend(output.stdout);
    Reply::ok(body)
}

fn at(server: &Server, revision: &str) -> Remote {
    Remote::Git {
        repository: server.url("/me/lab.git").into(),
        revision: revision.into(),
    }
}

#[test]
fn a_revision_is_a_branch_a_tag_or_a_commit() {
    let home = Home::new();
    let upstream = Upstream::new(&home);
    let server = upstream.serve();
    let (first, second) = (upstream.first.as_str(), upstream.second.as_str());
    for (revision, commit, number) in [
        ("", second, 2),
        ("HEAD", second, 2),
        ("main", second, 2),
        ("refs/heads/main", second, 2),
        ("feature/x", first, 1),
        ("v1.0.0", first, 1),
        ("v1.1.0", second, 2),
        ("tags/v1.0.0", first, 1),
        (first, first, 1),
        (second, second, 2),
        ("~1.0", first, 1),
        ("1.x", second, 2),
    ] {
        let brought = home
            .fetcher(Look::Again)
            .bring(&at(&server, revision))
            .unwrap();
        assert_eq!(brought.entry.version, commit, "{revision}");
        assert_eq!(
            text(&brought, "base/a.yaml"),
            format!("number: {number}\n"),
            "{revision}"
        );
        assert_eq!(
            text(&brought, "link.yaml"),
            format!("number: {number}\n"),
            "{revision}"
        );
        let is_there = |path: &str| {
            brought
                .tree
                .kind(&RepoPath::parse(path).unwrap())
                .unwrap()
                .is_some()
        };
        assert_eq!(is_there("long2.yaml"), number == 2);
        assert!(!is_there("module") && !is_there(".git"));
    }
}

#[test]
fn a_commit_is_fetched_once_and_a_branch_when_that_is_asked_for() {
    let home = Home::new();
    let upstream = Upstream::new(&home);
    let server = upstream.serve();
    let main = at(&server, "main");
    home.fetcher(Look::Missing).bring(&main).unwrap();
    std::fs::write(upstream.folder.join("base/a.yaml"), "number: 3\n").unwrap();
    git(&upstream.folder, &["commit", "-qam", "third"]);
    let number = |look| text(&home.fetcher(look).bring(&main).unwrap(), "base/a.yaml");
    assert_eq!(number(Look::Missing), "number: 2\n");
    assert_eq!(number(Look::Again), "number: 3\n");
    // The commit that the branch was is known by its own name, without the server.
    drop(server.url(""));
    let server_gone = at(&server, &upstream.second);
    assert_eq!(
        home.fetcher(Look::Offline)
            .bring(&server_gone)
            .unwrap()
            .whence,
        Whence::Cache
    );
}

#[test]
fn the_history_is_not_fetched() {
    let home = Home::new();
    let upstream = Upstream::new(&home);
    let server = upstream.serve();
    home.fetcher(Look::Missing)
        .bring(&at(&server, "main"))
        .unwrap();
    let asked = server.asked();
    let last = String::from_utf8_lossy(&asked.last().unwrap().body).into_owned();
    assert!(
        last.contains("deepen 1") && last.contains(&format!("want {}", upstream.second)),
        "{last}"
    );
    assert_eq!(asked.len(), 3);
}

#[test]
fn what_a_repository_does_not_have_is_told() {
    let home = Home::new();
    let upstream = Upstream::new(&home);
    let server = upstream.serve();
    for revision in ["nope", "^9", "0123456789012345678901234567890123456789"] {
        let error = home.error(&at(&server, revision));
        assert!(
            error.contains(&format!("has no branch, tag or commit `{revision}`")),
            "{error}"
        );
    }
    let elsewhere = Remote::Git {
        repository: server.url("/me/other.git").into(),
        revision: "main".into(),
    };
    assert!(home.error(&elsewhere).contains("answers 404"));
}

#[test]
fn what_is_no_repository_is_told() {
    for (body, why) in [
        ("<html>sign in</html>", "it is no Git repository"),
        (
            "001e# service=git-upload-pack\n0000000eversion 1\n0000",
            "does not speak the second version",
        ),
        ("000eversion 2\n0019object-format=sha256\n0000", "SHA-256"),
    ] {
        let home = Home::new();
        let server = Server::start(move |_| Reply::ok(body));
        let error = home.error(&at(&server, "main"));
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_broken_pack_is_told_and_not_kept() {
    for damage in [100, 300] {
        let home = Home::new();
        let upstream = Upstream::new(&home);
        let folder = upstream.folder.clone();
        let server = Server::start(move |asked| {
            let mut reply = serve(&folder, asked);
            if String::from_utf8_lossy(&asked.body).contains("command=fetch") {
                let end = reply.body.len() - damage;
                reply.body[end] ^= 0x55;
            }
            reply
        });
        let wanted = at(&server, "main");
        assert!(home.fetcher(Look::Missing).bring(&wanted).is_err());
        assert!(home.fetcher(Look::Offline).bring(&wanted).is_err());
    }
}
