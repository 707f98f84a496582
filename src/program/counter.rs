//! One number that all workers add one to, in each way that a course shows: the one that loses updates, and those that
//! do not.

use std::fs::File;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crossbeam_utils::Backoff;

use super::clocked::{self, Left};
use super::crew::{Cell, cells, shared, together, unusable};
use super::{Measured, Task, Way, about, parts_per_million};
use crate::memory::{Placed, RobustMutex, Shareable};
use crate::orphan::{forked, waited};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Family, Program};
use crate::scenario::Boundary;
use crate::workload::slice::{Side, Slice};

const ABOUT: About = about(Program::Counter);

/// All of them.
pub const WAYS: [Way; 8] = [
    Way { about: About { id: "counter/mutex", crosses: false, ..ABOUT }, run: run::<Guarded> },
    Way { about: About { id: "counter/robust-mutex", ..ABOUT }, run: run::<Robust> },
    Way { about: About { id: "counter/spin", ..ABOUT }, run: run::<Spinning> },
    Way { about: About { id: "counter/file-lock", ..ABOUT }, run: run::<FileLocked> },
    Way { about: About { id: "counter/fetch-add", ..ABOUT }, run: run::<FetchAdd> },
    Way { about: About { id: "counter/sharded", ..ABOUT }, run: run::<Sharded> },
    Way { about: About { id: OWNER, ..ABOUT }, run: run::<Owner> },
    // No contender: what an increment would cost if none had to be right.
    Way { about: About { id: UNSYNCHRONISED, family: Family::Limit, ..ABOUT }, run: run::<Unsynchronised> },
];

/// The one with a thread besides its workers.
pub const OWNER: &str = "counter/owner";

/// The one that is allowed to lose updates, and shows how many.
pub const UNSYNCHRONISED: &str = "counter/unsynchronised";

/// A number that workers add to.
trait Number: Sync + Sized {
    /// Whether no update may be lost.
    const EXACT: bool = true;

    /// The number 0, for the workers of this task.
    fn new(task: &Task) -> anyhow::Result<Self>;

    /// Adds one, as this worker.
    fn add(&self, worker: usize);

    /// What it has come to, after all workers have ended.
    fn total(self) -> anyhow::Result<u64>;
}

fn run<N: Number>(task: &Task) -> Result<Measured, Box<Report>> {
    // Laid out before the slice begins, and before there is anybody to share it with.
    let number = N::new(task).map_err(unusable)?;
    let slice = clocked::slice(task)?;
    let parts = together(task, |worker| count(&number, &slice, worker))?;
    let added: u64 = parts.iter().map(|part| part[1]).sum();
    let total = number.total().map_err(unusable)?;
    if N::EXACT && total != added {
        let outcome = if total < added { Outcome::Lost } else { Outcome::Duplicated };
        return Err(Box::new(Report::failed(outcome, format!("{added} increments came to {total}"))));
    }
    Ok(Measured {
        figures: [("lost_updates_ppm", parts_per_million(added.saturating_sub(total), added))].into(),
        ..clocked::measured(&slice, &parts)
    })
}

/// One worker's part; what it leaves behind has its increments in all.
fn count(number: &impl Number, slice: &Slice, worker: usize) -> Left {
    let mut endpoint = slice.endpoint(Side::Consumer, worker);
    let mut added = 0;
    loop {
        let (publications, increments) = endpoint.chunk();
        for _ in 0..publications {
            for _ in 0..increments {
                number.add(worker);
            }
            added += increments;
            endpoint.publish(added);
        }
        if !endpoint.chunk_end(added, None) {
            break;
        }
    }
    clocked::left(&endpoint.finish(added, None), added)
}

/// Load, add, store: what `n += 1` means where nobody synchronises. (Atomic, because anything else would be undefined
/// in Rust; relaxed, so that it is the same instructions.)
struct Unsynchronised(Vec<Placed<Cell>>);

impl Number for Unsynchronised {
    const EXACT: bool = false;

    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(Unsynchronised(cells(task, 1)?))
    }

    #[inline]
    fn add(&self, _: usize) {
        let number = &self.0[0].0;
        number.store(number.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.0[0].0.load(Ordering::Relaxed))
    }
}

/// One instruction that nothing comes between.
struct FetchAdd(Vec<Placed<Cell>>);

impl Number for FetchAdd {
    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(FetchAdd(cells(task, 1)?))
    }

    #[inline]
    fn add(&self, _: usize) {
        self.0[0].0.fetch_add(1, Ordering::Relaxed);
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.0[0].0.load(Ordering::Relaxed))
    }
}

