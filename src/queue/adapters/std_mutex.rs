//! std's lock, in the two ways people use it: its `notify_one` is a system call whether anybody waits or not,
//! so a queue that asks first is another queue.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::mutex_deque::{self, Lock, MutexDeque};
use crate::queue::About;

/// `std/mutex-deque`: notifies on every operation.
pub type Deque = MutexDeque<Std<false>>;
/// `std/mutex-deque-waiters`: counts under the lock who waits, and notifies only then.
pub type DequeWaiters = MutexDeque<Std<true>>;

/// std's lock.
pub struct Std<const ASKS_WHO_WAITS: bool>;

impl<const ASKS_WHO_WAITS: bool> Lock for Std<ASKS_WHO_WAITS> {
    const ABOUT: About = About {
        id: if ASKS_WHO_WAITS { "std/mutex-deque-waiters" } else { "std/mutex-deque" },
        representative: !ASKS_WHO_WAITS,
        ..mutex_deque::ABOUT
    };
    const ASKS_WHO_WAITS: bool = ASKS_WHO_WAITS;
    type Mutex<T: Send> = Mutex<T>;
    type Guard<'a, T: Send + 'a> = MutexGuard<'a, T>;
    type Condvar = Condvar;

    fn new<T: Send>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    #[inline]
    fn lock<T: Send>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        // Nothing between lock and unlock leaves the deque half changed.
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn unlock<T: Send>(guard: MutexGuard<'_, T>) {
        drop(guard);
    }

    #[inline]
    fn wait<'a, T: Send>(condvar: &Condvar, guard: Self::Guard<'a, T>) -> Self::Guard<'a, T> {
        condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn notify_one(condvar: &Condvar) {
        condvar.notify_one();
    }
}
