//! Statistics of benchmark results: pure functions on numbers, no I/O, no queue known by name.
//!
//! | question | function |
//! |---|---|
//! | how fast is one queue | [`median`], with [`median_interval`] |
//! | how much do its blocks differ | [`spread`], [`quantile`] |
//! | is that one figure, or two | [`modes`] |
//! | how much faster is one queue than another | [`ratio`], built on [`signed_rank`] |
//! | which of several may be the best, and what do the others lack | [`contest`] |
//! | what does an interval say | [`Verdict`] |
//! | has a ratio changed from one run to another | [`change`], with [`between_runs`] |
//! | which of many pairs differ | [`Differences::p_value`] with [`holm`] |
//!
//! What they share:
//!
//! - **One value per block.** The unit of replication is the fresh process, so a sample holds one
//!   rate for each block, a ratio one pair for each round. Slices of one process are not
//!   independent and do not belong here.
//! - **Nothing is dropped and nothing is the best of several.** The estimators bear outliers
//!   instead: the median half of the values, Hodges-Lehmann 29 %.
//! - **No normal distribution is assumed.** The interval of a median holds for any continuous
//!   distribution, that of a ratio for any whose logarithm scatters symmetrically.
//! - **`None` instead of a panic or a NaN**: an empty sample, a value that is not finite, a rate
//!   that is not positive, a confidence not strictly between 0 and 1. An interval is `None` by
//!   itself where there are too few values for the confidence asked for; the estimate then still
//!   stands.

mod between_runs;
mod bisect;
mod contest;
mod holm;
mod interval;
mod median_interval;
mod modes;
mod quantile;
mod ratio;
mod sample;
mod signed_rank;
mod signed_rank_null;
mod spread;
mod verdict;
mod walsh;

pub use between_runs::{RunEstimate, between_runs, change};
pub use contest::{Contest, Standing, contest, differences};
pub use holm::holm;
pub use interval::Interval;
pub use median_interval::median_interval;
pub use modes::{Mode, Modes, modes};
pub use quantile::{median, quantile};
pub use ratio::{RatioEstimate, ratio};
pub use signed_rank::{Differences, SignedRank, signed_rank};
pub use spread::spread;
pub use verdict::Verdict;
