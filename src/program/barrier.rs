//! Workers that go on to the next phase together, past each kind of barrier.
//!
//! A phase is: add one to a counter of one's own, wait for the others, look at all counters. There is one wait a phase.
//! Whoever has waited in phase n sees n in each counter, or n + 1 where another is on to its next phase already; it cannot
//! see less unless somebody was let through early, nor more, because nobody gets past the next wait without it.

use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam_utils::{Backoff, CachePadded};
use rustix::thread::futex;

use super::clocked::{self, Left};
use super::crew::{Cell, cells, shared, together, unusable};
use super::{Measured, Task, Way, about};
use crate::memory::{self, Placed, Shareable};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Program};
use crate::scenario::Boundary;
use crate::workload::slice::{Side, Slice};

const ABOUT: About = about(Program::Barrier);

/// All of them.
pub const WAYS: [Way; 4] = [
    Way { about: About { id: "barrier/std", crosses: false, ..ABOUT }, run: run::<std::sync::Barrier> },
    Way { about: About { id: "barrier/spin", ..ABOUT }, run: run::<Spinning> },
    Way { about: About { id: "barrier/futex", ..ABOUT }, run: run::<Sleeping> },
    Way { about: About { id: "barrier/pthread", ..ABOUT }, run: run::<Pthread> },
];

/// A place where all workers wait until the last has come.
trait Barrier: Sync + Sized {
    /// One for the workers of this task.
    fn new(task: &Task) -> anyhow::Result<Self>;

    /// Comes, and returns when all have.
    fn wait(&self);
}

fn run<B: Barrier>(task: &Task) -> Result<Measured, Box<Report>> {
    let barrier = B::new(task).map_err(unusable)?;
    // Each worker's counter, and the phase that is the last.
    let mut counters = cells(task, task.workers() + 1).map_err(unusable)?;
    let last = counters.pop().expect("there is one more");
    last.0.store(u64::MAX, Ordering::Relaxed);
    let slice = clocked::slice(task)?;
    let parts = together(task, |worker| phases(&barrier, &slice, &counters, &last, worker))?;
    in_step(&parts, &counters)?;
    // All went through the same phases, so one worker's count is the number of them.
    Ok(Measured { messages: parts[0][0], ..clocked::measured(&slice, &parts) })
}

/// Whether nobody was ahead or behind after any wait, and all have come to the same phase.
fn in_step(parts: &[Left], counters: &[Placed<Cell>]) -> Result<(), Box<Report>> {
    let out_of_step: u64 = parts.iter().map(|part| part[1]).sum();
    let phases: Vec<u64> = counters.iter().map(|counter| counter.0.load(Ordering::Relaxed)).collect();
    if out_of_step == 0 && phases.iter().all(|phase| *phase == phases[0]) {
        return Ok(());
    }
    let what = format!("{out_of_step} times a counter was not that of the phase; at the end they were {phases:?}");
    Err(Box::new(Report::failed(Outcome::Corrupted, what)))
}

/// One worker's part; what it leaves behind has the counters that were wrong.
fn phases(barrier: &impl Barrier, slice: &Slice, counters: &[Placed<Cell>], last: &Cell, worker: usize) -> Left {
    let mut endpoint = slice.endpoint(Side::Consumer, worker);
    let (mut phase, mut wrong) = (0, 0);
    'all: loop {
        let (publications, phases) = endpoint.chunk();
        for _ in 0..publications {
            for _ in 0..phases {
                phase += 1;
                counters[worker].0.store(phase, Ordering::Relaxed);
                barrier.wait();
                wrong += counters.iter().filter(|counter| !is_of(phase, counter)).count() as u64;
                if phase >= last.0.load(Ordering::Relaxed) {
                    break 'all;
                }
            }
            endpoint.publish(phase);
        }
        // One looks at the clock for all. It says so before it comes to the last wait, and the others see it after theirs.
        if !endpoint.chunk_end(phase, None) && worker == 0 {
            last.0.store(phase + 1, Ordering::Relaxed);
        }
    }
    clocked::left(&endpoint.finish(phase, None), wrong)
}

/// Whether a counter is as one that has waited in this phase may find it.
#[inline]
fn is_of(phase: u64, counter: &Cell) -> bool {
    (phase..=phase + 1).contains(&counter.0.load(Ordering::Relaxed))
}

impl Barrier for std::sync::Barrier {
    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(std::sync::Barrier::new(task.workers()))
    }

    #[inline]
    fn wait(&self) {
        std::sync::Barrier::wait(self);
    }
}

/// How many have come, and how often all have.
#[derive(Default)]
#[repr(C)]
struct Arrivals {
    arrived: CachePadded<AtomicU32>,
    /// What a sense-reversing barrier calls its sense, which here counts; the futex word.
    sense: CachePadded<AtomicU32>,
}

