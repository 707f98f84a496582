//! How the next one comes by a lock whose owner goes away with it, halfway through a change: by an early return, by a
//! panic, by its end.
//!
//! In a run an owner takes the lock, moves money out of one account and into no other, sees to it that every worker
//! sleeps at the lock, and goes. What is timed is from there until a worker has the lock, the accounts come to what they
//! should, and the lock has been told so where it wants to be. The others find nothing to repair, or it is wrong.

use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, process, thread};

use super::crew::{Cell, cells, crashed, led, robust_mutex, shared, unusable};
use super::repeated::repeated;
use super::{Measured, Task, Way, about};
use crate::memory::{Barrier, Held, Placed, RobustMutex, Shareable, Taken};
use crate::orphan::{forked, waited};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Program};
use crate::scenario::Boundary;
use crate::workload::slice::clock_ns;
use crate::workload::trips::Trips;

const ABOUT: About = about(Program::Recover);

/// All of them.
pub const WAYS: [Way; 3] = [
    Way { about: About { id: "recover/guard", ..ABOUT }, run: run::<Guarded> },
    Way { about: About { id: "recover/poison", crosses: false, ..ABOUT }, run: run::<Poisoned> },
    Way { about: About { id: "recover/robust", ..ABOUT }, run: run::<Robust> },
];

/// What the accounts come to.
const TOTAL: u64 = 100;

/// A lock whose owner goes away with it.
trait Lock: Sync + Sized {
    /// The lock, held.
    type Held<'a>
    where
        Self: 'a;
    /// Whether it tells the next one that its owner went away; if not, what it guards must.
    const TELLS: bool = true;

    /// For the workers of this task.
    fn new(task: &Task) -> anyhow::Result<Self>;

