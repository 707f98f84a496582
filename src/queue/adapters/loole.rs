//! loole: a deque behind one std mutex, without a line of unsafe code. Who waits goes to sleep at once, but at
//! capacities 0 and 1 a handle without clones spins first: 1p1c is another regime there than 2p2c.

use loole::{Receiver, Sender, TrySendError};

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `loole/mpmc`
pub struct Mpmc;

impl Queue for Mpmc {
    const ABOUT: About = About { id: "loole/mpmc", package: Some("loole"), capacities: Capacities::ALL, ..About::MPMC };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = match shape.capacity {
            Capacity::Bounded(messages) => loole::bounded(messages),
            Capacity::Unbounded => loole::unbounded(),
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
