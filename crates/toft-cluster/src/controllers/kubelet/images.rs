//! Images: every image exists and can be pulled; how long that takes depends on its drawn size.

use std::time::Duration;

use toft_api::ApiError;
use toft_value::{Value, value};

use super::containers::Container;
use crate::ctx::Ctx;
use crate::draw;
use crate::note::Note;
use crate::resources::NODES;

/// Sizes of images, in MiB.
const SIZE_MIB: (u64, u64) = (8, 350);
/// What the line to the registries gives, in bytes per millisecond: 60 MiB/s.
const BYTES_PER_MS: u64 = 62_915;
/// What a pull takes beside its bytes.
const OVERHEAD_MS: (u64, u64) = (300, 1_500);
/// How many images a node tells of, upstream's `nodeStatusMaxImages`.
const TOLD_MAX: usize = 50;

/// How an image gets to where its container starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pull {
    /// Whether it has to be fetched.
    pub(super) fetches: bool,
    /// How long that takes.
    pub(super) duration: Duration,
}

/// The name of an image as the runtime tells it, with registry and tag.
pub(super) fn full_name(image: &str) -> String {
    let first = image.split('/').next().unwrap_or_default();
    let has_host =
        image.contains('/') && (first.contains('.') || first.contains(':') || first == "localhost");
    let mut name = match (has_host, image.contains('/')) {
        (true, _) => image.to_owned(),
        (false, true) => format!("docker.io/{image}"),
        (false, false) => format!("docker.io/library/{image}"),
    };
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let has_tag = name
        .get(last..)
        .is_some_and(|last| last.contains([':', '@']));
    if !has_tag {
        name.push_str(":latest");
    }
    name
}

/// The name of an image with its digest.
pub(super) fn image_id(seed: u64, image: &str) -> String {
    let name = full_name(image);
    if let Some((name, digest)) = name.split_once('@') {
        let name = without_tag(name);
        return format!("{name}@{digest}");
    }
    format!(
        "{}@sha256:{}",
        without_tag(&name),
        hex(seed, &["digest", &name])
    )
}

fn without_tag(name: &str) -> &str {
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let colon = name.get(last..).and_then(|last| last.find(':'));
    colon.and_then(|at| name.get(..last + at)).unwrap_or(name)
}

/// 64 drawn hexadecimal digits.
pub(super) fn hex(seed: u64, parts: &[&str]) -> String {
    let digits = |index: &str| {
        let mut parts = parts.to_vec();
        parts.push(index);
        format!("{:016x}", draw::number(seed, &parts))
    };
    ["0", "1", "2", "3"].map(digits).concat()
}

fn size(seed: u64, image: &str) -> u64 {
    let (least, most) = SIZE_MIB;
    let mib = least + draw::number(seed, &["image size", image]) % (most - least);
    (mib << 20) + draw::number(seed, &["image rest", image]) % (1 << 20)
}

/// Whether the node has the image.
fn is_on(node: &Value, image: &str) -> bool {
    let name = full_name(image);
    let images = node.items_at(&["status", "images"]).iter();
    let mut names = images.flat_map(|image| image.items_at(&["names"]));
    names.any(|one| one.as_str() == Some(&name))
}

/// How the image of a container gets to its node. A pull that has begun goes on, though the image may have
/// come meanwhile.
pub(super) fn pull(
    seed: u64,
    pod: &str,
    (container, node, begun): (&Container, &Value, bool),
) -> Pull {
    let image = container.image();
    let policy = container
        .spec
        .str_at(&["imagePullPolicy"])
        .unwrap_or("IfNotPresent");
    let overhead = draw::duration(seed, &[pod, container.name(), "pull"], OVERHEAD_MS);
    let goes_on = begun && policy != "Always";
    let present = (is_on(node, image) && !goes_on) || policy == "Never";
    match (present, policy) {
        (true, "Always") => Pull {
            fetches: true,
            duration: overhead,
        },
        (true, _) => Pull {
            fetches: false,
            duration: Duration::ZERO,
        },
        (false, _) => Pull {
            fetches: true,
            duration: overhead + Duration::from_millis(size(seed, image) / BYTES_PER_MS),
        },
    }
}

/// `Pulling image "a"`
pub(super) fn pulling(container: &Container) -> Note {
    let text = format!("Pulling image {:?}", container.image());
    Note::normal("Pulling", text).field(container.field())
}

/// What is told when the image is there.
pub(super) fn pulled(seed: u64, container: &Container, pull: &Pull) -> Note {
    let image = container.image();
    let text = if pull.fetches {
        let took = go_duration(pull.duration);
        let size = size(seed, image);
        format!(
            "Successfully pulled image {image:?} in {took} ({took} including waiting). Image size: {size} bytes."
        )
    } else {
        format!("Container image {image:?} already present on machine")
    };
    Note::normal("Pulled", text).field(container.field())
}

/// A duration as Go prints it, to the millisecond.
fn go_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    let mut seconds = format!("{}.{:03}", rest / 1_000, rest % 1_000);
    while seconds.ends_with('0') || seconds.ends_with('.') {
        let point = seconds.ends_with('.');
        seconds.pop();
        if point {
            break;
        }
    }
    if minutes > 0 {
        format!("{minutes}m{seconds}s")
    } else {
        format!("{seconds}s")
    }
}

/// Notes that the node has an image now.
pub(super) fn remember(ctx: &mut Ctx<'_>, node: &str, image: &str) -> Result<(), ApiError> {
    let Some(mut node) = ctx.get(&NODES, "", node) else {
        return Ok(());
    };
    if is_on(&node, image) {
        return Ok(());
    }
    let seed = ctx.settings.seed;
    let mut images = node.items_at(&["status", "images"]).to_vec();
    images.insert(
        0,
        value!({
            "names": [image_id(seed, image), full_name(image)],
            "sizeBytes": size(seed, image),
        }),
    );
    images.truncate(TOLD_MAX);
    node.set_at(&["status", "images"], images);
    ctx.update_status(&NODES, node).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_the_runtime_does() {
        assert_eq!(full_name("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full_name("a/b:1"), "docker.io/a/b:1");
        assert_eq!(full_name("ghcr.io/a/b@sha256:0"), "ghcr.io/a/b@sha256:0");
        assert_eq!(full_name("localhost:5000/a"), "localhost:5000/a:latest");
        assert!(image_id(1, "nginx:1").starts_with("docker.io/library/nginx@sha256:"));
        assert_eq!(
            image_id(1, "ghcr.io/a/b:v1@sha256:0"),
            "ghcr.io/a/b@sha256:0"
        );
    }

    #[test]
    fn durations_read_as_go_prints_them() {
        assert_eq!(go_duration(Duration::from_millis(950)), "950ms");
        assert_eq!(go_duration(Duration::from_millis(3_200)), "3.2s");
        assert_eq!(go_duration(Duration::from_secs(3)), "3s");
        assert_eq!(go_duration(Duration::from_millis(65_010)), "1m5.01s");
    }
}
