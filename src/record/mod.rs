//! The results file: JSON Lines, schema version 1. First a `run` line, then `skip` lines and a `block` line for
//! every block, at last an `end` line. Units are in the names, integers are in base units, unknown fields are
//! ignored.
//!
//! A core-to-core map is another kind of file: [`core_to_core`]. What people say of a machine is in a third: [`machine_toml`].

pub mod core_to_core;
pub mod machine_toml;
mod read;
mod seen;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use read::{MOST_ROUNDS, check_queue_id, check_report, clean_report, printable};
pub use read::{ReadError, Results, read};
pub use write::Writer;

use crate::machine::Fingerprint;
use crate::protocol::Report;
use crate::schedule::profile::Extent;
use crate::toolchain::Toolchain;
use crate::topology::Topology;

/// The schema this program writes and the newest it reads.
pub const SCHEMA: u32 = 1;

/// One line of a results file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Line {
    /// The first.
    Run(Box<Run>),
    /// A block's figures or outcome.
    Block(Box<Block>),
    /// A cell or a scenario that did not run, and why.
    Skip(Skip),
    /// The last.
    End(End),
}

/// What a run was: enough to repeat it and to know what its figures may be compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// The file's schema.
    pub schema: u32,
    /// The program that measured.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Tells builds of one version apart; empty where it is not known.
    #[serde(default)]
    pub build: String,
    /// How it measures: figures of different methods are not to be compared. See CHANGELOG.
    #[serde(default = "first_method")]
    pub method: u32,
    /// When it started, in UTC, RFC 3339.
    pub started: String,
    /// The suite's name.
    pub suite: String,
    /// The profile's name.
    pub profile: String,
    /// Rounds of every scenario, at most.
    pub rounds: u32,
    /// Rounds after which queues may need no more; as many as there are at most where that is fixed.
    #[serde(default)]
    pub pilot: Option<u32>,
    /// How well the ratio to the leader is to be known, as a share; see [`Extent`].
    #[serde(default)]
    pub precision: f64,
    /// Nanoseconds the whole command may take, where that was limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_ns: Option<u64>,
    /// Rates that differ by less than this share are equivalent, unless a reader wants another margin.
    #[serde(default = "usual_margin")]
    pub margin: f64,
    /// The seed all orders and lengths are drawn from.
    pub seed: u64,
    /// Filters and flags that shaped the plan.
    pub selection: Selection,
    /// Nanoseconds after which a block is given up.
    pub deadline_ns: u64,
    /// Nanoseconds an iteration of work took.
    pub ns_per_work_iteration: f64,
    /// The machine.
    pub machine: Fingerprint,
    /// Its cpus and what they share.
    pub topology: Topology,
    /// The compiler and flags the program was built with.
    pub toolchain: Toolchain,
    /// Workers of other builds that take part, by the name their queues carry: what they say they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workers: BTreeMap<String, String>,
    /// Every queue's package version, by id.
    pub versions: BTreeMap<String, String>,
    /// Every queue's family, by id.
    #[serde(default)]
    pub families: BTreeMap<String, String>,
    /// The scenarios, each with its reference queue, in the order they run.
    pub scenarios: Vec<ScenarioLine>,
}

/// The method of this version: 2 since blocks wait for the host and windows are 10 ms and more.
pub const METHOD: u32 = 2;

fn first_method() -> u32 {
    1
}

fn usual_margin() -> f64 {
    crate::ranking::MARGIN
}

impl Run {
    /// How many rounds its scenarios were to get.
    pub fn extent(&self) -> Extent {
        Extent { pilot: self.pilot.unwrap_or(self.rounds), most: self.rounds, precision: self.precision }
    }
}

/// Filters and flags that shaped the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// `-q`: queue ids.
    #[serde(default)]
    pub queue: Option<String>,
    /// `-s`: scenario ids.
    #[serde(default)]
    pub scenario: Option<String>,
    /// One filter on `scenario/queue`.
    #[serde(default)]
    pub cell: Option<String>,
    /// `--waits`.
    #[serde(default)]
    pub all_waits: bool,
    /// `--keep-going`.
    #[serde(default)]
    pub keep_going: bool,
}

/// A scenario of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioLine {
    /// Its id.
    pub id: String,
    /// What the suite calls it, where that is not its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Words it can be found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The queue that is in every round, and that files are compared through.
    pub reference: String,
    /// Threads that run at once.
    pub threads: usize,
    /// A cpu for each thread, consumers' first; null is unpinned.
    pub cpus: Vec<Option<usize>>,
    /// Whether threads outnumber the cpus they run on.
    pub oversubscribed: bool,
}

/// One block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    /// The scenario's id.
    pub scenario: String,
    /// The queue's id.
    pub queue: String,
    /// The round, from 0.
    pub round: u32,
    /// 1 for the second block of an A/A pair, else 0.
    pub repeat: u32,
    /// Its place in the round's order, from 0.
    pub position: u32,
    /// From the worker's start to its ready.
    pub ready_ns: u64,
    /// From the worker's start to its end.
    pub wall_ns: u64,
    /// Ticks stolen by the hypervisor meanwhile, over all cpus.
    pub steal_ticks: u64,
    /// Nanoseconds a cache line took from the first thread to the last and back, just before the slice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ns: Option<u64>,
    /// Nanoseconds it waited for the host to have the cpus where it usually has them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ns: u64,
    /// What a line took while it waited: the last look that was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_ns: Option<u64>,
    /// What it measured.
    #[serde(flatten)]
    pub report: Report,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Block {
    /// What names the block inside its file.
    pub fn key(&self) -> (&str, &str, u32, u32) {
        (&self.scenario, &self.queue, self.round, self.repeat)
    }
}

/// Something that did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Skip {
    /// The scenario's id, or what the suite calls it when it has none on this machine.
    pub scenario: String,
    /// The queue's id; null when it is the scenario that did not run.
    #[serde(default)]
    pub queue: Option<String>,
    /// Why.
    pub reason: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When, in UTC, RFC 3339.
    pub ended: String,
    /// Blocks in the file.
    pub blocks: u64,
    /// Whether it was interrupted.
    pub interrupted: bool,
}
