//! thingbuf: a ring of slots that are meant to be written and read in place. By value, as here, every message
//! also costs two default payloads: one resets the slot before a send, one is left in it by the receive.

use thingbuf::mpsc::blocking::{Receiver, Sender, channel};
use thingbuf::mpsc::errors::TrySendError;

use crate::queue::{About, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `thingbuf/mpsc`
pub struct Mpsc;

impl Queue for Mpsc {
    const ABOUT: About = About { id: "thingbuf/mpsc", package: Some("thingbuf"), ..About::MPSC };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = channel(shape.bound());
        Endpoints::one_consumer(sender, receiver, shape)
    }
}

impl<T: Payload> Producer<T> for Sender<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        self.try_send(item).map_err(TrySendError::into_inner)
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        self.send(item).expect("the consumer outlives the stream");
    }
}

impl<T: Payload> Consumer<T> for Receiver<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        self.recv().expect("the producers outlive the stream")
    }
}
