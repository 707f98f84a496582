//! The ways endpoints can be spread over a machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How endpoints map to cpus. [`Topology::place`](super::Topology::place) makes cpus of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// All endpoints on one cpu, taking turns.
    SameCpu,
    /// On the sibling threads of one core.
    Smt,
    /// On distinct cores that share an L2.
    SameL2,
    /// On distinct cores that share an L3.
    SameL3,
    /// Consumers and producers on cores without a common L3, as near each other as there are.
    CrossL3,
    /// Consumers on one NUMA node, producers on another.
    CrossNode,
    /// Not pinned: the scheduler decides.
    Free,
}

impl Placement {
    /// Every placement, the closest first.
    pub const ALL: [Placement; 7] = [
        Placement::SameCpu,
        Placement::Smt,
        Placement::SameL2,
        Placement::SameL3,
        Placement::CrossL3,
        Placement::CrossNode,
        Placement::Free,
    ];

    /// The name it has in scenario ids and files.
    pub const fn name(self) -> &'static str {
        match self {
            Placement::SameCpu => "same-cpu",
            Placement::Smt => "smt",
            Placement::SameL2 => "same-l2",
            Placement::SameL3 => "same-l3",
            Placement::CrossL3 => "cross-l3",
            Placement::CrossNode => "cross-node",
            Placement::Free => "free",
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Placement {
    type Err = String;

    /// Fails on any other name, with the list of those there are.
    fn from_str(name: &str) -> Result<Self, String> {
        Placement::ALL.into_iter().find(|placement| placement.name() == name).ok_or_else(|| {
            let names = Placement::ALL.map(Placement::name).join(", ");
            format!("there is no placement {name:?}: choose one of {names}")
        })
    }
}
