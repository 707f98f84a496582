//! Rounds by what is known: after a pilot, until intervals are narrow enough, a limit, or a budget.

use queuebench::protocol::Outcome;
use queuebench::schedule::Settings;
use queuebench::schedule::plan::{Plan, Planned};
use queuebench::schedule::profile::Extent;
use queuebench::schedule::rounds::BlockOrder;

use crate::fake::{Fake, File, Ran, SECOND, plan, run, settings};
use crate::made_up::planned;

const STREAM: &str = "stream/1p1c/1024/8B/same-l3";
const OTHER: &str = "stream/1p1c/1024/256B/same-l3";
const QUEUES: [&str; 3] = ["a/steady", "b/steady", "c/restless"];

fn adaptive() -> Settings {
    Settings { extent: Extent { pilot: 20, most: 160, precision: 0.03 }, ..settings(0) }
}

/// A number from 0 to 1 that a block always has.
fn chance(order: &BlockOrder, salt: u64) -> f64 {
    let name = order.queue.bytes().fold(salt, |all, byte| all.wrapping_mul(31).wrapping_add(u64::from(byte)));
    fastrand::Rng::with_seed(name ^ (u64::from(order.round) << 20) ^ (u64::from(order.repeat) << 60)).f64()
}

/// Everybody is equally fast; blocks of `c/restless` differ by tens of percent, those of the others by one.
fn rates(order: &BlockOrder) -> f64 {
    let scatter = if order.queue == "c/restless" { 0.6 } else { 0.01 };
    1e7 * (1.0 + scatter * (chance(order, 1) - 0.5))
}

fn fake() -> Fake {
    Fake { rate: rates, ..Fake::new() }
}

fn three() -> Planned {
    planned(STREAM, &QUEUES)
}

fn rounds_of(ran: &Ran, scenario: &str, queue: &str) -> u32 {
    let blocks = ran.asked.iter().filter(|(id, order)| id == scenario && order.queue == queue && order.repeat == 0);
    blocks.count() as u32
}

#[test]
fn who_is_known_well_enough_stops_and_who_is_not_goes_on() {
    let mut planned = planned(STREAM, &["a/steady", "b/steady", "c/restless", "d/steady"]);
    // Clearly slower, and as clearly known to be.
    planned.reference = "a/steady".into();
    let rate = |order: &BlockOrder| {
        let slower = match order.queue.as_str() {
            "c/restless" => 0.9,
            "d/steady" => 0.5,
            _ => 1.0,
        };
        rates(order) * slower
    };
    let ran = run(&plan(vec![planned]), adaptive(), Fake { rate, ..Fake::new() });
    assert_eq!(rounds_of(&ran, STREAM, "d/steady"), 20);
    let rounds = QUEUES.map(|queue| rounds_of(&ran, STREAM, queue));
    assert_eq!(rounds[0], rounds[2], "the reference is in every round");
    assert!(rounds[2] > 60 && rounds[2] < 160, "{rounds:?}");
}

#[test]
fn steady_queues_need_no_more_than_the_pilot_however_close_they_are() {
    let ran = run(&plan(vec![planned(STREAM, &QUEUES[..2])]), adaptive(), fake());
    assert_eq!(rounds_of(&ran, STREAM, "a/steady"), 20);
    let undecided = ran.told.progress.iter().filter_map(|progress| progress.undecided).next_back();
    assert_eq!(undecided, Some([2, 2]), "before the first look nothing is known");
}

#[test]
fn a_difference_that_is_plain_after_the_pilot_stops_nobody() {
    // Three times as fast as the others, with the same scatter: significant at once, and no better known for that.
    let fast = |order: &BlockOrder| rates(order) * if order.queue == "c/restless" { 3.0 } else { 1.0 };
    let ran = run(&plan(vec![three()]), adaptive(), Fake { rate: fast, ..Fake::new() });
    assert!(rounds_of(&ran, STREAM, "c/restless") > 60);
}

#[test]
fn nobody_runs_more_rounds_than_there_are_at_most() {
    let wild = |order: &BlockOrder| 1e7 * (0.1 + chance(order, 2));
    let ran = run(&plan(vec![three()]), adaptive(), Fake { rate: wild, ..Fake::new() });
    assert_eq!(QUEUES.map(|queue| rounds_of(&ran, STREAM, queue)).iter().max(), Some(&160));
    let last = ran.told.progress.last().unwrap();
    assert_eq!((last.done, last.left_ns), (last.total, 0));
}

#[test]
fn a_queue_that_failed_is_not_waited_for() {
    let outcome = |order: &BlockOrder, _: &_| {
        if order.queue == "c/restless" && order.round == 3 { Outcome::Lost } else { Outcome::Ok }
    };
    let ran = run(&plan(vec![three()]), adaptive(), Fake { outcome, ..fake() });
    assert_eq!(QUEUES.map(|queue| rounds_of(&ran, STREAM, queue)), [20, 20, 4]);
}

#[test]
fn an_adaptive_run_goes_on_after_an_interrupt_as_if_nothing_had_been() {
    let plan = plan(vec![three(), planned(OTHER, &QUEUES[..2])]);
    let whole = run(&plan, adaptive(), fake());
    let keys = |file: &File| -> Vec<String> {
        file.read().blocks.iter().map(|block| format!("{:?} {}", block.key(), block.report.messages)).collect()
    };
    for cut in [1, 30, 80, 95, 200, whole.asked.len() - 1] {
        let file = File::new(&plan, adaptive());
        file.go_on(&plan, adaptive(), &mut Fake { blocks_left: cut, ..fake() });
        file.go_on(&plan, adaptive(), &mut fake());
        assert_eq!(keys(&file), keys(&whole.file), "cut after {cut} blocks");
    }
}

fn within(plan: &Plan, seconds: u64, rounds: u32) -> Ran {
    run(plan, Settings { budget_ns: Some(seconds * SECOND), ..settings(rounds) }, Fake::new())
}

#[test]
fn a_budget_is_kept_and_every_scenario_gets_its_share() {
    let plan = plan(vec![planned(STREAM, &QUEUES), planned(OTHER, &QUEUES)]);
    // A block takes a second, a round four.
    let ran = within(&plan, 40, 100);
    assert_eq!(ran.asked.len(), 40);
    assert_eq!([STREAM, OTHER].map(|scenario| rounds_of(&ran, scenario, "a/steady")), [5, 5]);
    assert!(ran.told.progress.iter().all(|progress| progress.left_ns <= 40 * SECOND));
}

#[test]
fn what_one_scenario_does_not_need_the_next_may_use() {
    let plan = plan(vec![planned(STREAM, &QUEUES[..1]), planned(OTHER, &QUEUES)]);
    let settings = Settings { budget_ns: Some(200 * SECOND), ..adaptive() };
    let ran = run(&plan, settings, fake());
    // One queue is known as soon as the pilot is over: 20 rounds of two blocks.
    assert_eq!(rounds_of(&ran, STREAM, "a/steady"), 20);
    let seconds = ran.asked.len();
    assert!((190..=200).contains(&seconds), "{seconds} of 200 s were used");
}

#[test]
fn a_budget_that_is_too_short_still_shows_that_everything_runs() {
    let ran = within(&plan(vec![planned(STREAM, &QUEUES), planned(OTHER, &QUEUES)]), 1, 100);
    assert_eq!([STREAM, OTHER].map(|scenario| rounds_of(&ran, scenario, "a/steady")), [1, 1]);
}
