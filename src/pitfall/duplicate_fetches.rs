//! A crawler's set of pages seen: asked under the lock, added to under the lock, but not in one go.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};
use std::thread::yield_now;

use fastrand::Rng;

use super::party::parties;
use super::said::Finding;
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "duplicate-fetches",
    rows: &["S16", "S27"],
    symptom: Symptom::Wrong,
    certain: "all four find the link to page 0 first and meet at a barrier between look and insert; later they yield there",
    happened: "Look and insert each hold the lock, but between them another worker looks too, and both fetch the page.",
    fix: "Look and insert in one critical section: HashSet::insert says whether the page was new.",
    run,
};

const WORKERS: [&str; 4] = ["one", "two", "three", "four"];
const PAGES: usize = 60;

/// Pages with links to others.
fn site() -> Vec<Vec<usize>> {
    let mut rng = Rng::with_seed(27);
    let mut links: Vec<Vec<usize>> = (0..PAGES).map(|_| (0..4).map(|_| rng.usize(..PAGES)).collect()).collect();
    // Each page leads to the next, so that all are found.
    links.iter_mut().enumerate().for_each(|(page, links)| links.push((page + 1) % PAGES));
    links
}

fn run(form: Form) -> Finding {
    let site = site();
    let seen = Mutex::new(HashSet::new());
    let fetches: Vec<AtomicUsize> = site.iter().map(|_| AtomicUsize::new(0)).collect();
    let meet = Barrier::new(WORKERS.len());
    parties(&WORKERS, |name| {
        let meet_others = || {
            meet.wait();
        };
        // Each begins at a page of its own.
        let mine = WORKERS.iter().position(|worker| *worker == name).unwrap_or(0);
        let mut found = vec![mine * PAGES / WORKERS.len()];
        let visit = |page: usize, between: &dyn Fn(), found: &mut Vec<usize>| {
            if is_new(form, &seen, page, between) {
                fetches[page].fetch_add(1, Relaxed);
                found.extend(&site[page]);
            }
        };
        visit(0, &meet_others, &mut found);
        while let Some(page) = found.pop() {
            visit(page, &yield_now, &mut found);
        }
    });
    let counts: Vec<usize> = fetches.iter().map(|count| count.load(Relaxed)).collect();
    let again = counts.iter().filter(|count| **count > 1).count();
    let missed = counts.iter().filter(|count| **count == 0).count();
    let evidence = format!(
        "{} fetches for {PAGES} pages, {again} of them fetched more than once (page 0 {} times), {missed} never",
        counts.iter().sum::<usize>(),
        counts[0]
    );
    Finding { is_wrong: again + missed > 0, evidence }
}

/// Whether a page is to be fetched by who asks. What happens `between` the two halves comes before both where they are one.
fn is_new(form: Form, seen: &Mutex<HashSet<usize>>, page: usize, between: &dyn Fn()) -> bool {
    let lock = || seen.lock().expect("nobody panics");
    if form == Form::Corrected {
        between();
        return lock().insert(page);
    }
    let is_new = !lock().contains(&page);
    if is_new {
        between();
        lock().insert(page);
    }
    is_new
}
