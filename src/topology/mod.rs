//! The machine as the kernel describes it, and where on it the endpoints sit.
//!
//! [`Topology::read`] takes the facts from sysfs, the affinity mask and the cgroup; [`Topology::place`]
//! turns a [`Placement`] into concrete cpus, and [`pin`] puts a thread on one of them. Nothing here knows
//! what a queue is.
//!
//! The words are those of the kernel: a *cpu* is what the scheduler runs a thread on, a *core* has one cpu
//! or, with SMT, several, a *package* is a socket's chip, a *node* a part of the memory with the cpus next
//! to it.

pub(crate) mod cgroup;
mod cpulist;
mod files;
mod kind;
mod nearness;
mod pin;
mod placement;
mod seats;
mod sysfs;
mod tree;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use cpulist::ranges;
pub(crate) use files::{Files, memory_bytes};
pub use pin::{own_mask, pin};
pub use placement::Placement;
pub use seats::Seats;

/// What one machine offers the process that looked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Topology {
    /// Every cpu that is present, in order of its number, offline ones included.
    pub cpus: Vec<Cpu>,
    /// The NUMA nodes, in order of their number; some have memory but no cpu.
    pub nodes: Vec<Node>,
    /// How many cpus' worth of time the cgroup grants, e.g. 1.5; `None` without a quota.
    pub quota_cpus: Option<f64>,
    /// What the kernel did not tell and what was assumed instead, one sentence each.
    pub notes: Vec<String>,
}

/// One cpu and what it shares with others.
///
/// Cores and caches are numbered by the lowest online cpu that shares them. The kernel forgets where an
/// offline cpu belongs, so such a cpu counts as a core of its own in package 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cpu {
    /// The kernel's number, as `taskset` takes it.
    pub id: usize,
    /// Whether the kernel schedules on it.
    pub online: bool,
    /// Whether this process may run on it: online, in its affinity mask and in its cgroup's cpuset.
    pub usable: bool,
    /// The package, counted from 0 in order of the lowest cpu (firmware numbers have gaps, or are -1).
    pub package: usize,
    /// The NUMA node, by the kernel's number; `None` where the kernel names none.
    pub node: Option<usize>,
    /// The core, unique in the whole machine (the kernel's `core_id` is unique in a package only).
    pub core: usize,
    /// The L2 cache; `None` if there is none, or none is known.
    pub l2: Option<usize>,
    /// The L3 cache; `None` if the cpu has caches but no L3. Where no cache is known, the package's lowest
    /// cpu, and a note in [`Topology::notes`] says so.
    pub l3: Option<usize>,
    /// On a machine with unlike cores `performance`, `middle`, `efficiency` or `low-power`, else `None`.
    pub kind: Option<String>,
    /// Size of the L1 data cache in bytes.
    pub l1d_bytes: Option<u64>,
    /// Size of the L2 cache in bytes.
    pub l2_bytes: Option<u64>,
    /// Size of the L3 cache in bytes.
    pub l3_bytes: Option<u64>,
}

/// One NUMA node; its cpus are those whose [`Cpu::node`] says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Node {
    /// The kernel's number, as `numactl` takes it; there may be gaps.
    pub id: usize,
    /// The node's memory in bytes.
    pub memory_bytes: Option<u64>,
}

impl Topology {
    /// The cpus that are online.
    pub fn online(&self) -> impl Iterator<Item = &Cpu> {
        self.cpus.iter().filter(|cpu| cpu.online)
    }

    /// The cpus this process may run on.
    pub fn usable(&self) -> impl Iterator<Item = &Cpu> {
        self.cpus.iter().filter(|cpu| cpu.usable)
    }

    /// The numbers of the cpus this process may run on, ascending.
    pub fn usable_cpus(&self) -> Vec<usize> {
        self.usable().map(|cpu| cpu.id).collect()
    }

    /// How many distinct cores the usable cpus belong to.
    pub fn usable_cores(&self) -> usize {
        self.usable().map(|cpu| cpu.core).collect::<BTreeSet<_>>().len()
    }
}
