//! Starting: tree, state, world, door. Everything that can be wrong is told before anything runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::Context as _;
use toft_cluster::ClusterSettings;
use toft_host::{
    Aim, BRING_UP, Batch, Board, Drive, Line, OpenError, Opened, StateDir, StateLock, Store,
    StoreError, Supplier, open_tree, wall_clock,
};
use toft_object::Time;
use toft_rehearse::{Means, Repository, World, WorldError, WorldSettings, find_root};
use toft_server::{Door, DoorError, Identity, OpenDoor, Service, kubeconfig};
use toft_value::{Value, value};

use super::{Ending, UpSettings};
use crate::command::state::{unreadable, unusable};
use crate::outside::{RenderedBefore, telling};
use crate::printer::{Printer, Tone};
use crate::trouble::Trouble;

/// The note that holds what the cluster was made with.
const MADE_WITH: &str = "made-with";

/// The file of the state that says the same to whoever may not open the store.
pub(in crate::command) const MADE_WITH_FILE: &str = "made-with.json";

/// A cluster that runs.
pub(super) struct Cluster {
    pub(super) board: Arc<Board>,
    pub(super) line: Line,
    pub(super) state: StateDir,
    pub(super) address: String,
    pub(super) rendered: RenderedBefore,
    world: JoinHandle<Result<(), StoreError>>,
    door: OpenDoor,
    lock: StateLock,
}

impl Cluster {
    /// Waits for the world to end, closes the door and lets go of the state.
    pub(super) fn end(self) -> anyhow::Result<()> {
        let ended = self.world.join();
        self.door.close();
        self.rendered.keep();
        drop(self.lock);
        match ended {
            Ok(ended) => ended.map_err(unreadable),
            Err(_) => Err(Trouble::bug("the cluster ended in the middle of something").into()),
        }
    }
}

/// Starts what the settings ask for.
pub(super) fn start(settings: &UpSettings, printer: &mut Printer) -> anyhow::Result<Cluster> {
    let opened = open_tree(&settings.directory, settings.tree).map_err(|error| unopened(&error))?;
    look_for_root(settings, &opened)?;
    announce(&opened, printer);
    let state = StateDir::create(&settings.state).map_err(unusable)?;
    let mut lock = state.lock().map_err(unusable)?;
    let store = Store::open(&state).map_err(unreadable)?;
    let identity = Identity::of(&state)?;
    let door = bind(settings.port, lock.last_address())?;
    let address = door.address().to_string();
    let made_with = MadeWith::of(settings, &store)?;
    let rendered = settings.outside.rendered_before(&settings.directory);
    let world_settings = WorldSettings {
        cluster: ClusterSettings {
            api_port: door.address().port(),
            root_certificate: identity.authority().to_owned(),
            ..ClusterSettings::new(made_with.seed)
        },
        project_rules: settings.project_rules,
        root: made_with.root.clone(),
        renderings: rendered.renderings.clone(),
        now: made_with.now,
    };
    let means = Means {
        renderings: rendered.renderings.clone(),
        seed: made_with.seed,
        now: made_with.now,
        api_versions: None,
    };
    let fetcher = settings.outside.fetcher()?;
    let supplier = Supplier::new(fetcher, made_with.root.clone(), means);
    let repository = supply(&supplier, &opened, printer)?;
    let world = world(world_settings, &store, repository)?;
    made_with.keep(&store, &world)?;
    let note = made_with.note().to_json_indented("  ") + "\n";
    state.write(MADE_WITH_FILE, note.as_bytes())?;
    state.write("kubeconfig", kubeconfig(&identity, &address).as_bytes())?;
    lock.tell(Some(&address))
        .context("failed to write the lock of the state")?;

    let board = Arc::new(Board::new(world.api().schemas().clone()));
    let (line, inbox) = Line::new();
    let drive = Drive::new(
        (world, store),
        (inbox, Arc::clone(&board)),
        aim(settings.ending),
    );
    let world = thread::Builder::new()
        .name("world".to_owned())
        .spawn(move || drive.run())?;
    let service = Service::new(&identity, line.clone(), Arc::clone(&board));
    let door = door.open(&identity, service)?;
    let followed = (&opened, supplier);
    toft_host::follow(&settings.directory, settings.tree, followed, line.clone())?;
    Ok(Cluster {
        board,
        line,
        state,
        address,
        rendered,
        world,
        door,
        lock,
    })
}

/// Who ends when everything has settled needs no more time, and leaves the rest to the next run.
fn aim(ending: Ending) -> Aim {
    match ending {
        Ending::Settled => Aim::Rest,
        Ending::Told => Aim::Serve,
    }
}

/// The repository with what it needs from outside. What cannot be had is no reason not to start: the Application
/// that needs it tells it.
fn supply(
    supplier: &Supplier,
    opened: &Opened,
    printer: &mut Printer,
) -> anyhow::Result<Repository> {
    let (repository, gathered) = telling(printer, |news| supplier.supply(opened, news))?;
    for (remote, error) in gathered.failed() {
        let warning = printer.paint("warning", Tone::Warning);
        printer.note(&format!(
            "{warning}: {remote} is missing: {}\n",
            error.told()
        ));
    }
    Ok(repository)
}

