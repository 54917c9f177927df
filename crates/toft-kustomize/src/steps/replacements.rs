//! `replacements`: a value from one object, copied into fields of others.
//!
//! Source: kustomize 5.8.2, `api/filters/replacement/replacement.go`,
//! `api/internal/builtins/ReplacementTransformer.go`.

mod layout;
mod structured;

use toft_object::Gvk;
use toft_yaml::Resolver;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place, tell_problems};
use crate::fault::Fault;
use crate::id::ResId;
use crate::kustomization::{
    FieldOptions, Include, REPLACEMENTS, Replacement, ReplacementEntry, ReplacementSource,
    ReplacementTarget, check_converting, replacements, wrong_only,
};
use crate::node::{Node, NodeKind, find_or_create, lookup, split_path};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::selector::SelectorSpec;

const PLUGIN: &str = "ReplacementTransformer";
/// The field that is meant where none is written.
const DEFAULT_FIELD: &str = "metadata.name";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let entries = &directory.kustomization.replacements;
    if entries.is_empty() {
        return Ok(());
    }
    let places = (0..).map(|index| ("replacements", index));
    let entries = places.zip(entries);
    let all = load_all(build, directory, entries)?;
    apply(build, directory, (&mut accumulator.resources, &all))?;
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}

/// The replacements of all entries, those in files too.
pub(super) fn load_all<'e>(
    build: &mut Build<'_>,
    directory: &Directory,
    entries: impl Iterator<Item = (Place, &'e ReplacementEntry)>,
) -> Result<Vec<(Place, Replacement)>, Stop> {
    let mut all = Vec::new();
    for (place, entry) in entries {
        match entry {
            ReplacementEntry::Inline(replacement) => all.push((place, (**replacement).clone())),
            ReplacementEntry::Both => {
                let message = "cannot specify both path and inline replacement";
                return Err(build.refuse(directory.entry_error("KUS070", message, place)));
            }
            ReplacementEntry::File(path) => {
                let loaded = load(build, directory, (path, place))?;
                all.extend(loaded.into_iter().map(|replacement| (place, replacement)));
            }
        }
    }
    Ok(all)
}

/// Copies the values.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, all): (&mut Resources, &[(Place, Replacement)]),
) -> Result<(), Stop> {
    for (place, replacement) in all {
        replace(resources, replacement).map_err(|fault| {
            build.refuse(directory.entry_error("KUS071", fault.to_string(), *place))
        })?;
    }
    Ok(())
}

fn load(
    build: &mut Build<'_>,
    directory: &Directory,
    (path, place): (&str, Place),
) -> Result<Vec<Replacement>, Stop> {
    let source = match directory.load(build, path) {
        Ok(source) => source,
        Err(fault) => {
            let mut told = fault.diagnostic(path);
            told.labels = directory.entry_error("", "", place).labels;
            return Err(fault.stop(build, told));
        }
    };
    let values = toft_yaml::unmarshal(&source, Resolver::Kubectl);
    let values = build.checked(values)?;
    let value = values.into_iter().next().map(|located| located.value);
    let value = value.unwrap_or_default();
    let shape = REPLACEMENTS.of(&value);
    let (value, problems) = check_converting(&value, shape);
    // What nobody knows is passed over in these files.
    tell_problems(build, &source, wrong_only(problems))?;
    replacements(&value).ok_or_else(|| {
        let message = format!("'{path}' holds neither a replacement nor a list of them");
        build.refuse(directory.entry_error("KUS070", message, place))
    })
}

fn replace(resources: &mut Resources, replacement: &Replacement) -> Result<(), Fault> {
    let (Some(targets), true) = (
        &replacement.targets,
        replacement.source.is_some() || replacement.source_value.is_some(),
    ) else {
        return Err(Fault::new(
            "replacements must specify a source and at least one target",
        ));
    };
    let value = match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => {
            let text = "value and resource selectors are mutually exclusive";
            return Err(Fault::new(text));
        }
        (Some(source), None) => read(resources, source)?,
        (None, text) => Node::implicit(text.clone().unwrap_or_default()),
    };
    targets
        .iter()
        .try_for_each(|target| write(resources, target, &value))
}

/// Every id of an object, as replacements compare them: nothing is cluster-scoped here.
fn ids(resource: &Resource) -> Vec<ResId> {
    let mut current = resource.current_id();
    current.cluster_scoped = false;
    let mut ids = vec![current];
    ids.extend(resource.previous_ids());
    ids
}

fn literal_id(spec: &SelectorSpec) -> ResId {
    ResId {
        gvk: Gvk::new(&spec.group, &spec.version, &spec.kind),
        name: spec.name.as_str().into(),
        namespace: spec.namespace.as_str().into(),
        cluster_scoped: false,
    }
}

fn read(resources: &Resources, source: &ReplacementSource) -> Result<Node, Fault> {
    let id = literal_id(&source.selector);
    let mut matches = resources
        .iter()
        .filter(|resource| ids(resource).iter().any(|one| one.is_selected_by(&id)));
    let described = || match source.field_path.as_str() {
        "" => id.to_string(),
        path => format!("{id}:{path}"),
    };
    let Some(found) = matches.next() else {
        return Err(Fault::new(format!("nothing selected by {}", described())));
    };
    if matches.next().is_some() {
        let text = format!("multiple matches for selector {}", described());
        return Err(Fault::new(text));
    }
    let path = match source.field_path.as_str() {
        "" => DEFAULT_FIELD,
        path => path,
    };
    let at = lookup(&found.node, &split_path(path))
        .map_err(|fault| fault.within("error looking up replacement source"))?;
    let node = at.and_then(|at| found.node.follow(&at));
    match node.filter(|node| !node.is_empty()) {
        Some(node) => refined(node, &source.options),
        None => Err(Fault::new(format!(
            "fieldPath `{path}` is missing for replacement source {id}"
        ))),
    }
}

