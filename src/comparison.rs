//! Two results files beside each other: through the reference queue that is in every round of both.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ranking::{CONFIDENCE, Logs, Ratio, is_limit};
use crate::record::{Block, Results, ScenarioLine};
use crate::scenario::Scenario;
use crate::stats::{Interval, RunEstimate, Verdict, between_runs, change, differences};
use crate::workload::Workload;

/// What two runs of one machine differ by where too few queues are there to tell: METHODOLOGY says where it was measured.
pub const USUALLY_BETWEEN_RUNS: f64 = 0.05;

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
    /// The queues both have, by how they changed.
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
}

/// What could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The scenario, or the scenario and the queue.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// Why two runs cannot be compared at all: the key that differs, with its two values.
pub fn obstacle(base: &Results, new: &Results) -> Option<(&'static str, String, String)> {
    let (one, other) = (&base.run, &new.run);
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    let keys = [
        ("program", one.program.clone(), other.program.clone()),
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
            Ok(()) => found.push(Found::of(line, base, new, &mut left_out)?),
            Err(reason) => left_out.push(LeftOut { what: line.id.clone(), reason }),
        }
    }
    let known = |line: &&ScenarioLine| base.run.scenarios.iter().any(|other| other.id == line.id);
    let only_new = new.run.scenarios.iter().filter(|line| !known(line));
    left_out.extend(only_new.map(|line| LeftOut { what: line.id.clone(), reason: "only in NEW".into() }));
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
fn comparable(base: &ScenarioLine, new: &ScenarioLine, same_machine: bool) -> Result<(), String> {
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
}

struct Found {
    scenario: String,
    reference: String,
    rows: Vec<FoundRow>,
}

impl Found {
    fn of(line: &ScenarioLine, base: &Results, new: &Results, left_out: &mut Vec<LeftOut>) -> Result<Found, String> {
        let scenario: Scenario = line.id.parse()?;
        let files = [base, new].map(|file| File::of(&scenario, file, &line.reference));
        let mut rows = Vec::new();
        let [own, other] = &files;
        for queue in
            own.logs.sound().0.into_iter().chain(other.logs.sound().0).collect::<std::collections::BTreeSet<_>>()
        {
            let missing = |reason: &str| LeftOut { what: format!("{}/{queue}", line.id), reason: reason.to_owned() };
            let (Some(before), Some(after)) = (own.ns(queue), other.ns(queue)) else {
                left_out.push(missing(if own.ns(queue).is_some() { "no figure in NEW" } else { "no figure in BASE" }));
                continue;
            };
            let ratios = match (own.ratio(queue), other.ratio(queue)) {
                (Some(before), Some(after)) => Some([before, after]),
                _ if queue == line.reference => None,
                _ => {
                    left_out.push(missing("too few rounds with the reference"));
                    continue;
                }
            };
            let version = |file: &Results| file.run.versions.get(queue).cloned().unwrap_or_else(|| "unknown".into());
            let versions = [version(base), version(new)];
            rows.push(FoundRow { queue: queue.to_owned(), versions, ns: [before, after], ratios });
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
            let verdict = changed.map(|((_, interval), _)| {
                let ratio = Interval { lower: interval.lower.exp(), upper: interval.upper.exp(), ..interval };
                Verdict::of(ratio, margin)
            });
            ComparedRow {
                queue: row.queue,
                versions: row.versions,
                ns: row.ns,
                times_reference: row.ratios.map_or([None, None], |ratios| ratios.map(|(_, ratio)| Some(ratio))),
                change: ratio,
                verdict,
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
    values: BTreeMap<String, f64>,
    workload: Workload,
}

impl<'a> File<'a> {
    fn of(scenario: &Scenario, file: &Results, reference: &'a str) -> File<'a> {
        let id = scenario.to_string();
        let blocks: Vec<&Block> =
            file.blocks.iter().filter(|block| block.scenario == id && !is_limit(&block.queue)).collect();
        let logs = Logs::of(scenario.workload, blocks.iter().copied());
        let mut figures: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for block in blocks {
            let figure = crate::ranking::figure_of(scenario.workload, &block.report);
            figures.entry(block.queue.clone()).or_default().extend(figure);
        }
        let middle = |(queue, figures): (String, Vec<f64>)| Some((queue, crate::stats::median(&figures)?));
        let values = figures.into_iter().filter_map(middle).collect();
        File { logs, reference, values, workload: scenario.workload }
    }

    /// Nanoseconds per message or round trip; none of a queue that failed.
    fn ns(&self, queue: &str) -> Option<f64> {
        self.logs.get(queue).iter().any(Option::is_some).then_some(())?;
        let value = *self.values.get(queue)?;
        Some(if self.workload == Workload::Pingpong { value } else { 1e9 / value })
    }

    /// Its rate over the reference's; none of the reference itself and with too few rounds.
    fn ratio(&self, queue: &str) -> Option<(RunEstimate, Ratio)> {
        let differences =
            (queue != self.reference).then(|| differences(self.logs.get(queue), self.logs.get(self.reference)))??;
        let interval = differences.interval(CONFIDENCE)?;
        let ratio = Ratio {
            estimate: differences.estimate().exp(),
            interval: Some([interval.lower.exp(), interval.upper.exp()]),
            rounds: differences.len(),
        };
        Some((RunEstimate::new(differences.estimate(), interval), ratio))
    }
}
