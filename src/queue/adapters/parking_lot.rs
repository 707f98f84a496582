//! parking_lot's lock: `notify_one` is one load when nobody waits, so there is no variant that asks first. Since
//! 0.13 it is never fair by itself; `unlock_fair` hands it to the thread that sleeps longest, if one sleeps.

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::mutex_deque::{self, Lock, MutexDeque};
use crate::queue::About;

/// `parking_lot/mutex-deque`
pub type Deque = MutexDeque<ParkingLot<false>>;
/// `parking_lot/mutex-deque-fair`: every unlock is an `unlock_fair`, but for the one inside a wait.
pub type DequeFair = MutexDeque<ParkingLot<true>>;

/// parking_lot's lock. Not its `FairMutex`, on which no condition variable can wait.
pub struct ParkingLot<const FAIR: bool>;

impl<const FAIR: bool> Lock for ParkingLot<FAIR> {
    const ABOUT: About = About {
        id: if FAIR { "parking_lot/mutex-deque-fair" } else { "parking_lot/mutex-deque" },
        package: Some("parking_lot"),
        representative: !FAIR,
        ..mutex_deque::ABOUT
    };
    const ASKS_WHO_WAITS: bool = false;
    type Mutex<T: Send> = Mutex<T>;
    type Guard<'a, T: Send + 'a> = MutexGuard<'a, T>;
    type Condvar = Condvar;

    fn new<T: Send>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    #[inline]
    fn lock<T: Send>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock()
    }

    #[inline]
    fn unlock<T: Send>(guard: MutexGuard<'_, T>) {
        if FAIR {
            MutexGuard::unlock_fair(guard);
        } else {
            drop(guard);
        }
    }

    #[inline]
    fn wait<'a, T: Send>(condvar: &Condvar, mut guard: Self::Guard<'a, T>) -> Self::Guard<'a, T> {
        condvar.wait(&mut guard);
        guard
    }

    #[inline]
    fn notify_one(condvar: &Condvar) {
        condvar.notify_one();
    }
}
