//! A queue compiled a second time, for the self-test: the same code at other addresses must not come out as another
//! queue.

use std::marker::PhantomData;
use std::sync::atomic::{Ordering, compiler_fence};

use super::{About, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `Q` once more.
pub struct Twin<Q>(PhantomData<Q>);

/// One end of it.
pub struct TwinEnd<E>(E);

/// No instruction, but not the same code to a compiler that would otherwise merge the two.
#[inline(always)]
fn told_apart() {
    compiler_fence(Ordering::AcqRel);
}

impl<Q: Queue> Queue for Twin<Q> {
    const ABOUT: About = Q::ABOUT;
    type Producer<T: Payload> = TwinEnd<Q::Producer<T>>;
    type Consumer<T: Payload> = TwinEnd<Q::Consumer<T>>;

    fn prime() {
        Q::prime();
    }

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let Endpoints { producers, consumers } = Q::open(shape);
        Endpoints {
            producers: producers.into_iter().map(TwinEnd).collect(),
            consumers: consumers.into_iter().map(TwinEnd).collect(),
        }
    }
}

impl<T: Payload, P: Producer<T>> Producer<T> for TwinEnd<P> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        told_apart();
        self.0.try_push(item)
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, wait: &mut W) {
        told_apart();
        self.0.push(item, wait);
    }
}

impl<T: Payload, C: Consumer<T>> Consumer<T> for TwinEnd<C> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        told_apart();
        self.0.try_pop()
    }

    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        told_apart();
        self.0.pop(wait)
    }
}
