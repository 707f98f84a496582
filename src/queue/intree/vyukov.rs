//! A bounded ring for any number of producers and consumers, in which every slot says whose turn it is.
//!
//! Dmitry Vyukov's bounded MPMC queue:
//! <https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue>.
//! A thread claims a position by moving tail or head past it with a compare-and-swap; the slot's stamp tells
//! whether the slot is ready for that position, so that the ends meet at the slot they exchange a message in and
//! nowhere else: a push does not look at the head, nor a pop at the tail.
//!
//! # Positions
//!
//! A position is a slot's index in the low bits and a lap above them, as in crossbeam-queue's `ArrayQueue`: no
//! division finds the slot, and any capacity is exact. A slot's stamp is
//!
//! - `position`: free; the push that claims `position` may fill it,
//! - `position + 1`: full; the pop that claims `position` may empty it, and leaves `position + lap`.
//!
//! Vyukov's original needs two slots at least: with one, "full" and "free for the next lap" are the same number.
//! Here a lap is at least 2, whatever the capacity, and they differ.
//!
//! # What full and empty mean
//!
//! `try_push` answers *full* when the slot at the tail has not been freed: there are `capacity` positions that
//! were claimed by pushes and not left by pops. That includes a pop that has claimed its position and not finished
//! reading. `try_pop` answers *empty* when the slot at the head has not been filled: either every message
//! was claimed, or the push that claimed this position has not finished writing, *even if later pushes have
//! returned*. So a thread that is preempted between claim and stamp hides what is behind it until it runs again;
//! its peers are told full or empty meanwhile, and nobody waits for it inside a call. Messages come out in the order
//! in which their positions were claimed.

use std::mem::MaybeUninit;

use super::region::{Header, Region, View, rubbish};
use crate::memory::{Heap, Memory};
use crate::queue::sync::{
    Arc, UnsafeCell,
    atomic::{AtomicU64, Ordering},
};
use crate::queue::{About, Consumer, Endpoints, EventCountsRef, Family, Payload, Producer, Queue, Rung, Shape, Wait};

/// `intree/vyukov`
pub struct Vyukov;

impl Queue for Vyukov {
    const ABOUT: About = About { id: "intree/vyukov", family: Family::LockFree, rung: Some(Rung::Heap), ..About::MPMC };
    type Producer<T: Payload> = RingHandle<T>;
    type Consumer<T: Payload> = RingHandle<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Endpoints::shared(ring(shape.bound()), shape)
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
/// use queuebench::queue::{Consumer, Producer, intree::vyukov};
///
/// let mut producer = vyukov::ring(1);
/// let mut consumer = producer.clone();
/// assert_eq!(producer.try_push("a"), Ok(()));
/// assert_eq!(producer.try_push("b"), Err("b"));
/// assert_eq!(consumer.try_pop(), Some("a"));
/// assert_eq!(consumer.try_pop(), None);
/// ```
pub fn ring<T: Send + 'static>(capacity: usize) -> RingHandle<T> {
    create(Heap::new(bytes::<T>(capacity)), capacity)
}

/// Bytes that a ring for `capacity` messages takes, wherever it is.
///
/// # Panics
///
/// When they exceed the address space.
pub fn bytes<T>(capacity: usize) -> usize {
    Region::<Slot<T>>::bytes(capacity).expect("a ring fits into the address space")
}

/// A ring for `capacity` messages in `memory`. Messages still in it are dropped with the last handle.
///
/// # Panics
///
/// When the capacity is 0, or `memory` has fewer than [`bytes`] bytes.
pub fn create<T: Send + 'static>(memory: impl Memory, capacity: usize) -> RingHandle<T> {
    RingHandle::new(Region::create(memory, capacity))
}

/// A handle of the ring that [`create`] made in another mapping of the same memory.
///
/// # Errors
///
/// When there is no such ring.
///
/// # Safety
///
/// The ring was created before, for messages of this very type; a value of it is its bytes, wherever it is read.
/// Whoever else writes to the memory does no worse than to spoil messages.
pub unsafe fn attach<T: Send + 'static>(memory: impl Memory) -> anyhow::Result<RingHandle<T>> {
    // SAFETY: passed on to the caller.
    Ok(RingHandle::new(unsafe { Region::attach(memory) }?))
}

