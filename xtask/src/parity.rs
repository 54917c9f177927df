//! `cargo x parity`: the live comparison with upstream's programs.

mod kustomize;

pub(crate) use self::kustomize::kustomizations;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{shell, up};

/// What a comparison gave.
pub(crate) struct Score {
    /// How many inputs both programs treat alike.
    pub(crate) equal: usize,
    /// The others, each with what differs.
    pub(crate) different: Vec<String>,
}

/// One comparison: what is compared, and how.
struct Comparison {
    name: &'static str,
    run: fn(&Path) -> Result<Score>,
}

const COMPARISONS: &[Comparison] = &[
    Comparison {
        name: "kubectl on a real control plane",
        run: kubectl,
    },
    Comparison {
        name: "kustomize build",
        run: kustomize::run,
    },
];

/// The recorded answers beside those of a real control plane today.
fn kubectl(_: &Path) -> Result<Score> {
    crate::kubectl::with_plane(crate::kubectl::Mode::Compare, None)
}

/// Everything that is compared live. The corpus is required: nothing is skipped silently.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some(corpus) = shell::flag(args, "--corpus") else {
        bail!("`cargo x parity` needs `--corpus DIR`, a folder of repositories to compare on");
    };
    let corpus = PathBuf::from(corpus)
        .canonicalize()
        .with_context(|| format!("no corpus at `{corpus}`"))?;
    shell::say("building toft");
    up::build_release()?;
    let mut scores = Vec::new();
    for comparison in COMPARISONS {
        shell::say(comparison.name);
        let score = (comparison.run)(&corpus)
            .with_context(|| format!("comparison `{}`", comparison.name))?;
        score
            .different
            .iter()
            .for_each(|difference| println!("{difference}"));
        scores.push((comparison.name, score));
    }
    for (name, score) in &scores {
        println!(
            "{name}: {} equal, {} different",
            score.equal,
            score.different.len()
        );
    }
    let (passed, failed) = scores
        .iter()
        .fold((0, 0), |(equal, different), (_, score)| {
            (equal + score.equal, different + score.different.len())
        });
    println!("{passed} passed, {failed} failed");
    if failed > 0 || passed == 0 {
        bail!("not equal to upstream");
    }
    Ok(())
}
