//! `patches`: strategic merge or JSON 6902, for one object or for all that a target selects.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/PatchTransformer.go`, `ApplySmPatch` in
//! `api/resource/resource.go` and `api/resmap/reswrangler.go`.

use toft_source::{Diagnostic, Source};
use toft_value::Value;
use toft_yaml::Resolver;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::fault::Fault;
use crate::json_patch::{self, Operation};
use crate::kustomization::{AllowedChanges, Include, Patch};
use crate::merge::merge;
use crate::node::Node;
use crate::resource::Resource;
use crate::resources::Resources;

const PLUGIN: &str = "PatchTransformer";

/// What the text of a patch turned out to be.
#[derive(Debug)]
pub(crate) enum Loaded {
    Strategic(Vec<Resource>),
    Json(Vec<Operation>),
}

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let entries = &directory.kustomization.patches;
    let mut loaded = Vec::with_capacity(entries.len());
    for (index, patch) in entries.iter().enumerate() {
        let place = ("patches", index);
        loaded.push((place, patch, load(build, directory, (patch, place))?));
    }
    for (place, patch, loaded) in loaded {
        let resources = &mut accumulator.resources;
        apply_loaded(build, directory, (resources, (patch, &loaded), place))?;
        accumulator.transformed(directory, PLUGIN);
    }
    Ok(())
}

/// Applies one entry.
pub(super) fn apply_loaded(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, (patch, loaded), place): (&mut Resources, (&Patch, &Loaded), Place),
) -> Result<(), Stop> {
    match loaded {
        Loaded::Strategic(patches) => {
            strategic(build, directory, (resources, patch, patches, place))
        }
        Loaded::Json(operations) => json(build, directory, (resources, patch, operations, place)),
    }
}

/// The text of a patch: in place, or in a file.
pub(super) fn text(
    build: &mut Build<'_>,
    directory: &Directory,
    (patch, place): (&Patch, Place),
) -> Result<Source, Stop> {
    let inline = patch.inline.trim();
    match (inline.is_empty(), patch.path.is_empty()) {
        (true, true) => {
            let message = "must specify one of patch and path";
            Err(build.refuse(directory.entry_error("KUS052", message, place)))
        }
        (false, false) => {
            let message = "patch and path can't be set at the same time";
            Err(build.refuse(directory.entry_error("KUS052", message, place)))
        }
        (false, true) => Ok(Source::new(
            format!("{} ({}[{}])", directory.file_path(), place.0, place.1),
            inline.as_bytes().into(),
        )),
        (true, false) => match directory.load(build, &patch.path) {
            Ok(source) => Ok(source),
            Err(fault) => {
                let mut told = fault.diagnostic(&patch.path);
                told.message = format!(
                    "failed to get the patch file from path({}): {}",
                    patch.path, told.message
                );
                told.labels = directory.entry_error("", "", place).labels;
                Err(fault.stop(build, told))
            }
        },
    }
}

/// Reads the text of one entry.
pub(super) fn load(
    build: &mut Build<'_>,
    directory: &Directory,
    (patch, place): (&Patch, Place),
) -> Result<Loaded, Stop> {
    let source = text(build, directory, (patch, place))?;
    let strategic = build.patches(&source, &directory.file_path());
    let json = operations(&source);
    match (strategic, json) {
        (Ok(patches), Ok(operations)) if !patches.is_empty() && !operations.is_empty() => {
            let message = "illegally qualifies as both an SM and JSON patch";
            Err(build.refuse(directory.entry_error("KUS053", message, place)))
        }
        (Ok(patches), _) => Ok(Loaded::Strategic(patches)),
        (Err(_), Ok(operations)) => Ok(Loaded::Json(operations)),
        (Err(diagnostics), Err(_)) => {
            let source = match patch.path.as_str() {
                "" => "the patch in place".to_owned(),
                path => format!("[path: \"{path}\"]"),
            };
            let message = format!("unable to parse SM or JSON patch from {source}");
            let mut told = directory.entry_error("KUS054", message, place);
            for diagnostic in diagnostics {
                told.notes.push(format!(
                    "as a strategic merge patch: {}",
                    diagnostic.message
                ));
                told.labels.extend(diagnostic.labels);
            }
            Err(build.refuse(told))
        }
    }
}

/// The text as a JSON patch: JSON where it begins with a bracket, otherwise YAML whose first document
/// counts.
pub(super) fn operations(source: &Source) -> Result<Vec<Operation>, Fault> {
    if source.bytes().first() == Some(&b'[') {
        let value =
            Value::from_json(source.bytes()).map_err(|error| Fault::new(error.to_string()))?;
        return json_patch::parse(&value);
    }
    let values = toft_yaml::unmarshal(source, Resolver::Kubectl);
    if let Some(diagnostic) = values.diagnostics.first().filter(|_| values.has_errors()) {
        return Err(Fault::new(diagnostic.message.clone()));
    }
    match values.value.first() {
        Some(located) => json_patch::parse(&located.value),
        None => Ok(Vec::new()),
    }
}

/// Refuses a build because a patch does not apply.
pub(super) fn patch_error(
    build: &mut Build<'_>,
    directory: &Directory,
    (fault, place): (&Fault, Place),
) -> Stop {
    build.refuse(directory.entry_error("KUS055", fault.to_string(), place))
}

