//! Rankings of made-up blocks: what must not change them, and what must.

use std::collections::BTreeMap;

use fastrand::Rng;
use queuebench::protocol::{Outcome, Report};
use queuebench::ranking::{Context, Logs, Ranking, Row, against_builds, all_pairs, headline, rank, undecided};
use queuebench::record::Block;
use queuebench::scenario::Scenario;
use queuebench::stats::Verdict;

const SCENARIO: &str = "stream/1p1c/1024/8B/same-l3";

fn scenario() -> Scenario {
    SCENARIO.parse().unwrap()
}

/// A block that ended ok at this rate, in messages per second.
fn block_at(scenario: &str, queue: &str, round: u32, rate: f64) -> Block {
    let elapsed_ns = 50_000_000;
    let messages = (rate * elapsed_ns as f64 / 1e9) as u64;
    Block {
        scenario: scenario.into(),
        queue: queue.into(),
        round,
        repeat: 0,
        position: 0,
        ready_ns: 2_000_000,
        wall_ns: 115_000_000,
        steal_ticks: 0,
        line_ns: Some(80),
        waited_ns: 0,
        away_ns: None,
        report: Report { messages, elapsed_ns, settle_ns: 55_000_000, ..Report::default() },
    }
}

/// Blocks of these queues, each with its rate in M/s, scattered by a tenth.
fn blocks(queues: &[(&str, f64)], rounds: u32) -> Vec<Block> {
    scattered(queues, rounds, 0.1)
}

fn scattered(queues: &[(&str, f64)], rounds: u32, scatter: f64) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (queue, rate) in queues {
        // Of its own, so that a queue's blocks are the same whoever else takes part.
        let seed = queue.bytes().fold(7u64, |all, byte| all.wrapping_mul(131).wrapping_add(u64::from(byte)));
        let mut rng = Rng::with_seed(seed);
        for round in 0..rounds {
            let factor = 1.0 + scatter * (rng.f64() + rng.f64() - 1.0);
            blocks.push(block_at(SCENARIO, queue, round, rate * 1e6 * factor));
        }
    }
    blocks
}

fn ranked_at(blocks: &[Block], margin: f64) -> Ranking {
    rank(&scenario(), blocks, &Context { families: &BTreeMap::new(), margin, oversubscribed: false })
}

fn ranked(blocks: &[Block]) -> Ranking {
    ranked_at(blocks, 0.05)
}

fn row<'a>(ranking: &'a Ranking, queue: &str) -> &'a Row {
    ranking.rows.iter().find(|row| row.queue == queue).unwrap()
}

const FIELD: [(&str, f64); 5] =
    [("a/one", 50.0), ("b/two", 49.8), ("c/three", 30.0), ("d/four", 29.0), ("e/five", 5.0)];

/// What a ranking says of each queue, but not how fast it is.
fn said(ranking: &Ranking) -> Vec<String> {
    let words = |row: &Row| {
        format!("{} {:?} {:?} {:.9?} {}", row.queue, row.ranks, row.verdict, row.times_slower, row.may_be_best)
    };
    ranking.rows.iter().map(words).collect()
}

#[test]
fn the_best_set_comes_first_and_the_verdicts_fit_the_rates() {
    let ranking = ranked(&blocks(&FIELD, 60));
    let verdicts: Vec<(&str, Option<Verdict>, bool)> =
        ranking.rows.iter().map(|row| (row.queue.as_str(), row.verdict, row.may_be_best)).collect();
    assert!(
        verdicts[..2].iter().all(|(_, verdict, best)| *best && *verdict == Some(Verdict::Equivalent)),
        "{verdicts:?}"
    );
    assert!(verdicts[2..].iter().all(|(_, verdict, best)| !best && *verdict == Some(Verdict::Slower)), "{verdicts:?}");
    assert_eq!(row(&ranking, "e/five").ranks, Some([5, 5]));
    assert_eq!(row(&ranking, "a/one").ranks.map(|ranks| ranks[0]), Some(1));
    let slower = row(&ranking, "e/five").times_slower.unwrap();
    assert!((slower.estimate / 10.0 - 1.0).abs() < 0.03, "{slower:?}");
}

