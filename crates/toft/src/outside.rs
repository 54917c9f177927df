//! What lies outside the tree, for every command that renders: whether it is fetched, where it is kept, who we are.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use clap::builder::FalseyValueParser;
use toft_host::{
    Cache, CredentialFiles, Credentials, CredentialsError, FetchError, Fetcher, Look, Named, Shelf,
};
use toft_rehearse::Means;
use toft_render::Renderings;
use toft_source::{Files, ReadError, Remote, Remotes};

use crate::charts::today;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::trouble::Trouble;

/// Where what lies outside comes from.
#[derive(Clone, Debug, Args)]
pub(crate) struct OutsideArgs {
    /// Fetch nothing: take what was fetched before
    #[arg(long, env = "TOFT_OFFLINE", hide_env_values = true, value_parser = FalseyValueParser::new())]
    offline: bool,
    /// The folder with what was fetched, and rendered before; `~/.cache/toft` if left out
    #[arg(long, value_name = "DIR", env = "TOFT_CACHE", hide_env_values = true)]
    cache: Option<PathBuf>,
    /// The file that says who we are, to whom; `~/.config/toft/credentials.yaml` if left out
    #[arg(
        long,
        value_name = "FILE",
        env = "TOFT_CREDENTIALS",
        hide_env_values = true
    )]
    credentials: Option<PathBuf>,
}

impl OutsideArgs {
    /// Where what lies outside comes from; what is there is looked up again where that is asked for.
    pub(crate) fn settings(self, online: Look) -> Outside {
        Outside {
            look: if self.offline { Look::Offline } else { online },
            cache: self.cache,
            credentials: self.credentials,
        }
    }
}

/// Where what lies outside comes from.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    look: Look,
    cache: Option<PathBuf>,
    credentials: Option<PathBuf>,
}

impl Outside {
    /// Whoever brings things.
    pub(crate) fn fetcher(&self) -> anyhow::Result<Fetcher> {
        let credentials = match self.look {
            Look::Offline => Credentials::default(),
            Look::Missing | Look::Again => {
                Credentials::load(&self.credential_files()).map_err(unusable)?
            }
        };
        Ok(Fetcher::new(self.cache()?, credentials, self.look)?)
    }

    /// Renders, and brings what is asked for, until nothing is missing.
    ///
    /// Every rendering is given what was brought so far. What cannot be had is told by the rendering itself.
    pub(crate) fn rendered<T>(
        &self,
        printer: &mut Printer,
        render: impl Fn(&Remotes) -> Result<T, ReadError>,
    ) -> anyhow::Result<T> {
        let mut remotes = Remotes::new();
        let mut fetcher = None;
        loop {
            let remote = match render(&remotes) {
                Err(ReadError::NotBrought(remote)) if !remotes.contains_key(&remote) => remote,
                rendered => return Ok(rendered?),
            };
            let fetcher = match &mut fetcher {
                Some(fetcher) => fetcher,
                none => none.insert(self.fetcher()?),
            };
            let brought = telling(printer, |news| fetcher.bring_telling(&remote, news));
            let tree = match brought {
                Ok(brought) => Ok(brought.tree),
                Err(error) => Err(error.told()),
            };
            remotes.insert(remote, tree);
            if remotes.len() > REMOTES_MAX {
                let message = format!("more than {REMOTES_MAX} things outside are asked for");
                return Err(Trouble::usage(message).into());
            }
        }
    }

    /// Brings one thing that nothing can be done without.
    pub(crate) fn brought(
        &self,
        remote: &Remote,
        printer: &mut Printer,
    ) -> anyhow::Result<Arc<dyn Files + Send + Sync>> {
        let fetcher = self.fetcher()?;
        let brought = telling(printer, |news| fetcher.bring_telling(remote, news));
        let brought = brought.map_err(|error| {
            let status = if error.is_unreachable() {
                ExitStatus::Unreachable
            } else {
                ExitStatus::Usage
            };
            let trouble = Trouble::new(status, format!("{remote} could not be fetched: {error}"));
            let help = match error {
                FetchError::Offline(_) => Some("run it once without `--offline`".to_owned()),
                error => error.help(),
            };
            help.into_iter().fold(trouble, Trouble::help)
        })?;
        Ok(brought.tree)
    }

