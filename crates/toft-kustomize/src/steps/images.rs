//! `images`: other names, tags and digests of images.
//!
//! Source: kustomize 5.8.2, `api/filters/imagetag/`, `api/internal/image/image.go`.

use regex::Regex;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::FieldSpec;
use crate::kustomization::Image;
use crate::node::{Node, NodeKind, Tag};
use crate::resources::Resources;

const PLUGIN: &str = "ImageTagTransformer";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let specs = accumulator.config.images.clone();
    for image in &directory.kustomization.images {
        apply(
            build,
            directory,
            (&mut accumulator.resources, image, &specs),
        )?;
        accumulator.transformed(directory, PLUGIN);
    }
    Ok(())
}

/// Changes the references to one image.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, image, specs): (&mut Resources, &Image, &[FieldSpec]),
) -> Result<(), Stop> {
    let updater = Updater {
        image,
        name: Name::new(&image.name),
    };
    for resource in resources.iter_mut() {
        // The texts in a CRD are about images, none of them is one.
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        updater.object(&mut resource.node, specs).map_err(|fault| {
            build.refuse(directory.object_error("KUS065", resource, &fault.to_string()))
        })?;
    }
    Ok(())
}

struct Updater<'a> {
    image: &'a Image,
    name: Name<'a>,
}

impl Updater<'_> {
    fn object(&self, object: &mut Node, specs: &[FieldSpec]) -> Result<(), Fault> {
        self.containers(object)?;
        let mut change = |node: &mut Node| self.update(node);
        specs
            .iter()
            .try_for_each(|spec| spec.apply(object, None, &mut change))
    }

    /// Updates the images of all lists called `containers` or `initContainers`, wherever they are.
    fn containers(&self, node: &mut Node) -> Result<(), Fault> {
        match node {
            Node::Scalar(_) => Ok(()),
            Node::List(items) => items.iter_mut().try_for_each(|item| self.containers(item)),
            Node::Map(fields) => fields.iter_mut().try_for_each(|(name, value)| {
                self.containers(value)?;
                match value {
                    Node::List(items) if name == "containers" || name == "initContainers" => {
                        items.iter_mut().try_for_each(|item| self.container(item))
                    }
                    _ => Ok(()),
                }
            }),
        }
    }

    fn container(&self, container: &mut Node) -> Result<(), Fault> {
        if container.is_null() {
            return Ok(());
        }
        if container.kind() != NodeKind::Map {
            return Err(Fault::wrong_kind(NodeKind::Map, container.kind()));
        }
        match container.get_mut("image") {
            Some(image) => self.update(image),
            None => Ok(()),
        }
    }

    fn update(&self, node: &mut Node) -> Result<(), Fault> {
        if node.kind() != NodeKind::Scalar {
            return Err(Fault::wrong_kind(NodeKind::Scalar, node.kind()));
        }
        if !self.name.matches(node.text()) {
            return Ok(());
        }
        let updated = self.updated(node.text());
        node.set_scalar(updated, Tag::None)
    }

    fn updated(&self, reference: &str) -> String {
        let (old_name, old_tag, old_digest) = split(reference);
        let image = self.image;
        let name = match image.new_name.as_str() {
            "" => old_name,
            name => name,
        };
        let suffixed = format!("{old_tag}{}", image.tag_suffix);
        let (tag, digest) = match (
            image.new_tag.as_str(),
            image.digest.as_str(),
            image.tag_suffix.as_str(),
        ) {
            ("", "", "") => (old_tag, old_digest),
            ("", "", _) => (suffixed.as_str(), ""),
            (tag, digest, _) => (tag, digest),
        };
        let mut text = name.to_owned();
        if !tag.is_empty() {
            text.push(':');
            text.push_str(tag);
        }
        if !digest.is_empty() {
            text.push('@');
            text.push_str(digest);
        }
        text
    }
}

/// The name of an image: upstream takes it for a regular expression.
enum Name<'a> {
    /// Nothing but letters and dots, each dot standing for any character.
    Plain(&'a str),
    Expression(Box<Regex>),
    /// No regular expression, which matches nothing.
    Never,
}

impl<'a> Name<'a> {
    fn new(text: &'a str) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./_-:@".contains(&byte);
        if text.bytes().all(is_plain) {
            return Self::Plain(text);
        }
        match Regex::new(&format!("^{text}{REST}")) {
            Ok(expression) => Self::Expression(Box::new(expression)),
            Err(_) => Self::Never,
        }
    }