#[test]
fn the_sentence_never_crowns_one_of_several() {
    let sentence = |blocks: &[Block]| headline(&ranked(blocks)).unwrap();
    let several = sentence(&blocks(&FIELD, 60));
    assert!(several.contains("equivalent within 5 %; ") && several.contains("x slower ["), "{several}");
    assert!(!several.contains("fastest"), "{several}");
    let one = sentence(&blocks(&FIELD[1..], 60));
    assert!(one.starts_with("b/two is the fastest of 4; ") && one.contains("slower"), "{one}");
    let open = sentence(&scattered(&FIELD[..2], 12, 0.5));
    assert!(open.contains("undecided which is fastest"), "{open}");
    let too_few = sentence(&blocks(&FIELD, 4));
    assert!(too_few.contains("too few"), "{too_few}");
    assert_eq!(headline(&ranked(&blocks(&FIELD[..1], 30))), None);
}

#[test]
fn too_few_rounds_say_nothing_of_the_leader_either() {
    let ranking = ranked(&blocks(&FIELD, 2));
    assert!(ranking.rows.iter().all(|row| row.verdict == Some(Verdict::Undecided)), "{:?}", said(&ranking));
    assert!(ranking.rows.iter().all(|row| row.times_slower.unwrap().interval.is_none()), "{:?}", said(&ranking));
}

#[test]
fn scaling_all_rates_leaves_everything_but_the_rates() {
    let slow: Vec<(&str, f64)> = FIELD.iter().map(|(queue, rate)| (*queue, rate / 10.0)).collect();
    let ratios = |ranking: &Ranking| -> Vec<(String, Option<Verdict>, f64)> {
        let of = |row: &Row| (row.queue.clone(), row.verdict, row.times_slower.unwrap().estimate);
        ranking.rows.iter().map(of).collect()
    };
    let (fast, slow) = (ranked(&blocks(&FIELD, 30)), ranked(&blocks(&slow, 30)));
    for (one, other) in ratios(&fast).iter().zip(ratios(&slow)) {
        // Counts of messages are whole numbers.
        assert!((one.0 == other.0) && one.1 == other.1 && (one.2 / other.2 - 1.0).abs() < 1e-4, "{one:?} {other:?}");
    }
}

#[test]
fn the_order_of_blocks_is_irrelevant() {
    let mut shuffled = blocks(&FIELD, 30);
    Rng::with_seed(1).shuffle(&mut shuffled);
    assert_eq!(said(&ranked(&shuffled)), said(&ranked(&blocks(&FIELD, 30))));
}

#[test]
fn adding_a_queue_does_not_flip_a_pair() {
    let verdicts = |queues: &[(&str, f64)]| -> BTreeMap<(String, String), Verdict> {
        let blocks = blocks(queues, 40);
        let ranking = ranked(&blocks);
        let logs = Logs::of(scenario().workload, &blocks);
        let mut pairs = BTreeMap::new();
        for pair in all_pairs(&logs, &ranking) {
            pairs.insert((pair.of.clone(), pair.to.clone()), pair.verdict);
            pairs.insert((pair.to, pair.of), pair.verdict.turned());
        }
        pairs
    };
    let before = verdicts(&FIELD);
    for newcomer in [("f/best", 200.0), ("f/middle", 40.0), ("f/worst", 0.1)] {
        let after = verdicts(&[&FIELD[..], &[newcomer]].concat());
        for (pair, verdict) in &before {
            let now = after[pair];
            let same_side =
                now == *verdict || now == Verdict::Undecided || (now.is_equivalent() && verdict.is_equivalent());
            assert!(same_side || *verdict == Verdict::Undecided, "{pair:?}: {verdict:?}, with {newcomer:?} {now:?}");
        }
    }
}

#[test]
fn the_margin_decides_what_is_equivalent() {
    let blocks = blocks(&[("a/one", 50.0), ("b/two", 47.0)], 100);
    assert_eq!(row(&ranked_at(&blocks, 0.05), "b/two").verdict, Some(Verdict::Slower));
    assert_eq!(row(&ranked_at(&blocks, 0.20), "b/two").verdict, Some(Verdict::EquivalentSlower));
}

