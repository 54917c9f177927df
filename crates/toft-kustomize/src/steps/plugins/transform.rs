//! `transformers`.

use toft_source::Source;

use super::value_add::{self, ReadyTargets};
use super::{built_in, configurations, failed, misconfigured, unknown};
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::field_spec::FieldSpec;
use crate::json_patch::Operation;
use crate::kustomization::{
    Affixed, End, Entry, Image, Include, Patch, Replacement, Replica, Texts, Transformer,
    transformer_of,
};
use crate::provenance::Told;
use crate::resource::Resource;
use crate::resources::Resources;
use crate::steps::affixes::Affix;
use crate::steps::namespace::{NamespaceChange, Over, Subjects};
use crate::steps::patches::Loaded;
use crate::steps::{
    affixes, hashes, images, labels, namespace, patches, patches_json, patches_strategic_merge,
    replacements, replicas,
};

/// A transformer with everything that it reads.
pub(super) struct Ready {
    place: Place,
    told: Option<Told>,
    work: Work,
}

enum Work {
    Texts(Texts, Vec<FieldSpec>),
    Hashes,
    Images(Image, Vec<FieldSpec>),
    Namespace {
        namespace: String,
        specs: Vec<FieldSpec>,
        subjects: Subjects,
        over: Over,
    },
    JsonPatch(Patch, Vec<Operation>),
    StrategicMerge(Vec<Resource>),
    Patch(Patch, Loaded),
    Affixes(Vec<(End, String, Vec<FieldSpec>)>),
    Replacements(Vec<(Place, Replacement)>),
    Replicas(Replica, Vec<FieldSpec>),
    ValueAdd(ReadyTargets),
}

pub(in crate::steps) fn transformers(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let entries = &directory.kustomization.transformers;
    for ready in prepare(build, directory, entries)? {
        ready.run(build, directory, &mut accumulator.resources)?;
        match &ready.told {
            Some(told) => accumulator.transformed_by(told.clone()),
            None => accumulator.resources.drop_empty(),
        }
    }
    Ok(())
}

/// Reads all transformers before any runs.
pub(super) fn prepare(
    build: &mut Build<'_>,
    directory: &Directory,
    entries: &[Entry],
) -> Result<Vec<Ready>, Stop> {
    let mut ready = Vec::new();
    if entries.is_empty() {
        return Ok(ready);
    }
    for (place, resource) in configurations(build, directory, entries)? {
        let value = built_in(build, directory, (&resource, place))?;
        let transformer = match transformer_of(resource.kind(), &value) {
            Some(Ok(transformer)) => transformer,
            Some(Err(problems)) => {
                let told = (&resource, place, problems.as_slice());
                return Err(misconfigured(build, directory, told));
            }
            None => return Err(unknown(build, directory, (&resource, place, "transformer"))),
        };
        let work = work(build, directory, (&resource, transformer, place))?;
        let told = Told::by_object(&resource);
        ready.push(Ready { place, told, work });
    }
    Ok(ready)
}