    /// What was rendered before of a repository.
    pub(crate) fn rendered_before(&self, repository: &Path) -> RenderedBefore {
        let folder = match &self.cache {
            Some(folder) => Some(folder.clone()),
            None => usual_cache(),
        };
        let folder = folder.map(|folder| folder.join("renderings"));
        let shelf = folder.map(|folder| Shelf::new(&folder, repository, env!("CARGO_PKG_VERSION")));
        let renderings = match &shelf {
            Some(shelf) => shelf.open(),
            None => Renderings::new(""),
        };
        RenderedBefore { renderings, shelf }
    }

    fn cache(&self) -> anyhow::Result<Cache> {
        if let Some(folder) = &self.cache {
            return Ok(Cache::new(folder));
        }
        let usual = usual_cache().ok_or_else(|| {
            Trouble::usage("there is no home to keep what is fetched in")
                .help("name a folder with `--cache DIR`")
        })?;
        Ok(Cache::new(usual.join("remotes")))
    }

    fn credential_files(&self) -> CredentialFiles {
        let config = folder("XDG_CONFIG_HOME", ".config");
        let below = |path: &str| config.as_ref().map(|config| config.join(path));
        let docker = folder("DOCKER_CONFIG", ".docker");
        let docker = docker.map(|docker| docker.join("config.json"));
        let helm = env::var_os("HELM_REGISTRY_CONFIG").map(PathBuf::from);
        let helm = helm.or_else(|| below("helm/registry/config.json"));
        CredentialFiles {
            is_named: if self.credentials.is_some() {
                Named::Explicit
            } else {
                Named::Usual
            },
            own: self
                .credentials
                .clone()
                .or_else(|| below("toft/credentials.yaml")),
            registries: docker.into_iter().chain(helm).collect(),
        }
    }
}

/// What was rendered before, and where it is kept; without a home it is forgotten with the process.
pub(crate) struct RenderedBefore {
    pub(crate) renderings: Renderings,
    shelf: Option<Shelf>,
}

impl RenderedBefore {
    /// What a command without a cluster renders with: no chance, and the clock of today.
    pub(crate) fn means(&self) -> Means {
        Means {
            renderings: self.renderings.clone(),
            seed: 0,
            now: today(),
            api_versions: None,
        }
    }

    /// Keeps what is new, for the next run.
    pub(crate) fn keep(&self) {
        if let Some(shelf) = &self.shelf {
            shelf.keep(&self.renderings);
        }
    }
}

fn usual_cache() -> Option<PathBuf> {
    Some(folder("XDG_CACHE_HOME", ".cache")?.join("toft"))
}

/// How much one rendering may ask for; the largest umbrella has some dozens of charts.
const REMOTES_MAX: usize = 1_000;

/// Tells what is being fetched, while it is.
pub(crate) fn telling<T>(
    printer: &mut Printer,
    work: impl FnOnce(&(dyn Fn(&Remote) + Sync)) -> T,
) -> T {
    let printer = Mutex::new(printer);
    work(&|remote| {
        let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
        printer.note(&format!("Fetching {remote}\n"));
    })
}

/// The folder that a variable names, or one in the home.
fn folder(variable: &str, in_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).filter(|named| !named.is_empty());
    named.map(PathBuf::from).or_else(|| {
        let home = env::var_os("HOME").filter(|home| !home.is_empty())?;
        Some(PathBuf::from(home).join(in_home))
    })
}

fn unusable(error: CredentialsError) -> anyhow::Error {
    let trouble = Trouble::usage(error.to_string());
    match error {
        CredentialsError::Read { source, .. } => trouble.because(source).into(),
        CredentialsError::Exposed { .. } | CredentialsError::Malformed { .. } => trouble.into(),
    }
}
