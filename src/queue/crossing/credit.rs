//! One window for all: a producer may be so many messages ahead of the consumers, however much the queue would hold.
//! Queues between processes hold from ten messages to hundreds of thousands; with credit they can be compared at one
//! capacity, at the price of a counter that both sides move for every message.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::memory::{Heap, LINE, Memory, Placed, Shareable};
use crate::queue::{Consumer, EventCountsRef, Producer, Wait, Yield};

/// Messages that were pushed and not yet popped; zero at the start.
#[derive(Default)]
#[repr(transparent)]
struct InFlight(CachePadded<AtomicU64>);

// SAFETY: an atomic number.
unsafe impl Shareable for InFlight {}

/// A window that the ends of one queue share.
#[derive(Clone)]
pub struct Credit {
    in_flight: Placed<InFlight>,
    window: u64,
}

impl Credit {
    /// Bytes it takes.
    pub const BYTES: usize = LINE;

    /// A window of so many messages, counted in this memory, which was all zeros before the first.
    pub fn at(memory: impl Memory, window: u64) -> Credit {
        Credit { in_flight: Placed::at(memory), window }
    }

    /// One among threads.
    pub fn among_threads(window: u64) -> Credit {
        Credit::at(Heap::new(Self::BYTES), window)
    }

    #[inline]
    fn is_granted(&self) -> bool {
        let counter = &self.in_flight.0;
        let granted = counter.fetch_add(1, Ordering::Relaxed) < self.window;
        if !granted {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
        granted
    }

    #[inline]
    fn give_back(&self) {
        self.in_flight.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An end that keeps to a window. It waits for credit as `+yield` waits, whatever its queue does.
pub struct Credited<E> {
    end: E,
    credit: Credit,
    patience: Yield,
}

impl<E> Credited<E> {
    /// `end`, kept to `credit`.
    pub fn new(end: E, credit: Credit) -> Credited<E> {
        Credited { end, credit, patience: Yield::new() }
    }
}

impl<T, P: Producer<T>> Producer<T> for Credited<P> {
    fn events(&self) -> Option<EventCountsRef> {
        self.end.events()
    }

    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        if !self.credit.is_granted() {
            return Err(item);
        }
        self.end.try_push(item).inspect_err(|_| self.credit.give_back())
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, wait: &mut W) {
        while !self.credit.is_granted() {
            self.patience.full();
        }
        self.patience.pushed();
        self.end.push(item, wait);
    }
}

impl<T, C: Consumer<T>> Consumer<T> for Credited<C> {
    fn events(&self) -> Option<EventCountsRef> {
        self.end.events()
    }

    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.end.try_pop().inspect(|_| self.credit.give_back())
    }

    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        let item = self.end.pop(wait);
        self.credit.give_back();
        item
    }
}
