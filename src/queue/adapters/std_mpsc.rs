//! std's channel: crossbeam's since Rust 1.67, but a receiver goes to sleep at once where crossbeam's first
//! spins and yields. Bounded and unbounded senders are different types, hence two queues with one id.

use std::sync::mpsc::{Receiver, SendError, Sender, SyncSender, TrySendError, channel, sync_channel};

use crate::queue::{About, Capacities, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `std/mpsc` with a bound, or as a rendezvous
pub struct Bounded;

impl Queue for Bounded {
    const ABOUT: About =
        About { id: "std/mpsc", capacities: Capacities::BOUNDED_OR_RENDEZVOUS, representative: true, ..About::MPSC };
    type Producer<T: Payload> = SyncSender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = sync_channel(shape.bound());
        Endpoints::one_consumer(sender, receiver, shape)
    }
}

/// `std/mpsc` without a bound
pub struct Unbounded;

impl Queue for Unbounded {
    const ABOUT: About = About { capacities: Capacities::UNBOUNDED, ..Bounded::ABOUT };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = channel();
        Endpoints::one_consumer(sender, receiver, shape)
    }
}

impl<T: Payload> Producer<T> for SyncSender<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        self.try_send(item).map_err(|error| match error {
            TrySendError::Full(item) | TrySendError::Disconnected(item) => item,
        })
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        self.send(item).expect("the consumer outlives the stream");
    }
}

impl<T: Payload> Producer<T> for Sender<T> {
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
        self.recv().expect("the producers outlive the stream")
    }
}