/// One message and whose turn it is.
#[repr(C)]
struct Slot<T> {
    /// `position` when free, `position + 1` when full (see the module). The acquire load that finds either hands the
    /// item over; the release store that leaves either gives it away.
    stamp: AtomicU64,
    /// Belongs to whoever claimed the position the stamp stands at: to a push if free, to a pop if full.
    item: UnsafeCell<MaybeUninit<T>>,
}

impl<T> super::region::Slot for Slot<T> {
    const KIND: u64 = u64::from_le_bytes(*b"qb/vyuk1");

    fn count(capacity: usize) -> Option<usize> {
        // As many as a lap has positions, though the last of them are never used: whatever another process may write
        // where head and tail are, it names a slot.
        lap(capacity as u64).map(|lap| lap as usize)
    }

    fn empty(index: usize) -> Self {
        Slot { stamp: AtomicU64::new(index as u64), item: UnsafeCell::new(MaybeUninit::uninit()) }
    }
}

/// What a position advances by from one use of a slot to the next; at least 2, see the module about a single slot.
fn lap(capacity: u64) -> Option<u64> {
    capacity.checked_next_power_of_two().map(|lap| lap.max(2))
}

/// So far behind a position no slot is ever seen to be, however large the ring and however late what is read.
const FAR: u64 = 1 << 48;

/// What the handles share, and where they find it. In the header:
///
/// - `tail`: the position the next push will claim,
/// - `head`: the position the next pop will claim.
///
/// Both are moved by compare-and-swap and order nothing: the stamps do.
struct Ring<T> {
    view: View<Slot<T>>,
    capacity: u64,
    /// What a position advances by from one use of a slot to the next.
    lap: u64,
}

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ring<T> {}

impl<T> Ring<T> {
    /// # Safety
    ///
    /// The region outlives the ring and its copies.
    unsafe fn new(region: &Region<Slot<T>>) -> Self {
        let capacity = region.capacity();
        Ring { view: region.view(), capacity, lap: lap(capacity).expect("the region was found to hold it") }
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: as `new` demands.
        unsafe { self.view.header() }
    }

    /// The slot of a position.
    #[inline]
    fn slot(&self, position: u64) -> &Slot<T> {
        // SAFETY: as `new` demands; there is a slot for every position of a lap.
        unsafe { self.view.slot(position & (self.lap - 1)) }
    }

    /// A position read anew after its slot said that it had moved on.
    #[inline]
    fn moved(before: u64, now: u64) -> u64 {
        // Whoever left the stamp that says so had moved the position before.
        if now == before {
            rubbish("a slot of the ring is ahead of those who fill and empty it");
        }
        now
    }

    /// What to answer when the slot of a position is not ready for it: full, or empty.
    #[inline]
    fn behind(&self, position: u64, stamp: u64) -> Option<u64> {
        // It waits for those who were there a lap before. What is read may be old, but not as old as that.
        if position - stamp > FAR {
            rubbish("an end of the ring is far ahead of its slots");
        }
        None
    }

    /// The position after `position`.
    #[inline]
    fn next(&self, position: u64) -> u64 {
        let index = position & (self.lap - 1);
        if index + 1 < self.capacity { position.wrapping_add(1) } else { (position - index).wrapping_add(self.lap) }
    }

    /// Claims the position of a push; `None` when full.
    #[inline]
    fn claim_push(&self) -> Option<u64> {
        let shared = &self.header().tail.0;
        let mut tail = shared.load(Ordering::Relaxed);
        loop {
            // Acquire: the pop that left this stamp has read its item.
            let stamp = self.slot(tail).stamp.load(Ordering::Acquire);
            if stamp == tail {
                match shared.compare_exchange_weak(tail, self.next(tail), Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return Some(tail),
                    Err(moved) => tail = moved,
                }
            } else if stamp < tail {
                return self.behind(tail, stamp);
            } else {
                // Another push has claimed this position since `tail` was read.
                tail = Self::moved(tail, shared.load(Ordering::Relaxed));
            }
        }
    }

