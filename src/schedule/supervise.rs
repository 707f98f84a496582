//! One worker: started, spoken to, watched, and gone afterwards.

use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::child::{Stop, Worker};
use super::contender::{Contender, Contenders};
use super::gate::{Gate, LOOK_EVERY};
use super::plan::Cell;
use super::rounds::BlockOrder;
use super::{Ended, Whereabouts, Workers, evidence};
use crate::crawler::site::{Served, Site};
use crate::protocol::{Answer, Command, Manner, Outcome, PROTOCOL, Prepare, Report};
use crate::ranking::is_limit;
use crate::record;
use crate::scenario::{self, SeenSet};
use crate::workload::slice::LONGEST_NS;
use crate::workload::{Workload, work};

/// What a worker may take to introduce itself, and to open a queue.
pub(super) const INTRODUCTION: Duration = Duration::from_secs(10);

/// Starts a worker for each block.
pub struct Supervisor<'a> {
    contenders: Contenders,
    /// What a block may take from its start.
    deadline: Duration,
    /// Nanoseconds an iteration of work takes.
    ns_per_iteration: f64,
    /// When the command began.
    started: Instant,
    /// Readable once the user wants to stop.
    interrupt: Option<BorrowedFd<'a>>,
    gate: Gate,
    /// The program that serves the sites of crawls.
    sites: PathBuf,
}

impl<'a> Supervisor<'a> {
    /// Of a command that `started` then; a block may take as long as `deadline` from its start, an iteration of work
    /// takes `ns_per_iteration`.
    pub fn new(contenders: Contenders, deadline: Duration, ns_per_iteration: f64, started: Instant) -> Supervisor<'a> {
        Supervisor {
            contenders,
            deadline,
            ns_per_iteration,
            started,
            interrupt: None,
            gate: Gate::default(),
            sites: "/proc/self/exe".into(),
        }
    }

    /// One with one contender more; see [`Contenders::with`].
    #[must_use]
    pub fn with(mut self, name: &str, contender: Contender) -> Supervisor<'a> {
        self.contenders = self.contenders.with(name, contender);
        self
    }

    /// One whose sites are served by `program`, where this process is not queuebench itself.
    #[must_use]
    pub fn with_sites_by(mut self, program: impl Into<PathBuf>) -> Supervisor<'a> {
        self.sites = program.into();
        self
    }

    /// One that stops as soon as `interrupt` is readable.
    #[must_use]
    pub fn until(mut self, interrupt: BorrowedFd<'a>) -> Supervisor<'a> {
        self.interrupt = Some(interrupt);
        self
    }

    /// Nanoseconds an iteration of work takes.
    pub fn ns_per_iteration(&self) -> f64 {
        self.ns_per_iteration
    }
}

/// What is known of a block besides its report.
#[derive(Default)]
struct Circumstances {
    ready_ns: u64,
    cpus: Whereabouts,
}

impl Workers for Supervisor<'_> {
    fn run(&mut self, order: &BlockOrder, cell: &Cell) -> Ended {
        let started = Instant::now();
        let steal_before = steal_ticks();
        let mut seen = Circumstances::default();
        let report = match self.block(order, cell, started, &mut seen) {
            Ok(report) => report,
            Err(Stop::Interrupted) => return Ended::Interrupted,
            Err(Stop::Outcome(outcome, detail)) => Box::new(Report::failed(outcome, detail)),
        };
        Ended::Reported {
            report: Box::new(record::clean_report(*report)),
            ready_ns: seen.ready_ns,
            cpus: seen.cpus,
            wall_ns: started.elapsed().as_nanos() as u64,
            steal_ticks: steal_ticks().saturating_sub(steal_before),
        }
    }

    fn elapsed_ns(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }
}

