//! `list`: what would run, and why a cell would not.

use clap::{Args, ValueEnum};

use super::run::pitfalls;
use super::{PlainFormat, Selection, out, read_topology};
use crate::queue::{About, Capacities, Ends, Order};
use crate::registry::Registry;
use crate::suite::Suite;
use crate::table::{Emphasis, Grid, count};
use crate::toolchain::version_of;

/// List the cells a run would measure and why the others are left out; or all queues, scenarios, suites.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench list                             every cell of the suite quick
  queuebench list queues                      every queue and what it can do
  queuebench list --suite standard -s pairs   part of another suite
  queuebench list suites")]
pub struct List {
    /// What to list
    #[arg(value_enum, default_value_t = What::Cells)]
    what: What,
    #[command(flatten)]
    selection: Selection,
    /// How to print it
    #[arg(long, value_enum, default_value_t = PlainFormat::Table, value_name = "FORMAT")]
    format: PlainFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Scenarios with their queues, and what is left out
    Cells,
    /// Queues
    Queues,
    /// Scenarios of the suite on this machine
    Scenarios,
    /// Suites
    Suites,
}

impl List {
    pub fn run(&self, registry: &Registry) -> anyhow::Result<u8> {
        let is_of_pitfalls = self.selection.suite() == pitfalls::SUITE;
        match self.what {
            What::Cells | What::Scenarios if is_of_pitfalls => self.pitfalls()?,
            What::Cells => self.cells(registry)?,
            What::Queues => self.queues(registry)?,
            What::Scenarios => self.scenarios(registry)?,
            What::Suites => self.suites()?,
        }
        Ok(0)
    }

    fn cells(&self, registry: &Registry) -> anyhow::Result<()> {
        let plan = self.selection.plan(registry, &read_topology())?;
        if self.format == PlainFormat::Json {
            let runs = plan.scenarios.iter().map(|planned| {
                serde_json::json!({
                    "scenario": planned.scenario.to_string(), "reference": planned.reference, "cpus": planned.cpus,
                    "threads": planned.threads, "oversubscribed": planned.oversubscribed(), "queues": planned.queues,
                    "tags": planned.tags,
                })
            });
            let all = serde_json::json!({ "runs": runs.collect::<Vec<_>>(), "skips": plan.skips });
            return out(&serde_json::to_string_pretty(&all)?);
        }
        for planned in &plan.scenarios {
            let crowd = if planned.oversubscribed() { ", threads outnumber cpus" } else { "" };
            let name = planned.name().map_or_else(String::new, |name| format!("  {name}"));
            let head = format!("{}{name}  ({}{crowd})", planned.scenario, count(planned.queues.len(), "queue"));
            out(&tagged(head, &planned.tags))?;
            for queue in &planned.queues {
                let reference = if *queue == planned.reference { "  reference" } else { "" };
                out(&format!("  {queue}{reference}"))?;
            }
        }
        let (scenarios, cells) = (count(plan.scenarios.len(), "scenario"), count(plan.cells(), "cell"));
        out(&format!("\n{scenarios}, {cells}\n\nleft out"))?;
        let mut scenario = "";
        for skip in &plan.skips {
            if skip.scenario != scenario {
                scenario = &skip.scenario;
                out(&format!("  {scenario}"))?;
            }
            match &skip.queue {
                Some(queue) => out(&format!("    {queue}: {}", skip.reason))?,
                None => out(&format!("    {}", skip.reason))?,
            }
        }
        Ok(())
    }

