//! The child's side: open one queue, run one slice, report, exit.

#[cfg(feature = "crawl")]
pub mod crawler;
mod crew;
pub mod endpoint;
pub(crate) mod probe;
mod processes;
mod program;
mod verdict;

use std::io::{self, BufRead, Write};

use serde::Serialize;

use crate::fit::misfit;
use crate::orphan::die_with_parent;
use crate::protocol::{Answer, Command, Manner, Outcome, PROTOCOL, Prepare, Report};
use crate::queue::crossing::Unavailable;
use crate::queue::intree::Rubbish;
use crate::queue::{About, Capacity};
use crate::registry::{Registry, Runs};
use crate::scenario::Boundary;
use crate::scenario::Scenario;
use crate::topology;
use crate::workload::slice::{BACKLOG_BYTES, Lengths};
use crate::workload::{Lap, Order, Workload};
use crew::{Crew, has_two_cpus};
use endpoint::Join;
use processes::Processes;
use program::Program;

/// The first argument of this program with which it serves blocks.
pub const WORKER: &str = "worker";
/// The first argument with which it is one endpoint of a block.
pub const ENDPOINT: &str = "endpoint";

/// Serves the parent on stdin and stdout until it says `bye` or goes away.
///
/// # Errors
///
/// When stdin or stdout break.
pub fn serve(registry: &Registry) -> anyhow::Result<()> {
    die_with_parent()?;
    die_on_panic(|outcome, detail| say(&Answer::Report(Box::new(Report::failed(outcome, detail)))).ok());
    say(&Answer::Hello {
        protocol: PROTOCOL,
        program: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        manner: Manner::default(),
    })?;
    let mut prepared: Option<Prepared> = None;
    for line in io::stdin().lock().lines() {
        // What a newer parent may ask for is no reason to die of it.
        let command = match serde_json::from_str(&line?) {
            Ok(command) => command,
            Err(why) => {
                let detail = format!("that is no command: {why}");
                prepared = None;
                say(&Answer::Report(Box::new(Report::failed(Outcome::Refused, detail))))?;
                continue;
            }
        };
        match command {
            Command::Prepare(prepare) => {
                // What was prepared before goes first: the new one's endpoints have the cpus for themselves.
                prepared = None;
                match Prepared::new(registry, &prepare) {
                    Ok(mut ready) => {
                        let capacity = ready.endpoints.lap().capacity;
                        say(&ready.probe().map_or_else(Answer::Report, |line_ns| Answer::Ready { capacity, line_ns }))?;
                        prepared = Some(ready);
                    }
                    Err(report) => say(&Answer::Report(report))?,
                }
            }
            Command::Probe => {
                let line = prepared.as_mut().map_or(Ok(None), Prepared::probe);
                say(&line.map_or_else(Answer::Report, |line_ns| Answer::Line { line_ns }))?;
            }
            Command::Slice { settle_ns, window_ns, traced } => {
                let report = match prepared.take() {
                    Some(ready) => ready.run(settle_ns, window_ns, traced),
                    None => Report::failed(Outcome::Refused, "slice before prepare"),
                };
                say(&Answer::Report(Box::new(report)))?;
            }
            // This worker checks the order of every message it times.
            Command::Verify { .. } => {
                prepared = None;
                say(&Answer::Report(Box::new(Report::failed(Outcome::Refused, "every message is checked anyway"))))?;
            }
            Command::Bye => break,
        }
    }
    Ok(())
}

/// Says one line to who started this process.
fn say(answer: &impl Serialize) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, answer)?;
    stdout.write_all(b"\n")?;
    Ok(stdout.flush()?)
}

/// A panic in one endpoint would leave the others waiting: end the process, the message is on stderr. Where the panic
/// says what is known to happen, `tell` says it to who listens.
fn die_on_panic(tell: impl Fn(Outcome, String) -> Option<()> + Send + Sync + 'static) {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let known = (payload.downcast_ref().map(|Rubbish(what)| (Outcome::Corrupted, (*what).to_owned())))
            .or_else(|| payload.downcast_ref().map(|Unavailable(why)| (Outcome::Refused, why.clone())));
        let Some((outcome, detail)) = known else {
            print(panic);
            std::process::abort();
        };
        tell(outcome, detail);
        std::process::exit(0);
    }));
}

/// What the loops of a scenario are made for.
fn order_of(scenario: &Scenario, work_iterations: [u32; 2]) -> Order {
    Order {
        workload: scenario.workload,
        shape: scenario.shape(),
        size: scenario.size,
        producer_work: work_iterations[0],
        consumer_work: work_iterations[1],
        credit: (scenario.credit != 0).then_some(u64::from(scenario.credit)),
    }
}

/// The endpoints of a slice, on one side of the boundary or the other.
enum Endpoints {
    Threads(Crew),
    Processes(Processes),
    /// None: a program starts its own workers.
    Program(Program),
}

impl Endpoints {
    fn lap(&self) -> Lap {
        match self {
            Endpoints::Threads(crew) => crew.lap,
            Endpoints::Processes(processes) => processes.lap,
            Endpoints::Program(_) => Lap { capacity: None, missing: 0 },
        }
    }
}

