//! What an endpoint does when it cannot proceed. One implementation for every queue that has only `try_`
//! operations, so that two of them never differ by how they wait; the constants are part of METHODOLOGY.

use super::eventcount::{EventCount, EventCountsRef};

/// Tries with a pause between them before the first `sched_yield`.
pub const PAUSES: u32 = if cfg!(loom) { 0 } else { 64 };
/// `sched_yield`s before an endpoint goes to sleep.
pub const YIELDS: u32 = if cfg!(loom) { 0 } else { 10 };

/// How an endpoint waits. Each endpoint has its own; clones share what wakes them.
pub trait Wait: Clone + Send + 'static {
    /// What the queue's id ends in; empty for the queue's own blocking calls.
    const SUFFIX: &'static str;

    /// The wait of one queue, to be cloned for each of its endpoints.
    fn new() -> Self {
        Self::at(EventCountsRef::default())
    }

    /// The wait of an endpoint that sleeps and wakes here, if it ever does.
    fn at(events: EventCountsRef) -> Self;

    /// A push found the queue full.
    fn full(&mut self);
    /// A pop found the queue empty.
    fn empty(&mut self);
    /// A push succeeded.
    fn pushed(&mut self);
    /// A pop succeeded.
    fn popped(&mut self);

    /// Tries that failed so far; `None` when the queue waits inside its own calls and nobody can count.
    fn failed(&self) -> Option<u64>;
}

/// The queue's own blocking calls.
#[derive(Clone)]
pub struct Blocking;

impl Wait for Blocking {
    const SUFFIX: &'static str = "";

    fn at(_: EventCountsRef) -> Self {
        Blocking
    }

    fn full(&mut self) {
        unreachable!("a queue registered with blocking calls has no push of its own");
    }

    fn empty(&mut self) {
        unreachable!("a queue registered with blocking calls has no pop of its own");
    }

    #[inline]
    fn pushed(&mut self) {}

    #[inline]
    fn popped(&mut self) {}

    fn failed(&self) -> Option<u64> {
        None
    }
}

/// Pauses only.
#[derive(Clone)]
pub struct Spin {
    failed: u64,
}

impl Spin {
    #[inline]
    fn pause(&mut self) {
        self.failed += 1;
        std::hint::spin_loop();
    }
}

impl Wait for Spin {
    const SUFFIX: &'static str = "+spin";

    fn at(_: EventCountsRef) -> Self {
        Spin { failed: 0 }
    }

    #[inline]
    fn full(&mut self) {
        self.pause();
    }

    #[inline]
    fn empty(&mut self) {
        self.pause();
    }

    #[inline]
    fn pushed(&mut self) {}

    #[inline]
    fn popped(&mut self) {}

    fn failed(&self) -> Option<u64> {
        Some(self.failed)
    }
}

/// [`PAUSES`] pauses, then `sched_yield` after every further try.
#[derive(Clone)]
pub struct Yield {
    failed: u64,
    in_a_row: u32,
}

impl Yield {
    #[inline]
    fn pause(&mut self) {
        self.failed += 1;
        self.in_a_row += 1;
        if self.in_a_row <= PAUSES {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

impl Wait for Yield {
    const SUFFIX: &'static str = "+yield";

    fn at(_: EventCountsRef) -> Self {
        Yield { failed: 0, in_a_row: 0 }
    }

    #[inline]
    fn full(&mut self) {
        self.pause();
    }

    #[inline]
    fn empty(&mut self) {
        self.pause();
    }

    #[inline]
    fn pushed(&mut self) {
        self.in_a_row = 0;
    }

    #[inline]
    fn popped(&mut self) {
        self.in_a_row = 0;
    }

    fn failed(&self) -> Option<u64> {
        Some(self.failed)
    }
}

/// As [`Yield`], but [`YIELDS`] times only, then asleep until a peer moves a message. Every successful
/// operation pays for looking whether somebody sleeps.
#[derive(Clone)]
pub struct Park {
    failed: u64,
    in_a_row: u32,
    /// The epoch to sleep in, taken before the last try.
    ticket: Option<u32>,
    events: EventCountsRef,
}

impl Park {
    fn pause(&mut self, awaited: fn(&Park) -> &EventCount) {
        self.failed += 1;
        self.in_a_row += 1;
        if self.in_a_row <= PAUSES {
            std::hint::spin_loop();
        } else if self.in_a_row <= PAUSES + YIELDS {
            std::thread::yield_now();
        } else if let Some(ticket) = self.ticket.take() {
            awaited(self).sleep(ticket, self.events.key);
        } else {
            self.ticket = Some(awaited(self).announce());
        }
    }

    #[inline]
    fn proceed(&mut self) {
        self.in_a_row = 0;
        self.ticket = None;
    }
}

impl Wait for Park {
    const SUFFIX: &'static str = "+park";

    fn at(events: EventCountsRef) -> Self {
        Park { failed: 0, in_a_row: 0, ticket: None, events }
    }

    #[cold]
    fn full(&mut self) {
        self.pause(|park| &park.events.room);
    }

    #[cold]
    fn empty(&mut self) {
        self.pause(|park| &park.events.messages);
    }

    #[inline]
    fn pushed(&mut self) {
        self.proceed();
        self.events.messages.wake(self.events.key);
    }

    #[inline]
    fn popped(&mut self) {
        self.proceed();
        self.events.room.wake(self.events.key);
    }

    fn failed(&self) -> Option<u64> {
        Some(self.failed)
    }
}
