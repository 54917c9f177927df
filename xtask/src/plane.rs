//! A real Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, and kwok for nodes.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{oracle, shell};

/// How long the parts may take until they answer, on a loaded machine of two cores.
const READY_SECONDS_MAX: u64 = 120;

/// The token that the API server knows, in group `system:masters`.
const TOKEN: &str = "parity";

/// The nodes of the plane, named and sized as a fresh simulated cluster's.
const NODES: &[&str] = &["node-1", "node-2"];

/// Controllers and scheduler may ask as often as they like, so that nothing waits for its turn.
const BUSY: &[&str] = &["--kube-api-qps=500", "--kube-api-burst=1000"];

/// The admission plugins that change what is sent, or want objects that only controllers make.
const CHANGING_PLUGINS: &str = "DefaultStorageClass,DefaultTolerationSeconds,Priority,RuntimeClass,\
     ServiceAccount,StorageObjectInUseProtection,TaintNodesByCondition";

/// What an API server does to objects before it keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// What it does by itself.
    Usual,
    /// Nothing but defaults: what is asked is what its types say.
    Off,
}

/// A running control plane; it ends when this is dropped.
pub(crate) struct Plane {
    folder: PathBuf,
    children: Vec<Child>,
    kubeconfig: PathBuf,
    /// Whether the logs are of use after the end.
    keep: std::cell::Cell<bool>,
}

impl Plane {
    /// Starts every part and waits until the nodes are ready.
    pub(crate) fn start() -> Result<Self> {
        let mut plane = Self::start_api_server(Admission::Usual)?;
        plane.start_controllers()?;
        plane.wait(
            "the default service account",
            &["get", "serviceaccount", "default"],
        )?;
        plane.add_nodes()?;
        plane.wait(
            "the nodes",
            &[
                "wait",
                "--for=condition=Ready",
                "node",
                "--all",
                "--timeout=1s",
            ],
        )?;
        Ok(plane)
    }

    /// Starts store, API server, controllers and scheduler. Nodes are made by who wants them, and whatever
    /// they are said to be like stays so: there are no kubelets.
    pub(crate) fn start_control() -> Result<Self> {
        let mut plane = Self::start_api_server(Admission::Usual)?;
        plane.start_managers(&["--node-monitor-grace-period=24h"])?;
        plane.wait(
            "the default service account",
            &["get", "serviceaccount", "default"],
        )?;
        Ok(plane)
    }

    /// Starts the API server and its store alone: nothing happens but what requests do.
    pub(crate) fn start_api_server(admission: Admission) -> Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("toft-plane-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        let kubeconfig = folder.join("kubeconfig");
        let mut plane = Self {
            folder,
            children: Vec::new(),
            kubeconfig,
            keep: std::cell::Cell::new(false),
        };
        let etcd = plane.start_etcd()?;
        let port = plane.start_apiserver(&etcd, admission)?;
        plane.write_kubeconfig(port)?;
        plane.wait("the API server", &["get", "--raw", "/readyz"])?;
        Ok(plane)
    }