/// Endpoints that wait for their slice.
struct Prepared {
    endpoints: Endpoints,
    has_two_cpus: bool,
    scenario: Scenario,
    about: About,
}

impl Prepared {
    fn new(registry: &Registry, prepare: &Prepare) -> Result<Prepared, Box<Report>> {
        let refused = |why: String| Box::new(Report::failed(Outcome::Refused, why));
        let scenario: Scenario = prepare.scenario.parse().map_err(refused)?;
        let entry = registry.find(&prepare.queue, scenario.capacity);
        let unknown = || refused(format!("this worker has no queue '{}'", prepare.queue));
        let entry = entry.filter(|entry| entry.runs.is_some() || entry.program.is_some()).ok_or_else(unknown)?;
        if let Some(why) = misfit(&entry.about, &scenario) {
            return Err(refused(format!("{} {why}", prepare.queue)));
        }
        if prepare.cpus.len() != scenario.threads() {
            return Err(refused(format!("{} cpus for {} threads", prepare.cpus.len(), scenario.threads())));
        }
        let endpoints = if scenario.workload.program().is_some() {
            Endpoints::Program(Program::new(entry.program.ok_or_else(unknown)?, scenario, prepare))
        } else {
            Prepared::endpoints(entry.runs.ok_or_else(unknown)?, scenario, prepare)?
        };
        let Lap { capacity, missing } = endpoints.lap();
        let needed = 2 * scenario.threads() as u64;
        if scenario.workload == Workload::Pairs && capacity.is_some_and(|messages| messages < needed) {
            return Err(refused("holds too few messages here: pairs needs room for two a thread".into()));
        }
        if missing > 0 {
            let detail = format!("{missing} messages went in and did not come out before the stream began");
            return Err(Box::new(Report::failed(Outcome::Lost, detail)));
        }
        Ok(Prepared { endpoints, has_two_cpus: has_two_cpus(&prepare.cpus), scenario, about: entry.about })
    }

    /// The endpoints of a slice, on the side of the boundary where the scenario has them.
    fn endpoints(runs: Runs, scenario: Scenario, prepare: &Prepare) -> Result<Endpoints, Box<Report>> {
        let refused = |why: String| Box::new(Report::failed(Outcome::Refused, why));
        if scenario.boundary == Boundary::Processes && scenario.threads() > 1 {
            let joining = runs.joining.ok_or_else(|| refused(format!("{} does not cross", prepare.queue)))?;
            let Prepare { queue, scenario: id, work_iterations, .. } = prepare.clone();
            let first = Join { queue, scenario: id, work_iterations, index: 0, cpu: None };
            return Ok(Endpoints::Processes(Processes::assemble(joining, scenario, first, &prepare.cpus)?));
        }
        (runs.prime)();
        let order = order_of(&scenario, prepare.work_iterations);
        let crew = Crew::assemble(&prepare.cpus, move || (runs.open)(&order), topology::pin).map_err(refused)?;
        Ok(Endpoints::Threads(crew))
    }

    /// What a cache line takes now between the first and the last endpoint, where they have a cpu each.
    fn probe(&mut self) -> Result<Option<u64>, Box<Report>> {
        match &mut self.endpoints {
            Endpoints::Program(_) => Ok(None),
            Endpoints::Threads(crew) => Ok(crew.probe()),
            Endpoints::Processes(processes) if self.has_two_cpus => processes.probe(),
            Endpoints::Processes(_) => Ok(None),
        }
    }

    fn run(self, settle_ns: u64, window_ns: u64, traced: bool) -> Report {
        let scenario = self.scenario;
        let unbounded = scenario.capacity == Capacity::Unbounded && self.about.transfers;
        let lap = self.endpoints.lap();
        let lengths = Lengths {
            settle_ns,
            window_ns,
            // Where there is never more than one message in a queue, a message is its lap. A kernel may make a queue
            // smaller or larger than asked for.
            lap: match scenario.workload {
                Workload::Stream | Workload::Pairs if self.about.exact => scenario.capacity.lap(),
                Workload::Stream | Workload::Pairs => lap.capacity.unwrap_or(scenario.capacity.lap()),
                _ => 1,
            },
            traced,
            // A list node or a slot's stamp counts too, or a backlog of small messages would take three times this.
            backlog_limit: unbounded.then(|| BACKLOG_BYTES / (scenario.size.bytes() as u64 + 16)),
        };
        match self.endpoints {
            Endpoints::Threads(crew) => {
                let (slice, tallies) = crew.run(lengths, scenario);
                verdict::report(&scenario, &self.about, lap.capacity, &slice, tallies)
            }
            Endpoints::Processes(processes) => match processes.run(lengths) {
                Ok((slice, tallies)) => verdict::report(&scenario, &self.about, lap.capacity, &slice, tallies),
                Err(report) => *report,
            },
            Endpoints::Program(program) => program.run(settle_ns, window_ns),
        }
    }
}
