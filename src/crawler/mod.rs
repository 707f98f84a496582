//! A crawler that finds the dead links of a site: workers take an address from a queue, fetch it, find its links, ask
//! a set which of them are new, and put those into the same queue.
//!
//! Any queue can be its work queue, see [`frontier`]; the set comes in several forms, see [`seen`]. What it is measured
//! on is a made-up [`site`], of which it is known what is to be found.

#[cfg(feature = "crawl")]
mod client;
#[cfg(feature = "crawl")]
mod crawl;
#[cfg(feature = "crawl")]
mod found;
#[cfg(feature = "crawl")]
pub mod frontier;
#[cfg(feature = "crawl")]
mod links;
#[cfg(feature = "crawl")]
pub mod processes;
#[cfg(feature = "crawl")]
mod resolver;
#[cfg(feature = "crawl")]
mod robots;
#[cfg(feature = "crawl")]
mod rules;
#[cfg(feature = "crawl")]
pub mod seen;
pub mod site;
#[cfg(feature = "crawl")]
mod worker;

/// The first argument of this program with which it is a worker of a crawl; then the descriptors of its queue.
pub const CRAWLER_WORD: &str = "crawler";

#[cfg(feature = "crawl")]
pub(crate) use self::client::trusted;
#[cfg(feature = "crawl")]
pub use self::{
    client::{Answer, Client, is_loopback},
    crawl::{crawl_serial, crawl_threads},
    found::{Dead, Found, Moved, Reason, Unread},
    frontier::{Frontier, Link},
    processes::{Crosses, crawl_processes},
    robots::Robots,
    rules::{Pace, Progress, Rules},
    seen::Seen,
};
#[cfg(feature = "crawl")]
pub use url::Url;

pub use crate::scenario::SeenSet;
