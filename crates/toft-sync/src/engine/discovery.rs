//! Finding out which kinds a cluster serves.

use toft_api::{Document, Options, Request, ResourcePath, Response, Target, Verb};
use toft_object::Time;
use toft_value::Value;

use super::calls::{Discovery, Purpose, wait_after};
use super::{Engine, MANAGER, Visit};
use crate::event::ClusterId;
use crate::kinds::Kinds;

/// What is known of a cluster.
#[derive(Debug, Default)]
pub(super) struct ClusterView {
    /// The kinds that it serves.
    pub(super) kinds: Kinds,
    core: Option<Value>,
    groups: Option<Value>,
    failures: u32,
}

fn request(document: Document) -> Request {
    Request {
        target: Target::Document(document),
        options: Options::default(),
        ..Request::new(MANAGER, Verb::Get, ResourcePath::default())
    }
}

impl Engine {
    /// Asks a cluster for its discovery documents.
    pub(super) fn discover(&mut self, now: Time, cluster: &ClusterId) {
        let Some(view) = self.clusters.get_mut(cluster) else {
            return;
        };
        (view.core, view.groups) = (None, None);
        let asked =
            |purpose: &Purpose| matches!(purpose, Purpose::Discover(one, _) if one == cluster);
        self.calls.forget(asked);
        let documents = [
            (Discovery::Core, Document::CoreVersions { aggregated: true }),
            (Discovery::Groups, Document::Groups { aggregated: true }),
        ];
        for (which, document) in documents {
            let purpose = Purpose::Discover(cluster.clone(), which);
            self.call(now, purpose, (cluster, request(document)));
        }
    }

    pub(super) fn discovered(
        &mut self,
        now: Time,
        what: (&ClusterId, Discovery),
        response: Response,
    ) {
        let (cluster, document) = what;
        let Some(view) = self.clusters.get_mut(cluster) else {
            return;
        };
        let value = match response.into_value() {
            Ok(value) => value,
            Err(error) => {
                view.failures += 1;
                let wait = wait_after(view.failures, &error);
                return self.visit_at(Visit::Discover(cluster.clone()), now + wait);
            }
        };
        match document {
            Discovery::Core => view.core = Some(value),
            Discovery::Groups => view.groups = Some(value),
        }
        let (Some(core), Some(groups)) = (&view.core, &view.groups) else {
            return;
        };
        let kinds = Kinds::read(&[core, groups]);
        (view.core, view.groups, view.failures) = (None, None, 0);
        if kinds == view.kinds {
            return;
        }
        view.kinds = kinds;
        self.open_standing_stores(now, cluster);
        self.compare_every_app(now);
    }
}
