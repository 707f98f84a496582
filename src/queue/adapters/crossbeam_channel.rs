//! crossbeam-channel: a ring of stamped slots, a list of blocks of 31 or a rendezvous, chosen by a `match` in
//! every call; waits by spinning, then yielding, then asleep.

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `crossbeam-channel/mpmc`
pub struct Mpmc;

impl Queue for Mpmc {
    const ABOUT: About = About {
        id: "crossbeam-channel/mpmc",
        package: Some("crossbeam-channel"),
        capacities: Capacities::ALL,
        representative: true,
        ..About::MPMC
    };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = match shape.capacity {
            Capacity::Bounded(messages) => crossbeam_channel::bounded(messages),
            Capacity::Unbounded => crossbeam_channel::unbounded(),
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
        self.send(item).expect("the consumers outlive the stream");
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
