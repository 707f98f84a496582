//! Programs that are run whole, again and again: as many runs as fit into the time.

use super::{Measured, Task};
use crate::protocol::Report;
use crate::workload::slice::{Usage, clock_ns};

/// Calls `once` until settling is over, and then, told that it counts, until the window is, but once at least. Its
/// messages are these runs.
///
/// # Errors
///
/// What a run comes to that fails.
pub(super) fn repeated(
    task: &Task,
    mut once: impl FnMut(bool) -> Result<(), Box<Report>>,
) -> Result<Measured, Box<Report>> {
    let settled_ns = clock_ns() + task.settle_ns;
    while clock_ns() < settled_ns {
        once(false)?;
    }
    let (opened_ns, before) = (clock_ns(), Usage::of_all());
    let mut runs = 0;
    while runs == 0 || clock_ns() < opened_ns + task.window_ns {
        once(true)?;
        runs += 1;
    }
    Ok(Measured {
        messages: runs,
        elapsed_ns: clock_ns() - opened_ns,
        settle_ns: task.settle_ns,
        usage: Some(Usage::of_all().since(before)),
        ..Measured::default()
    })
}
