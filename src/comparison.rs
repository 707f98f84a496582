//! Two results files beside each other: through the reference queue that is in every round of both.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::ranking::{CONFIDENCE, Context, Logs, Ranking, Ratio, Row, is_limit, rank};
use crate::record::{Block, Results, Run, ScenarioLine};
use crate::scenario::Scenario;
use crate::stats::{RunEstimate, Verdict, between_runs, change, differences};
use crate::workload::Workload;

/// What two runs of one machine differ by where too few queues are there to tell: found between two runs of nine queues, a
/// minute apart, on a shared virtual machine; see METHODOLOGY.
pub const USUALLY_BETWEEN_RUNS: f64 = 0.09;

/// Why a queue of BASE has no place in the comparison that may be a regression itself.
pub const NO_FIGURE_IN_NEW: &str = "no figure in NEW";

/// Two files, compared.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Whether both are of one machine.
    pub same_machine: bool,
    /// The standard deviation of what ratios differ by between the runs, beyond their intervals; as a share.
    pub between_runs: f64,
    /// How many ratios it was measured from; none where it is the usual one.
    pub measured_from: Option<usize>,
    /// The scenarios both have.
    pub scenarios: Vec<ComparedScenario>,
    /// What could not be compared, and the key that differs.
    pub left_out: Vec<LeftOut>,
}

/// A scenario both files have.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedScenario {
    /// Its id.
    pub scenario: String,
    /// The queue that ratios are taken to.
    pub reference: String,
    /// The queues both have, in the order of the new file's figures.
    pub rows: Vec<ComparedRow>,
}

/// A queue in both files.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedRow {
    /// Its id.
    pub queue: String,
    /// Its versions.
    pub versions: [String; 2],
    /// Nanoseconds per message or round trip, in the middle.
    pub ns: [f64; 2],
    /// How many times the reference's rate, in either file.
    pub times_reference: [Option<Ratio>; 2],
    /// The new one over the base one; none of the reference.
    pub change: Option<Ratio>,
    /// What that says of the new one.
    pub verdict: Option<Verdict>,
    /// Why either file's figure is not to be relied on.
    pub unreliable: Option<String>,
}

/// What could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeftOut {
    /// The scenario.
    pub scenario: String,
    /// The queue; null when it is the scenario.
    pub queue: Option<String>,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let queue = self.queue.as_ref().map_or_else(String::new, |queue| format!("{queue} in "));
        write!(f, "{queue}{}: {}", self.scenario, self.reason)
    }
}

/// Why two runs cannot be compared at all: the key that differs, with its two values.
pub fn obstacle(one: &Run, other: &Run) -> Option<(&'static str, String, String)> {
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    let keys = [
        ("program", one.program.clone(), other.program.clone()),
        ("method", one.method.to_string(), other.method.to_string()),
        ("major version", major(&one.version), major(&other.version)),
        ("rustc", one.toolchain.rustc.clone(), other.toolchain.rustc.clone()),
        ("optimisation level", one.toolchain.opt_level.clone(), other.toolchain.opt_level.clone()),
        ("RUSTFLAGS", one.toolchain.rustflags.clone(), other.toolchain.rustflags.clone()),
        ("allocator", one.toolchain.allocator.clone(), other.toolchain.allocator.clone()),
    ];
    keys.into_iter().find(|(_, one, other)| one != other)
}

/// Compares what two files have in common; `margin` is the share by which a queue may change and still be equivalent.
///
/// # Errors
///
/// When a scenario's id is none.
pub fn compare(base: &Results, new: &Results, margin: f64) -> Result<Comparison, String> {
    let same_machine = base.run.machine.id == new.run.machine.id;
    let mut left_out = Vec::new();
    let mut found = Vec::new();
    for line in &base.run.scenarios {
        let other = new.run.scenarios.iter().find(|other| other.id == line.id);
        match other.ok_or_else(|| "only in BASE".to_owned()).and_then(|other| comparable(line, other, same_machine)) {
            Ok(()) => found.push(Found::of(line, base, new, margin, &mut left_out)?),
            Err(reason) => left_out.push(LeftOut { scenario: line.id.clone(), queue: None, reason }),
        }
    }
    let known = |line: &&ScenarioLine| base.run.scenarios.iter().any(|other| other.id == line.id);
    let only_new = new.run.scenarios.iter().filter(|line| !known(line));
    left_out.extend(only_new.map(|line| LeftOut {
        scenario: line.id.clone(),
        queue: None,
        reason: "only in NEW".into(),
    }));
    let pairs: Vec<(RunEstimate, RunEstimate)> = found.iter().flat_map(Found::unchanged_versions).collect();
    let measured = between_runs(&pairs);
    let between = measured.unwrap_or(USUALLY_BETWEEN_RUNS);
    Ok(Comparison {
        same_machine,
        between_runs: between,
        measured_from: measured.map(|_| pairs.len()),
        scenarios: found.into_iter().map(|found| found.compared(between, margin)).collect(),
        left_out,
    })
}

/// Whether two scenarios of one id came about alike.
pub(crate) fn comparable(base: &ScenarioLine, new: &ScenarioLine, same_machine: bool) -> Result<(), String> {
    let differ = |key: &str, one: String, other: String| Err(format!("{key} differs: {one} and {other}"));
    if base.reference != new.reference {
        return differ("the reference", base.reference.clone(), new.reference.clone());
    }
    if base.oversubscribed != new.oversubscribed {
        let words = |line: &ScenarioLine| if line.oversubscribed { "threads outnumber cpus" } else { "a cpu a thread" };
        return differ("crowding", words(base).into(), words(new).into());
    }
    if same_machine && base.cpus != new.cpus {
        return differ("cpus", format!("{:?}", base.cpus), format!("{:?}", new.cpus));
    }
    Ok(())
}

