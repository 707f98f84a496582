//! The topology as text: one line per part, like parts on one line.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cpu, Topology, ranges};

/// Longer lists of like parts are cut in the middle.
const LISTED: usize = 8;

impl Topology {
    /// Package, node, L3, L2, core and cpus as indented lines, then what is peculiar here. A part that is
    /// all of the part around it shares its line, and so do parts that differ in their cpus only.
    pub fn tree(&self) -> Vec<String> {
        let online: Vec<&Cpu> = self.online().collect();
        let mut lines = vec![self.summary(&online)];
        let package: Level = &|cpu| Some((cpu.package, Label::numbered("package", cpu.package)));
        let node: Level = &|cpu| cpu.node.map(|node| (node, Label::plain(self.node_name(node))));
        let l3: Level = &|cpu| cpu.l3.map(|l3| (l3, cache_label("L3", cpu.l3_bytes)));
        let l2: Level = &|cpu| cpu.l2.map(|l2| (l2, cache_label("L2", cpu.l2_bytes)));
        let core: Level = &|cpu| Some((cpu.core, core_label(cpu)));
        let levels = match self.has_node_of_packages() {
            true => [node, package, l3, l2, core],
            false => [package, node, l3, l2, core],
        };
        render(&parts(&online, &levels), 1, &mut lines);
        self.peculiarities(&mut lines);
        lines
    }

    fn summary(&self, online: &[&Cpu]) -> String {
        let count = |number: &dyn Fn(&Cpu) -> Option<usize>, one: &str| {
            let distinct: BTreeSet<usize> = online.iter().filter_map(|cpu| number(cpu)).collect();
            let plural = if distinct.len() == 1 { "" } else { "s" };
            format!("{} {one}{plural}", distinct.len())
        };
        [
            count(&|cpu| Some(cpu.package), "package"),
            count(&|cpu| cpu.node, "node"),
            count(&|cpu| Some(cpu.core), "core"),
            count(&|cpu| Some(cpu.id), "cpu"),
        ]
        .join(", ")
    }

    fn node_name(&self, id: usize) -> String {
        let memory = self.nodes.iter().find(|node| node.id == id).and_then(|node| node.memory_bytes);
        let memory = memory.map(|bytes| format!(" ({})", binary_size(bytes))).unwrap_or_default();
        format!("node {id}{memory}")
    }

    /// Whether nodes are made of packages, instead of packages of nodes.
    fn has_node_of_packages(&self) -> bool {
        let mut package_of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut places = self.online().filter_map(|cpu| Some((cpu.node?, cpu.package)));
        places.any(|(node, package)| *package_of.entry(node).or_insert(package) != package)
    }

    /// What does not show in the tree: memory without cpus, cpus out of reach, limits, assumptions.
    fn peculiarities(&self, lines: &mut Vec<String>) {
        let inhabited: BTreeSet<usize> = self.cpus.iter().filter_map(|cpu| cpu.node).collect();
        for node in self.nodes.iter().filter(|node| !inhabited.contains(&node.id)) {
            lines.push(format!("{} has no cpus", self.node_name(node.id)));
        }
        let mut list = |what: &str, select: &dyn Fn(&Cpu) -> bool| {
            let chosen: Vec<usize> = self.cpus.iter().filter(|cpu| select(cpu)).map(|cpu| cpu.id).collect();
            if !chosen.is_empty() {
                lines.push(format!("{what}: {}", ranges(chosen)));
            }
        };
        list("offline", &|cpu| !cpu.online);
        list("not for this process", &|cpu| cpu.online && !cpu.usable);
        if let Some(quota) = self.quota_cpus {
            lines.push(format!("quota: the time of {quota} cpus"));
        }
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
    }
}

/// What a part is called, alone and among its like.
struct Label {
    alone: String,
    alike: String,
}

impl Label {
    fn plain(name: String) -> Self {
        Label { alone: name.clone(), alike: name }
    }

    fn numbered(name: &str, number: usize) -> Self {
        Label { alone: format!("{name} {number}"), alike: name.to_owned() }
    }
}

fn cache_label(level: &str, bytes: Option<u64>) -> Label {
    let size = bytes.map_or_else(|| "of unknown size".to_owned(), binary_size);
    Label::plain(format!("{level} {size}"))
}