/// The blocks with a second one of `a/one` in each round, so many times as fast.
fn with_repeats(mut blocks: Vec<Block>, factor: f64) -> Vec<Block> {
    let first: Vec<Block> = blocks.iter().filter(|block| block.queue == "a/one").cloned().collect();
    for block in first {
        let mut again = Block { repeat: 1, position: 1, ..block };
        again.report.messages = (again.report.messages as f64 * factor) as u64;
        blocks.push(again);
    }
    blocks
}

#[test]
fn nothing_is_called_equivalent_by_a_run_whose_own_pairs_differ() {
    let sound = ranked(&with_repeats(blocks(&FIELD, 60), 1.01));
    assert!(!sound.equivalence_withheld && row(&sound, "b/two").verdict == Some(Verdict::Equivalent));
    let unsound = ranked(&with_repeats(blocks(&FIELD, 60), 1.07));
    assert!(unsound.equivalence_withheld);
    assert_eq!(row(&unsound, "b/two").verdict, Some(Verdict::Undecided));
    assert_eq!(row(&unsound, "e/five").verdict, Some(Verdict::Slower), "what differs more still differs");
}

/// Disturbs the blocks of a queue in the first so many rounds.
fn disturb(blocks: &mut [Block], queue: &str, rounds: u32, how: fn(&mut Block)) {
    blocks.iter_mut().filter(|block| block.queue == queue && block.round < rounds).for_each(how);
}

fn move_cpus(block: &mut Block) {
    block.line_ns = Some(450);
}

fn take_cpu(block: &mut Block) {
    block.report.run_delay_ns = block.report.elapsed_ns / 10;
}

#[test]
fn disturbed_blocks_stay_in_and_too_many_make_a_row_unreliable() {
    for how in [move_cpus, take_cpu] {
        let mut blocks = blocks(&FIELD, 60);
        let before = said(&ranked(&blocks));
        disturb(&mut blocks, "e/five", 10, how);
        let few = ranked(&blocks);
        assert_eq!(said(&few), before, "they stay in");
        assert_eq!(row(&few, "e/five").disturbed.values().sum::<usize>(), 10);
        assert_eq!(row(&few, "e/five").unreliable, None, "a fifth of the rounds, and the verdict stands without them");
        disturb(&mut blocks, "e/five", 20, how);
        let many = ranked(&blocks);
        assert!(row(&many, "e/five").unreliable.as_ref().is_some_and(|why| why.contains("33 %")));
        assert!(many.rows.iter().filter(|row| row.queue != "e/five").all(|row| row.unreliable.is_none()));
    }
}

#[test]
fn a_verdict_that_hangs_on_disturbed_rounds_is_unreliable() {
    let mut blocks = blocks(&[("a/one", 50.0), ("b/two", 50.0)], 60);
    // Disturbed, and slow for it: enough to make the difference.
    disturb(&mut blocks, "b/two", 16, |block| {
        take_cpu(block);
        block.report.messages /= 3;
    });
    let ranking = ranked(&blocks);
    let row = row(&ranking, "b/two");
    assert!(row.unreliable.as_ref().is_some_and(|why| why.contains("without the disturbed rounds")), "{row:?}");
    assert!(headline(&ranking).unwrap().contains("UNRELIABLE"));
}

#[test]
fn where_threads_outnumber_cpus_waiting_for_one_is_no_disturbance() {
    let mut blocks = blocks(&FIELD, 30);
    disturb(&mut blocks, "e/five", 30, take_cpu);
    let context = Context { families: &BTreeMap::new(), margin: 0.05, oversubscribed: true };
    let ranking = rank(&scenario(), &blocks, &context);
    assert!(row(&ranking, "e/five").disturbed.is_empty());
}

#[test]
fn nor_is_waiting_behind_what_a_scenario_brings_itself() {
    let disturbed = |scenario: &str, queue: &str| {
        let blocks: Vec<Block> = (0..30)
            .map(|round| {
                let mut block = block_at(scenario, queue, round, 50.0);
                take_cpu(&mut block);
                block
            })
            .collect();
        let context = Context { families: &BTreeMap::new(), margin: 0.05, oversubscribed: false };
        !row(&rank(&scenario.parse().unwrap(), &blocks, &context), queue).disturbed.is_empty()
    };
    for (scenario, queue) in [
        ("print/2p2c/1/8B/free", "print/locked"),
        ("finish/1p1c/1/8B/free", "finish/join"),
        ("recover/1p1c/1/8B/free", "recover/guard"),
        ("spawn/1p1c/1/8B/free", "start/thread"),
        ("counter/2p2c/1/8B/free", "counter/owner"),
        ("counter/2p2c/1/8B/free", "counter/owner@base"),
    ] {
        assert!(!disturbed(scenario, queue), "{scenario} {queue}");
    }
    assert!(disturbed("counter/2p2c/1/8B/free", "counter/mutex") && disturbed("barrier/2p2c/1/8B/free", "barrier/std"));
}

