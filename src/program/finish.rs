//! How a program of one producer and many consumers ends: each way over the same queue, so that nothing but the ending
//! differs.
//!
//! A run starts workers, puts some hundred items and ends. What is timed is from the last put until the last worker is
//! gone: its thread was joined, its process waited for. An ending is wrong if it comes before every item has been
//! processed, or an item is processed twice.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::crew::{led, shared, unusable};
use super::repeated::repeated;
use super::{Measured, Task, Way, about};
use crate::memory::{Condition, Held, Placed, RobustMutex, Shareable};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Program};
use crate::workload::slice::clock_ns;
use crate::workload::trips::Trips;

const ABOUT: About = about(Program::Finish);

/// All of them.
pub const WAYS: [Way; 3] = [
    Way { about: About { id: "finish/join", ..ABOUT }, run: run::<Join> },
    Way { about: About { id: "finish/sentinel", ..ABOUT }, run: run::<Sentinel> },
    Way { about: About { id: "finish/close", ..ABOUT }, run: run::<Close> },
];

/// Items of a run.
const ITEMS: usize = 256;
/// Workers there is room for, as many as a shape may have: each may need an end mark.
const MOST_WORKERS: usize = 999;
/// An item that means that nothing more will come.
const END: u32 = u32::MAX;

/// How workers are told that nothing more will come.
trait Ending {
    /// Whether workers mark each item as done.
    const MARKS: bool = false;

    /// Tells them, after the last put. What was found on the way, if there is a moment at which all must be done.
    fn end(queue: &Queue, workers: usize) -> Option<Joined>;
}

/// The moment at which the producer takes everything to be done.
#[derive(Clone, Copy)]
struct Joined {
    at_ns: u64,
    /// Items that nobody had marked as done by then.
    unfinished: u64,
}

/// As Python's `Queue.join`: the producer waits until each item has been marked as done. The program of the course ends
/// there, and its daemons, which wait at an empty queue, with it. Here they are told to go, so that they can be joined as
/// all others are: nothing of a process outlives it, but a thread cannot be killed.
struct Join;

impl Ending for Join {
    const MARKS: bool = true;

    fn end(queue: &Queue, _: usize) -> Option<Joined> {
        queue.join();
        let joined = queue.joined_now();
        queue.close();
        Some(joined)
    }
}

/// One end mark for each worker behind the last item.
struct Sentinel;

impl Ending for Sentinel {
    fn end(queue: &Queue, workers: usize) -> Option<Joined> {
        (0..workers).for_each(|_| queue.put(END));
        None
    }
}

/// The sending side goes away: who wants an item and finds none is told so.
struct Close;

impl Ending for Close {
    fn end(queue: &Queue, _: usize) -> Option<Joined> {
        queue.close();
        None
    }
}

fn run<E: Ending>(task: &Task) -> Result<Measured, Box<Report>> {
    let queue = Queue::new(task).map_err(unusable)?;
    let (mut gone, mut joined) = (Trips::new(), Trips::new());
    let mut endpoints = vec![0; task.workers()];
    let measured = repeated(task, |counts| {
        let end = once::<E>(task, &queue)?;
        if counts {
            gone.record(end.gone_ns);
            end.joined_ns.into_iter().for_each(|ns| joined.record(ns));
            endpoints.iter_mut().zip(end.processed).for_each(|(all, items)| *all += items);
        }
        Ok(())
    })?;
    Ok(Measured {
        endpoints,
        durations: gone.buckets(),
        figures: E::MARKS.then(|| ("until_joined_ns", joined.median())).into_iter().collect(),
        ..measured
    })
}

/// What one run took after its last put.
struct End {
    gone_ns: u64,
    joined_ns: Option<u64>,
    /// Items of each worker.
    processed: Vec<u64>,
}

fn once<E: Ending>(task: &Task, queue: &Queue) -> Result<End, Box<Report>> {
    queue.start_anew();
    let produce = || {
        (0..ITEMS as u32).for_each(|item| queue.put(item));
        let last_put_ns = clock_ns();
        (last_put_ns, E::end(queue, task.workers()))
    };
    let all = led(task, |_| [queue.work(E::MARKS)], produce)?;
    let (last_put_ns, joined) = all.lead;
    checked(joined, &queue.processed)?;
    Ok(End {
        gone_ns: all.gone_ns - last_put_ns,
        joined_ns: joined.map(|joined| joined.at_ns - last_put_ns),
        processed: all.parts.iter().map(|part| part[0]).collect(),
    })
}

/// Whether the end came when all was done, and everything was done once.
fn checked(joined: Option<Joined>, processed: &[AtomicU32]) -> Result<(), Box<Report>> {
    let failed = |outcome, what| Err(Box::new(Report::failed(outcome, what)));
    if let Some(Joined { unfinished: unfinished @ 1.., .. }) = joined {
        return failed(Outcome::Lost, format!("the end came early: {unfinished} of {ITEMS} items were not yet done"));
    }
    let times =
        |is_wrong: fn(u32) -> bool| processed.iter().filter(|item| is_wrong(item.load(Ordering::Relaxed))).count();
    match (times(|times| times == 0), times(|times| times > 1)) {
        (0, 0) => Ok(()),
        (0, more) => failed(Outcome::Duplicated, format!("{more} of {ITEMS} items were processed more than once")),
        (none, _) => failed(Outcome::Lost, format!("the end came early: {none} of {ITEMS} items were not processed")),
    }
}

