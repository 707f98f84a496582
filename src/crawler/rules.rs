//! How a crawl behaves, and how far it is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::robots::Robots;

/// How long it may take at most to notice that a crawl is to stop.
const STEP: Duration = Duration::from_millis(50);

/// How a crawl behaves.
#[derive(Debug)]
pub struct Rules {
    /// How long an answer may take.
    pub timeout: Duration,
    /// Bytes of a page that are read.
    pub most_bytes: u64,
    /// Links of a page that are followed.
    pub most_links: usize,
    /// Addresses that are asked for.
    pub most_pages: u64,
    /// What the site asks not to be asked for.
    pub robots: Robots,
    /// How often all workers together may ask.
    pub pace: Option<Pace>,
    /// Whether a stop leaves the answers that are on their way, instead of waiting for them. It costs each worker a
    /// thread more, and each request the change to it and back.
    pub stops_at_once: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            timeout: Duration::from_secs(10),
            most_bytes: 5 << 20,
            most_links: 100_000,
            most_pages: u64::MAX,
            robots: Robots::default(),
            pace: None,
            stops_at_once: false,
        }
    }
}

/// A limit of requests in a time.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// One request in `interval`.
    pub fn new(interval: Duration) -> Pace {
        Pace { interval, next: Mutex::new(Instant::now()) }
    }

    /// Returns when it is this worker's turn, or the crawl is to stop.
    pub(super) fn wait(&self, progress: &Progress) {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + self.interval;
            turn
        };
        while !progress.is_to_stop() {
            match turn.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => thread::sleep(left.min(STEP)),
                _ => break,
            }
        }
    }
}

/// How far a crawl is; for who watches it, and may stop it.
#[derive(Debug, Default)]
pub struct Progress {
    stop: Arc<AtomicBool>,
    asked: AtomicU64,
    failed: AtomicU64,
}

impl Progress {
    /// Of a crawl that asks for no further address once `stop` is true.
    pub fn until(stop: Arc<AtomicBool>) -> Progress {
        Progress { stop, ..Progress::default() }
    }

    /// No further address is asked for.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What arrives at `from`, where somebody will send something; nothing once the crawl is to stop.
    ///
    /// # Panics
    ///
    /// When nobody is left who could send.
    pub fn wait_for<T>(&self, from: &Receiver<T>) -> Option<T> {
        while !self.is_to_stop() {
            match from.recv_timeout(STEP) {
                Err(RecvTimeoutError::Timeout) => {}
                arrived => return Some(arrived.expect("who is to send does not panic")),
            }
        }
        None
    }

    /// Addresses that were asked for, or are as soon as it is their turn.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many of those failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether one more of `most` may be asked for, and is.
    pub(super) fn asks(&self, most: u64) -> bool {
        let one_more = |asked| (asked < most).then_some(asked + 1);
        self.asked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    pub(super) fn fails(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}
