//! Blocks of memory that threads, and processes, may work in together.

mod heap;
mod map;
mod part;
mod placed;
mod posix;

use std::ptr::NonNull;

pub use heap::Heap;
pub use map::{Map, sealed};
pub use part::Part;
pub use placed::{Placed, Shareable};
pub use posix::{Barrier, Condition, Held, RobustMutex, Taken};

/// Bytes kept between what different threads write: two lines of 64, because x86 fetches lines in pairs; the
/// lines of some Arm cores are that long.
pub const LINE: usize = 128;

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
