//! `components`: kustomizations that work on what is there.

use crate::accumulate::{Accumulator, accumulate_into};
use crate::build::{Build, Stop};
use crate::directory::Directory;

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    for entry in &directory.kustomization.components {
        let visit = directory
            .visit(build, &entry.text)
            .map_err(|fault| super::resources::told(build, directory, (fault, entry)))?;
        let component = Directory::open(build, visit)?;
        if component.kustomization.kind != "Component" {
            let message = format!(
                "expected kind 'Component' for path '{}' but got '{}'",
                component.path, component.kustomization.kind
            );
            let told = directory.entry_error("KUS033", message, (entry.field, entry.index));
            return Err(build.refuse(told.help("list it below `resources:`")));
        }
        accumulate_into(build, &component, accumulator)?;
        accumulator.renew().map_err(|fault| {
            let place = (entry.field, entry.index);
            build.refuse(directory.entry_error("KUS032", fault.to_string(), place))
        })?;
    }
    Ok(())
}
