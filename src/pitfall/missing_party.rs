//! A barrier for three, which one of them does not come to.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::party::parties;
use super::said::{At, Finding, Kind, Said, say, say_place, say_wants};
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "missing-party",
    rows: &["S19", "S31"],
    symptom: Symptom::Hang,
    certain: "the barrier counts to three and only two come, whatever the timing",
    happened: "The third thread has nothing to do in the second phase and skips its barrier, so the others wait there for ever.",
    fix: "Everybody who is counted comes to every barrier, work or no work; a thread that ends must be counted out first.",
    run,
};

const THREADS: [&str; 3] = ["first", "second", "third"];
const PHASES: u64 = 10;

fn run(form: Form) -> Finding {
    let barrier = Barrier::new(THREADS.len());
    say_place("phase", Kind::Barrier, At::memory(&barrier), &THREADS);
    let phases: Vec<AtomicU64> = (0..PHASES).map(|_| AtomicU64::new(0)).collect();
    let early = parties(&THREADS, |name| {
        let mut early = 0;
        for (number, phase) in phases.iter().enumerate() {
            let has_work = name != "third" || number == 0;
            if !has_work && form == Form::Broken {
                say(&Said::Gone { thread: name.into(), how: "has ended without coming".into() });
                return early;
            }
            phase.fetch_add(u64::from(has_work), Relaxed);
            say_wants(name, "phase");
            barrier.wait();
            let done = phase.load(Relaxed);
            early += u64::from(done != if number == 0 { 3 } else { 2 });
            barrier.wait();
        }
        early
    });
    let early: u64 = early.into_iter().sum();
    let evidence = format!("{PHASES} phases of three threads; {early} times one saw a phase that was not finished");
    Finding { is_wrong: early > 0, evidence }
}