/// A queue as a textbook has it, in memory that processes may share: it holds all of a run.
#[repr(C)]
struct Queue {
    mutex: RobustMutex,
    /// An item, or the end.
    arrived: Condition,
    all_done: Condition,
    // Written under the mutex.
    put: AtomicU64,
    taken: AtomicU64,
    done: AtomicU64,
    is_closed: AtomicU32,
    items: [AtomicU32; ITEMS + MOST_WORKERS],
    /// How often each item was processed; written by workers.
    processed: [AtomicU32; ITEMS],
}

// SAFETY: atomic numbers, and a mutex and conditions that processes may share.
unsafe impl Shareable for Queue {}

impl Queue {
    fn new(task: &Task) -> anyhow::Result<Placed<Queue>> {
        let queue: Placed<Queue> = Placed::at(shared(task, size_of::<Queue>())?);
        // SAFETY: nobody else has the memory yet.
        unsafe {
            queue.mutex.initialise()?;
            queue.arrived.initialise()?;
            queue.all_done.initialise()?;
        }
        Ok(queue)
    }

    /// As it was at first; no worker is there.
    fn start_anew(&self) {
        [&self.put, &self.taken, &self.done].into_iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.is_closed.store(0, Ordering::Relaxed);
        self.processed.iter().for_each(|times| times.store(0, Ordering::Relaxed));
    }

    fn put(&self, item: u32) {
        let _held = self.mutex.lock();
        self.items[self.put.fetch_add(1, Ordering::Relaxed) as usize].store(item, Ordering::Relaxed);
        self.arrived.signal();
    }

    /// The next item; none at the end.
    fn take(&self) -> Option<u32> {
        let mut held = self.mutex.lock();
        while self.taken.load(Ordering::Relaxed) == self.put.load(Ordering::Relaxed) {
            if self.is_closed.load(Ordering::Relaxed) != 0 {
                return None;
            }
            held = Held::wait(held, &self.arrived);
        }
        let item = self.items[self.taken.fetch_add(1, Ordering::Relaxed) as usize].load(Ordering::Relaxed);
        (item != END).then_some(item)
    }

    fn mark_done(&self) {
        let _held = self.mutex.lock();
        if self.done.fetch_add(1, Ordering::Relaxed) + 1 == self.put.load(Ordering::Relaxed) {
            self.all_done.signal();
        }
    }

    /// Waits until every item that was put is marked as done.
    fn join(&self) {
        let mut held = self.mutex.lock();
        while self.done.load(Ordering::Relaxed) < self.put.load(Ordering::Relaxed) {
            held = Held::wait(held, &self.all_done);
        }
    }

    fn joined_now(&self) -> Joined {
        let unfinished = (ITEMS as u64).saturating_sub(self.done.load(Ordering::Relaxed));
        Joined { at_ns: clock_ns(), unfinished }
    }

    fn close(&self) {
        let _held = self.mutex.lock();
        self.is_closed.store(1, Ordering::Relaxed);
        self.arrived.broadcast();
    }

    /// A worker's life: how many items it processed.
    fn work(&self, marks: bool) -> u64 {
        let mut items = 0;
        while let Some(item) = self.take() {
            self.processed[item as usize].fetch_add(1, Ordering::Relaxed);
            items += 1;
            if marks {
                self.mark_done();
            }
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::task;
    use super::*;
    use crate::scenario::Boundary;

    fn outcome_of<E: Ending>(workers: usize) -> Outcome {
        match run::<E>(&task(Program::Finish, workers, Boundary::Threads)) {
            Ok(_) => Outcome::Ok,
            Err(report) => report.outcome,
        }
    }

    #[test]
    fn a_join_that_does_not_wait_is_caught() {
        struct Hasty;
        impl Ending for Hasty {
            const MARKS: bool = true;
            fn end(queue: &Queue, _: usize) -> Option<Joined> {
                let joined = queue.joined_now();
                queue.close();
                Some(joined)
            }
        }
        assert_eq!(outcome_of::<Hasty>(2), Outcome::Lost);
    }

    #[test]
    fn a_close_that_drops_what_is_left_is_caught() {
        struct Careless;
        impl Ending for Careless {
            fn end(queue: &Queue, _: usize) -> Option<Joined> {
                {
                    let _held = queue.mutex.lock();
                    queue.taken.store(ITEMS as u64, Ordering::Relaxed);
                }
                queue.close();
                None
            }
        }
        assert_eq!(outcome_of::<Careless>(2), Outcome::Lost);
    }

    #[test]
    fn an_item_that_is_processed_twice_is_caught() {
        struct Again;
        impl Ending for Again {
            fn end(queue: &Queue, _: usize) -> Option<Joined> {
                queue.put(7);
                queue.close();
                None
            }
        }
        assert_eq!(outcome_of::<Again>(4), Outcome::Duplicated);
    }
}
