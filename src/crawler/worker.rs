//! One worker of a crawl.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use url::Url;

use super::client::{Answer, Client};
use super::crawl::first;
use super::found::Reason;
use super::frontier::{Frontier, Link, Taken};
use super::links::{links, own_path};
use super::rules::{Progress, Rules};
use super::seen::Seen;
use super::site::fnv1a;
use crate::workload::slice::clock_ns;

/// Redirects in a row that lead somewhere; more are a dead link.
pub(super) const MOST_HOPS: u8 = 10;

/// Redirects in a row that are followed, by whoever comes to one first: far more than lead somewhere, so that what is
/// found does not depend on where in a row it was entered.
const MOST_FOLLOWED: u16 = 1000;

/// What is known of the site, by all workers together.
pub(super) trait Ledger: Send {
    /// Of these links the new ones, which from now on count as unfinished.
    fn fresh(&mut self, links: Vec<Link>) -> Vec<Link>;

    /// One more is finished; whether it was the last.
    fn done(&mut self) -> bool;
}

/// The ledger of threads: a set of what is known, and a count of what is known and unfinished.
pub(super) struct Shared {
    pub seen: Box<dyn Seen>,
    pub unfinished: Arc<AtomicU64>,
}

impl Ledger for Shared {
    fn fresh(&mut self, links: Vec<Link>) -> Vec<Link> {
        let fresh = self.seen.fresh(links);
        // Before the page they stand on is finished: so the count is never zero too early.
        self.unfinished.fetch_add(fresh.len() as u64, Ordering::Relaxed);
        fresh
    }

