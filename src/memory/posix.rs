//! A mutex, condition variables and barriers of POSIX in memory that processes share. The mutex is robust, so that the
//! death of who holds it is seen by the next who wants it.
//!
//! Nothing of it is ever destroyed: a condition variable whose waiter was killed would wait for it for ever.

use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;

use super::Shareable;

/// A mutex; zeros are none yet.
#[repr(transparent)]
pub struct RobustMutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: what pthread's calls are for.
unsafe impl Send for RobustMutex {}
// SAFETY: as above; it is touched by pthread's calls only.
unsafe impl Sync for RobustMutex {}
// SAFETY: made for processes that share it; pthread's calls are as atomic as any, and there is nothing to drop.
unsafe impl Shareable for RobustMutex {}

/// Something to wait for; zeros are nothing yet.
#[repr(transparent)]
pub struct Condition(UnsafeCell<libc::pthread_cond_t>);

// SAFETY: what pthread's calls are for.
unsafe impl Send for Condition {}
// SAFETY: as above; it is touched by pthread's calls only.
unsafe impl Sync for Condition {}

/// What a call of pthread's answers with but 0.
fn checked(answer: i32) -> io::Result<()> {
    if answer == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(answer)) }
}

/// What taking a mutex answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is held.
    Held,
    /// It is held, and its owner died with it: `EOWNERDEAD`, from a robust one only.
    OwnerDead,
}

impl RobustMutex {
    /// Makes it one, and lets processes share it.
    ///
    /// # Errors
    ///
    /// When the system has none such.
    ///
    /// # Safety
    ///
    /// Nobody else uses it yet, and it stays where it is as long as anybody does.
    pub unsafe fn initialise(&self) -> io::Result<()> {
        // SAFETY: as the caller promises.
        unsafe { self.initialise_as(libc::PTHREAD_MUTEX_ROBUST) }
    }

    /// The same of any robustness, to show what goes wrong without. One that is not robust looks who gives it back all the
    /// same.
    ///
    /// # Errors
    ///
    /// As of [`RobustMutex::initialise`].
    ///
    /// # Safety
    ///
    /// As of [`RobustMutex::initialise`].
    pub(crate) unsafe fn initialise_as(&self, robustness: i32) -> io::Result<()> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: attributes are initialised before they are used, in a variable of their own; nobody else uses the mutex,
        // as the caller promises.
        unsafe {
            checked(libc::pthread_mutexattr_init(attributes.as_mut_ptr()))?;
            checked(libc::pthread_mutexattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED))?;
            checked(libc::pthread_mutexattr_setrobust(attributes.as_mut_ptr(), robustness))?;
            if robustness != libc::PTHREAD_MUTEX_ROBUST {
                checked(libc::pthread_mutexattr_settype(attributes.as_mut_ptr(), libc::PTHREAD_MUTEX_ERRORCHECK))?;
            }
            checked(libc::pthread_mutex_init(self.0.get(), attributes.as_ptr()))
        }
    }

    /// Waits until nobody else holds it.
    ///
    /// # Panics
    ///
    /// When who held it has died.
    #[inline]
    pub fn lock(&self) -> Held<'_> {
        // SAFETY: initialised before it was shared, and never destroyed.
        Held::after(unsafe { libc::pthread_mutex_lock(self.0.get()) }, self)
    }

    /// The same, also from who has died: then there is something to repair, and [`RobustMutex::is_consistent_again`] to
    /// say before it is given back, or nobody can take it any more.
    ///
    /// # Errors
    ///
    /// When that was not said.
    pub fn lock_or_inherit(&self) -> io::Result<(Held<'_>, Taken)> {
        self.take().map(|taken| (Held(self), taken))
    }

    /// Takes it by hand, and waits until it can be had.
    ///
    /// # Errors
    ///
    /// As of [`RobustMutex::lock_or_inherit`].
    pub fn take(&self) -> io::Result<Taken> {
        // SAFETY: as in `lock`.
        match unsafe { libc::pthread_mutex_lock(self.0.get()) } {
            libc::EOWNERDEAD => Ok(Taken::OwnerDead),
            answer => checked(answer).map(|()| Taken::Held),
        }
    }

    /// Gives it back by hand, which only its owner may.
    ///
    /// # Errors
    ///
    /// When it is somebody else's.
    pub fn give_back(&self) -> io::Result<()> {
        // SAFETY: as in `lock`; robust ones and those made to check answer what a thread must not give back with an error.
        checked(unsafe { libc::pthread_mutex_unlock(self.0.get()) })
    }

    /// Says, while holding it, that what a dead owner left behind is repaired.
    ///
    /// # Errors
    ///
    /// When no owner died.
    pub fn is_consistent_again(&self) -> io::Result<()> {
        // SAFETY: as in `lock`.
        checked(unsafe { libc::pthread_mutex_consistent(self.0.get()) })
    }
}

