//! async-channel: concurrent-queue with event-listener for those who wait, who go to sleep at once. Its blocking
//! calls are its futures, waited for; they work without a runtime.

use async_channel::{Receiver, Sender, TrySendError};

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `async-channel/mpmc`
pub struct Mpmc;

impl Queue for Mpmc {
    const ABOUT: About = About {
        id: "async-channel/mpmc",
        package: Some("async-channel"),
        capacities: Capacities::BOUNDED_OR_NOT,
        ..About::MPMC
    };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = match shape.capacity {
            Capacity::Bounded(messages) => async_channel::bounded(messages),
            Capacity::Unbounded => async_channel::unbounded(),
        };
        Endpoints::cloned(sender, receiver, shape)
    }
}

impl<T: Payload> Producer<T> for Sender<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        self.try_send(item).map_err(TrySendError::into_inner)
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        self.send_blocking(item).expect("the consumers outlive the stream");
    }
}

impl<T: Payload> Consumer<T> for Receiver<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        self.recv_blocking().expect("the producers outlive the stream")
    }
}
