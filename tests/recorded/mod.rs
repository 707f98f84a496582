//! Machines as facts, and sysfs trees made of them.
//!
//! `tests/topologies/*.txt` hold what hwloc's recorded trees of real machines say, one fact a line:
//!
//! ```text
//! present 0-23               cpus that are there, and of these
//! online 4-20                those that are online
//! package 4-11 12-20         who shares a package; likewise `core`, and `cache L2 512K`
//! core 4-20/1                short for sets of one cpu each
//! node 1 8386460 4-11        NUMA node, kilobytes, cpus
//! capacity 1024 4-7          ARM's measure of a cpu; `counter cpu_core 0-3` is Intel's way
//! kind performance 4-7       what the reader should make of these
//! has same-cpu smt           the placements that should be possible
//! closest same-l3            the expected closest cores
//! ```

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use queuebench::topology::{Cpu, Node, Placement, ranges};
use tempfile::TempDir;

pub type Set = BTreeSet<usize>;

/// A machine's facts.
#[derive(Default)]
pub struct Machine {
    pub name: String,
    pub present: Set,
    pub online: Set,
    pub packages: Vec<Set>,
    pub cores: Vec<Set>,
    /// Level, size and sharers.
    pub caches: Vec<(u8, String, Set)>,
    /// Number, kilobytes and cpus.
    pub nodes: Vec<(usize, u64, Set)>,
    pub capacities: Vec<(u64, Set)>,
    pub counters: Vec<(String, Set)>,
    pub kinds: Vec<(String, Set)>,
    pub placements: Vec<Placement>,
    pub closest: Option<Placement>,
}

/// Which of the kernel's spellings a tree is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spelling {
    /// As new kernels do.
    Lists,
    /// As old kernels do, which moreover have no list of the online cpus.
    Masks,
}

/// Every machine in `tests/topologies`.
pub fn machines() -> Vec<Machine> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/topologies");
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|file| Machine::parse(file)).collect()
}

impl Machine {
    fn parse(file: &Path) -> Machine {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut machine = Machine { name, ..Machine::default() };
        for line in fs::read_to_string(file).unwrap().lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["present", cpus] => machine.present = set(cpus),
                ["online", cpus] => machine.online = set(cpus),
                ["package", ref groups @ ..] => machine.packages = sets(groups),
                ["core", ref groups @ ..] => machine.cores = sets(groups),
                ["cache", level, size, ref groups @ ..] => {
                    let level = level.trim_start_matches('L').parse().unwrap();
                    let caches = sets(groups).into_iter().map(|set| (level, size.to_owned(), set));
                    machine.caches.extend(caches);
                }
                ["node", id, kilobytes, ref cpus @ ..] => {
                    let cpus = sets(cpus).into_iter().flatten().collect();
                    machine.nodes.push((id.parse().unwrap(), kilobytes.parse().unwrap(), cpus));
                }
                ["capacity", value, cpus] => {
                    machine.capacities.push((value.parse().unwrap(), set(cpus)));
                }
                ["counter", name, cpus] => machine.counters.push((name.to_owned(), set(cpus))),
                ["kind", name, cpus] => machine.kinds.push((name.to_owned(), set(cpus))),
                ["has", ref names @ ..] => {
                    machine.placements = names.iter().map(|name| name.parse().unwrap()).collect();
                }
                ["closest", name] => machine.closest = Some(name.parse().unwrap()),
                _ => panic!("{}: {line:?} is no fact", file.display()),
            }
        }
        machine
    }

    /// What a correct reader makes of the machine, if the process may use every cpu.
    pub fn cpus(&self) -> Vec<Cpu> {
        self.present.iter().map(|&id| self.cpu(id)).collect()
    }

    fn cpu(&self, id: usize) -> Cpu {
        if !self.online.contains(&id) {
            return Cpu { id, core: id, ..Cpu::default() };
        }
        let lowest = |set: &Set| *set.first().unwrap();
        let cache = |level| self.caches.iter().find(|(its_level, _, set)| *its_level == level && set.contains(&id));
        let bytes = |level| cache(level).map(|(_, size, _)| kilobytes(size) * 1024);
        let package = self.packages.iter().position(|set| set.contains(&id)).unwrap();
        let package_lowest = lowest(&self.packages[package]);
        Cpu {
            id,
            online: true,
            usable: true,
            package,
            node: self.nodes.iter().find(|(_, _, set)| set.contains(&id)).map(|(node, ..)| *node),
            core: self.cores.iter().find(|set| set.contains(&id)).map(lowest).unwrap(),
            l2: cache(2).map(|(_, _, set)| lowest(set)),
            l3: match self.caches.is_empty() {
                true => Some(package_lowest),
                false => cache(3).map(|(_, _, set)| lowest(set)),
            },
            kind: self.kinds.iter().find(|(_, set)| set.contains(&id)).map(|(kind, _)| kind.clone()),
            l1d_bytes: bytes(1),
            l2_bytes: bytes(2),
            l3_bytes: bytes(3),
        }
    }

    /// The nodes a correct reader finds.
    pub fn nodes(&self) -> Vec<Node> {
        let node = |&(id, kilobytes, _): &(usize, u64, Set)| Node { id, memory_bytes: Some(kilobytes * 1024) };
        self.nodes.iter().map(node).collect()
    }

    /// Writes the machine's sysfs below `root`.
    pub fn write(&self, root: &Path, spelling: Spelling) {
        let tree = Tree { root, spelling };
        let cpus = "sys/devices/system/cpu";
        for &cpu in &self.present {
            let online = self.online.contains(&cpu);
            tree.text(&format!("{cpus}/cpu{cpu}/online"), if online { "1" } else { "0" });
        }
        if spelling == Spelling::Lists {
            tree.text(&format!("{cpus}/online"), &ranges(self.online.iter().copied()));
        }
        let (core, package) = match spelling {
            Spelling::Lists => ("core_cpus", "package_cpus"),
            Spelling::Masks => ("thread_siblings", "core_siblings"),
        };
        for (name, groups) in [(core, &self.cores), (package, &self.packages)] {
            for (set, cpu) in members(groups) {
                tree.set(&format!("{cpus}/cpu{cpu}/topology/{name}"), ["_list", ""], set);
            }
        }
        self.write_caches(&tree);
        for (value, set) in &self.capacities {
            for cpu in set {
                tree.text(&format!("{cpus}/cpu{cpu}/cpu_capacity"), &value.to_string());
            }
        }
        for (counter, set) in &self.counters {
            tree.text(&format!("sys/devices/{counter}/cpus"), &ranges(set.iter().copied()));
        }
        for (id, kilobytes, set) in &self.nodes {
            let node = format!("sys/devices/system/node/node{id}");
            tree.set(&format!("{node}/cpu"), ["list", "map"], set);
            tree.text(&format!("{node}/meminfo"), &format!("Node {id} MemTotal:  {kilobytes} kB"));
        }
    }

    /// As the kernel does it: index 0 is the L1 for data, index 1 the one for instructions.
    fn write_caches(&self, tree: &Tree) {
        for (level, size, set) in &self.caches {
            let indices: &[(u8, &str)] = match level {
                1 => &[(0, "Data"), (1, "Instruction")],
                _ => &[(*level, "Unified")],
            };
            for (cpu, (index, kind)) in set.iter().flat_map(|cpu| indices.iter().map(move |index| (cpu, index))) {
                let cache = format!("sys/devices/system/cpu/cpu{cpu}/cache/index{index}");
                let size = if *kind == "Instruction" { "7K" } else { size };
                tree.text(&format!("{cache}/level"), &level.to_string());
                tree.text(&format!("{cache}/type"), kind);
                tree.text(&format!("{cache}/size"), size);
                tree.set(&format!("{cache}/shared_cpu"), ["_list", "_map"], set);
            }
        }
    }
}

