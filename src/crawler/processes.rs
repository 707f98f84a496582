//! A crawl between processes: each worker is this program anew, the work queue one whose ends may be in different
//! processes. What is known, and how much of it is unfinished, stays with the process that started them; each worker
//! asks over a socket of its own, a JSON object a line.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::io::{FdFlags, fcntl_setfd};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::CRAWLER_WORD;
use super::crawl::first;
use super::found::Found;
use super::frontier::{Frontier, Link, crossing_frontier, crossing_parts, serves};
use super::rules::{Progress, Rules};
use super::worker::{Ledger, Shared, Tally, Worker};
use crate::queue::crossing::{Crossing, Parts};
use crate::queue::{Capacities, Capacity, Shape, Wait};
use crate::scenario::SeenSet;
use crate::workload::slice::clock_ns;

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
enum Told {
    Join { start: String, queue: String, bound: Option<usize>, workers: usize, rules: Limits },
    Go { first: Option<Link> },
    Fresh { links: Vec<Link>, stop: bool },
    Done { last: bool },
}

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    Ready,
    Fresh(Vec<Link>),
    Done,
    Over(Box<Tally>),
    Failed(String),
}

/// The rules that a worker keeps alone.
#[derive(Debug, Serialize, Deserialize)]
struct Limits {
    timeout: Duration,
    most_bytes: u64,
    most_links: usize,
}

/// One end of the socket between the two.
struct Line {
    reader: BufReader<UnixStream>,
}

impl Line {
    fn new(socket: UnixStream) -> Line {
        Line { reader: BufReader::new(socket) }
    }

    fn say(&mut self, message: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        Ok(self.reader.get_mut().write_all(&line)?)
    }

    fn hear<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        ensure!(!line.is_empty(), "the other side is gone");
        Ok(serde_json::from_slice(&line)?)
    }
}

/// How a queue comes into several processes.
#[derive(Clone, Debug)]
pub struct Crosses {
    /// Its id, by which the workers know it.
    pub id: String,
    /// What it can hold.
    pub capacities: Capacities,
    create: fn(Shape) -> anyhow::Result<Parts>,
    join: fn(&Parts, usize) -> anyhow::Result<Box<dyn Frontier>>,
}

impl Crosses {
    /// That of `Q`, if it can be a work queue.
    pub fn of<Q: Crossing, W: Wait>() -> Option<Crosses> {
        let id = format!("{}{}", Q::ABOUT.id, W::SUFFIX);
        let (create, join) = (crossing_parts::<Q>, crossing_frontier::<Q, W>);
        serves(&Q::ABOUT).then_some(Crosses { id, capacities: Q::ABOUT.capacities, create, join })
    }
}

/// Crawls the site of `start` with so many processes of `program`, which is this one or another build of it, over this
/// queue. No robots.txt is minded: that is for sites that are not one's own.
///
/// # Errors
///
/// When the machine does not offer the queue, a worker does not know it or fails, or a rule is one that threads keep
/// together.
pub fn crawl_processes(
    program: &Path,
    start: &Url,
    (queue, capacity): (&Crosses, Capacity),
    workers: usize,
    rules: &Rules,
    progress: &Progress,
) -> anyhow::Result<Found> {
    ensure!(
        rules.pace.is_none() && rules.most_pages == u64::MAX,
        "a pace or a most of pages is kept by the workers of one process only; crawl with threads"
    );
    let shape = Shape { producers: workers, consumers: workers, capacity };
    ensure!(queue.capacities.allow(capacity), "{} does not have that capacity", queue.id);
    let Parts(parts) = (queue.create)(shape)?;
    let bound = if let Capacity::Bounded(bound) = capacity { Some(bound) } else { None };
    let (mut lines, mut children) = (Vec::new(), Vec::new());
    for _ in 0..workers {
        let (line, child) = started(program, &parts)?;
        lines.push(line);
        children.push(child);
    }
    // From here on only the workers hold the queue.
    drop(parts);
    for line in &mut lines {
        let &Rules { timeout, most_bytes, most_links, .. } = rules;
        let rules = Limits { timeout, most_bytes, most_links };
        line.say(&Told::Join { start: start.to_string(), queue: queue.id.clone(), bound, workers, rules })?;
    }
    for line in &mut lines {
        match line.hear().context("a worker ended before it began")? {
            Said::Ready => {}
            other => bail!("a worker is not ready: {other:?}"),
        }
    }
    let since = clock_ns();
    let tallies = owned(start, lines, &children, progress)?;
    Ok(Found::of(tallies, start, since, progress.is_to_stop()))
}

/// A process that ends with this value.
struct Process(Mutex<Child>);

impl Process {
    fn kill(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).kill().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).wait().ok();
    }
}

fn started(program: &Path, parts: &[OwnedFd]) -> anyhow::Result<(Line, Process)> {
    for part in parts {
        fcntl_setfd(part, FdFlags::empty())?;
    }
    let (own, other) = UnixStream::pair()?;
    let child = Command::new(program)
        .arg(CRAWLER_WORD)
        .args(parts.iter().map(|part| part.as_raw_fd().to_string()))
        .stdin(Stdio::from(OwnedFd::from(other)))
        .stdout(Stdio::null())
        .spawn()?;
    Ok((Line::new(own), Process(Mutex::new(child))))
}

