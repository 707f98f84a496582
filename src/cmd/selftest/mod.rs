//! `selftest`: are the error rates what they are said to be, on this machine?

mod disturber;
mod report;
mod studies;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::run::{Run, now, own_program};
use super::{code, out, read_topology, talk};
use crate::harness::Harness;
use crate::protocol::Outcome;
use crate::record;
use crate::registry::Registry;
use crate::scenario::Scenario;
use crate::schedule::plan::Plan;
use crate::schedule::profile::{Extent, Profile};
use crate::schedule::rounds::round_ns;
use crate::table::span;
use crate::topology::Topology;
use crate::workload::Workload;
use disturber::Disturber;
pub use disturber::{WORD as DISTURB_WORD, disturb};
pub use studies::TWINS_WORD;
use studies::{SLOWDOWNS, SLOWED, Study};

/// Test the statistics on this machine: one queue against itself, against itself compiled a second time, with and without
/// a process that gets in the way; against itself slowed down by 3, 5 and 10 %; and two whole runs against each other.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench selftest --quick                      about five minutes
  queuebench selftest                              says how long it takes
  queuebench selftest --resume results/local/FOLDER")]
pub struct Selftest {
    /// Fewer rounds: about five minutes
    #[arg(long, conflicts_with = "resume")]
    quick: bool,
    /// So many rounds of each study [default: 800; with --quick 160]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=10_000), conflicts_with = "resume")]
    rounds: Option<u32>,
    /// Go on with this folder, or show again what came of it
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,
}

impl Selftest {
    pub fn run(&self, registry: &Registry) -> anyhow::Result<u8> {
        let folder = self
            .resume
            .clone()
            .unwrap_or_else(|| format!("results/local/selftest-{}", now().replace(['-', ':'], "")).into());
        if self.resume.is_some() && !folder.join("calm.jsonl").exists() {
            bail!("{} is no folder of a self-test; list yours: ls -d results/local/selftest-*", folder.display());
        }
        let begun = folder.join(file_of(Study::Calm));
        let begun = begun.exists().then(|| record::read(&begun)).transpose()?;
        let rounds = begun.as_ref().map_or(self.rounds(), |results| results.run.rounds);
        let setting = Setting::new(rounds, begun.is_some(), registry)?;
        if !folder.join(file_of(Study::Second)).exists() {
            talk(&format!(
                "selftest   {rounds} rounds; all of it takes at most {}",
                span(setting.total_ns() / 1_000_000_000)
            ));
        }
        let mut failed = false;
        for study in Study::ALL {
            match setting.measure(study, &folder, registry)? {
                code::INTERRUPTED => {
                    talk(&format!("To go on: queuebench selftest --resume {}", folder.display()));
                    return Ok(code::INTERRUPTED);
                }
                ended => failed |= ended == code::OUTCOME,
            }
        }
        let report = report::of(&folder)?;
        out(&report.text)?;
        talk(&format!("\nblocks in {0}; this again: queuebench selftest --resume {0}", folder.display()));
        if failed {
            talk("a block ended in an outcome other than ok: whatever else holds, this run does not");
        }
        Ok(if report.holds && !failed { 0 } else { code::ERROR })
    }

    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { QUICK_ROUNDS } else { 800 })
    }
}

/// Up to so many rounds the whole runs are short, too.
const QUICK_ROUNDS: u32 = 160;

fn file_of(study: Study) -> String {
    format!("{}.jsonl", study.name())
}

/// What all studies have in common.
struct Setting {
    rounds: u32,
    program: String,
    topology: Topology,
    scenario: Scenario,
    slow: Vec<(String, u32)>,
    plans: Vec<(Study, Plan, Extent)>,
}