#[test]
fn a_rate_above_the_loop_without_a_queue_is_impossible() {
    let possible = ranked(&blocks(&[("a/one", 50.0), ("b/two", 20.0), ("limit/loop", 400.0)], 20));
    assert_eq!(row(&possible, "a/one").unreliable, None);
    let impossible = ranked(&blocks(&[("a/one", 500.0), ("b/two", 20.0), ("limit/loop", 400.0)], 20));
    let why = row(&impossible, "a/one").unreliable.clone().unwrap();
    assert!(why.contains("impossible") && why.contains("limit/loop"), "{why}");
}

#[test]
fn a_build_is_compared_with_the_queue_itself() {
    let builds = [("a/one", 50.0), ("a/one@base", 40.0), ("b/two", 30.0), ("b/two@base", 30.1)];
    let blocks = blocks(&builds, 100);
    let rows = against_builds(&Logs::of(scenario().workload, &blocks), &ranked(&blocks));
    let said: Vec<(&str, &str, Verdict)> =
        rows.iter().map(|row| (row.of.as_str(), row.to.as_str(), row.verdict)).collect();
    assert_eq!(said.len(), 2);
    assert!(said.contains(&("a/one", "a/one@base", Verdict::Faster)), "{said:?}");
    let unchanged = said.iter().find(|(of, ..)| *of == "b/two").unwrap();
    assert!(unchanged.2.is_equivalent(), "{said:?}");
}

#[test]
fn what_is_undecided_comes_with_what_would_decide_it() {
    let blocks = scattered(&FIELD[..2], 12, 0.5);
    let ranking = ranked(&blocks);
    let open = undecided(&Logs::of(scenario().workload, &blocks), &ranking);
    assert_eq!(open.len(), 1);
    assert!(open[0].rounds > 12 && open[0].time_ns > 0, "{open:?}");
    // With so many rounds of the same kind it is decided.
    let more = scattered(&FIELD[..2], open[0].rounds * 2, 0.5);
    let verdict = row(&ranked(&more), &open[0].queue).verdict;
    assert!(verdict.is_none_or(|verdict| verdict != Verdict::Undecided), "{verdict:?}");
}

#[test]
fn a_queue_that_failed_once_has_no_place() {
    let mut blocks = blocks(&FIELD, 30);
    let last = blocks.iter_mut().find(|block| block.queue == "a/one" && block.round == 29).unwrap();
    last.report.outcome = Outcome::Reordered;
    let ranking = ranked(&blocks);
    let failed = row(&ranking, "a/one");
    assert_eq!((failed.ranks, failed.verdict, failed.value), (None, None, None));
    assert_eq!(ranking.rows[0].queue, "b/two");
    assert_eq!(ranking.rows.last().unwrap().queue, "a/one");
}

#[test]
fn a_queue_that_never_met_the_others_is_compared_with_nobody_and_spoils_nothing() {
    let alone = ranked(&blocks(&FIELD, 30));
    let mut with_stranger = blocks(&FIELD, 30);
    with_stranger.extend(
        blocks(&[("x/stranger", 500.0)], 30).into_iter().map(|block| Block { round: block.round + 30, ..block }),
    );
    let ranking = ranked(&with_stranger);
    let stranger = row(&ranking, "x/stranger");
    assert_eq!((stranger.ranks, stranger.verdict, stranger.may_be_best), (None, None, false));
    assert!(stranger.value.is_some());
    let others: Vec<String> = said(&ranking).into_iter().filter(|row| !row.starts_with("x/stranger")).collect();
    assert_eq!(others, said(&alone));
}

#[test]
fn who_is_alone_is_not_the_best_of_anything() {
    let ranking = ranked(&blocks(&FIELD[..1], 30));
    assert!(!ranking.rows[0].may_be_best && ranking.rows[0].ranks.is_none());
}