    fn done(&mut self) -> bool {
        self.unfinished.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

/// What is to be said of a path, by its place among those fetched.
pub(super) type Note = (u32, Box<str>);

/// What a worker has to tell when the crawl is over.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Paths asked for.
    pub fetched: Vec<Box<str>>,
    /// Of each link the hash of the path it leads to, and the place in `fetched` of the page it stands on: what is dead
    /// may be known long after a link to it was read. Twelve bytes a link, and no lock.
    pub link_to: Vec<u64>,
    pub link_on: Vec<u32>,
    /// Redirects on the site.
    pub redirects: Vec<Note>,
    /// Redirects away from it.
    pub moved: Vec<Note>,
    /// What failed, and why.
    pub failed: Vec<(u32, Reason)>,
    /// Pages that were read in part or not at all, and why.
    pub unread: Vec<Note>,
    pub elsewhere: u64,
    pub disallowed: u64,
    pub cut: bool,
    pub queue_ns: u64,
    pub last_page_ns: u64,
    pub ended_ns: u64,
}

/// Fetches an address, unless the crawl is to stop before its answer is there.
type Fetch<'a> = Box<dyn FnMut(&str) -> Option<Answer> + Send + 'a>;

pub(super) struct Worker<'a> {
    start: &'a Url,
    rules: &'a Rules,
    progress: &'a Progress,
    frontier: Box<dyn Frontier>,
    ledger: Box<dyn Ledger>,
    fetch: Fetch<'a>,
    /// What the queue had no room for.
    own: Vec<Link>,
    tally: Tally,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        start: &'a Url,
        rules: &'a Rules,
        progress: &'a Progress,
        frontier: Box<dyn Frontier>,
        ledger: Box<dyn Ledger>,
    ) -> Worker<'a> {
        let mut client = Client::new(start, rules.timeout, rules.most_bytes);
        let fetch: Fetch = if rules.stops_at_once {
            Box::new(client.apart(progress))
        } else {
            Box::new(move |address| Some(client.fetch(address)))
        };
        Worker { start, rules, progress, frontier, ledger, fetch, own: Vec::new(), tally: Tally::default() }
    }

    /// Works until the crawl is over. One worker is given what the crawl starts from.
    pub(super) fn run(mut self, first: Option<Link>) -> Tally {
        self.own.extend(first);
        while let Some(link) = self.next() {
            let links = self.visit(&link);
            for link in self.ledger.fresh(links) {
                if let Err(link) = self.put(link) {
                    self.own.push(link);
                }
            }
            self.tally.last_page_ns = clock_ns();
            if self.ledger.done() {
                self.frontier.end();
                break;
            }
        }
        self.tally.ended_ns = clock_ns();
        self.tally
    }

    /// What to fetch next: its own, if it has any, of which it first offers to others what the queue has room for by now.
    fn next(&mut self) -> Option<Link> {
        let next = self.own.pop();
        if next.is_none() {
            return self.take();
        }
        while let Some(link) = self.own.pop() {
            if let Err(link) = self.put(link) {
                self.own.push(link);
                break;
            }
        }
        next
    }

    /// The time in here is the queue's: nobody waits in it.
    fn put(&mut self, link: Link) -> Result<(), Link> {
        let since = Instant::now();
        let result = self.frontier.put(link);
        self.tally.queue_ns += since.elapsed().as_nanos() as u64;
        result
    }

    /// The time in here is the queue's where a link was there at once. Where none was, the worker waits for others to
    /// find one, and no queue could have it sooner: that is not counted.
    fn take(&mut self) -> Option<Link> {
        let since = Instant::now();
        match self.frontier.try_take() {
            Taken::Link(link) => {
                self.tally.queue_ns += since.elapsed().as_nanos() as u64;
                Some(link)
            }
            Taken::End => None,
            Taken::Empty => self.frontier.take(),
        }
    }

    /// Fetches an address, unless there is a reason not to, and returns what it leads to.
    fn visit(&mut self, link: &Link) -> Vec<Link> {
        if !self.is_to_ask() {
            return Vec::new();
        }
        let mut address = self.start.clone();
        let (path, query) = link.path.split_once('?').map_or((&*link.path, None), |(path, query)| (path, Some(query)));
        address.set_path(path);
        address.set_query(query);
        let Some(answer) = (self.fetch)(address.as_str()) else { return Vec::new() };
        let at = self.tally.fetched.len() as u32;
        self.tally.fetched.push(link.path.as_str().into());
        match answer {
            Answer::Html { html, cut } => self.read(&html, cut, &address, at),
            Answer::Encoded(how) => self.misses(at, &format!("it came as {how}, which was not asked for")),
            Answer::Redirect(to) => self.redirected(&address, &to, at, link.hops),
            // Elsewhere it is what a link may well lead to; here nothing leads on from it.
            Answer::Other if link.path == first(self.start).path => self.misses(at, "it is no HTML page"),
            Answer::Other => Vec::new(),
            Answer::Failed(why) => self.fails(at, why),
        }
    }

    /// Whether it may ask for one more, when it is its turn.
    fn is_to_ask(&mut self) -> bool {
        if self.progress.is_to_stop() {
            return false;
        }
        if !self.progress.asks(self.rules.most_pages) {
            self.tally.cut = true;
            return false;
        }
        if let Some(pace) = &self.rules.pace {
            pace.wait(self.progress);
        }
        !self.progress.is_to_stop()
    }

    fn fails(&mut self, at: u32, why: Reason) -> Vec<Link> {
        self.progress.fails();
        self.tally.failed.push((at, why));
        Vec::new()
    }

    /// There may be links that it has not seen.
    fn misses(&mut self, at: u32, why: &str) -> Vec<Link> {
        self.tally.unread.push((at, why.into()));
        Vec::new()
    }

    fn read(&mut self, html: &[u8], cut: bool, address: &Url, at: u32) -> Vec<Link> {
        // A page that trips a parser is a page the less; a worker the less would leave the others waiting.
        let read = catch_unwind(AssertUnwindSafe(|| links(html, address, self.rules.most_links)));
        let Ok(found) = read else { return self.misses(at, "its links cannot be read") };
        if found.cut {
            self.misses(at, &format!("only its first {} links were read", self.rules.most_links));
        } else if cut {
            self.misses(at, &format!("only its first {} bytes were read", self.rules.most_bytes));
        }
        self.tally.elsewhere += found.elsewhere;
        let mut own = found.own;
        let all = own.len();
        own.retain(|path| self.rules.robots.allows(path));
        self.tally.disallowed += (all - own.len()) as u64;
        for path in &own {
            self.tally.link_to.push(fnv1a(path.as_bytes()));
            self.tally.link_on.push(at);
        }
        own.into_iter().map(|path| Link { path, hops: 0 }).collect()
    }

    fn redirected(&mut self, address: &Url, to: &str, at: u32, hops: u16) -> Vec<Link> {
        let Ok(target) = address.join(to) else {
            return self.fails(at, Reason::Site(format!("redirects to what is no address: {to}")));
        };
        match own_path(&target, self.start) {
            None => {
                self.tally.moved.push((at, target.as_str().into()));
                Vec::new()
            }
            Some(path) => {
                self.tally.redirects.push((at, path.as_str().into()));
                let allowed = self.rules.robots.allows(&path);
                self.tally.disallowed += u64::from(!allowed);
                if hops >= MOST_FOLLOWED {
                    return self.misses(at, "it was not followed: too many redirects led there");
                }
                allowed.then_some(Link { path, hops: hops + 1 }).into_iter().collect()
            }
        }
    }
}