/// Keeps what is known while the workers work. One that fails would leave the others waiting, so all are ended with it.
fn owned(start: &Url, lines: Vec<Line>, children: &[Process], progress: &Progress) -> anyhow::Result<Vec<Tally>> {
    let unfinished = Arc::new(AtomicU64::new(1));
    let mut seen = SeenSet::Mutex.for_workers(lines.len());
    let mut first = Some(first(start));
    thread::scope(|scope| {
        let mut answering = Vec::new();
        for (mut line, mut seen) in lines.into_iter().zip(seen.drain(..)) {
            if let Some(first) = &first {
                seen.fresh(vec![first.clone()]);
            }
            let first = first.take();
            let ledger = Shared { seen, unfinished: Arc::clone(&unfinished) };
            answering.push(scope.spawn(move || {
                let tally = line.say(&Told::Go { first }).and_then(|()| answer(&mut line, ledger, progress));
                if tally.is_err() {
                    children.iter().for_each(Process::kill);
                }
                tally
            }));
        }
        let tallies = answering.into_iter().map(|thread| thread.join().expect("it panics at nothing"));
        // The first that fails is the reason for the others; but who was first is not known, and what a worker says of
        // itself says more than that it is gone.
        let mut results: Vec<anyhow::Result<Tally>> = tallies.collect();
        results.sort_by_key(|result| result.as_ref().is_err_and(|why| why.downcast_ref::<WorkersWords>().is_none()));
        results.into_iter().collect()
    })
}

/// What a worker said of its failure.
#[derive(Debug)]
struct WorkersWords(String);

impl std::fmt::Display for WorkersWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a worker failed: {}", self.0)
    }
}

impl std::error::Error for WorkersWords {}

/// Answers one worker until it is through.
fn answer(line: &mut Line, mut ledger: Shared, progress: &Progress) -> anyhow::Result<Tally> {
    loop {
        match line.hear().context("a worker ended in the middle of the crawl")? {
            Said::Fresh(links) => {
                progress.asks(u64::MAX);
                line.say(&Told::Fresh { links: ledger.fresh(links), stop: progress.is_to_stop() })?;
            }
            Said::Done => line.say(&Told::Done { last: ledger.done() })?,
            Said::Over(tally) => return Ok(*tally),
            Said::Failed(why) => bail!(WorkersWords(why)),
            Said::Ready => bail!("a worker spoke out of turn"),
        }
    }
}

/// Works for the process that started this one with [`CRAWLER_WORD`] and these parts of a queue, which `find` knows by
/// its id and capacity.
///
/// # Errors
///
/// When that process is gone, or says what it should not.
pub fn serve(parts: &Parts, find: impl Fn(&str, Capacity) -> Option<Crosses>) -> anyhow::Result<()> {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut line = Line::new(socket.try_clone()?);
    match joins(&mut line, parts, find, socket) {
        Ok(tally) => line.say(&Said::Over(Box::new(tally))),
        Err(why) => line.say(&Said::Failed(format!("{why:#}"))),
    }
}

fn joins(
    line: &mut Line,
    parts: &Parts,
    find: impl Fn(&str, Capacity) -> Option<Crosses>,
    socket: UnixStream,
) -> anyhow::Result<Tally> {
    let Told::Join { start, queue, bound, workers, rules } = line.hear()? else { bail!("told to go before to join") };
    let crosses = find(&queue, bound.map_or(Capacity::Unbounded, Capacity::Bounded));
    let crosses = crosses.with_context(|| format!("{queue} is no work queue between processes with that capacity"))?;
    let frontier = (crosses.join)(parts, workers)?;
    let start = Url::parse(&start)?;
    let Limits { timeout, most_bytes, most_links } = rules;
    let (rules, progress) =
        (Rules { timeout, most_bytes, most_links, ..Rules::default() }, Arc::new(Progress::default()));
    line.say(&Said::Ready)?;
    let Told::Go { first } = line.hear()? else { bail!("told something else than to go") };
    let ledger = Asking { line: Line::new(socket), progress: Arc::clone(&progress) };
    Ok(Worker::new(&start, &rules, &progress, frontier, Box::new(ledger)).run(first))
}

/// The ledger of a process: it asks.
struct Asking {
    line: Line,
    progress: Arc<Progress>,
}

impl Asking {
    /// Whoever does not answer is gone, and takes this process with it.
    fn ask(&mut self, question: &Said) -> Told {
        self.line.say(question).and_then(|()| self.line.hear()).expect("who started this process answers")
    }
}

impl Ledger for Asking {
    fn fresh(&mut self, links: Vec<Link>) -> Vec<Link> {
        let Told::Fresh { links, stop } = self.ask(&Said::Fresh(links)) else {
            panic!("another answer than asked for")
        };
        if stop {
            self.progress.stop();
        }
        links
    }

    fn done(&mut self) -> bool {
        matches!(self.ask(&Said::Done), Told::Done { last: true })
    }
}
