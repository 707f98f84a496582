//! Crawls whose workers are processes.

use std::time::Duration;

use queuebench::crawler::frontier::serves;
use queuebench::crawler::site::Site;
use queuebench::crawler::{Found, Progress, Rules, Url, crawl_processes};
use queuebench::queue::crossing::Crossing;
use queuebench::queue::{Capacity, Queue, Wait};
use queuebench::registry::{Visitor, visit_builtin};

use crate::bounded;
use crate::sites::{check, served};

/// The queues that cross and can be work queues.
#[derive(Default)]
struct Crossings(Vec<String>);

impl Visitor for Crossings {
    fn visit<Q: Queue, W: Wait>(&mut self) {}

    fn visit_crossing<Q: Crossing, W: Wait>(&mut self) {
        if serves(&Q::ABOUT) {
            self.0.push(format!("{}{}", Q::ABOUT.id, W::SUFFIX));
        }
    }
}

fn crawl(start: Url, queue: &str, capacity: Capacity, progress: Progress) -> anyhow::Result<Found> {
    let queue = queue.to_owned();
    bounded("processes", move || {
        let program = env!("CARGO_BIN_EXE_queuebench").as_ref();
        crawl_processes(program, &start, (&queue, capacity), 3, &Rules::default(), &progress)
    })
}

#[test]
fn every_queue_that_crosses_finds_the_same_between_processes() {
    let mut crossings = Crossings::default();
    visit_builtin(&mut crossings);
    assert!(crossings.0.len() > 4, "{:?}", crossings.0);
    for (seed, queue) in crossings.0.iter().enumerate() {
        for bound in [1, 16] {
            let site = Site { pages: 60, seed: seed as u64, delay: Duration::ZERO };
            match crawl(served(site), queue, Capacity::Bounded(bound), Progress::default()) {
                Ok(found) => check(&found, site, &format!("{queue}, {bound}")),
                // What the machine does not offer.
                Err(why) => assert!(queue == "os/mqueue", "{queue}, {bound}: {why:#}"),
            }
        }
    }
}

#[test]
fn what_cannot_cross_is_refused() {
    let start = Url::parse("http://127.0.0.1:1/").unwrap();
    let why = crawl(start, "std/mutex-deque", Capacity::Bounded(4), Progress::default()).unwrap_err();
    assert_eq!(why.to_string(), "std/mutex-deque is no work queue between processes with that capacity");
}

#[test]
fn a_stop_reaches_all_processes() {
    let site = Site { pages: 500, seed: 1, delay: Duration::from_millis(5) };
    let progress = Progress::default();
    progress.stop();
    let found = crawl(served(site), "os/pipe", Capacity::Bounded(16), progress).unwrap();
    assert!(found.stopped && found.fetched < 100, "{}", found.fetched);
}
