//! The crawler: what it finds is what is there, over any queue, and no server can make it do harm.
#![cfg(feature = "crawl")]

mod hostile;
mod https;
mod processes;
mod python;
mod server;
mod sites;
mod verb;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What `work` comes to, which must not take a minute.
fn bounded<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, hear) = channel();
    std::thread::spawn(move || tell.send(work()));
    match hear.recv_timeout(Duration::from_secs(60)) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("{what}: no end within a minute"),
        Err(RecvTimeoutError::Disconnected) => panic!("{what}: panicked"),
    }
}
