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
        let image = parse_image(image, kustomization.items_at(&["images"]))?;
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

/// An image as the command takes it; `*` keeps what the kustomization has.
///
/// Source: kustomize 5.8.2 `kustomize/commands/edit/set/setimage.go`, `parse`; `api/internal/image/image.go`.
fn parse_image(text: &str, written: &[Value]) -> Result<Value, String> {
    let (key, value) = text.split_once('=').unwrap_or(("", text));
    let (name, tag, digest) = split_image(value);
    if name == text {
        return Err(format!(
            "`{text}` is no image: write `name=new-name:tag`, `name:tag` or `name@digest`"
        ));
    }
    let (name, new_name) = if key.is_empty() {
        (name, "")
    } else {
        (key, name)
    };
    let known = written
        .iter()
        .find(|one| one.str_at(&["name"]) == Some(name));
    let mut image = Map::new();
    image.insert("name", name);
    for (field, text) in [("newName", new_name), ("newTag", tag), ("digest", digest)] {
        let kept = known
            .and_then(|known| known.str_at(&[field]))
            .unwrap_or_default();
        let text = if text == "*" { kept } else { text };
        if !text.is_empty() {
            image.insert(field, text);
        }
    }
    Ok(Value::Map(image))
}

/// Name, tag and digest; a colon before the first slash belongs to the port of a registry.
fn split_image(text: &str) -> (&str, &str, &str) {
    let start = text.find('/').unwrap_or(0);
    let (domain, rest) = text.split_at_checked(start).unwrap_or(("", text));
    let (rest, digest) = rest.split_once('@').unwrap_or((rest, ""));
    let (rest, tag) = rest.split_once(':').unwrap_or((rest, ""));
    let name = text.get(..domain.len() + rest.len()).unwrap_or(text);
    (name, tag, digest)
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

/// Source: kustomize 5.8.2 `kustomize/commands/edit/add/addmetadata.go`.
fn add_labels(kustomization: &mut Value, options: &KustomizeSource) -> Result<(), String> {
    let (labels, force) = (&options.common_labels, options.force_common_labels);
    if labels.is_empty() {
        return Ok(());
    }
    if !options.label_without_selector {
        if options.label_include_templates {
            return Err(
                "--without-selector flag must be specified for --include-templates to work"
                    .to_owned(),
            );
        }
        return merge(kustomization, ("commonLabels", "label"), (labels, force));
    }
    let templates = options.label_include_templates;
    let mut entries = kustomization.items_at(&["labels"]).to_vec();
    let flag = |entry: &Value, name: &str| entry.bool_at(&[name]) == Some(true);
    let fits = |entry: &Value| {
        !flag(entry, "includeSelectors") && flag(entry, "includeTemplates") == templates
    };
    let at = entries.iter().position(fits);
    let mut entry = match at {
        Some(at) => entries.remove(at),
        None if templates => value!({"includeTemplates": true}),
        None => Value::Map(Map::new()),
    };
    merge(&mut entry, ("pairs", "label"), (labels, force))?;
    entries.insert(at.unwrap_or(entries.len()), entry);
    kustomization.set_at(&["labels"], List::from(entries));
    Ok(())
}

fn add_annotations(kustomization: &mut Value, options: &KustomizeSource) -> Result<(), String> {
    let force = options.force_common_annotations;
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
            return Err(format!(
                "{word} {key} already in kustomization file. Use --force to override."
            ));
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
            Err("label a already in kustomization file. Use --force to override.".to_owned())
        );
        options.force_common_labels = true;
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