/// A queue's figures in both files.
struct FoundRow {
    queue: String,
    versions: [String; 2],
    ns: [f64; 2],
    /// The logs of its ratios to the reference; none of the reference itself.
    ratios: Option<[(RunEstimate, Ratio); 2]>,
    unreliable: Option<String>,
}

struct Found {
    scenario: String,
    reference: String,
    rows: Vec<FoundRow>,
}

impl Found {
    fn of(
        line: &ScenarioLine,
        base: &Results,
        new: &Results,
        margin: f64,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Found, String> {
        let scenario: Scenario = line.id.parse()?;
        let [own, other] = [base, new].map(|file| File::of(&scenario, file, line, margin));
        let all = |file: &File| file.ranking.rows.iter().map(|row| row.queue.clone()).collect::<Vec<_>>();
        let mut rows = Vec::new();
        for queue in all(&own).into_iter().chain(all(&other)).collect::<BTreeSet<_>>() {
            let missing = |reason: &str| LeftOut {
                scenario: line.id.clone(),
                queue: Some(queue.clone()),
                reason: reason.to_owned(),
            };
            let (before, after) = match (own.ns(&queue), other.ns(&queue)) {
                (Some(before), Some(after)) => (before, after),
                (Some(_), None) => {
                    left_out.push(missing(NO_FIGURE_IN_NEW));
                    continue;
                }
                _ => {
                    left_out.push(missing("no figure in BASE"));
                    continue;
                }
            };
            let ratios = own.ratio(&queue).zip(other.ratio(&queue)).map(<[_; 2]>::from);
            if ratios.is_none() && queue != line.reference {
                left_out.push(missing("too few rounds with the reference"));
                continue;
            }
            let version = |file: &Results| file.run.versions.get(&queue).cloned().unwrap_or_else(|| "unknown".into());
            let unreliable = [&own, &other].into_iter().find_map(|file| file.row(&queue)?.unreliable.clone());
            let versions = [version(base), version(new)];
            rows.push(FoundRow { queue, versions, ns: [before, after], ratios, unreliable });
        }
        Ok(Found { scenario: line.id.clone(), reference: line.reference.clone(), rows })
    }

    /// Ratios of queues whose code is the same in both files: what they differ by is the runs' doing.
    fn unchanged_versions(&self) -> Vec<(RunEstimate, RunEstimate)> {
        let same = self.rows.iter().filter(|row| row.versions[0] == row.versions[1]);
        same.filter_map(|row| row.ratios.map(|[before, after]| (before.0, after.0))).collect()
    }

    fn compared(self, between: f64, margin: f64) -> ComparedScenario {
        let compared = |row: FoundRow| {
            let changed = row
                .ratios
                .map(|[before, after]| (change(before.0, after.0, between), before.1.rounds.min(after.1.rounds)));
            let ratio = changed.map(|((log, interval), rounds)| Ratio {
                estimate: log.exp(),
                interval: Some([interval.lower.exp(), interval.upper.exp()]),
                rounds,
            });
            let verdict = changed.map(|((_, interval), _)| Verdict::of(interval.exp(), margin));
            ComparedRow {
                queue: row.queue,
                versions: row.versions,
                ns: row.ns,
                times_reference: row.ratios.map_or([None, None], |ratios| ratios.map(|(_, ratio)| Some(ratio))),
                change: ratio,
                verdict,
                unreliable: row.unreliable,
            }
        };
        let mut rows: Vec<ComparedRow> = self.rows.into_iter().map(compared).collect();
        rows.sort_by(|a, b| a.ns[1].total_cmp(&b.ns[1]));
        ComparedScenario { scenario: self.scenario, reference: self.reference, rows }
    }
}

/// One file's figures of a scenario.
struct File<'a> {
    logs: Logs,
    reference: &'a str,
    ranking: Ranking,
    workload: Workload,
}

impl<'a> File<'a> {
    fn of(scenario: &Scenario, file: &Results, line: &'a ScenarioLine, margin: f64) -> File<'a> {
        let own = file.blocks.iter().filter(|block| block.scenario == line.id && !is_limit(&block.queue));
        let blocks: Vec<Block> = own.cloned().collect();
        let context = Context { families: &file.run.families, margin, oversubscribed: line.oversubscribed };
        File {
            logs: Logs::of(scenario.workload, &blocks),
            reference: &line.reference,
            ranking: rank(scenario, &blocks, &context),
            workload: scenario.workload,
        }
    }

    fn row(&self, queue: &str) -> Option<&Row> {
        self.ranking.rows.iter().find(|row| row.queue == queue)
    }

    /// Nanoseconds per message or round trip; none of a queue that failed.
    fn ns(&self, queue: &str) -> Option<f64> {
        let value = self.row(queue)?.value?;
        Some(if self.workload.is_timed() { value } else { 1e9 / value })
    }

    /// Its rate over the reference's; none of the reference itself and with too few rounds.
    fn ratio(&self, queue: &str) -> Option<(RunEstimate, Ratio)> {
        let both = || differences(self.logs.get(queue), self.logs.get(self.reference));
        let differences = (queue != self.reference).then(both)??;
        let interval = differences.interval(CONFIDENCE)?;
        Some((RunEstimate::new(differences.estimate(), interval), Ratio::of(&differences, CONFIDENCE)))
    }
}
