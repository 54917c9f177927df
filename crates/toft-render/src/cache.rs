//! Renderings by what decided them: what decides nothing new is not rendered again.
//!
//! A rendering is a pure function, so that what was looked at for it is all that it depends on. An entry is found
//! by its request (Application, source, settings), and holds where every look that was taken for it gives the
//! same again: at files, folders and what is missing, at what lies outside, at the revision, the cluster, the
//! seed and the clock. Nothing is ever invalidated: what changed is not found any more.

mod digest;
mod fingerprint;
mod look;
mod pack;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use toft_source::{Files, Remote};

use crate::job::{Job, Noted};
use crate::recording::RecordingFiles;
use crate::request::Request;
use crate::source::{SourceRendering, render_noting};
use crate::told::flatten;
use digest::Digest;
use fingerprint::fingerprint;
use look::Look;
use wire::Reader;

pub use look::Seen;
pub use pack::{PACK_BYTES_MAX, PackError, Unpacked};

/// How many renderings of one request are kept: a request looks the same on some branches, and its files do not.
const VARIANTS_MAX: usize = 16;

/// How many renderings are kept; the largest public homelab has 300 Applications.
const ENTRIES_MAX: usize = 4_096;

/// What a source gives, or why it gives nothing, in one text.
pub type Given = Result<Arc<SourceRendering>, String>;

/// What a request comes to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the source gives.
    pub given: Given,
    /// What it asks for outside, and nobody has brought.
    pub wanted: BTreeSet<Remote>,
}

/// Renderings that were made before. A handle: its clones share what they hold.
///
/// # Example
/// ```
/// use toft_argo::Application;
/// use toft_render::{Renderings, Request, Seen, Surroundings};
/// use toft_source::MemoryFiles;
/// use toft_value::value;
/// let app = Application::parse(&value!({
///     "metadata": {"name": "nas"}, "spec": {"source": {"repoURL": "r", "path": "nas"}},
/// })).value;
/// let surroundings = Surroundings::alone();
/// let request = Request { application: &app, source: &app.sources[0], revision: "1", surroundings: &surroundings };
/// let manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
/// let renderings = Renderings::new("1.0.0");
/// for (beside, made) in [("", 1), ("another commit", 1)] {
///     let files = MemoryFiles::new([("nas/a.yaml", manifest), ("README.md", beside)]);
///     let outcome = renderings.render(&files, &request, &mut Seen::default());
///     assert_eq!(outcome.given.unwrap().rendering.objects.len(), 1);
///     assert_eq!(renderings.made(), made);
/// }
/// ```
#[derive(Clone)]
pub struct Renderings(Arc<Mutex<Kept>>);

struct Kept {
    /// Whose renderings these are: another release renders otherwise.
    maker: String,
    entries: BTreeMap<Digest, Vec<Entry>>,
    count: usize,
    /// How many were made, and not found.
    made: u64,
    /// How often these were packed.
    packed: u64,
    /// Whether there is one that was not packed.
    is_new: bool,
}

#[derive(Clone)]
struct Entry {
    looks: Arc<[(Look, Digest)]>,
    body: Body,
    /// The pack after which it was used last.
    used: u64,
}

#[derive(Clone)]
enum Body {
    Given(Given),
    /// Part of a pack that nobody has asked for yet.
    Packed(Arc<[u8]>, Range<usize>),
}

impl Body {
    /// `None` where the bytes are not what was written.
    fn given(&self) -> Option<Given> {
        match self {
            Self::Given(given) => Some(given.clone()),
            Self::Packed(pack, range) => {
                let mut reader = Reader(pack.get(range.clone())?);
                let given = reader.given().ok()?;
                reader.0.is_empty().then_some(given)
            }
        }
    }
}

impl Renderings {
    /// None yet. `maker` names who renders, exactly: what another one made is never given out.
    pub fn new(maker: &str) -> Self {
        Self::holding(Kept::nothing(maker))
    }

