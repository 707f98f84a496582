//! The child's side: open one queue, run one slice, report, exit.

mod crew;
mod probe;
mod verdict;

use std::io::{self, BufRead, Write};

use crate::protocol::{Answer, Command, Outcome, PROTOCOL, Prepare, Report};
use crate::queue::{About, Capacity};
use crate::registry::Registry;
use crate::scenario::Scenario;
use crate::topology;
use crate::workload::{Order, Workload, slice::BACKLOG_BYTES, slice::Lengths};
use crew::Crew;

/// Serves the parent on stdin and stdout until it says `bye` or goes away.
///
/// # Errors
///
/// When stdin or stdout break, or the parent says what is no command.
pub fn serve(registry: &Registry) -> anyhow::Result<()> {
    die_with_parent()?;
    die_on_panic();
    say(&Answer::Hello {
        protocol: PROTOCOL,
        program: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
    })?;
    let mut prepared: Option<Prepared> = None;
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line?)? {
            Command::Prepare(prepare) => match Prepared::new(registry, &prepare) {
                Ok(ready) => {
                    say(&Answer::Ready { capacity: ready.crew.capacity, line_ns: ready.crew.probe() })?;
                    prepared = Some(ready);
                }
                Err(report) => say(&Answer::Report(report))?,
            },
            Command::Probe => {
                let line_ns = prepared.as_ref().and_then(|ready| ready.crew.probe());
                say(&Answer::Line { line_ns })?;
            }
            Command::Slice { settle_ns, window_ns, traced } => {
                let report = match prepared.take() {
                    Some(ready) => ready.run(settle_ns, window_ns, traced),
                    None => Report::failed(Outcome::Refused, "slice before prepare"),
                };
                say(&Answer::Report(Box::new(report)))?;
            }
            Command::Bye => break,
        }
    }
    Ok(())
}

fn say(answer: &Answer) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, answer)?;
    stdout.write_all(b"\n")?;
    Ok(stdout.flush()?)
}

/// Asks the kernel to kill this process when the parent dies, and dies at once if it already has.
pub(crate) fn die_with_parent() -> anyhow::Result<()> {
    let parent = rustix::process::getppid();
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    anyhow::ensure!(rustix::process::getppid() == parent, "the parent is gone");
    Ok(())
}

/// A panic in one endpoint would leave the others waiting: end the process, the message is on stderr.
fn die_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        std::process::abort();
    }));
}

/// A crew that waits for its slice.
struct Prepared {
    crew: Crew,
    scenario: Scenario,
    about: About,
}

impl Prepared {
    fn new(registry: &Registry, prepare: &Prepare) -> Result<Prepared, Box<Report>> {
        let refused = |why: String| Box::new(Report::failed(Outcome::Refused, why));
        let scenario: Scenario = prepare.scenario.parse().map_err(refused)?;
        let entry = registry
            .find(&prepare.queue, scenario.capacity)
            .ok_or_else(|| refused(format!("this worker has no queue '{}'", prepare.queue)))?;
        if prepare.cpus.len() != scenario.threads() {
            return Err(refused(format!("{} cpus for {} threads", prepare.cpus.len(), scenario.threads())));
        }
        (entry.prime)();
        let order = Order {
            workload: scenario.workload,
            shape: scenario.shape(),
            size: scenario.size,
            producer_work: prepare.work_iterations[0],
            consumer_work: prepare.work_iterations[1],
        };
        let open = entry.open;
        let crew = Crew::assemble(&prepare.cpus, move || open(&order), topology::pin).map_err(refused)?;
        if crew.missing > 0 {
            let detail = format!("{} messages went in and did not come out before the stream began", crew.missing);
            return Err(Box::new(Report::failed(Outcome::Lost, detail)));
        }
        Ok(Prepared { crew, scenario, about: entry.about })
    }

    fn run(self, settle_ns: u64, window_ns: u64, traced: bool) -> Report {
        let scenario = self.scenario;
        let unbounded = scenario.capacity == Capacity::Unbounded && self.about.transfers;
        let lengths = Lengths {
            settle_ns,
            window_ns,
            // A ping-pong never has more than one message in its queues, so a message is its lap.
            lap: if scenario.workload == Workload::Pingpong { 1 } else { scenario.capacity.lap() },
            // A list node or a slot's stamp counts too, or a backlog of small messages would take three times this.
            traced,
            backlog_limit: unbounded.then(|| BACKLOG_BYTES / (scenario.size.bytes() as u64 + 16)),
        };
        let capacity = self.crew.capacity;
        let (slice, tallies) = self.crew.run(lengths, scenario);
        verdict::report(&scenario, &self.about, capacity, &slice, tallies)
    }
}