impl Supervisor<'_> {
    fn block(
        &mut self,
        order: &BlockOrder,
        cell: &Cell,
        started: Instant,
        seen: &mut Circumstances,
    ) -> Result<Box<Report>, Stop> {
        let refused = |why| Stop::Outcome(Outcome::Refused, format!("no worker: {why}"));
        let Some((contender, queue)) = self.contenders.of(&cell.queue) else {
            return Err(refused(format!("nobody runs {}", cell.queue)));
        };
        let mut prepare = self.prepare(contender, queue, cell);
        let site = cell.scenario.site.map(|site| made_up(site, order.round));
        let served = site
            .map(|site| Served::by(&self.sites, site))
            .transpose()
            .map_err(|why| refused(format!("no site: {why}")))?;
        prepare.site = served.as_ref().map(Served::address);
        let mut worker = Worker::start(&contender.command, started + self.deadline, self.interrupt)
            .map_err(|why| refused(why.to_string()))?;
        let ended = self.converse(&mut worker, prepare, order, started, seen);
        worker.dismiss();
        match cell.scenario.site.zip(site).zip(served) {
            Some(((wanted, site), served)) => ended.and_then(|report| crawled(report, wanted.seen, &site, &served)),
            None => ended,
        }
    }

    /// The whole of a block, in the words of the protocol.
    fn converse(
        &mut self,
        worker: &mut Worker,
        prepare: Prepare,
        order: &BlockOrder,
        started: Instant,
        seen: &mut Circumstances,
    ) -> Result<Box<Report>, Stop> {
        let (_, manner) = introduced(worker)?;
        let mut ready = readied(worker, &prepare)?;
        seen.ready_ns = started.elapsed().as_nanos() as u64;
        let must_verify = manner.verifies && prepare.workload == Workload::Stream && !is_limit(&prepare.queue);
        if must_verify && ready.is_ok() {
            if let Some(report) = verified(worker, &prepare)? {
                return Ok(report);
            }
            ready = readied(worker, &prepare)?;
        }
        let [settle_ns, window_ns] = lengths(&manner, order.settle_ns, order.window_ns);
        let mut all: Option<Box<Report>> = None;
        // A site that is crawled again is another's: it would have been asked for each page twice.
        let slices = if prepare.site.is_some() { 1 } else { manner.slices.unwrap_or(1).clamp(1, MOST_SLICES) };
        for slice in 0..slices {
            if slice > 0 {
                ready = readied(worker, &prepare)?;
            }
            let line_ns = match ready {
                Ok(line_ns) => line_ns,
                Err(report) => return Ok(report),
            };
            if slice == 0 {
                seen.cpus = self.wait_for_cpus(worker, &prepare.cpus, line_ns)?;
            }
            worker.say(&Command::Slice { settle_ns, window_ns, traced: order.traced });
            let report = match worker.answer()? {
                Answer::Report(report) => checked(report, &prepare, manner.verifies, started.elapsed())?,
                answer => return Err(unexpected(&answer)),
            };
            if report.outcome != Outcome::Ok {
                return Ok(report);
            }
            all = Some(match all {
                None => report,
                Some(all) => Box::new(all.with(&report)),
            });
        }
        Ok(all.expect("a block has a slice"))
    }

    /// Lets a worker that is ready wait until its cpus are where they usually are, or for as long as is reasonable.
    fn wait_for_cpus(
        &mut self,
        worker: &mut Worker,
        cpus: &[Option<usize>],
        mut line_ns: Option<u64>,
    ) -> Result<Whereabouts, Stop> {
        let since = Instant::now();
        let mut seen = Whereabouts::default();
        while let Some(now) = line_ns
            && self.gate.is_closed(cpus, now, seen.waited_ns, self.elapsed_ns())
        {
            seen.away_ns = Some(now);
            worker.pause(LOOK_EVERY)?;
            worker.say(&Command::Probe);
            line_ns = match worker.answer()? {
                Answer::Line { line_ns } => line_ns,
                answer => return Err(unexpected(&answer)),
            };
            seen.waited_ns = since.elapsed().as_nanos() as u64;
        }
        self.gate.waited(seen.waited_ns);
        Ok(Whereabouts { line_ns, ..seen })
    }

    fn prepare(&self, contender: &Contender, queue: &str, cell: &Cell) -> Prepare {
        let iterations = |ns| work::iterations(ns, self.ns_per_iteration) + contender.extra_iterations;
        let work = cell.scenario.work;
        Prepare::new(queue, &cell.scenario, cell.cpus.clone(), [work.producer, work.consumer].map(iterations))
    }
}

/// The site of a scenario in this round: each round has its own, all queues of a round the same.
fn made_up(site: scenario::Site, round: u32) -> Site {
    Site { pages: site.pages.into(), seed: round.into(), delay: Duration::from_millis(site.delay_ms.into()) }
}

/// A crawl's report, if what it found is what there is, and the site was asked for each page as often as it should.
fn crawled(mut report: Box<Report>, seen: SeenSet, site: &Site, served: &Served) -> Result<Box<Report>, Stop> {
    if report.outcome == Outcome::Ok {
        let counts = served.counts();
        let counts = counts.map_err(|why| Stop::Outcome(Outcome::Crashed, format!("the site is gone: {why}")))?;
        let found = evidence::of_a_crawl(&mut report, seen, &site.truth(), &counts);
        found.map_err(|(outcome, detail)| Stop::Outcome(outcome, detail))?;
    }
    Ok(report)
}

/// Messages of a verifying slice; what a worker says of them fits into one answer.
pub(super) const VERIFIED_MESSAGES: u64 = 20_000;
/// Slices a worker may want of a block.
const MOST_SLICES: u32 = 10;

/// How long settling and the window last at least, for a worker that may want more than was ordered.
pub(super) fn lengths(manner: &Manner, settle_ns: u64, window_ns: u64) -> [u64; 2] {
    [(manner.settle_ns, settle_ns), (manner.window_ns, window_ns)]
        .map(|(wanted, ordered)| wanted.unwrap_or(0).clamp(ordered, LONGEST_NS))
}

