//! The two in-tree rings in shared memory: `shm/spsc` and `shm/mpmc`, and the steps of the ladder that lead there.
//!
//! A ring lies behind the event counts at which `+park` sleeps, in one sealed block of memory without a name.

use std::marker::PhantomData;
use std::os::fd::OwnedFd;

use super::{ABOUT, Crossing, Parts, unavailable};
use crate::memory::{LINE, Map, Memory, Part, sealed};
use crate::queue::intree::{spsc, vyukov};
use crate::queue::{
    About, Consumer, Endpoints, EventCounts, EventCountsRef, Key, Payload, Producer, Queue, Rung, Shape,
};

/// `shm/spsc`: every end maps the memory for itself and sleeps by the shared key.
pub type Spsc = Shm<SpscRing, SHARED_KEY>;
/// `shm/spsc-two-maps`: every end maps the memory for itself, but all sleep at one address.
pub type SpscTwoMaps = Shm<SpscRing, TWO_MAPS>;
/// `shm/spsc-one-map`: all ends use one mapping.
pub type SpscOneMap = Shm<SpscRing, ONE_MAP>;
/// `shm/mpmc`, as [`Spsc`].
pub type Mpmc = Shm<MpmcRing, SHARED_KEY>;
/// `shm/mpmc-two-maps`, as [`SpscTwoMaps`].
pub type MpmcTwoMaps = Shm<MpmcRing, TWO_MAPS>;
/// `shm/mpmc-one-map`, as [`SpscOneMap`].
pub type MpmcOneMap = Shm<MpmcRing, ONE_MAP>;

const ONE_MAP: usize = 0;
const TWO_MAPS: usize = 1;
const SHARED_KEY: usize = 2;

/// A ring in shared memory.
pub struct Shm<R, const STEP: usize>(PhantomData<R>);

/// A ring that can lie in any memory.
pub trait Ring: 'static {
    /// What it declares at each step.
    const ABOUT: [About; 3];
    /// Its end that pushes.
    type Producer<T: Payload>: Producer<T>;
    /// Its end that pops.
    type Consumer<T: Payload>: Consumer<T>;

    /// Bytes it takes.
    fn bytes<T: Payload>(capacity: usize) -> usize;
    /// Lays one out.
    fn lay_out<T: Payload>(memory: Part, capacity: usize);
    /// The producer of one that was laid out in this memory for such messages by value.
    fn producer<T: Payload>(memory: Part, events: EventCountsRef) -> anyhow::Result<Self::Producer<T>>;
    /// Its consumer.
    fn consumer<T: Payload>(memory: Part, events: EventCountsRef) -> anyhow::Result<Self::Consumer<T>>;
}

/// [`spsc`]
pub struct SpscRing;

impl Ring for SpscRing {
    const ABOUT: [About; 3] = abouts(["shm/spsc-one-map", "shm/spsc-two-maps", "shm/spsc"], About::SPSC);
    type Producer<T: Payload> = spsc::RingProducer<T>;
    type Consumer<T: Payload> = spsc::RingConsumer<T>;

    fn bytes<T: Payload>(capacity: usize) -> usize {
        spsc::bytes::<T>(capacity)
    }

    fn lay_out<T: Payload>(memory: Part, capacity: usize) {
        drop(spsc::create::<T>(memory, capacity));
    }

    fn producer<T: Payload>(memory: Part, events: EventCountsRef) -> anyhow::Result<Self::Producer<T>> {
        // SAFETY: the ring was laid out for these messages, which are not boxed; there is one producer at a time.
        Ok(unsafe { spsc::attach_producer::<T>(memory) }?.sleeping_at(events))
    }

    fn consumer<T: Payload>(memory: Part, events: EventCountsRef) -> anyhow::Result<Self::Consumer<T>> {
        // SAFETY: as above, for consumers.
        Ok(unsafe { spsc::attach_consumer::<T>(memory) }?.sleeping_at(events))
    }
}

/// [`vyukov`]
pub struct MpmcRing;

impl Ring for MpmcRing {
    const ABOUT: [About; 3] = abouts(["shm/mpmc-one-map", "shm/mpmc-two-maps", "shm/mpmc"], About::MPMC);
    type Producer<T: Payload> = vyukov::RingHandle<T>;
    type Consumer<T: Payload> = vyukov::RingHandle<T>;