    /// Whether a reference is this name, with or without a tag and a digest.
    fn matches(&self, reference: &str) -> bool {
        match self {
            Self::Never => false,
            Self::Expression(expression) => expression.is_match(reference),
            Self::Plain(name) => {
                let mut rest = reference.chars();
                for wanted in name.chars() {
                    match rest.next() {
                        Some(found) if found == wanted || (wanted == '.' && found != '\n') => {}
                        _ => return false,
                    }
                }
                is_tag_and_digest(rest.as_str())
            }
        }
    }
}

/// What may follow a name.
const REST: &str = "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";

fn is_tag_and_digest(text: &str) -> bool {
    let is_word = |text: &str| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.{}-".contains(&byte);
        text.bytes().all(is_word)
    };
    let (tag, digest) = match text.split_once('@') {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (text, None),
    };
    let tag_fits = tag.is_empty() || tag.strip_prefix(':').is_some_and(is_word);
    tag_fits && digest.is_none_or(|digest| is_digest(digest, is_word))
}

fn is_digest(digest: &str, is_word: impl Fn(&str) -> bool) -> bool {
    let Some((algorithm, hash)) = digest.split_once(':') else {
        return false;
    };
    let mut parts = algorithm.split(['.', '+', '_', '-']);
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.all(is_part) && is_word(hash)
}

/// Name, tag and digest of a reference; a port belongs to the name.
fn split(reference: &str) -> (&str, &str, &str) {
    let path = match reference.find('/') {
        Some(at) if at > 0 => at,
        _ => 0,
    };
    let searched = reference.get(path..).unwrap_or_default();
    let at = searched.find('@').map(|at| at + path);
    let colon = searched.find(':').map(|at| at + path);
    let cut = |at: usize| reference.split_at_checked(at).unwrap_or((reference, ""));
    match (colon, at) {
        (colon, Some(at)) if colon.is_none_or(|colon| at < colon) => {
            let (name, digest) = cut(at);
            (name, "", digest.trim_start_matches('@'))
        }
        (Some(colon), Some(at)) => {
            let (name, tag) = cut(colon);
            let (tag, digest) = tag.split_at_checked(at - colon).unwrap_or((tag, ""));
            let tag = tag.strip_prefix(':').unwrap_or(tag);
            (name, tag, digest.strip_prefix('@').unwrap_or(digest))
        }
        (Some(colon), None) => {
            let (name, tag) = cut(colon);
            (name, tag.strip_prefix(':').unwrap_or(tag), "")
        }
        (None, _) => (reference, "", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_behind_the_host() {
        let cases = [
            ("nginx", ("nginx", "", "")),
            ("nginx:1.27", ("nginx", "1.27", "")),
            ("nas:5000/nginx", ("nas:5000/nginx", "", "")),
            ("nas:5000/nginx:1", ("nas:5000/nginx", "1", "")),
            ("nginx@sha256:ab", ("nginx", "", "sha256:ab")),
            ("nginx:1@sha256:ab", ("nginx", "1", "sha256:ab")),
        ];
        for (reference, parts) in cases {
            assert_eq!(split(reference), parts, "{reference}");
        }
    }

    #[test]
    fn a_name_matches_with_tag_and_digest_only() {
        let name = Name::new("ghcr.io/linuxserver/sonarr");
        for reference in [
            "ghcr.io/linuxserver/sonarr",
            "ghcr.io/linuxserver/sonarr:4.0",
            "ghcr.io/linuxserver/sonarr:4.0@sha256:ab12",
            "ghcr-io/linuxserver/sonarr@sha512:ab12",
        ] {
            assert!(name.matches(reference), "{reference}");
        }
        for reference in [
            "ghcr.io/linuxserver/sonarr-old",
            "sonarr",
            "ghcr.io/linuxserver/sonarr/x",
        ] {
            assert!(!name.matches(reference), "{reference}");
        }
    }

    #[test]
    fn a_name_can_be_an_expression() {
        assert!(Name::new("lscr.io/.*/(sonarr|radarr)").matches("lscr.io/linuxserver/radarr:5"));
        assert!(!Name::new("[").matches("["));
    }
}
