//! kanal: a deque behind a spinlock of its own that sleeps for a millisecond when it spun in vain; who waits
//! yields 256 times, then parks, and is handed its message directly. Messages of up to a word take another path.

use std::time::Duration;

use kanal::{Receiver, Sender};

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `kanal/mpmc`
pub struct Mpmc;

impl Queue for Mpmc {
    const ABOUT: About = About {
        id: "kanal/mpmc",
        package: Some("kanal"),
        capacities: Capacities::ALL,
        representative: true,
        ..About::MPMC
    };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    /// The spinlock asks once per process how many cpus there are and, told 1, as a pinned thread is, yields
    /// instead of spinning from then on. A timed wait asks too. Sending without a receiver is the one that
    /// asks before it looks at the clock, so its deadline may have passed already.
    fn prime() {
        let (sender, _receiver) = kanal::bounded(0);
        sender.send_timeout(0_u64, Duration::ZERO).expect_err("nobody receives");
    }

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let (sender, receiver) = match shape.capacity {
            Capacity::Bounded(messages) => kanal::bounded(messages),
            Capacity::Unbounded => kanal::unbounded(),
        };
        Endpoints::cloned(sender, receiver, shape)
    }
}

impl<T: Payload> Producer<T> for Sender<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        // The one form that leaves the item with the caller when it was not sent.
        let mut item = Some(item);
        let _ = self.try_send_option(&mut item);
        item.map_or(Ok(()), Err)
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        self.send(item).expect("the consumers outlive the stream");
    }
}

impl<T: Payload> Consumer<T> for Receiver<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        self.try_recv().ok().flatten()
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        self.recv().expect("the producers outlive the stream")
    }
}
