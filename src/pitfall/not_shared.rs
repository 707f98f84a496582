//! A variable that processes add to, each of them to its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::party::{process, wait_for};
use super::said::Finding;
use super::{Form, Pitfall, Symptom};
use crate::memory::{Map, Placed, Shareable, sealed};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "not-shared",
    rows: &["S04"],
    symptom: Symptom::Wrong,
    certain: "a process that is forked has a copy of all memory but what was mapped as shared, whatever the timing",
    happened: "Each process adds to the variable and ends; it was a copy, and the parent still has the number it began with.",
    fix: "Put the number into memory that is mapped as shared before the fork, or have each process send what it came to.",
    run,
};

const WORKERS: [&str; 4] = ["one", "two", "three", "four"];
/// What each worker adds, one by one.
const EACH: u64 = 25;

/// Every thread of this process sees this one, and every process has one of its own.
static ORDINARY: AtomicU64 = AtomicU64::new(0);

/// A number that may lie in memory that processes share.
#[repr(transparent)]
struct Number(AtomicU64);

// SAFETY: an atomic number.
unsafe impl Shareable for Number {}

fn run(form: Form) -> Finding {
    match form {
        Form::Broken => added_to(&ORDINARY, "an ordinary variable"),
        Form::Corrected => {
            let memory = Map::of(sealed(size_of::<Number>()).expect("shared memory")).expect("shared memory");
            added_to(&Placed::<Number>::at(memory).0, "shared memory")
        }
    }
}

/// Four processes add to it, and this one looks what it has come to.
fn added_to(number: &AtomicU64, what: &str) -> Finding {
    let add = || {
        for _ in 0..EACH {
            number.fetch_add(1, Relaxed);
        }
    };
    let workers = WORKERS.map(|name| process(name, add));
    // Who did not add anything would prove nothing.
    assert!(workers.into_iter().all(wait_for), "a worker died");
    let (found, total) = (number.load(Relaxed), EACH * WORKERS.len() as u64);
    let evidence = format!("four processes added {EACH} each to {what}; the parent finds {found} of {total}");
    Finding { is_wrong: found != total, evidence }
}
