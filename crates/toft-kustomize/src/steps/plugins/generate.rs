//! `generators`.

use toft_object::Origin;
use toft_source::Source;

use super::{built_in, configurations, failed, misconfigured, unknown};
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::kustomization::{Generator, PolicyArgs, generator_of};
use crate::provenance::Told;
use crate::resource::Resource;
use crate::steps::charts;
use crate::steps::generators::{Generated, absorb, make};
use crate::text::documents;

pub(in crate::steps) fn generators(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let entries = &directory.kustomization.generators;
    if entries.is_empty() {
        return Ok(());
    }
    let mut ready = Vec::new();
    for (place, resource) in configurations(build, directory, entries)? {
        let value = built_in(build, directory, (&resource, place))?;
        let generator = match generator_of(resource.kind(), &value) {
            Some(Ok(generator)) => generator,
            Some(Err(problems)) => {
                let told = (&resource, place, problems.as_slice());
                return Err(misconfigured(build, directory, told));
            }
            None => return Err(unknown(build, directory, (&resource, place, "generator"))),
        };
        ready.push((place, resource, generator));
    }
    for (place, configuration, generator) in ready {
        for mut resource in generate(build, directory, (&configuration, &generator, place))? {
            resource.provenance.origin = Told::by_object(&configuration);
            absorb(build, directory, (accumulator, resource, place))?;
        }
    }
    Ok(())
}

fn generate(
    build: &mut Build<'_>,
    directory: &Directory,
    (configuration, generator, place): (&Resource, &Generator, Place),
) -> Result<Vec<Resource>, Stop> {
    let resource = match generator {
        Generator::ConfigMap(args) => make(build, directory, (args, Generated::ConfigMap, place)),
        Generator::Secret(args) => make(build, directory, (args, Generated::Secret, place)),
        Generator::Policy(args) => policy(directory, (args, place))
            .map_err(|message| build.refuse(failed(directory, (configuration, place), &message))),
        Generator::Chart(chart) => return charts::generate(build, directory, (chart, place)),
    };
    resource.map(|resource| vec![resource])
}

/// A service account of the cluster that stands for one of the cloud.
///
/// Source: `api/filters/iampolicygenerator/iampolicygenerator.go`.
fn policy(directory: &Directory, (args, place): (&PolicyArgs, Place)) -> Result<Resource, String> {
    if args.cloud != "gke" {
        return Err(format!("cloud provider {} not supported yet", args.cloud));
    }
    let PolicyArgs {
        name,
        account,
        project,
        ..
    } = args;
    // Upstream writes a text and reads it, so what the names look like has its meaning.
    let mut text = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    iam.gke.io/gcp-service-account: {account}@{project}.iam.gserviceaccount.com\n  name: {name}\n"
    );
    if !args.namespace.is_empty() {
        text.push_str("  namespace: ");
        text.push_str(&args.namespace);
    }
    let source = Source::new("", text.as_bytes().into());
    let first_message = |diagnostics: Vec<toft_source::Diagnostic>| {
        let first = diagnostics.into_iter().next();
        first
            .map(|diagnostic| diagnostic.message)
            .unwrap_or_default()
    };
    let document = documents(&source)
        .map_err(first_message)?
        .into_iter()
        .next();
    let document = document.ok_or("nothing was generated")?;
    let origin = Origin {
        path: directory.file_path(),
        line: directory.line_of(place),
        step: place.0,
    };
    Ok(Resource::new(document.node, origin))
}