    fn queues(&self, registry: &Registry) -> anyhow::Result<()> {
        let choice = self.selection.choice()?;
        let wanted = |id: &str| choice.queue.as_ref().is_none_or(|filter| filter.matches(id));
        let mut ids: Vec<&str> = Vec::new();
        let mut rows = Vec::new();
        for entry in registry.entries().iter().filter(|entry| wanted(&entry.id)) {
            if ids.contains(&entry.id.as_str()) {
                continue;
            }
            ids.push(&entry.id);
            let capacities = registry.entries().iter().filter(|other| other.id == entry.id).map(|e| e.about.capacities);
            rows.push((entry.id.clone(), entry.about, joined(capacities), version_of(&entry.id, entry.about.package)));
        }
        anyhow::ensure!(!rows.is_empty(), "no queue matches; without -q all are listed");
        if self.format == PlainFormat::Json {
            let json = |(id, about, capacities, version): &(String, About, Capacities, String)| {
                serde_json::json!({
                    "id": id, "family": about.family, "package": about.package, "version": version,
                    "shape": shape(about), "capacities": words(*capacities), "exact": about.exact,
                    "order": order(about),
                })
            };
            return out(&serde_json::to_string_pretty(&rows.iter().map(json).collect::<Vec<_>>())?);
        }
        let mut grid = Grid::new(&["queue", "family", "shape", "order", "capacities", "version"], &[0, 1, 2, 3, 4, 5]);
        for (id, about, capacities, version) in rows {
            let capacities = format!("{}{}", words(capacities), if about.exact { "" } else { "*" });
            let cells = [id, about.family.to_string(), shape(&about).into(), order(&about).into(), capacities, version];
            grid.row(cells.into(), Emphasis::Plain);
        }
        out(&format!("{grid}\n* may hold more messages than asked for; the capacity column of rank --wide is measured"))
    }

    fn scenarios(&self, registry: &Registry) -> anyhow::Result<()> {
        let plan = self.selection.plan(registry, &read_topology())?;
        if self.format == PlainFormat::Json {
            let ids: Vec<String> = plan.scenarios.iter().map(|planned| planned.scenario.to_string()).collect();
            return out(&serde_json::to_string_pretty(&ids)?);
        }
        for planned in &plan.scenarios {
            out(&tagged(planned.scenario.to_string(), &planned.tags))?;
        }
        Ok(())
    }

    /// The pitfalls, which are scenarios and cells in one.
    fn pitfalls(&self) -> anyhow::Result<()> {
        let chosen = pitfalls::chosen(&self.selection)?;
        if self.format == PlainFormat::Json {
            let ids: Vec<&str> = chosen.iter().map(|pitfall| pitfall.id).collect();
            return out(&serde_json::to_string_pretty(&ids)?);
        }
        chosen.iter().try_for_each(|pitfall| out(&format!("{:<28} {}", pitfall.id, pitfall.rows.join(" "))))
    }

    fn suites(&self) -> anyhow::Result<()> {
        if self.format == PlainFormat::Json {
            let mut suites = Vec::new();
            for name in Suite::names() {
                suites.push(serde_json::json!({ "name": name, "description": Suite::load(name)?.description }));
            }
            suites.push(serde_json::json!({ "name": pitfalls::SUITE, "description": pitfalls::DESCRIPTION }));
            return out(&serde_json::to_string_pretty(&suites)?);
        }
        for name in Suite::names() {
            out(&format!("{name:<10} {}", Suite::load(name)?.description))?;
        }
        out(&format!("{:<10} {}", pitfalls::SUITE, pitfalls::DESCRIPTION))
    }
}

fn tagged(line: String, tags: &[String]) -> String {
    if tags.is_empty() { line } else { format!("{line}  {}", tags.join(" ")) }
}

fn joined(all: impl Iterator<Item = Capacities>) -> Capacities {
    all.fold(Capacities { rendezvous: false, bounded: false, unbounded: false }, |a, b| Capacities {
        rendezvous: a.rendezvous || b.rendezvous,
        bounded: a.bounded || b.bounded,
        unbounded: a.unbounded || b.unbounded,
    })
}

fn words(capacities: Capacities) -> String {
    let words =
        [(capacities.rendezvous, "rendezvous"), (capacities.bounded, "bounded"), (capacities.unbounded, "unbounded")];
    words.iter().filter(|(has, _)| *has).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}

/// The order promised: of all messages, or of each producer's.
fn order(about: &About) -> &'static str {
    match about.order {
        Order::Fifo => "fifo",
        Order::PerProducer => "per producer",
    }
}

fn shape(about: &About) -> &'static str {
    match (about.producers, about.consumers) {
        (Ends::Many, Ends::Many) => "mpmc",
        (Ends::Many, Ends::One) => "mpsc",
        (Ends::One, Ends::Many) => "spmc",
        (Ends::One, Ends::One) => "spsc",
    }
}