/// A number for each worker, added up at the end.
struct Sharded(Vec<Placed<Cell>>);

impl Number for Sharded {
    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(Sharded(cells(task, task.workers())?))
    }

    #[inline]
    fn add(&self, worker: usize) {
        self.0[worker].0.fetch_add(1, Ordering::Relaxed);
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.0.iter().map(|number| number.0.load(Ordering::Relaxed)).sum())
    }
}

/// Behind the standard library's mutex.
struct Guarded(Mutex<u64>);

impl Number for Guarded {
    fn new(_: &Task) -> anyhow::Result<Self> {
        Ok(Guarded(Mutex::new(0)))
    }

    #[inline]
    fn add(&self, _: usize) {
        *self.0.lock().expect("nobody panics with it") += 1;
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.0.into_inner()?)
    }
}

/// Behind a lock that is tried again and again: test and test-and-set, giving way when it takes long.
struct Spinning {
    number: Vec<Placed<Cell>>,
}

impl Number for Spinning {
    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(Spinning { number: cells(task, 2)? })
    }

    #[inline]
    fn add(&self, _: usize) {
        let [number, lock] = &self.number[..] else { unreachable!("two were made") };
        let backoff = Backoff::new();
        while lock.0.load(Ordering::Relaxed) != 0
            || lock.0.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            backoff.snooze();
        }
        number.0.store(number.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        lock.0.store(0, Ordering::Release);
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.number[0].0.load(Ordering::Relaxed))
    }
}

/// A number behind a mutex of POSIX.
#[repr(C)]
struct Locked {
    number: AtomicU64,
    mutex: RobustMutex,
}

// SAFETY: an atomic number, and a mutex that processes may share.
unsafe impl Shareable for Locked {}

/// Behind the mutex that outlives its holder.
struct Robust(Placed<Locked>);

impl Number for Robust {
    fn new(task: &Task) -> anyhow::Result<Self> {
        let locked: Placed<Locked> = Placed::at(shared(task, size_of::<Locked>())?);
        // SAFETY: nobody else has the memory yet.
        unsafe { locked.mutex.initialise()? };
        Ok(Robust(locked))
    }

    #[inline]
    fn add(&self, _: usize) {
        let _held = self.0.mutex.lock();
        self.0.number.store(self.0.number.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.0.number.load(Ordering::Relaxed))
    }
}

/// Behind the lock of a file, as programs do that have nothing else in common.
struct FileLocked {
    number: Vec<Placed<Cell>>,
    /// A description for each worker, or all would be one holder.
    files: Vec<File>,
}

impl Number for FileLocked {
    fn new(task: &Task) -> anyhow::Result<Self> {
        let file = crate::memory::sealed(0)?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let files = (0..task.workers()).map(|_| File::open(&path)).collect::<std::io::Result<_>>()?;
        Ok(FileLocked { number: cells(task, 1)?, files })
    }

    fn add(&self, worker: usize) {
        let number = &self.number[0].0;
        self.files[worker].lock().expect("a file without a name can be locked");
        number.store(number.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.files[worker].unlock().expect("it was locked");
    }

    fn total(self) -> anyhow::Result<u64> {
        Ok(self.number[0].0.load(Ordering::Relaxed))
    }
}

/// One owner has the number; the others send it messages: over a channel within the process, over a pipe to another.
enum Owner {
    Thread { sender: SyncSender<()>, owner: JoinHandle<u64> },
    Process { sender: PipeWriter, number: Vec<Placed<Cell>>, owner: libc::pid_t },
}

/// Increments on their way to a thread that owns the number; a pipe holds 64 times as many.
const ON_THEIR_WAY: usize = 1024;

impl Number for Owner {
    fn new(task: &Task) -> anyhow::Result<Self> {
        if task.scenario.boundary == Boundary::Threads {
            let (sender, receiver) = sync_channel(ON_THEIR_WAY);
            let owner = std::thread::spawn(move || receiver.iter().map(|()| 1).sum());
            return Ok(Owner::Thread { sender, owner });
        }
        let number = cells(task, 1)?;
        let (mut receiver, sender) = std::io::pipe()?;
        let mut sender = Some(sender);
        let owner = forked(|| {
            // Its own, or the stream would never end.
            sender.take();
            let mut messages = [0; 4096];
            while let Ok(bytes @ 1..) = receiver.read(&mut messages) {
                number[0].0.fetch_add(bytes as u64, Ordering::Relaxed);
            }
            0
        })?;
        let sender = sender.expect("it was taken in the other process only");
        Ok(Owner::Process { sender, number, owner })
    }

