//! A crawl of a made-up site, through any queue that every worker can hold both ends of.

use std::collections::BTreeMap;
use std::path::Path;

use crate::crawler::{
    Crosses, Found, Frontier, Progress, Reason, Rules, Url, crawl_processes, crawl_serial, crawl_threads, frontier,
};
use crate::protocol::Report;
use crate::queue::crossing::Crossing;
use crate::queue::{About, Payloads, Program, Queue, Wait};
use crate::scenario::Boundary;

use super::crew::{crashed, refused};
use super::{Measured, Run, Task, Way, about, parts_per_million};

/// The one that works alone, last in first out.
pub const WAYS: [Way; 1] = [Way {
    about: About { id: "crawl/serial", payloads: Payloads::ByValue, ..about(Program::Crawl) },
    run: |task| run(task, |start, rules, progress| Ok(crawl_serial(start, rules, progress))),
}];

/// The crawl through `Q`, if it can serve one.
pub const fn through<Q: Queue, W: Wait>() -> Option<Run> {
    if frontier::serves(&Q::ABOUT) { Some(among_threads::<Q, W>) } else { None }
}

/// The same with workers that may be processes.
pub const fn across<Q: Crossing, W: Wait>() -> Option<Run> {
    if frontier::serves(&Q::ABOUT) { Some(on_either_side::<Q, W>) } else { None }
}

fn on_either_side<Q: Crossing, W: Wait>(task: &Task) -> Result<Measured, Box<Report>> {
    match task.scenario.boundary {
        Boundary::Threads => among_threads::<Q, W>(task),
        Boundary::Processes => {
            let queue = Crosses::of::<Q, W>().ok_or_else(|| refused("it is no work queue"))?;
            processes(task, &queue)
        }
    }
}

fn processes(task: &Task, queue: &Crosses) -> Result<Measured, Box<Report>> {
    let own = Path::new("/proc/self/exe");
    run(task, |start, rules, progress| {
        crawl_processes(own, start, (queue, task.scenario.capacity), task.workers(), rules, progress)
            .map_err(|why| crashed(&format!("{why:#}")))
    })
}

fn among_threads<Q: Queue, W: Wait>(task: &Task) -> Result<Measured, Box<Report>> {
    Q::prime();
    threads(task, frontier::frontiers::<Q, W>(task.scenario.shape()))
}

/// Not generic, so that it is compiled once.
fn threads(task: &Task, frontiers: Vec<Box<dyn Frontier>>) -> Result<Measured, Box<Report>> {
    let site = task.scenario.site.ok_or_else(|| refused("a crawl needs a site"))?;
    run(task, |start, rules, progress| Ok(crawl_threads(start, frontiers, site.seen, rules, progress)))
}

/// Crawls once: a crawl is its own window, from its first request to its last worker's end.
fn run(
    task: &Task,
    crawl: impl FnOnce(&Url, &Rules, &Progress) -> Result<Found, Box<Report>>,
) -> Result<Measured, Box<Report>> {
    let start = task.site.as_deref().ok_or_else(|| refused("nobody said where the site is"))?;
    let start = Url::parse(start).map_err(|why| refused(&format!("'{start}' is no address: {why}")))?;
    let found = crawl(&start, &Rules::default(), &Progress::default())?;
    // The site has links that it answers with an error; that it does not answer is another matter.
    if let Some(dead) = found.dead.iter().find(|dead| matches!(dead.reason, Reason::Server(_))) {
        return Err(crashed(&format!("{}: {}", dead.path, dead.reason)));
    }
    Ok(measured(&found))
}

fn measured(found: &Found) -> Measured {
    let workers_ns = found.elapsed_ns * found.workers as u64;
    Measured {
        messages: found.fetched,
        elapsed_ns: found.elapsed_ns,
        figures: BTreeMap::from([
            ("dead_links", found.dead.len() as u64),
            ("duplicate_fetches", found.duplicates),
            ("ending_ns", found.ending_ns),
            ("paths_sum", found.sum),
            ("queue_share_ppm", parts_per_million(found.queue_ns, workers_ns)),
        ]),
        ..Measured::default()
    }
}
