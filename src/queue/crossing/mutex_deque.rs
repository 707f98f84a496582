//! `shm/mutex-deque`: what a textbook puts between processes. A bounded deque in shared memory, a mutex and two
//! condition variables of POSIX, shared between processes.

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ABOUT, Crossing, Parts, open_between_threads};
use crate::memory::{Condition, Held, LINE, Map, Memory, RobustMutex, sealed};
use crate::queue::intree::Rubbish;
use crate::queue::{About, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait};

/// `shm/mutex-deque`
pub struct MutexDeque;

impl Queue for MutexDeque {
    const ABOUT: About = About { id: "shm/mutex-deque", crosses: true, ..ABOUT };
    type Producer<T: Payload> = DequeEnd<T>;
    type Consumer<T: Payload> = DequeEnd<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        open_between_threads::<Self, T>(shape)
    }
}

impl Crossing for MutexDeque {
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts> {
        assert!(!T::BOXED, "a pointer means nothing to another process");
        Ok(Parts(vec![sealed(SLOTS_AT + shape.bound() * size_of::<T>())?]))
    }

    fn lay_out<T: Payload>(parts: &Parts, shape: Shape) -> anyhow::Result<()> {
        let end = DequeEnd::<T>::over(parts)?;
        // SAFETY: a header fits, and nobody else has the memory yet.
        unsafe { end.header().initialise(shape.bound() as u64, size_of::<T>() as u64) }
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<DequeEnd<T>> {
        DequeEnd::attach(parts)
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<DequeEnd<T>> {
        DequeEnd::attach(parts)
    }
}

/// What lies before the slots.
#[repr(C, align(128))]
struct Header {
    capacity: AtomicU64,
    slot_bytes: AtomicU64,
    /// Position of the next pop; written under the mutex.
    head: AtomicU64,
    /// Messages in it; written under the mutex.
    length: AtomicU64,
    mutex: RobustMutex,
    room: Condition,
    messages: Condition,
}

const SLOTS_AT: usize = size_of::<Header>().next_multiple_of(LINE);

impl Header {
    /// # Safety
    ///
    /// Nobody else uses it.
    unsafe fn initialise(&self, capacity: u64, slot_bytes: u64) -> anyhow::Result<()> {
        self.capacity.store(capacity, Ordering::Relaxed);
        self.slot_bytes.store(slot_bytes, Ordering::Relaxed);
        // SAFETY: as the caller promises; shared memory stays where it is.
        unsafe {
            self.mutex.initialise()?;
            self.room.initialise()?;
            self.messages.initialise()?;
        }
        Ok(())
    }
}

/// An end of the deque, either of them.
pub struct DequeEnd<T> {
    memory: Map,
    /// As the memory said when this end was made.
    capacity: u64,
    messages: PhantomData<T>,
}

impl<T: Payload> DequeEnd<T> {
    fn over(parts: &Parts) -> anyhow::Result<DequeEnd<T>> {
        let memory = Map::of(parts.part(0)?)?;
        anyhow::ensure!(memory.bytes().len() >= SLOTS_AT, "the shared memory is too small for a deque");
        Ok(DequeEnd { memory, capacity: 0, messages: PhantomData })
    }

    fn attach(parts: &Parts) -> anyhow::Result<DequeEnd<T>> {
        let end = Self::over(parts)?;
        let [capacity, slot_bytes] =
            [&end.header().capacity, &end.header().slot_bytes].map(|number| number.load(Ordering::Relaxed));
        let room = (end.memory.bytes().len() - SLOTS_AT) / size_of::<T>();
        anyhow::ensure!(
            slot_bytes == size_of::<T>() as u64 && capacity > 0 && capacity <= room as u64,
            "no deque of such messages was laid out in this memory"
        );
        Ok(DequeEnd { capacity, ..end })
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the memory has room for a header and starts on a page; zeros are one, and it is changed through
        // atomics and by pthread only.
        unsafe { self.memory.bytes().cast::<Header>().as_ref() }
    }

    /// The slot of a position below the capacity.
    #[inline]
    fn slot(&self, position: u64) -> NonNull<T> {
        // SAFETY: there are slots for the capacity behind the header, as was found when this end was made.
        unsafe { self.memory.bytes().cast::<u8>().add(SLOTS_AT).cast::<T>().add(position as usize) }
    }

    /// Head and length as the mutex keeps them.
    #[inline]
    fn state(&self, _held: &Held<'_>) -> (u64, u64) {
        let (head, length) = (self.header().head.load(Ordering::Relaxed), self.header().length.load(Ordering::Relaxed));
        if head >= self.capacity || length > self.capacity {
            std::panic::panic_any(Rubbish("the deque's head or length is where no end leaves it"));
        }
        (head, length)
    }

    /// Puts a message behind the last, if there is room.
    #[inline]
    fn put(&self, held: &Held<'_>, item: T) -> Result<(), T> {
        let (head, length) = self.state(held);
        if length == self.capacity {
            return Err(item);
        }
        let at = head + length;
        // SAFETY: a position below the capacity; the mutex is held, so nobody else touches slots. Messages are not boxed.
        unsafe { self.slot(if at < self.capacity { at } else { at - self.capacity }).write(item) };
        self.header().length.store(length + 1, Ordering::Relaxed);
        Ok(())
    }

    /// Takes the first message, if there is one.
    #[inline]
    fn take(&self, held: &Held<'_>) -> Option<T> {
        let (head, length) = self.state(held);
        if length == 0 {
            return None;
        }
        // SAFETY: as in `put`; a message was written there.
        let item = unsafe { self.slot(head).read() };
        self.header().head.store(if head + 1 < self.capacity { head + 1 } else { 0 }, Ordering::Relaxed);
        self.header().length.store(length - 1, Ordering::Relaxed);
        Some(item)
    }
}

impl<T: Payload> Producer<T> for DequeEnd<T> {
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let held = self.header().mutex.lock();
        self.put(&held, item)?;
        drop(held);
        self.header().messages.signal();
        Ok(())
    }

    #[inline]
    fn push<W: Wait>(&mut self, mut item: T, wait: &mut W) {
        let mut held = self.header().mutex.lock();
        while let Err(back) = self.put(&held, item) {
            item = back;
            held = held.wait(&self.header().room);
        }
        drop(held);
        self.header().messages.signal();
        wait.pushed();
    }
}

impl<T: Payload> Consumer<T> for DequeEnd<T> {
    fn try_pop(&mut self) -> Option<T> {
        let held = self.header().mutex.lock();
        let item = self.take(&held)?;
        drop(held);
        self.header().room.signal();
        Some(item)
    }

    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        let mut held = self.header().mutex.lock();
        let item = loop {
            match self.take(&held) {
                Some(item) => break item,
                None => held = held.wait(&self.header().messages),
            }
        };
        drop(held);
        self.header().room.signal();
        wait.popped();
        item
    }
}
