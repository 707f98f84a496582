//! A lock whose owner goes away with it: by an early return, by a panic, by being killed.

use std::io::{Read, Write};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard};
use std::thread;

use super::hand_lock::{HandLock, TOTAL};
use super::party::{be, process, wait_for};
use super::said::{Finding, Kind, Said, say, say_ends, say_place, say_wants};
use super::{Form, Pitfall, Symptom};
use crate::memory::Taken;

/// By hand, as in C, and a path that forgets it.
pub const EARLY_RETURN: Pitfall = Pitfall {
    id: "never-released/early-return",
    rows: &["S17", "S29"],
    symptom: Symptom::Hang,
    certain: "the second thread wants the lock after the first has ended, whatever the timing",
    happened: "The lock was taken by hand, an early return left the function without giving it back, and nobody else ever can.",
    fix: "Let the lock hand out a guard whose drop gives it back on every way out: with in Python, MutexGuard in Rust.",
    run: early_return,
};

/// Poison.
pub const PANIC: Pitfall = Pitfall {
    id: "never-released/panic",
    rows: &["S17"],
    symptom: Symptom::Wrong,
    certain: "the second thread takes the lock after the first has panicked, whatever the timing",
    happened: "The first thread panicked halfway through a change, and the second died of the poisoned lock by unwrap().",
    fix: "Treat PoisonError as news: into_inner() gives the guard, repair what was left half done, then clear_poison().",
    run: panic,
};

/// Between processes.
pub const KILLED: Pitfall = Pitfall {
    id: "never-released/killed",
    rows: &["S17", "S29"],
    symptom: Symptom::Hang,
    certain: "the owner says that it holds the lock, and is killed before the next process wants it",
    happened: "The process that held the shared lock was killed, and a plain mutex in shared memory does not notice.",
    fix: "A robust mutex answers the next owner with EOWNERDEAD: repair the data, call it consistent, go on.",
    run: killed,
};

/// Gives the lock back when it is dropped.
struct Guard<'a>(&'a HandLock);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.unlock().expect("this thread holds it");
    }
}

fn early_return(form: Form) -> Finding {
    let lock = HandLock::new(false).expect("shared memory");
    say_place("accounts", Kind::Lock, lock.at(), &[]);
    be("second");
    let moved = thread::scope(|scope| {
        scope.spawn(|| (be("first"), move_too_much(form, &lock)).1).join().expect("it does not panic")
    });
    say_wants("second", "accounts");
    lock.lock().expect("it can be had");
    let total = lock.total();
    lock.unlock().expect("this thread holds it");
    let evidence = format!("the first returned early ({moved:?}), the second had the lock; the accounts hold {total}");
    Finding { is_wrong: total != TOTAL || moved.is_ok(), evidence }
}

/// Moves more than there is, which it finds out under the lock.
fn move_too_much(form: Form, lock: &HandLock) -> Result<(), &'static str> {
    lock.lock().expect("it can be had");
    say_ends("accounts", &["first"]);
    let guard = (form == Form::Corrected).then(|| Guard(lock));
    let [from, to] = lock.accounts();
    if from.load(Relaxed) < 2 * TOTAL {
        say(&Said::Gone { thread: "first".into(), how: "has returned early and ended".into() });
        return Err("not enough");
    }
    from.fetch_sub(2 * TOTAL, Relaxed);
    to.fetch_add(2 * TOTAL, Relaxed);
    if guard.is_none() {
        lock.unlock().expect("this thread holds it");
    }
    Ok(())
}

fn panic(form: Form) -> Finding {
    // The panics are part of it, and not to be read among the figures.
    std::panic::set_hook(Box::new(|_| {}));
    let accounts = Mutex::new([TOTAL, 0]);
    let halfway = || {
        let mut held = accounts.lock().expect("the first to take it");
        held[0] -= 10;
        panic!("halfway");
    };
    let next = || {
        let mut held = match form {
            Form::Broken => accounts.lock().unwrap(),
            Form::Corrected => repaired(&accounts),
        };
        held[0] -= 10;
        held[1] += 10;
    };
    let dies = |work: &(dyn Fn() + Sync)| thread::scope(|scope| scope.spawn(work).join().is_err());
    let first_died = dies(&halfway);
    let was_poisoned = accounts.is_poisoned();
    let second_died = dies(&next);
    let total: u64 = accounts.lock().map_or_else(|poison| poison.into_inner().iter().sum(), |held| held.iter().sum());
    let evidence = format!(
        "the first thread {}, the lock was {}, the second thread {}; the accounts hold {total} of {TOTAL}",
        if first_died { "panicked" } else { "did not panic" },
        if was_poisoned { "poisoned" } else { "not poisoned" },
        if second_died { "died of PoisonError" } else { "went on" },
    );
    // Poison is the lock's doing in both forms; what is done about it differs.
    Finding { is_wrong: second_died || total != TOTAL || !was_poisoned, evidence }
}

/// The lock, poisoned or not, with accounts that come to what they should.
fn repaired(accounts: &Mutex<[u64; 2]>) -> MutexGuard<'_, [u64; 2]> {
    accounts.lock().unwrap_or_else(|poison| {
        let mut held = poison.into_inner();
        held[0] = TOTAL - held[1];
        accounts.clear_poison();
        held
    })
}

fn killed(form: Form) -> Finding {
    let lock = HandLock::new(form == Form::Corrected).expect("shared memory");
    say_place("accounts", Kind::Lock, lock.at(), &[]);
    let (mut ready, mut tell) = std::io::pipe().expect("a pipe");
    be("next");
    let owner = process("owner", || {
        lock.lock().expect("it can be had");
        lock.accounts()[0].fetch_sub(10, Relaxed);
        say_ends("accounts", &["owner"]);
        tell.write_all(&[1]).expect("the next one listens");
        loop {
            thread::park();
        }
    });
    ready.read_exact(&mut [0]).expect("the owner says so");
    // SAFETY: a child that has not been waited for, so the number is still its own.
    unsafe { libc::kill(owner, libc::SIGKILL) };
    wait_for(owner);
    say(&Said::Gone { thread: "owner".into(), how: "was killed while it held it".into() });
    say_wants("next", "accounts");
    let taken = lock.lock().expect("it can be had");
    let left_behind = lock.total();
    let [from, to] = lock.accounts();
    from.store(TOTAL - to.load(Relaxed), Relaxed);
    if taken == Taken::OwnerDead {
        lock.is_consistent_again().expect("it is held");
    }
    lock.unlock().expect("this process holds it");
    let again = lock.lock().expect("it can be had again");
    let total = lock.total();
    let evidence =
        format!("{taken:?}: the accounts held {left_behind}, repaired to {total}; taken again it says {again:?}");
    Finding { is_wrong: taken != Taken::OwnerDead || again != Taken::Held || total != TOTAL, evidence }
}
