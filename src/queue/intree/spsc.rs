//! A ring for one producer and one consumer, who look at each other's index only when they have to.
//!
//! The ring with a head that only the consumer writes and a tail that only the producer writes is Lamport's
//! ("Specifying Concurrent Program Modules", ACM TOPLAS 5(2), 1983). That each side keeps a copy of the other's
//! index and refreshes it only when the copy says full or empty is from Lee, Bu and Chandranmenon's MCRingBuffer
//! ("A Lock-Free, Cache-Efficient Shared Ring Buffer for Multi-Core Architectures", ANCS 2009): as long as the
//! queue is neither full nor empty, head and tail lines do not travel with every message.
//!
//! Positions count messages since the beginning and are never reduced; 2^64 of them last for centuries. There
//! are as many slots as the next power of two, so that a position becomes a slot by a mask, but the distance of
//! tail and head is held to the capacity asked for: any capacity is exact, and none needs a division or a wrap.

use std::mem::MaybeUninit;

use super::region::{Header, Region, Slot, View, rubbish};
use crate::memory::{Heap, Memory};
use crate::queue::sync::{Arc, UnsafeCell, atomic::Ordering};
use crate::queue::{About, Consumer, Endpoints, EventCountsRef, Family, Payload, Producer, Queue, Rung, Shape, Wait};

/// `intree/spsc`
pub struct Spsc;

impl Queue for Spsc {
    const ABOUT: About =
        About { id: "intree/spsc", family: Family::Ring, representative: true, rung: Some(Rung::Heap), ..About::SPSC };
    type Producer<T: Payload> = RingProducer<T>;
    type Consumer<T: Payload> = RingConsumer<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (producer, consumer) = ring(shape.bound());
        Endpoints::one_each(producer, consumer)
    }
}

/// A ring for `capacity` messages on the heap.
///
/// # Panics
///
/// When the capacity is 0.
///
/// # Examples
///
/// ```
/// use queuebench::queue::{Consumer, Producer, intree::spsc};
///
/// let (mut producer, mut consumer) = spsc::ring(1);
/// assert_eq!(producer.try_push("a"), Ok(()));
/// assert_eq!(producer.try_push("b"), Err("b"));
/// assert_eq!(consumer.try_pop(), Some("a"));
/// assert_eq!(consumer.try_pop(), None);
/// ```
pub fn ring<T: Send + 'static>(capacity: usize) -> (RingProducer<T>, RingConsumer<T>) {
    create(Heap::new(bytes::<T>(capacity)), capacity)
}

/// Bytes that a ring for `capacity` messages takes, wherever it is.
///
/// # Panics
///
/// When they exceed the address space.
pub fn bytes<T>(capacity: usize) -> usize {
    Region::<Cell<T>>::bytes(capacity).expect("a ring fits into the address space")
}

/// A ring for `capacity` messages in `memory`. Messages still in it are dropped with the later of the two ends,
/// as long as both are in this process.
///
/// # Panics
///
/// When the capacity is 0, or `memory` has fewer than [`bytes`] bytes.
pub fn create<T: Send + 'static>(memory: impl Memory, capacity: usize) -> (RingProducer<T>, RingConsumer<T>) {
    let ring = Ring::new(Region::create(memory, capacity));
    (RingProducer::new(ring.clone()), RingConsumer::new(ring))
}

/// The producer of the ring that [`create`] made in another mapping of the same memory.
///
/// # Errors
///
/// When there is no such ring.
///
/// # Safety
///
/// The ring was created before, for messages of this very type; a value of it is its bytes, wherever it is read. No
/// other producer of it is in use anywhere. Whoever else writes to the memory does no worse than to spoil messages.
pub unsafe fn attach_producer<T: Send + 'static>(memory: impl Memory) -> anyhow::Result<RingProducer<T>> {
    // SAFETY: passed on to the caller.
    let region = unsafe { Region::attach(memory) }?;
    Ok(RingProducer::new(Ring::new(region)))
}

