//! What a crawl found, put together from what its workers tell.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};
use url::Url;

use super::crawl::first;
use super::site::fnv1a;
use super::worker::{MOST_HOPS, Note, Tally};

/// What a crawl found, and how it went.
#[derive(Debug)]
pub struct Found {
    /// Addresses asked for, each counted once.
    pub fetched: u64,
    /// Requests for addresses that were asked for before: none, if what is known is kept as it should be.
    pub duplicates: u64,
    /// The sum of the hashes ([`fnv1a`]) of the paths asked for, modulo 2^64, each counted once.
    pub sum: u64,
    /// Links that lead to nothing, by their paths.
    pub dead: Vec<Dead>,
    /// Pages that were read in part or not at all, by their paths: a dead link behind the cut is not found.
    pub unread: Vec<Unread>,
    /// Redirects away from the site, which were not followed, by their paths.
    pub moved: Vec<Moved>,
    /// Links to elsewhere, which were not followed.
    pub elsewhere: u64,
    /// Links that robots.txt asks not to follow.
    pub disallowed: u64,
    /// Whether there were more addresses than were to be asked for.
    pub cut: bool,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Workers.
    pub workers: usize,
    /// From the start until the last worker ended.
    pub elapsed_ns: u64,
    /// From when the last page was finished until the last worker ended.
    pub ending_ns: u64,
    /// The time spent putting links into the queue or finding it full, and taking out those that were there at once, by
    /// all workers together.
    pub queue_ns: u64,
}

/// A link that leads to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Its path.
    pub path: String,
    /// What came of it.
    pub reason: Reason,
    /// Paths of the pages it stands on.
    pub on: Vec<String>,
}

/// Why a link leads to nothing, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The site says so, by an error or by redirects that end nowhere.
    Site(String),
    /// The server does not answer as it should.
    Server(String),
}

impl Reason {
    /// The same of a redirect to `path`, which is dead for this reason.
    fn behind(&self, path: &str) -> Reason {
        let words = format!("redirects to {path}: {self}");
        match self {
            Reason::Site(_) => Reason::Site(words),
            Reason::Server(_) => Reason::Server(words),
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (Reason::Site(words) | Reason::Server(words)) = self;
        f.write_str(words)
    }
}

/// A page that was read in part or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its path.
    pub path: String,
    /// What was not read, or why.
    pub reason: String,
}

/// A redirect to another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its path.
    pub path: String,
    /// Where it leads.
    pub to: String,
}

impl Found {
    pub(super) fn of(tallies: Vec<Tally>, start: &Url, since: u64, stopped: bool) -> Found {
        let hashes: Vec<u64> =
            tallies.iter().flat_map(|tally| &tally.fetched).map(|path| fnv1a(path.as_bytes())).collect();
        let requests = hashes.len();
        let distinct: HashSet<u64> = hashes.into_iter().collect();
        let total = |figure: fn(&Tally) -> u64| tallies.iter().map(figure).sum();
        let last = |time: fn(&Tally) -> u64| tallies.iter().map(time).max().unwrap_or(since);
        let ended = last(|tally| tally.ended_ns);
        Found {
            fetched: distinct.len() as u64,
            duplicates: (requests - distinct.len()) as u64,
            sum: distinct.iter().fold(0, |sum, hash| sum.wrapping_add(*hash)),
            dead: dead(&tallies, &first(start).path),
            unread: by_path(&tallies, |tally| &tally.unread, |path, reason| Unread { path, reason }),
            moved: by_path(&tallies, |tally| &tally.moved, |path, to| Moved { path, to }),
            elsewhere: total(|tally| tally.elsewhere),
            disallowed: total(|tally| tally.disallowed),
            cut: tallies.iter().any(|tally| tally.cut),
            stopped,
            workers: tallies.len(),
            elapsed_ns: ended - since,
            ending_ns: ended - last(|tally| tally.last_page_ns),
            queue_ns: total(|tally| tally.queue_ns),
        }
    }
}

/// All of one list of the tallies, with the paths it refers to.
fn named<'a, T: 'a>(tallies: &'a [Tally], list: fn(&Tally) -> &[(u32, T)]) -> impl Iterator<Item = (&'a str, &'a T)> {
    let of = move |tally: &'a Tally| list(tally).iter().map(|(at, what)| (&*tally.fetched[*at as usize], what));
    tallies.iter().flat_map(of)
}

fn by_path<T>(tallies: &[Tally], list: fn(&Tally) -> &[Note], make: fn(String, String) -> T) -> Vec<T> {
    let all: BTreeMap<&str, &Box<str>> = named(tallies, list).collect();
    all.into_iter().map(|(path, text)| make(path.to_owned(), text.to_string())).collect()
}

/// What failed, and the redirects that end in that or in nothing, with the pages they stand on. What is only reached by
/// a redirect is not listed itself: nobody wrote that link.
fn dead(tallies: &[Tally], start: &str) -> Vec<Dead> {
    let failed: BTreeMap<&str, &Reason> = named(tallies, |tally| &tally.failed).collect();
    let redirects: HashMap<&str, &str> =
        named(tallies, |tally| &tally.redirects).map(|(from, to)| (from, &**to)).collect();
    let mut dead: BTreeMap<&str, Reason> = failed.iter().map(|(path, why)| (*path, (*why).clone())).collect();
    for &from in redirects.keys() {
        dead.extend(end_of(from, &redirects, &failed).map(|why| (from, why)));
    }
    let by_hash: HashMap<u64, &str> = dead.keys().map(|path| (fnv1a(path.as_bytes()), *path)).collect();
    let mut on: HashMap<&str, Vec<&str>> = HashMap::new();
    for tally in tallies {
        for (to, at) in tally.link_to.iter().zip(&tally.link_on) {
            if let Some(path) = by_hash.get(to) {
                on.entry(path).or_default().push(&tally.fetched[*at as usize]);
            }
        }
    }
    let listed = dead.into_iter().filter_map(|(path, reason)| {
        let mut on = on.remove(path).unwrap_or_default();
        on.sort_unstable();
        on.dedup();
        let on: Vec<String> = on.into_iter().map(str::to_owned).collect();
        (!on.is_empty() || path == start).then(|| Dead { path: path.to_owned(), reason, on })
    });
    listed.collect()
}

/// Why the redirect at `from` leads to nothing, if it does.
fn end_of(from: &str, redirects: &HashMap<&str, &str>, failed: &BTreeMap<&str, &Reason>) -> Option<Reason> {
    let mut at = from;
    for _ in 0..=MOST_HOPS {
        at = match redirects.get(at) {
            Some(to) => to,
            None => return failed.get(at).map(|why| why.behind(at)),
        };
        if at == from {
            return Some(Reason::Site("redirects in a circle".to_owned()));
        }
    }
    Some(Reason::Site(format!("more than {MOST_HOPS} redirects")))
}
