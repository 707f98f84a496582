//! Workers that each hold the one lock of the program for as long as they live.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::party::parties;
use super::said::Finding;
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "one-big-lock",
    rows: &["S28"],
    symptom: Symptom::Wrong,
    certain: "who lives under the lock lives alone, whatever the timing; judged by who was inside at once, not by a clock",
    happened: "Each worker holds the lock while it waits for its pages, so the others wait for the lock: \
               four workers, the speed of one.",
    fix: "Hold the lock only to take the next page from the list, and wait for the page without it.",
    run,
};

const WORKERS: [&str; 4] = ["one", "two", "three", "four"];
const PAGES: usize = 16;
/// Sleeping stands for fetching: it waits and does not compute.
const FETCH: Duration = Duration::from_millis(8);

/// What is inside the fetching part of the program.
#[derive(Default)]
struct Inside {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Inside {
    /// Fetches a page; how long that took.
    fn fetch(&self) -> Duration {
        let started = Instant::now();
        self.most.fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        sleep(FETCH);
        self.now.fetch_sub(1, SeqCst);
        started.elapsed()
    }
}

fn run(form: Form) -> Finding {
    let list = Mutex::new(PAGES);
    let inside = Inside::default();
    let next = |list: &mut usize| {
        let page = list.checked_sub(1)?;
        *list = page;
        Some(page)
    };
    let started = Instant::now();
    let fetching: Duration = parties(&WORKERS, |_| {
        let mut fetching = Duration::ZERO;
        if form == Form::Broken {
            let mut list = list.lock().expect("nobody panics");
            // Its share, as if the pages had been dealt out.
            for _ in 0..PAGES / WORKERS.len() {
                fetching += next(&mut list).map_or(Duration::ZERO, |_| inside.fetch());
            }
        } else {
            while next(&mut list.lock().expect("nobody panics")).is_some() {
                fetching += inside.fetch();
            }
        }
        fetching
    })
    .into_iter()
    .sum();
    let took = started.elapsed();
    let most = inside.most.into_inner();
    let evidence = format!(
        "at most {most} of {} workers fetched at once; {PAGES} pages in {:.0} ms, one after the other {:.0} ms: \
         speed-up {:.1}",
        WORKERS.len(),
        took.as_secs_f64() * 1e3,
        fetching.as_secs_f64() * 1e3,
        fetching.as_secs_f64() / took.as_secs_f64()
    );
    Finding { is_wrong: most < 2, evidence }
}
