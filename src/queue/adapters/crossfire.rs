//! crossfire: crossbeam's ring and list, specialised for one or many at each end; waits by spinning, then
//! yielding, then asleep. Capacity 1 is another algorithm, and capacity 0 silently becomes 1, so that no
//! rendezvous is declared.

use crossfire::flavor::Flavor;
use crossfire::{MRx, MTx, Rx, TrySendError, Tx, mpmc, mpsc, spsc};

use crate::queue::{About, Capacities, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

macro_rules! queues {
    ($id:literal, $flavors:ident, $base:expr, $producer:ident, $consumer:ident, $endpoints:expr, $bounded:ident, $unbounded:ident) => {
        #[doc = concat!("`", $id, "` with a bound")]
        pub struct $bounded;

        impl Queue for $bounded {
            const ABOUT: About = About { id: $id, package: Some("crossfire"), ..$base };
            type Producer<T: Payload> = $producer<$flavors::Array<T>>;
            type Consumer<T: Payload> = $consumer<$flavors::Array<T>>;

            /// What the crate asks its users to call at start-up: told that there is one cpu, as a pinned
            /// thread is, channels made from then on yield where they would spin.
            fn prime() {
                crossfire::detect_backoff_cfg();
            }

            fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
                let (sender, receiver) = $flavors::bounded_blocking(shape.bound());
                $endpoints(sender, receiver, shape)
            }
        }

        #[doc = concat!("`", $id, "` without a bound")]
        pub struct $unbounded;

        impl Queue for $unbounded {
            const ABOUT: About = About { capacities: Capacities::UNBOUNDED, ..$bounded::ABOUT };
            type Producer<T: Payload> = $producer<$flavors::List<T>>;
            type Consumer<T: Payload> = $consumer<$flavors::List<T>>;

            fn prime() {
                $bounded::prime();
            }

            fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
                let (sender, receiver) = $flavors::unbounded_blocking();
                $endpoints(sender, receiver, shape)
            }
        }
    };
}

queues!("crossfire/spsc", spsc, About::SPSC, Tx, Rx, |p, c, _| Endpoints::one_each(p, c), SpscBounded, SpscUnbounded);
queues!("crossfire/mpsc", mpsc, About::MPSC, MTx, Rx, Endpoints::one_consumer, MpscBounded, MpscUnbounded);
queues!("crossfire/mpmc", mpmc, About::MPMC, MTx, MRx, Endpoints::cloned, MpmcBounded, MpmcUnbounded);

macro_rules! handles {
    ($producer:ident, $consumer:ident) => {
        impl<T: Payload, F: Flavor<Item = T>> Producer<T> for $producer<F> {
            #[inline]
            fn try_push(&mut self, item: T) -> Result<(), T> {
                self.try_send(item).map_err(TrySendError::into_inner)
            }

            #[inline]
            fn push<W: Wait>(&mut self, item: T, _: &mut W) {
                self.send(item).expect("the consumers outlive the stream");
            }
        }

        impl<T: Payload, F: Flavor<Item = T>> Consumer<T> for $consumer<F> {
            #[inline]
            fn try_pop(&mut self) -> Option<T> {
                self.try_recv().ok()
            }

            #[inline]
            fn pop<W: Wait>(&mut self, _: &mut W) -> T {
                self.recv().expect("the producers outlive the stream")
            }
        }
    };
}

handles!(Tx, Rx);
handles!(MTx, MRx);