    fn holding(kept: Kept) -> Self {
        Self(Arc::new(Mutex::new(kept)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many were made because none was found.
    pub fn made(&self) -> u64 {
        self.kept().made
    }

    /// What a source gives: what it gave before, where everything that decides it is the same.
    ///
    /// `seen` goes with `files`: see [`Seen`].
    pub fn render(&self, files: &dyn Files, request: &Request<'_>, seen: &mut Seen) -> Outcome {
        let key = fingerprint(&self.kept().maker, request);
        let variants = self.kept().entries.get(&key).cloned().unwrap_or_default();
        for entry in variants {
            let mut looks = entry.looks.iter();
            let holds = looks.all(|(look, then)| seen.digest(look, (files, request)) == *then);
            if let Some(given) = holds.then(|| entry.body.given()).flatten() {
                self.kept().used(&key, (&entry, &given));
                let wanted = entry.looks.iter();
                let wanted = wanted.filter_map(|(look, _)| look.wanted(files)).collect();
                return Outcome { given, wanted };
            }
        }
        self.make((files, request), key, seen)
    }

    fn make(
        &self,
        (files, request): (&dyn Files, &Request<'_>),
        key: Digest,
        seen: &mut Seen,
    ) -> Outcome {
        let (recording, noted) = (RecordingFiles::new(files), Noted::default());
        let given = flatten(render_noting(&recording, &Job::new(request, &noted))).map(Arc::new);
        let circumstances = noted.into_circumstances().into_iter();
        let reads = recording.into_reads().into_iter();
        let looks = circumstances
            .map(Look::Circumstance)
            .chain(reads.map(Look::Tree));
        let looks = looks.map(|look| {
            let digest = seen.digest(&look, (files, request));
            (look, digest)
        });
        let looks: Arc<[(Look, Digest)]> = looks.collect();
        let wanted = looks.iter().filter_map(|(look, _)| look.wanted(files));
        let wanted = wanted.collect();
        let body = Body::Given(given.clone());
        self.kept().keep(key, looks, body);
        Outcome { given, wanted }
    }
}

impl Kept {
    fn nothing(maker: &str) -> Self {
        Self {
            maker: maker.to_owned(),
            entries: BTreeMap::new(),
            count: 0,
            made: 0,
            packed: 0,
            is_new: false,
        }
    }

    fn keep(&mut self, key: Digest, looks: Arc<[(Look, Digest)]>, body: Body) {
        self.made += 1;
        self.is_new = true;
        if self.count >= ENTRIES_MAX {
            self.drop_oldest();
        }
        let used = self.packed;
        let variants = self.entries.entry(key).or_default();
        variants.insert(0, Entry { looks, body, used });
        self.count += 1;
        self.count -= variants.drain(VARIANTS_MAX.min(variants.len())..).count();
    }

    /// Notes that an entry was asked for; what was unpacked for that stays so.
    fn used(&mut self, key: &Digest, (entry, given): (&Entry, &Given)) {
        let used = self.packed;
        let variants = self.entries.get_mut(key).into_iter().flatten();
        for one in variants.filter(|one| Arc::ptr_eq(&one.looks, &entry.looks)) {
            one.used = used;
            one.body = Body::Given(given.clone());
        }
    }

    /// Drops what was not used since the last pack, or else everything: it is made again when it is asked for.
    fn drop_oldest(&mut self) {
        let packed = self.packed;
        for variants in self.entries.values_mut() {
            variants.retain(|entry| entry.used == packed);
        }
        self.entries.retain(|_, variants| !variants.is_empty());
        self.count = self.entries.values().map(Vec::len).sum();
        if self.count >= ENTRIES_MAX {
            self.entries.clear();
            self.count = 0;
        }
    }
}

impl std::fmt::Debug for Renderings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.kept();
        out.debug_struct("Renderings")
            .field("count", &kept.count)
            .field("made", &kept.made)
            .finish_non_exhaustive()
    }
}
