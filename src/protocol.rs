//! What parent and worker say to each other: one JSON object a line, the parent speaking first after `hello`.
//!
//! ```text
//! worker  {"type":"hello","protocol":3,"program":"queuebench","version":"0.1.0"}
//! parent  {"type":"prepare","queue":"flume/mpmc","scenario":"stream/1p1c/1024/8B/same-l3", ...}
//! worker  {"type":"ready","capacity":1024,"line_ns":76}
//! parent  {"type":"probe"}
//! worker  {"type":"line","line_ns":76}
//! parent  {"type":"slice","settle_ns":50000000,"window_ns":50000000}
//! worker  {"type":"report","outcome":"ok","messages":1850344,"elapsed_ns":50311207, ...}
//! parent  {"type":"bye"}
//! ```
//!
//! Instead of any of its answers a worker may say `report` with another outcome. PROTOCOL.md is for those who write a
//! worker.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::queue::Capacity;
use crate::scenario::{Boundary, Scenario};
use crate::workload::check::Received;
use crate::workload::{Size, Workload};

/// The version both sides must speak.
pub const PROTOCOL: u32 = 3;

/// Parent to worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Command {
    /// Open a queue, pin the endpoints, touch the memory.
    Prepare(Prepare),
    /// Look again what a cache line takes; only to a worker that has said it in `ready`.
    Probe,
    /// Run one slice.
    Slice {
        /// Settling at least, in nanoseconds.
        settle_ns: u64,
        /// The window at least, in nanoseconds.
        window_ns: u64,
        /// Whether the report is to hold a trace.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        traced: bool,
    },
    /// Send so many messages in all, untimed, and say of each consumer which it got; only to a worker that said in
    /// `hello` that it does this.
    Verify {
        /// Messages of all producers together.
        messages: u64,
    },
    /// Exit.
    Bye,
}

/// What to open and where. The id says it all; the rest is for workers that would rather not parse it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepare {
    /// The queue's id.
    pub queue: String,
    /// The scenario's id.
    pub scenario: String,
    /// What the endpoints do.
    pub workload: Workload,
    /// Where they live.
    pub boundary: Boundary,
    /// How many there are of each.
    pub producers: usize,
    /// As `producers`.
    pub consumers: usize,
    /// Messages the queue may hold; null is no bound, 0 a rendezvous.
    pub capacity: Option<u64>,
    /// Bytes of a message.
    pub payload_bytes: usize,
    /// Whether it is sent as a pointer.
    pub boxed: bool,
    /// A cpu for each thread, consumers' first; null leaves it unpinned.
    pub cpus: Vec<Option<usize>>,
    /// Iterations of work per message, producer's and consumer's.
    pub work_iterations: [u32; 2],
    /// The same in nanoseconds, for workers with work of another kind.
    pub work_ns: [u32; 2],
    /// Where a crawl begins, as `http://127.0.0.1:40001/`; of no other workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

impl Prepare {
    /// Of `queue` in `scenario`, on these cpus, with so much work.
    pub fn new(queue: &str, scenario: &Scenario, cpus: Vec<Option<usize>>, work_iterations: [u32; 2]) -> Prepare {
        Prepare {
            queue: queue.to_owned(),
            scenario: scenario.to_string(),
            workload: scenario.workload,
            boundary: scenario.boundary,
            producers: scenario.producers,
            consumers: scenario.consumers,
            capacity: match scenario.capacity {
                Capacity::Bounded(messages) => Some(messages as u64),
                Capacity::Unbounded => None,
            },
            payload_bytes: scenario.size.bytes(),
            boxed: scenario.size == Size::Boxed,
            cpus,
            work_iterations,
            work_ns: [scenario.work.producer, scenario.work.consumer],
            site: None,
        }
    }
}

