//! Reads a [`Topology`] from a `/proc` and `/sys` tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::cpulist::{CpuSet, ranges};
use super::files::memory_bytes;
use super::{Cpu, Files, Node, Topology, cgroup, kind};

const CPUS: &str = "/sys/devices/system/cpu";
const NODES: &str = "/sys/devices/system/node";

impl Topology {
    /// Reads the machine whose files lie below `root` (`/` for this one), as a process with the affinity
    /// `mask` sees it. Without a mask every online cpu of its cgroup's cpuset is usable, which is what to
    /// ask for when `root` is another machine's tree.
    ///
    /// It never fails: what is missing or nonsense is replaced by a harmless assumption (a cpu is a core of
    /// its own, a package shares one L3), and [`Topology::notes`] says so.
    pub fn read(root: &Path, mask: Option<&[usize]>) -> Topology {
        let files = Files::below(root);
        let mut notes = Vec::new();
        let (present, online) = present_and_online(files, mask, &mut notes);
        let mut reader = Reader::new(files, online);
        let mut cpus: Vec<Cpu> = present.into_iter().map(|id| reader.cpu(id)).collect();
        number_packages(&mut cpus);
        let nodes = nodes(files, &mut cpus);
        reader.note_gaps(&cpus, &mut notes);
        kind::assign(files, &mut cpus, &mut notes);
        mark_usable(files, mask, &mut cpus);
        let quota_cpus = cgroup::quota(files).map(|limit| limit.value);
        Topology { cpus, nodes, quota_cpus, notes }
    }
}

/// All cpus, and those of them that are online.
fn present_and_online(files: Files, mask: Option<&[usize]>, notes: &mut Vec<String>) -> (CpuSet, CpuSet) {
    let listed = files.list(&format!("{CPUS}/online"));
    let mut present = files.numbered(CPUS, "cpu");
    present.extend(listed.iter().flatten());
    if present.is_empty() {
        present = mask.unwrap_or(&[0]).iter().copied().collect();
        let source = mask.map_or("cpu 0 alone", |_| "the affinity mask's");
        notes.push(format!("{CPUS} names no cpus: took {source}"));
    }
    let online = listed.unwrap_or_else(|| {
        let switch = |cpu: &usize| files.text(&format!("{CPUS}/cpu{cpu}/online"));
        let is_online = |cpu: &usize| switch(cpu).as_deref() != Some("0");
        present.iter().copied().filter(is_online).collect()
    });
    (present, online)
}

/// Numbers the packages, so far named by their lowest cpu, from 0.
fn number_packages(cpus: &mut [Cpu]) {
    let online = cpus.iter().filter(|cpu| cpu.online);
    let lowest: BTreeSet<usize> = online.map(|cpu| cpu.package).collect();
    let numbers: BTreeMap<usize, usize> = lowest.into_iter().zip(0..).collect();
    for cpu in cpus.iter_mut().filter(|cpu| cpu.online) {
        cpu.package = numbers[&cpu.package];
    }
}

/// The NUMA nodes; each online cpu is told its own.
fn nodes(files: Files, cpus: &mut [Cpu]) -> Vec<Node> {
    let mut nodes = Vec::new();
    for id in files.numbered(NODES, "node") {
        let directory = format!("{NODES}/node{id}");
        let list = files.list(&format!("{directory}/cpulist"));
        let members = list.or_else(|| files.mask(&format!("{directory}/cpumap"))).unwrap_or_default();
        for cpu in cpus.iter_mut().filter(|cpu| cpu.online && members.contains(&cpu.id)) {
            cpu.node.get_or_insert(id);
        }
        let meminfo = files.text(&format!("{directory}/meminfo"));
        nodes.push(Node { id, memory_bytes: meminfo.and_then(|text| memory_bytes(&text)) });
    }
    nodes
}

fn mark_usable(files: Files, mask: Option<&[usize]>, cpus: &mut [Cpu]) {
    let mask: Option<CpuSet> = mask.map(|mask| mask.iter().copied().collect());
    let cpuset = cgroup::cpuset(files).map(|limit| limit.value);
    let allows = |set: &Option<CpuSet>, cpu| set.as_ref().is_none_or(|set| set.contains(&cpu));
    for cpu in cpus {
        cpu.usable = cpu.online && allows(&mask, cpu.id) && allows(&cpuset, cpu.id);
    }
}

/// Reads cpu by cpu and remembers for which ones the kernel did not tell something.
struct Reader<'a> {
    files: Files<'a>,
    online: CpuSet,
    /// The lowest cpu for each package number of the firmware.
    firmware_packages: BTreeMap<Option<i64>, usize>,
    without_siblings: CpuSet,
    without_caches: CpuSet,
    without_l3: CpuSet,
}

struct Cache {
    bytes: Option<u64>,
    /// The lowest cpu that shares it, if the kernel tells.
    lowest: Option<usize>,
}

