//! One scenario: its ranking with all that is said around it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::absent::{Absent, AbsentKind, absent};
use crate::queue::Capacity;
use crate::ranking::{
    Answer, Context, Dots, Logs, Matter, PairRow, Ranking, Row, Undecided, WaitNeed, against_builds, all_pairs,
    answers, dots, headline, is_limit, rank, speed_up, undecided,
};
use crate::record::{Block, Run, ScenarioLine, Skip};
use crate::scenario::{Boundary, Scenario, Site};
use crate::schedule::profile::Profile;
use crate::workload::Size;

/// The blocks of one of a run's scenarios.
pub struct Measured<'a> {
    /// The run, or the first of several.
    pub run: &'a Run,
    /// Every queue's family.
    pub families: &'a BTreeMap<String, String>,
    /// The scenario.
    pub line: &'a ScenarioLine,
    /// Its blocks.
    pub blocks: &'a [Block],
}

/// A scenario with all that is said of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Section {
    /// The scenario.
    #[serde(skip)]
    pub scenario: Scenario,
    /// What queues are compared by, limits apart.
    #[serde(skip)]
    pub logs: Logs,
    /// One sentence that can be quoted.
    pub headline: Option<String>,
    /// Its rows.
    #[serde(flatten)]
    pub ranking: Ranking,
    /// The scenario's parts, so that nobody need take its id to pieces.
    pub parts: Parts,
    /// The best sets among the queues that wait as wanted, by speed and by cost; where a whole summary was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// Every block, in the order they ran; likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dots: Vec<Dots>,
    /// Queues that have no block here, and why; likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Absent>,
    /// Every pair, where that was asked for.
    pub pairs: Vec<PairRow>,
    /// Queues beside other builds of them.
    pub builds: Vec<PairRow>,
    /// How many times faster than one worker alone, of programs that were run by one, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub speed_up: Vec<PairRow>,
    /// What would decide the undecided.
    pub undecided: Vec<Undecided>,
    /// What the suite calls it, where that is not its id.
    pub name: Option<String>,
    /// Words it can be found by: rows of the course.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The queue that is in every round.
    pub reference: String,
    /// Threads that run at once.
    pub threads: usize,
    /// Whether they outnumber the cpus they run on.
    pub oversubscribed: bool,
    /// Where it was read from; none while it is being measured.
    pub files: Vec<String>,
    /// How many runs were pooled.
    pub runs: usize,
    /// Where else among the summary's scenarios this one is, of the same machine but of runs that cannot be pooled with it:
    /// another field, another build. Figures of the two are not to be compared.
    pub twins: Vec<usize>,
    /// Which pool of runs it is from: figures of different pools do not belong on one line.
    pub pool: usize,
    /// The machine's id.
    pub machine: String,
    /// When its first run started, in UTC, RFC 3339.
    pub started: String,
    /// The suite it was first run in.
    pub suite: String,
    /// The allocator the program was built with.
    pub allocator: String,
    /// Whether there is enough of it to compare queues at all.
    pub compares: bool,
}

/// A scenario's parts.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Parts {
    /// What the endpoints do.
    pub workload: String,
    /// How many send.
    pub producers: usize,
    /// How many receive.
    pub consumers: usize,
    /// Messages the queue may hold; null without a bound.
    pub capacity: Option<usize>,
    /// Bytes per message.
    pub payload_bytes: usize,
    /// Whether they travel in a box.
    pub boxed: bool,
    /// Nanoseconds of work per message, the producer's and the consumer's.
    pub work_ns: [u32; 2],
    /// Messages producers may be ahead; 0 leaves it to the queue.
    pub credit: u32,
    /// What a crawl goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteParts>,
    /// `threads` or `processes`.
    pub boundary: Boundary,
    /// How endpoints map to cpus.
    pub placement: String,
}

/// What a crawl goes through.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SiteParts {
    /// Pages that can be reached.
    pub pages: u32,
    /// What a page takes to arrive, in milliseconds.
    pub delay_ms: u32,
    /// How workers know which pages have been seen.
    pub seen: String,
}

