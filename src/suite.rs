//! Suites: scenarios as data, written once, in words that hold on any machine.

use serde::Deserialize;

use crate::filter::Filter;
use crate::queue::Capacity;
use crate::scenario::{Boundary, Scenario, WorkNs, parse_capacity, parse_shape};
use crate::topology::{Placement, Topology};
use crate::workload::{Size, Workload};

/// The suites that come with the program, by name.
const BUILTIN: [(&str, &str); 5] = [
    ("quick", include_str!("../benches/suites/quick.toml")),
    ("balance", include_str!("../benches/suites/balance.toml")),
    ("standard", include_str!("../benches/suites/standard.toml")),
    ("boundary", include_str!("../benches/suites/boundary.toml")),
    ("apps", include_str!("../benches/suites/apps.toml")),
];

/// The suite that is no file and measures no queue: see [`crate::pitfall`].
pub const PITFALLS: &str = "pitfalls";

/// A suite as its file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// What it is for, in a sentence.
    pub description: String,
    /// Its scenarios; an entry with lists stands for all their combinations.
    #[serde(rename = "scenario")]
    entries: Vec<Entry>,
}

/// One `[[scenario]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    workload: Workload,
    shape: OneOrMany<String>,
    capacity: OneOrMany<toml::Value>,
    payload: OneOrMany<String>,
    #[serde(default = "no_work")]
    work: OneOrMany<String>,
    #[serde(default = "no_credit")]
    credit: OneOrMany<u32>,
    #[serde(default)]
    site: Option<OneOrMany<String>>,
    #[serde(default = "in_threads")]
    boundary: OneOrMany<String>,
    placement: OneOrMany<String>,
    #[serde(default)]
    field: Field,
    #[serde(default)]
    peers: bool,
    #[serde(default)]
    all_waits: bool,
    #[serde(default = "usual_reference")]
    reference: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    // First, because a capacity's type takes lists too.
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

fn no_work() -> OneOrMany<String> {
    OneOrMany::One("0/0".into())
}

fn no_credit() -> OneOrMany<u32> {
    OneOrMany::One(0)
}

fn in_threads() -> OneOrMany<String> {
    OneOrMany::One("threads".into())
}

fn usual_reference() -> String {
    "std/mutex-deque".into()
}

/// Which queues join a scenario, of those that can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// All.
    #[default]
    All,
    /// Those that stand for their family.
    Representatives,
    /// Those, and every ring.
    RepresentativesAndRings,
    /// Those that can cross the boundary between processes.
    Transports,
    /// Those, the in-tree rings, and each step from there to shared memory.
    Ladder,
}

/// A scenario of a suite, in this machine's numbers.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What the suite calls it.
    pub label: String,
    /// Words it can be found by: rows of the course.
    pub tags: Vec<String>,
    /// What it comes to on this machine, which may lack its placement.
    pub scenario: Scenario,
    /// Which queues join.
    pub field: Field,
    /// Whether other languages' queues join.
    pub peers: bool,
    /// Whether every wait joins, not only the one shown by default.
    pub all_waits: bool,
    /// The queue that is in every round.
    pub reference: String,
}

impl Wanted {
    /// Whether a filter means this scenario.
    pub fn is_meant(&self, filter: &Filter) -> bool {
        filter.matches_scenario(&self.scenario.to_string(), Some(&self.label), &self.tags)
    }
}

impl Suite {
    /// A built-in suite by name, or a TOML file by path.
    ///
    /// # Errors
    ///
    /// When there is neither, or the file is no suite; says which suites there are.
    pub fn load(name: &str) -> anyhow::Result<Suite> {
        let text = match BUILTIN.iter().find(|(builtin, _)| *builtin == name) {
            Some((_, text)) => (*text).to_owned(),
            None if name == PITFALLS => {
                anyhow::bail!("the suite {name} holds no queues; type: queuebench run --suite {name}")
            }
            None if name.ends_with(".toml") => std::fs::read_to_string(name)
                .map_err(|why| anyhow::anyhow!("cannot read the suite {name}: {why}; see: queuebench list suites"))?,
            None => anyhow::bail!(
                "there is no suite '{name}'; there are {}, {PITFALLS}, or name a .toml file",
                Suite::names().collect::<Vec<_>>().join(", ")
            ),
        };
        toml::from_str(&text).map_err(|why| anyhow::anyhow!("the suite {name} cannot be read: {why}"))
    }

