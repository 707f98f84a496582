//! What a queue is: two traits for its ends, one for the queue, and what it declares about itself.
//!
//! An adapter implements [`Queue`] for a marker type and [`Producer`] and [`Consumer`] for the handles its
//! threads hold. Everything else (which scenarios it joins, the hot loops, the checks) follows from [`About`].

mod about;
pub mod adapters;
pub mod crossing;
mod eventcount;
pub mod intree;
mod payload;
mod sync;
pub(crate) mod twin;
mod wait;

pub use about::{About, Capacities, Ends, Family, Order, Payloads, Program, Role, Rung};
pub use eventcount::{EventCounts, EventCountsRef, Key};
pub use payload::{Boxed, Payload, Tag, Words};
pub use wait::{Blocking, PAUSES, Park, Spin, Wait, YIELDS, Yield};

/// How many messages a queue may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capacity {
    /// At most this many messages; 0 is a rendezvous.
    Bounded(usize),
    /// As many as memory holds.
    Unbounded,
}

impl Capacity {
    /// Messages that make one lap: what settling and the window are counted in. A rendezvous laps with every
    /// message; an unbounded queue has no laps of its own and borrows those of the usual bound.
    pub fn lap(self) -> u64 {
        match self {
            Capacity::Bounded(messages) => messages.max(1) as u64,
            Capacity::Unbounded => 1024,
        }
    }
}

/// What a queue is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Producer handles to make.
    pub producers: usize,
    /// Consumer handles to make.
    pub consumers: usize,
    /// Messages the queue may hold.
    pub capacity: Capacity,
}

impl Shape {
    /// The bound asked for.
    ///
    /// # Panics
    ///
    /// When the scenario is unbounded: the queue declared a bound it was then not asked to have.
    pub fn bound(&self) -> usize {
        match self.capacity {
            Capacity::Bounded(messages) => messages,
            Capacity::Unbounded => panic!("a bounded queue was opened without a bound"),
        }
    }
}

/// The handles of an opened queue, one for each thread that will hold it.
pub struct Endpoints<P, C> {
    /// As many as the shape asked for.
    pub producers: Vec<P>,
    /// As many as the shape asked for.
    pub consumers: Vec<C>,
}

/// A handle for each of `threads`. By hand, because `vec![handle; threads]` would be compiled at many times the size
/// for every queue and payload.
fn clones<H: Clone>(handle: H, threads: usize) -> Vec<H> {
    let mut handles = Vec::with_capacity(threads);
    for _ in 1..threads {
        handles.push(handle.clone());
    }
    handles.push(handle);
    handles
}

impl<H: Clone> Endpoints<H, H> {
    /// Every thread holds a clone of one shared handle.
    pub fn shared(handle: H, shape: Shape) -> Self {
        Endpoints { producers: clones(handle.clone(), shape.producers), consumers: clones(handle, shape.consumers) }
    }
}

impl<P: Clone, C: Clone> Endpoints<P, C> {
    /// Both sides are cloned, as in an MPMC channel.
    pub fn cloned(producer: P, consumer: C, shape: Shape) -> Self {
        Endpoints { producers: clones(producer, shape.producers), consumers: clones(consumer, shape.consumers) }
    }
}

impl<P: Clone, C> Endpoints<P, C> {
    /// The producer is cloned, the consumer is the only one, as in an MPSC channel.
    pub fn one_consumer(producer: P, consumer: C, shape: Shape) -> Self {
        Endpoints { producers: clones(producer, shape.producers), consumers: vec![consumer] }
    }
}

impl<P, C> Endpoints<P, C> {
    /// One of each, as in a ring.
    pub fn one_each(producer: P, consumer: C) -> Self {
        Endpoints { producers: vec![producer], consumers: vec![consumer] }
    }
}

/// A queue under test. Implemented for a marker type; the queue itself lives behind its handles.
pub trait Queue: 'static {
    /// What it is called, promises and can do.
    const ABOUT: About;
    /// What a producing thread holds.
    type Producer<T: Payload>: Producer<T>;
    /// What a consuming thread holds.
    type Consumer<T: Payload>: Consumer<T>;

    /// Called once, on the unpinned main thread, before any endpoint is pinned: for queues that look at the
    /// machine once and cache what they see.
    fn prime() {}

    /// Opens the queue on the calling thread (the first consumer's, pinned) and makes the handles.
    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>>;
}

/// The end of a queue that messages go into.
pub trait Producer<T>: Send + 'static {
    /// Where whoever waits at this queue sleeps, if the queue has a place for that; `None` leaves it to the wait.
    fn events(&self) -> Option<EventCountsRef> {
        None
    }

    /// Pushes without waiting; the item comes back when the queue is full.
    ///
    /// # Errors
    ///
    /// The item, when there was no room for it.
    fn try_push(&mut self, item: T) -> Result<(), T>;

    /// Pushes, waiting while the queue is full. A queue with a blocking call of its own overrides this and
    /// leaves `wait` alone; the others wait between tries as `wait` says.
    #[inline]
    fn push<W: Wait>(&mut self, mut item: T, wait: &mut W) {
        while let Err(back) = self.try_push(item) {
            item = back;
            wait.full();
        }
        wait.pushed();
    }
}

/// The end of a queue that messages come out of.
pub trait Consumer<T>: Send + 'static {
    /// As [`Producer::events`].
    fn events(&self) -> Option<EventCountsRef> {
        None
    }

    /// Pops without waiting; `None` when the queue is empty.
    fn try_pop(&mut self) -> Option<T>;

    /// Pops, waiting while the queue is empty; as [`Producer::push`].
    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        loop {
            if let Some(item) = self.try_pop() {
                wait.popped();
                return item;
            }
            wait.empty();
        }
    }
}
