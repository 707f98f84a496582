//! How near two cpus are to each other.

use super::{Cpu, Placement, Topology};

impl Placement {
    /// What two different cpus can be to each other, the closest first.
    pub const BETWEEN_CPUS: [Placement; 5] =
        [Placement::Smt, Placement::SameL2, Placement::SameL3, Placement::CrossL3, Placement::CrossNode];
}

impl Cpu {
    /// The closest placement that has one endpoint on this cpu and another on the other one.
    ///
    /// What is nearest of all that they share decides. Where the kernel names no nodes, packages stand for them.
    pub fn nearness(&self, other: &Cpu) -> Placement {
        let share = |part: fn(&Cpu) -> Option<usize>| part(self).is_some() && part(self) == part(other);
        let are_apart = match (self.node, other.node) {
            (Some(own), Some(its)) => own != its,
            _ => self.package != other.package,
        };
        match () {
            () if self.id == other.id => Placement::SameCpu,
            () if self.core == other.core => Placement::Smt,
            () if share(|cpu| cpu.l2) => Placement::SameL2,
            () if share(|cpu| cpu.l3) => Placement::SameL3,
            () if are_apart => Placement::CrossNode,
            () => Placement::CrossL3,
        }
    }
}

impl Topology {
    /// The usable cpus so that near ones stand together: by package, L3, L2, core and number.
    pub fn usable_by_place(&self) -> Vec<&Cpu> {
        let mut cpus: Vec<&Cpu> = self.usable().collect();
        cpus.sort_by_key(|cpu| (cpu.package, cpu.l3, cpu.l2, cpu.core, cpu.id));
        cpus
    }
}