impl Condition {
    /// Makes it one, and lets processes share it.
    ///
    /// # Errors
    ///
    /// When the system has none such.
    ///
    /// # Safety
    ///
    /// As of [`RobustMutex::initialise`].
    pub unsafe fn initialise(&self) -> io::Result<()> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: as in `initialise_as`.
        unsafe {
            checked(libc::pthread_condattr_init(attributes.as_mut_ptr()))?;
            checked(libc::pthread_condattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED))?;
            checked(libc::pthread_cond_init(self.0.get(), attributes.as_ptr()))
        }
    }

    /// Wakes all who wait for it.
    #[inline]
    pub fn broadcast(&self) {
        // SAFETY: as in `signal`.
        unsafe { libc::pthread_cond_broadcast(self.0.get()) };
    }

    /// Wakes one who waits for it.
    #[inline]
    pub fn signal(&self) {
        // SAFETY: initialised before it was shared, and never destroyed.
        unsafe { libc::pthread_cond_signal(self.0.get()) };
    }
}

/// A place where so many wait until all are there; zeros are none yet.
#[repr(transparent)]
pub struct Barrier(UnsafeCell<libc::pthread_barrier_t>);

// SAFETY: what pthread's calls are for.
unsafe impl Send for Barrier {}
// SAFETY: as above; it is touched by pthread's calls only.
unsafe impl Sync for Barrier {}
// SAFETY: as of the mutex.
unsafe impl Shareable for Barrier {}

impl Barrier {
    /// Makes it one for so many, and lets processes share it.
    ///
    /// # Errors
    ///
    /// When the system has none such.
    ///
    /// # Safety
    ///
    /// As of [`RobustMutex::initialise`].
    pub unsafe fn initialise(&self, parties: u32) -> io::Result<()> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: as in `initialise_as`.
        unsafe {
            checked(libc::pthread_barrierattr_init(attributes.as_mut_ptr()))?;
            checked(libc::pthread_barrierattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED))?;
            checked(libc::pthread_barrier_init(self.0.get(), attributes.as_ptr(), parties))
        }
    }

    /// Waits until all are there.
    #[inline]
    pub fn wait(&self) {
        // SAFETY: initialised before it was shared, and never destroyed.
        unsafe { libc::pthread_barrier_wait(self.0.get()) };
    }
}

/// A mutex that this thread holds.
pub struct Held<'a>(&'a RobustMutex);

impl<'a> Held<'a> {
    /// After a call that takes the mutex and has answered so.
    #[inline]
    fn after(answer: i32, mutex: &'a RobustMutex) -> Held<'a> {
        match answer {
            0 => Held(mutex),
            libc::EOWNERDEAD => panic!("an end died that held the lock"),
            other => panic!("the lock cannot be taken: {}", std::io::Error::from_raw_os_error(other)),
        }
    }

    /// Gives the mutex up until somebody signals, or for no reason.
    #[inline]
    pub fn wait(self, condition: &Condition) -> Held<'a> {
        let mutex = self.0;
        std::mem::forget(self);
        // SAFETY: both were initialised, and this thread holds the mutex.
        Held::after(unsafe { libc::pthread_cond_wait(condition.0.get(), mutex.0.get()) }, mutex)
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this thread holds it.
        unsafe { libc::pthread_mutex_unlock(self.0.0.get()) };
    }
}
