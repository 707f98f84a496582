//! Memory of one process.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use super::{LINE, Memory};

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