/// Worker to parent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Answer {
    /// First of all.
    Hello {
        /// The version it speaks.
        protocol: u32,
        /// What it is.
        program: String,
        /// Which one.
        version: String,
        /// What it wants of a block; nothing but the version for most.
        #[serde(flatten)]
        manner: Manner,
    },
    /// Pinned, opened, touched.
    Ready {
        /// Messages the queue took before it was full.
        capacity: Option<u64>,
        /// Nanoseconds a cache line takes from the first thread to the last and back; null where they share a cpu.
        #[serde(default)]
        line_ns: Option<u64>,
    },
    /// What a cache line takes now.
    Line {
        /// As in `ready`.
        line_ns: Option<u64>,
    },
    /// What came of `verify`.
    Verified {
        /// Producer and how many it sent.
        sent: Vec<(usize, u64)>,
        /// The tags each consumer got, in the order it got them.
        tags: Vec<Vec<u64>>,
    },
    /// What came of it.
    Report(Box<Report>),
}

/// How a worker wants to be treated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// Slices of a block, each after a `prepare` of its own: for those that are dear to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<u32>,
    /// Settling lasts at least so long, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle_ns: Option<u64>,
    /// The window likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ns: Option<u64>,
    /// Whether it answers `verify`: a worker that does not check the order of every message itself must.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verifies: bool,
    /// The queues it has; the parent's own worker need not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<String>,
}

/// What became of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every message arrived once and in order.
    #[default]
    Ok,
    /// Fewer came out than went in.
    Lost,
    /// Some came out more than once.
    Duplicated,
    /// A producer's messages changed their order.
    Reordered,
    /// A message's words did not belong together, or nobody had sent it.
    Corrupted,
    /// It did not end within its deadline, or a thread slept beside a waiting message.
    Hung,
    /// The worker died.
    Crashed,
    /// It could not be run as asked.
    Refused,
}

impl Outcome {
    /// All, in the order of severity they are reported in.
    pub const ALL: [Outcome; 8] = [
        Outcome::Ok,
        Outcome::Lost,
        Outcome::Duplicated,
        Outcome::Reordered,
        Outcome::Corrupted,
        Outcome::Hung,
        Outcome::Crashed,
        Outcome::Refused,
    ];
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Ok => "ok",
            Outcome::Lost => "lost",
            Outcome::Duplicated => "duplicated",
            Outcome::Reordered => "reordered",
            Outcome::Corrupted => "corrupted",
            Outcome::Hung => "hung",
            Outcome::Crashed => "crashed",
            Outcome::Refused => "refused",
        })
    }
}

/// How full the queue was observed to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Regime {
    /// Below a quarter of its capacity at four of five looks.
    NearEmpty,
    /// Above three quarters at four of five looks.
    NearFull,
    /// Neither.
    Swinging,
}

impl Regime {
    /// In one word, where it is said what the word is about.
    pub fn word(self) -> &'static str {
        match self {
            Regime::NearEmpty => "empty",
            Regime::NearFull => "full",
            Regime::Swinging => "swinging",
        }
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Regime::NearEmpty => "near-empty",
            Regime::NearFull => "near-full",
            Regime::Swinging => "swinging",
        })
    }
}

