//! A request as the renderers see it: what they look at is noted.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSource, RepoUrl, instance_name};

use crate::request::{ArgoRelease, Request, Surroundings};

/// Something beside the tree that some renderings look at and others do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Circumstance {
    /// The revision of the source.
    Revision,
    /// The version of the cluster.
    KubeVersion,
    /// The API versions of the cluster.
    ApiVersions,
    /// What random texts derive from.
    Seed,
    /// The clock.
    Now,
    /// Whether an address is that of the tree.
    IsOurs(SmolStr),
}

/// What a rendering looked at beside the tree.
#[derive(Default)]
pub(crate) struct Noted(RefCell<BTreeSet<Circumstance>>);

impl Noted {
    fn note(&self, circumstance: Circumstance) {
        self.0.borrow_mut().insert(circumstance);
    }

    /// What was looked at, in order.
    pub(crate) fn into_circumstances(self) -> BTreeSet<Circumstance> {
        self.0.into_inner()
    }
}

/// A request that notes what of its circumstances is looked at.
///
/// Application and source are free to be read: an entry of the cache is found by them.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) application: &'a Application,
    pub(crate) source: &'a ApplicationSource,
    revision: &'a str,
    surroundings: &'a Surroundings<'a>,
    noted: &'a Noted,
}

impl<'a> Job<'a> {
    pub(crate) fn new(request: &Request<'a>, noted: &'a Noted) -> Self {
        Self {
            application: request.application,
            source: request.source,
            revision: request.revision,
            surroundings: request.surroundings,
            noted,
        }
    }

    /// The same, with another source.
    pub(crate) fn of<'b>(&'b self, source: &'b ApplicationSource) -> Job<'b> {
        Job { source, ..*self }
    }

    /// The name under which Argo CD knows the Application.
    pub(crate) fn instance_name(&self) -> SmolStr {
        let app = self.application;
        instance_name(
            &app.name,
            &app.namespace,
            self.surroundings.control_namespace,
        )
    }

    /// Whose meaning holds.
    pub(crate) fn release(&self) -> ArgoRelease {
        self.surroundings.release
    }

    /// `kustomize.buildOptions` of Argo CD's settings.
    pub(crate) fn build_options(&self) -> &'a str {
        self.surroundings.build_options
    }

    /// The revision of the source.
    pub(crate) fn revision(&self) -> &'a str {
        self.noted.note(Circumstance::Revision);
        self.revision
    }

    /// The version of the cluster; empty where it is not known.
    pub(crate) fn kube_version(&self) -> &'a str {
        self.noted.note(Circumstance::KubeVersion);
        self.surroundings.kube_version
    }

    /// The API versions of the cluster.
    pub(crate) fn api_versions(&self) -> &'a [SmolStr] {
        self.noted.note(Circumstance::ApiVersions);
        self.surroundings.api_versions
    }

    /// What random texts derive from, whatever the Application.
    pub(crate) fn seed(&self) -> u64 {
        self.noted.note(Circumstance::Seed);
        self.surroundings.seed
    }

    /// The clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.noted.note(Circumstance::Now);
        Timestamp::from_microsecond(self.surroundings.now.micros()).unwrap_or_default()
    }

    /// Whether an address is that of the tree.
    pub(crate) fn is_ours(&self, address: &RepoUrl) -> bool {
        self.noted
            .note(Circumstance::IsOurs(address.as_str().into()));
        (self.surroundings.is_this_repository)(address)
    }
}
