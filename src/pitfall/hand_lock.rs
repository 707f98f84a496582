//! A lock taken and given back by hand, as in C: pthread's mutex in memory that processes share, plain or robust.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::said::At;
use crate::memory::{Map, Memory, RobustMutex, Taken, sealed};

/// The lock, and two accounts that belong to it and come to [`TOTAL`] together.
pub struct HandLock(Map);

/// What the accounts come to.
pub const TOTAL: u64 = 100;

#[repr(C)]
struct Inside {
    mutex: RobustMutex,
    accounts: [AtomicU64; 2],
}

impl HandLock {
    /// A new one; never destroyed, because that is an error while somebody holds it.
    pub fn new(is_robust: bool) -> io::Result<HandLock> {
        let lock = HandLock(Map::of(sealed(size_of::<Inside>())?).map_err(io::Error::other)?);
        let robust = if is_robust { libc::PTHREAD_MUTEX_ROBUST } else { libc::PTHREAD_MUTEX_STALLED };
        // SAFETY: nobody else has the mutex yet, and it stays in its mapping.
        unsafe { lock.inside().mutex.initialise_as(robust)? };
        lock.inside().accounts[0].store(TOTAL, Ordering::Relaxed);
        Ok(lock)
    }

    fn inside(&self) -> &Inside {
        // SAFETY: the memory has room for it and starts on a page; it is changed by atomics and by pthread only.
        unsafe { self.0.bytes().cast::<Inside>().as_ref() }
    }

    /// Takes it, and waits until it can be had.
    pub fn lock(&self) -> io::Result<Taken> {
        self.inside().mutex.take()
    }

    /// Gives it back, which only its owner may.
    pub fn unlock(&self) -> io::Result<()> {
        self.inside().mutex.give_back()
    }

    /// Says, while holding it, that what a dead owner left behind is repaired.
    pub fn is_consistent_again(&self) -> io::Result<()> {
        self.inside().mutex.is_consistent_again()
    }

    /// The accounts; the lock is to be held.
    pub fn accounts(&self) -> &[AtomicU64; 2] {
        &self.inside().accounts
    }

    /// What the accounts come to now.
    pub fn total(&self) -> u64 {
        self.accounts().iter().map(|account| account.load(Ordering::Relaxed)).sum()
    }

    /// Where it is.
    pub fn at(&self) -> At {
        At::memory(&self.inside().mutex)
    }
}
