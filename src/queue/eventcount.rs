//! Where `+park` sleeps: an epoch and a flag that says whether anybody may be asleep in it.
//!
//! The protocol is the event count of Reed and Kanodia ("Synchronization with Eventcounts and Sequencers",
//! CACM 22(2), 1979) as used in front of non-blocking queues: announce, try once more, sleep unless the epoch
//! moved. The flag is cleared by the waker, so that a burst of messages costs one system call, not one each.

use crossbeam_utils::CachePadded;

#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, Ordering, fence};

/// An event count on a line of its own.
#[derive(Default)]
pub struct EventCount(CachePadded<State>);

#[derive(Default)]
struct State {
    /// Counts wake-ups; the futex word.
    epoch: AtomicU32,
    /// 1 while somebody has announced itself since the last wake-up.
    announced: AtomicU32,
}

impl EventCount {
    /// Announces that the caller will sleep; it must try once more before it does.
    pub fn announce(&self) -> u32 {
        let epoch = self.0.epoch.load(Ordering::Relaxed);
        self.0.announced.store(1, Ordering::Relaxed);
        // Orders the announcement before the caller's last try; pairs with the fence in `wake`.
        fence(Ordering::SeqCst);
        epoch
    }

    /// Sleeps until a wake-up later than `epoch`; may return early.
    pub fn sleep(&self, epoch: u32) {
        futex_wait(&self.0.epoch, epoch);
    }

    /// Wakes everybody who announced itself before the caller's last operation.
    #[inline]
    pub fn wake(&self) {
        // Orders the caller's operation before the look at the flag; pairs with the fence in `announce`.
        fence(Ordering::SeqCst);
        if self.0.announced.load(Ordering::Relaxed) != 0 {
            self.wake_sleepers();
        }
    }

    #[cold]
    fn wake_sleepers(&self) {
        if self.0.announced.swap(0, Ordering::AcqRel) != 0 {
            self.0.epoch.fetch_add(1, Ordering::Release);
            futex_wake_all(&self.0.epoch);
        }
    }
}

#[cfg(not(loom))]
fn futex_wait(word: &AtomicU32, value: u32) {
    // An interrupted or refused wait only means that the caller tries again.
    let _ = rustix::thread::futex::wait(word, rustix::thread::futex::Flags::PRIVATE, value, None);
}

#[cfg(not(loom))]
fn futex_wake_all(word: &AtomicU32) {
    let _ = rustix::thread::futex::wake(word, rustix::thread::futex::Flags::PRIVATE, i32::MAX as u32);
}