fn strategic(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, entry, patches, place): (&mut Resources, &Patch, &[Resource], Place),
) -> Result<(), Stop> {
    let Some(target) = &entry.target else {
        for patch in patches {
            let id = patch.current_id();
            let at = resources
                .unique(&id)
                .map_err(|fault| build.refuse(no_target(directory, (patch, &fault), place)))?;
            resources
                .change(at, |resource| apply(resource, patch, entry.changes))
                .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
        }
        return Ok(());
    };
    let Some(patch) = patches.first() else {
        return Ok(());
    };
    if patches.len() > 1 {
        let message = "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field";
        let told = directory.entry_error("KUS056", message, place);
        return Err(build.refuse(told.help("write one entry per patch, or leave `target` out")));
    }
    let selector = target.compile().map_err(|fault| {
        let message = format!("unable to find patch target \"{target}\" in `resources`: {fault}");
        build.refuse(directory.entry_error("KUS057", message, place))
    })?;
    let selected: Vec<usize> = selected(resources, |resource| selector.selects(resource));
    warn_nothing_selected(build, directory, (&selected, place));
    apply_to_selected(resources, &selected, (patch, entry.changes))
        .map_err(|fault| patch_error(build, directory, (&fault, place)))
}

fn selected(resources: &Resources, selects: impl Fn(&Resource) -> bool) -> Vec<usize> {
    let all = resources.iter().enumerate();
    let found = all.filter(|(_, resource)| selects(resource));
    found.map(|(at, _)| at).collect()
}

/// Upstream is silent about a patch that does nothing. A component is made for many bases: that its patch finds
/// nothing in one of them is meant.
fn warn_nothing_selected(
    build: &mut Build<'_>,
    directory: &Directory,
    (selected, place): (&[usize], Place),
) {
    if selected.is_empty() && directory.kustomization.kind != "Component" {
        let message = "the target of this patch selects nothing";
        let mut told = Diagnostic::warning("KUS058", message);
        told.labels = directory.entry_error("", "", place).labels;
        build.tell(told);
    }
}

fn no_target(
    directory: &Directory,
    (patch, fault): (&Resource, &Fault),
    place: Place,
) -> Diagnostic {
    let id = patch.current_id();
    let message = format!(
        "no resource matches strategic merge patch \"{id}\": {fault}; failed to find unique target for patch {id}"
    );
    directory
        .entry_error("KUS051", message, place)
        .help("the kind, API version, name and namespace of the patch must be those of one object")
}

/// Merges a patch into the objects at these places; two must not have one id afterwards.
pub(super) fn apply_to_selected(
    resources: &mut Resources,
    selected: &[usize],
    (patch, changes): (&Resource, AllowedChanges),
) -> Result<(), Fault> {
    for at in selected {
        resources.change(*at, |resource| {
            let mut copy = patch.clone();
            // Upstream rebuilds the metadata of the copy: labels and annotations are strings after that.
            for field in ["labels", "annotations"] {
                let entries = copy.metadata_map(field);
                copy.set_metadata_map(field, &entries);
            }
            copy.set_name(patch.name());
            copy.set_namespace(patch.namespace());
            copy.node.set_text(&["apiVersion"], resource.api_version());
            apply(resource, &copy, changes)
        })?;
    }
    resources.drop_empty();
    resources.check_ids()
}

fn apply(resource: &mut Resource, patch: &Resource, changes: AllowedChanges) -> Result<(), Fault> {
    let (name, namespace) = (resource.name().to_owned(), resource.namespace().to_owned());
    let kind = resource.kind().to_owned();
    let schemas = resource.schemas.clone();
    if changes.name == Include::Yes || changes.kind == Include::Yes {
        resource.store_previous_id();
    }
    resource.with_past_in_annotations(|node| {
        let object = std::mem::replace(node, Node::null());
        *node = merge(object, patch.node.clone(), &schemas)?.unwrap_or_else(Node::null);
        Ok(())
    })?;
    if resource.node.is_empty() {
        return Ok(());
    }
    if changes.kind == Include::No {
        resource.set_kind(&kind);
    }
    if changes.name == Include::No {
        resource.set_name(&name);
    }
    resource.set_namespace(&namespace);
    Ok(())
}

fn json(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, entry, operations, place): (&mut Resources, &Patch, &[Operation], Place),
) -> Result<(), Stop> {
    let Some(target) = &entry.target else {
        let message = "must specify a target for JSON patch";
        return Err(build.refuse(directory.entry_error("KUS059", message, place)));
    };
    let selector = target
        .compile()
        .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
    let selected = selected(resources, |resource| selector.selects(resource));
    warn_nothing_selected(build, directory, (&selected, place));
    for at in selected {
        if let Some(resource) = resources.get_mut(at) {
            resource.store_previous_id();
            apply_json(resource, operations)
                .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
        }
    }
    Ok(())
}

/// Applies a JSON patch. What the build knows about the object outlives its annotations.
pub(super) fn apply_json(resource: &mut Resource, operations: &[Operation]) -> Result<(), Fault> {
    let past = resource.past.clone();
    let from_chart = resource.is_from_chart();
    resource.with_past_in_annotations(|node| {
        let mut value = node
            .to_value()
            .map_err(|fault| Fault::new(fault.to_string()))?;
        json_patch::apply(&mut value, operations)?;
        if value.as_map().is_none() {
            return Err(Fault::new("the patch leaves no object"));
        }
        *node = Node::from_json(&value);
        Ok(())
    })?;
    resource.past = past;
    if from_chart {
        resource.mark_as_from_chart()?;
    }
    Ok(())
}
