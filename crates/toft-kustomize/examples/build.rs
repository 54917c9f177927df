//! Builds a directory and prints what it gives: `build ROOT DIRECTORY [--reorder none] [--load-restrictor none]`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "an example is a door: it reads the disk and prints"
)]

use std::path::Path;
use std::process::ExitCode;

use toft_kustomize::{BuildOptions, LoadRestrictor, Reorder};
use toft_source::{MemoryFiles, RepoPath, Style, render_text};

fn collect(directory: &Path, at: &RepoPath, files: &mut MemoryFiles) {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(path) = at.join(&name) else { continue };
        let full = entry.path();
        if let Ok(target) = std::fs::read_link(&full) {
            files.link(path, target.to_string_lossy());
        } else if full.is_dir() {
            collect(&full, &path, files);
        } else if let Ok(bytes) = std::fs::read(&full) {
            files.insert(path, bytes.into());
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [root, directory, flags @ ..] = args.as_slice() else {
        eprintln!("build ROOT DIRECTORY [--reorder none] [--load-restrictor none]");
        return ExitCode::from(2);
    };
    let has = |name: &str| flags.windows(2).any(|pair| pair == [name, "none"]);
    let options = BuildOptions {
        reorder: if has("--reorder") {
            Reorder::None
        } else {
            Reorder::Unspecified
        },
        load_restrictor: if has("--load-restrictor") {
            LoadRestrictor::None
        } else {
            LoadRestrictor::RootOnly
        },
    };
    let mut files = MemoryFiles::default();
    collect(Path::new(root), &RepoPath::root(), &mut files);
    let Ok(directory) = RepoPath::parse(directory) else {
        eprintln!("{directory} is no path below {root}");
        return ExitCode::from(2);
    };
    match toft_kustomize::build(&files, &directory, &options) {
        Ok(built) => {
            eprint!("{}", render_text(&built.diagnostics, Style::Plain));
            if built.has_errors() {
                return ExitCode::from(1);
            }
            print!("{}", toft_kustomize::print(&built.value));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
