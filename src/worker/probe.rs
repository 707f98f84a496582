//! What a cache line costs between the first and the last endpoint, just before a slice: a host may move virtual cpus
//! together or apart between one process and the next, and no counter of the guest tells.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::memory::Shareable;

/// Round trips of one batch; the median batch counts, so that one preemption does not.
const TRIPS: u64 = 64;
/// Batches.
const BATCHES: usize = 31;
/// The other end may never come: a thread that shares its cpu has better things to do.
const PATIENCE: Duration = Duration::from_millis(5);

/// A line that two threads hand to and fro.
#[derive(Default)]
#[repr(C)]
pub struct Probe {
    /// Even: the leader's turn; odd: the follower's.
    turn: CachePadded<AtomicU64>,
    /// 0 until the leader has seen enough.
    over: CachePadded<AtomicU64>,
}

// SAFETY: atomic numbers.
unsafe impl Shareable for Probe {}

impl Probe {
    /// Nanoseconds of a round trip; `None` when the other end did not answer in time.
    pub fn lead(&self) -> Option<u64> {
        let deadline = Instant::now() + PATIENCE;
        let batches: Option<Vec<u64>> = (0..BATCHES).map(|_| self.batch(deadline)).collect();
        self.over.store(1, Ordering::Relaxed);
        let mut batches = batches?;
        batches.sort_unstable();
        Some(batches[BATCHES / 2] / TRIPS)
    }

    fn batch(&self, deadline: Instant) -> Option<u64> {
        let start = Instant::now();
        for _ in 0..TRIPS {
            let turn = self.turn.load(Ordering::Relaxed);
            self.turn.store(turn + 1, Ordering::Release);
            let mut tries = 0u32;
            while self.turn.load(Ordering::Acquire) == turn + 1 {
                spin_loop();
                tries += 1;
                if tries.is_multiple_of(1024) && Instant::now() > deadline {
                    return None;
                }
            }
        }
        Some(start.elapsed().as_nanos() as u64)
    }

    /// As it was at first.
    pub fn reset(&self) {
        self.turn.store(0, Ordering::Relaxed);
        self.over.store(0, Ordering::Relaxed);
    }

    /// Answers until the leader has seen enough.
    pub fn follow(&self) {
        while self.over.load(Ordering::Relaxed) == 0 {
            let turn = self.turn.load(Ordering::Acquire);
            if turn % 2 == 1 {
                self.turn.store(turn + 1, Ordering::Release);
            }
            spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_find_out_what_a_round_trip_takes() {
        let probe = Probe::default();
        let trip_ns = std::thread::scope(|scope| {
            scope.spawn(|| probe.follow());
            // On a loaded machine the other thread may come too late; then there is no figure, and no hang.
            probe.lead()
        });
        assert!(trip_ns.is_none_or(|ns| ns > 0));
    }

    #[test]
    fn nobody_waits_for_one_who_does_not_come() {
        assert_eq!(Probe::default().lead(), None);
    }
}
