//! How cpus spend their time, from `/proc/stat`.

use std::collections::BTreeMap;

use crate::topology::Files;

/// Clock ticks of one cpu or of all, in total since boot or between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    /// All time.
    pub(super) total: u64,
    /// Running something: neither idle, nor waiting for a disk, nor stolen.
    pub(super) busy: u64,
    /// Ready to run, but the hypervisor ran something else; `None` on kernels that do not count it.
    pub(super) steal: Option<u64>,
}

impl Ticks {
    /// What passed since an earlier look.
    pub(super) fn since(self, earlier: Ticks) -> Ticks {
        let steal = self.steal.zip(earlier.steal);
        Ticks {
            total: self.total.saturating_sub(earlier.total),
            busy: self.busy.saturating_sub(earlier.busy),
            steal: steal.map(|(now, then)| now.saturating_sub(then)),
        }
    }

    /// `part` as a share of the total, 0 to 1; `None` if no time passed.
    pub(super) fn share(self, part: u64) -> Option<f64> {
        (self.total > 0).then(|| part as f64 / self.total as f64)
    }
}

/// The ticks of every online cpu; under `None` those of all together.
pub(super) type CpuTime = BTreeMap<Option<usize>, Ticks>;

/// Reads the counters; empty if they cannot be read.
pub(super) fn read(files: Files) -> CpuTime {
    files.text("/proc/stat").unwrap_or_default().lines().filter_map(parse_line).collect()
}

/// Reads `cpu3 user nice system idle iowait irq softirq steal guest guest_nice`; old kernels end earlier.
fn parse_line(line: &str) -> Option<(Option<usize>, Ticks)> {
    let (name, counts) = line.strip_prefix("cpu")?.split_once(' ')?;
    let cpu = if name.is_empty() { None } else { Some(name.parse().ok()?) };
    // Guests' time is part of user and nice already.
    let counts: Vec<u64> = counts.split_whitespace().take(8).map(|count| count.parse().ok()).collect::<Option<_>>()?;
    let total = counts.iter().fold(0u64, |sum, &count| sum.saturating_add(count));
    let idle = counts.get(3)?.saturating_add(*counts.get(4).unwrap_or(&0));
    let steal = counts.get(7).copied();
    let busy = total.saturating_sub(idle).saturating_sub(steal.unwrap_or(0));
    Some((cpu, Ticks { total, busy, steal }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_new_and_old_kernels() {
        let ticks = |total, busy, steal| Ticks { total, busy, steal };
        assert_eq!(parse_line("cpu  10 20 30 400 5 6 7 8 9 9"), Some((None, ticks(486, 73, Some(8)))));
        assert_eq!(parse_line("cpu3 10 20 30 400"), Some((Some(3), ticks(460, 60, None))));
        for garbage in ["intr 1 2", "cpu", "cpux 1 2 3 4", "cpu0 1 2", "cpu0 a b c d"] {
            assert_eq!(parse_line(garbage), None, "{garbage}");
        }
    }
}
