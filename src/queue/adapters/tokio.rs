//! tokio's mpsc channel through its blocking calls, outside of any runtime (inside one they panic): an unbounded
//! list of blocks of 32, with a semaphore in front of it for a bound, so a bound reserves no memory. `try_recv`
//! parks while the sender next in line is between claiming its slot and filling it.

use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};

use crate::queue::{About, Capacities, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `tokio/mpsc` with a bound
pub struct Bounded;

impl Queue for Bounded {
    const ABOUT: About = About { id: "tokio/mpsc", package: Some("tokio"), ..About::MPSC };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = channel(shape.bound());
        Endpoints::one_consumer(sender, receiver, shape)
    }
}

/// `tokio/mpsc` without a bound
pub struct Unbounded;

impl Queue for Unbounded {
    const ABOUT: About = About { capacities: Capacities::UNBOUNDED, ..Bounded::ABOUT };
    type Producer<T: Payload> = UnboundedSender<T>;
    type Consumer<T: Payload> = UnboundedReceiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = unbounded_channel();
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
        self.blocking_send(item).expect("the consumer outlives the stream");
    }
}

impl<T: Payload> Producer<T> for UnboundedSender<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        self.send(item).map_err(|SendError(item)| item)
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
        self.blocking_recv().expect("the producers outlive the stream")
    }
}

impl<T: Payload> Consumer<T> for UnboundedReceiver<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        self.blocking_recv().expect("the producers outlive the stream")
    }
}
