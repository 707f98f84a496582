//! `machine`: what this machine is, what placements come to on it, and what spoils numbers.

pub(super) mod probe;

use std::path::PathBuf;

use clap::Args;

use super::{PlainFormat, out, read_topology, system_root};
use crate::machine::{Check, Fingerprint, Level, checks};
use crate::topology::{Placement, Topology};

/// Show this machine: its cpus and what they share, what placements come to, and what spoils numbers here.
/// Changes nothing.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench machine
  queuebench machine --format json | jq .fingerprint.id
  queuebench machine --probe                   how far apart are my cores?
  queuebench machine --probe -o cores.jsonl    and keep it")]
pub struct Machine {
    /// How to print it
    #[arg(long, value_enum, default_value_t = PlainFormat::Table, value_name = "FORMAT")]
    format: PlainFormat,
    /// Measure what a cache line takes from each cpu to each other one and back, and show that instead
    #[arg(long)]
    probe: bool,
    /// Write what was measured to this file, too
    #[arg(short, long, value_name = "FILE", requires = "probe")]
    output: Option<PathBuf>,
}

impl Machine {
    pub fn run(&self) -> anyhow::Result<u8> {
        let root = system_root();
        let topology = read_topology();
        let fingerprint = Fingerprint::read(&root, &topology);
        if self.probe {
            return probe::probe(fingerprint, topology, self.format, self.output.as_deref());
        }
        let checks = checks(&root, &topology);
        if self.format == PlainFormat::Json {
            let placements: Vec<_> =
                Placement::ALL.iter().map(|placement| placement_json(*placement, &topology)).collect();
            let all = serde_json::json!({
                "fingerprint": fingerprint, "topology": topology, "placements": placements, "checks": checks,
            });
            return out(&serde_json::to_string_pretty(&all)?).map(|()| 0);
        }
        out(&format!("{}\n{}", fingerprint.id, summary(&fingerprint)))?;
        out("\ncpus")?;
        for line in topology.tree() {
            out(&format!("  {line}"))?;
        }
        out("\nplacements, for one producer and one consumer")?;
        for placement in Placement::ALL {
            out(&format!("  {:<11} {}", placement.to_string(), resolved(placement, &topology)))?;
        }
        out("\nwhat spoils numbers here")?;
        for check in &checks {
            print_check(check)?;
        }
        Ok(0)
    }
}

fn summary(fingerprint: &Fingerprint) -> String {
    let model = fingerprint.cpu_model.as_deref().unwrap_or("unknown cpu");
    let memory = fingerprint.memory_bytes.map_or(String::new(), |bytes| format!(", {} GiB", bytes >> 30));
    let kernel = fingerprint.kernel.as_deref().unwrap_or("unknown kernel");
    format!("{model}, {} cores, {} cpus{memory}, {kernel}, {}", fingerprint.cores, fingerprint.cpus, fingerprint.arch)
}

fn resolved(placement: Placement, topology: &Topology) -> String {
    let cpu = |seat: &[Option<usize>]| seat[0].map_or("any cpu".into(), |cpu| format!("cpu {cpu}"));
    match topology.place(placement, 1, 1) {
        Ok(seats) => format!("producer on {}, consumer on {}", cpu(&seats.producers), cpu(&seats.consumers)),
        Err(reason) => format!("not here: {reason}"),
    }
}

fn placement_json(placement: Placement, topology: &Topology) -> serde_json::Value {
    match topology.place(placement, 1, 1) {
        Ok(seats) => serde_json::json!({
            "placement": placement, "producer": seats.producers[0], "consumer": seats.consumers[0],
        }),
        Err(reason) => serde_json::json!({ "placement": placement, "lacking": reason }),
    }
}

fn print_check(check: &Check) -> anyhow::Result<()> {
    let mark = match check.level {
        Level::Ok => "ok     ",
        Level::Notice => "notice ",
        Level::Warning => "warning",
    };
    out(&format!("  {mark}  {}: {}", check.name, check.finding))?;
    match &check.remedy {
        Some(remedy) => out(&format!("           to change it: {remedy}")),
        None => Ok(()),
    }
}