impl Setting {
    fn new(rounds: u32, is_begun: bool, registry: &Registry) -> anyhow::Result<Setting> {
        let mut harness = Harness::new()?;
        let scenario = harness.base(Workload::Stream);
        let (program, topology) = (own_program()?, read_topology());
        // What slows queues down was computed when it was begun.
        let slow = if is_begun { Vec::new() } else { slowed(&mut harness, registry)? };
        let mut setting = Setting { rounds, program, topology, scenario, slow, plans: Vec::new() };
        for study in Study::ALL {
            let queues = study.queues(registry, &setting.scenario, &setting.slow);
            setting.plans.push((study, setting.plan(queues)?, study.extent(rounds, setting.whole_run())));
        }
        Ok(setting)
    }

    fn whole_run(&self) -> Extent {
        if self.rounds <= QUICK_ROUNDS { Extent::fixed(30) } else { Profile::Default.extent() }
    }

    fn plan(&self, mut queues: Vec<String>) -> anyhow::Result<Plan> {
        // In the order in which a file that is gone on with names them.
        queues.sort();
        studies::plan(&self.scenario, queues, &self.topology).map_err(anyhow::Error::msg)
    }

    fn total_ns(&self) -> u64 {
        let time = |(_, plan, extent): &(Study, Plan, Extent)| u64::from(extent.most) * round_ns(&plan.scenarios[0]);
        self.plans.iter().map(time).sum()
    }

    fn measure(&self, study: Study, folder: &Path, registry: &Registry) -> anyhow::Result<u8> {
        let path = folder.join(file_of(study));
        let planned = self.plans.iter().find(|(own, ..)| *own == study).expect("every study has a plan");
        let (plan, extent) = if path.exists() {
            let results = record::read(&path)?;
            if results.end.as_ref().is_some_and(|end| !end.interrupted) {
                let all_ok = results.blocks.iter().all(|block| block.report.outcome == Outcome::Ok);
                return Ok(if all_ok { 0 } else { code::OUTCOME });
            }
            // The iterations that slow a queue down were computed when the file was begun.
            (self.plan(results.run.versions.keys().cloned().collect())?, results.run.extent())
        } else {
            (planned.1.clone(), planned.2)
        };
        let planned = &plan.scenarios[0];
        let contenders = studies::contenders(&self.program, &planned.queues);
        talk(&format!("{:<10} {} contenders, {} rounds at most", study.name(), planned.queues.len(), extent.most));
        let cpu = planned.cpus.iter().copied().flatten().next_back();
        let mut disturber = match (study, cpu) {
            (Study::Disturbed, Some(cpu)) => Some(Disturber::start(&self.program, cpu)?),
            (Study::Disturbed, None) => bail!("nothing is pinned here, so nothing can be disturbed"),
            _ => None,
        };
        let ended = Run::planned(&path, "selftest", &plan, contenders, extent, registry)?;
        if disturber.as_mut().is_some_and(Disturber::is_gone) {
            bail!("the process that was to disturb has ended; {} says nothing", path.display());
        }
        Ok(ended)
    }
}

/// The queues that are slowed down, each with the iterations of work that take the wanted shares of its time for a message.
fn slowed(harness: &mut Harness, registry: &Registry) -> anyhow::Result<Vec<(String, u32)>> {
    let scenario = harness.base(Workload::Stream);
    let mut slowed = Vec::new();
    for queue in SLOWED.iter().filter(|queue| registry.find(queue, scenario.capacity).is_some()) {
        let mut ns: Vec<f64> = (0..9).filter_map(|_| harness.block(scenario, queue).ok()).collect();
        ns.sort_by(f64::total_cmp);
        let message_ns = ns.get(ns.len() / 2).copied().with_context(|| format!("{queue} does not run here"))?;
        for share in SLOWDOWNS {
            let iterations = (message_ns * share / harness.ns_per_work_iteration()).round().max(1.0);
            slowed.push(((*queue).to_owned(), iterations as u32));
        }
    }
    slowed.sort();
    slowed.dedup();
    Ok(slowed)
}
