//! One number that all increment: loaded, then stored with one more.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};

use super::party::parties;
use super::said::Finding;
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "lost-updates",
    rows: &["S08", "S09"],
    symptom: Symptom::Wrong,
    certain: "a barrier between load and store lets all four load before one stores; without it, luck decides",
    happened: "Each worker loads the number, adds one and stores it, and whoever stored in between is overwritten.",
    fix: "Make it one step that nobody can come into the middle of: fetch_add, or a mutex around both halves.",
    run,
};

const WORKERS: [&str; 4] = ["one", "two", "three", "four"];
/// Increments of each worker whose order is forced.
const FORCED: u64 = 25;
/// Increments of each worker that run as they come.
const FREE: u64 = 100_000;

fn run(form: Form) -> Finding {
    match form {
        Form::Broken => broken(),
        Form::Corrected => corrected(),
    }
}

/// Relaxed atomics, because a race on a plain number is undefined behaviour and may do anything.
fn broken() -> Finding {
    let number = AtomicU64::new(0);
    let meet = Barrier::new(WORKERS.len());
    parties(&WORKERS, |_| {
        for _ in 0..FORCED {
            let seen = number.load(Relaxed);
            meet.wait();
            number.store(seen + 1, Relaxed);
            meet.wait();
        }
    });
    let forced_lost = total(FORCED) - number.swap(0, Relaxed);
    parties(&WORKERS, |_| {
        meet.wait();
        for _ in 0..FREE {
            number.store(number.load(Relaxed) + 1, Relaxed);
        }
    });
    let free_lost = total(FREE) - number.load(Relaxed);
    let evidence = format!(
        "{forced_lost} of {} updates lost in the unlucky order; {free_lost} of {} ({:.0} %) when left to luck",
        total(FORCED),
        total(FREE),
        100.0 * free_lost as f64 / total(FREE) as f64
    );
    Finding { is_wrong: forced_lost > 0, evidence }
}

fn corrected() -> Finding {
    let (number, guarded) = (AtomicU64::new(0), Mutex::new(0));
    parties(&WORKERS, |_| {
        for _ in 0..FREE {
            number.fetch_add(1, Relaxed);
            *guarded.lock().expect("nobody panics") += 1;
        }
    });
    let counts = [number.into_inner(), guarded.into_inner().expect("nobody panics")];
    let evidence = format!("fetch_add counted {}, the mutex {}, of {}", counts[0], counts[1], total(FREE));
    Finding { is_wrong: counts != [total(FREE); 2], evidence }
}

fn total(each: u64) -> u64 {
    each * WORKERS.len() as u64
}
