//! The tag of an image, which decides when it is pulled.

/// Whether an image is pulled always: it has the tag `latest`, or neither tag nor digest.
///
/// Source: kubernetes 1.36.3 `pkg/util/parsers/parsers.go`, `ParseImageName`; a name that is no reference
/// has no tag.
pub(super) fn is_latest(image: &str) -> bool {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last_slash = name.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match name.get(last_slash..).and_then(|last| last.find(':')) {
        Some(colon) => {
            let (path, tag) = name.split_at(last_slash + colon);
            (path, Some(tag.trim_start_matches(':')))
        }
        None => (name, None),
    };
    if !is_name(path) || tag.is_some_and(|tag| !is_tag(tag)) {
        return false;
    }
    match (tag, digest) {
        (Some(tag), _) => tag == "latest",
        (None, Some(_)) => false,
        (None, None) => true,
    }
}

fn is_tag(tag: &str) -> bool {
    let first = tag.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    first
        && tag.len() <= 128
        && tag
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}

/// A repository, with or without a registry before it.
fn is_name(name: &str) -> bool {
    let (first, rest) = name.split_once('/').unwrap_or(("", name));
    let has_registry =
        first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase);
    let path = if has_registry { rest } else { name };
    !path.is_empty() && path.split('/').all(is_component)
}

fn is_component(part: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    part.starts_with(inner)
        && part.ends_with(inner)
        && part
            .chars()
            .all(|letter| inner(letter) || "._-".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::is_latest;

    #[test]
    fn no_tag_and_no_digest_is_latest() {
        for image in ["nginx", "nginx:latest", "ghcr.io/a/b", "localhost:5000/a"] {
            assert!(is_latest(image), "{image}");
        }
        let digest =
            "nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000";
        for image in [
            "nginx:1.27",
            "ghcr.io:443/a/b:1",
            digest,
            "",
            "Upper",
            "a b",
        ] {
            assert!(!is_latest(image), "{image}");
        }
    }
}
