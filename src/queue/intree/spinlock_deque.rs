//! `VecDeque` behind a spin lock: what a mutex-deque costs without the kernel.
//!
//! The lock is test-and-test-and-set (Rudolph and Segall, "Dynamic Decentralized Cache Schemes for MIMD Parallel
//! Processors", ISCA 1984): a thread that found it taken only reads until it is free, so that those who wait share
//! the line instead of pulling it from the holder.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_utils::CachePadded;

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape};

/// `intree/spinlock-deque`
pub struct SpinlockDeque;

impl Queue for SpinlockDeque {
    const ABOUT: About = About {
        id: "intree/spinlock-deque",
        family: Family::MutexDeque,
        capacities: Capacities::BOUNDED_OR_NOT,
        ..About::MPMC
    };
    type Producer<T: Payload> = Handle<T>;
    type Consumer<T: Payload> = Handle<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (deque, capacity) = match shape.capacity {
            Capacity::Bounded(messages) => (VecDeque::with_capacity(messages), messages),
            Capacity::Unbounded => (VecDeque::new(), usize::MAX),
        };
        let handle = Handle { deque: Arc::new(CachePadded::new(SpinLock::new(deque))), capacity };
        Endpoints::shared(handle, shape)
    }
}

/// Pushes and pops.
pub struct Handle<T> {
    /// Lock and deque share a line: whoever takes the one needs the other.
    deque: Arc<CachePadded<SpinLock<VecDeque<T>>>>,
    capacity: usize,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Handle { deque: self.deque.clone(), capacity: self.capacity }
    }
}

impl<T: Payload> Producer<T> for Handle<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let mut deque = self.deque.lock();
        if deque.len() == self.capacity {
            return Err(item);
        }
        deque.push_back(item);
        Ok(())
    }
}

impl<T: Payload> Consumer<T> for Handle<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.deque.lock().pop_front()
    }
}

/// Looks at a taken lock, a pause before each, before the thread gives up its cpu. The lock is held for tens of
/// nanoseconds; who has paused for this long waits for a holder that was preempted, possibly on this very cpu, and
/// pausing on would keep it from running.
const PAUSES: u32 = 64;

/// A test-and-test-and-set lock.
struct SpinLock<T> {
    /// Whether a [`Guard`] exists.
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through a guard only, and there is one at a time.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    fn new(value: T) -> Self {
        SpinLock { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    #[inline]
    fn lock(&self) -> Guard<'_, T> {
        // Acquire: what the last holder did is visible.
        while self.locked.swap(true, Ordering::Acquire) {
            self.wait();
        }
        Guard(self)
    }

    /// Returns when the lock was seen free.
    #[cold]
    fn wait(&self) {
        let mut pauses = 0;
        while self.locked.load(Ordering::Relaxed) {
            if pauses < PAUSES {
                pauses += 1;
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// The right to use the value; releases the lock when dropped.
struct Guard<'a, T>(&'a SpinLock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the only one.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: the next holder sees what this one did.
        self.0.locked.store(false, Ordering::Release);
    }
}
