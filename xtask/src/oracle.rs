//! Upstream's own programs, built from pinned Go modules into a cache outside the tree.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// One upstream program.
pub(crate) struct Oracle {
    /// The file name in the cache: program and version.
    name: &'static str,
    /// The folder below `tests/oracles/` whose `go.mod` pins it.
    module: &'static str,
    /// The Go package.
    package: &'static str,
    /// What the linker is told, mostly the version that the program prints.
    linker: &'static str,
}

/// The digest FNV-1a with 64 bits: it tells sources apart, nobody has a reason to deceive it.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

const KUBERNETES: &str = "-X k8s.io/component-base/version.gitVersion=v1.36.3 \
     -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";

pub(crate) const KUBECTL: Oracle = kubernetes("kubectl-1.36.3", "k8s.io/kubernetes/cmd/kubectl");
pub(crate) const KUBECTL_OLDER: Oracle = Oracle {
    name: "kubectl-1.32.13",
    module: "kubectl-1.32",
    package: "k8s.io/kubernetes/cmd/kubectl",
    linker: "-X k8s.io/component-base/version.gitVersion=v1.32.13 \
         -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=32",
};
pub(crate) const KUSTOMIZE: Oracle = Oracle {
    name: "kustomize-5.8.2",
    module: "kustomize",
    package: "sigs.k8s.io/kustomize/kustomize/v5",
    linker: "-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.2",
};

/// Alphabetical.
const ORACLES: &[Oracle] = &[
    Oracle {
        name: "argocd-3.2.0",
        module: "argocd",
        package: "toft.test/oracles/argocd",
        linker: "",
    },
    Oracle {
        name: "etcd-3.6.1",
        module: "etcd",
        package: "go.etcd.io/etcd/server/v3",
        linker: "",
    },
    Oracle {
        name: "helm-3.22.0",
        module: "helm3",
        package: "helm.sh/helm/v3/cmd/helm",
        linker: "-X helm.sh/helm/v3/internal/version.version=v3.22.0 \
             -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37",
    },
    Oracle {
        name: "helm-4.3.1",
        module: "helm4",
        package: "helm.sh/helm/v4/cmd/helm",
        linker: "",
    },
    Oracle {
        name: "helm3-cases",
        module: "helm3",
        package: "toft.test/oracles/helm3",
        linker: "",
    },
    Oracle {
        name: "helm4-cases",
        module: "helm4",
        package: "toft.test/oracles/helm4",
        linker: "",
    },
    kubernetes(
        "kube-apiserver-1.36.3",
        "k8s.io/kubernetes/cmd/kube-apiserver",
    ),
    kubernetes(
        "kube-controller-manager-1.36.3",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    kubernetes(
        "kube-scheduler-1.36.3",
        "k8s.io/kubernetes/cmd/kube-scheduler",
    ),
    KUBECTL_OLDER,
    KUBECTL,
    KUSTOMIZE,
    Oracle {
        name: "kwok-0.8.0",
        module: "kwok",
        package: "sigs.k8s.io/kwok/cmd/kwok",
        linker: "",
    },
    Oracle {
        name: "schema-1.36.3",
        module: "schema",
        package: "toft.example.org/schema-oracle",
        linker: "",
    },
    Oracle {
        name: "yaml-1.6.0",
        module: "yaml",
        package: "toft.example.org/yaml-oracle",
        linker: "",
    },
];

const fn kubernetes(name: &'static str, package: &'static str) -> Oracle {
    Oracle {
        name,
        module: "kubernetes",
        package,
        linker: KUBERNETES,
    }
}

/// `cargo x oracles`: builds the named ones, or all.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let wanted = |oracle: &&Oracle| {
        args.is_empty() || args.iter().any(|arg| oracle.name.starts_with(arg.as_str()))
    };
    for oracle in ORACLES.iter().filter(wanted) {
        println!("{}", oracle.ensure()?.display());
    }
    Ok(())
}

/// The program whose name begins with `name`, built where it is not.
pub(crate) fn ensure(name: &str) -> Result<PathBuf> {
    let found = ORACLES.iter().find(|oracle| oracle.name.starts_with(name));
    found
        .with_context(|| format!("there is no oracle `{name}`"))?
        .ensure()
}

impl Oracle {
    /// The name in the cache. A program with a source of our own is built again when that changes.
    fn file_name(&self) -> Result<String> {
        let module = shell::root().join("tests/oracles").join(self.module);
        if !module.join("main.go").is_file() {
            return Ok(self.name.to_owned());
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(&module)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        files.sort();
        let mut digest = FNV_OFFSET;
        for file in files.iter().filter(|file| file.is_file()) {
            for byte in std::fs::read(file)? {
                digest = (digest ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
            }
        }
        Ok(format!("{}-{digest:016x}", self.name))
    }

    /// Where the program is; built first where it is not.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let directory = shell::cache().join("oracles");
        let binary = directory.join(self.file_name()?);
        if binary.is_file() {
            return Ok(binary);
        }
        std::fs::create_dir_all(&directory)?;
        shell::say(&format!(
            "building {} with go (once; kept in {})",
            self.name,
            directory.display()
        ));
        let unfinished = directory.join(format!("{}.part-{}", self.name, std::process::id()));
        let mut go = Command::new("go");
        go.args([
            "build",
            "-trimpath",
            "-ldflags",
            &format!("-s -w {}", self.linker),
            "-o",
        ])
        .arg(&unfinished);
        go.arg(self.package)
            .current_dir(shell::root().join("tests/oracles").join(self.module));
        if shell::run(&mut go).is_err() {
            bail!(
                "`go build` of {} failed; Go 1.26 and the Go module proxy are needed",
                self.package
            );
        }
        // The rename is last, so that what is in the cache is whole.
        std::fs::rename(&unfinished, &binary)?;
        Ok(binary)
    }
}
