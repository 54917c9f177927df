//! `ValueAddTransformer`: one value in many fields, whole or as a part of a file path.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/ValueAddTransformer.go`,
//! `api/filters/valueadd/valueadd.go`, `InsertPathPart` in `kyaml/filesys/util.go`.

use toft_yaml::Resolver;

use super::{failed, misconfigured};
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::fault::Fault;
use crate::kustomization::{AddTarget, ValueAdd, targets_of};
use crate::node::{Tag, get_or_create};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::selector::SelectorSpec;
use crate::steps::namespace::{NamespaceChange, Over, Subjects};

/// A value and where it goes.
pub(super) struct ReadyTargets {
    value: String,
    targets: Vec<AddTarget>,
}

pub(super) fn prepare(
    build: &mut Build<'_>,
    directory: &Directory,
    (resource, args, place): (&Resource, ValueAdd, Place),
) -> Result<ReadyTargets, Stop> {
    let mut targets = args.targets;
    if !args.file.is_empty() {
        targets.extend(load(build, directory, (resource, &args.file, place))?);
    }
    let wrong = if targets.is_empty() {
        Some("must specify at least one target".to_owned())
    } else {
        targets.iter().find_map(|target| {
            if target.path.is_empty() {
                return Some("fieldPath cannot be empty".to_owned());
            }
            let position = target.position;
            let text = format!("value of FilePathPosition ({position}) cannot be negative");
            (position < 0).then_some(text)
        })
    };
    if let Some(text) = wrong {
        return Err(build.refuse(failed(directory, (resource, place), &text)));
    }
    let value = match args.value.trim() {
        "" => directory.path.file_name().to_owned(),
        value => value.to_owned(),
    };
    Ok(ReadyTargets { value, targets })
}

fn load(
    build: &mut Build<'_>,
    directory: &Directory,
    (resource, file, place): (&Resource, &str, Place),
) -> Result<Vec<AddTarget>, Stop> {
    let source = directory.load_for(build, (file, place))?;
    let values = toft_yaml::unmarshal(&source, Resolver::Kubectl);
    let values = build.checked(values)?;
    let first = values.into_iter().next().map(|located| located.value);
    targets_of(&first.unwrap_or_default())
        .map_err(|problems| misconfigured(build, directory, (resource, place, &problems)))
}

impl ReadyTargets {
    pub(super) fn apply(
        &self,
        build: &mut Build<'_>,
        directory: &Directory,
        (resources, place): (&mut Resources, Place),
    ) -> Result<(), Stop> {
        for target in &self.targets {
            let selector = target.selector.as_ref().map(SelectorSpec::compile);
            let selector = selector.transpose().map_err(|fault| {
                build.refuse(directory.entry_error("KUS019", fault.to_string(), place))
            })?;
            for resource in resources.iter_mut() {
                if selector
                    .as_ref()
                    .is_some_and(|selector| !selector.selects(resource))
                {
                    continue;
                }
                self.add(resource, target).map_err(|fault| {
                    build.refuse(directory.object_error("KUS019", resource, &fault.to_string()))
                })?;
            }
        }
        Ok(())
    }

    fn add(&self, resource: &mut Resource, target: &AddTarget) -> Result<(), Fault> {
        let scope = resource.scope();
        let object = &mut resource.node;
        if target.path == "metadata/namespace" {
            let change = NamespaceChange {
                namespace: &self.value,
                specs: &[],
                subjects: Subjects::Default,
                over: Over::Everything,
            };
            return change.object(object, scope);
        }
        let path: Vec<String> = split_path(&target.path);
        let Some(field) = get_or_create(object, &path)? else {
            return Ok(());
        };
        let text = match usize::try_from(target.position) {
            Ok(position) if position > 0 => {
                inserted(field.text(), position - 1, self.value.as_str())
            }
            _ => self.value.clone(),
        };
        field.set_scalar(text, Tag::None)
    }
}

/// The parts of a path with slashes; a backslash keeps the slash behind it.
fn split_path(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in path.split('/') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// A file path with one more part; a path from the root stays one.
fn inserted(path: &str, position: usize, part: &str) -> String {
    let rest = path.trim_start_matches('/');
    let root = if rest.len() < path.len() { "/" } else { "" };
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{root}{}", clean(&parts))
}

/// The parts joined as Go's `filepath.Join` does.
fn clean(parts: &[&str]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in parts.iter().flat_map(|part| part.split('/')) {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::inserted;

    #[test]
    fn a_part_is_put_where_it_is_wanted() {
        let cases = [
            ("", 0, "PLUM"),
            ("/", 3, "/PLUM"),
            ("pie", 0, "PLUM/pie"),
            ("/pie", 0, "/PLUM/pie"),
            ("raw", 1, "raw/PLUM"),
            ("/raw", 9, "/raw/PLUM"),
            ("a/b/c", 2, "a/b/PLUM/c"),
            ("/a/b/c", 2, "/a/b/PLUM/c"),
        ];
        for (path, position, wanted) in cases {
            assert_eq!(
                inserted(path, position, "PLUM"),
                wanted,
                "{path} {position}"
            );
        }
    }
}