/// The consumer of the ring that [`create`] made in another mapping of the same memory.
///
/// # Errors
///
/// When there is no such ring.
///
/// # Safety
///
/// As [`attach_producer`], for consumers.
pub unsafe fn attach_consumer<T: Send + 'static>(memory: impl Memory) -> anyhow::Result<RingConsumer<T>> {
    // SAFETY: passed on to the caller.
    let region = unsafe { Region::attach(memory) }?;
    Ok(RingConsumer::new(Ring::new(region)))
}

/// Holds a message while its position is in `head..tail`, and nothing otherwise. The producer alone may touch it
/// in the second case, the consumer alone in the first.
struct Cell<T>(UnsafeCell<MaybeUninit<T>>);

impl<T> Slot for Cell<T> {
    const KIND: u64 = u64::from_le_bytes(*b"qb/spsc1");

    fn count(capacity: usize) -> Option<usize> {
        capacity.checked_next_power_of_two()
    }

    fn empty(_: usize) -> Self {
        Cell(UnsafeCell::new(MaybeUninit::uninit()))
    }
}

/// What both ends share, and where they find it. In the header:
///
/// - `tail`: messages pushed so far. Written by the producer alone; the release store hands the slot before it
///   over to the consumer.
/// - `head`: messages popped so far. Written by the consumer alone; the release store hands the slot before it
///   back to the producer.
///
/// `head <= tail <= head + capacity` at all times.
struct Ring<T> {
    view: View<Cell<T>>,
    capacity: u64,
    /// The number of slots, less one.
    mask: u64,
    /// Keeps what `view` shows.
    kept: Arc<Kept<T>>,
}

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        Ring { kept: self.kept.clone(), ..*self }
    }
}

impl<T> Ring<T> {
    fn new(region: Region<Cell<T>>) -> Self {
        let (view, capacity) = (region.view(), region.capacity());
        Ring { view, capacity, mask: mask(capacity), kept: Arc::new(Kept(region)) }
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the region is kept.
        unsafe { self.view.header() }
    }

    /// The slot of a position.
    #[inline]
    fn slot(&self, position: u64) -> &UnsafeCell<MaybeUninit<T>> {
        // SAFETY: the region is kept; masked to the number of slots, a power of two.
        let Cell(slot) = unsafe { self.view.slot(position & self.mask) };
        slot
    }
}

fn mask(capacity: u64) -> u64 {
    capacity.next_power_of_two() - 1
}

/// The region, which the later of the two ends drops with what is left in it.
struct Kept<T>(Region<Cell<T>>);

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() {
            let view = self.0.view();
            // SAFETY: the region is alive.
            let header = unsafe { view.header() };
            for position in header.head.0.load(Ordering::Relaxed)..header.tail.0.load(Ordering::Relaxed) {
                // SAFETY: masked to the number of slots.
                let Cell(slot) = unsafe { view.slot(position & mask(self.0.capacity())) };
                // SAFETY: both ends are gone, and what lies between head and tail was pushed and not popped.
                slot.with_mut(|slot| unsafe { (*slot).assume_init_drop() });
            }
        }
    }
}

/// The end that pushes. On lines of its own, lest it share one with the other end where both were allocated
/// together.
#[repr(align(128))]
pub struct RingProducer<T> {
    /// The shared tail, which nobody else writes.
    tail: u64,
    /// Where a push has to stop: the head as last seen, plus the capacity.
    limit: u64,
    ring: Ring<T>,
    events: Option<EventCountsRef>,
}

impl<T> RingProducer<T> {
    fn new(ring: Ring<T>) -> Self {
        let header = ring.header();
        let tail = header.tail.0.load(Ordering::Relaxed);
        // A limit already reached: the first push looks at the head.
        RingProducer { tail, limit: tail, ring, events: None }
    }

    /// With event counts that lie beside the ring.
    #[must_use]
    pub fn sleeping_at(self, events: EventCountsRef) -> Self {
        RingProducer { events: Some(events), ..self }
    }