/// What a block measured. Counts and times are those of the window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Whether the figures count.
    pub outcome: Outcome,
    /// What happened, when it is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Messages (pairs, round trips) completed inside the window.
    #[serde(default)]
    pub messages: u64,
    /// The window's length.
    #[serde(default)]
    pub elapsed_ns: u64,
    /// From the start to the window.
    #[serde(default)]
    pub settle_ns: u64,
    /// What each endpoint moved, consumers first.
    #[serde(default)]
    pub endpoints: Vec<u64>,
    /// Cpu time of all endpoints.
    #[serde(default)]
    pub cpu_ns: u64,
    /// Context switches of all endpoints because they slept or yielded.
    #[serde(default)]
    pub voluntary_switches: u64,
    /// Context switches of all endpoints because they were preempted.
    #[serde(default)]
    pub involuntary_switches: u64,
    /// Page faults of all endpoints.
    #[serde(default)]
    pub page_faults: u64,
    /// What all endpoints could have run but waited for a cpu.
    #[serde(default)]
    pub run_delay_ns: u64,
    /// Pushes that found the queue full; null where the queue waits inside its own calls.
    #[serde(default)]
    pub full_tries: Option<u64>,
    /// Pops that found the queue empty (in `pairs`, failed tries of both kinds); null likewise.
    #[serde(default)]
    pub empty_tries: Option<u64>,
    /// Messages the queue took before it said it was full; null when it never does.
    #[serde(default)]
    pub capacity: Option<u64>,
    /// How full it ran; null for a rendezvous, very small capacities and what is no queue.
    #[serde(default)]
    pub regime: Option<Regime>,
    /// Mean messages in the queue, as consumers found it.
    #[serde(default)]
    pub mean_backlog: u64,
    /// Most messages in the queue, as consumers found it.
    #[serde(default)]
    pub peak_backlog: u64,
    /// Round trips (wake-ups, starts until joined) by duration: nanoseconds (a bucket is at most 1 % wide) and how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub round_trips: Vec<[u64; 2]>,
    /// Of what was started, by the time until it ran; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<[u64; 2]>,
    /// Nanoseconds since the start and messages received until then, every few milliseconds, if that was asked for;
    /// the first consumer's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<[u64; 2]>,
    /// Messages and nanoseconds of each slice, where a block has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<[u64; 2]>,
    /// Producer and how many it pushed in the whole slice, end marks apart; for the parent to check, not recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<(usize, u64)>,
    /// What each consumer popped in the whole slice; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<Received>,
    /// What a program counted or timed besides, by names that end in the unit where there is one:
    /// `duplicate_fetches`, `ending_ns`, `lost_updates_ppm` (parts per million). At most [`Report::MOST_FIGURES`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, u64>,
    /// What a reader of the figures should know: `unsettled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

impl Report {
    /// One more slice of the same block: counts and times add up, and each slice is kept beside their sum.
    /// Saturating: a worker may say any number.
    #[must_use]
    pub fn with(self, next: &Report) -> Report {
        let endpoints = self.endpoints.iter().zip(&next.endpoints).map(|(one, other)| one.saturating_add(*other));
        let own = if self.slices.is_empty() { vec![[self.messages, self.elapsed_ns]] } else { self.slices };
        let added = |one: Option<u64>, other: Option<u64>| one.zip(other).map(|(one, other)| one.saturating_add(other));
        Report {
            messages: self.messages.saturating_add(next.messages),
            elapsed_ns: self.elapsed_ns.saturating_add(next.elapsed_ns),
            settle_ns: self.settle_ns.saturating_add(next.settle_ns),
            endpoints: endpoints.collect(),
            cpu_ns: self.cpu_ns.saturating_add(next.cpu_ns),
            voluntary_switches: self.voluntary_switches.saturating_add(next.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_add(next.involuntary_switches),
            page_faults: self.page_faults.saturating_add(next.page_faults),
            run_delay_ns: self.run_delay_ns.saturating_add(next.run_delay_ns),
            full_tries: added(self.full_tries, next.full_tries),
            empty_tries: added(self.empty_tries, next.empty_tries),
            peak_backlog: self.peak_backlog.max(next.peak_backlog),
            round_trips: merged(&self.round_trips, &next.round_trips),
            first: merged(&self.first, &next.first),
            slices: own.into_iter().chain([[next.messages, next.elapsed_ns]]).collect(),
            ..self
        }
    }

    /// More figures a report does not hold.
    pub const MOST_FIGURES: usize = 16;

    /// A report without figures.
    pub fn failed(outcome: Outcome, detail: impl Into<String>) -> Report {
        Report { outcome, detail: Some(detail.into()), ..Report::default() }
    }
}

/// Buckets of two slices, in order.
fn merged(one: &[[u64; 2]], other: &[[u64; 2]]) -> Vec<[u64; 2]> {
    let mut all = BTreeMap::new();
    for [value, count] in one.iter().chain(other) {
        let sum = all.entry(*value).or_insert(0u64);
        *sum = sum.saturating_add(*count);
    }
    all.into_iter().map(|(value, count)| [value, count]).collect()
}
