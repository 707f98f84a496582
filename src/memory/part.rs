//! A block of memory shared out among several users.

use std::ptr::NonNull;
use std::sync::Arc;

use super::{LINE, Memory};

/// What is left of a block from an offset on; clones are of the same block.
#[derive(Clone)]
pub struct Part {
    block: Arc<dyn Memory>,
    offset: usize,
}

impl Part {
    /// All of `block`.
    pub fn all(block: impl Memory) -> Part {
        Part { block: Arc::new(block), offset: 0 }
    }

    /// What is left from `offset` on.
    ///
    /// # Panics
    ///
    /// When that is outside, or no multiple of [`LINE`].
    #[must_use]
    pub fn from(&self, offset: usize) -> Part {
        let offset = self.offset + offset;
        assert!(offset <= self.block.bytes().len() && offset.is_multiple_of(LINE), "no part starts at {offset}");
        Part { block: self.block.clone(), offset }
    }
}

// SAFETY: as the block it is a part of; a multiple of `LINE` from its start.
unsafe impl Memory for Part {
    fn bytes(&self) -> NonNull<[u8]> {
        let block = self.block.bytes();
        // SAFETY: inside the block, as `from` sees to.
        let base = unsafe { block.cast::<u8>().add(self.offset) };
        NonNull::slice_from_raw_parts(base, block.len() - self.offset)
    }
}
