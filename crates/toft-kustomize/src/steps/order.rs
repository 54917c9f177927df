//! The order of the objects: as they were read, or by kind.
//!
//! Source: kustomize 5.8.2, `applySortOrder` in `api/krusty/kustomizer.go`,
//! `api/internal/builtins/SortOrderTransformer.go`.

use toft_source::Diagnostic;

use crate::accumulate::Accumulator;
use crate::build::{Build, Reorder, Stop};
use crate::directory::Directory;
use crate::kustomization::SortOptions;
use crate::order::{FIRST, KindOrder, LAST};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    match (&directory.kustomization.sort, build.options.reorder) {
        (None, Reorder::None) => Ok(()),
        (None, Reorder::Legacy | Reorder::Unspecified) => {
            by_default_kinds(accumulator);
            Ok(())
        }
        (Some(options), reorder) => {
            if reorder != Reorder::Unspecified {
                let message =
                    "the order is set by `sortOptions` and by `--reorder`; `sortOptions` counts";
                build.tell(Diagnostic::warning("KUS066", message));
            }
            sort(options, accumulator).map_err(|message| {
                build.refuse(directory.error("KUS067", message, &["sortOptions"]))
            })
        }
    }
}

fn by_default_kinds(accumulator: &mut Accumulator) {
    let order = KindOrder {
        first: FIRST,
        last: LAST,
    };
    accumulator
        .resources
        .sort_by(|left, right| order.compare(left, right));
}

fn sort(options: &SortOptions, accumulator: &mut Accumulator) -> Result<(), &'static str> {
    match (options.order.as_str(), &options.legacy) {
        ("fifo", None) => {}
        ("fifo", Some(_)) => {
            return Err(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
            );
        }
        ("legacy", None) => by_default_kinds(accumulator),
        ("legacy", Some(kinds)) => {
            let order = KindOrder {
                first: kinds.first.as_slice(),
                last: kinds.last.as_slice(),
            };
            accumulator
                .resources
                .sort_by(|left, right| order.compare(left, right));
        }
        _ => return Err("the field 'sortOptions.order' must be one of [fifo, legacy]"),
    }
    Ok(())
}
