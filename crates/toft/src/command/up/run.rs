//! The run itself: wait until everything has settled, tell how it stands, and stay.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use toft_host::{News, Stage};
use toft_server::{Signal, on_signals};
use toft_value::Value;

use super::progress::Progress;
use super::start::{Cluster, start};
use super::{Ending, UpSettings};
use crate::command::output::Output;
use crate::exit::ExitStatus;
use crate::overview;
use crate::printer::{Printer, Tone};
use crate::trouble::Trouble;

/// How often somebody looks whether time is up.
const TICK: Duration = Duration::from_millis(200);

/// Brings a repository up and keeps the cluster running.
pub(crate) fn run(settings: &UpSettings, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    log();
    let cluster = start(settings, printer)?;
    let heard = Arc::new(Heard::default());
    listen(&cluster, &heard)?;
    let news = bring_up(&cluster, settings, printer);
    cluster.rendered.keep();
    let status = if is_over(&news) {
        Ok(ExitStatus::Done)
    } else if is_up(&news, settings) {
        tell(&cluster, settings, &news.overview, printer);
        Ok(match settings.ending {
            Ending::Settled => overview::status(&news.overview),
            Ending::Told => {
                serve(&cluster, news, printer);
                ExitStatus::Done
            }
        })
    } else {
        printer.data(&overview::text(&news.overview, printer));
        Err(timed_out(settings))
    };
    // It may have ended by itself; then nobody listens any more.
    let _ = cluster.line.stop();
    cluster.end()?;
    if heard.status().is_some() {
        printer.note(
            "Stopped. What the cluster holds is kept; the same command goes on from there.\n",
        );
    }
    Ok(heard.status().unwrap_or(status?))
}

/// What an operator should know goes to stderr as it happens.
fn log() {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .finish();
    // A second command in one process would find a subscriber already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Waits until there is something to show, the time is up, or the world has ended.
fn bring_up(cluster: &Cluster, settings: &UpSettings, printer: &mut Printer) -> News {
    let deadline = settings.timeout.map(|timeout| Instant::now() + timeout);
    let mut progress = Progress::new(printer);
    let mut news = cluster.board.latest();
    while !is_over(&news)
        && !is_up(&news, settings)
        && deadline.is_none_or(|deadline| Instant::now() < deadline)
    {
        news = cluster.board.wait(news.number, TICK);
        progress.show(&news.overview, printer);
    }
    progress.end();
    news
}

/// Tells what changes until the world ends.
fn serve(cluster: &Cluster, mut news: News, printer: &mut Printer) {
    let mut progress = Progress::since(&news.overview);
    while !is_over(&news) {
        news = cluster.board.wait(news.number, Duration::from_secs(5));
        progress.show(&news.overview, printer);
    }
}

/// Whether there is something to show: everything has settled; or whoever stays to watch has seen virtual
/// time catch up with the wall, after which nothing happens faster than life.
fn is_up(news: &News, settings: &UpSettings) -> bool {
    let stays = settings.ending == Ending::Told;
    overview::is_settled(&news.overview) || (stays && news.stage == Stage::Serving)
}

fn is_over(news: &News) -> bool {
    matches!(news.stage, Stage::Ended | Stage::Failed)
}

fn timed_out(settings: &UpSettings) -> anyhow::Error {
    let seconds = settings.timeout.unwrap_or_default().as_secs();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let message = format!(
        "not everything settled within {}",
        overview::duration(seconds)
    );
    Trouble::new(ExitStatus::TimedOut, message)
        .help("what was done is kept; run the same command again to go on")
        .into()
}

/// The table, the routes, what is not well; then once what everybody should know, and how to look around.
fn tell(cluster: &Cluster, settings: &UpSettings, overview: &Value, printer: &mut Printer) {
    let text = match settings.output {
        Output::Table => overview::text(overview, printer),
        Output::Json | Output::Yaml => settings.output.write(overview),
    };
    printer.data(&text);
    printer.note(&overview::notices(overview, printer));
    if !overview::is_settled(overview) {
        printer.note("Not everything has settled yet; what changes is told as it happens.\n");
    }
    if settings.ending == Ending::Settled {
        return;
    }
    let kubeconfig = cluster.state.file("kubeconfig");
    let kubeconfig = kubeconfig.canonicalize().unwrap_or(kubeconfig);
    printer.note(&format!(
        "\n{} at https://{}. Look around:\n\n  export KUBECONFIG={}\n  kubectl get pods -A\n\nCtrl-C stops the cluster; the same command goes on from there.\n",
        printer.paint("The cluster is running", Tone::Strong),
        cluster.address,
        quoted(&kubeconfig.to_string_lossy()),
    ));
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+@:,".contains(character);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// Which signals came.
#[derive(Debug, Default)]
struct Heard {
    interrupt: AtomicBool,
    terminate: AtomicBool,
}

impl Heard {
    fn status(&self) -> Option<ExitStatus> {
        if self.interrupt.load(Ordering::Relaxed) {
            Some(ExitStatus::Interrupted)
        } else if self.terminate.load(Ordering::Relaxed) {
            Some(ExitStatus::Terminated)
        } else {
            None
        }
    }
}

/// The first signal ends the world with everything kept; the second ends the process.
fn listen(cluster: &Cluster, heard: &Arc<Heard>) -> io::Result<()> {
    let (line, heard) = (cluster.line.clone(), Arc::clone(heard));
    on_signals(move |signal| {
        if let Some(status) = heard.status() {
            kill(status);
        }
        match signal {
            Signal::Interrupt => heard.interrupt.store(true, Ordering::Relaxed),
            Signal::Terminate => heard.terminate.store(true, Ordering::Relaxed),
        }
        // It may have ended already.
        let _ = line.stop();
    })
}

#[expect(
    clippy::exit,
    reason = "whoever presses Ctrl-C twice wants the process gone; what was answered is kept"
)]
fn kill(status: ExitStatus) {
    process::exit(i32::from(status.code()));
}
