//! One block at a time, for programs that bring their own repetition: criterion's benches and the benches of the
//! harness itself.

use std::time::{Duration, Instant};

use crate::peers;
use crate::protocol::{Outcome, Report};
use crate::queue::Capacity;
use crate::ranking::figure_of;
use crate::scenario::{Boundary, Scenario, WorkNs};
use crate::schedule::contender::{Contender, Contenders};
use crate::schedule::plan::{Planned, seat};
use crate::schedule::rounds::{BlockOrder, draw};
use crate::schedule::supervise::Supervisor;
use crate::schedule::{Ended, Workers};
use crate::topology::{Topology, own_mask};
use crate::worker;
use crate::workload::{Size, Workload, work};

/// Runs blocks in workers of this very program, which must serve them when it is started with `worker`.
pub struct Harness {
    topology: Topology,
    supervisor: Supervisor<'static>,
    blocks: u32,
}

impl Harness {
    /// Looks at the machine and calibrates work.
    ///
    /// # Errors
    ///
    /// When this program cannot be found to start workers with.
    pub fn new() -> anyhow::Result<Harness> {
        let program = std::env::current_exe()?.display().to_string();
        Ok(Harness {
            topology: Topology::read(std::path::Path::new("/"), Some(&own_mask())),
            supervisor: Supervisor::new(
                Contenders::own(vec![program, worker::WORKER.into()]),
                Duration::from_secs(10),
                work::calibrate(),
                Instant::now(),
            ),
            blocks: 0,
        })
    }

    /// With Python's queues, run by the interpreter on PATH.
    #[must_use]
    pub fn with_python(mut self) -> Harness {
        let python = Contender { command: peers::python::command("python3"), extra_iterations: 0 };
        self.supervisor = self.supervisor.with("python", python);
        self
    }

    /// The base scenario: one producer, one consumer, 1024 messages of 8 bytes, two cores.
    pub fn base(&self, workload: Workload) -> Scenario {
        Scenario {
            workload,
            producers: 1,
            consumers: 1,
            capacity: Capacity::Bounded(1024),
            size: Size::Value(8),
            work: WorkNs::default(),
            credit: 0,
            site: None,
            boundary: Boundary::Threads,
            placement: self.topology.closest_cores(),
        }
    }

    /// Iterations that make a nanosecond of work.
    pub fn ns_per_work_iteration(&self) -> f64 {
        self.supervisor.ns_per_iteration()
    }

    /// A cpu for each thread of `scenario`, consumers' first.
    ///
    /// # Errors
    ///
    /// When this machine lacks its placement.
    pub fn cpus(&self, scenario: &Scenario) -> Result<Vec<Option<usize>>, String> {
        seat(scenario, &self.topology)
    }

    /// Runs one block and returns nanoseconds per message, or per round trip.
    ///
    /// # Errors
    ///
    /// When the machine lacks the placement, or the block ends in an outcome other than ok.
    pub fn block(&mut self, scenario: Scenario, queue: &str) -> Result<f64, String> {
        let (report, _) = self.report(scenario, queue)?;
        if report.outcome != Outcome::Ok {
            return Err(format!("{}: {}", report.outcome, report.detail.unwrap_or_default()));
        }
        self.figure(scenario, &report)
    }

    /// Nanoseconds per message of a report that is ok, or what is timed.
    ///
    /// # Errors
    ///
    /// When its window holds no message.
    pub fn figure(&self, scenario: Scenario, report: &Report) -> Result<f64, String> {
        let figure = figure_of(scenario.workload, report).ok_or("the window holds no message")?;
        Ok(if scenario.workload.is_timed() { figure } else { 1e9 / figure })
    }

    /// Runs one block whose slice has these lengths, and returns its report with a trace.
    ///
    /// # Errors
    ///
    /// When the machine lacks the placement.
    pub fn traced(
        &mut self,
        scenario: Scenario,
        queue: &str,
        settle_ns: u64,
        window_ns: u64,
    ) -> Result<Report, String> {
        let order = BlockOrder { settle_ns, window_ns, traced: true, ..self.order(&scenario, queue)? };
        Ok(self.run(&order, &scenario, queue)?.0)
    }

    /// Runs one block and returns its report, and the nanoseconds its worker took to be ready.
    ///
    /// # Errors
    ///
    /// When the machine lacks the placement.
    pub fn report(&mut self, scenario: Scenario, queue: &str) -> Result<(Report, u64), String> {
        let order = self.order(&scenario, queue)?;
        self.run(&order, &scenario, queue)
    }

    fn order(&mut self, scenario: &Scenario, queue: &str) -> Result<BlockOrder, String> {
        let planned = self.planned(scenario, queue)?;
        // Another round each time draws lengths anew.
        self.blocks += 1;
        let orders = draw(&planned, 0, 0, self.blocks, &planned.queues);
        Ok(orders.into_iter().next().expect("a round of one queue has a block"))
    }

    fn planned(&self, scenario: &Scenario, queue: &str) -> Result<Planned, String> {
        Ok(Planned::alone(scenario, queue, self.cpus(scenario)?, self.topology.usable_cpus().len()))
    }

    fn run(&mut self, order: &BlockOrder, scenario: &Scenario, queue: &str) -> Result<(Report, u64), String> {
        let cell = self.planned(scenario, queue)?.cell(queue);
        match self.supervisor.run(order, &cell) {
            Ended::Reported { report, ready_ns, .. } => Ok((*report, ready_ns)),
            Ended::Interrupted => unreachable!("nothing interrupts it"),
        }
    }
}