impl Parts {
    fn of(scenario: &Scenario) -> Parts {
        Parts {
            workload: scenario.workload.to_string(),
            producers: scenario.producers,
            consumers: scenario.consumers,
            capacity: match scenario.capacity {
                Capacity::Bounded(messages) => Some(messages),
                Capacity::Unbounded => None,
            },
            payload_bytes: scenario.size.bytes(),
            boxed: scenario.size == Size::Boxed,
            work_ns: [scenario.work.producer, scenario.work.consumer],
            credit: scenario.credit,
            site: scenario.site.map(|Site { pages, delay_ms, seen }| SiteParts {
                pages,
                delay_ms,
                seen: seen.to_string(),
            }),
            boundary: scenario.boundary,
            placement: scenario.placement.to_string(),
        }
    }
}

impl Section {
    /// Of what was measured of a scenario; rates that differ by less than the share `margin` are equivalent. A smoke
    /// run shows no ratio, because so few rounds say nothing.
    ///
    /// # Errors
    ///
    /// When the scenario's id is none.
    pub fn new(measured: &Measured, margin: f64, with_pairs: bool) -> anyhow::Result<Section> {
        let Measured { run, line, blocks, families } = measured;
        let scenario: Scenario = line.id.parse().map_err(anyhow::Error::msg)?;
        let context = Context { families, margin, oversubscribed: line.oversubscribed };
        let mut ranking = rank(&scenario, blocks, &context);
        let compares = run.profile != Profile::Smoke.name();
        if !compares {
            ranking.rows.iter_mut().for_each(Row::forget_comparison);
        }
        let logs = Logs::of(scenario.workload, *blocks).retain(|queue| compares && !is_limit(queue));
        Ok(Section {
            scenario,
            headline: headline(&ranking),
            parts: Parts::of(&scenario),
            answers: Vec::new(),
            dots: Vec::new(),
            absent: Vec::new(),
            pairs: if with_pairs { all_pairs(&logs, &ranking) } else { Vec::new() },
            builds: against_builds(&logs, &ranking),
            speed_up: speed_up(&logs, &ranking),
            undecided: undecided(&logs, &ranking),
            ranking,
            name: line.name.clone(),
            tags: line.tags.clone(),
            reference: line.reference.clone(),
            threads: line.threads,
            oversubscribed: line.oversubscribed,
            files: Vec::new(),
            runs: 1,
            twins: Vec::new(),
            pool: 0,
            machine: run.machine.id.clone(),
            started: run.started.clone(),
            suite: run.suite.clone(),
            allocator: run.toolchain.allocator.clone(),
            logs,
            compares,
        })
    }

    /// Whether it measures queues as such: not what starts workers or copies messages, and no whole program.
    pub fn is_of_queues(&self) -> bool {
        use crate::workload::Workload::{Pairs, Pingpong, Stream, Wakeup};
        matches!(self.scenario.workload, Stream | Pairs | Pingpong | Wakeup)
    }

    /// Whether it is a whole program.
    pub fn is_program(&self) -> bool {
        self.scenario.workload.program().is_some()
    }

    /// The answer among all queues, however they wait; only a whole summary has one.
    pub fn widest_answer(&self, matter: Matter) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.matter == matter && answer.wait == WaitNeed::Any)
    }

    /// Why a queue has no row here; of a queue that nobody spoke of, that nobody measured it.
    pub fn why_absent(&self, queue: &str) -> AbsentKind {
        let known = self.absent.iter().find(|absent| absent.queues.iter().any(|known| known == queue));
        known.map_or(AbsentKind::NotMeasured, |absent| absent.kind)
    }

    /// With what only a whole summary needs: every block, the answers, and who is absent.
    #[must_use]
    pub fn whole(mut self, measured: &Measured, skips: &[Skip]) -> Section {
        let margin = self.ranking.margin;
        let context = Context { families: measured.families, margin, oversubscribed: measured.line.oversubscribed };
        if self.compares {
            self.answers = answers(&self.scenario, measured.blocks, &context, &self.ranking);
        }
        self.dots = dots(&self.scenario, measured.blocks, &context);
        self.absent = absent(&self.ranking, skips);
        self
    }
}
