//! Images and charts that move from one version to another.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_object::Object;

use crate::pods;
use crate::side::ChartVersion;

/// An image or a chart that is another one afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// What moves: the container, as `Deployment media/sonarr, container app`, or the chart and its repository.
    pub what: String,
    /// The image, or the version of the chart, before.
    pub before: SmolStr,
    /// The same afterwards.
    pub after: SmolStr,
}

/// The containers of an object whose image changes.
pub(crate) fn images(before: &Object, after: &Object) -> Vec<Move> {
    let id = after.id();
    let of = |object: &Object| -> BTreeMap<SmolStr, SmolStr> {
        pods::images(&id.group, &id.kind, object.value())
            .into_iter()
            .map(|(name, image)| (name.into(), image.into()))
            .collect()
    };
    let (before, after) = (of(before), of(after));
    let moved = after.into_iter().filter_map(|(container, image)| {
        let old = before.get(&container).filter(|old| **old != image)?;
        Some(Move {
            what: format!("{}, container {container}", crate::difference::title(&id)),
            before: old.clone(),
            after: image,
        })
    });
    moved.collect()
}

/// The charts whose version changes.
pub(crate) fn charts(before: &[ChartVersion], after: &[ChartVersion]) -> Vec<Move> {
    let moved = after.iter().filter_map(|new| {
        let old = before
            .iter()
            .find(|old| old.repository == new.repository && old.name == new.name)?;
        (old.version != new.version).then(|| Move {
            what: format!("chart {} of {}", new.name, new.repository),
            before: old.version.clone(),
            after: new.version.clone(),
        })
    });
    moved.collect()
}
