//! Finds the dead links of a site: workers are fed by a queue and share the set of pages seen.
//!
//! `cargo run --example crawler`; the same in Python: `python3 examples/crawler.py`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

/// Fetches a page of a made-up site, which takes 5 ms: its links, or `None` for a page that is not there.
fn fetch(page: u64) -> Option<Vec<u64>> {
    std::thread::sleep(Duration::from_millis(5));
    (page < 60).then(|| vec![0, page + 1, page * 7 % 64, page * 13 % 61])
}

#[derive(Default, PartialEq)]
struct Site {
    seen: BTreeMap<u64, BTreeSet<u64>>, // with the pages that link to each
    dead: BTreeSet<u64>,
}

/// A page to visit, and where to put what it links to. After the last there is no sender, and workers wait no more.
struct Task(u64, mpsc::Sender<Task>);

fn visit(Task(page, queue): Task, site: &Mutex<Site>) {
    // The network is waited for without the lock; what was seen is looked up and noted under one.
    let links = fetch(page);
    let Site { seen, dead } = &mut *site.lock().unwrap();
    if links.is_none() {
        dead.insert(page);
    }
    for link in links.into_iter().flatten() {
        if !seen.contains_key(&link) {
            queue.send(Task(link, queue.clone())).unwrap();
        }
        seen.entry(link).or_default().insert(page);
    }
}

fn crawl(workers: usize) -> Site {
    let started = Instant::now();
    let site = Mutex::new(Site { seen: [(0, [].into())].into(), ..Site::default() });
    let (queue, tasks) = mpsc::channel();
    queue.clone().send(Task(0, queue)).unwrap();
    let tasks = Mutex::new(tasks);
    let work = || std::iter::from_fn(|| tasks.lock().unwrap().recv().ok()).for_each(|task| visit(task, &site));
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    eprintln!("workers: {workers}, {} ms", started.elapsed().as_millis());
    site.into_inner().unwrap()
}

fn main() {
    let (serial, parallel) = (crawl(1), crawl(8));
    assert!(serial == parallel, "eight workers found something else than one");
    for page in &parallel.dead {
        let linked_from: Vec<_> = parallel.seen[page].iter().map(|source| format!("/{source}")).collect();
        println!("/{page} is dead, linked from {}", linked_from.join(" "));
    }
    println!("pages seen: {}, dead: {}", parallel.seen.len(), parallel.dead.len());
}
