//! What renderings that belong together share: clock, chance, and the bounds of their work.

use std::fmt;
use std::rc::Rc;

use jiff::Timestamp;
use toft_value::Value;

use crate::bounds::{Budget, Limits};
use crate::functions::{Random, Vocabulary};
use crate::template::{Options, Settings};

/// Asks a cluster for `(apiVersion, kind, namespace, name)`; without a name, for a list.
pub type ClusterView = dyn Fn([&str; 4]) -> Value;

/// What renderings that belong together share: clock, chance, a view of a cluster, and the bounds of
/// their work.
///
/// # Example
/// ```
/// use toft_gotmpl::{Data, Session, Settings, TemplateSet, Vocabulary};
/// let mut templates = TemplateSet::new(Vocabulary::Helm4);
/// templates.add("a.yaml", r#"{{ include "name" . }}"#).unwrap();
/// templates.add("_names.tpl", r#"{{ define "name" }}nas{{ end }}"#).unwrap();
/// let mut session = Session::new(&Settings::default());
/// let text = templates.render("a.yaml", &Data::dict([]), &mut session);
/// assert_eq!(text.unwrap(), "nas");
/// ```
pub struct Session {
    pub(crate) budget: Budget,
    pub(crate) random: Random,
    pub(crate) now: Timestamp,
    pub(crate) options: Options,
    /// Which functions the texts know that are read while templates run.
    pub(crate) vocabulary: Vocabulary,
    pub(crate) cluster: Option<Rc<ClusterView>>,
    /// How many templates have called each other down to here.
    pub(crate) depth: usize,
    seed: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// A session with the usual bounds, and without a cluster.
    pub fn new(settings: &Settings) -> Self {
        Self {
            budget: Budget::new(Limits::default()),
            random: Random::new(settings.seed),
            now: settings.now,
            options: settings.options,
            vocabulary: Vocabulary::Argo,
            cluster: None,
            depth: 0,
            seed: settings.seed,
        }
    }

    /// The session with other bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.budget = Budget::new(limits);
        self
    }

    /// The session with a cluster that `lookup` asks.
    #[must_use]
    pub fn with_cluster(mut self, cluster: Rc<ClusterView>) -> Self {
        self.cluster = Some(cluster);
        self
    }

    /// Begins the template with a name: what chance gives depends on nothing that came before.
    pub(crate) fn begin(&mut self, name: &str, vocabulary: Vocabulary) {
        self.vocabulary = vocabulary;
        // FNV-1a.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.random = Random::new(self.seed ^ hash);
        self.depth = 0;
    }
}
