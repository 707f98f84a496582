//! Single facts about the system that both the fingerprint and the checks need.

use std::collections::BTreeSet;

use crate::topology::{Files, Topology};

/// Makers whose names in the firmware mean a virtual machine, whatever else it says.
const VIRTUAL_VENDORS: [&str; 7] = ["QEMU", "VMware", "innotek", "Xen", "Bochs", "Parallels", "OpenStack"];

/// The first `key : value` line of `/proc/cpuinfo` with that key.
pub(super) fn cpuinfo(files: Files, key: &str) -> Option<String> {
    let text = files.text("/proc/cpuinfo")?;
    let mut entries = text.lines().filter_map(|line| line.split_once(':'));
    let value = entries.find(|(name, _)| name.trim() == key)?.1.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// The frequency governors of the usable cpus; empty if there are none to be seen.
pub(super) fn governors(files: Files, topology: &Topology) -> BTreeSet<String> {
    let governor = |cpu| files.text(&format!("/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor"));
    topology.usable_cpus().into_iter().filter_map(governor).collect()
}

/// The clock behind `Instant::now`, such as `tsc`.
pub(super) fn clock_source(files: Files) -> Option<String> {
    files.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

/// The mode of transparent huge pages: the word in brackets in `always [madvise] never`.
pub(super) fn huge_pages(files: Files) -> Option<String> {
    let text = files.text("/sys/kernel/mm/transparent_hugepage/enabled")?;
    let (_, rest) = text.split_once('[')?;
    Some(rest.split_once(']')?.0.to_owned())
}

/// What runs this system as a virtual machine.
pub(super) enum Hypervisor {
    /// One of this name, as far as it tells.
    Named(String),
    /// None: the cpu says that it is not virtual.
    None,
    /// This architecture's cpus do not say, and nothing else does.
    Unknown,
}

pub(super) fn hypervisor(files: Files) -> Hypervisor {
    let vendor = files.text("/sys/class/dmi/id/sys_vendor").filter(|vendor| !vendor.is_empty());
    let kind = files.text("/sys/hypervisor/type").filter(|kind| !kind.is_empty());
    let flags = cpuinfo(files, "flags");
    let flagged = flags.as_ref().map(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let virtual_vendor = VIRTUAL_VENDORS.iter().any(|name| vendor.iter().any(|vendor| vendor.starts_with(name)));
    match (kind, flagged) {
        (Some(kind), _) => Hypervisor::Named(kind),
        (None, Some(true)) => Hypervisor::Named(vendor.unwrap_or_else(|| "unnamed".to_owned())),
        _ if virtual_vendor => Hypervisor::Named(vendor.unwrap_or_default()),
        (None, Some(false)) => Hypervisor::None,
        (None, None) => Hypervisor::Unknown,
    }
}
