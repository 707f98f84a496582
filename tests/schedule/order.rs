//! Which blocks a round has, and in which order.

use std::collections::BTreeSet;

use queuebench::filter::Filter;
use queuebench::registry::Registry;
use queuebench::schedule::Settings;
use queuebench::schedule::plan::{self, Choice};
use queuebench::schedule::rounds::BlockOrder;
use queuebench::suite::Suite;
use queuebench::topology::{Cpu, Topology};

use crate::fake::{Fake, orders, plan, run, settings};
use crate::made_up::planned;

const STREAM: &str = "stream/1p1c/1024/8B/same-l3";
const QUEUES: [&str; 4] = ["std/mutex-deque", "a/one", "b/two", "limit/loop"];

fn rounds_of(orders: &[BlockOrder]) -> Vec<&[BlockOrder]> {
    orders.chunk_by(|a, b| a.round == b.round).collect()
}

fn names(round: &[BlockOrder], repeat: u32) -> Vec<&str> {
    let mut names: Vec<&str> =
        round.iter().filter(|order| order.repeat == repeat).map(|order| order.queue.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_queue_runs_once_a_round_and_one_by_turns_runs_a_second_time() {
    let mut planned = planned(STREAM, &QUEUES);
    planned.repeatable.pop();
    let orders = orders(&planned, settings(9));
    let rounds = rounds_of(&orders);
    assert_eq!(rounds.len(), 9);
    let mut sorted = QUEUES;
    sorted.sort_unstable();
    for (number, round) in rounds.iter().enumerate() {
        assert_eq!(names(round, 0), sorted);
        assert_eq!(names(round, 1), [planned.repeatable[number % 3].as_str()]);
        let positions: Vec<u32> = round.iter().map(|order| order.position).collect();
        assert_eq!(positions, [0, 1, 2, 3, 4]);
        assert!(round.iter().all(|order| order.round == number as u32));
    }
}

#[test]
fn a_scenario_of_limits_only_repeats_nothing() {
    let mut planned = planned(STREAM, &["limit/loop", "limit/fetch-add"]);
    planned.repeatable.clear();
    let orders = orders(&planned, settings(3));
    assert_eq!(orders.len(), 6);
    assert!(orders.iter().all(|order| order.repeat == 0));
}

#[test]
fn every_queue_comes_to_every_place_of_a_round() {
    let planned = planned(STREAM, &QUEUES);
    let orders = orders(&planned, settings(60));
    for queue in QUEUES {
        let positions: BTreeSet<u32> =
            orders.iter().filter(|order| order.queue == queue).map(|order| order.position).collect();
        assert_eq!(positions, (0..5).collect(), "{queue}");
    }
}

#[test]
fn the_same_seed_draws_the_same_orders_and_lengths() {
    let planned = planned(STREAM, &QUEUES);
    assert_eq!(orders(&planned, settings(10)), orders(&planned, settings(10)));
}

#[test]
fn neighbouring_seeds_have_no_round_in_common() {
    let planned = planned(STREAM, &QUEUES);
    let lengths = |seed| -> BTreeSet<(u64, u64)> {
        let orders = orders(&planned, Settings { seed, ..settings(16) });
        orders.iter().map(|order| (order.settle_ns, order.window_ns)).collect()
    };
    for seed in [0, 1, 2, 1 << 32] {
        assert_eq!(lengths(seed).len(), 16);
        assert!(lengths(seed).is_disjoint(&lengths(seed + 1)), "seed {seed}");
    }
}

#[test]
fn scenarios_of_one_run_draw_independently() {
    let (first, second) = (planned(STREAM, &QUEUES), planned("stream/1p1c/1024/256B/same-l3", &QUEUES));
    let ran = run(&plan(vec![first, second]), settings(8), Fake::new());
    let (first, second): (Vec<_>, Vec<_>) = ran.asked.iter().partition(|(scenario, _)| scenario == STREAM);
    let lengths = |blocks: &[&(String, BlockOrder)]| -> BTreeSet<u64> {
        blocks.iter().map(|(_, order)| order.window_ns).collect()
    };
    assert!(lengths(&first).is_disjoint(&lengths(&second)));
}

#[test]
fn a_scenario_runs_all_its_rounds_before_the_next_begins_and_is_then_shown_once() {
    let other = "pingpong/1p1c/1024/8B/same-l3";
    let plan = plan(vec![planned(STREAM, &["a/one"]), planned(other, &["a/one", "b/two"])]);
    let ran = run(&plan, settings(4), Fake::new());
    let order: Vec<&str> = ran.asked.iter().map(|(scenario, _)| scenario.as_str()).collect();
    assert_eq!(order, [[STREAM; 8].as_slice(), [other; 12].as_slice()].concat());
    assert_eq!(ran.told.scenarios, [(STREAM.to_owned(), 8), (other.to_owned(), 12)]);
}

#[test]
fn the_reference_queue_is_in_every_round_even_if_a_filter_names_another() {
    let cpu = |id| Cpu { id, online: true, usable: true, core: id, l3: Some(0), ..Cpu::default() };
    let machine = Topology { cpus: (0..4).map(cpu).collect(), ..Topology::default() };
    let wanted = Suite::load("quick").unwrap().on(&machine).unwrap();
    let choice = Choice { queue: Some(Filter::new("^std/mpsc$").unwrap()), ..Choice::default() };
    let plan = plan::plan(&wanted, &Registry::builtin(), &machine, &choice).unwrap();
    assert!(plan.scenarios.len() > 2);
    assert!(plan.scenarios.iter().any(|planned| planned.reference == "std/mutex-deque"));
    for planned in &plan.scenarios {
        let orders = orders(planned, settings(3));
        for round in rounds_of(&orders) {
            assert!(names(round, 0).contains(&planned.reference.as_str()), "{}", planned.scenario);
            assert!(names(round, 0).contains(&"std/mpsc"), "{}", planned.scenario);
        }
    }
}
