//! Which pairs of cpus are measured, in which order, and what is made of the figures, on machines that are not here.

// What the topology's own tests need besides is not needed here.
#[allow(dead_code)]
mod recorded;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use queuebench::core_to_core::{Choice, MOST_MAPPED, Pair, REPETITIONS, choose, measure};
use queuebench::machine::Fingerprint;
use queuebench::record::core_to_core::{CoreToCore, SCHEMA, is_core_to_core, read};
use queuebench::topology::{Placement, Topology};
use recorded::{Spelling, machines, temp_dir};

/// Every recorded machine by its name.
static MACHINES: LazyLock<BTreeMap<String, Topology>> = LazyLock::new(|| {
    let read = |machine: recorded::Machine| {
        let root = temp_dir();
        machine.write(root.path(), Spelling::Lists);
        (machine.name, Topology::read(root.path(), None))
    };
    machines().into_iter().map(read).collect()
});

fn pairs_of(choice: &Choice) -> BTreeSet<(usize, usize)> {
    choice.pairs.iter().map(|pair| (pair.from, pair.to)).collect()
}

fn of_class(choice: &Choice, class: Placement) -> usize {
    choice.pairs.iter().filter(|pair| pair.class == class).count()
}

/// What never fails and takes the same each time.
fn steady(pair: Pair, _: u32) -> Result<u64, String> {
    Ok((pair.from + 2 * pair.to + 50) as u64)
}

#[test]
fn up_to_64_cpus_every_pair_is_measured_both_ways() {
    for (name, topology) in MACHINES.iter() {
        let cpus = topology.usable().count();
        let choice = choose(topology, 1);
        assert_eq!(choice.sampled, cpus > MOST_MAPPED, "{name}");
        if !choice.sampled {
            assert_eq!(choice.pairs.len(), cpus * (cpus - 1), "{name}");
        }
    }
}

#[test]
fn every_pair_is_of_two_usable_cpus_is_there_once_and_has_its_reverse() {
    for (name, topology) in MACHINES.iter() {
        let (choice, cpus) = (choose(topology, 7), topology.usable_cpus());
        let pairs = pairs_of(&choice);
        assert_eq!(pairs.len(), choice.pairs.len(), "{name}");
        for &(from, to) in &pairs {
            assert!(from != to && cpus.contains(&from) && cpus.contains(&to), "{name}");
            assert!(pairs.contains(&(to, from)), "{name}");
        }
    }
}

#[test]
fn a_class_is_there_where_the_placement_is() {
    for (name, topology) in MACHINES.iter() {
        let choice = choose(topology, 1);
        for class in Placement::BETWEEN_CPUS {
            let is_placement = topology.place(class, 1, 1).is_ok();
            // Two cpus that share an L2 share its L3 as well, and are called by what is nearer; packages may stand for nodes.
            let is_sure = match class {
                Placement::SameL3 | Placement::CrossL3 => false,
                Placement::CrossNode => topology.usable().all(|cpu| cpu.node.is_some()),
                _ => true,
            };
            if is_sure {
                assert_eq!(of_class(&choice, class) > 0, is_placement, "{name}: {class}");
            }
        }
    }
}

#[test]
fn cpus_are_called_by_the_nearest_that_they_share() {
    let topology = &MACHINES["made-up-epyc"];
    let nearness = |a: usize, b: usize| topology.cpus[a].nearness(&topology.cpus[b]);
    assert_eq!(nearness(0, 0), Placement::SameCpu);
    assert_eq!(nearness(0, 16), Placement::Smt);
    assert_eq!(nearness(0, 17), Placement::SameL3);
    assert_eq!(nearness(8, 12), Placement::CrossL3);
    assert_eq!(nearness(0, 4), Placement::CrossNode);
    let hybrid = &MACHINES["20em64t-hybrid-1p6c2t+2ca4co1t"];
    assert!(choose(hybrid, 1).pairs.iter().any(|pair| pair.class == Placement::SameL2));
}

