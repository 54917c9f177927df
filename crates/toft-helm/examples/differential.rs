//! Compares with Helm's own program: `differential HELM 3|4 JOBS`.
//!
//! Each line of the file `JOBS` is a chart, a folder or an archive, and flags of `helm template`. What both
//! print must be equal, byte for byte; where one fails, the other must fail too.
#![expect(
    clippy::disallowed_methods,
    reason = "this runs Helm and reads charts from disk"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this talks to the person who runs it"
)]

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use toft_helm::{
    HelmVersion, KubeVersion, Setting, TemplateOptions, ValuesInput, load, load_archive, manifests,
};
use toft_source::{MemoryFiles, RepoPath};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [helm, version, jobs] = args.as_slice() else {
        eprintln!("usage: differential HELM 3|4 JOBS");
        return ExitCode::from(2);
    };
    let version = match version.as_str() {
        "3" => HelmVersion::V3,
        _ => HelmVersion::V4,
    };
    let jobs = std::fs::read_to_string(jobs).expect("the jobs can be read");
    let (mut equal, mut both_fail, mut different) = (0, 0, 0);
    for line in jobs.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let start = Instant::now();
        let theirs = Command::new(helm)
            .arg("template")
            .args(&words)
            .output()
            .expect("Helm runs");
        let theirs_took = start.elapsed();
        let start = Instant::now();
        let ours = render(&words, version);
        let took = start.elapsed();
        let text = String::from_utf8_lossy(&theirs.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&theirs.stderr).into_owned();
        match (ours, theirs.status.success()) {
            (Ok(ours), true) if ours == text => equal += 1,
            (Err(ours), false) => {
                both_fail += 1;
                println!("both fail: {line}\n  ours: {ours}\n  theirs: {complaint}");
            }
            (Ok(ours), true) => {
                different += 1;
                println!("DIFFERENT: {line}");
                show(&ours, &text);
            }
            (Ok(_), false) => {
                different += 1;
                println!("DIFFERENT: {line}\n  only theirs fails: {complaint}");
            }
            (Err(ours), true) => {
                different += 1;
                println!("DIFFERENT: {line}\n  only ours fails: {ours}");
            }
        }
        println!("{took:?} {theirs_took:?} {line}");
    }
    println!("{equal} equal, {both_fail} both fail, {different} different");
    ExitCode::from(u8::from(different > 0))
}

/// The first lines that differ.
fn show(ours: &str, theirs: &str) {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let first = ours
        .iter()
        .zip(&theirs)
        .position(|(left, right)| left != right)
        .unwrap_or(ours.len().min(theirs.len()));
    for (name, lines) in [("ours", ours), ("theirs", theirs)] {
        println!("  {name}, from line {}:", first + 1);
        for line in lines.iter().skip(first.saturating_sub(3)).take(10) {
            println!("    {line}");
        }
    }
}

fn render(words: &[&str], version: HelmVersion) -> Result<String, String> {
    let mut options = TemplateOptions::new(version);
    let mut values = ValuesInput::default();
    let mut plain = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_default();
        match word {
            "-f" => {
                let name = next();
                let bytes = std::fs::read(name).map_err(|error| error.to_string())?;
                values.files.push((name.to_owned(), bytes));
            }
            "--set" => values.settings.push(Setting::Typed(next().to_owned())),
            "--set-string" => values.settings.push(Setting::Text(next().to_owned())),
            "--set-json" => values.settings.push(Setting::Json(next().to_owned())),
            "-n" => options.release.namespace = next().into(),
            "-a" => options
                .capabilities
                .api_versions
                .extend(next().split(',').map(Into::into)),
            "--kube-version" => {
                let parsed = KubeVersion::parse(next(), version);
                options.capabilities.kube_version = parsed.map_err(|error| error.message)?;
            }
            "--include-crds" => options.include_crds = true,
            "--skip-tests" => options.skip_tests = true,
            "--no-hooks" => options.skip_hooks = true,
            "--skip-schema-validation" => options.skip_schema = true,
            other => plain.push(other),
        }
    }
    let path = match plain.as_slice() {
        [path] => *path,
        [name, path] => {
            options.release.name = (*name).into();
            *path
        }
        _ => return Err("a chart is wanted".to_owned()),
    };
    let loaded = if Path::new(path).extension().is_some_and(|end| end == "tgz") {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        load_archive(&bytes, &RepoPath::root(), version)
    } else {
        let mut files = MemoryFiles::default();
        read(Path::new(path), "", &mut files).map_err(|error| error.to_string())?;
        load(&files, &RepoPath::root(), version).map_err(|error| error.to_string())?
    };
    let chart = loaded.value.ok_or_else(|| {
        let first = loaded.diagnostics.first();
        first.map(|one| one.message.clone()).unwrap_or_default()
    })?;
    let values = values.merged(version).map_err(|error| error.message)?;
    let rendered = manifests(&chart, &values, &options).map_err(|error| error.message)?;
    Ok(rendered.print())
}

fn read(folder: &Path, below: &str, files: &mut MemoryFiles) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            read(&path, &format!("{name}/"), files)?;
        } else if let Ok(path_in_tree) = RepoPath::parse(&name) {
            let bytes: Arc<[u8]> = std::fs::read(&path)?.into();
            files.insert(path_in_tree, bytes);
        }
    }
    Ok(())
}