    fn bytes<T: Payload>(capacity: usize) -> usize {
        vyukov::bytes::<T>(capacity)
    }

    fn lay_out<T: Payload>(memory: Part, capacity: usize) {
        drop(vyukov::create::<T>(memory, capacity));
    }

    fn producer<T: Payload>(memory: Part, events: EventCountsRef) -> anyhow::Result<Self::Producer<T>> {
        // SAFETY: the ring was laid out for these messages, which are not boxed.
        Ok(unsafe { vyukov::attach::<T>(memory) }?.sleeping_at(events))
    }

    fn consumer<T: Payload>(memory: Part, events: EventCountsRef) -> anyhow::Result<Self::Consumer<T>> {
        Self::producer(memory, events)
    }
}

/// What a ring of these ends declares at each step.
const fn abouts(ids: [&'static str; 3], ends: About) -> [About; 3] {
    let about = About { producers: ends.producers, consumers: ends.consumers, ..ABOUT };
    [
        About { id: ids[ONE_MAP], rung: Some(Rung::OneMap), ..about },
        About { id: ids[TWO_MAPS], rung: Some(Rung::TwoMaps), ..about },
        About { id: ids[SHARED_KEY], rung: Some(Rung::SharedKey), crosses: true, ..about },
    ]
}

/// Where the ring begins, behind the event counts.
const RING_AT: usize = size_of::<EventCounts>().next_multiple_of(LINE);

fn sealed_for<R: Ring, T: Payload>(shape: Shape) -> anyhow::Result<OwnedFd> {
    assert!(!T::BOXED, "a pointer means nothing to another process");
    Ok(sealed(RING_AT + R::bytes::<T>(shape.bound()))?)
}

impl<R: Ring, const STEP: usize> Shm<R, STEP> {
    fn open_between_threads<T: Payload>(shape: Shape) -> anyhow::Result<Endpoints<R::Producer<T>, R::Consumer<T>>> {
        let fd = sealed_for::<R, T>(shape)?;
        let first = Part::all(Map::of(&fd)?);
        R::lay_out::<T>(first.from(RING_AT), shape.bound());
        let mapping = || if STEP == ONE_MAP { Ok(first.clone()) } else { Map::of(&fd).map(Part::all) };
        let events = |own: &Part| match STEP {
            SHARED_KEY => EventCountsRef::in_memory(own.clone(), Key::Shared),
            _ => EventCountsRef::in_memory(first.clone(), Key::Private),
        };
        let producer = |_| mapping().and_then(|own| R::producer(own.from(RING_AT), events(&own)));
        let consumer = |_| mapping().and_then(|own| R::consumer(own.from(RING_AT), events(&own)));
        Ok(Endpoints {
            producers: (0..shape.producers).map(producer).collect::<anyhow::Result<_>>()?,
            consumers: (0..shape.consumers).map(consumer).collect::<anyhow::Result<_>>()?,
        })
    }
}

impl<R: Ring, const STEP: usize> Queue for Shm<R, STEP> {
    const ABOUT: About = R::ABOUT[STEP];
    type Producer<T: Payload> = R::Producer<T>;
    type Consumer<T: Payload> = R::Consumer<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Self::open_between_threads(shape).unwrap_or_else(|why| unavailable(&why))
    }
}

impl<R: Ring> Crossing for Shm<R, SHARED_KEY> {
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts> {
        Ok(Parts(vec![sealed_for::<R, T>(shape)?]))
    }

    fn lay_out<T: Payload>(parts: &Parts, shape: Shape) -> anyhow::Result<()> {
        R::lay_out::<T>(map(parts)?.from(RING_AT), shape.bound());
        Ok(())
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<Self::Producer<T>> {
        let memory = map(parts)?;
        R::producer(memory.from(RING_AT), EventCountsRef::in_memory(memory, Key::Shared))
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<Self::Consumer<T>> {
        let memory = map(parts)?;
        R::consumer(memory.from(RING_AT), EventCountsRef::in_memory(memory, Key::Shared))
    }
}

fn map(parts: &Parts) -> anyhow::Result<Part> {
    let memory = Map::of(parts.part(0)?)?;
    anyhow::ensure!(memory.bytes().len() > RING_AT, "the shared memory is too small for a ring");
    Ok(Part::all(memory))
}