    /// Waits for it; true if it tells that its owner went away.
    fn lock(&self) -> (Self::Held<'_>, bool);

    /// The last that its owner does.
    fn go_away(held: Self::Held<'_>);

    /// The first that the next one does, who holds it.
    fn repair(&self, accounts: &Accounts);
}

/// The owner returns early, and its guard gives the lock back. Nothing tells that it was halfway.
struct Guarded(Placed<RobustMutex>);

impl Lock for Guarded {
    type Held<'a> = Held<'a>;
    const TELLS: bool = false;

    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(Guarded(robust_mutex(task)?))
    }

    fn lock(&self) -> (Held<'_>, bool) {
        (self.0.lock(), false)
    }

    fn go_away(_early_return: Held<'_>) {}

    fn repair(&self, accounts: &Accounts) {
        accounts.repair();
    }
}

/// The owner panics, and its guard poisons the lock.
struct Poisoned(Mutex<()>);

impl Lock for Poisoned {
    type Held<'a> = MutexGuard<'a, ()>;

    fn new(_: &Task) -> anyhow::Result<Self> {
        Ok(Poisoned(Mutex::new(())))
    }

    fn lock(&self) -> (MutexGuard<'_, ()>, bool) {
        self.0.lock().map_or_else(|poison| (PoisonError::into_inner(poison), true), |held| (held, false))
    }

    fn go_away(held: MutexGuard<'_, ()>) {
        // As `panic!` does once it has written its message, which nobody wants to read that often.
        let panicking = AssertUnwindSafe(|| {
            let _held = held;
            resume_unwind(Box::new("halfway"));
        });
        catch_unwind(panicking).expect_err("it panicked");
    }

    fn repair(&self, accounts: &Accounts) {
        accounts.repair();
        self.0.clear_poison();
    }
}

/// The owner, a thread or a process, ends and still holds the lock, which the kernel finds out.
struct Robust(Placed<RobustMutex>);

impl Lock for Robust {
    type Held<'a> = Held<'a>;

    fn new(task: &Task) -> anyhow::Result<Self> {
        Ok(Robust(robust_mutex(task)?))
    }

    fn lock(&self) -> (Held<'_>, bool) {
        let (held, taken) = self.0.lock_or_inherit().expect("who repairs it says so");
        (held, taken == Taken::OwnerDead)
    }

    fn go_away(held: Held<'_>) {
        forget(held);
    }

    fn repair(&self, accounts: &Accounts) {
        accounts.repair();
        self.0.is_consistent_again().expect("it is held, and its owner died");
    }
}

/// What the lock guards.
struct Accounts([AtomicU64; 2]);

impl Accounts {
    fn total(&self) -> u64 {
        self.0.iter().map(|account| account.load(Ordering::Relaxed)).sum()
    }

    fn leave_half_done(&self) {
        self.0[0].fetch_sub(10, Ordering::Relaxed);
    }

    fn repair(&self) {
        self.0[0].store(TOTAL - self.0[1].load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// What owner and workers have in common besides the lock.
#[repr(C)]
struct Shared {
    accounts: Accounts,
    /// When the owner went.
    went_ns: AtomicU64,
    /// Where workers and owner wait for each other: until all have rehearsed, and until the owner has the lock.
    meeting: Barrier,
}

// SAFETY: atomic numbers, and a barrier that processes may share.
unsafe impl Shareable for Shared {}

/// A lock, what it guards, and who waits for it.
struct Recovery<L> {
    lock: L,
    shared: Placed<Shared>,
    /// Which thread is each worker's, once it is about to take the lock.
    waiting: Vec<Placed<Cell>>,
}

impl<L: Lock> Recovery<L> {
    fn new(task: &Task) -> anyhow::Result<Recovery<L>> {
        let shared: Placed<Shared> = Placed::at(shared(task, size_of::<Shared>())?);
        // SAFETY: nobody else has the memory yet.
        unsafe { shared.meeting.initialise(task.workers() as u32 + 1)? };
        shared.accounts.repair();
        anyhow::ensure!(state_of(this_thread()).is_some(), "/proc does not show whether a thread sleeps");
        Ok(Recovery { lock: L::new(task)?, shared, waiting: cells(task, task.workers())? })
    }

    /// Takes the lock, so that no page is touched for the first time when it matters: a process that was just forked has
    /// few of its own.
    fn rehearse(&self) {
        let (_held, _) = self.lock.lock();
        self.shared.accounts.repair();
        std::hint::black_box((self.shared.accounts.total(), clock_ns()));
    }

    fn own_and_go(&self) {
        self.rehearse();
        self.shared.meeting.wait();
        let (held, _) = self.lock.lock();
        self.shared.accounts.leave_half_done();
        self.shared.meeting.wait();
        while !self.waiting.iter().all(|thread| waits(thread.0.load(Ordering::Acquire))) {
            thread::yield_now();
        }
        self.shared.went_ns.store(clock_ns(), Ordering::Relaxed);
        L::go_away(held);
    }

    /// A worker's part: whether it found something half done, whether the lock told it, and when that was repaired.
    fn come_next(&self, worker: usize) -> [u64; 3] {
        self.rehearse();
        (0..2).for_each(|_| self.shared.meeting.wait());
        self.waiting[worker].0.store(this_thread(), Ordering::Release);
        let (_held, is_told) = self.lock.lock();
        let is_half_done = self.shared.accounts.total() != TOTAL;
        if is_half_done {
            self.lock.repair(&self.shared.accounts);
        }
        [is_half_done.into(), is_told.into(), clock_ns()]
    }

    /// Starts the owner, and waits until it is gone.
    fn owned(&self, boundary: Boundary) -> Result<(), Box<Report>> {
        let died = || crashed("the owner died before it was to go");
        if boundary == Boundary::Threads {
            return thread::scope(|scope| scope.spawn(|| self.own_and_go()).join()).map_err(|_| died());
        }
        let owner = forked(|| {
            self.own_and_go();
            0
        });
        let owner = owner.map_err(|why| {
            // The workers wait for somebody.
            (0..2).for_each(|_| self.shared.meeting.wait());
            unusable(anyhow::Error::new(why).context("cannot fork"))
        })?;
        if waited(owner) == Some(0) { Ok(()) } else { Err(died()) }
    }

    /// One run: what the worker took that repaired, and which one that was.
    fn once(&self, task: &Task) -> Result<(u64, usize), Box<Report>> {
        self.waiting.iter().for_each(|thread| thread.0.store(0, Ordering::Relaxed));
        let all = led(task, |worker| self.come_next(worker), || self.owned(task.scenario.boundary))?;
        all.lead?;
        let went_ns = self.shared.went_ns.load(Ordering::Relaxed);
        let repaired = checked::<L>(&all.parts, went_ns, self.shared.accounts.total());
        repaired.map_err(|what| Box::new(Report::failed(Outcome::Corrupted, what)))
    }
}

/// What the one took that repaired, and which one that was, if there was one and all is well.
fn checked<L: Lock>(parts: &[[u64; 3]], went_ns: u64, total: u64) -> Result<(u64, usize), String> {
    let mut found = parts.iter().enumerate().filter(|(_, [is_half_done, ..])| *is_half_done != 0);
    let (worker, [_, _, repaired_ns]) = found.next().ok_or("the owner left nothing half done")?;
    let again = found.count();
    if again > 0 || total != TOTAL {
        return Err(format!("not repaired: {again} more found it half done, the accounts hold {total} of {TOTAL}"));
    }
    if parts.iter().any(|[is_half_done, is_told, _]| *is_told != u64::from(L::TELLS) * is_half_done) {
        return Err("who was to repair it was not told, or another one was".into());
    }
    let ns = repaired_ns.checked_sub(went_ns).ok_or("the next one had the lock before its owner went")?;
    Ok((ns, worker))
}

fn run<L: Lock>(task: &Task) -> Result<Measured, Box<Report>> {
    let recovery = Recovery::<L>::new(task).map_err(unusable)?;
    let mut took = Trips::new();
    let mut endpoints = vec![0; task.workers()];
    let measured = repeated(task, |counts| {
        let (ns, worker) = recovery.once(task)?;
        if counts {
            took.record(ns);
            endpoints[worker] += 1;
        }
        Ok(())
    })?;
    Ok(Measured { endpoints, durations: took.buckets(), ..measured })
}

/// This thread's number behind its process's.
fn this_thread() -> u64 {
    u64::from(process::id()) << 32 | rustix::thread::gettid().as_raw_nonzero().get() as u64
}

/// Whether this thread, which wants a lock, sleeps there, or has had it and ended. 0 is none yet.
fn waits(thread: u64) -> bool {
    thread != 0 && state_of(thread).is_none_or(|state| matches!(state, 'S' | 'Z' | 'X'))
}

/// The letter of a thread's state; none where it is gone.
fn state_of(thread: u64) -> Option<char> {
    let (process, thread) = (thread >> 32, thread as u32);
    let stat = fs::read_to_string(format!("/proc/{process}/task/{thread}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::super::tests::task;
    use super::*;

    const BOTH: [Boundary; 2] = [Boundary::Threads, Boundary::Processes];

    fn what_of<L: Lock>(workers: usize, boundary: Boundary) -> String {
        let report = run::<L>(&task(Program::Recover, workers, boundary)).map(|_| ()).unwrap_err();
        assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
        report.detail.unwrap()
    }

    #[test]
    fn a_next_one_that_does_not_repair_is_caught() {
        struct Careless(Guarded);
        impl Lock for Careless {
            type Held<'a> = Held<'a>;
            const TELLS: bool = false;
            fn new(task: &Task) -> anyhow::Result<Self> {
                Guarded::new(task).map(Careless)
            }
            fn lock(&self) -> (Held<'_>, bool) {
                self.0.lock()
            }
            fn go_away(_: Held<'_>) {}
            fn repair(&self, _: &Accounts) {}
        }
        for (workers, more) in [(1, "0 more"), (3, "2 more")] {
            for boundary in BOTH {
                let what = what_of::<Careless>(workers, boundary);
                assert!(what.contains(more) && what.contains("hold 90 of 100"), "{what}");
            }
        }
    }

    #[test]
    fn a_lock_that_can_be_had_before_its_owner_goes_is_caught() {
        struct Open;
        impl Lock for Open {
            type Held<'a> = ();
            const TELLS: bool = false;
            fn new(_: &Task) -> anyhow::Result<Self> {
                Ok(Open)
            }
            fn lock(&self) -> ((), bool) {
                ((), false)
            }
            fn go_away((): ()) {}
            fn repair(&self, accounts: &Accounts) {
                accounts.repair();
            }
        }
        for boundary in BOTH {
            let what = what_of::<Open>(1, boundary);
            assert!(what.contains("before its owner went"), "{what}");
        }
    }

    #[test]
    fn one_worker_repairs_and_it_alone_was_told() {
        assert_eq!(checked::<Robust>(&[[0, 0, 9], [1, 1, 7]], 4, TOTAL), Ok((3, 1)));
        assert_eq!(checked::<Guarded>(&[[1, 0, 7]], 4, TOTAL), Ok((3, 0)));
        for (parts, word) in [
            ([[0, 0, 7], [0, 0, 9]], "nothing half done"),
            ([[1, 1, 7], [1, 0, 9]], "1 more"),
            ([[1, 0, 7], [0, 0, 9]], "not told"),
            ([[1, 0, 7], [0, 1, 9]], "not told"),
            ([[1, 1, 7], [0, 1, 9]], "another one"),
            ([[1, 1, 3], [0, 0, 9]], "before its owner went"),
        ] {
            let what = checked::<Robust>(&parts, 4, TOTAL).unwrap_err();
            assert!(what.contains(word), "{parts:?}: {what}");
        }
    }
}
