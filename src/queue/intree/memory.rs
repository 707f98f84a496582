//! Where a ring's memory lives, and how a ring lies in it.
//!
//! A ring is a [`Header`] followed by its slots, in one block of memory that somebody else provides: the heap, or
//! a mapping shared between processes. Nothing in the block is a pointer, so every process may see it at an
//! address of its own.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use anyhow::ensure;

use crate::queue::Words;
use crate::queue::sync::atomic::AtomicU64;

/// Bytes kept between what different threads write: two lines of 64, because x86 fetches lines in pairs; the
/// lines of some Arm cores are that long.
pub const LINE: usize = 128;

/// A value on a line of its own.
#[repr(C, align(128))]
pub(super) struct Line<T>(pub T);

/// A block of memory that a ring may be laid out in.
///
/// # Safety
///
/// As long as the value lives, wherever it is moved, `bytes` returns the same range, aligned to [`LINE`] and
/// valid for reads and writes from every thread. Nothing else refers to those bytes, except mappings of the same
/// memory elsewhere, in this process or another, which may only be used to attach to the ring in it.
pub unsafe trait Memory: Send + Sync + 'static {
    /// The block.
    fn bytes(&self) -> NonNull<[u8]>;
}

/// Memory of this process, freed with the last handle.
pub struct Heap {
    base: NonNull<u8>,
    layout: Layout,
}

impl Heap {
    /// Allocates `bytes` bytes. They are zeroed by writing to them, so that the page faults fall into opening a
    /// queue and not into its first lap.
    pub fn new(bytes: usize) -> Self {
        let layout = Layout::from_size_align(bytes.max(1), LINE).expect("a ring fits into the address space");
        // SAFETY: the size is not zero.
        let base = unsafe { alloc::alloc(layout) };
        let base = NonNull::new(base).unwrap_or_else(|| alloc::handle_alloc_error(layout));
        // SAFETY: the block was just allocated with this size.
        unsafe { base.write_bytes(0, layout.size()) };
        Heap { base, layout }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and freed nowhere else.
        unsafe { alloc::dealloc(self.base.as_ptr(), self.layout) };
    }
}

// SAFETY: the block is allocated with `LINE`'s alignment, stays where it is until the value is dropped, and its
// address is given to nobody but through `bytes`.
unsafe impl Memory for Heap {
    fn bytes(&self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.base, self.layout.size())
    }
}

// SAFETY: the value owns its block and has no other state; `bytes` only reads the address.
unsafe impl Send for Heap {}
// SAFETY: as above.
unsafe impl Sync for Heap {}

/// What may be sent between processes.
///
/// # Safety
///
/// A value is its bytes: no pointer, reference or handle of a process in it, and nothing to drop. Every process
/// that attaches to a ring of them runs a build in which the type has the same layout.
pub unsafe trait Plain: Send + 'static {}

// SAFETY: a number.
unsafe impl Plain for u64 {}
// SAFETY: an array of numbers; queuebench's processes are one executable.
unsafe impl<const N: usize> Plain for Words<N> {}

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
pub(super) struct Region<S, M> {
    view: View<S>,
    _memory: M,
}

impl<S: Slot, M: Memory> Region<S, M> {
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
    pub fn create(memory: M, capacity: usize) -> Self {
        assert!(capacity > 0, "a ring holds at least one message");
        let needed = Self::bytes(capacity).expect("a ring fits into the address space");
        let given = memory.bytes().len();
        assert!(given >= needed, "a ring for {capacity} messages takes {needed} bytes, not {given}");
        // SAFETY: a header fits, as asserted.
        let region = unsafe { Self::over(memory) };
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
    pub unsafe fn attach(memory: M) -> anyhow::Result<Self> {
        let given = memory.bytes().len();
        ensure!(given >= size_of::<Header>(), "{given} bytes are too few for a ring");
        // SAFETY: a header fits, as ensured.
        let region = unsafe { Self::over(memory) };
        // SAFETY: the region is alive.
        let Header { kind, slot_bytes, capacity, .. } = *unsafe { region.view.header() };
        ensure!(kind == S::KIND, "no ring of this kind was made in this memory");
        ensure!(slot_bytes == size_of::<S>() as u64, "slots of {slot_bytes} bytes, not {}", size_of::<S>());
        let fits = Self::bytes(capacity as usize).is_some_and(|needed| needed <= given);
        ensure!(capacity > 0 && fits, "a ring for {capacity} messages does not fit into {given} bytes");
        Ok(region)
    }

    /// # Safety
    ///
    /// The memory has room for a header at least.
    unsafe fn over(memory: M) -> Self {
        let header = memory.bytes().cast::<Header>();
        // SAFETY: at most one past the end of the block.
        let slots = unsafe { header.add(1) }.cast::<S>();
        Region { view: View { header, slots }, _memory: memory }
    }
}

impl<S, M> Region<S, M> {
    /// Where header and slots are, for as long as the region lives.
    pub fn view(&self) -> View<S> {
        self.view
    }

    /// Messages the ring holds at most.
    pub fn capacity(&self) -> u64 {
        // SAFETY: the region is alive.
        unsafe { self.view.header() }.capacity
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
