//! `run --resume`: the same run again, from where its file ends.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::ValueEnum;

use super::builds::Build;
use super::{Opened, Run, scenario_line};
use crate::cmd::{Selection, Waits};
use crate::machine::Fingerprint;
use crate::record::{METHOD, Results, ScenarioLine, Writer};
use crate::registry::Registry;
use crate::schedule::plan::Plan;
use crate::schedule::profile::Profile;
use crate::table::percentage;
use crate::toolchain::{Toolchain, build_of};

impl Run {
    /// The options a file was started with; what is typed beside `--resume` must not contradict them.
    pub(super) fn as_recorded(&self, results: &Results, machine: &Fingerprint) -> anyhow::Result<Run> {
        let (run, path) = (&results.run, results.path.display());
        let finished = results.end.as_ref().is_some_and(|end| !end.interrupted);
        if finished {
            bail!("{path} is complete; see it with: queuebench rank {path}");
        }
        let differ = |what: &str, theirs: &str, ours: &str| {
            anyhow::anyhow!(
                "cannot resume {path}: its {what} is {theirs}, not {ours}; start a new file without --resume"
            )
        };
        if run.machine.id != machine.id {
            return Err(differ("machine", &run.machine.id, &machine.id));
        }
        if run.version != env!("CARGO_PKG_VERSION") {
            return Err(differ("queuebench", &run.version, env!("CARGO_PKG_VERSION")));
        }
        let build = std::env::current_exe().map_or_else(|_| String::new(), |program| build_of(&program));
        if !run.build.is_empty() && run.build != build {
            return Err(differ("build", &run.build, &build));
        }
        if run.method != METHOD {
            return Err(differ("method", &run.method.to_string(), &METHOD.to_string()));
        }
        if run.toolchain != Toolchain::own() {
            return Err(differ("toolchain", &format!("{:?}", run.toolchain), &format!("{:?}", Toolchain::own())));
        }
        let (typed, recorded) = (&self.selection, &run.selection);
        let none = || "none".to_owned();
        let filter = |filter: &Option<String>| filter.clone().unwrap_or_else(none);
        let waits = |all| if all { "all" } else { "yield" }.to_owned();
        let deadline = run.deadline_ns / 1_000_000_000;
        for (what, typed, recorded) in [
            ("suite", typed.suite.clone(), run.suite.clone()),
            ("profile", self.profile.map(|profile| profile.name().to_owned()), run.profile.clone()),
            ("number of rounds", self.rounds.map(|rounds| rounds.to_string()), run.rounds.to_string()),
            ("precision", self.precision.map(percentage), percentage(run.precision)),
            ("seed", self.seed.map(|seed| seed.to_string()), run.seed.to_string()),
            ("deadline", self.deadline.map(|seconds| seconds.to_string()), deadline.to_string()),
            ("queue filter", typed.queue.clone(), filter(&recorded.queue)),
            ("scenario filter", typed.scenario.clone(), filter(&recorded.scenario)),
            ("cell filter", typed.cell.clone(), filter(&recorded.cell)),
            ("waits", typed.waits.map(|typed| waits(typed == Waits::All)), waits(recorded.all_waits)),
        ] {
            if let Some(typed) = typed.filter(|typed| *typed != recorded) {
                return Err(differ(what, &recorded, &typed));
            }
        }
        let builds: BTreeMap<String, String> = self.builds.iter().map(Build::said).collect();
        if builds != run.workers {
            let all = |builds: &BTreeMap<String, String>| {
                let each: Vec<String> = builds.iter().map(|(name, said)| format!("{name} ({said})")).collect();
                if each.is_empty() { none() } else { each.join(", ") }
            };
            bail!(
                "cannot resume {path}: its other builds are {}, not {}; add --worker NAME=PATH as it was started with",
                all(&run.workers),
                all(&builds)
            );
        }
        let is_fixed = !run.extent().is_adaptive();
        Ok(Run {
            selection: Selection {
                suite: Some(run.suite.clone()),
                queue: recorded.queue.clone(),
                scenario: recorded.scenario.clone(),
                cell: recorded.cell.clone(),
                waits: recorded.all_waits.then_some(Waits::All),
                ..self.selection.clone()
            },
            profile: Profile::from_str(&run.profile, false).ok(),
            rounds: is_fixed.then_some(run.rounds),
            precision: (!is_fixed).then_some(run.precision),
            seed: Some(run.seed),
            budget: self.budget.or(run.budget_ns.map(std::time::Duration::from_nanos)),
            margin: run.margin,
            keep_going: recorded.keep_going || self.keep_going,
            deadline: Some(deadline),
            ..self.clone()
        })
    }

    pub(super) fn reopen(&self, results: Results, plan: &Plan, registry: &Registry) -> anyhow::Result<Opened> {
        let planned: Vec<ScenarioLine> = plan.scenarios.iter().map(scenario_line).collect();
        if planned != results.run.scenarios {
            bail!(
                "cannot resume {}: the suite or the cpus this process may use have changed; start a new file",
                results.path.display()
            );
        }
        let versions = self.versions(plan, registry);
        if let Some((id, now)) = versions.iter().find(|(id, now)| results.run.versions.get(*id) != Some(now)) {
            let then = results.run.versions.get(id).map_or("unknown", String::as_str);
            bail!(
                "cannot resume {}: its {id} is {then}, not {now}; start a new file without --resume",
                results.path.display()
            );
        }
        let writer = Writer::resume(&results.path, results.resumable)?;
        Ok((writer, results.path, results.run, results.blocks))
    }
}
