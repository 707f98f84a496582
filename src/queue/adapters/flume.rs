//! flume: a deque behind one std mutex, with hooks for those who wait.

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `flume/mpmc`
pub struct Mpmc;

impl Queue for Mpmc {
    const ABOUT: About = About {
        id: "flume/mpmc",
        package: Some("flume"),
        capacities: Capacities::ALL,
        representative: true,
        ..About::MPMC
    };
    type Producer<T: Payload> = flume::Sender<T>;
    type Consumer<T: Payload> = flume::Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = match shape.capacity {
            Capacity::Bounded(messages) => flume::bounded(messages),
            Capacity::Unbounded => flume::unbounded(),
        };
        Endpoints::cloned(sender, receiver, shape)
    }
}

impl<T: Payload> Producer<T> for flume::Sender<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        self.try_send(item).map_err(flume::TrySendError::into_inner)
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        self.send(item).expect("the consumers outlive the stream");
    }
}

impl<T: Payload> Consumer<T> for flume::Receiver<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        self.recv().expect("the producers outlive the stream")
    }
}