fn work(
    build: &mut Build<'_>,
    directory: &Directory,
    (resource, transformer, place): (&Resource, Transformer, Place),
) -> Result<Work, Stop> {
    Ok(match transformer {
        Transformer::Annotations(texts, specs) | Transformer::Labels(texts, specs) => {
            Work::Texts(texts, specs)
        }
        Transformer::Hash => Work::Hashes,
        Transformer::Images(image, specs) => Work::Images(image, specs),
        Transformer::Namespace {
            namespace,
            specs,
            subjects,
            unset_only,
        } => Work::Namespace {
            namespace,
            specs,
            subjects: subjects_of(&subjects)
                .map_err(|text| build.refuse(failed(directory, (resource, place), &text)))?,
            over: match unset_only {
                Include::Yes => Over::Nothing,
                Include::No => Over::Everything,
            },
        },
        Transformer::JsonPatch(patch) => {
            let operations = patches_json::load(build, directory, (&patch, place))?;
            Work::JsonPatch(patch, operations)
        }
        Transformer::StrategicMerge { paths, patches } => {
            let loaded = strategic(build, directory, (&paths, &patches, place))?;
            if loaded.is_empty() {
                let text = "patch appears to be empty";
                return Err(build.refuse(failed(directory, (resource, place), text)));
            }
            Work::StrategicMerge(loaded)
        }
        Transformer::Patch(patch) => {
            let loaded = patches::load(build, directory, (&patch, place))?;
            Work::Patch(patch, loaded)
        }
        Transformer::Affixes(affixes) => {
            let with_specs = |Affixed { end, text, specs }| Some((end, text, specs?));
            let ready: Option<Vec<_>> = affixes.into_iter().map(with_specs).collect();
            let Some(ready) = ready else {
                let text = "fieldSpecs is not expected to be nil";
                return Err(build.refuse(failed(directory, (resource, place), text)));
            };
            Work::Affixes(ready)
        }
        Transformer::Replacements(entries) => {
            let entries = entries.iter().map(|entry| (place, entry));
            Work::Replacements(replacements::load_all(build, directory, entries)?)
        }
        Transformer::Replicas(replica, specs) => Work::Replicas(replica, specs),
        Transformer::ValueAdd(args) => Work::ValueAdd(value_add::prepare(
            build,
            directory,
            (resource, args, place),
        )?),
    })
}

fn subjects_of(text: &str) -> Result<Subjects, String> {
    match text {
        "" | "defaultOnly" => Ok(Subjects::Default),
        "allServiceAccounts" => Ok(Subjects::ServiceAccounts),
        "none" => Ok(Subjects::None),
        other => Err(format!(
            "invalid value \"{other}\" for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \"allServiceAccounts\""
        )),
    }
}

fn strategic(
    build: &mut Build<'_>,
    directory: &Directory,
    (paths, patches, place): (&[String], &str, Place),
) -> Result<Vec<Resource>, Stop> {
    let mut loaded = Vec::new();
    for path in paths {
        loaded.extend(patches_strategic_merge::load(
            build,
            directory,
            (path, place),
        )?);
    }
    if !patches.is_empty() {
        let path = directory.file_path();
        let source = Source::new(path.to_string(), patches.as_bytes().into());
        let resources = build.patches(&source, &path);
        loaded.extend(resources.map_err(|diagnostics| build.tell_all(diagnostics))?);
    }
    Ok(loaded)
}

impl Ready {
    pub(super) fn run(
        &self,
        build: &mut Build<'_>,
        directory: &Directory,
        resources: &mut Resources,
    ) -> Result<(), Stop> {
        let place = self.place;
        match &self.work {
            Work::Texts(texts, specs) => {
                labels::set_texts(build, directory, (resources, (texts, specs)))
            }
            Work::Hashes => hashes::apply(build, directory, resources),
            Work::Images(image, specs) => {
                images::apply(build, directory, (resources, image, specs))
            }
            Work::Namespace {
                namespace,
                specs,
                subjects,
                over,
            } => {
                if namespace.is_empty() {
                    return Ok(());
                }
                let change = NamespaceChange {
                    namespace,
                    specs,
                    subjects: *subjects,
                    over: *over,
                };
                namespace::apply(build, directory, (resources, &change))
            }
            Work::JsonPatch(patch, operations) => {
                patches_json::apply(build, directory, (resources, (patch, operations), place))
            }
            Work::StrategicMerge(patches) => patches.iter().try_for_each(|patch| {
                patches_strategic_merge::apply(build, directory, (resources, patch, place))
            }),
            Work::Patch(patch, loaded) => {
                patches::apply_loaded(build, directory, (resources, (patch, loaded), place))
            }
            Work::Affixes(all) => all.iter().try_for_each(|(end, text, specs)| {
                let affix = match end {
                    End::Front => Affix::Prefix(text),
                    End::Back => Affix::Suffix(text),
                };
                affixes::apply(build, directory, (resources, (affix, specs)))
            }),
            Work::Replacements(all) => replacements::apply(build, directory, (resources, all)),
            Work::Replicas(replica, specs) => {
                replicas::apply(build, directory, (resources, (replica, specs), place))
            }
            Work::ValueAdd(targets) => targets.apply(build, directory, (resources, place)),
        }
    }
}
