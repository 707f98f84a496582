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

use super::memory::{Header, Heap, Memory, Plain, Region, View};
use crate::queue::sync::{
    Arc, UnsafeCell,
    atomic::{AtomicU64, Ordering},
};
use crate::queue::{About, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape, Wait};

/// `intree/vyukov`
pub struct Vyukov;

impl Queue for Vyukov {
    const ABOUT: About = About { id: "intree/vyukov", family: Family::LockFree, ..About::MPMC };
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
    Region::<Slot<T>, Heap>::bytes(capacity).expect("a ring fits into the address space")
}

/// A ring for `capacity` messages in `memory`. Messages still in it are dropped with the last handle.
///
/// # Panics
///
/// When the capacity is 0, or `memory` has fewer than [`bytes`] bytes.
pub fn create<T: Send + 'static, M: Memory>(memory: M, capacity: usize) -> RingHandle<T, M> {
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
/// Nobody writes to the memory but handles of this ring, and it was created before.
pub unsafe fn attach<T: Plain, M: Memory>(memory: M) -> anyhow::Result<RingHandle<T, M>> {
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

impl<T> super::memory::Slot for Slot<T> {
    const KIND: u64 = u64::from_le_bytes(*b"qb/vyuk1");

    fn count(capacity: usize) -> Option<usize> {
        // A lap is a power of two, and must be one.
        capacity.checked_next_power_of_two().map(|_| capacity)
    }

    fn empty(index: usize) -> Self {
        Slot { stamp: AtomicU64::new(index as u64), item: UnsafeCell::new(MaybeUninit::uninit()) }
    }
}

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
    unsafe fn new<M: Memory>(region: &Region<Slot<T>, M>) -> Self {
        let capacity = region.capacity();
        // At least 2: see the module about a single slot.
        Ring { view: region.view(), capacity, lap: capacity.next_power_of_two().max(2) }
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: as `new` demands.
        unsafe { self.view.header() }
    }

    /// The slot of a position.
    #[inline]
    fn slot(&self, position: u64) -> &Slot<T> {
        // SAFETY: as `new` demands; positions come from `next` and 0, so their index is below the capacity.
        unsafe { self.view.slot(position & (self.lap - 1)) }
    }

    /// The position after `position`.
    #[inline]
    fn next(&self, position: u64) -> u64 {
        let index = position & (self.lap - 1);
        if index + 1 < self.capacity { position + 1 } else { position - index + self.lap }
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
                return None;
            } else {
                // Another push has claimed this position since `tail` was read.
                tail = shared.load(Ordering::Relaxed);
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
            if stamp == head + 1 {
                match shared.compare_exchange_weak(head, self.next(head), Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return Some(head),
                    Err(moved) => head = moved,
                }
            } else if stamp <= head {
                return None;
            } else {
                // Another pop has claimed this position since `head` was read.
                head = shared.load(Ordering::Relaxed);
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
        slot.stamp.store(position + 1, Ordering::Release);
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
        slot.stamp.store(position + self.lap, Ordering::Release);
        item
    }
}

/// The region, which the last handle drops with what is left in it.
struct Kept<T, M: Memory>(Region<Slot<T>, M>);

impl<T, M: Memory> Drop for Kept<T, M> {
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
pub struct RingHandle<T, M: Memory = Heap> {
    ring: Ring<T>,
    kept: Arc<Kept<T, M>>,
}

impl<T, M: Memory> RingHandle<T, M> {
    fn new(region: Region<Slot<T>, M>) -> Self {
        let kept = Arc::new(Kept(region));
        // SAFETY: kept beside it, here and in every clone.
        RingHandle { ring: unsafe { Ring::new(&kept.0) }, kept }
    }
}

impl<T, M: Memory> Clone for RingHandle<T, M> {
    fn clone(&self) -> Self {
        RingHandle { ring: self.ring, kept: self.kept.clone() }
    }
}

impl<T: Send + 'static, M: Memory> Producer<T> for RingHandle<T, M> {
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

impl<T: Send + 'static, M: Memory> Consumer<T> for RingHandle<T, M> {
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
