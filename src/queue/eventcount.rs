//! Where `+park` sleeps: an epoch and a flag that says whether anybody may be asleep in it.
//!
//! The protocol is the event count of Reed and Kanodia ("Synchronization with Eventcounts and Sequencers",
//! CACM 22(2), 1979) as used in front of non-blocking queues: announce, try once more, sleep unless the epoch
//! moved. The flag is cleared by the waker, so that a burst of messages costs one system call, not one each.

use std::ops::Deref;

use crossbeam_utils::CachePadded;
#[cfg(not(loom))]
use rustix::thread::futex;

use super::sync::atomic::{AtomicU32, Ordering, fence};
use crate::memory::{Memory, Placed, Shareable};

/// Where the ends of one queue sleep: for room, and for messages. All zeros is what it starts with.
#[derive(Default)]
#[repr(C)]
pub struct EventCounts {
    /// Where producers sleep.
    pub room: EventCount,
    /// Where consumers sleep.
    pub messages: EventCount,
}

/// How the kernel finds who sleeps at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// By the address in this process: the quicker one, and what locks and channels between threads use.
    Private,
    /// By the memory behind the address, whichever process looks at it.
    Shared,
}

/// The event counts of a queue, as one of its ends reaches them.
#[derive(Clone)]
pub struct EventCountsRef {
    counts: Placed<EventCounts>,
    pub(crate) key: Key,
}

// SAFETY: made of atomic numbers that start at zero. Loom's are more than that, and under loom none are in memory of
// somebody else.
unsafe impl Shareable for EventCounts {}

impl Default for EventCountsRef {
    /// Of this process.
    fn default() -> EventCountsRef {
        EventCountsRef { counts: Placed::new(EventCounts::default()), key: Key::Private }
    }
}

impl EventCountsRef {
    /// Those at the start of `memory`, which was all zeros there before the first was referred to.
    pub(crate) fn in_memory(memory: impl Memory, key: Key) -> EventCountsRef {
        EventCountsRef { counts: Placed::at(memory), key }
    }
}

impl Deref for EventCountsRef {
    type Target = EventCounts;

    #[inline]
    fn deref(&self) -> &EventCounts {
        &self.counts
    }
}

/// An event count on a line of its own.
#[derive(Default)]
#[repr(transparent)]
pub struct EventCount(CachePadded<State>);

#[derive(Default)]
#[repr(C)]
struct State {
    /// Counts wake-ups; the futex word.
    epoch: AtomicU32,
    /// 1 while somebody has announced itself since the last wake-up.
    announced: AtomicU32,
    #[cfg(loom)]
    futex: LoomFutex,
}

impl EventCount {
    /// Announces that the caller will sleep; it must try once more before it does.
    pub fn announce(&self) -> u32 {
        // Acquire: whoever sees the epoch of a wake-up announces itself after the flag was cleared for it. Were the two
        // lines reordered, that wake-up could clear the flag of a caller who then sleeps through the next.
        let epoch = self.0.epoch.load(Ordering::Acquire);
        self.0.announced.store(1, Ordering::Relaxed);
        // Orders the announcement before the caller's last try; pairs with the fence in `wake`.
        fence(Ordering::SeqCst);
        epoch
    }

    /// Sleeps until a wake-up later than `epoch`; may return early.
    pub fn sleep(&self, epoch: u32, key: Key) {
        self.0.wait(epoch, key);
    }

    /// Wakes everybody who announced itself before the caller's last operation.
    #[inline]
    pub fn wake(&self, key: Key) {
        // Orders the caller's operation before the look at the flag; pairs with the fence in `announce`.
        fence(Ordering::SeqCst);
        if self.0.announced.load(Ordering::Relaxed) != 0 {
            self.wake_sleepers(key);
        }
    }

    #[cold]
    fn wake_sleepers(&self, key: Key) {
        if self.0.announced.swap(0, Ordering::AcqRel) != 0 {
            self.0.epoch.fetch_add(1, Ordering::Release);
            self.0.wake_all(key);
        }
    }
}

#[cfg(not(loom))]
impl State {
    fn wait(&self, epoch: u32, key: Key) {
        // An interrupted or refused wait only means that the caller tries again.
        let _ = futex::wait(&self.epoch, key.flags(), epoch, None);
    }

    fn wake_all(&self, key: Key) {
        let _ = futex::wake(&self.epoch, key.flags(), i32::MAX as u32);
    }
}

#[cfg(not(loom))]
impl Key {
    fn flags(self) -> futex::Flags {
        match self {
            Key::Private => futex::Flags::PRIVATE,
            Key::Shared => futex::Flags::empty(),
        }
    }
}

/// What the kernel keeps of a futex: the lock under which it compares the word, and the sleepers.
#[cfg(loom)]
#[derive(Default)]
struct LoomFutex {
    lock: loom::sync::Mutex<()>,
    sleepers: loom::sync::Condvar,
}

#[cfg(loom)]
impl State {
    fn wait(&self, epoch: u32, _: Key) {
        let lock = self.futex.lock.lock().unwrap();
        if self.epoch.load(Ordering::Relaxed) == epoch {
            drop(self.futex.sleepers.wait(lock).unwrap());
        }
    }

    fn wake_all(&self, _: Key) {
        let _lock = self.futex.lock.lock().unwrap();
        self.futex.sleepers.notify_all();
    }
}
