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
use crate::record;
use crate::registry::Registry;
use crate::schedule::contender::split;
use crate::schedule::profile::{Extent, Profile};
use crate::schedule::rounds::{blocks_a_round, mean_slice_ns};
use crate::table::span;
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

/// What a block takes besides its slice, in nanoseconds.
const BLOCK_OVERHEAD_NS: u64 = 6_000_000;

impl Selftest {
    pub fn run(&self, registry: &Registry) -> anyhow::Result<u8> {
        let folder = self
            .resume
            .clone()
            .unwrap_or_else(|| format!("results/local/selftest-{}", now().replace(['-', ':'], "")).into());
        if self.resume.is_some() && !folder.join("calm.jsonl").exists() {
            bail!("{} is no folder of a self-test; list yours: ls -d results/local/selftest-*", folder.display());
        }
        for study in Study::ALL {
            let ended = self.measure(study, &folder, registry)?;
            if ended == code::INTERRUPTED {
                talk(&format!("To go on: queuebench selftest --resume {}", folder.display()));
                return Ok(ended);
            }
        }
        let report = report::of(&folder)?;
        out(&report.text)?;
        talk(&format!("\nmeasured blocks in {0}; this again: queuebench selftest --resume {0}", folder.display()));
        Ok(if report.holds { 0 } else { code::ERROR })
    }

    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 160 } else { 800 })
    }

    fn measure(&self, study: Study, folder: &Path, registry: &Registry) -> anyhow::Result<u8> {
        let program = own_program()?;
        let topology = read_topology();
        let mut harness = Harness::new()?;
        let scenario = harness.base(Workload::Stream);
        let path = folder.join(format!("{}.jsonl", study.name()));
        let (queues, extent) = if path.exists() {
            // The iterations that slow a queue down were computed when the file was begun.
            let run = record::read(&path)?.run;
            (run.versions.keys().cloned().collect(), run.extent())
        } else {
            let slow = if study == Study::Calm { slowed(&mut harness, registry)? } else { Vec::new() };
            let whole_run = if self.quick { Extent::fixed(30) } else { Profile::Default.extent() };
            (study.queues(registry, &scenario, &slow), study.extent(self.rounds(), whole_run))
        };
        let contenders = studies::contenders(&program, &queues);
        let plan = studies::plan(&scenario, queues, &topology).map_err(anyhow::Error::msg)?;
        let planned = &plan.scenarios[0];
        let round_ns = blocks_a_round(planned) * (mean_slice_ns(planned) + BLOCK_OVERHEAD_NS);
        let time = span(u64::from(extent.most) * round_ns / 1_000_000_000);
        talk(&format!(
            "{:<10} {} contenders, at most {} rounds, at most {time}",
            study.name(),
            planned.queues.len(),
            extent.most
        ));
        let cpu = planned.cpus.iter().copied().flatten().next_back();
        let _disturber = match (study, cpu) {
            (Study::Disturbed, Some(cpu)) => Some(Disturber::start(&program, cpu)?),
            (Study::Disturbed, None) => bail!("nothing is pinned here, so nothing can be disturbed"),
            _ => None,
        };
        Run::planned(&path, "selftest", &plan, contenders, extent, registry)
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
    debug_assert!(slowed.iter().all(|(queue, _)| split(queue).1.is_none()));
    Ok(slowed)
}