impl<'a> Reader<'a> {
    fn new(files: Files<'a>, online: CpuSet) -> Self {
        let mut firmware_packages = BTreeMap::new();
        for &cpu in &online {
            firmware_packages.entry(firmware_package(files, cpu)).or_insert(cpu);
        }
        let none = CpuSet::new;
        Reader {
            files,
            online,
            firmware_packages,
            without_siblings: none(),
            without_caches: none(),
            without_l3: none(),
        }
    }

    fn cpu(&mut self, id: usize) -> Cpu {
        if !self.online.contains(&id) {
            return Cpu { id, core: id, ..Cpu::default() };
        }
        let core = self.siblings(id, ["core_cpus", "thread_siblings"]);
        if core.is_none() {
            self.without_siblings.insert(id);
        }
        let package = self
            .siblings(id, ["package_cpus", "core_siblings"])
            .or_else(|| self.firmware_packages.get(&firmware_package(self.files, id)).copied())
            .unwrap_or(id);
        let caches = self.caches(id);
        let bytes = |level| caches.get(&level).and_then(|cache: &Cache| cache.bytes);
        Cpu {
            id,
            online: true,
            package,
            core: core.unwrap_or(id),
            l2: caches.get(&2).and_then(|cache| cache.lowest),
            l3: self.l3(id, package, &caches),
            l1d_bytes: bytes(1),
            l2_bytes: bytes(2),
            l3_bytes: bytes(3),
            ..Cpu::default()
        }
    }

    /// The cpu's L3, or its package where nothing is known of caches.
    fn l3(&mut self, id: usize, package: usize, caches: &BTreeMap<u8, Cache>) -> Option<usize> {
        match caches.get(&3) {
            Some(Cache { lowest: Some(lowest), .. }) => Some(*lowest),
            None if !caches.is_empty() => {
                self.without_l3.insert(id);
                None
            }
            _ => {
                self.without_caches.insert(id);
                Some(package)
            }
        }
    }

    /// The cpu's data and unified caches by level.
    fn caches(&self, cpu: usize) -> BTreeMap<u8, Cache> {
        let directory = format!("{CPUS}/cpu{cpu}/cache");
        let mut caches = BTreeMap::new();
        for index in self.files.numbered(&directory, "index") {
            let file = |name: &str| format!("{directory}/index{index}/{name}");
            let is_code = self.files.text(&file("type")).as_deref() == Some("Instruction");
            let Some(level) = self.files.parse(&file("level")).filter(|_| !is_code) else {
                continue;
            };
            let list = self.files.list(&file("shared_cpu_list"));
            let sharers = list.or_else(|| self.files.mask(&file("shared_cpu_map")));
            let size = self.files.text(&file("size"));
            let bytes = size.and_then(|size| parse_size(&size));
            let lowest = self.lowest(cpu, sharers);
            caches.insert(level, Cache { bytes, lowest });
        }
        caches
    }

    /// The lowest cpu of the set that one of the files `names` (new name, old name) gives for the cpu.
    fn siblings(&self, cpu: usize, names: [&str; 2]) -> Option<usize> {
        let paths = names.map(|name| format!("{CPUS}/cpu{cpu}/topology/{name}"));
        let list = paths.iter().find_map(|path| self.files.list(&format!("{path}_list")));
        let set = list.or_else(|| paths.iter().find_map(|path| self.files.mask(path)));
        self.lowest(cpu, set)
    }

    /// The lowest online cpu of a set; a set that leaves out the cpu it was read for is nonsense.
    fn lowest(&self, cpu: usize, set: Option<CpuSet>) -> Option<usize> {
        let set = set.filter(|set| set.contains(&cpu))?;
        set.into_iter().find(|cpu| self.online.contains(cpu))
    }

    /// Says what was not found and what that was taken for.
    fn note_gaps(self, cpus: &[Cpu], notes: &mut Vec<String>) {
        let has_nodes = cpus.iter().any(|cpu| cpu.node.is_some());
        let astray = |cpu: &&Cpu| has_nodes && cpu.online && cpu.node.is_none();
        let astray = cpus.iter().filter(astray).map(|cpu| cpu.id).collect();
        for (missing, sentence) in [
            (self.without_siblings, "nothing tells which of cpus {} share a core: took each for a core of its own"),
            (self.without_caches, "nothing tells which caches cpus {} share: assumed one L3 per package"),
            (self.without_l3, "cpus {} have no L3: cross-l3 there means cores without a common cache"),
            (astray, "cpus {} belong to no NUMA node"),
        ] {
            if !missing.is_empty() {
                notes.push(sentence.replace("{}", &ranges(missing)));
            }
        }
    }
}

/// The package number the firmware gave, which may be -1 or none.
fn firmware_package(files: Files, cpu: usize) -> Option<i64> {
    files.parse(&format!("{CPUS}/cpu{cpu}/topology/physical_package_id"))
}

/// The bytes in a cache size such as `512K`.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("512K"), Some(512 << 10));
        assert_eq!(parse_size("24M"), Some(24 << 20));
        assert_eq!(parse_size("77"), Some(77));
        for garbage in ["", "K", "-1K", "12Q", "99999999999999999999K", "18446744073709551615G", "é"] {
            assert_eq!(parse_size(garbage), None, "{garbage}");
        }
    }
}
