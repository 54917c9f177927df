//! A checked value to what it says.

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_value::{Map, Value};

use super::charts::charts;
use super::{
    AllowedChanges, Entry, FieldOptions, GeneratorArgs, GeneratorOptions, Image, Include,
    Kustomization, Label, LabelReach, LegacyOrder, Mutability, NameHash, OpenApi, Patch,
    Replacement, ReplacementEntry, ReplacementSource, ReplacementTarget, Replica, SortOptions,
    Texts, Variable,
};
use crate::config::NameReference;
use crate::field_spec::FieldSpec;
use crate::resource::Behavior;
use crate::selector::SelectorSpec;

pub(super) fn text(value: &Value, name: &str) -> String {
    value.str_at(&[name]).unwrap_or_default().to_owned()
}

pub(super) fn smol(value: &Value, name: &str) -> SmolStr {
    value.str_at(&[name]).unwrap_or_default().into()
}

pub(super) fn flag(value: &Value, name: &str) -> Include {
    match value.bool_at(&[name]) {
        Some(true) => Include::Yes,
        Some(false) | None => Include::No,
    }
}

pub(super) fn list(value: &Value, name: &str) -> Vec<String> {
    let items = value.items_at(&[name]).iter();
    let texts = items.map(|item| item.as_str().unwrap_or_default().to_owned());
    texts.collect()
}

pub(super) fn texts(value: &Value, name: &str) -> Texts {
    let map = value.get(name).and_then(Value::as_map);
    let entries = map.into_iter().flat_map(Map::iter);
    let entries = entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default()));
    entries.map(|(key, text)| (key, text.into())).collect()
}

pub(super) fn records<T>(value: &Value, name: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.items_at(&[name]).iter().map(read).collect()
}

pub(super) fn entries(value: &Value, field: &'static str) -> Vec<Entry> {
    let texts = list(value, field).into_iter().enumerate();
    let entry = |(index, text)| Entry { text, field, index };
    texts.map(entry).collect()
}

/// Reads a kustomization and mends its old fields as upstream does.
///
/// Source: `FixKustomization`, `api/types/kustomization.go`.
pub(crate) fn kustomization(value: &Value) -> Kustomization {
    let kind = match text(value, "kind") {
        kind if kind.is_empty() => "Kustomization".to_owned(),
        kind => kind,
    };
    let api_version = match text(value, "apiVersion") {
        version if !version.is_empty() => version,
        _ if kind == "Component" => "kustomize.config.k8s.io/v1alpha1".to_owned(),
        _ => "kustomize.config.k8s.io/v1beta1".to_owned(),
    };
    let global = value.get("generatorOptions").map(generator_options);
    let generators = |name| records(value, name, |args| generator(args, global.as_ref()));
    let mut resources = entries(value, "resources");
    resources.extend(entries(value, "bases"));
    let mut images = records(value, "images", image);
    images.extend(records(value, "imageTags", image));
    Kustomization {
        api_version,
        kind,
        name_prefix: text(value, "namePrefix"),
        name_suffix: text(value, "nameSuffix"),
        namespace: text(value, "namespace"),
        common_labels: texts(value, "commonLabels"),
        labels: records(value, "labels", label),
        common_annotations: texts(value, "commonAnnotations"),
        patches_strategic_merge: list(value, "patchesStrategicMerge"),
        patches_json: records(value, "patchesJson6902", patch),
        patches: records(value, "patches", patch),
        images,
        replacements: records(value, "replacements", replacement_entry),
        replicas: records(value, "replicas", replica),
        sort: value.get("sortOptions").map(sort_options),
        resources,
        components: entries(value, "components"),
        config_maps: generators("configMapGenerator"),
        secrets: generators("secretGenerator"),
        configurations: entries(value, "configurations"),
        build_metadata: list(value, "buildMetadata"),
        variables: records(value, "vars", variable),
        crds: entries(value, "crds"),
        generators: entries(value, "generators"),
        transformers: entries(value, "transformers"),
        validators: entries(value, "validators"),
        openapi: OpenApi {
            path: value.str_at(&["openapi", "path"]).map(str::to_owned),
            version: value.str_at(&["openapi", "version"]).map(str::to_owned),
        },
        charts: charts(value),
    }
}

