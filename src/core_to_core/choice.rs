//! Between which cpus a line is handed over.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use crate::topology::{Cpu, Placement, Topology};

/// With more usable cpus than these a sample of the pairs is measured: all of them would take minutes.
pub const MOST_MAPPED: usize = 64;
/// Cpus of one L3 that are measured with each other when the whole machine is not.
const MOST_IN_L3: usize = 32;
/// Pairs of each class that are then drawn from the whole machine.
const DRAWN: usize = 128;

/// A cpu that hands a line to another and waits to have it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The cpu that leads, and has the clock.
    pub from: usize,
    /// The cpu that answers.
    pub to: usize,
    /// What they are to each other.
    pub class: Placement,
}

/// The pairs to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Each with its reverse, ascending.
    pub pairs: Vec<Pair>,
    /// Whether there are more pairs than these.
    pub sampled: bool,
}

/// Every pair of usable cpus, or on a large machine all pairs within its largest L3 and some of each class.
///
/// The same topology and seed give the same pairs.
pub fn choose(topology: &Topology, seed: u64) -> Choice {
    let cpus = topology.usable_by_place();
    let sampled = cpus.len() > MOST_MAPPED;
    let chosen = if sampled { sample(&cpus, &mut Rng::with_seed(seed)) } else { all_pairs(&cpus) };
    let both_ways = |(a, b, class)| [Pair { from: a, to: b, class }, Pair { from: b, to: a, class }];
    let mut pairs: Vec<Pair> = chosen.into_iter().flat_map(both_ways).collect();
    pairs.sort_unstable();
    Choice { pairs, sampled }
}

/// Two cpus, the lower first, and what they are to each other.
type Unordered = (usize, usize, Placement);

fn unordered(a: &Cpu, b: &Cpu) -> Unordered {
    (a.id.min(b.id), a.id.max(b.id), a.nearness(b))
}

fn all_pairs(cpus: &[&Cpu]) -> BTreeSet<Unordered> {
    each_pair(cpus).collect()
}

fn each_pair<'a>(cpus: &'a [&Cpu]) -> impl Iterator<Item = Unordered> + 'a {
    cpus.iter().enumerate().flat_map(|(at, a)| cpus[at + 1..].iter().map(|b| unordered(a, b)))
}

fn sample(cpus: &[&Cpu], rng: &mut Rng) -> BTreeSet<Unordered> {
    let mut chosen = all_pairs(&some_cores(&largest_l3(cpus), rng));
    chosen.extend(drawn_of_each_class(cpus, rng));
    chosen
}

/// The cpus of the L3 that has the most; of equals, of the first.
fn largest_l3<'a>(cpus: &[&'a Cpu]) -> Vec<&'a Cpu> {
    let mut l3s: BTreeMap<usize, Vec<&Cpu>> = BTreeMap::new();
    for cpu in cpus {
        if let Some(l3) = cpu.l3 {
            l3s.entry(l3).or_default().push(cpu);
        }
    }
    // `max_by_key` takes the last of equals.
    l3s.into_values().rev().max_by_key(Vec::len).unwrap_or_default()
}

/// As many of the cpus as are measured with each other, whole cores while there is room: siblings belong to the picture.
fn some_cores<'a>(cpus: &[&'a Cpu], rng: &mut Rng) -> Vec<&'a Cpu> {
    if cpus.len() <= MOST_IN_L3 {
        return cpus.to_vec();
    }
    let mut cores: Vec<&[&Cpu]> = cpus.chunk_by(|a, b| a.core == b.core).collect();
    rng.shuffle(&mut cores);
    cores.concat().into_iter().take(MOST_IN_L3).collect()
}

/// So many pairs of each class, each pair of a class as likely as any other (reservoir sampling, Vitter's algorithm R: a
/// machine of a thousand cpus has half a million pairs).
fn drawn_of_each_class(cpus: &[&Cpu], rng: &mut Rng) -> Vec<Unordered> {
    let mut classes: BTreeMap<Placement, (usize, Vec<Unordered>)> = BTreeMap::new();
    for pair in each_pair(cpus) {
        let (seen, kept) = classes.entry(pair.2).or_default();
        *seen += 1;
        if kept.len() < DRAWN {
            kept.push(pair);
        } else if let Some(replaced) = kept.get_mut(rng.usize(..*seen)) {
            *replaced = pair;
        }
    }
    classes.into_values().flat_map(|(_, kept)| kept).collect()
}
