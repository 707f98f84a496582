//! A whole program that waits for its time, and what it used up in it.

use crate::program::{Measured, Run, Task};
use crate::protocol::{Outcome, Prepare, Report};
use crate::scenario::Scenario;
use crate::workload::slice::Usage;

/// A program that waits for its time.
pub(super) struct Program {
    run: Run,
    task: Task,
}

impl Program {
    pub(super) fn new(run: Run, scenario: Scenario, prepare: &Prepare) -> Program {
        let Prepare { cpus, site, .. } = prepare.clone();
        Program { run, task: Task { scenario, cpus, settle_ns: 0, window_ns: 0, site } }
    }

    pub(super) fn run(mut self, settle_ns: u64, window_ns: u64) -> Report {
        (self.task.settle_ns, self.task.window_ns) = (settle_ns, window_ns);
        let before = Usage::of_all();
        match (self.run)(&self.task) {
            Ok(measured) => {
                let usage = measured.usage.unwrap_or_else(|| Usage::of_all().since(before));
                report(measured, usage)
            }
            Err(report) => *report,
        }
    }
}

fn report(measured: Measured, usage: Usage) -> Report {
    Report {
        outcome: Outcome::Ok,
        messages: measured.messages,
        elapsed_ns: measured.elapsed_ns,
        settle_ns: measured.settle_ns,
        endpoints: measured.endpoints,
        cpu_ns: usage.cpu_ns,
        voluntary_switches: usage.voluntary_switches,
        involuntary_switches: usage.involuntary_switches,
        page_faults: usage.page_faults,
        run_delay_ns: usage.run_delay_ns,
        round_trips: measured.durations,
        figures: measured.figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect(),
        ..Report::default()
    }
}
