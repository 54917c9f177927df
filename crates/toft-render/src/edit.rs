//! What the options of an Application write into a kustomization, as `kustomize edit` does.
//!
//! Source: Argo CD 3.2.0 `util/kustomize/kustomize.go`, `Build`; kustomize 5.8.2
//! `kustomize/commands/edit/{set,add}`.

use toft_argo::KustomizeSource;
use toft_value::{List, Map, Value, value};

/// The kustomization with the options written into it.
///
/// `present` tells whether a component, relative to the folder, is there.
///
/// # Errors
/// What the kustomization says already forbids it, or an option is none; the text says why.
pub(crate) fn edit(
    mut kustomization: Value,
    options: &KustomizeSource,
    present: &dyn Fn(&str) -> bool,
) -> Result<Value, String> {
    for (field, text) in [
        ("namePrefix", &options.name_prefix),
        ("nameSuffix", &options.name_suffix),
        ("namespace", &options.namespace),
    ] {
        if !text.is_empty() {
            kustomization.set_at(&[field], text);
        }
    }
    for image in &options.images {
        let image = parse_image(image)?;
        put_by_name(&mut kustomization, "images", image);
    }
    for replica in &options.replicas {
        let count = replica
            .count
            .ok_or_else(|| format!("the replica count of `{}` is no number", replica.name))?;
        put_by_name(
            &mut kustomization,
            "replicas",
            value!({"name": &replica.name, "count": count}),
        );
    }
    add_labels(&mut kustomization, options)?;
    add_annotations(&mut kustomization, options)?;
    append(&mut kustomization, "patches", options.patches.clone());
    let wanted = options
        .components
        .iter()
        .filter(|name| !options.ignore_missing_components || present(name));
    append(
        &mut kustomization,
        "components",
        wanted.map(Value::from).collect(),
    );
    Ok(kustomization)
}

/// `name=new:tag`, `name:tag`, `name@digest`, `name=new@digest`.
fn parse_image(text: &str) -> Result<Value, String> {
    let (name, rest) = match text.split_once('=') {
        Some((name, rest)) => (name, rest),
        None => (image_name(text).0, text),
    };
    if name.is_empty() || rest.is_empty() {
        return Err(format!(
            "`{text}` is no image: write `name=new-name:tag`, `name:tag` or `name@digest`"
        ));
    }
    let (new_name, version) = image_name(rest);
    let mut image = Map::new();
    image.insert("name", name);
    if new_name != name && !new_name.is_empty() && new_name != "*" {
        image.insert("newName", new_name);
    }
    match version {
        Version::Tag(tag) if tag != "*" => drop(image.insert("newTag", tag)),
        Version::Digest(digest) => drop(image.insert("digest", digest)),
        Version::Tag(_) | Version::None => {}
    }
    Ok(Value::Map(image))
}

enum Version<'a> {
    None,
    Tag(&'a str),
    Digest(&'a str),
}

fn image_name(text: &str) -> (&str, Version<'_>) {
    if let Some((name, digest)) = text.split_once('@') {
        return (name, Version::Digest(digest));
    }
    match text.rsplit_once(':') {
        // A colon before a slash belongs to the port of a registry.
        Some((name, tag)) if !tag.contains('/') => (name, Version::Tag(tag)),
        _ => (text, Version::None),
    }
}

/// Replaces the entry of a list that has the same name, or adds one; the list stays sorted as the
/// command leaves it.
fn put_by_name(kustomization: &mut Value, field: &str, entry: Value) {
    let name = entry.str_at(&["name"]).unwrap_or_default().to_owned();
    let mut entries = kustomization.items_at(&[field]).to_vec();
    entries.retain(|one| one.str_at(&["name"]) != Some(&name));
    entries.push(entry);
    entries.sort_by(|left, right| left.str_at(&["name"]).cmp(&right.str_at(&["name"])));
    kustomization.set_at(&[field], List::from(entries));
}

fn append(kustomization: &mut Value, field: &str, more: Vec<Value>) {
    if more.is_empty() {
        return;
    }
    let mut entries = kustomization.items_at(&[field]).to_vec();
    let new = more
        .into_iter()
        .filter(|entry| field == "patches" || !entries.contains(entry));
    let new: Vec<Value> = new.collect();
    entries.extend(new);
    kustomization.set_at(&[field], List::from(entries));
}

fn add_labels(kustomization: &mut Value, options: &KustomizeSource) -> Result<(), String> {
    if options.common_labels.is_empty() {
        return Ok(());
    }
    let flag = |name: &str| options.raw.bool_at(&[name]) == Some(true);
    if flag("labelWithoutSelector") || flag("labelIncludeTemplates") {
        let entry = value!({"pairs": options.common_labels.clone(), "includeTemplates": flag("labelIncludeTemplates")});
        append(kustomization, "labels", vec![entry]);
        return Ok(());
    }
    merge(
        kustomization,
        ("commonLabels", "label"),
        (&options.common_labels, flag("forceCommonLabels")),
    )
}

fn add_annotations(kustomization: &mut Value, options: &KustomizeSource) -> Result<(), String> {
    let force = options.raw.bool_at(&["forceCommonAnnotations"]) == Some(true);
    merge(
        kustomization,
        ("commonAnnotations", "annotation"),
        (&options.common_annotations, force),
    )
}

fn merge(
    kustomization: &mut Value,
    (field, word): (&str, &str),
    (more, force): (&Map, bool),
) -> Result<(), String> {
    for (key, text) in more {
        if !force && kustomization.at(&[field, key]).is_some() {
            return Err(format!("{word} {key} already in kustomization file"));
        }
        kustomization.set_at(&[field, key], text.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(kustomization: Value, options: &KustomizeSource) -> Result<Value, String> {
        edit(kustomization, options, &|name| name == "there")
    }

    #[test]
    fn images_are_set_by_name() {
        let options = KustomizeSource {
            images: ["b:2", "a=registry.example.org:5000/new", "c@sha256:1"]
                .map(Into::into)
                .to_vec(),
            ..KustomizeSource::default()
        };
        let written = value!({"images": [{"name": "b", "newTag": "1", "newName": "old"}]});
        let expected = value!({"images": [
            {"name": "a", "newName": "registry.example.org:5000/new"}, {"name": "b", "newTag": "2"}, {"name": "c", "digest": "sha256:1"},
        ]});
        assert_eq!(edited(written, &options), Ok(expected));
    }

    #[test]
    fn a_label_that_is_there_is_not_overwritten_without_force() {
        let mut options = KustomizeSource {
            common_labels: Map::from_entries(vec![("a".into(), "2".into())]),
            ..KustomizeSource::default()
        };
        let written = value!({"commonLabels": {"a": "1"}});
        let refused = edited(written.clone(), &options);
        assert_eq!(
            refused,
            Err("label a already in kustomization file".to_owned())
        );
        options.raw = value!({"forceCommonLabels": true});
        assert_eq!(
            edited(written, &options),
            Ok(value!({"commonLabels": {"a": "2"}}))
        );
    }

    #[test]
    fn missing_components_are_left_out_where_that_is_asked_for() {
        let options = KustomizeSource {
            components: ["there", "gone"].map(Into::into).to_vec(),
            ignore_missing_components: true,
            ..KustomizeSource::default()
        };
        assert_eq!(
            edited(Value::Map(Map::new()), &options),
            Ok(value!({"components": ["there"]}))
        );
    }
}
