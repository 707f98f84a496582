//! Turns a placement into one cpu per endpoint.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cpulist::ranges;
use super::{Cpu, Placement, Topology, kind};

/// The cpu of every endpoint; `None` leaves the endpoint to the scheduler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// By the producer's number.
    pub producers: Vec<Option<usize>>,
    /// By the consumer's number.
    pub consumers: Vec<Option<usize>>,
}

impl Topology {
    /// Seats the endpoints on usable cpus, on distinct cores before sibling threads, on the group of cpus
    /// with the most cores (of equals the one with the lowest cpu), on cores of one kind if enough are alike.
    ///
    /// Consumers go round the chosen cpus from the first on, producers go on where the consumers stop: on
    /// cpus 0 and 1, `1p1c` has its consumer on 0, and `2p2c` has one of each on both.
    ///
    /// # Errors
    /// Says why this machine, as this process may use it, lacks the placement.
    pub fn place(&self, placement: Placement, producers: usize, consumers: usize) -> Result<Seats, String> {
        if placement == Placement::Free {
            return Ok(Seats { producers: vec![None; producers], consumers: vec![None; consumers] });
        }
        let usable: Vec<&Cpu> = self.usable().collect();
        let (for_producers, for_consumers) = choose(&usable, placement, producers, consumers)
            .ok_or_else(|| self.lack(placement, producers, consumers))?;
        let seat = |cpus: Vec<usize>, endpoints| cpus.into_iter().map(Some).cycle().take(endpoints).collect();
        Ok(Seats { producers: seat(for_producers, producers), consumers: seat(for_consumers, consumers) })
    }

    /// What "two cores, as near as this machine allows" means here.
    pub fn closest_cores(&self) -> Placement {
        use Placement::{CrossL3, CrossNode, SameCpu, SameL2, SameL3, Smt};
        let nearest_first = [SameL3, SameL2, CrossL3, CrossNode, Smt];
        let exists = |placement: &Placement| self.place(*placement, 1, 1).is_ok();
        nearest_first.into_iter().find(exists).unwrap_or(SameCpu)
    }

    /// Why no cpus could be chosen.
    fn lack(&self, placement: Placement, producers: usize, consumers: usize) -> String {
        let online: Vec<&Cpu> = self.online().collect();
        if choose(&online, placement, producers, consumers).is_some() {
            let usable = self.usable_cpus();
            let usable = if usable.is_empty() { "none".to_owned() } else { ranges(usable) };
            return format!(
                "this machine has {placement}, but not within the cpus this process may use \
                 ({usable}): widen its affinity mask or cgroup cpuset"
            );
        }
        let reason = match placement {
            Placement::Smt => "no core here runs two threads (SMT is off or absent)",
            _ if self.usable_cores() < 2 => "this process has only one core here",
            Placement::SameL2 => "no two cores here share an L2",
            Placement::SameL3 => "no two cores here share an L3",
            Placement::CrossL3 => "all cores here share one L3",
            Placement::CrossNode if self.nodes.is_empty() => "the kernel shows no NUMA nodes here",
            Placement::CrossNode => "all cpus here are on one NUMA node",
            Placement::SameCpu | Placement::Free => "there is no cpu here",
        };
        reason.to_owned()
    }
}

/// The cpus for producers and for consumers, each in the order in which endpoints take them.
fn choose(cpus: &[&Cpu], placement: Placement, producers: usize, consumers: usize) -> Option<(Vec<usize>, Vec<usize>)> {
    let within = |group: Option<Group>| {
        let for_consumers = group?.in_order(producers + consumers);
        let mut for_producers = for_consumers.clone();
        for_producers.rotate_left(consumers % for_consumers.len());
        Some((for_producers, for_consumers))
    };
    let across = |groups: Vec<Group>| {
        let (ours, theirs) = nearest_pair(&groups)?;
        Some((theirs.in_order(producers), ours.in_order(consumers)))
    };
    let two_threads = |group: &Group| group.cpus.len() > 1;
    let two_cores = |group: &Group| group.cores > 1;
    match placement {
        Placement::Free => None,
        Placement::SameCpu => within(best(groups(cpus, |cpu| Some(cpu.id)), |_| true)),
        Placement::Smt => within(best(groups(cpus, |cpu| Some(cpu.core)), two_threads)),
        Placement::SameL2 => within(best(groups(cpus, |cpu| cpu.l2), two_cores)),
        Placement::SameL3 => within(best(groups(cpus, |cpu| cpu.l3), two_cores)),
        Placement::CrossL3 => across(groups(cpus, |cpu| Some(last_cache(cpu)))),
        Placement::CrossNode => across(groups(cpus, |cpu| cpu.node)),
    }
}

