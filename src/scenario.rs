//! A scenario: everything about a measurement but the queue, in one id that parses back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::queue::{Capacity, Program, Shape};
use crate::topology::Placement;
use crate::workload::{Size, Workload};

/// Nanoseconds of work per message, producer's and consumer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkNs {
    /// On the producer's side.
    pub producer: u32,
    /// On the consumer's side.
    pub consumer: u32,
}

impl fmt::Display for WorkNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.producer, self.consumer)
    }
}

impl FromStr for WorkNs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no work; write nanoseconds per message on either side, as 0/20");
        let (producer, consumer) = text.split_once('/').ok_or_else(wrong)?;
        let ns = |text: &str| text.parse::<u32>().ok().filter(|ns| *ns <= 1_000_000).ok_or_else(wrong);
        Ok(WorkNs { producer: ns(producer)?, consumer: ns(consumer)? })
    }
}

/// Where the endpoints live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// All in one process, a thread each.
    #[default]
    Threads,
    /// Each in a process of its own.
    Processes,
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Boundary::Threads => "threads",
            Boundary::Processes => "processes",
        })
    }
}

impl FromStr for Boundary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Boundary::Threads, Boundary::Processes].into_iter().find(|known| known.to_string() == text);
        known.ok_or_else(|| format!("'{text}' is no boundary; there are threads and processes"))
    }
}

/// What a crawl finds its way through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Pages that can be reached; at most a million.
    pub pages: u32,
    /// What a page takes to arrive, in milliseconds; at most 1000.
    pub delay_ms: u32,
    /// How workers know which pages have been seen.
    pub seen: SeenSet,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "site={}x{}ms/seen={}", self.pages, self.delay_ms, self.seen)
    }
}

impl FromStr for Site {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("'{text}' is no site; write pages, what one takes and the seen-set, as site=200x8ms/seen=mutex");
        let (site, seen) = text.strip_prefix("site=").and_then(|text| text.split_once("/seen=")).ok_or_else(wrong)?;
        let (pages, delay) = site.strip_suffix("ms").and_then(|text| text.split_once('x')).ok_or_else(wrong)?;
        Ok(Site {
            pages: pages.parse().ok().filter(|pages| (1..=1_000_000).contains(pages)).ok_or_else(wrong)?,
            delay_ms: delay.parse().ok().filter(|ms| *ms <= 1000).ok_or_else(wrong)?,
            seen: seen.parse()?,
        })
    }
}

/// How the workers of a crawl know which pages have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeenSet {
    /// A set behind one lock.
    Mutex,
    /// Several, by the page's hash.
    Sharded,
    /// One worker has it; the others ask by message.
    Owner,
    /// Behind one lock, wrongly: looked at in one critical section, written to in the next. Two workers that look before
    /// either writes both believe an address new, and it is fetched twice.
    Split,
}

impl SeenSet {
    /// All, the wrong one last.
    pub const ALL: [SeenSet; 4] = [SeenSet::Mutex, SeenSet::Sharded, SeenSet::Owner, SeenSet::Split];
}

impl fmt::Display for SeenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SeenSet::Mutex => "mutex",
            SeenSet::Sharded => "sharded",
            SeenSet::Owner => "owner",
            SeenSet::Split => "split",
        })
    }
}

impl FromStr for SeenSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = SeenSet::ALL.into_iter().find(|known| known.to_string() == text);
        known.ok_or_else(|| format!("'{text}' is no seen-set; there are mutex, sharded, owner, split"))
    }
}

/// Everything about a measurement but the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scenario {
    /// What the endpoints do.
    pub workload: Workload,
    /// Producers; at most 999.
    pub producers: usize,
    /// Consumers; at most 999.
    pub consumers: usize,
    /// Messages the queue may hold.
    pub capacity: Capacity,
    /// Bytes per message and how they travel.
    pub size: Size,
    /// Work per message.
    pub work: WorkNs,
    /// Messages producers may be ahead of consumers, whatever the queue holds; 0 leaves it to the queue.
    pub credit: u32,
    /// What a crawl goes through; of no other workload.
    pub site: Option<Site>,
    /// Where the endpoints live.
    pub boundary: Boundary,
    /// How endpoints map to cpus.
    pub placement: Placement,
}

