//! concurrent-queue: crossbeam-queue's algorithms without the backoff: a lost race is retried at once, a peer
//! half-way through is waited for with `sched_yield`. Capacity 1 is another algorithm, one locked slot.

use std::sync::Arc;

use concurrent_queue::{ConcurrentQueue, PushError};

use crate::queue::{About, Capacities, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape};

/// `concurrent-queue/bounded`
pub struct Bounded;

impl Queue for Bounded {
    const ABOUT: About = About {
        id: "concurrent-queue/bounded",
        package: Some("concurrent-queue"),
        family: Family::LockFree,
        ..About::MPMC
    };
    type Producer<T: Payload> = Arc<ConcurrentQueue<T>>;
    type Consumer<T: Payload> = Arc<ConcurrentQueue<T>>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Endpoints::shared(Arc::new(ConcurrentQueue::bounded(shape.bound())), shape)
    }
}

/// `concurrent-queue/unbounded`
pub struct Unbounded;

impl Queue for Unbounded {
    const ABOUT: About = About {
        id: "concurrent-queue/unbounded",
        package: Some("concurrent-queue"),
        family: Family::LockFree,
        capacities: Capacities::UNBOUNDED,
        ..About::MPMC
    };
    type Producer<T: Payload> = Arc<ConcurrentQueue<T>>;
    type Consumer<T: Payload> = Arc<ConcurrentQueue<T>>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Endpoints::shared(Arc::new(ConcurrentQueue::unbounded()), shape)
    }
}

impl<T: Payload> Producer<T> for Arc<ConcurrentQueue<T>> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        ConcurrentQueue::push(self, item).map_err(PushError::into_inner)
    }
}

impl<T: Payload> Consumer<T> for Arc<ConcurrentQueue<T>> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        ConcurrentQueue::pop(self).ok()
    }
}
