//! No queues: what the harness and the hardware allow at best. They are registered as queues so that they run
//! through the same loops, checks and placements as the queues they bound.

use std::cell::UnsafeCell;
use std::hint::{black_box, spin_loop};
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::queue::{
    About, Capacities, Consumer, Endpoints, Family, Payload, Payloads, Producer, Queue, Shape, Tag, Wait,
};

/// What the limits without a queue have in common; each names itself.
const ABOUT: About =
    About { family: Family::Limit, capacities: Capacities::ALL, representative: true, transfers: false, ..About::MPMC };

/// `limit/loop`: the hot loop with its check and its work. A push shows the message to nobody, a pop writes the
/// next message itself.
pub struct Loop;

impl Queue for Loop {
    const ABOUT: About = About { id: "limit/loop", payloads: Payloads::ByValue, ..ABOUT };
    type Producer<T: Payload> = Sink<false>;
    type Consumer<T: Payload> = Source<false>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Sink<false>, Source<false>> {
        nothing_between(shape)
    }
}

/// `limit/box`: [`Loop`] with boxed messages, each allocated and freed by one thread. A bound of its own, because
/// what it bounds is the allocator.
pub struct Boxes;

impl Queue for Boxes {
    const ABOUT: About = About { id: "limit/box", payloads: Payloads::Boxed, ..ABOUT };
    type Producer<T: Payload> = Sink<false>;
    type Consumer<T: Payload> = Source<false>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Sink<false>, Source<false>> {
        nothing_between(shape)
    }
}

/// `limit/fetch-add`: [`Loop`], and each push and each pop adds to one counter: the least that a queue with an index
/// which all its ends move could cost.
pub struct FetchAdd;

impl Queue for FetchAdd {
    const ABOUT: About = About { id: "limit/fetch-add", payloads: Payloads::ByValue, representative: false, ..ABOUT };
    type Producer<T: Payload> = Sink<true>;
    type Consumer<T: Payload> = Source<true>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Sink<true>, Source<true>> {
        nothing_between(shape)
    }
}

/// What the ends of a limit share in place of a queue.
#[derive(Default)]
struct Shared {
    /// Whether a producer has ended the stream.
    ended: CachePadded<AtomicBool>,
    /// What [`FetchAdd`] adds to.
    line: CachePadded<AtomicU64>,
}

fn nothing_between<const ADD: bool>(shape: Shape) -> Endpoints<Sink<ADD>, Source<ADD>> {
    let shared = Arc::new(Shared::default());
    Endpoints::cloned(Sink { shared: shared.clone() }, Source::new(shared), shape)
}

/// Takes messages and drops them.
#[derive(Clone)]
pub struct Sink<const ADD: bool> {
    shared: Arc<Shared>,
}

impl<const ADD: bool, T: Payload> Producer<T> for Sink<ADD> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        if ADD {
            self.shared.line.fetch_add(1, Ordering::Relaxed);
        }
        if item.tag() == Tag::END {
            self.shared.ended.store(true, Ordering::Relaxed);
        }
        // Or the compiler would see that nobody reads it, and leave out the writing.
        black_box(&item);
        Ok(())
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        let _ = self.try_push(item);
    }
}

/// Writes the messages it hands out, in the order a single producer would.
#[derive(Clone)]
pub struct Source<const ADD: bool> {
    shared: Arc<Shared>,
    /// The tag of the message handed out last.
    last: Tag,
    /// From one tag to the next: 1, but the compiler must not know, or it would leave out the check of the order.
    step: u64,
}

impl<const ADD: bool> Source<ADD> {
    fn new(shared: Arc<Shared>) -> Self {
        Source { shared, last: black_box(Tag::new(0, 0)), step: black_box(1) }
    }
}

/// Messages between two looks at whether the stream has ended, so that looking costs nothing.
const LOOK_EVERY: u64 = 64;

impl<const ADD: bool, T: Payload> Consumer<T> for Source<ADD> {
    /// Nothing is left behind in no queue.
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        None
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        if ADD {
            self.shared.line.fetch_add(1, Ordering::Relaxed);
        }
        if self.last.0.is_multiple_of(LOOK_EVERY) && self.shared.ended.load(Ordering::Relaxed) {
            return T::write(Tag::END);
        }
        self.last.0 += self.step;
        let item = T::write(self.last);
        if T::BYTES > size_of::<Tag>() {
            // Or the compiler would see that all words were written from one, and leave out their check.
            black_box(&item);
        }
        item
    }
}

/// `limit/line-transfer`: a mailbox for one message, flag and message on one line. The line travels to the consumer
/// full and back to the producer empty, and nothing overlaps.
pub struct LineTransfer;

impl Queue for LineTransfer {
    const ABOUT: About =
        About { id: "limit/line-transfer", family: Family::Limit, exact: false, oversubscribes: false, ..About::SPSC };
    type Producer<T: Payload> = Filler<T>;
    type Consumer<T: Payload> = Emptier<T>;

    fn open<T: Payload>(_: Shape) -> Endpoints<Filler<T>, Emptier<T>> {
        let mailbox = Arc::new(CachePadded::new(Mailbox {
            full: AtomicBool::new(false),
            item: UnsafeCell::new(MaybeUninit::uninit()),
        }));
        Endpoints::one_each(Filler(mailbox.clone()), Emptier(mailbox))
    }
}

#[repr(C)]
struct Mailbox<T> {
    /// Whether there is a message. The producer alone sets it, the consumer alone clears it.
    full: AtomicBool,
    /// The consumer's while `full`, else the producer's.
    item: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: `full` hands the item from one side to the other, and `Filler` and `Emptier` exist once each.
unsafe impl<T: Send> Sync for Mailbox<T> {}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        if *self.full.get_mut() {
            // SAFETY: full, and nobody else is left.
            unsafe { self.item.get_mut().assume_init_drop() };
        }
    }
}

/// Fills the mailbox.
pub struct Filler<T>(Arc<CachePadded<Mailbox<T>>>);

impl<T: Payload> Producer<T> for Filler<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        if self.0.full.load(Ordering::Acquire) {
            return Err(item);
        }
        // SAFETY: not full, so the item is the producer's, of which there is one.
        unsafe { (*self.0.item.get()).write(item) };
        self.0.full.store(true, Ordering::Release);
        Ok(())
    }

    #[inline]
    fn push<W: Wait>(&mut self, mut item: T, _: &mut W) {
        while let Err(back) = self.try_push(item) {
            item = back;
            spin_loop();
        }
    }
}

/// Empties the mailbox.
pub struct Emptier<T>(Arc<CachePadded<Mailbox<T>>>);

impl<T: Payload> Consumer<T> for Emptier<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        if !self.0.full.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: full, so the item is the consumer's, of which there is one, and it is read once before the flag
        // is cleared.
        let item = unsafe { (*self.0.item.get()).assume_init_read() };
        self.0.full.store(false, Ordering::Release);
        Some(item)
    }

    #[inline]
    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        loop {
            if let Some(item) = self.try_pop() {
                return item;
            }
            spin_loop();
        }
    }
}
