//! Patches: those of the cases, as the API server takes them and as kustomize does.

use anyhow::Result;
use toft_kustomize::{BuildOptions, build};
use toft_object::Gvk;
use toft_schema::{Schemas, patch};
use toft_source::{MemoryFiles, RepoPath, Source};
use toft_testkit::Mutator;
use toft_value::Value;
use toft_yaml::Resolver;

use super::{any, any_part};
use crate::fuzz::input::{Input, cases};
use crate::fuzz::reshape::{Kind, reshaped};

const OBJECT: &str = "object.yaml";
const PATCH: &str = "patch.yaml";

const FOLDERS: &[&str] = &["patch-json", "patch-merge", "patch-strategic"];

/// As text with a line for each field, which is what can be changed well.
pub(super) fn stored() -> Result<Vec<Input>> {
    let mut stored = Vec::new();
    for folder in FOLDERS {
        for case in cases(&format!("crates/toft-schema/tests/cases/{folder}"))? {
            let part = |name: &str| -> Result<Vec<u8>> {
                let json = std::fs::read(case.join("input").join(name))?;
                let value = Value::from_json(&json).unwrap_or_default();
                Ok(toft_yaml::write(&value).into_bytes())
            };
            let mut input = Input::of(OBJECT, part("object.json")?);
            input.parts.push((PATCH.to_owned(), part("patch.json")?));
            stored.push(input);
        }
    }
    Ok(stored)
}

pub(super) fn change(mutator: &mut Mutator, stored: &[Input]) -> Input {
    let mut input = any(mutator, stored).clone();
    for (name, bytes) in &mut input.parts {
        if name == PATCH || mutator.below(3) == 0 {
            let other = any_part(mutator, stored);
            *bytes = reshaped(mutator, (bytes, Kind::Yaml), other);
        }
    }
    input
}

fn read(input: &Input, name: &str) -> Value {
    let source = Source::new(name, input.part(name).into());
    let read = toft_yaml::values(&source, Resolver::Kubectl).value;
    read.into_iter()
        .next()
        .map(|one| one.value)
        .unwrap_or_default()
}

pub(super) fn run(input: &Input) -> bool {
    thread_local!(static SCHEMAS: Schemas = Schemas::builtin());
    let (object, change) = (read(input, OBJECT), read(input, PATCH));
    let mut taken = patch::json(&object, &change).is_ok();
    std::hint::black_box(patch::merge(&object, &change));
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default();
    let gvk = Gvk::of(text("apiVersion"), text("kind"));
    SCHEMAS.with(|schemas| {
        if let Some(schema) = schemas.schema(&gvk) {
            taken |= patch::strategic(schema, &object, &change).is_ok();
        }
    });
    let mut files: MemoryFiles = input.tree(&[]);
    let name = read(input, OBJECT);
    let name = name.str_at(&["metadata", "name"]).unwrap_or("c").to_owned();
    let text = format!(
        "resources: [object.yaml]\npatches:\n- path: patch.yaml\n  target: {{name: {:?}}}\n- path: patch.yaml\n",
        name.chars()
            .filter(char::is_ascii)
            .take(200)
            .collect::<String>()
    );
    if let Ok(path) = RepoPath::parse("kustomization.yaml") {
        files.insert(path, text.into_bytes().into());
    }
    let built = build(&files, &RepoPath::root(), &BuildOptions::default());
    taken | built.is_ok_and(|built| !built.has_errors())
}