// SAFETY: atomic numbers.
unsafe impl Shareable for Arrivals {}

impl Arrivals {
    fn new(task: &Task) -> anyhow::Result<Placed<Arrivals>> {
        Ok(Placed::at(shared(task, size_of::<Arrivals>())?))
    }

    /// Comes; the sense to wait for the end of, or none for the last, who has turned it.
    #[inline]
    fn arrive(&self, parties: u32) -> Option<u32> {
        // It turns only after this worker has come.
        let sense = self.sense.load(Ordering::Relaxed);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 < parties {
            return Some(sense);
        }
        self.arrived.store(0, Ordering::Relaxed);
        self.sense.store(sense.wrapping_add(1), Ordering::Release);
        None
    }
}

/// Looks again and again, giving way when it takes long.
struct Spinning {
    arrivals: Placed<Arrivals>,
    parties: u32,
}

impl Barrier for Spinning {
    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(Spinning { arrivals: Arrivals::new(task)?, parties: u32::try_from(task.workers())? })
    }

    #[inline]
    fn wait(&self) {
        let Some(sense) = self.arrivals.arrive(self.parties) else { return };
        let backoff = Backoff::new();
        while self.arrivals.sense.load(Ordering::Acquire) == sense {
            backoff.snooze();
        }
    }
}

/// Sleeps at once, and is woken by the last.
struct Sleeping {
    arrivals: Placed<Arrivals>,
    parties: u32,
    flags: futex::Flags,
}

impl Barrier for Sleeping {
    fn new(task: &Task) -> anyhow::Result<Self> {
        let flags = match task.scenario.boundary {
            Boundary::Threads => futex::Flags::PRIVATE,
            Boundary::Processes => futex::Flags::empty(),
        };
        Ok(Sleeping { arrivals: Arrivals::new(task)?, parties: u32::try_from(task.workers())?, flags })
    }

    #[inline]
    fn wait(&self) {
        let word = &*self.arrivals.sense;
        let Some(sense) = self.arrivals.arrive(self.parties) else {
            futex::wake(word, self.flags, i32::MAX as u32).ok();
            return;
        };
        while word.load(Ordering::Acquire) == sense {
            // An interrupted wait, or a turn since, only means to look again.
            futex::wait(word, self.flags, sense, None).ok();
        }
    }
}

/// That of POSIX, which processes may share.
struct Pthread(Placed<memory::Barrier>);

impl Barrier for Pthread {
    fn new(task: &Task) -> anyhow::Result<Self> {
        let barrier: Placed<memory::Barrier> = Placed::at(shared(task, size_of::<memory::Barrier>())?);
        // SAFETY: nobody else has the memory yet.
        unsafe { barrier.initialise(u32::try_from(task.workers())?)? };
        Ok(Pthread(barrier))
    }

    #[inline]
    fn wait(&self) {
        self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::super::tests::task;
    use super::*;

    /// Lets whoever comes through once in a while, though the others may not be there.
    struct Leaky {
        sound: Spinning,
        waits: AtomicU64,
    }

    impl Barrier for Leaky {
        fn new(task: &Task) -> anyhow::Result<Self> {
            Ok(Leaky { sound: Spinning::new(task)?, waits: AtomicU64::new(0) })
        }

        fn wait(&self) {
            let Some(sense) = self.sound.arrivals.arrive(self.sound.parties) else { return };
            let is_patient = !self.waits.fetch_add(1, Ordering::Relaxed).is_multiple_of(100);
            for _ in 0..1000 {
                if !is_patient || self.sound.arrivals.sense.load(Ordering::Acquire) != sense {
                    return;
                }
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn one_that_lets_somebody_through_early_is_caught() {
        for workers in [2, 4] {
            let report = run::<Leaky>(&task(Program::Barrier, workers, Boundary::Threads)).unwrap_err();
            assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
        }
    }

    #[test]
    fn none_at_all_is_caught() {
        struct Absent;
        impl Barrier for Absent {
            fn new(_: &Task) -> anyhow::Result<Self> {
                Ok(Absent)
            }
            // Giving way would let a scheduler keep them in step.
            fn wait(&self) {}
        }
        let report = run::<Absent>(&task(Program::Barrier, 4, Boundary::Threads)).unwrap_err();
        assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
    }

    #[test]
    fn a_counter_that_is_behind_or_two_ahead_is_not_of_the_phase() {
        let counter = Cell::default();
        for (count, is_right) in [(6, false), (7, true), (8, true), (9, false)] {
            counter.0.store(count, Ordering::Relaxed);
            assert_eq!(is_of(7, &counter), is_right, "{count}");
        }
    }
}
