//! Programs that are one continuous stream: all their workers keep the clockwork of one slice.

use super::crew::{shared, unusable};
use super::{Measured, Task};
use crate::protocol::Report;
use crate::workload::slice::{Lengths, Slice, Timing, Usage, clock_ns};

/// A slice among the workers of this task that begins now; each is a consumer of it.
///
/// # Errors
///
/// When there is no memory to share.
pub(super) fn slice(task: &Task) -> Result<Slice, Box<Report>> {
    let memory = shared(task, Slice::bytes(0, task.workers())).map_err(unusable)?;
    let lengths =
        Lengths { settle_ns: task.settle_ns, window_ns: task.window_ns, lap: 1, backlog_limit: None, traced: false };
    Ok(Slice::in_memory(&memory, clock_ns(), lengths, 0, task.workers()))
}

/// What a worker leaves behind: what it did inside the window, a number of its program's, and what it used up.
pub(super) type Left = [u64; 7];

/// What this worker leaves behind.
pub(super) fn left(timing: &Timing, own: u64) -> Left {
    let usage = timing.usage;
    [
        timing.in_window.round() as u64,
        own,
        usage.cpu_ns,
        usage.voluntary_switches,
        usage.involuntary_switches,
        usage.page_faults,
        usage.run_delay_ns,
    ]
}

/// What all workers left behind, where what each did inside the window counts.
pub(super) fn measured(slice: &Slice, parts: &[Left]) -> Measured {
    let (opened_ns, closed_ns) = slice.window_ns();
    let sum = |at: usize| parts.iter().map(|part| part[at]).sum();
    Measured {
        messages: sum(0),
        elapsed_ns: closed_ns - opened_ns,
        settle_ns: opened_ns,
        endpoints: parts.iter().map(|part| part[0]).collect(),
        usage: Some(Usage {
            cpu_ns: sum(2),
            voluntary_switches: sum(3),
            involuntary_switches: sum(4),
            page_faults: sum(5),
            run_delay_ns: sum(6),
            failed_tries: None,
        }),
        ..Measured::default()
    }
}
