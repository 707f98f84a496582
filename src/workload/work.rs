//! Calibrated work: what an endpoint does besides handling its queue, the same for every queue.

use std::hint::black_box;
use std::time::Instant;

/// A chain in which every step needs the one before, also across messages: an out-of-order core can overlap it
/// with the queue's own latencies but cannot run it in less than its stated time.
pub struct Work {
    iterations: u32,
    state: u64,
}

impl Work {
    /// `iterations` steps for each message.
    pub fn new(iterations: u32) -> Work {
        Work { iterations, state: 1 }
    }

    /// One message's work.
    #[inline]
    pub fn run(&mut self) {
        for _ in 0..self.iterations {
            self.state = self.state.wrapping_mul(5).rotate_left(7);
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        black_box(self.state);
    }
}

/// Nanoseconds an iteration takes here: the least of nine timings, because everything that disturbs a chain
/// of register instructions makes it longer.
pub fn calibrate() -> f64 {
    const ITERATIONS: u32 = 200_000;
    let timing = |_| {
        let mut work = Work::new(black_box(ITERATIONS));
        let start = Instant::now();
        work.run();
        black_box(work.state);
        start.elapsed().as_nanos() as f64 / f64::from(ITERATIONS)
    };
    (0..9).map(timing).fold(f64::INFINITY, f64::min)
}

/// Iterations nearest to `ns` at `ns_per_iteration`.
pub fn iterations(ns: u32, ns_per_iteration: f64) -> u32 {
    (f64::from(ns) / ns_per_iteration).round() as u32
}
