//! Waits for a host to have the cpus where it usually has them. Decided by what a cache line costs before a queue has
//! sent a message, so that no queue can influence whether and when its block is run.

use std::collections::HashMap;
use std::time::Duration;

/// A line that takes so many times more, or less, than usual, takes another way.
pub const ELSEWHERE: f64 = 1.5;
/// Looks without which nothing is usual.
const FEWEST_LOOKS: usize = 10;
/// The latest looks: what is usual may change within a run.
const MOST_LOOKS: usize = 2000;
/// Time between two looks.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What a block waits at most, in nanoseconds.
const LONGEST_WAIT_NS: u64 = 4_000_000_000;
/// What all blocks wait at most, as a share of the time that has passed.
const MOST_WAITING: f64 = 0.4;

/// What has been seen of each group of cpus.
#[derive(Debug, Default)]
pub struct Gate {
    looks: HashMap<Vec<Option<usize>>, Vec<u64>>,
    waited_ns: u64,
}

impl Gate {
    /// Whether a block on `cpus` is to wait that has waited for `waited_ns` and now finds a line to take `line_ns`,
    /// `elapsed_ns` after the run began.
    pub fn is_closed(&mut self, cpus: &[Option<usize>], line_ns: u64, waited_ns: u64, elapsed_ns: u64) -> bool {
        let looks = self.looks.entry(cpus.to_vec()).or_default();
        // Only a block's first look counts, or what a few blocks wait for would soon pass for usual.
        if waited_ns == 0 {
            if looks.len() == MOST_LOOKS {
                looks.remove(0);
            }
            looks.push(line_ns);
        }
        if looks.len() < FEWEST_LOOKS {
            return false;
        }
        let mut sorted = looks.clone();
        let (_, usual, _) = sorted.select_nth_unstable(looks.len() / 2);
        let is_patient =
            waited_ns < LONGEST_WAIT_NS && (self.waited_ns + waited_ns) as f64 <= MOST_WAITING * elapsed_ns as f64;
        is_patient && is_elsewhere(line_ns, *usual)
    }

    /// A block has waited for so long.
    pub fn waited(&mut self, waited_ns: u64) {
        self.waited_ns += waited_ns;
    }
}

/// Whether a line that takes `line_ns` takes another way than one that takes `usual_ns`.
pub fn is_elsewhere(line_ns: u64, usual_ns: u64) -> bool {
    let ratio = line_ns.max(1) as f64 / usual_ns.max(1) as f64;
    !(1.0 / ELSEWHERE..=ELSEWHERE).contains(&ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPUS: [Option<usize>; 2] = [Some(0), Some(1)];
    const LONG_AGO: u64 = 1_000_000_000_000;

    fn used_to(line_ns: u64) -> Gate {
        let mut gate = Gate::default();
        for _ in 0..20 {
            assert!(!gate.is_closed(&CPUS, line_ns, 0, LONG_AGO));
        }
        gate
    }

    #[test]
    fn what_is_not_usual_waits_whether_slower_or_faster() {
        let mut gate = used_to(76);
        for (line_ns, is_closed) in [(76, false), (100, false), (450, true), (25, true), (60, false)] {
            assert_eq!(gate.is_closed(&CPUS, line_ns, 0, LONG_AGO), is_closed, "{line_ns}");
        }
    }

    #[test]
    fn what_lasts_becomes_usual() {
        let mut gate = used_to(450);
        let refused = (0..100).take_while(|_| gate.is_closed(&CPUS, 76, 0, LONG_AGO)).count();
        assert!((1..40).contains(&refused), "{refused}");
    }

    #[test]
    fn neither_a_block_nor_a_run_waits_for_ever() {
        let mut gate = used_to(76);
        assert!(!gate.is_closed(&CPUS, 450, LONGEST_WAIT_NS, LONG_AGO));
        gate.waited(LONG_AGO / 2);
        assert!(!gate.is_closed(&CPUS, 450, 0, LONG_AGO));
    }

    #[test]
    fn other_cpus_have_their_own_usual() {
        let mut gate = used_to(76);
        assert!(!gate.is_closed(&[Some(0), Some(8)], 450, 0, LONG_AGO));
    }
}
