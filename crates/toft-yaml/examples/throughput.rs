//! Measures how fast text becomes a tree and values, and values become text.
//!
//! `throughput REPEATS RUNS FOLDER…` reads the YAML files below the folders, repeats them and prints the
//! best of the runs in MB/s: `cargo run --release -p toft-yaml --example throughput -- 30 7 FOLDER`. On a
//! machine that others use, `1 400` finds moments in which nobody disturbs.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    reason = "a tool for developers that reads files, measures and prints"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use toft_source::Source;
use toft_yaml::Resolver;

fn collect(folder: &Path, text: &mut Vec<u8>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, text);
        } else if path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml")
        {
            text.extend_from_slice(b"---\n");
            text.extend(std::fs::read(&path).unwrap());
            text.extend_from_slice(b"\n");
        }
    }
}

fn measure<T>(name: &str, (bytes, runs): (usize, usize), run: impl Fn() -> T) {
    let seconds = (0..runs).map(|_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64()
    });
    let best = seconds.fold(f64::INFINITY, f64::min);
    println!("{name}: {:.0} MB/s", bytes as f64 / best / 1e6);
}

fn main() {
    let mut text = Vec::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repeats, runs, folders @ ..] = arguments.as_slice() else {
        println!("usage: throughput REPEATS RUNS FOLDER…");
        return;
    };
    for folder in folders {
        collect(Path::new(folder), &mut text);
    }
    let text = text.repeat(repeats.parse().unwrap());
    let size = (text.len(), runs.parse().unwrap());
    let source = Source::new("all", text.as_slice().into());
    println!("{:.2} MB", text.len() as f64 / 1e6);
    measure("text to tree", size, || toft_yaml::parse(&source));
    measure("text to values, kubectl", size, || {
        toft_yaml::values(&source, Resolver::Kubectl)
    });
    measure("text to values, kustomize", size, || {
        toft_yaml::values(&source, Resolver::Kustomize)
    });
    let values = toft_yaml::values(&source, Resolver::Kubectl).value;
    measure("values to text, of the bytes read", size, || {
        values
            .iter()
            .map(|located| toft_yaml::write(&located.value).len())
            .sum::<usize>()
    });
}
