//! `cargo x fuzz ROOM [--seconds N] [--seed N] [--from N] [FILE…]`: changed inputs, given to a room in a process
//! beside this one.
//!
//! Each input follows from the seed and its number, so that the one at which the process died or hung is made
//! again here and written down. Panics are caught and told; slow and large inputs are told too.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use toft_testkit::Mutator;

use super::input::Input;
use super::targets::Target;
use crate::shell;

/// How long a fuzzer runs without `--seconds`.
const SECONDS: u64 = 600;

/// One input that needs more time on a processor hangs: the last guard, behind the budgets of the rooms.
const HANG: Duration = Duration::from_mins(1);

/// One input that does not end for so long waits for something.
const STUCK: Duration = Duration::from_mins(20);

/// One input that needs more time on a processor is told. A chart whose loops end at the budget of steps needs 2 s as
/// users run it and 17 s unoptimised, for each of the two versions of Helm.
const SLOW: Duration = Duration::from_secs(45);

/// One input that needs more memory is told.
const MEMORY_KB_MAX: u64 = 400_000;

/// How many findings there are before the fuzzer gives up.
const FINDINGS_MAX: usize = 20;

/// What stands in the file that tells which input is under way.
const AT: &str = "at";

/// Runs one fuzzer; a finding is a failure.
pub(super) fn run(target: &Target, args: &[String]) -> Result<()> {
    let number = |name: &str, usual: u64| match shell::flag(args, name) {
        Some(text) => text.parse().with_context(|| format!("{name} {text}")),
        None => Ok(usual),
    };
    let plan = Plan {
        seed: number("--seed", 1)?,
        from: number("--from", 0)?,
        seconds: number("--seconds", SECONDS)?,
    };
    if let Some(folder) = shell::flag(args, "--inside") {
        return inside(target, &plan, Path::new(folder));
    }
    let given: Vec<&String> = args.iter().filter(|arg| Path::new(arg).is_file()).collect();
    if !given.is_empty() {
        for file in given {
            let input = Input::read(Path::new(file))?;
            let begin = Instant::now();
            let taken = (target.run)(&input);
            println!(
                "{file}: taken: {taken}, {:.2} s",
                begin.elapsed().as_secs_f64()
            );
        }
        return Ok(());
    }
    outside(target, plan)
}

/// What a run does.
struct Plan {
    seed: u64,
    /// The number of the first input.
    from: u64,
    seconds: u64,
}

/// The input with a number: the kept ones first, then changed ones.
fn input(target: &Target, stored: &[Input], (seed, at): (u64, u64)) -> Input {
    let mut mutator = Mutator::new(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at.wrapping_mul(0xff51_afd7_ed55_8ccd),
    );
    // The first numbers of neighbouring seeds are alike.
    for _ in 0..8 {
        mutator.below(2);
    }
    (target.change)(&mut mutator, stored)
}

/// Watches the process that does the work, and starts it again after an input that ended it.
fn outside(target: &Target, mut plan: Plan) -> Result<()> {
    let stored = target.stored()?;
    let folder = folder(target)?;
    println!(
        "{}: {} stored inputs, seed {}",
        target.name,
        stored.len(),
        plan.seed
    );
    let begin = Instant::now();
    let mut findings = Findings::new(target, &folder);
    let mut taken = 0;
    let first = plan.from;
    let whole = Duration::from_secs(plan.seconds);
    while begin.elapsed() < whole && findings.all.len() < FINDINGS_MAX {
        plan.seconds = (whole.saturating_sub(begin.elapsed())).as_secs().max(1);
        let mut worker = Worker::start(target, &plan, &folder)?;
        let ended = worker.watch()?;
        let told = std::mem::take(&mut *worker.told.lock().unwrap_or_else(PoisonError::into_inner));
        for line in told {
            match line.split_once(' ') {
                Some(("taken", number)) => taken += number.parse::<u64>().unwrap_or_default(),
                Some(("found", rest)) => findings.add(&stored, plan.seed, rest)?,
                _ => println!("{line}"),
            }
        }
        plan.from = worker.at()?;
        match ended {
            Ended::Well => break,
            Ended::Hung => findings.add(&stored, plan.seed, &format!("{} hangs", plan.from))?,
            Ended::Died => findings.add(
                &stored,
                plan.seed,
                &format!("{} ends the process", plan.from),
            )?,
        }
        plan.from += 1;
    }
    println!(
        "{}: {} inputs in {} s, {taken} taken by the room, {} findings",
        target.name,
        plan.from - first,
        begin.elapsed().as_secs(),
        findings.all.len()
    );
    if !findings.all.is_empty() {
        bail!("inputs that end badly are in {}", folder.display());
    }
    Ok(())
}

/// Where findings are written down.
fn folder(target: &Target) -> Result<PathBuf> {
    let build = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| shell::root().join("target"), PathBuf::from);
    let folder = build.join("fuzz").join(target.name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

struct Findings<'a> {
    target: &'a Target,
    folder: &'a Path,
    /// One of a kind is enough.
    all: BTreeSet<String>,
}

