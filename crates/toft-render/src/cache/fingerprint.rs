//! By what an entry is found, and what else of a request decides its rendering.

use toft_argo::RepoUrl;

use super::digest::{Digest, Fields};
use crate::job::Circumstance;
use crate::request::{Request, Surroundings};

/// Another number makes every entry of before a stranger.
const FORMAT: u64 = 1;

/// What every rendering of a request depends on: all of it but the circumstances, which are looked at or not.
///
/// The patterns below name every field, so that a new one has to be put on one of the two sides.
pub(super) fn fingerprint(maker: &str, request: &Request<'_>) -> Digest {
    let Request {
        application,
        source,
        revision: _, // a circumstance
        surroundings,
    } = *request;
    let Surroundings {
        is_this_repository: _, // a circumstance
        control_namespace,
        kube_version: _, // a circumstance
        api_versions: _, // a circumstance
        build_options,
        release,
        seed: _, // a circumstance
        now: _,  // a circumstance
    } = *surroundings;
    let mut fields = Fields::default();
    fields.number(FORMAT).text(maker);
    for text in application.rendered_by() {
        fields.text(&text);
    }
    for text in source.rendered_by() {
        fields.text(&text);
    }
    fields.text(control_namespace).text(build_options);
    fields.text(&format!("{release:?}"));
    fields.finish()
}

/// What a circumstance is in a request.
pub(super) fn of_circumstance(circumstance: &Circumstance, request: &Request<'_>) -> Digest {
    let surroundings = request.surroundings;
    let mut fields = Fields::default();
    match circumstance {
        Circumstance::Revision => fields.text(request.revision),
        Circumstance::KubeVersion => fields.text(surroundings.kube_version),
        Circumstance::ApiVersions => {
            let versions = surroundings.api_versions.iter();
            versions.fold(&mut fields, |fields, version| fields.text(version))
        }
        Circumstance::Seed => fields.number(surroundings.seed),
        Circumstance::Now => fields.text(&surroundings.now.to_micro_string()),
        Circumstance::IsOurs(address) => {
            let address = RepoUrl::new(address.clone());
            let is_ours = (surroundings.is_this_repository)(&address);
            fields.number(u64::from(is_ours))
        }
    };
    fields.finish()
}