/// Asks for a queue: what a cache line takes, or the report of a worker that is not ready.
pub(super) fn readied(worker: &mut Worker, prepare: &Prepare) -> Result<Result<Option<u64>, Box<Report>>, Stop> {
    worker.say(&Command::Prepare(prepare.clone()));
    match worker.answer()? {
        Answer::Ready { line_ns, .. } => Ok(Ok(line_ns)),
        Answer::Report(report) if report.outcome != Outcome::Ok => Ok(Err(report)),
        answer => Err(unexpected(&answer)),
    }
}

/// Lets a worker that is ready and does not check every timed message show that its queue loses, doubles and overtakes
/// nothing. Returns a report where it does, or refuses.
pub(super) fn verified(worker: &mut Worker, prepare: &Prepare) -> Result<Option<Box<Report>>, Stop> {
    worker.say(&Command::Verify { messages: VERIFIED_MESSAGES });
    match worker.answer()? {
        Answer::Verified { sent, tags } => {
            let found = evidence::of_every_message(&sent, &tags, VERIFIED_MESSAGES, prepare.producers);
            Ok(found.err().map(|(outcome, detail)| Box::new(Report::failed(outcome, detail))))
        }
        Answer::Report(report) if report.outcome != Outcome::Ok => Ok(Some(report)),
        answer => Err(unexpected(&answer)),
    }
}

/// A report, if it can be: its figures are possible, and what it says of messages balances. `must_balance` where the
/// worker leaves that to us.
pub(super) fn checked(
    mut report: Box<Report>,
    prepare: &Prepare,
    must_balance: bool,
    elapsed: Duration,
) -> Result<Box<Report>, Stop> {
    // In the file it would be what no reader accepts, and take the whole run with it.
    record::check_report(&report, elapsed)
        .map_err(|why| Stop::Outcome(Outcome::Crashed, format!("the worker reported what cannot be: {why}")))?;
    if report.outcome == Outcome::Ok && must_balance {
        let found = evidence::of_a_slice(&report, prepare);
        found.map_err(|(outcome, detail)| Stop::Outcome(outcome, detail))?;
    }
    (report.sent, report.received) = (Vec::new(), Vec::new());
    Ok(report)
}

pub(super) fn unexpected(answer: &Answer) -> Stop {
    Stop::Outcome(Outcome::Crashed, format!("the worker said {answer:?} out of turn"))
}

/// What a worker says it is, first of all: its program and version.
pub(super) fn introduced(worker: &mut Worker) -> Result<(String, Manner), Stop> {
    match worker.answer()? {
        Answer::Hello { protocol: PROTOCOL, program, version, manner } => {
            Ok((record::printable(&format!("{program} {version}")), manner))
        }
        Answer::Hello { protocol, .. } => {
            let detail = format!("the worker speaks protocol {protocol}, this is {PROTOCOL}");
            Err(Stop::Outcome(Outcome::Refused, detail))
        }
        answer => Err(unexpected(&answer)),
    }
}

/// What a worker says it is: its program and version.
///
/// # Errors
///
/// When `command` cannot be started or does not speak the protocol.
pub fn introduction(command: &[String]) -> Result<String, String> {
    ask(command, |worker| introduced(worker).map(|(said, _)| said))
}

/// Whether the worker of a cell's queue has it.
///
/// # Errors
///
/// Why not, as the worker says it.
pub fn can_run(contenders: &Contenders, cell: &Cell) -> Result<(), String> {
    let (contender, queue) = contenders.of(&cell.queue).ok_or("nobody runs it")?;
    let prepare = Prepare::new(queue, &cell.scenario, cell.cpus.clone(), [0, 0]);
    ask(&contender.command, |worker| {
        introduced(worker)?;
        readied(worker, &prepare)?
            .map(|_| ())
            .map_err(|report| Stop::Outcome(report.outcome, record::printable(&report.detail.unwrap_or_default())))
    })
}

/// A conversation with a worker that runs nothing.
fn ask<T>(command: &[String], talk: impl FnOnce(&mut Worker) -> Result<T, Stop>) -> Result<T, String> {
    let mut worker = Worker::start(command, Instant::now() + INTRODUCTION, None).map_err(|why| why.to_string())?;
    let answer = talk(&mut worker);
    worker.dismiss();
    answer.map_err(|stop| match stop {
        Stop::Outcome(_, why) => why,
        Stop::Interrupted => "interrupted".into(),
    })
}

/// Ticks stolen by the hypervisor since boot, all cpus; 0 where the kernel does not say.
fn steal_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let total = stat.lines().next().and_then(|line| line.split_whitespace().nth(8));
    total.and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}