    /// Names of the built-in suites that measure queues.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// What the suite comes to on a machine.
    ///
    /// # Errors
    ///
    /// When an entry holds what is no shape, capacity, payload, work or placement on any machine.
    pub fn on(&self, topology: &Topology) -> Result<Vec<Wanted>, String> {
        let mut wanted = Vec::new();
        for entry in &self.entries {
            entry.expand(topology, &mut wanted)?;
        }
        Ok(wanted)
    }
}

impl Entry {
    fn expand(&self, topology: &Topology, wanted: &mut Vec<Wanted>) -> Result<(), String> {
        for placement in self.placement.as_slice() {
            for shape in self.shape.as_slice() {
                for capacity in self.capacity.as_slice() {
                    for payload in self.payload.as_slice() {
                        for work in self.work.as_slice() {
                            let base = self.scenario(topology, placement, shape, capacity, payload, work)?;
                            wanted.extend(self.variants(base)?);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Credit, sites, and both sides of the boundary next to each other: they run in the same rounds.
    fn variants(&self, base: Scenario) -> Result<Vec<Wanted>, String> {
        let mut wanted = Vec::new();
        let sites = self.site.as_ref().map_or(&[][..], OneOrMany::as_slice);
        let sites = sites.iter().map(|site| site.parse().map(Some)).collect::<Result<Vec<_>, String>>()?;
        let sites = if sites.is_empty() { vec![None] } else { sites };
        let of_sites =
            sites.into_iter().flat_map(|site| self.credit.as_slice().iter().map(move |credit| (site, *credit)));
        for (site, credit) in of_sites {
            for boundary in self.boundary.as_slice() {
                let scenario = Scenario { credit, site, boundary: boundary.parse()?, ..base };
                wanted.push(Wanted {
                    label: self.name.clone().unwrap_or_else(|| scenario.to_string()),
                    tags: self.tags.clone(),
                    scenario,
                    field: self.field,
                    peers: self.peers,
                    all_waits: self.all_waits,
                    reference: self.reference.clone(),
                });
            }
        }
        Ok(wanted)
    }

    fn scenario(
        &self,
        topology: &Topology,
        placement: &str,
        shape: &str,
        capacity: &toml::Value,
        payload: &str,
        work: &str,
    ) -> Result<Scenario, String> {
        let (producers, consumers) = symbolic_shape(shape, topology.usable_cpus().len())?;
        Ok(Scenario {
            workload: self.workload,
            producers,
            consumers,
            capacity: capacity_of(capacity)?,
            size: payload.parse::<Size>()?,
            work: work.parse::<WorkNs>()?,
            credit: 0,
            site: None,
            boundary: Boundary::Threads,
            placement: match placement {
                "cores" => topology.closest_cores(),
                word => word.parse::<Placement>()?,
            },
        })
    }
}

/// `2p1c`, or `cpus`: an endpoint for each usable cpu, half of them producers, rounded down; or `2xcpus`: twice as
/// many.
fn symbolic_shape(shape: &str, cpus: usize) -> Result<(usize, usize), String> {
    let endpoints = match shape {
        "cpus" => cpus,
        "2xcpus" => 2 * cpus,
        _ => return parse_shape(shape),
    };
    let producers = endpoints / 2;
    Ok((producers.clamp(1, 999), (endpoints - producers).clamp(1, 999)))
}

fn capacity_of(value: &toml::Value) -> Result<Capacity, String> {
    match value {
        toml::Value::Integer(messages) => parse_capacity(&messages.to_string()),
        toml::Value::String(word) => parse_capacity(word),
        other => Err(format!("{other} is no capacity")),
    }
}