impl Scenario {
    /// What the queue is opened for.
    pub fn shape(&self) -> Shape {
        Shape { producers: self.producers, consumers: self.consumers, capacity: self.capacity }
    }

    /// Threads that run at once.
    pub fn threads(&self) -> usize {
        self.workload.threads(self.producers, self.consumers)
    }

    /// The same on the other side of the boundary.
    #[must_use]
    pub fn across(self) -> Scenario {
        let boundary = match self.boundary {
            Boundary::Threads => Boundary::Processes,
            Boundary::Processes => Boundary::Threads,
        };
        Scenario { boundary, ..self }
    }

    /// Threads to seat as producers and as consumers. In `pairs` and in programs every thread is both; half of them sit
    /// where producers would, so that they cross what the placement says.
    pub fn seats(&self) -> (usize, usize) {
        match self.workload {
            Workload::Stream | Workload::Pingpong | Workload::Wakeup => (self.producers, self.consumers),
            Workload::Spawn | Workload::Copy => (0, 1),
            Workload::Pairs | Workload::Program(_) => (self.producers / 2, self.producers.div_ceil(2)),
        }
    }

    /// The unit of its figure.
    pub fn unit(&self) -> &'static str {
        match self.workload {
            Workload::Stream => "messages/s",
            Workload::Pairs => "pairs/s",
            Workload::Pingpong => "ns per round trip",
            Workload::Spawn => "ns until it was joined",
            Workload::Wakeup => "ns until it runs",
            Workload::Copy => "messages/s",
            Workload::Program(Program::Crawl) => "pages/s",
            Workload::Program(Program::Counter) => "ns per increment",
            Workload::Program(Program::Lookup) => "ns per lookup",
            Workload::Program(Program::Finish) => "ns until the last is gone",
            Workload::Program(Program::Recover) => "ns until it is repaired",
            Workload::Program(Program::Barrier) => "ns per phase",
            Workload::Program(Program::Print) => "lines/s",
            Workload::Program(Program::Map) => "parts/s",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}p{}c/", self.workload, self.producers, self.consumers)?;
        match self.capacity {
            Capacity::Bounded(messages) => write!(f, "{messages}")?,
            Capacity::Unbounded => f.write_str("unbounded")?,
        }
        write!(f, "/{}", self.size)?;
        if self.work != WorkNs::default() {
            write!(f, "/work={}", self.work)?;
        }
        if self.credit != 0 {
            write!(f, "/credit={}", self.credit)?;
        }
        if let Some(site) = self.site {
            write!(f, "/{site}")?;
        }
        if self.boundary != Boundary::default() {
            write!(f, "/{}", self.boundary)?;
        }
        write!(f, "/{}", self.placement)
    }
}

/// Parses `1p1c`.
///
/// # Errors
///
/// A sentence that says what a shape looks like.
pub fn parse_shape(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("'{text}' is no shape; write producers and consumers as 2p1c, each from 1 to 999");
    let (producers, consumers) = text.strip_suffix('c').and_then(|text| text.split_once('p')).ok_or_else(wrong)?;
    let count = |text: &str| text.parse().ok().filter(|count| (1..=999).contains(count)).ok_or_else(wrong);
    Ok((count(producers)?, count(consumers)?))
}

/// Parses `1024`, `0` (rendezvous) or `unbounded`.
///
/// # Errors
///
/// A sentence that says what a capacity looks like.
pub fn parse_capacity(text: &str) -> Result<Capacity, String> {
    if text == "unbounded" {
        return Ok(Capacity::Unbounded);
    }
    let bound = text.parse().ok().filter(|messages| *messages <= 1 << 24);
    bound
        .map(Capacity::Bounded)
        .ok_or_else(|| format!("'{text}' is no capacity; write messages up to {}, 0, or unbounded", 1 << 24))
}

