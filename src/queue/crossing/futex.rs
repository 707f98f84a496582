//! `limit/futex-wake`: no queue, but the least that a wake-up between two sleepers costs. One message at a time lies in a
//! word; whoever waits for it sleeps at once, and whoever sends it wakes at once.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rustix::thread::futex;

use super::{ABOUT, Crossing, Parts, open_between_threads};
use crate::memory::{Map, Placed, Shareable, sealed};
use crate::queue::{About, Consumer, Endpoints, Family, Payload, Producer, Queue, Role, Shape, Wait};

/// `limit/futex-wake`
pub struct FutexWake;

impl Queue for FutexWake {
    const ABOUT: About = About {
        id: "limit/futex-wake",
        family: Family::Limit,
        role: Role::WakeupBound,
        crosses: true,
        exact: false,
        ..ABOUT
    };
    type Producer<T: Payload> = FutexEnd;
    type Consumer<T: Payload> = FutexEnd;

    fn open<T: Payload>(shape: Shape) -> Endpoints<FutexEnd, FutexEnd> {
        open_between_threads::<Self, T>(shape)
    }
}

impl Crossing for FutexWake {
    fn create<T: Payload>(_: Shape) -> anyhow::Result<Parts> {
        Ok(Parts(vec![sealed(size_of::<Word>())?]))
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<FutexEnd> {
        Ok(FutexEnd(Placed::at(Map::of(parts.part(0)?)?)))
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<FutexEnd> {
        Self::producer::<T>(parts)
    }
}

/// A message of one word, and whether it is there.
#[repr(C, align(128))]
struct Word {
    is_there: AtomicU32,
    message: AtomicU64,
}

// SAFETY: atomic numbers.
unsafe impl Shareable for Word {}

/// Either end.
pub struct FutexEnd(Placed<Word>);

impl<T: Payload> Producer<T> for FutexEnd {
    fn try_push(&mut self, item: T) -> Result<(), T> {
        if self.0.is_there.load(Ordering::Acquire) != 0 {
            return Err(item);
        }
        self.0.message.store(item.tag().0, Ordering::Relaxed);
        self.0.is_there.store(1, Ordering::Release);
        futex::wake(&self.0.is_there, futex::Flags::empty(), 1).ok();
        Ok(())
    }

    fn push<W: Wait>(&mut self, mut item: T, wait: &mut W) {
        while let Err(back) = self.try_push(item) {
            item = back;
            std::hint::spin_loop();
        }
        wait.pushed();
    }
}

impl<T: Payload> Consumer<T> for FutexEnd {
    fn try_pop(&mut self) -> Option<T> {
        if self.0.is_there.load(Ordering::Acquire) == 0 {
            return None;
        }
        let item = T::write(crate::queue::Tag(self.0.message.load(Ordering::Relaxed)));
        self.0.is_there.store(0, Ordering::Release);
        Some(item)
    }

    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        loop {
            if let Some(item) = self.try_pop() {
                wait.popped();
                return item;
            }
            // An interrupted wait, or a message since, only means to look again.
            futex::wait(&self.0.is_there, futex::Flags::empty(), 0, None).ok();
        }
    }
}