#[test]
fn without_nodes_packages_stand_for_them() {
    let mut topology = MACHINES["made-up-epyc"].clone();
    topology.cpus.iter_mut().for_each(|cpu| cpu.node = None);
    assert_eq!(topology.cpus[0].nearness(&topology.cpus[4]), Placement::CrossL3);
    assert_eq!(topology.cpus[0].nearness(&topology.cpus[8]), Placement::CrossNode);
}

#[test]
fn near_cpus_stand_together() {
    let order: Vec<usize> = MACHINES["made-up-epyc"].usable_by_place().iter().map(|cpu| cpu.id).collect();
    assert_eq!(order[..6], [0, 16, 1, 17, 2, 18]);
    assert_eq!(order[8..10], [4, 20]);
}

#[test]
fn a_large_machine_is_sampled_and_every_class_is_in_the_sample() {
    for name in ["256ppc-8n8s4t", "128arm-2pa2n8cluster4co"] {
        let choice = choose(&MACHINES[name], 3);
        assert!(choice.sampled && choice.pairs.len() < 3000, "{name}: {}", choice.pairs.len());
        let classes: BTreeSet<Placement> = choice.pairs.iter().map(|pair| pair.class).collect();
        for class in classes {
            // Both directions of 128 pairs, or all there are.
            assert!(of_class(&choice, class) >= 2 * 64, "{name}: {class}");
        }
    }
}

#[test]
fn all_pairs_of_one_l3_are_in_a_sample() {
    let topology = &MACHINES["256ppc-8n8s4t"];
    let pairs = pairs_of(&choose(topology, 3));
    let within = |from: usize, to: usize| from == to || pairs.contains(&(from, to));
    assert!((0..4).all(|from| (0..4).all(|to| within(from, to))));
}

#[test]
fn an_l3_of_a_hundred_cpus_is_not_measured_whole() {
    let mut topology = MACHINES["256ppc-8n8s4t"].clone();
    topology.cpus.iter_mut().for_each(|cpu| (cpu.l3, cpu.l2, cpu.node) = (Some(0), None, Some(0)));
    let choice = choose(&topology, 3);
    assert!(choice.sampled && choice.pairs.len() < 3000, "{}", choice.pairs.len());
    // Some 32 cpus are measured with each other, in whole cores.
    let partners = |cpu: usize| choice.pairs.iter().filter(|pair| pair.from == cpu).count();
    let much_measured: Vec<usize> = (0..256).filter(|cpu| partners(*cpu) >= 31).collect();
    assert_eq!(much_measured.len(), 32);
    assert!(much_measured.chunks(4).all(|core| core[0] % 4 == 0 && core[3] == core[0] + 3), "{much_measured:?}");
}

#[test]
fn the_seed_decides_what_is_drawn() {
    let topology = &MACHINES["256ppc-8n8s4t"];
    assert_eq!(choose(topology, 5), choose(topology, 5));
    assert_ne!(choose(topology, 5), choose(topology, 6));
}

#[test]
fn cpus_out_of_reach_are_left_out() {
    let mut topology = MACHINES["256ppc-8n8s4t"].clone();
    topology.cpus.iter_mut().for_each(|cpu| cpu.usable = cpu.id < 3);
    let choice = choose(&topology, 1);
    assert!(!choice.sampled && choice.pairs.len() == 6);
    topology.cpus.iter_mut().for_each(|cpu| cpu.usable = cpu.id == 200);
    assert_eq!(choose(&topology, 1).pairs, []);
}

#[test]
fn every_round_has_every_pair_in_an_order_of_its_own() {
    let pairs = choose(&MACHINES["made-up-epyc"], 1).pairs;
    let order_of = |seed: u64| {
        let mut order: Vec<(u32, Pair)> = Vec::new();
        let record = |pair, repetition| {
            order.push((repetition, pair));
            steady(pair, repetition)
        };
        measure(&pairs, 3, seed, record, |_| true).unwrap();
        order
    };
    let order = order_of(1);
    let rounds: Vec<Vec<Pair>> =
        order.chunks(pairs.len()).map(|round| round.iter().map(|(_, p)| *p).collect()).collect();
    for (number, round) in rounds.iter().enumerate() {
        assert!(
            order[number * pairs.len()..][..pairs.len()].iter().all(|(repetition, _)| *repetition == number as u32)
        );
        let mut sorted = round.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, pairs);
    }
    assert!(rounds[0] != rounds[1] && rounds[1] != rounds[2]);
    assert_eq!(order, order_of(1));
    assert_ne!(order, order_of(2));
}

