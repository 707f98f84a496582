//! ringbuf: a ring split into the halves that cache the other side's index and publish their own at once. Every
//! push and pop divides by the capacity to find its slot.

use ringbuf::traits::Split;
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::queue::{About, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape};

/// `ringbuf/spsc`
pub struct Spsc;

impl Queue for Spsc {
    const ABOUT: About = About { id: "ringbuf/spsc", package: Some("ringbuf"), family: Family::Ring, ..About::SPSC };
    type Producer<T: Payload> = HeapProd<T>;
    type Consumer<T: Payload> = HeapCons<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (producer, consumer) = HeapRb::new(shape.bound()).split();
        Endpoints::one_each(producer, consumer)
    }
}

impl<T: Payload> Producer<T> for HeapProd<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        ringbuf::traits::Producer::try_push(self, item)
    }
}

impl<T: Payload> Consumer<T> for HeapCons<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        ringbuf::traits::Consumer::try_pop(self)
    }
}
