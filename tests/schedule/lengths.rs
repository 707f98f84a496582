//! How long settling and the window are.

use queuebench::schedule::Settings;
use queuebench::schedule::plan::Planned;
use queuebench::schedule::rounds::{BlockOrder, mean_slice_ns};

use crate::fake::{orders, settings};
use crate::made_up::planned;

fn calm() -> Planned {
    planned("stream/1p1c/1024/8B/same-l3", &["a/one", "b/two", "c/three"])
}

/// With its threads on this many cpus.
fn crowded(shape: &str, cpus: usize) -> Planned {
    let mut planned = planned(&format!("stream/{shape}/1024/8B/same-l3"), &["a/one"]);
    for (thread, cpu) in planned.cpus.iter_mut().enumerate() {
        *cpu = Some(thread % cpus);
    }
    planned
}

fn lengths(order: &BlockOrder) -> [u64; 2] {
    [order.settle_ns, order.window_ns]
}

#[test]
fn all_blocks_of_a_round_are_equally_long_and_rounds_differ() {
    let orders = orders(&calm(), settings(20));
    let rounds: Vec<&[BlockOrder]> = orders.chunk_by(|a, b| a.round == b.round).collect();
    for round in &rounds {
        assert!(round.iter().all(|order| lengths(order) == lengths(&round[0])));
    }
    for pair in rounds.windows(2) {
        assert_ne!(lengths(&pair[0][0]), lengths(&pair[1][0]));
    }
}

#[test]
fn lengths_are_drawn_from_a_fifth_either_side_of_their_mean_and_are_never_below_what_is_promised() {
    let mut drawn: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for seed in 0..10 {
        for order in orders(&calm(), Settings { seed, ..settings(60) }) {
            drawn.iter_mut().zip(lengths(&order)).for_each(|(drawn, length)| drawn.push(length as f64));
        }
    }
    for (drawn, least_ns) in drawn.iter().zip([20e6, 10e6]) {
        let mean = least_ns / 0.8;
        let (least, most) = (drawn.iter().copied().fold(f64::MAX, f64::min), drawn.iter().copied().fold(0.0, f64::max));
        assert!(least >= least_ns - 1.0 && most <= 1.2001 * mean, "{least} to {most}");
        // All of that range is used.
        assert!(least < 0.82 * mean && most > 1.18 * mean, "{least} to {most}");
    }
    let total: f64 = drawn.iter().map(|drawn| drawn.iter().sum::<f64>() / drawn.len() as f64).sum();
    assert!((total / mean_slice_ns(&calm()) as f64 - 1.0).abs() < 0.02);
}

#[test]
fn settling_and_the_window_are_drawn_apart() {
    let orders = orders(&calm(), settings(10));
    assert!(orders.iter().all(|order| order.settle_ns != order.window_ns));
}

#[test]
fn threads_that_outnumber_their_cpus_get_more_time_up_to_a_second() {
    let mean = |planned: &Planned| mean_slice_ns(planned);
    assert_eq!(mean(&crowded("1p1c", 2)), mean(&crowded("2p2c", 4)));
    assert!(mean(&crowded("2p2c", 2)) > mean(&crowded("2p2c", 4)));
    assert!(mean(&crowded("4p4c", 2)) > mean(&crowded("2p2c", 2)));
    for order in orders(&crowded("500p500c", 1), settings(40)) {
        assert!(lengths(&order).iter().all(|length| *length <= 1_000_000_000));
    }
}

#[test]
fn threads_that_are_not_pinned_are_counted_against_the_usable_cpus() {
    let mut free = planned("stream/2p2c/1024/8B/free", &["a/one"]);
    free.cpus.fill(None);
    free.usable_cpus = 4;
    let calm = mean_slice_ns(&free);
    free.usable_cpus = 1;
    assert!(free.oversubscribed() && mean_slice_ns(&free) > calm);
}
