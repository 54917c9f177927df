//! From Application to Application, without a cluster: what one renders to may lead to others.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSet, GROUP};
use toft_object::Object;
use toft_render::ClusterSecret;
use toft_schema::{Schemas, argo_crds};
use toft_sync::{AppRendering, SetError};

use crate::means::Means;
use crate::sources::{Facts, Sources, api_versions};
use crate::world::KUBE_VERSION;

/// How many Applications and ApplicationSets are followed; the largest public homelab has 300.
const LED_TO_MAX: usize = 10_000;

/// An Application and what it renders to.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// The Application.
    pub application: Application,
    /// Its objects, or why there are none.
    pub rendering: Result<Arc<AppRendering>, String>,
}

/// What a walk comes by.
pub(crate) enum Passed {
    /// An Application.
    Application(Box<Rendition>),
    /// An ApplicationSet, and why it fails, if it does.
    Set(SmolStr, Option<SetError>),
}

/// A walk along everything that some objects lead to; each thing is passed once.
pub(crate) struct Walk<'a> {
    sources: &'a mut Sources,
    facts: &'a Facts,
    clusters: &'a [ClusterSecret],
    ahead: VecDeque<Object>,
    /// Kind, name and spec: one name may stand for several things in different places.
    seen: BTreeSet<(String, String, String)>,
}

impl<'a> Walk<'a> {
    /// A walk that begins with these objects.
    pub(crate) fn new(
        sources: &'a mut Sources,
        (facts, clusters): (&'a Facts, &'a [ClusterSecret]),
        beginnings: &[Object],
    ) -> Self {
        let mut walk = Self {
            sources,
            facts,
            clusters,
            ahead: VecDeque::new(),
            seen: BTreeSet::new(),
        };
        walk.put_ahead(beginnings.iter().cloned());
        walk
    }

    /// Puts what leads on before us, in its order.
    fn put_ahead(&mut self, objects: impl IntoIterator<Item = Object>) {
        for object in objects {
            let leads_on = matches!(object.kind(), "Application" | "ApplicationSet")
                && object.gvk().group == GROUP;
            if !leads_on || self.seen.len() == LED_TO_MAX {
                continue;
            }
            let spec = object.value().get("spec").map(toft_value::Value::to_json);
            let (kind, name) = (object.kind().to_owned(), object.name().to_owned());
            if self.seen.insert((kind, name, spec.unwrap_or_default())) {
                self.ahead.push_back(object);
            }
        }
    }

    fn application(&mut self, application: Application) -> Rendition {
        let revisions = self.sources.resolve_all(&application);
        let rendering = self.sources.render(&application, &revisions, self.facts);
        if let Ok(whole) = &rendering {
            let objects = whole.rendering.objects.iter();
            self.put_ahead(objects.map(|rendered| rendered.object.clone()));
        }
        Rendition {
            application,
            rendering,
        }
    }

    fn set(&mut self, set: &ApplicationSet) -> Option<SetError> {
        let given = match self.sources.expand(set, self.clusters) {
            Ok(given) => given,
            Err(error) => return Some(error),
        };
        let applications = given.applications.iter();
        self.put_ahead(applications.filter_map(|app| Object::new(app.value().clone()).ok()));
        None
    }
}

impl Iterator for Walk<'_> {
    type Item = Passed;

    fn next(&mut self) -> Option<Passed> {
        let object = self.ahead.pop_front()?;
        if object.kind() == "Application" {
            let application = Application::parse(object.value()).value;
            let rendition = self.application(application);
            return Some(Passed::Application(rendition.into()));
        }
        let set = ApplicationSet::parse(object.value()).value;
        let failure = self.set(&set);
        Some(Passed::Set(set.name, failure))
    }
}

/// What is known where there is no cluster: its API by default, and what a tree says of Argo CD's settings.
pub(crate) fn facts(control_namespace: &str, build_options: &str, means: &Means) -> Facts {
    Facts {
        kube_version: KUBE_VERSION.into(),
        api_versions: match &means.api_versions {
            Some(known) => known.clone(),
            None => api_versions(&schemas()),
        },
        build_options: build_options.into(),
        control_namespace: control_namespace.into(),
        seed: means.seed,
        now: means.now,
    }
}

/// What a fresh cluster with Argo CD knows; what the Applications bring is not counted.
fn schemas() -> Schemas {
    let mut schemas = Schemas::builtin();
    for crd in argo_crds() {
        // Our own definitions are well-formed; a chart that asks for one of them is told no otherwise.
        drop(schemas.add_crd(crd));
    }
    schemas
}
