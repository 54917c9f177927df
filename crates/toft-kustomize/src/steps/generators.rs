//! `configMapGenerator` and `secretGenerator`.
//!
//! Source: kustomize 5.8.2, `api/internal/generators/`, `api/kv/kv.go`, `appendReplaceOrMerge` in
//! `api/resmap/reswrangler.go`.

mod absorb;
mod pairs;

use toft_object::Origin;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::kustomization::{GeneratorArgs, GeneratorOptions, Mutability, NameHash};
use crate::node::{Fields, Node, NodeKind, Scalar, Style, Tag};
use crate::provenance::Told;
use crate::resource::Resource;
use pairs::Pairs;

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    ConfigMap,
    Secret,
}

impl Generated {
    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }

    fn plugin(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret => "SecretGenerator",
        }
    }
}

pub(super) fn config_maps(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let args = &directory.kustomization.config_maps;
    generate(build, directory, (accumulator, args, Generated::ConfigMap))
}

pub(super) fn secrets(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let args = &directory.kustomization.secrets;
    generate(build, directory, (accumulator, args, Generated::Secret))
}

fn generate(
    build: &mut Build<'_>,
    directory: &Directory,
    (accumulator, all, generated): (&mut Accumulator, &[GeneratorArgs], Generated),
) -> Result<(), Stop> {
    for (index, args) in all.iter().enumerate() {
        let place = (generated.field(), index);
        let mut resource = make(build, directory, (args, generated, place))?;
        resource.provenance.origin = Some(Told::built_in(directory, generated.plugin()));
        absorb(build, directory, (accumulator, resource, place))?;
    }
    Ok(())
}

/// The object that a generator makes.
pub(super) fn make(
    build: &mut Build<'_>,
    directory: &Directory,
    (args, generated, place): (&GeneratorArgs, Generated, Place),
) -> Result<Resource, Stop> {
    let data = Pairs::load(build, directory, (args, place))?;
    if args.name.is_empty() {
        let message = "a configmap must have a name";
        return Err(build.refuse(directory.entry_error("KUS035", message, place)));
    }
    let origin = Origin {
        path: directory.file_path(),
        line: directory.line_of(place),
        step: place.0,
    };
    let mut resource = Resource::new(object(args, &data, generated), origin);
    resource.schemas = build.schemas.clone();
    resource.past.needs_hash = args.options.name_hash == NameHash::Added;
    resource.past.behavior = Some(args.behavior);
    Ok(resource)
}

/// Adds what was generated to what is there.
pub(super) fn absorb(
    build: &mut Build<'_>,
    directory: &Directory,
    (accumulator, resource, place): (&mut Accumulator, Resource, Place),
) -> Result<(), Stop> {
    absorb::absorb(&mut accumulator.resources, resource)
        .map_err(|fault| build.refuse(directory.entry_error("KUS036", fault.to_string(), place)))
}

fn object(args: &GeneratorArgs, data: &Pairs, generated: Generated) -> Node {
    let mut metadata = Fields::default();
    metadata.set("name", Node::string(args.name.as_str()));
    if !args.namespace.is_empty() {
        metadata.set("namespace", Node::string(args.namespace.as_str()));
    }
    set_options(&mut metadata, &args.options);
    let mut object = Fields::default();
    object.set("apiVersion", Node::string("v1"));
    object.set("kind", Node::string(generated.kind()));
    object.set("metadata", Node::Map(metadata));
    match generated {
        Generated::ConfigMap => data.fill_config_map(&mut object),
        Generated::Secret => {
            let kind = match args.secret_type.as_str() {
                "" => "Opaque",
                kind => kind,
            };
            object.set("type", Node::string(kind));
            data.fill_secret(object.get_or_insert("data", NodeKind::Map));
        }
    }
    if args.options.mutability == Mutability::Immutable {
        object.set("immutable", Node::Scalar(Scalar::tagged("true", Tag::Bool)));
    }
    Node::Map(object)
}

/// Labels and annotations of options are quoted, and stay so.
fn set_options(metadata: &mut Fields, options: &GeneratorOptions) {
    for (field, texts) in [
        ("labels", &options.labels),
        ("annotations", &options.annotations),
    ] {
        for (key, text) in texts {
            let value = Node::Scalar(Scalar {
                style: Style::Quoted,
                ..Scalar::tagged(text.clone(), Tag::Str)
            });
            if let Some(map) = metadata.get_or_insert(field, NodeKind::Map).fields_mut() {
                map.set(key, value);
            }
        }
    }
}
