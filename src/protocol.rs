//! What parent and worker say to each other: one JSON object a line, the parent speaking first after `hello`.
//!
//! ```text
//! worker  {"type":"hello","protocol":2,"program":"queuebench","version":"0.1.0"}
//! parent  {"type":"prepare","queue":"flume/mpmc","scenario":"stream/1p1c/1024/8B/same-l3", ...}
//! worker  {"type":"ready","capacity":1024,"line_ns":76}
//! parent  {"type":"probe"}
//! worker  {"type":"line","line_ns":76}
//! parent  {"type":"slice","settle_ns":50000000,"window_ns":50000000}
//! worker  {"type":"report","outcome":"ok","messages":1850344,"elapsed_ns":50311207, ...}
//! parent  {"type":"bye"}
//! ```
//!
//! `probe` may come any number of times or not at all. Instead of any of its answers a worker may say `report` with another outcome.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The version both sides must speak.
pub const PROTOCOL: u32 = 2;

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
    /// Exit.
    Bye,
}

/// What to open and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepare {
    /// The queue's id.
    pub queue: String,
    /// The scenario's id.
    pub scenario: String,
    /// A cpu for each thread, consumers' first; null leaves it unpinned.
    pub cpus: Vec<Option<usize>>,
    /// Iterations of work per message, producer's and consumer's.
    pub work_iterations: [u32; 2],
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
    /// What came of it.
    Report(Box<Report>),
}

/// What became of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Round trips by duration: nanoseconds (a bucket is at most 1 % wide) and how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub round_trips: Vec<[u64; 2]>,
    /// Nanoseconds since the start and messages received until then, every few milliseconds, if that was asked for;
    /// the first consumer's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<[u64; 2]>,
    /// What a reader of the figures should know: `unsettled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

impl Report {
    /// A report without figures.
    pub fn failed(outcome: Outcome, detail: impl Into<String>) -> Report {
        Report { outcome, detail: Some(detail.into()), ..Report::default() }
    }
}
