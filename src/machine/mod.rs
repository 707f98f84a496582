//! The machine a figure belongs to: what identifies it, and what spoils figures on it.
//!
//! Everything is read below a root, so that tests can feed recorded trees; nothing is ever changed.

mod checks;
mod cpu_time;
mod facts;
mod fingerprint;

pub use checks::{Check, Level, checks};
pub use fingerprint::Fingerprint;
