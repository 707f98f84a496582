//! Made-up sites, of which it is known what is to be found.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use queuebench::crawler::frontier::{Deque, frontiers, serves};
use queuebench::crawler::site::{Site, listen};
use queuebench::crawler::{Found, Frontier, Progress, Rules, SeenSet, Url, crawl_serial, crawl_threads};
use queuebench::queue::crossing::Unavailable;
use queuebench::queue::{Capacity, Family, Queue, Shape, Wait};
use queuebench::registry::{Visitor, visit_builtin};

use crate::bounded;

pub fn served(site: Site) -> Url {
    Url::parse(&format!("http://{}/", listen(site).unwrap())).unwrap()
}

fn site(seed: u64) -> Site {
    Site { pages: 40 + seed % 40, seed, delay: Duration::ZERO }
}

/// That this is the site, all of it and nothing else.
pub fn check(found: &Found, site: Site, what: &str) {
    let truth = site.truth();
    assert_eq!((found.fetched, found.sum, found.duplicates), (truth.fetched, truth.sum, 0), "{what}");
    let mut dead: Vec<_> = site.dead().map(|(link, page)| (link.path(), vec![page.path()])).collect();
    dead.sort();
    let listed: Vec<_> = found.dead.iter().map(|dead| (dead.path.clone(), dead.on.clone())).collect();
    assert_eq!(listed, dead, "{what}");
    assert!(!found.cut && !found.stopped && found.elsewhere > 0, "{what}");
}

fn threads(start: &Url, frontiers: Vec<Box<dyn Frontier>>, seen: SeenSet) -> Found {
    crawl_threads(start, frontiers, seen, &Rules::default(), &Progress::default())
}

#[test]
fn one_after_the_other_and_many_at_once_find_all_of_fifty_sites() {
    for seed in 0..50 {
        let site = site(seed);
        let start = served(site);
        let serial = bounded("serial", {
            let start = start.clone();
            move || crawl_serial(&start, &Rules::default(), &Progress::default())
        });
        check(&serial, site, &format!("serial, seed {seed}"));
        for seen in SeenSet::CORRECT {
            let start = start.clone();
            let found = bounded("threads", move || threads(&start, Deque::for_workers(6), seen));
            check(&found, site, &format!("{seen:?}, seed {seed}"));
        }
    }
}

#[test]
fn only_its_addresses_were_asked_for_each_once() {
    let site = site(51);
    let program = env!("CARGO_BIN_EXE_queuebench");
    let served = queuebench::crawler::site::Served::by(program.as_ref(), site).unwrap();
    let start = Url::parse(&served.address()).unwrap();
    let found = bounded("threads", move || threads(&start, Deque::for_workers(8), SeenSet::Sharded));
    check(&found, site, "a server of its own");
    let counts = served.counts().unwrap();
    let truth = site.truth();
    assert_eq!((counts.requests, counts.addresses), (truth.fetched, truth.fetched));
    assert_eq!((counts.repeated, counts.unknown), (0, 0));
}

/// The bounds to try that a queue has.
fn bounds<Q: Queue>() -> Vec<Capacity> {
    let mut bounds = vec![Capacity::Bounded(1), Capacity::Bounded(16), Capacity::Unbounded];
    bounds.retain(|bound| Q::ABOUT.capacities.allow(*bound));
    bounds
}

/// A queue for four workers, or why the machine does not offer it.
fn opened<Q: Queue, W: Wait>(capacity: Capacity) -> Result<Vec<Box<dyn Frontier>>, Unavailable> {
    Q::prime();
    let shape = Shape { producers: 4, consumers: 4, capacity };
    let opened = catch_unwind(AssertUnwindSafe(|| frontiers::<Q, W>(shape)));
    opened.map_err(|why| *why.downcast().unwrap_or_else(|why| resume_unwind(why)))
}

/// Fifty small sites, and what one after the other finds there.
pub fn fifty() -> Vec<(Url, Site, Found)> {
    let sites = (0..50).map(|seed| Site { pages: 12 + seed % 13, seed, delay: Duration::ZERO });
    let sites = sites.map(|site| {
        let start = served(site);
        let serial = crawl_serial(&start, &Rules::default(), &Progress::default());
        (start, site, serial)
    });
    sites.collect()
}

/// That this is what one after the other found there, and all that is there.
pub fn same(found: &Found, (_, site, serial): &(Url, Site, Found), what: &str) {
    assert_eq!((found.fetched, found.sum, &found.dead), (serial.fetched, serial.sum, &serial.dead), "{what}");
    check(found, *site, what);
}

