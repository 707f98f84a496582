//! Queues whose ends may be in different processes, and the same queues between threads.
//!
//! A queue is made once, as descriptors; every end is made from those, by whichever thread or process is to hold it.
//! So the two sides of the boundary differ by nothing but who that is.

mod credit;
mod end;
pub mod futex;
pub mod mqueue;
pub mod mutex_deque;
pub mod pipe;
pub mod shm;
pub mod socket;

use std::os::fd::OwnedFd;

pub use credit::{Credit, Credited};
pub use end::{End, Transport};

use super::{About, Endpoints, Family, Payload, Payloads, Queue, Shape};

/// What queues between processes have in common; each names itself.
const ABOUT: About = About { family: Family::Process, payloads: Payloads::ByValue, ..About::MPMC };

/// A queue that can cross the boundary between processes.
pub trait Crossing: Queue {
    /// Makes it, for messages by value.
    ///
    /// # Errors
    ///
    /// What the kernel has to say against it.
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts>;

    /// Lays it out where the first consumer runs, before any end is made: who touches memory first decides where it is.
    ///
    /// # Errors
    ///
    /// When its memory cannot be had.
    fn lay_out<T: Payload>(_: &Parts, _: Shape) -> anyhow::Result<()> {
        Ok(())
    }

    /// One of its producers.
    ///
    /// # Errors
    ///
    /// When `parts` are not those of such a queue.
    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<Self::Producer<T>>;

    /// One of its consumers.
    ///
    /// # Errors
    ///
    /// As [`Crossing::producer`].
    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<Self::Consumer<T>>;
}

/// The descriptors a queue is made of.
pub struct Parts(pub Vec<OwnedFd>);

impl Parts {
    /// Its part number `index`, for one more who holds it.
    fn part(&self, index: usize) -> anyhow::Result<OwnedFd> {
        let part = self.0.get(index).ok_or_else(|| anyhow::anyhow!("{} descriptors are too few", self.0.len()))?;
        Ok(part.try_clone()?)
    }
}

/// Opens a queue between threads: every end is made as it would be in a process of its own.
fn open_between_threads<Q: Crossing, T: Payload>(shape: Shape) -> Endpoints<Q::Producer<T>, Q::Consumer<T>> {
    let open = || {
        let parts = Q::create::<T>(shape)?;
        Q::lay_out::<T>(&parts, shape)?;
        let producers = (0..shape.producers).map(|_| Q::producer::<T>(&parts)).collect::<anyhow::Result<_>>()?;
        let consumers = (0..shape.consumers).map(|_| Q::consumer::<T>(&parts)).collect::<anyhow::Result<_>>()?;
        anyhow::Ok(Endpoints { producers, consumers })
    };
    open().unwrap_or_else(|why| unavailable(&why))
}

#[cold]
fn unavailable(why: &anyhow::Error) -> ! {
    std::panic::panic_any(Unavailable(format!("{why:#}")))
}

/// What a thread panics with that cannot open a queue on this machine.
#[derive(Debug)]
pub struct Unavailable(pub String);
