//! `toft fetch`: bring everything that a repository needs from outside.

use std::path::PathBuf;

use clap::Args;
use toft_host::{Brought, FetchError, Gathered, Look, TreeMode, Whence, needed, open_tree};
use toft_rehearse::Reach;
use toft_source::Remote;
use toft_value::{Map, Value, value};

use super::output::Output;
use super::up::unopened;
use crate::exit::ExitStatus;
use crate::outside::{Outside, OutsideArgs, telling};
use crate::printer::{Printer, Tone};
use crate::table::{Cell, Table};

/// Fetch everything that a repository needs from outside
///
/// Every kustomization and every Application below DIR is rendered, and what they ask for is fetched: charts
/// from HTTP and OCI repositories, commits of other Git repositories over HTTPS, single files. All of it is kept
/// by its digest, and everything after it works offline. What is there stays as it is; ranges of versions,
/// branches, tags and files by their addresses are looked up again.
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct FetchArgs {
    /// The root of the repository
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    #[command(flatten)]
    outside: OutsideArgs,
    /// The form of the table at the end
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Output,
}

const MORE: &str =
    "Credentials are read from a file that only its owner may read (mode 0600), never from flags:

  credentials:
    - url: https://charts.example.org/private   # everything below it
      username: me
      passwordFile: charts.password             # or password, token, tokenFile
    - url: https://git.example.org
      ca: home-ca.pem                           # trusted beside the system's own
      clientCertificate: me.crt
      clientKey: me.key

What `docker login` and `helm registry login` left is read too; no helper is started.

Examples:
  toft fetch                  what the repository in the current directory needs
  toft fetch --offline lab    what of it is there already; 3 if something is missing
  toft fetch -o json lab      for scripts";

/// What `toft fetch` is to do.
#[derive(Debug)]
pub(crate) struct FetchSettings {
    directory: PathBuf,
    outside: Outside,
    output: Output,
}

impl FetchArgs {
    pub(crate) fn settings(self) -> FetchSettings {
        FetchSettings {
            directory: self.directory,
            outside: self.outside.settings(Look::Again),
            output: self.output,
        }
    }
}

/// Fetches, and tells what is there and what is not.
pub(crate) fn run(settings: &FetchSettings, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let opened =
        open_tree(&settings.directory, TreeMode::OnDisk).map_err(|error| unopened(&error))?;
    let fetcher = settings.outside.fetcher()?;
    let before = settings.outside.rendered_before(&settings.directory);
    let means = before.means();
    let gathered = telling(printer, |news| {
        needed(&fetcher, (&opened, Reach::Everything), (&means, news))
    })?;
    before.keep();
    let text = match settings.output {
        Output::Table => table(&gathered, printer),
        Output::Json | Output::Yaml => settings.output.write(&report(&gathered)),
    };
    printer.data(&text);
    if gathered.brought.is_empty() && settings.output == Output::Table {
        printer.note("Nothing from outside is needed.\n");
    }
    tell_failed(&gathered, printer);
    Ok(status(&gathered))
}

fn table(gathered: &Gathered, printer: &Printer) -> String {
    if gathered.brought.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["WHAT", "VERSION", "DIGEST", "SIZE", "FROM"]);
    for (remote, brought) in gathered.needed() {
        let what = Cell::from(named(remote));
        let Ok(brought) = brought else {
            let missing = Cell::toned("missing", Some(Tone::Error));
            table.row([what, "-".into(), "-".into(), "-".into(), missing]);
            continue;
        };
        table.row([
            what,
            version(brought).into(),
            short_digest(&brought.entry.digest).into(),
            size(brought.entry.bytes).into(),
            whence(brought.whence).into(),
        ]);
    }
    table.text(printer)
}

/// A remote as a row names it.
fn named(remote: &Remote) -> String {
    let text = remote.to_string().replace('`', "");
    text.strip_prefix("the ")
        .map_or(text.clone(), str::to_owned)
}

fn version(brought: &Brought) -> String {
    let version = &brought.entry.version;
    match (version.len(), version.get(..12)) {
        (0, _) => "-".to_owned(),
        (40, Some(commit)) => commit.to_owned(),
        _ => version.clone(),
    }
}

fn short_digest(digest: &str) -> String {
    digest.get(..19).unwrap_or(digest).to_owned()
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..1_048_576 => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{} MiB", bytes.div_ceil(KIB * KIB)),
    }
}

fn whence(whence: Whence) -> &'static str {
    match whence {
        Whence::Cache => "cache",
        Whence::Network => "network",
    }
}

fn tell_failed(gathered: &Gathered, printer: &mut Printer) {
    let mut lines = Vec::new();
    for (remote, error) in gathered.failed() {
        lines.push(format!(
            "{}: {remote} is missing: {error}",
            printer.paint("error", Tone::Error)
        ));
    }
    let mut helps: Vec<String> = gathered
        .failed()
        .filter_map(|(_, error)| error.help())
        .collect();
    helps.dedup();
    lines.extend(
        helps
            .iter()
            .map(|help| format!("{}: {help}", printer.paint("help", Tone::Help))),
    );
    for remote in &gathered.endless {
        lines.push(format!(
            "{}: there was no end to what is needed: {remote}",
            printer.paint("error", Tone::Error)
        ));
    }
    if !lines.is_empty() {
        printer.talk(&(lines.join("\n") + "\n"));
    }
}

/// Somebody who does not answer is another trouble than something that does not exist.
fn status(gathered: &Gathered) -> ExitStatus {
    let mut failed = gathered.failed().peekable();
    if !gathered.endless.is_empty() {
        return ExitStatus::Negative;
    }
    if failed.peek().is_none() {
        return ExitStatus::Done;
    }
    if failed.all(|(_, error)| error.is_unreachable()) {
        ExitStatus::Unreachable
    } else {
        ExitStatus::Negative
    }
}

fn report(gathered: &Gathered) -> Value {
    let items = gathered.needed();
    let items = items.map(|(remote, brought)| item(remote, brought));
    value!({
        "apiVersion": "toft.dev/v1", "kind": "Fetched", "items": Value::List(items.collect()),
    })
}

fn item(remote: &Remote, brought: &Result<Brought, FetchError>) -> Value {
    let mut item = Map::new();
    match remote {
        Remote::Chart {
            repository,
            name,
            version,
        } => {
            item.insert("chart", name);
            item.insert("repository", repository);
            item.insert("wanted", version);
        }
        Remote::Git {
            repository,
            revision,
        } => {
            item.insert("git", repository);
            item.insert("wanted", revision);
        }
        Remote::File { url } => {
            item.insert("file", url);
        }
    }
    match brought {
        Ok(brought) => {
            let entry = &brought.entry;
            item.insert("version", entry.version.as_str());
            item.insert("digest", entry.digest.as_str());
            item.insert("bytes", entry.bytes);
            item.insert("source", entry.source.as_str());
            item.insert("fetched", entry.fetched.to_string());
            item.insert("from", whence(brought.whence));
        }
        Err(error) => {
            item.insert("error", error.to_string());
            if let Some(help) = error.help() {
                item.insert("help", help);
            }
        }
    }
    Value::Map(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_whole_units_and_never_as_nothing() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1025), "2 KiB");
        assert_eq!(size(1_048_577), "2 MiB");
    }
}
