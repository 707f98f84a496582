//! crossbeam-queue: a bounded ring of stamped slots, and an unbounded list of blocks of 31.

use std::sync::Arc;

use crossbeam_queue::{ArrayQueue, SegQueue};

use crate::queue::{About, Capacities, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape};

/// `crossbeam-queue/array`
pub struct Array;

impl Queue for Array {
    const ABOUT: About = About {
        id: "crossbeam-queue/array",
        package: Some("crossbeam-queue"),
        family: Family::LockFree,
        representative: true,
        ..About::MPMC
    };
    type Producer<T: Payload> = Arc<ArrayQueue<T>>;
    type Consumer<T: Payload> = Arc<ArrayQueue<T>>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Endpoints::shared(Arc::new(ArrayQueue::new(shape.bound())), shape)
    }
}

impl<T: Payload> Producer<T> for Arc<ArrayQueue<T>> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        ArrayQueue::push(self, item)
    }
}

impl<T: Payload> Consumer<T> for Arc<ArrayQueue<T>> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        ArrayQueue::pop(self)
    }
}

/// `crossbeam-queue/seg`
pub struct Seg;

impl Queue for Seg {
    const ABOUT: About = About {
        id: "crossbeam-queue/seg",
        package: Some("crossbeam-queue"),
        family: Family::LockFree,
        capacities: Capacities::UNBOUNDED,
        representative: true,
        ..About::MPMC
    };
    type Producer<T: Payload> = Arc<SegQueue<T>>;
    type Consumer<T: Payload> = Arc<SegQueue<T>>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Endpoints::shared(Arc::new(SegQueue::new()), shape)
    }
}

impl<T: Payload> Producer<T> for Arc<SegQueue<T>> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        SegQueue::push(self, item);
        Ok(())
    }
}

impl<T: Payload> Consumer<T> for Arc<SegQueue<T>> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        SegQueue::pop(self)
    }
}
