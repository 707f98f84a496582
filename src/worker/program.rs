//! A whole program that waits for its time, and what it used up in it.

use nix::sys::resource::{UsageWho, getrusage};

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
        let before = used_by_all();
        match (self.run)(&self.task) {
            Ok(measured) => {
                let usage = measured.usage.unwrap_or_else(|| used_by_all().since(before));
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

/// What this process and its children that have ended used up so far.
fn used_by_all() -> Usage {
    let mut all = Usage::default();
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let Ok(used) = getrusage(who) else { continue };
        let ns = |time: nix::sys::time::TimeVal| (time.tv_sec() * 1_000_000_000 + time.tv_usec() * 1000) as u64;
        all.cpu_ns += ns(used.user_time()) + ns(used.system_time());
        all.voluntary_switches += used.voluntary_context_switches() as u64;
        all.involuntary_switches += used.involuntary_context_switches() as u64;
        all.page_faults += (used.minor_page_faults() + used.major_page_faults()) as u64;
    }
    all
}