/// One piece of a text where a delimiter is given.
fn refined(node: &Node, options: &FieldOptions) -> Result<Node, Fault> {
    if options.delimiter.is_empty() {
        return Ok(node.clone());
    }
    let Node::Scalar(scalar) = node else {
        return Err(only_scalars());
    };
    let mut pieces = scalar.text.split(options.delimiter.as_str());
    let index = usize::try_from(options.index).ok();
    let piece = index.and_then(|index| pieces.nth(index));
    let piece = piece.ok_or_else(|| {
        Fault::new(format!(
            "options.index {} is out of bounds for value {}",
            options.index, scalar.text
        ))
    })?;
    let mut refined = scalar.clone();
    refined.text = piece.into();
    Ok(Node::Scalar(refined))
}

fn only_scalars() -> Fault {
    Fault::new("delimiter option can only be used with scalar nodes")
}

fn write(resources: &mut Resources, target: &ReplacementTarget, value: &Node) -> Result<(), Fault> {
    let Some(select) = &target.select else {
        return Err(Fault::new("target must specify resources to select"));
    };
    let selector = select
        .compile()
        .map_err(|fault| fault.within("error creating target selector"))?;
    let rejects = target.reject.iter().map(|spec| Ok((spec, spec.compile()?)));
    let rejects = rejects.collect::<Result<Vec<_>, Fault>>()?;
    for resource in resources.iter_mut() {
        if !selector.matches_metadata(resource) {
            continue;
        }
        let by_metadata = |spec: &SelectorSpec| {
            !spec.annotation_selector.is_empty() || !spec.label_selector.is_empty()
        };
        if rejects
            .iter()
            .any(|(spec, reject)| by_metadata(spec) && reject.matches_metadata(resource))
        {
            continue;
        }
        let ids = ids(resource);
        let rejected = rejects.iter().any(|(spec, reject)| {
            !spec.names_nothing() && ids.iter().any(|id| reject.matches_id(id))
        });
        if !rejected && ids.iter().any(|id| selector.matches_id(id)) {
            copy(&mut resource.node, value, target)?;
        }
    }
    Ok(())
}

fn copy(object: &mut Node, value: &Node, target: &ReplacementTarget) -> Result<(), Fault> {
    let default = [DEFAULT_FIELD.to_owned()];
    let paths = match target.field_paths.as_slice() {
        [] => &default,
        paths => paths,
    };
    let create = match target.options.create {
        Include::Yes => Some(value.kind()),
        Include::No => None,
    };
    for text in paths {
        let path = split_path(text);
        // A text that holds JSON or YAML is looked into first.
        if structured::set(object, &path, (value, &target.options, create)).is_ok() {
            continue;
        }
        set(object, &path, (value, &target.options, create)).map_err(|error| match error {
            SetFault::NotFound(fault) => {
                let verb = create.map_or("find", |_| "find or create");
                let text = format!("unable to {verb} field \"{text}\" in replacement target");
                match fault {
                    Some(fault) => fault.within(text),
                    None => Fault::new(text),
                }
            }
            SetFault::Value(fault) => fault,
        })?;
    }
    Ok(())
}

/// What is copied and how.
type Copying<'a> = (&'a Node, &'a FieldOptions, Option<NodeKind>);

/// Why a value was not set.
enum SetFault {
    NotFound(Option<Fault>),
    Value(Fault),
}

fn set(
    object: &mut Node,
    path: &[String],
    (value, options, create): Copying<'_>,
) -> Result<(), SetFault> {
    let found =
        find_or_create(object, path, create).map_err(|fault| SetFault::NotFound(Some(fault)))?;
    if found.is_empty() {
        return Err(SetFault::NotFound(None));
    }
    for at in found {
        if let Some(field) = object.follow_mut(&at) {
            set_field(field, value, options).map_err(SetFault::Value)?;
        }
    }
    Ok(())
}

/// Writes into a field. Of a scalar only the text changes: what it is, it stays.
fn set_field(field: &mut Node, value: &Node, options: &FieldOptions) -> Result<(), Fault> {
    let mut value = value.clone();
    if !options.delimiter.is_empty() {
        let Node::Scalar(old) = &*field else {
            return Err(only_scalars());
        };
        let text = joined(&old.text, value.text(), options);
        if let Node::Scalar(scalar) = &mut value {
            scalar.text = text.into();
        }
    }
    match field {
        Node::Scalar(scalar) => scalar.text = value.text().into(),
        Node::List(_) | Node::Map(_) => *field = value,
    }
    Ok(())
}

/// The text with one piece replaced, or with a piece before or behind it.
fn joined(old: &str, new: &str, options: &FieldOptions) -> String {
    let mut pieces: Vec<&str> = old.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => pieces.insert(0, new),
        Ok(index) => match pieces.get_mut(index) {
            Some(piece) => *piece = new,
            None => pieces.push(new),
        },
    }
    pieces.join(&options.delimiter)
}