fn label(value: &Value) -> Label {
    let reach = match flag(value, "includeSelectors") {
        Include::Yes => LabelReach::Selectors,
        Include::No => LabelReach::Others {
            templates: flag(value, "includeTemplates"),
            volume_claim_templates: flag(value, "includeVolumeClaimTemplates"),
        },
    };
    Label {
        pairs: texts(value, "pairs"),
        reach,
        fields: records(value, "fields", field_spec),
    }
}

pub(super) fn gvk(value: &Value) -> Gvk {
    Gvk {
        group: smol(value, "group"),
        version: smol(value, "version"),
        kind: smol(value, "kind"),
    }
}

pub(super) fn field_spec(value: &Value) -> FieldSpec {
    FieldSpec {
        gvk: gvk(value),
        path: smol(value, "path"),
        create: flag(value, "create") == Include::Yes,
    }
}

pub(super) fn patch(value: &Value) -> Patch {
    let options = value.get("options").cloned().unwrap_or_default();
    Patch {
        path: text(value, "path"),
        inline: text(value, "patch"),
        target: value.get("target").map(selector),
        changes: AllowedChanges {
            name: flag(&options, "allowNameChange"),
            kind: flag(&options, "allowKindChange"),
        },
    }
}

pub(super) fn selector(value: &Value) -> SelectorSpec {
    SelectorSpec {
        group: text(value, "group"),
        version: text(value, "version"),
        kind: text(value, "kind"),
        name: text(value, "name"),
        namespace: text(value, "namespace"),
        annotation_selector: text(value, "annotationSelector"),
        label_selector: text(value, "labelSelector"),
    }
}

pub(super) fn image(value: &Value) -> Image {
    Image {
        name: text(value, "name"),
        new_name: text(value, "newName"),
        tag_suffix: text(value, "tagSuffix"),
        new_tag: text(value, "newTag"),
        digest: text(value, "digest"),
    }
}

pub(super) fn replica(value: &Value) -> Replica {
    Replica {
        name: text(value, "name"),
        count: value.i64_at(&["count"]).unwrap_or_default(),
    }
}

/// Source: `Var.Defaulting` and `Target.GVK`, `api/types/var.go`.
fn variable(value: &Value) -> Variable {
    let object = value.get("objref").cloned().unwrap_or_default();
    let mut gvk = gvk(&object);
    let api_version = text(&object, "apiVersion");
    let parts: Vec<&str> = api_version.split('/').collect();
    match parts.as_slice() {
        [version] if !version.is_empty() => gvk.version = (*version).into(),
        [group, version] => {
            gvk.group = (*group).into();
            gvk.version = (*version).into();
        }
        _ => {}
    }
    let field = value.str_at(&["fieldref", "fieldPath"]);
    let field = field.filter(|path| !path.is_empty());
    Variable {
        name: smol(value, "name"),
        gvk,
        object: smol(&object, "name"),
        namespace: smol(&object, "namespace"),
        field: field.unwrap_or("metadata.name").to_owned(),
    }
}

fn sort_options(value: &Value) -> SortOptions {
    SortOptions {
        order: text(value, "order"),
        legacy: value.get("legacySortOptions").map(|legacy| LegacyOrder {
            first: list(legacy, "orderFirst"),
            last: list(legacy, "orderLast"),
        }),
    }
}

pub(super) fn generator_options(value: &Value) -> GeneratorOptions {
    GeneratorOptions {
        labels: texts(value, "labels"),
        annotations: texts(value, "annotations"),
        name_hash: match flag(value, "disableNameSuffixHash") {
            Include::Yes => NameHash::Disabled,
            Include::No => NameHash::Added,
        },
        mutability: match flag(value, "immutable") {
            Include::Yes => Mutability::Immutable,
            Include::No => Mutability::Unsaid,
        },
    }
}