impl<'a> Findings<'a> {
    fn new(target: &'a Target, folder: &'a Path) -> Self {
        let all = BTreeSet::new();
        Self {
            target,
            folder,
            all,
        }
    }

    /// Writes down the input with a number, once for each text.
    fn add(&mut self, stored: &[Input], seed: u64, found: &str) -> Result<()> {
        let (number, what) = found.split_once(' ').context("a finding has a number")?;
        if !self.all.insert(what.to_owned()) {
            return Ok(());
        }
        let input = input(self.target, stored, (seed, number.parse()?));
        let file = self.folder.join(format!("{seed}-{number}.input"));
        std::fs::write(&file, input.to_bytes())?;
        println!("found: {what}: {}", file.display());
        Ok(())
    }
}

enum Ended {
    Well,
    Hung,
    Died,
}

/// The process that does the work, and what it has told.
struct Worker {
    child: Child,
    told: Arc<Mutex<Vec<String>>>,
    reader: Option<std::thread::JoinHandle<()>>,
    at: PathBuf,
}

impl Worker {
    fn start(target: &Target, plan: &Plan, folder: &Path) -> Result<Self> {
        let at = folder.join(format!("{AT}-{}", std::process::id()));
        std::fs::write(&at, plan.from.to_string())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["fuzz", target.name, "--inside"]).arg(&at);
        for (flag, value) in [
            ("--seed", plan.seed),
            ("--from", plan.from),
            ("--seconds", plan.seconds),
        ] {
            command.arg(flag).arg(value.to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().context("failed to start the fuzzer")?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let reader = child.stdout.take().map(|output| {
            let told = Arc::clone(&told);
            std::thread::spawn(move || {
                for line in BufReader::new(output)
                    .lines()
                    .map_while(std::result::Result::ok)
                {
                    told.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(line);
                }
            })
        });
        Ok(Self {
            child,
            told,
            reader,
            at,
        })
    }

    /// The input under way.
    fn at(&self) -> Result<u64> {
        let text = std::fs::read_to_string(&self.at)?;
        Ok(text.trim().parse()?)
    }

    fn watch(&mut self) -> Result<Ended> {
        let schedule = format!("/proc/{}/schedstat", self.child.id());
        let now = || (Instant::now(), processor_time(&schedule));
        let (mut last, mut since) = (self.at()?, now());
        let ended = loop {
            if let Some(status) = self.child.try_wait()? {
                break if status.success() {
                    Ended::Well
                } else {
                    Ended::Died
                };
            }
            // The file is empty for a moment while it is written.
            let at = self.at().unwrap_or(last);
            if at != last {
                (last, since) = (at, now());
            }
            let used = processor_time(&schedule).saturating_sub(since.1);
            if used > HANG || since.0.elapsed() > STUCK {
                self.child.kill()?;
                self.child.wait()?;
                break Ended::Hung;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        if let Some(reader) = self.reader.take() {
            let _ended = reader.join();
        }
        Ok(ended)
    }
}

/// Gives inputs to the room until the time is over; what is found goes to standard output.
fn inside(target: &Target, plan: &Plan, at: &Path) -> Result<()> {
    let stored = target.stored()?;
    let place: Arc<Mutex<String>> = Arc::default();
    let hook = Arc::clone(&place);
    std::panic::set_hook(Box::new(move |info| {
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        *hook.lock().unwrap_or_else(PoisonError::into_inner) = location;
    }));
    let begin = Instant::now();
    let (mut number, mut taken) = (plan.from, 0_u64);
    let whole = Duration::from_secs(plan.seconds);
    while begin.elapsed() < whole {
        std::fs::write(at, number.to_string())?;
        let input = input(target, &stored, (plan.seed, number));
        let started = processor_time(OWN_SCHEDULE);
        let run = AssertUnwindSafe(|| (target.run)(&input));
        if let Ok(good) = std::panic::catch_unwind(run) {
            taken += u64::from(good);
        } else {
            let place = place.lock().unwrap_or_else(PoisonError::into_inner);
            println!("found {number} panics at {place}");
        }
        let used = processor_time(OWN_SCHEDULE).saturating_sub(started);
        if used > SLOW {
            println!("found {number} takes {} s", used.as_secs());
        }
        let memory = most_memory_kb();
        if memory > MEMORY_KB_MAX {
            // In whole hundreds, so that one of a kind is told.
            println!("found {number} needs {} MB", memory / 100_000 * 100);
            // The kernel forgets the most when it is told to.
            std::fs::write("/proc/self/clear_refs", "5")?;
        }
        number += 1;
    }
    std::fs::write(at, number.to_string())?;
    println!("taken {taken}");
    Ok(())
}

/// Where the kernel tells how long this process was on a processor.
const OWN_SCHEDULE: &str = "/proc/self/schedstat";

/// How long the first thread of a process was on a processor.
fn processor_time(schedule: &str) -> Duration {
    let text = std::fs::read_to_string(schedule).unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// The most memory that was ever resident.
fn most_memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