/// A queue of each family for all of the fifty sites, with each of its bounds and each set by turns.
struct Families {
    sites: Vec<(Url, Site, Found)>,
    serve: BTreeSet<Family>,
    served: BTreeSet<Family>,
}

impl Visitor for Families {
    fn visit<Q: Queue, W: Wait>(&mut self) {
        if !serves(&Q::ABOUT) {
            return;
        }
        self.serve.insert(Q::ABOUT.family);
        let bounds = bounds::<Q>();
        // One of a family will do, if the machine offers it.
        if self.served.contains(&Q::ABOUT.family) || opened::<Q, W>(bounds[0]).is_err() {
            return;
        }
        self.served.insert(Q::ABOUT.family);
        for (at, served) in self.sites.iter().enumerate() {
            let (capacity, seen) = (bounds[at % bounds.len()], SeenSet::CORRECT[at / bounds.len() % 3]);
            let what = format!("{}{} {capacity:?} {seen:?}, seed {at}", Q::ABOUT.id, W::SUFFIX);
            let (start, frontiers) = (served.0.clone(), opened::<Q, W>(capacity).expect("as before"));
            same(&bounded(&what, move || threads(&start, frontiers, seen)), served, &what);
        }
    }
}

#[test]
fn every_family_finds_what_one_after_the_other_does_on_fifty_sites() {
    let mut families = Families { sites: fifty(), serve: BTreeSet::new(), served: BTreeSet::new() };
    visit_builtin(&mut families);
    assert_eq!(families.served, families.serve);
    assert!(families.served.is_superset(&[Family::MutexDeque, Family::LockFree, Family::Process].into()));
    assert!(families.sites.iter().any(|(_, _, serial)| serial.dead.len() > 2));
}

/// Every queue that can be a work queue, with every bound it has, each on another site with another set.
#[derive(Default)]
struct Every {
    crawls: u64,
    refused: Vec<String>,
}

impl Visitor for Every {
    fn visit<Q: Queue, W: Wait>(&mut self) {
        if !serves(&Q::ABOUT) {
            return;
        }
        for capacity in bounds::<Q>() {
            let what = format!("{}{} {capacity:?}", Q::ABOUT.id, W::SUFFIX);
            let frontiers = match opened::<Q, W>(capacity) {
                Ok(frontiers) => frontiers,
                Err(Unavailable(why)) => {
                    self.refused.push(format!("{what}: {why}"));
                    continue;
                }
            };
            let site = site(self.crawls % 50);
            let seen = SeenSet::CORRECT[(self.crawls % 3) as usize];
            let start = served(site);
            self.crawls += 1;
            check(&bounded(&what, move || threads(&start, frontiers, seen)), site, &what);
        }
    }
}

#[test]
fn every_queue_finds_the_same_with_any_bound() {
    let mut every = Every::default();
    visit_builtin(&mut every);
    assert!(every.crawls > 50, "{} crawls; refused: {:?}", every.crawls, every.refused);
}

#[test]
fn a_set_that_is_locked_twice_lets_addresses_be_fetched_twice() {
    for seed in 0..10 {
        let site = Site { pages: 300, seed, delay: Duration::from_micros(200) };
        let start = served(site);
        let found = bounded("split", move || threads(&start, Deque::for_workers(8), SeenSet::Split));
        assert!(found.duplicates > 0, "seed {seed}");
        // It is wasteful, not blind.
        assert_eq!((found.fetched, found.sum), (site.truth().fetched, site.truth().sum));
    }
}

#[test]
fn a_path_that_no_message_holds_is_crawled_all_the_same() {
    struct Long(Vec<Box<dyn Frontier>>);
    impl Visitor for Long {
        fn visit<Q: Queue, W: Wait>(&mut self) {
            if Q::ABOUT.id == "std/mutex-deque" && self.0.is_empty() && Q::ABOUT.capacities.bounded {
                self.0 = frontiers::<Q, W>(Shape { producers: 3, consumers: 3, capacity: Capacity::Bounded(1) });
            }
        }
    }
    let mut long = Long(Vec::new());
    visit_builtin(&mut long);
    assert_eq!(long.0.len(), 3);
    let path = "/x".repeat(200);
    let pages = vec![("/", format!("<a href={path}><a href=/b>")), ("/b", String::new())];
    let server = crate::server::Server::of_pages(pages.into_iter().chain([(&*path, "<a href=/b><a href=/c>".into())]));
    let start = Url::parse(&server.address()).unwrap();
    let found = bounded("long", move || threads(&start, long.0, SeenSet::Mutex));
    assert_eq!((found.fetched, found.dead.len(), found.dead[0].on[0].clone()), (4, 1, path));
}