/// Source: `MergeGlobalOptionsIntoLocal`, `api/types/generatoroptions.go`.
pub(super) fn generator(value: &Value, global: Option<&GeneratorOptions>) -> GeneratorArgs {
    let mut options = value
        .get("options")
        .map(generator_options)
        .unwrap_or_default();
    if let Some(global) = global {
        fill(&mut options.labels, &global.labels);
        fill(&mut options.annotations, &global.annotations);
        if global.name_hash == NameHash::Disabled {
            options.name_hash = NameHash::Disabled;
        }
        if global.mutability == Mutability::Immutable {
            options.mutability = Mutability::Immutable;
        }
    }
    let mut envs = list(value, "envs");
    envs.extend(Some(text(value, "env")).filter(|env| !env.is_empty()));
    GeneratorArgs {
        name: text(value, "name"),
        namespace: text(value, "namespace"),
        behavior: Behavior::parse(&text(value, "behavior")),
        envs,
        literals: list(value, "literals"),
        files: list(value, "files"),
        options,
        secret_type: text(value, "type"),
    }
}

fn fill(texts: &mut Texts, defaults: &Texts) {
    for (key, text) in defaults {
        if texts.iter().all(|(known, _)| known != key) {
            texts.push((key.clone(), text.clone()));
        }
    }
    texts.sort_unstable();
}

pub(super) fn replacement_entry(value: &Value) -> ReplacementEntry {
    let path = text(value, "path");
    let inline = replacement(value);
    let has_targets = inline
        .targets
        .as_ref()
        .is_some_and(|targets| !targets.is_empty());
    match (path.is_empty(), inline.source.is_some() || has_targets) {
        (true, _) => ReplacementEntry::Inline(Box::new(inline)),
        (false, false) => ReplacementEntry::File(path),
        (false, true) => ReplacementEntry::Both,
    }
}

/// Reads a file of replacements: one, or a list; `None` for anything else.
pub(crate) fn replacements(value: &Value) -> Option<Vec<Replacement>> {
    match value {
        Value::Map(_) => Some(vec![replacement(value)]),
        Value::List(items) => Some(items.iter().map(replacement).collect()),
        _ => None,
    }
}

fn replacement(value: &Value) -> Replacement {
    let source = value.get("source").map(|source| ReplacementSource {
        selector: selector(source),
        field_path: text(source, "fieldPath"),
        options: field_options(source),
    });
    let targets = value.get("targets");
    let target = |target: &Value| ReplacementTarget {
        select: target.get("select").map(selector),
        reject: records(target, "reject", selector),
        field_paths: list(target, "fieldPaths"),
        options: field_options(target),
    };
    Replacement {
        source,
        source_value: value.str_at(&["sourceValue"]).map(str::to_owned),
        targets: targets.map(|targets| targets.items().iter().map(target).collect()),
    }
}

fn field_options(value: &Value) -> FieldOptions {
    let options = value.get("options").cloned().unwrap_or_default();
    FieldOptions {
        delimiter: text(&options, "delimiter"),
        index: options.i64_at(&["index"]).unwrap_or_default(),
        create: flag(&options, "create"),
    }
}

/// What a configuration file adds: paths by transformer, and fields that hold names.
pub(crate) fn configuration(value: &Value) -> (Vec<(SmolStr, Vec<FieldSpec>)>, Vec<NameReference>) {
    let map = value.as_map().cloned().unwrap_or_default();
    let lists = map.keys().filter(|name| *name != "nameReference");
    let specs = lists.map(|name| (name.clone(), records(value, name, field_spec)));
    let references = records(value, "nameReference", |reference| NameReference {
        gvk: gvk(reference),
        referrers: records(reference, "fieldSpecs", field_spec).into(),
    });
    (specs.collect(), references)
}