    /// Whether the slot at `tail` is free; looks at the head only if it was not when last seen.
    #[inline]
    fn has_room(&mut self) -> bool {
        if self.tail == self.limit {
            // Acquire: the consumer has read what it popped before the slots are written again.
            let head = self.ring.header().head.0.load(Ordering::Acquire);
            if self.tail.wrapping_sub(head) > self.ring.capacity {
                rubbish("the head of the ring is where no consumer leaves it");
            }
            self.limit = head.wrapping_add(self.ring.capacity);
        }
        self.tail != self.limit
    }

    /// Fills the slot at `tail`.
    ///
    /// # Safety
    ///
    /// `has_room` was true since the last `put`.
    #[inline]
    unsafe fn put(&mut self, item: T) {
        // SAFETY: the slot is free, so it is the producer's, of which there is one; so no one else refers to it.
        self.ring.slot(self.tail).with_mut(|slot| unsafe { (*slot).write(item) });
        self.tail = self.tail.wrapping_add(1);
        // Release: the consumer sees the message when it sees this tail.
        self.ring.header().tail.0.store(self.tail, Ordering::Release);
    }
}

impl<T: Send + 'static> Producer<T> for RingProducer<T> {
    fn events(&self) -> Option<EventCountsRef> {
        self.events.clone()
    }

    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        if !self.has_room() {
            return Err(item);
        }
        // SAFETY: there is room.
        unsafe { self.put(item) };
        Ok(())
    }

    // Not the provided one: there the item would be moved once more for every try.
    #[inline]
    fn push<W: Wait>(&mut self, item: T, wait: &mut W) {
        while !self.has_room() {
            wait.full();
        }
        // SAFETY: there is room.
        unsafe { self.put(item) };
        wait.pushed();
    }
}

/// The end that pops. On lines of its own, as [`RingProducer`].
#[repr(align(128))]
pub struct RingConsumer<T> {
    /// The shared head, which nobody else writes.
    head: u64,
    /// Where a pop has to stop: the tail as last seen.
    limit: u64,
    ring: Ring<T>,
    events: Option<EventCountsRef>,
}

impl<T> RingConsumer<T> {
    fn new(ring: Ring<T>) -> Self {
        let header = ring.header();
        let head = header.head.0.load(Ordering::Relaxed);
        // A limit already reached: the first pop looks at the tail.
        RingConsumer { head, limit: head, ring, events: None }
    }

    /// With event counts that lie beside the ring.
    #[must_use]
    pub fn sleeping_at(self, events: EventCountsRef) -> Self {
        RingConsumer { events: Some(events), ..self }
    }

    /// Whether the slot at `head` holds a message; looks at the tail only if it did not when last seen.
    #[inline]
    fn has_message(&mut self) -> bool {
        if self.head == self.limit {
            // Acquire: the messages before this tail are complete.
            self.limit = self.ring.header().tail.0.load(Ordering::Acquire);
            if self.limit.wrapping_sub(self.head) > self.ring.capacity {
                rubbish("the tail of the ring is where no producer leaves it");
            }
        }
        self.head != self.limit
    }

    /// Empties the slot at `head`.
    ///
    /// # Safety
    ///
    /// `has_message` was true since the last `take`.
    #[inline]
    unsafe fn take(&mut self) -> T {
        // SAFETY: the slot holds a message, so it is the consumer's, of which there is one; its position is passed
        // below, so the message is not read again.
        let item = self.ring.slot(self.head).with(|slot| unsafe { (*slot).assume_init_read() });
        self.head = self.head.wrapping_add(1);
        // Release: the producer may write to the slot when it sees this head, and the read above is over by then.
        self.ring.header().head.0.store(self.head, Ordering::Release);
        item
    }
}

impl<T: Send + 'static> Consumer<T> for RingConsumer<T> {
    fn events(&self) -> Option<EventCountsRef> {
        self.events.clone()
    }

    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        // SAFETY: there is a message.
        self.has_message().then(|| unsafe { self.take() })
    }

    // Not the provided one: there the item would be moved once more on its way out of the `Option`.
    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        while !self.has_message() {
            wait.empty();
        }
        // SAFETY: there is a message.
        let item = unsafe { self.take() };
        wait.popped();
        item
    }
}
