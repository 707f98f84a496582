//! `run --worker NAME=PATH`: another build's worker in the same rounds. Did my change help?

use std::str::FromStr;

use crate::ranking::is_limit;
use crate::record::Skip;
use crate::schedule::contender::{Contender, Contenders};
use crate::schedule::plan::{Choice, Plan};
use crate::schedule::supervise::{can_run, introduction};
use crate::toolchain::build_of;

/// Another build of this program, or any that speaks the protocol.
#[derive(Clone, Debug)]
pub struct Build {
    name: String,
    command: Vec<String>,
    said: String,
}

impl FromStr for Build {
    type Err = String;

    fn from_str(text: &str) -> Result<Build, String> {
        let wrong = || {
            format!("'{text}' is no worker; write a name and the program, as base=../main/target/release/queuebench")
        };
        let (name, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or_else(wrong)?;
        let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 30 || !name.chars().all(is_letter) || name.contains("..") {
            return Err(wrong());
        }
        let command = vec![path.to_owned(), "worker".to_owned()];
        let said = introduction(&command).map_err(|why| format!("{path} is no worker: {why}"))?;
        let said = format!("{said}, build {}", build_of(std::path::Path::new(path)));
        Ok(Build { name: name.to_owned(), command, said })
    }
}

impl Build {
    /// Its name, and what it says it is.
    pub fn said(&self) -> (String, String) {
        (self.name.clone(), self.said.clone())
    }
}

/// Adds to each scenario what the builds have of the queues that were chosen for it, and says who runs what.
///
/// # Errors
///
/// When two builds have one name, or one has none of the queues.
pub fn join(plan: &mut Plan, builds: &[Build], own: String, choice: &Choice) -> anyhow::Result<Contenders> {
    let mut contenders = Contenders::own(vec![own, "worker".into()]);
    for build in builds {
        anyhow::ensure!(!contenders.names().any(|name| name == build.name), "two workers are called {}", build.name);
        contenders = contenders.with(&build.name, Contender { command: build.command.clone(), extra_iterations: 0 });
        let mut refusal = None;
        let before = plan.cells();
        for planned in &mut plan.scenarios {
            // The reference is there to compare files through; another build of it only where it was asked for.
            let id = planned.scenario.to_string();
            let is_chosen = |queue: &&String| {
                choice.queue.as_ref().is_none_or(|filter| filter.matches(queue))
                    && choice.cell.as_ref().is_none_or(|filter| filter.matches(&format!("{id}/{queue}")))
            };
            let chosen = planned.queues.iter().filter(|queue| !is_limit(queue) && !queue.contains('@'));
            for queue in chosen.filter(is_chosen).cloned().collect::<Vec<_>>() {
                let queue = format!("{queue}@{}", build.name);
                match can_run(&contenders, &planned.cell(&queue)) {
                    Ok(()) => {
                        planned.queues.push(queue.clone());
                        planned.repeatable.push(queue);
                    }
                    Err(reason) => {
                        refusal = Some(format!("{queue}: {reason}"));
                        plan.skips.push(Skip { scenario: planned.scenario.to_string(), queue: Some(queue), reason });
                    }
                }
            }
        }
        let refusal = refusal.unwrap_or_else(|| "only limits are left".into());
        anyhow::ensure!(plan.cells() > before, "the worker {} runs none of the chosen queues; {refusal}", build.name);
    }
    Ok(contenders)
}
