//! Unlike cores in one machine: which are the fast ones.

use std::collections::BTreeSet;

use super::{Cpu, Files, ranges};

/// The kinds of cores, those to prefer first.
const KINDS: [&str; 4] = ["performance", "middle", "efficiency", "low-power"];

/// Where Intel's performance counters say which cpus they count on.
const INTEL: [(&str, &str); 3] = [
    ("performance", "/sys/devices/cpu_core/cpus"),
    ("efficiency", "/sys/devices/cpu_atom/cpus"),
    ("low-power", "/sys/devices/cpu_lowpower/cpus"),
];

/// The order in which kinds are preferred, lowest first; the same for all cpus of a uniform machine.
pub(super) fn rank(cpu: &Cpu) -> usize {
    KINDS.iter().position(|kind| cpu.kind.as_deref() == Some(kind)).unwrap_or(KINDS.len())
}

/// Fills in the kind of every online cpu, if there is more than one kind.
pub(super) fn assign(files: Files, cpus: &mut [Cpu], notes: &mut Vec<String>) {
    let capacity = |cpu: &Cpu| files.parse(&format!("/sys/devices/system/cpu/cpu{}/cpu_capacity", cpu.id));
    if by_counters(files, cpus) || by_strength(cpus, capacity) {
        return;
    }
    // A kernel without the counters' driver names no kinds, but unlike cores have unlike L1 caches.
    if by_strength(cpus, |cpu| cpu.l1d_bytes) {
        let fast = cpus.iter().filter(|cpu| rank(cpu) == 0).map(|cpu| cpu.id);
        notes.push(format!(
            "the kernel names no kinds of cores: took cpus {} for the performance ones, \
             as they have the largest L1 data caches",
            ranges(fast),
        ));
    }
}

/// Assigns the kinds Intel's counters name; false if they do not tell two kinds apart.
fn by_counters(files: Files, cpus: &mut [Cpu]) -> bool {
    let kinds = INTEL.map(|(kind, path)| (kind, files.list(path).unwrap_or_default()));
    let named = kinds.iter().filter(|(_, members)| !members.is_empty());
    if named.count() < 2 {
        return false;
    }
    for cpu in cpus.iter_mut().filter(|cpu| cpu.online) {
        let kind = kinds.iter().find(|(_, members)| members.contains(&cpu.id));
        cpu.kind = kind.map(|(kind, _)| (*kind).to_owned());
    }
    true
}

/// Ranks the online cpus by a strength known of all of them; false if it is not, or all are equal.
fn by_strength(cpus: &mut [Cpu], strength: impl Fn(&Cpu) -> Option<u64>) -> bool {
    let online = cpus.iter().filter(|cpu| cpu.online);
    let Some(levels) = online.map(&strength).collect::<Option<BTreeSet<u64>>>() else {
        return false;
    };
    if levels.len() < 2 {
        return false;
    }
    for cpu in cpus.iter_mut().filter(|cpu| cpu.online) {
        let level = strength(cpu);
        let kind = match level {
            _ if level.as_ref() == levels.last() => "performance",
            _ if level.as_ref() == levels.first() => "efficiency",
            _ => "middle",
        };
        cpu.kind = Some(kind.to_owned());
    }
    true
}
