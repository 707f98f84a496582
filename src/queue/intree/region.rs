//! How a ring lies in its memory.
//!
//! A ring is a [`Header`] followed by its slots, in one block of memory that somebody else provides: the heap, or
//! a mapping shared between processes. Nothing in the block is a pointer, so every process may see it at an
//! address of its own.

use std::alloc::Layout;
use std::ptr::NonNull;

use anyhow::ensure;

use crate::memory::{LINE, Memory};
use crate::queue::sync::atomic::AtomicU64;

/// A value on a line of its own.
#[repr(C, align(128))]
pub(super) struct Line<T>(pub T);

/// What a ring keeps for one message.
pub(super) trait Slot: Sized {
    /// Tells this ring's memory from another's, and from memory no ring was made in.
    const KIND: u64;

    /// Slots of a ring for `capacity` messages; `None` beyond reason.
    fn count(capacity: usize) -> Option<usize>;

    /// The slot at `index` of an empty ring.
    fn empty(index: usize) -> Self;
}

/// What lies at the start of a ring's memory, before the slots.
#[repr(C)]
pub(super) struct Header {
    /// [`Slot::KIND`]
    kind: u64,
    /// Bytes of one slot.
    slot_bytes: u64,
    /// Messages the ring holds at most.
    capacity: u64,
    /// Position of the next pop; what a position means is up to the ring.
    pub head: Line<AtomicU64>,
    /// Position of the next push.
    pub tail: Line<AtomicU64>,
}

/// A ring's header and slots at the addresses they have in this process. Handles keep a copy beside what keeps the
/// memory, so that an operation finds a slot in one step.
pub(super) struct View<S> {
    header: NonNull<Header>,
    slots: NonNull<S>,
}

impl<S> Clone for View<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for View<S> {}

// SAFETY: the pointers lead into a `Memory`, which may be used from every thread; what may be done with a slot, and
// by whom, is for those who call `slot`.
unsafe impl<S: Send> Send for View<S> {}
// SAFETY: as above.
unsafe impl<S: Send> Sync for View<S> {}

/// A ring laid out in the memory it keeps.
pub(super) struct Region<S> {
    view: View<S>,
    capacity: u64,
    /// Dynamic, so that a ring runs the very same instructions wherever it lies.
    _memory: Box<dyn Memory>,
}

impl<S: Slot> Region<S> {
    /// Bytes that a ring for `capacity` messages takes; `None` beyond reason.
    pub fn bytes(capacity: usize) -> Option<usize> {
        const { assert!(align_of::<S>() <= LINE, "the slots start on a line") };
        Layout::array::<S>(S::count(capacity)?).ok()?.size().checked_add(size_of::<Header>())
    }

    /// Lays out an empty ring for `capacity` messages.
    ///
    /// # Panics
    ///
    /// When the capacity is 0, or the memory too small for it.
    pub fn create(memory: impl Memory, capacity: usize) -> Self {
        assert!(capacity > 0, "a ring holds at least one message");
        let needed = Self::bytes(capacity).expect("a ring fits into the address space");
        let given = memory.bytes().len();
        assert!(given >= needed, "a ring for {capacity} messages takes {needed} bytes, not {given}");
        // SAFETY: a header fits, as asserted.
        let region = Region { capacity: capacity as u64, ..unsafe { Self::over(memory) } };
        let header = Header {
            kind: S::KIND,
            slot_bytes: size_of::<S>() as u64,
            capacity: capacity as u64,
            head: Line(AtomicU64::new(0)),
            tail: Line(AtomicU64::new(0)),
        };
        // SAFETY: header and slots fit, as asserted; `Memory` promises alignment and that nobody else looks.
        unsafe {
            region.view.header.write(header);
            for index in 0..S::count(capacity).expect("as in `bytes`") {
                region.view.slots.add(index).write(S::empty(index));
            }
        }
        region
    }

    /// Finds the ring that [`Region::create`] laid out in another mapping of the same memory.
    ///
    /// # Errors
    ///
    /// When there is no such ring.
    ///
    /// # Safety
    ///
    /// Nobody writes to the memory but the ends of such a ring, and its creation happened before.
    pub unsafe fn attach(memory: impl Memory) -> anyhow::Result<Self> {
        let given = memory.bytes().len();
        ensure!(given >= size_of::<Header>(), "{given} bytes are too few for a ring");
        // SAFETY: a header fits, as ensured.
        let region = unsafe { Self::over(memory) };
        // Copied once: what another process writes there later must not pass for what was looked at.
        // SAFETY: a header fits, as ensured, and its first three words are plain numbers.
        let [kind, slot_bytes, capacity] = unsafe { region.view.header.cast::<[u64; 3]>().read_volatile() };
        let region = Region { capacity, ..region };
        ensure!(kind == S::KIND, "no ring of this kind was made in this memory");
        ensure!(slot_bytes == size_of::<S>() as u64, "slots of {slot_bytes} bytes, not {}", size_of::<S>());
        let fits = Self::bytes(capacity as usize).is_some_and(|needed| needed <= given);
        ensure!(capacity > 0 && fits, "a ring for {capacity} messages does not fit into {given} bytes");
        Ok(region)
    }

    /// # Safety
    ///
    /// The memory has room for a header at least.
    unsafe fn over(memory: impl Memory) -> Self {
        let header = memory.bytes().cast::<Header>();
        // SAFETY: at most one past the end of the block.
        let slots = unsafe { header.add(1) }.cast::<S>();
        Region { view: View { header, slots }, capacity: 0, _memory: Box::new(memory) }
    }
}

impl<S> Region<S> {
    /// Where header and slots are, for as long as the region lives.
    pub fn view(&self) -> View<S> {
        self.view
    }

    /// Messages the ring holds at most.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }
}

impl<S> View<S> {
    /// Head and tail.
    ///
    /// # Safety
    ///
    /// The region is alive.
    #[inline]
    pub unsafe fn header<'a>(self) -> &'a Header {
        // SAFETY: a region exists only over memory with a header in it, which is changed through atomics only.
        unsafe { self.header.as_ref() }
    }

    /// # Safety
    ///
    /// The region is alive, and `index` is less than the ring's number of slots.
    #[inline]
    pub unsafe fn slot<'a>(self, index: u64) -> &'a S {
        // SAFETY: the caller keeps to the slots; they are changed through cells only.
        unsafe { self.slots.add(index as usize).as_ref() }
    }
}

/// What a process panics with that finds in shared memory what no end of a ring writes.
#[derive(Debug)]
pub struct Rubbish(pub &'static str);

/// Gives up on a ring that somebody else has written into.
#[cold]
#[inline(never)]
pub(super) fn rubbish(what: &'static str) -> ! {
    std::panic::panic_any(Rubbish(what))
}