/// Parses a credit window in messages.
///
/// # Errors
///
/// A sentence that says what one looks like.
pub fn parse_credit(text: &str) -> Result<u32, String> {
    let credit = text.parse().ok().filter(|messages| (1..=1 << 24).contains(messages));
    credit.ok_or_else(|| format!("'{text}' is no credit window; write messages from 1 to {}", 1 << 24))
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("'{text}' is no scenario; one looks like stream/2p1c/1024/8B/same-l3 or .../8B/work=0/20/same-l3")
        };
        let mut parts: Vec<&str> = text.split('/').collect();
        let mut work = WorkNs::default();
        if let Some(at) = parts.iter().position(|part| part.starts_with("work=")) {
            let consumer = *parts.get(at + 1).ok_or_else(wrong)?;
            let producer = &parts[at]["work=".len()..];
            work = format!("{producer}/{consumer}").parse()?;
            parts.drain(at..=at + 1);
        }
        let mut credit = 0;
        if let Some(at) = parts.iter().position(|part| part.starts_with("credit=")) {
            credit = parse_credit(&parts.remove(at)["credit=".len()..])?;
        }
        let mut site = None;
        if let Some(at) = parts.iter().position(|part| part.starts_with("site=")) {
            let seen = *parts.get(at + 1).ok_or_else(wrong)?;
            site = Some(format!("{}/{seen}", parts[at]).parse()?);
            parts.drain(at..=at + 1);
        }
        let mut boundary = Boundary::default();
        if parts.len() == 6 {
            boundary = parts.remove(4).parse()?;
        }
        let [workload, shape, capacity, size, placement] = parts[..] else { return Err(wrong()) };
        let (producers, consumers) = parse_shape(shape)?;
        Ok(Scenario {
            workload: workload.parse()?,
            producers,
            consumers,
            capacity: parse_capacity(capacity)?,
            size: size.parse()?,
            work,
            credit,
            site,
            boundary,
            placement: placement.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_parse_back() {
        for id in [
            "stream/1p1c/1024/8B/same-l3",
            "stream/2p1c/unbounded/256B/work=0/20/cross-node",
            "pingpong/1p1c/0/256B/free",
            "pairs/8p8c/64/256B/work=3/0/smt",
            "stream/1p1c/1024/8B/processes/same-l3",
            "stream/1p1c/1024/8B/work=0/4/credit=10/processes/same-cpu",
            "spawn/1p1c/1/8B/processes/free",
            "counter/4p4c/1/8B/free",
            "crawl/16p16c/unbounded/256B/site=200x8ms/seen=sharded/free",
            "crawl/2p2c/1/256B/site=1000000x0ms/seen=owner/processes/free",
        ] {
            assert_eq!(id.parse::<Scenario>().unwrap().to_string(), id);
        }
        let explicit: Scenario = "stream/1p1c/1024/8B/work=0/0/same-l3".parse().unwrap();
        assert_eq!(explicit.to_string(), "stream/1p1c/1024/8B/same-l3");
    }

    #[test]
    fn what_is_no_id_says_what_one_looks_like() {
        for (text, hint) in [
            ("", "looks like"),
            ("stream/1p1c/1024/8B", "looks like"),
            ("stream/0p1c/1024/8B/same-l3", "no shape"),
            ("stream/1p1c/99999999999/8B/same-l3", "no capacity"),
            ("stream/1p1c/1024/9B/same-l3", "no payload"),
            ("stream/1p1c/1024/8B/work=0/same-l3", "no work"),
            ("surf/1p1c/1024/8B/same-l3", "no workload"),
            ("stream/1p1c/1024/8B/nearby", "placement"),
            ("stream/1p1c/1024/8B/nowhere/same-l3", "no boundary"),
            ("crawl/2p2c/1/256B/site=0x8ms/seen=mutex/free", "no site"),
            ("crawl/2p2c/1/256B/site=10x8ms/free", "no site"),
            ("crawl/2p2c/1/256B/site=10x8ms/seen=not/free", "no seen-set"),
            ("stream/1p1c/1024/8B/credit=0/same-l3", "no credit"),
            ("stream/1p1c/1024/8B/processes/processes/same-l3", "looks like"),
        ] {
            let error = text.parse::<Scenario>().unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