    #[inline]
    fn add(&self, _: usize) {
        match self {
            Owner::Thread { sender, .. } => sender.send(()).expect("the owner listens"),
            Owner::Process { sender, .. } => (&mut &*sender).write_all(&[1]).expect("the owner listens"),
        }
    }

    fn total(self) -> anyhow::Result<u64> {
        match self {
            Owner::Thread { sender, owner } => {
                drop(sender);
                owner.join().map_err(|_| anyhow::anyhow!("the owner panicked"))
            }
            Owner::Process { sender, number, owner } => {
                drop(sender);
                waited(owner);
                Ok(number[0].0.load(Ordering::Relaxed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::task;
    use super::*;

    /// Increments of all workers together; the environment may want more.
    fn increments() -> u64 {
        std::env::var("QUEUEBENCH_INCREMENTS").map_or(20_000, |wanted| wanted.parse().expect("a number"))
    }

    /// What so many increments come to, shared among so many workers.
    fn total_of<N: Number>(increments: u64, workers: usize, boundary: Boundary) -> u64 {
        let task = task(Program::Counter, workers, boundary);
        let number = N::new(&task).unwrap();
        let share = |worker: usize| (increments + worker as u64) / workers as u64;
        let add = |worker| {
            (0..share(worker)).for_each(|_| number.add(worker));
            [share(worker)]
        };
        let parts = together(&task, add).map_err(|report| report.detail).unwrap();
        assert_eq!(parts.iter().map(|part| part[0]).sum::<u64>(), increments);
        number.total().unwrap()
    }

    fn is_exact<N: Number>(increments: u64, boundaries: &[Boundary]) {
        for boundary in boundaries {
            for workers in [1, 2, 4] {
                let since = std::time::Instant::now();
                assert_eq!(total_of::<N>(increments, workers, *boundary), increments, "{workers} workers, {boundary}");
                println!("{increments} increments, {workers} workers, {boundary}: {:?}", since.elapsed());
            }
        }
    }

    const BOTH: [Boundary; 2] = [Boundary::Threads, Boundary::Processes];

    #[test]
    fn a_mutex_loses_none() {
        is_exact::<Guarded>(increments(), &BOTH[..1]);
    }

    #[test]
    fn a_robust_mutex_loses_none() {
        is_exact::<Robust>(increments(), &BOTH);
    }

    #[test]
    fn a_spin_lock_loses_none() {
        is_exact::<Spinning>(increments(), &BOTH);
    }

    #[test]
    fn the_lock_of_a_file_loses_none() {
        is_exact::<FileLocked>(increments(), &BOTH);
    }

    #[test]
    fn fetch_add_loses_none() {
        is_exact::<FetchAdd>(increments(), &BOTH);
    }

    #[test]
    fn numbers_of_their_own_lose_none() {
        is_exact::<Sharded>(increments(), &BOTH);
    }

    #[test]
    fn an_owner_loses_none() {
        is_exact::<Owner>(increments(), &BOTH);
    }

    #[test]
    fn without_synchronisation_none_is_gained_and_one_worker_loses_none() {
        assert_eq!(total_of::<Unsynchronised>(increments(), 1, Boundary::Threads), increments());
        assert!(total_of::<Unsynchronised>(increments(), 4, Boundary::Threads) <= increments());
    }

    /// Whoever is between load and store when another stores loses that one's update: made certain, not likely.
    #[test]
    fn an_update_between_load_and_store_is_lost() {
        let task = task(Program::Counter, 2, Boundary::Threads);
        let number = Unsynchronised::new(&task).unwrap();
        let loaded = number.0[0].0.load(Ordering::Relaxed);
        number.add(1);
        number.0[0].0.store(loaded + 1, Ordering::Relaxed);
        assert_eq!(number.total().unwrap(), 1, "two were added");
    }

    #[test]
    fn one_that_is_said_to_be_exact_and_is_not_is_caught() {
        struct Forgetful(Unsynchronised, AtomicU64);
        impl Number for Forgetful {
            fn new(task: &Task) -> anyhow::Result<Self> {
                Ok(Forgetful(Unsynchronised::new(task)?, AtomicU64::new(0)))
            }
            fn add(&self, worker: usize) {
                if !self.1.fetch_add(1, Ordering::Relaxed).is_multiple_of(1000) {
                    self.0.add(worker);
                }
            }
            fn total(self) -> anyhow::Result<u64> {
                self.0.total()
            }
        }
        let report = run::<Forgetful>(&task(Program::Counter, 1, Boundary::Threads)).unwrap_err();
        assert_eq!(report.outcome, Outcome::Lost, "{report:?}");
    }
}
