//! A value that lives in memory somebody else provides.

use std::any::Any;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use super::Memory;

/// What several processes may use at once.
///
/// # Safety
///
/// All zeros is a value of the type, it is changed through atomics only, whatever they hold is a value of theirs, and
/// there is nothing to drop in it.
pub unsafe trait Shareable: Send + Sync + 'static {}

/// A `T` at the start of a block of memory; clones refer to the same.
pub struct Placed<T> {
    value: NonNull<T>,
    /// Keeps what `value` points to.
    _memory: Arc<dyn Any + Send + Sync>,
}

impl<T: Shareable> Placed<T> {
    /// In memory of its own.
    pub fn new(value: T) -> Placed<T> {
        let value = Arc::new(value);
        Placed { value: NonNull::from(&*value), _memory: value }
    }

    /// The `T` at the start of `memory`, which was all zeros there before the first who did this.
    ///
    /// # Panics
    ///
    /// When it does not fit.
    pub fn at(memory: impl Memory) -> Placed<T> {
        const { assert!(align_of::<T>() <= super::LINE) };
        let (given, needed) = (memory.bytes().len(), size_of::<T>());
        assert!(given >= needed, "{needed} bytes do not fit into {given}");
        Placed { value: memory.bytes().cast(), _memory: Arc::new(memory) }
    }
}

impl<T> Clone for Placed<T> {
    fn clone(&self) -> Self {
        Placed { value: self.value, _memory: self._memory.clone() }
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: in memory that is kept beside it, where `Shareable` promises a value.
        unsafe { self.value.as_ref() }
    }
}

// SAFETY: as a shared reference to what may be shared.
unsafe impl<T: Shareable> Send for Placed<T> {}
// SAFETY: as above.
unsafe impl<T: Shareable> Sync for Placed<T> {}
