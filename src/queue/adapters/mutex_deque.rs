//! A deque behind one lock and two condition variables, as people write it: change it under the lock, unlock,
//! notify. One implementation serves every lock, so that their rows differ by the lock and by nothing else.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::DerefMut;
use std::sync::Arc;

use crossbeam_utils::CachePadded;

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape, Wait};

/// What the mutex-deques have in common; each names itself.
pub const ABOUT: About = About { family: Family::MutexDeque, capacities: Capacities::BOUNDED_OR_NOT, ..About::MPMC };

/// A lock with its condition variable.
pub trait Lock: 'static {
    /// The queue made of it.
    const ABOUT: About;
    /// Whether to notify only when somebody waits, or on every operation.
    const ASKS_WHO_WAITS: bool;
    /// The lock.
    type Mutex<T: Send>: Send + Sync;
    /// The lock, held.
    type Guard<'a, T: Send + 'a>: DerefMut<Target = T>;
    /// Where its holders wait.
    type Condvar: Default + Send + Sync;

    /// A lock around `value`.
    fn new<T: Send>(value: T) -> Self::Mutex<T>;
    /// Locks.
    fn lock<T: Send>(mutex: &Self::Mutex<T>) -> Self::Guard<'_, T>;
    /// Unlocks.
    fn unlock<T: Send>(guard: Self::Guard<'_, T>);
    /// Unlocks, sleeps until notified, locks.
    fn wait<'a, T: Send>(condvar: &Self::Condvar, guard: Self::Guard<'a, T>) -> Self::Guard<'a, T>;
    /// Wakes one of those who wait.
    fn notify_one(condvar: &Self::Condvar);
}

/// The queue made of the lock `L`.
pub struct MutexDeque<L>(PhantomData<L>);

/// What the handles share. The lock word lies beside the deque it protects, because whoever takes the one
/// touches the other; the condition variables lie on lines of their own, because a side that notifies touches
/// the one the other side waits on.
pub struct Shared<T: Send, L: Lock> {
    state: CachePadded<L::Mutex<State<T>>>,
    message: CachePadded<L::Condvar>,
    room: CachePadded<L::Condvar>,
}

struct State<T> {
    deque: VecDeque<T>,
    bound: usize,
    /// Consumers asleep.
    want_message: u32,
    /// Producers asleep.
    want_room: u32,
}

const UNBOUNDED: usize = usize::MAX;

impl<T: Send, L: Lock> Shared<T, L> {
    fn new(capacity: Capacity) -> Self {
        let (deque, bound) = match capacity {
            // Reserved, so that no push grows it under the lock.
            Capacity::Bounded(messages) => (VecDeque::with_capacity(messages), messages),
            Capacity::Unbounded => (VecDeque::new(), UNBOUNDED),
        };
        Shared {
            state: CachePadded::new(L::new(State { deque, bound, want_message: 0, want_room: 0 })),
            message: CachePadded::default(),
            room: CachePadded::default(),
        }
    }

    #[inline]
    fn put(&self, mut state: L::Guard<'_, State<T>>, item: T) {
        state.deque.push_back(item);
        let notify = !L::ASKS_WHO_WAITS || state.want_message > 0;
        L::unlock(state);
        if notify {
            L::notify_one(&self.message);
        }
    }

    #[inline]
    fn took(&self, state: L::Guard<'_, State<T>>) {
        // Nobody ever waits for room in a deque without a bound, and nobody would write a call for it.
        let notify = state.bound != UNBOUNDED && (!L::ASKS_WHO_WAITS || state.want_room > 0);
        L::unlock(state);
        if notify {
            L::notify_one(&self.room);
        }
    }
}

impl<L: Lock> Queue for MutexDeque<L> {
    const ABOUT: About = L::ABOUT;
    type Producer<T: Payload> = Arc<Shared<T, L>>;
    type Consumer<T: Payload> = Arc<Shared<T, L>>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        Endpoints::shared(Arc::new(Shared::new(shape.capacity)), shape)
    }
}

impl<T: Payload, L: Lock> Producer<T> for Arc<Shared<T, L>> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let state = L::lock(&self.state);
        if state.deque.len() == state.bound {
            return Err(item);
        }
        self.put(state, item);
        Ok(())
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        let mut state = L::lock(&self.state);
        while state.deque.len() == state.bound {
            state.want_room += 1;
            state = L::wait(&self.room, state);
            state.want_room -= 1;
        }
        self.put(state, item);
    }
}

impl<T: Payload, L: Lock> Consumer<T> for Arc<Shared<T, L>> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        let mut state = L::lock(&self.state);
        let item = state.deque.pop_front()?;
        self.took(state);
        Some(item)
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        let mut state = L::lock(&self.state);
        loop {
            if let Some(item) = state.deque.pop_front() {
                self.took(state);
                return item;
            }
            state.want_message += 1;
            state = L::wait(&self.message, state);
            state.want_message -= 1;
        }
    }
}
