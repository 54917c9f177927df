//! Who may depend on whom.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{Breach, Checkout};

/// The edges drawn between crates of one floor; in a chain, also to everything further right.
const CHAINS: &[&[&str]] = &[
    &["toft-yaml", "toft-source"],
    &["toft-yaml", "toft-value"],
    &["toft-argo", "toft-object"],
    &["toft-api", "toft-schema", "toft-object"],
    &["toft-render", "toft-kustomize", "toft-helm", "toft-gotmpl"],
    &["toft-lab", "toft-catalog"],
    &["toft-cluster", "toft-apiserver"],
    &["toft", "toft-server", "toft-host"],
];

struct Crate {
    floor: Option<u8>,
    needs: Vec<String>,
}

/// Every edge of the workspace that a floor plan does not show.
pub(super) fn edges(checkout: &Checkout) -> Result<Vec<Breach>> {
    let crates = crates(checkout)?;
    let mut breaches = Vec::new();
    for (name, this) in &crates {
        let Some(floor) = this.floor else { continue };
        for need in &this.needs {
            let below = crates.get(need).and_then(|other| other.floor);
            let allowed =
                below.is_some_and(|below| below < floor || (below == floor && drawn(name, need)));
            if !allowed {
                breaches.push(format!(
                    "crates/{name}/Cargo.toml: {name} must not depend on {need}"
                ));
            }
        }
    }
    Ok(breaches)
}

fn drawn(from: &str, to: &str) -> bool {
    CHAINS.iter().any(|chain| {
        let from = chain.iter().position(|name| *name == from);
        let to = chain.iter().position(|name| *name == to);
        matches!((from, to), (Some(from), Some(to)) if from < to)
    })
}

fn crates(checkout: &Checkout) -> Result<BTreeMap<String, Crate>> {
    let mut crates = BTreeMap::new();
    let manifests = checkout
        .below("crates")
        .filter(|file| file.ends_with("Cargo.toml"));
    for manifest in manifests {
        let name = manifest.parent().and_then(|folder| folder.file_name());
        let name = name.with_context(|| format!("{} has no folder", manifest.display()))?;
        crates.insert(
            name.to_string_lossy().into_owned(),
            parse(&checkout.read(manifest)?),
        );
    }
    Ok(crates)
}

fn parse(manifest: &str) -> Crate {
    let (mut section, mut floor, mut needs) = ("", None, Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some(number) = line.strip_prefix("floor = ") {
            floor = number.parse().ok();
        } else if section == "[dependencies]" && line.starts_with("toft") {
            let end = line.find(['.', ' ', '=']).unwrap_or(line.len());
            needs.push(line.get(..end).unwrap_or_default().to_owned());
        }
    }
    Crate { floor, needs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_reaches_everything_further_right() {
        assert!(drawn("toft-render", "toft-gotmpl"));
        assert!(!drawn("toft-gotmpl", "toft-render"));
        assert!(!drawn("toft-sync", "toft-apiserver"));
    }

    #[test]
    fn dependencies_of_tests_are_not_edges() {
        let manifest = "floor = 4\n[dependencies]\ntoft-api.workspace = true\n[dev-dependencies]\ntoft-host.workspace = true\n";
        let parsed = parse(manifest);
        assert_eq!(
            (parsed.floor, parsed.needs),
            (Some(4), vec!["toft-api".to_owned()])
        );
    }
}
