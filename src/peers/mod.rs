//! Queues of other languages: programs that speak the worker protocol, embedded here so that the installed binary has
//! them.

pub mod python;

use crate::queue::About;

/// What all of them declare.
pub fn abouts() -> impl Iterator<Item = About> {
    python::ABOUTS.into_iter()
}

/// The language of a queue, if it is another's.
pub fn language(queue: &str) -> Option<&'static str> {
    queue.starts_with("python/").then_some("python")
}