/// The world of a fresh state, or the one that the state holds.
fn world(settings: WorldSettings, store: &Store, repository: Repository) -> anyhow::Result<World> {
    let start = beginning();
    let saved = store.load().map_err(unreadable)?;
    let world = match saved {
        // What lies further back than any bring-up is skipped.
        Some(saved) => World::restore_at((settings, repository), saved, start),
        None => World::new(settings, repository, start),
    };
    world.map_err(rootless)
}

/// When bring-up begins: in whole seconds, as Kubernetes writes them, so that how long things take shows no
/// fraction of chance.
fn beginning() -> Time {
    (wall_clock() - BRING_UP).truncated()
}

/// Why a folder cannot be opened, and what to do.
pub(in crate::command) fn unopened(error: &OpenError) -> Trouble {
    let trouble = Trouble::usage(error.to_string());
    match error {
        OpenError::TooLarge { .. } => trouble.help("give the folder of the repository alone"),
        OpenError::NotFound(_)
        | OpenError::NotDirectory(_)
        | OpenError::NoRepository(_)
        | OpenError::Git(_) => trouble,
    }
}

fn rootless(error: WorldError) -> anyhow::Error {
    match error {
        WorldError::Root(diagnostics) => Trouble::input(diagnostics).into(),
        WorldError::Read(_) | WorldError::Refused { .. } => error.into(),
    }
}

/// Looks for the root before anything is made: who named the wrong folder finds no state in it afterwards.
fn look_for_root(settings: &UpSettings, opened: &Opened) -> anyhow::Result<()> {
    if StateDir::find(&settings.state).is_some() {
        return Ok(());
    }
    let found = find_root(&*opened.files, settings.root.as_deref())?;
    match found.value {
        Some(_) => Ok(()),
        None => Err(Trouble::input(found.diagnostics).into()),
    }
}

/// What a cluster is made with, and keeps.
struct MadeWith {
    seed: u64,
    root: Option<String>,
    /// When, which is what the clock says to charts from then on.
    now: Time,
}

impl MadeWith {
    /// What the cluster in the store was made with, or what a fresh one is to be made with.
    fn of(settings: &UpSettings, store: &Store) -> anyhow::Result<Self> {
        let root = settings.root.clone();
        let now = beginning();
        let Some(kept) = store.note(MADE_WITH).map_err(unreadable)? else {
            let seed = settings.seed.unwrap_or_default();
            return Ok(Self { seed, root, now });
        };
        let seed = kept
            .i64_at(&["seed"])
            .and_then(|seed| u64::try_from(seed).ok());
        let seed = seed.unwrap_or_default();
        if let Some(wanted) = settings.seed.filter(|wanted| *wanted != seed) {
            let path = settings.state.display();
            let message = format!("the state in `{path}` was made with seed {seed}, not {wanted}");
            return Err(Trouble::usage(message)
                .help("leave `--seed` out, or name another state with `--state DIR`")
                .into());
        }
        let root = root.or_else(|| kept.str_at(&["root"]).map(str::to_owned));
        let made = kept.str_at(&["now"]).map(Time::parse);
        let now = made.and_then(Result::ok).unwrap_or(now);
        Ok(Self { seed, root, now })
    }

    fn note(&self) -> Value {
        value!({
            "seed": Value::from_u64(self.seed),
            "now": self.now.to_string(),
            "root": self.root.as_deref().map_or(Value::Null, Value::from),
        })
    }

    fn keep(&self, store: &Store, world: &World) -> anyhow::Result<()> {
        let note = self.note();
        let batch = Batch {
            commits: &[],
            clock: world.clock(),
            notes: &[(MADE_WITH, note)],
            inputs: &[],
        };
        store.keep(&batch).map_err(unreadable)
    }
}

/// The port that is asked for; else the one of the last run, so that a kubeconfig stays good; else any.
fn bind(port: Option<u16>, last: Option<&str>) -> anyhow::Result<Door> {
    let last = last.and_then(|address| address.parse::<SocketAddr>().ok());
    let door = match (port, last) {
        (Some(port), _) => Door::bind(port),
        (None, Some(last)) => Door::bind(last.port()).or_else(|_| Door::bind(0)),
        (None, None) => Door::bind(0),
    };
    door.map_err(|error| match error {
        DoorError::PortInUse(_) => Trouble::usage(error.to_string())
            .help("choose another with `--port PORT`, or leave it out and take a free one")
            .into(),
        DoorError::Listen { .. } | DoorError::Identity(_) | DoorError::Start(_) => error.into(),
    })
}

/// What is not committed is not taken: whoever just saved a file should know.
fn announce(opened: &Opened, printer: &mut Printer) {
    const SHOWN: usize = 5;
    let count = opened.uncommitted.len();
    if count == 0 {
        return;
    }
    let shown: Vec<&str> = opened
        .uncommitted
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect();
    let more = if count > SHOWN {
        format!(" and {} more", count - SHOWN)
    } else {
        String::new()
    };
    let files = if count == 1 {
        "1 file is"
    } else {
        &format!("{count} files are")
    };
    printer.note(&format!(
        "{}: {files} not committed and therefore not taken: {}{more}\n{}: commit, or take what is on disk with `--watch`\n",
        printer.paint("warning", Tone::Warning),
        shown.join(", "),
        printer.paint("help", Tone::Help),
    ));
}
