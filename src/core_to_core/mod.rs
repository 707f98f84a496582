//! The core-to-core map: what a cache line takes from each cpu to each other one and back.
//!
//! [`choose`] says between which cpus, [`measure`] in which order and how often, [`PinnedThreads`] hand the line over.
//! The first two know a machine only by its topology, so that they can be tried on machines that are not there.

mod choice;
mod classes;
mod measure;
mod threads;

pub use choice::{Choice, MOST_MAPPED, Pair, choose};
pub use classes::{ClassFigures, classes};
pub use measure::measure;
pub use threads::PinnedThreads;

/// How often each pair is measured.
pub const REPETITIONS: u32 = 15;