/// The outermost cache known of the cpu; its core, if it has none.
fn last_cache(cpu: &Cpu) -> (Option<usize>, usize) {
    (cpu.l3, cpu.l3.or(cpu.l2).unwrap_or(cpu.core))
}

/// Cpus that have something in common.
struct Group<'a> {
    /// Ascending and never empty.
    cpus: Vec<&'a Cpu>,
    /// How many distinct cores they belong to.
    cores: usize,
}

/// The cpus by what `key` says they have in common; those without it are in no group.
fn groups<'a, K: Ord>(cpus: &[&'a Cpu], key: impl Fn(&Cpu) -> Option<K>) -> Vec<Group<'a>> {
    let mut members: BTreeMap<K, Vec<&Cpu>> = BTreeMap::new();
    for cpu in cpus {
        if let Some(key) = key(cpu) {
            members.entry(key).or_default().push(cpu);
        }
    }
    members.into_values().map(|cpus| Group { cores: cores(&cpus), cpus }).collect()
}

fn cores(cpus: &[&Cpu]) -> usize {
    cpus.iter().map(|cpu| cpu.core).collect::<BTreeSet<_>>().len()
}

/// The most preferred of the groups that will do.
fn best<'a>(groups: Vec<Group<'a>>, will_do: impl Fn(&Group) -> bool) -> Option<Group<'a>> {
    groups.into_iter().filter(will_do).min_by_key(Group::preference)
}

/// Two groups: the nearest to each other, then those with the most cores, then the lowest cpus. The
/// first is the one with more cores.
fn nearest_pair<'g, 'a>(groups: &'g [Group<'a>]) -> Option<(&'g Group<'a>, &'g Group<'a>)> {
    let mut by_preference: Vec<&Group> = groups.iter().collect();
    by_preference.sort_by_key(|group| group.preference());
    let pairs = by_preference.iter().enumerate().flat_map(|(at, first)| {
        let less_preferred = &by_preference[at + 1..];
        less_preferred.iter().map(move |second| (*first, *second))
    });
    // Of equal pairs this takes the first, which is the one of the most preferred groups.
    pairs.min_by_key(|(first, second)| {
        let (a, b) = (first.cpus[0], second.cpus[0]);
        (a.node != b.node, a.package != b.package, Reverse(second.cores))
    })
}

impl Group<'_> {
    /// Sorts the group to choose first: most cores, fastest kind, lowest cpu.
    fn preference(&self) -> (Reverse<usize>, usize, usize) {
        let rank = self.cpus.iter().map(|cpu| kind::rank(cpu)).min();
        (Reverse(self.cores), rank.unwrap_or(usize::MAX), self.cpus[0].id)
    }

    /// The cpus for so many endpoints in the order of taking them: of the fastest kind that has a core for
    /// each endpoint, else of all kinds.
    fn in_order(&self, endpoints: usize) -> Vec<usize> {
        let kinds: BTreeSet<usize> = self.cpus.iter().map(|cpu| kind::rank(cpu)).collect();
        let of_kind = |rank| -> Vec<&Cpu> { self.cpus.iter().copied().filter(|cpu| kind::rank(cpu) == rank).collect() };
        let alike = kinds.into_iter().map(of_kind).find(|cpus| cores(cpus) >= endpoints);
        spread(alike.as_ref().unwrap_or(&self.cpus))
    }
}

/// The first thread of every core, then the second threads, and so on; fast kinds before slow ones.
fn spread(cpus: &[&Cpu]) -> Vec<usize> {
    let mut threads_before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for cpu in cpus {
        let before = threads_before.entry(cpu.core).or_default();
        order.push((*before, kind::rank(cpu), cpu.id));
        *before += 1;
    }
    order.sort_unstable();
    order.into_iter().map(|(_, _, id)| id).collect()
}
