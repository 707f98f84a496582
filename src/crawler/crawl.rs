//! A crawl in this process.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;

use url::{Position, Url};

use super::found::Found;
use super::frontier::{Frontier, Link, Stack};
use super::rules::{Progress, Rules};
use super::worker::{Shared, Tally, Worker};
use crate::scenario::SeenSet;
use crate::workload::slice::clock_ns;

/// Where a crawl starts.
pub(super) fn first(start: &Url) -> Link {
    Link { path: start[Position::BeforePath..Position::AfterQuery].to_owned(), hops: 0 }
}

/// Crawls the site of `start` with a thread for each of `frontiers`, the holds on one work queue.
pub fn crawl_threads(
    start: &Url,
    frontiers: Vec<Box<dyn Frontier>>,
    seen: SeenSet,
    rules: &Rules,
    progress: &Progress,
) -> Found {
    let since = clock_ns();
    let workers = workers(start, frontiers, seen, rules, progress);
    let mut first = Some(first(start));
    let tallies = thread::scope(|scope| {
        let running: Vec<_> = workers.into_iter().map(|worker| (worker, first.take())).collect();
        let running: Vec<_> = running.into_iter().map(|(worker, first)| scope.spawn(|| worker.run(first))).collect();
        running.into_iter().map(|worker| worker.join().expect("a worker panics at nothing")).collect()
    });
    Found::of(tallies, start, since, progress.is_to_stop())
}

/// Crawls the site of `start` on this thread, one address after the other.
pub fn crawl_serial(start: &Url, rules: &Rules, progress: &Progress) -> Found {
    let since = clock_ns();
    let stack: Vec<Box<dyn Frontier>> = vec![Box::new(Stack::default())];
    let workers = workers(start, stack, SeenSet::Mutex, rules, progress);
    let tallies: Vec<Tally> = workers.into_iter().map(|worker| worker.run(Some(first(start)))).collect();
    Found::of(tallies, start, since, progress.is_to_stop())
}

fn workers<'a>(
    start: &'a Url,
    frontiers: Vec<Box<dyn Frontier>>,
    seen: SeenSet,
    rules: &'a Rules,
    progress: &'a Progress,
) -> Vec<Worker<'a>> {
    // The start page is known, and unfinished.
    let unfinished = Arc::new(AtomicU64::new(1));
    let mut seen = seen.for_workers(frontiers.len());
    if let Some(seen) = seen.first_mut() {
        seen.fresh(vec![first(start)]);
    }
    let held = frontiers.into_iter().zip(seen);
    let worker = |(frontier, seen)| {
        let ledger = Box::new(Shared { seen, unfinished: Arc::clone(&unfinished) });
        Worker::new(start, rules, progress, frontier, ledger)
    };
    held.map(worker).collect()
}
