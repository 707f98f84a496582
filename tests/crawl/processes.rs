//! Crawls whose workers are processes.

use std::time::Duration;

use queuebench::crawler::site::Site;
use queuebench::crawler::{Crosses, Found, Progress, Rules, Url, crawl_processes};
use queuebench::queue::crossing::Crossing;
use queuebench::queue::{Capacity, Queue, Wait};
use queuebench::registry::{Visitor, visit_builtin};

use crate::bounded;
use crate::sites::{fifty, same, served};

/// The queues that cross and can be work queues.
#[derive(Default)]
struct Crossings(Vec<Crosses>);

impl Visitor for Crossings {
    fn visit<Q: Queue, W: Wait>(&mut self) {}

    fn visit_crossing<Q: Crossing, W: Wait>(&mut self) {
        self.0.extend(Crosses::of::<Q, W>());
    }
}

fn crawl(start: Url, queue: &Crosses, capacity: Capacity, progress: Progress) -> anyhow::Result<Found> {
    let queue = queue.clone();
    bounded("processes", move || {
        let program = env!("CARGO_BIN_EXE_queuebench").as_ref();
        crawl_processes(program, &start, (&queue, capacity), 3, &Rules::default(), &progress)
    })
}

fn crossings() -> Vec<Crosses> {
    let mut crossings = Crossings::default();
    visit_builtin(&mut crossings);
    crossings.0
}

fn pipe() -> Crosses {
    crossings().into_iter().find(|queue| queue.id == "os/pipe").unwrap()
}

/// All fifty sites for each of the eight queues, with a bound of 1 and of 16 by turns: 400 crawls, which take a debug
/// build some 20 s on two busy cpus.
#[test]
fn every_queue_that_crosses_finds_what_one_after_the_other_does_on_fifty_sites() {
    let (crossings, sites) = (crossings(), fifty());
    assert!(crossings.len() > 4, "{crossings:?}");
    for queue in &crossings {
        for (at, served) in sites.iter().enumerate() {
            let bound = [1, 16][at % 2];
            let what = format!("{}, {bound}, seed {at}", queue.id);
            match crawl(served.0.clone(), queue, Capacity::Bounded(bound), Progress::default()) {
                Ok(found) => same(&found, served, &what),
                // What the machine does not offer.
                Err(why) => assert!(queue.id == "os/mqueue", "{what}: {why:#}"),
            }
        }
    }
}

#[test]
fn what_a_worker_does_not_know_it_refuses() {
    let start = Url::parse("http://127.0.0.1:1/").unwrap();
    let mut queue = pipe();
    queue.id = "std/mutex-deque".to_owned();
    let why = crawl(start, &queue, Capacity::Bounded(4), Progress::default()).unwrap_err();
    assert!(format!("{why:#}").contains("std/mutex-deque is no work queue between processes"), "{why:#}");
}

#[test]
fn a_stop_reaches_all_processes() {
    let site = Site { pages: 500, seed: 1, delay: Duration::from_millis(5) };
    let progress = Progress::default();
    progress.stop();
    let found = crawl(served(site), &pipe(), Capacity::Bounded(16), progress).unwrap();
    assert!(found.stopped && found.fetched < 100, "{}", found.fetched);
}