fn core_label(cpu: &Cpu) -> Label {
    let kind = cpu.kind.as_ref().map(|kind| format!("{kind} ")).unwrap_or_default();
    Label::plain(format!("{kind}core"))
}

/// Which part of the level a cpu belongs to, if any, and the part's label.
type Level<'a> = &'a dyn Fn(&Cpu) -> Option<(usize, Label)>;

/// A part of the machine and the parts it consists of.
struct Part {
    label: Label,
    cpus: Vec<usize>,
    parts: Vec<Part>,
}

/// Divides cpus level by level; cpus that have no part at a level go straight to the next one.
fn parts(cpus: &[&Cpu], levels: &[Level]) -> Vec<Part> {
    let Some((level, inner)) = levels.split_first() else {
        return Vec::new();
    };
    let mut outside = Vec::new();
    let mut groups: BTreeMap<usize, (Label, Vec<&Cpu>)> = BTreeMap::new();
    for &cpu in cpus {
        match level(cpu) {
            Some((number, label)) => {
                groups.entry(number).or_insert_with(|| (label, Vec::new())).1.push(cpu);
            }
            None => outside.push(cpu),
        }
    }
    let mut found: Vec<Part> = groups.into_values().map(|(label, cpus)| part(label, &cpus, inner)).collect();
    if !outside.is_empty() {
        found.extend(parts(&outside, inner));
    }
    found
}

/// One part; an only part within it is merged into it.
fn part(label: Label, cpus: &[&Cpu], inner: &[Level]) -> Part {
    let mut parts = parts(cpus, inner);
    let cpus = cpus.iter().map(|cpu| cpu.id).collect();
    if parts.len() != 1 {
        return Part { label, cpus, parts };
    }
    let only = parts.remove(0);
    let label = Label {
        alone: format!("{}, {}", label.alone, only.label.alone),
        alike: format!("{}, {}", label.alike, only.label.alike),
    };
    Part { label, cpus, parts: only.parts }
}

/// Writes parts with their own parts indented below them, runs of like undivided parts on one line.
fn render(parts: &[Part], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let are_alike = |a: &Part, b: &Part| a.label.alike == b.label.alike && a.parts.is_empty() && b.parts.is_empty();
    for run in parts.chunk_by(are_alike) {
        match run {
            [part] => {
                let cpus = ranges(part.cpus.iter().copied());
                lines.push(format!("{indent}{}: {cpus}", part.label.alone));
                render(&part.parts, depth + 1, lines);
            }
            alike => {
                let label = &alike[0].label.alike;
                lines.push(format!("{indent}{} x {label}: {}", alike.len(), cpu_sets(alike)));
            }
        }
    }
}

/// `0-3 4-7 8-11 .. 28-31`, or plain ranges where each part is one cpu.
fn cpu_sets(alike: &[Part]) -> String {
    if alike.iter().all(|part| part.cpus.len() == 1) {
        return ranges(alike.iter().map(|part| part.cpus[0]));
    }
    let mut sets: Vec<String> = alike.iter().map(|part| ranges(part.cpus.iter().copied())).collect();
    if sets.len() > LISTED {
        sets.splice(LISTED / 2..sets.len() - 1, ["..".to_owned()]);
    }
    sets.join(" ")
}

/// A number of bytes in the largest binary unit it fills, such as `1.25 MiB`.
fn binary_size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let power = (bytes.max(1).ilog2() as usize / 10).min(units.len() - 1);
    let number = format!("{:.2}", bytes as f64 / (1u64 << (10 * power)) as f64);
    format!("{} {}", number.trim_end_matches('0').trim_end_matches('.'), units[power])
}

#[cfg(test)]
mod tests {
    use super::binary_size;

    #[test]
    fn sizes_in_binary_units() {
        assert_eq!(binary_size(0), "0 B");
        assert_eq!(binary_size(512 << 10), "512 KiB");
        assert_eq!(binary_size(1280 << 10), "1.25 MiB");
        assert_eq!(binary_size(100 << 30), "100 GiB");
        assert_eq!(binary_size(u64::MAX), "16777216 TiB");
    }
}
