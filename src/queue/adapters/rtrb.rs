//! rtrb: a ring with each side's view of both indices cached in its handle.

use rtrb::{PushError, RingBuffer};

use crate::queue::{About, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape};

/// `rtrb/spsc`
pub struct Spsc;

impl Queue for Spsc {
    const ABOUT: About =
        About { id: "rtrb/spsc", package: Some("rtrb"), family: Family::Ring, representative: true, ..About::SPSC };
    type Producer<T: Payload> = rtrb::Producer<T>;
    type Consumer<T: Payload> = rtrb::Consumer<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (producer, consumer) = RingBuffer::new(shape.bound());
        Endpoints::one_each(producer, consumer)
    }
}

impl<T: Payload> Producer<T> for rtrb::Producer<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        rtrb::Producer::push(self, item).map_err(|PushError::Full(item)| item)
    }
}

impl<T: Payload> Consumer<T> for rtrb::Consumer<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        rtrb::Consumer::pop(self).ok()
    }
}