/// The one pair's record, had it taken these times.
fn of_one_pair(times: &[Option<u64>]) -> queuebench::record::core_to_core::CorePair {
    let pair = Pair { from: 3, to: 1, class: Placement::Smt };
    let take = |_, repetition: u32| times[repetition as usize].ok_or_else(|| "nobody there".to_owned());
    measure(&[pair], times.len() as u32, 1, take, |_| true).unwrap().remove(0)
}

#[test]
fn a_pair_has_its_median_and_the_interval_of_order_statistics() {
    let times: Vec<Option<u64>> = [9, 1, 15, 3, 7, 5, 11, 13, 2, 4, 6, 8, 10, 12, 14].map(Some).to_vec();
    let pair = of_one_pair(&times);
    assert_eq!((pair.from, pair.to, pair.class), (3, 1, Placement::Smt));
    // Of 15 values the fourth from either end.
    assert_eq!((pair.round_trip_ns, pair.low_ns, pair.high_ns), (Some(8), Some(4), Some(12)));
    assert_eq!((pair.unanswered, pair.why), (0, None));
}

#[test]
fn no_answer_is_longer_than_any_answer() {
    let times = |answered: u64| -> Vec<Option<u64>> { (1..=15).map(|ns| (ns <= answered).then_some(ns)).collect() };
    let few_missing = of_one_pair(&times(13));
    assert_eq!((few_missing.round_trip_ns, few_missing.high_ns), (Some(8), Some(12)));
    assert_eq!((few_missing.unanswered, few_missing.why), (2, None));
    let some_missing = of_one_pair(&times(8));
    assert_eq!((some_missing.round_trip_ns, some_missing.low_ns, some_missing.high_ns), (Some(8), Some(4), None));
    let most_missing = of_one_pair(&times(7));
    assert_eq!((most_missing.round_trip_ns, most_missing.low_ns, most_missing.high_ns), (None, None, None));
    assert_eq!((most_missing.unanswered, most_missing.why.as_deref()), (8, Some("nobody there")));
}

#[test]
fn too_few_repetitions_have_a_median_and_no_interval() {
    let pair = of_one_pair(&[Some(5), Some(7), Some(6)]);
    assert_eq!((pair.round_trip_ns, pair.low_ns, pair.high_ns), (Some(6), None, None));
}

#[test]
fn nothing_comes_of_what_is_stopped() {
    let pairs = choose(&MACHINES["made-up-epyc"], 1).pairs;
    let mut measured = 0;
    let count = |pair, repetition| {
        measured += 1;
        steady(pair, repetition)
    };
    assert_eq!(measure(&pairs, 15, 1, count, |done| done < 10), None);
    assert_eq!(measured, 10);
}

#[test]
fn the_map_of_each_machine_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, topology) in MACHINES.iter() {
        let choice = choose(topology, 11);
        let map = CoreToCore {
            schema: SCHEMA,
            program: "queuebench".into(),
            version: "1.2.3".into(),
            started: "2026-01-02T03:04:05Z".into(),
            seed: 11,
            machine: Fingerprint { id: name.clone(), ..Fingerprint::default() },
            topology: topology.clone(),
            sampled: choice.sampled,
            repetitions: REPETITIONS,
            pairs: measure(&choice.pairs, REPETITIONS, 11, steady, |_| true).unwrap(),
        };
        let path = folder.path().join(format!("{name}.jsonl"));
        map.write(&path).unwrap();
        assert!(is_core_to_core(&path), "{name}");
        assert_eq!(read(&path).unwrap(), map, "{name}");
    }
}