    /// The kubeconfig of a user who may do everything.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    fn spawn(&mut self, oracle: &str, args: &[String]) -> Result<()> {
        let program = oracle::ensure(oracle)?;
        let log = std::fs::File::create(self.folder.join(format!("{oracle}.log")))?;
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("failed to start {oracle}"))?;
        self.children.push(child);
        Ok(())
    }

    fn start_etcd(&mut self) -> Result<String> {
        let (client, peer) = (address(free_port()?), address(free_port()?));
        let data = self.folder.join("etcd").display().to_string();
        let args = [
            format!("--data-dir={data}"),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--unsafe-no-fsync=true".to_owned(),
        ];
        self.spawn("etcd", &args)?;
        Ok(client)
    }

    fn start_apiserver(&mut self, etcd: &str, admission: Admission) -> Result<u16> {
        let key = self.folder.join("service-account.key");
        let mut openssl = Command::new("openssl");
        openssl
            .args(["genrsa", "-out"])
            .arg(&key)
            .arg("2048")
            .stderr(Stdio::null());
        shell::run(&mut openssl)?;
        let tokens = self.folder.join("tokens.csv");
        std::fs::write(&tokens, format!("{TOKEN},admin,admin,system:masters\n"))?;
        let port = free_port()?;
        let (key, folder) = (key.display(), self.folder.display());
        let mut args = vec![
            format!("--etcd-servers={etcd}"),
            format!("--secure-port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--cert-dir={folder}/certificates"),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={key}"),
            format!("--service-account-signing-key-file={key}"),
            "--allow-privileged=true".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            format!("--token-auth-file={}", tokens.display()),
            "--service-cluster-ip-range=10.43.0.0/16".to_owned(),
        ];
        if admission == Admission::Off {
            args.push(format!("--disable-admission-plugins={CHANGING_PLUGINS}"));
        }
        self.spawn("kube-apiserver", &args)?;
        Ok(port)
    }

    fn start_controllers(&mut self) -> Result<()> {
        self.start_managers(&[])?;
        let mut kwok = vec![
            format!("--kubeconfig={}", self.kubeconfig.display()),
            "--manage-all-nodes=true".to_owned(),
        ];
        kwok.extend(
            stages()?
                .iter()
                .map(|file| format!("--config={}", file.display())),
        );
        self.spawn("kwok", &kwok)
    }

    fn start_managers(&mut self, more: &[&str]) -> Result<()> {
        let kubeconfig = format!("--kubeconfig={}", self.kubeconfig.display());
        let key = self
            .folder
            .join("service-account.key")
            .display()
            .to_string();
        let mut manager = vec![
            kubeconfig.clone(),
            "--secure-port=0".to_owned(),
            "--leader-elect=false".to_owned(),
            "--use-service-account-credentials=false".to_owned(),
            format!("--service-account-private-key-file={key}"),
        ];
        manager.extend(BUSY.iter().chain(more).map(|&flag| flag.to_owned()));
        self.spawn("kube-controller-manager", &manager)?;
        let mut scheduler = vec![
            kubeconfig,
            "--secure-port=0".to_owned(),
            "--leader-elect=false".to_owned(),
        ];
        scheduler.extend(BUSY.iter().map(|&flag| flag.to_owned()));
        self.spawn("kube-scheduler", &scheduler)
    }

    fn add_nodes(&self) -> Result<()> {
        for name in NODES {
            let node = format!(
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}","labels":{{"kubernetes.io/hostname":"{name}","kubernetes.io/os":"linux","kubernetes.io/arch":"amd64"}}}},"status":{{"capacity":{{"cpu":"8","memory":"32Gi","pods":"110"}},"allocatable":{{"cpu":"8","memory":"32Gi","pods":"110"}}}}}}"#
            );
            let file = self.folder.join(format!("{name}.json"));
            std::fs::write(&file, node)?;
            shell::run(
                self.kubectl()?
                    .args(["create", "-f"])
                    .arg(file)
                    .stdout(Stdio::null()),
            )?;
        }
        Ok(())
    }

    fn write_kubeconfig(&self, port: u16) -> Result<()> {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Config","current-context":"plane",
"clusters":[{{"name":"plane","cluster":{{"server":"https://127.0.0.1:{port}","insecure-skip-tls-verify":true}}}}],
"contexts":[{{"name":"plane","context":{{"cluster":"plane","user":"admin"}}}}],
"users":[{{"name":"admin","user":{{"token":"{TOKEN}"}}}}]}}"#
        );
        Ok(std::fs::write(&self.kubeconfig, text)?)
    }

    /// The client of the plane.
    pub(crate) fn kubectl(&self) -> Result<Command> {
        let mut kubectl = Command::new(oracle::KUBECTL.ensure()?);
        kubectl
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .env("HOME", &self.folder);
        Ok(kubectl)
    }

    fn wait(&self, what: &str, args: &[&str]) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(READY_SECONDS_MAX) {
            if shell::output(self.kubectl()?.args(args))?.status.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        self.keep.set(true);
        bail!(
            "{what} did not come up in {READY_SECONDS_MAX} s; the logs are in {}",
            self.folder.display()
        )
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        // In the order of who needs whom: the store last.
        for child in self.children.iter_mut().rev() {
            let ended = child.kill().and_then(|()| child.wait());
            if let Err(error) = ended {
                eprintln!("   failed to end process {}: {error}", child.id());
            }
        }
        if !self.keep.get() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}

/// How kwok is to move nodes and pods along: the fast stages of its own sources.
fn stages() -> Result<Vec<PathBuf>> {
    let module = shell::root().join("tests/oracles/kwok");
    let mut download = Command::new("go");
    download
        .args(["mod", "download", "sigs.k8s.io/kwok"])
        .current_dir(&module);
    shell::run(&mut download)?;
    let mut list = Command::new("go");
    list.args(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"])
        .current_dir(&module);
    let folder = String::from_utf8_lossy(&shell::output(&mut list)?.stdout)
        .trim()
        .to_owned();
    let mut files = Vec::new();
    for stage in ["node/fast", "node/heartbeat-with-lease", "pod/fast"] {
        for entry in std::fs::read_dir(Path::new(&folder).join("kustomize/stage").join(stage))? {
            let file = entry?.path();
            let is_yaml = file
                .extension()
                .is_some_and(|extension| extension == "yaml");
            if is_yaml && !file.ends_with("kustomization.yaml") {
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