    /// Claims the position of a pop; `None` when empty.
    #[inline]
    fn claim_pop(&self) -> Option<u64> {
        let shared = &self.header().head.0;
        let mut head = shared.load(Ordering::Relaxed);
        loop {
            // Acquire: the push that left this stamp has written its item.
            let stamp = self.slot(head).stamp.load(Ordering::Acquire);
            if stamp == head.wrapping_add(1) {
                match shared.compare_exchange_weak(head, self.next(head), Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return Some(head),
                    Err(moved) => head = moved,
                }
            } else if stamp <= head {
                return self.behind(head, stamp);
            } else {
                // Another pop has claimed this position since `head` was read.
                head = Self::moved(head, shared.load(Ordering::Relaxed));
            }
        }
    }

    /// Fills the slot of a position.
    ///
    /// # Safety
    ///
    /// The caller has claimed it with `claim_push` and does this once.
    #[inline]
    unsafe fn put(&self, position: u64, item: T) {
        let slot = self.slot(position);
        // SAFETY: the stamp said free for this position and a position is claimed by one push only, so nobody else
        // touches the item until the stamp says full.
        slot.item.with_mut(|place| unsafe { (*place).write(item) });
        slot.stamp.store(position.wrapping_add(1), Ordering::Release);
    }

    /// Empties the slot of a position.
    ///
    /// # Safety
    ///
    /// The caller has claimed it with `claim_pop` and does this once.
    #[inline]
    unsafe fn take(&self, position: u64) -> T {
        let slot = self.slot(position);
        // SAFETY: the stamp said full for this position and a position is claimed by one pop only, so nobody else
        // touches the item until the stamp says free, and it is read once.
        let item = slot.item.with(|place| unsafe { (*place).assume_init_read() });
        slot.stamp.store(position.wrapping_add(self.lap), Ordering::Release);
        item
    }
}

/// The region, which the last handle drops with what is left in it.
struct Kept<T>(Region<Slot<T>>);

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() {
            // SAFETY: the region is dropped after this.
            let ring = unsafe { Ring::new(&self.0) };
            while let Some(position) = ring.claim_pop() {
                // SAFETY: just claimed. With the last handle gone no push is unfinished, so nothing is overlooked.
                drop(unsafe { ring.take(position) });
            }
        }
    }
}

/// A handle that pushes and pops.
pub struct RingHandle<T> {
    ring: Ring<T>,
    kept: Arc<Kept<T>>,
    events: Option<EventCountsRef>,
}

impl<T> RingHandle<T> {
    fn new(region: Region<Slot<T>>) -> Self {
        let kept = Arc::new(Kept(region));
        // SAFETY: kept beside it, here and in every clone.
        RingHandle { ring: unsafe { Ring::new(&kept.0) }, kept, events: None }
    }

    /// With event counts that lie beside the ring.
    #[must_use]
    pub fn sleeping_at(self, events: EventCountsRef) -> Self {
        RingHandle { events: Some(events), ..self }
    }
}

impl<T> Clone for RingHandle<T> {
    fn clone(&self) -> Self {
        RingHandle { ring: self.ring, kept: self.kept.clone(), events: self.events.clone() }
    }
}

impl<T: Send + 'static> Producer<T> for RingHandle<T> {
    fn events(&self) -> Option<EventCountsRef> {
        self.events.clone()
    }

    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let Some(position) = self.ring.claim_push() else { return Err(item) };
        // SAFETY: just claimed.
        unsafe { self.ring.put(position, item) };
        Ok(())
    }

    // Not the provided one: there the item would be moved once more for every try.
    #[inline]
    fn push<W: Wait>(&mut self, item: T, wait: &mut W) {
        let position = loop {
            match self.ring.claim_push() {
                Some(position) => break position,
                None => wait.full(),
            }
        };
        // SAFETY: just claimed.
        unsafe { self.ring.put(position, item) };
        wait.pushed();
    }
}

impl<T: Send + 'static> Consumer<T> for RingHandle<T> {
    fn events(&self) -> Option<EventCountsRef> {
        self.events.clone()
    }

    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        // SAFETY: just claimed.
        self.ring.claim_pop().map(|position| unsafe { self.ring.take(position) })
    }

    // Not the provided one: there the item would be moved once more on its way out of the `Option`.
    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        let position = loop {
            match self.ring.claim_pop() {
                Some(position) => break position,
                None => wait.empty(),
            }
        };
        // SAFETY: just claimed.
        let item = unsafe { self.ring.take(position) };
        wait.popped();
        item
    }
}