/// A directory for a tree; in memory where possible, as a tree has thousands of files.
pub fn temp_dir() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// Writes a file below `root`, with its directories.
pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

struct Tree<'a> {
    root: &'a Path,
    spelling: Spelling,
}

impl Tree<'_> {
    fn text(&self, path: &str, text: &str) {
        write(self.root, path, &format!("{text}\n"));
    }

    /// Writes a set as a list or a mask; `suffixes` are what the file's name then ends in.
    fn set(&self, path: &str, suffixes: [&str; 2], set: &Set) {
        match self.spelling {
            Spelling::Lists => self.text(&format!("{path}{}", suffixes[0]), &ranges(set.iter().copied())),
            Spelling::Masks => self.text(&format!("{path}{}", suffixes[1]), &mask(set)),
        }
    }
}

/// Each cpu of each set, with the set.
fn members(groups: &[Set]) -> impl Iterator<Item = (&Set, usize)> {
    groups.iter().flat_map(|set| set.iter().map(move |&cpu| (set, cpu)))
}

/// `0000002a,00000001` for cpus 0, 33, 35 and 37.
fn mask(set: &Set) -> String {
    let words = set.last().map_or(1, |last| last / 32 + 1);
    let word = |at: usize| (0..32).filter(|bit| set.contains(&(at * 32 + bit))).fold(0u32, |word, bit| word | 1 << bit);
    let mut text = String::new();
    for at in (0..words).rev() {
        write!(text, "{:08x}{}", word(at), if at > 0 { "," } else { "" }).unwrap();
    }
    text
}

fn kilobytes(size: &str) -> u64 {
    size.strip_suffix('K').unwrap().parse().unwrap()
}

/// `0-3,8`
fn set(text: &str) -> Set {
    let part = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse::<usize>().unwrap()..=last.parse().unwrap()
    };
    text.split(',').flat_map(part).collect()
}

/// `0-3 8-11`, or `0-7/2` for `0-1 2-3 4-5 6-7`.
fn sets(groups: &[&str]) -> Vec<Set> {
    let one_or_many = |group: &&str| match group.split_once('/') {
        None => vec![set(group)],
        Some((cpus, size)) => {
            let cpus: Vec<usize> = set(cpus).into_iter().collect();
            cpus.chunks(size.parse().unwrap()).map(|chunk| chunk.iter().copied().collect()).collect()
        }
    };
    groups.iter().flat_map(one_or_many).collect()
}
