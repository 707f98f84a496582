//! The rings in two kinds of memory: on the heap, and in a block that two values refer to, as two mappings of
//! shared memory would. Small enough to run under valgrind, where `scripts/test` runs it once more.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread;

use queuebench::memory::{LINE, Memory};
use queuebench::queue::intree::{Rubbish, spsc, vyukov};
use queuebench::queue::{Consumer, Producer, Wait, Yield};

const CAPACITIES: [usize; 5] = [1, 2, 3, 64, 1000];
const MESSAGES: u64 = 5_000;

/// A block of its own, that never moves and is never freed while anybody refers to it.
#[derive(Clone)]
struct Block(Arc<Owned>);

struct Owned {
    base: NonNull<u8>,
    layout: std::alloc::Layout,
}

impl Block {
    fn new(bytes: usize) -> Block {
        let layout = std::alloc::Layout::from_size_align(bytes, LINE).unwrap();
        // SAFETY: no ring takes 0 bytes.
        let base = NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) }).unwrap();
        Block(Arc::new(Owned { base, layout }))
    }

    /// The word that begins so many bytes from its start.
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= self.0.layout.size());
        // SAFETY: inside the block and aligned; what of it is not accessed through atomics is not looked at by tests.
        unsafe { AtomicU64::from_ptr(self.0.base.as_ptr().add(at).cast()) }
    }

    fn write(&self, at: usize, word: u64) {
        self.word(at).store(word, Ordering::Relaxed);
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { std::alloc::dealloc(self.base.as_ptr(), self.layout) };
    }
}

// SAFETY: an address, used as `Memory` says.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

// SAFETY: aligned, alive as long as any clone, and used by the tests for attaching only.
unsafe impl Memory for Block {
    fn bytes(&self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.0.base, self.0.layout.size())
    }
}

/// Sends the numbers through and demands them in order.
fn in_order(mut producer: impl Producer<u64>, mut consumer: impl Consumer<u64>) {
    let (mut pushing, mut popping) = (Yield::new(), Yield::new());
    let sender = thread::spawn(move || (0..MESSAGES).for_each(|number| producer.push(number, &mut pushing)));
    for number in 0..MESSAGES {
        assert_eq!(consumer.pop(&mut popping), number);
    }
    assert_eq!(consumer.try_pop(), None);
    sender.join().unwrap();
}

fn holds_exactly(capacity: usize, producer: &mut impl Producer<u64>, consumer: &mut impl Consumer<u64>) {
    for lap in 0..3 {
        for number in 0..capacity as u64 {
            assert_eq!(producer.try_push(lap + number), Ok(()), "{capacity}");
        }
        assert_eq!(producer.try_push(7), Err(7), "{capacity}");
        for number in 0..capacity as u64 {
            assert_eq!(consumer.try_pop(), Some(lap + number), "{capacity}");
        }
        assert_eq!(consumer.try_pop(), None, "{capacity}");
    }
}

#[test]
fn the_spsc_ring_holds_what_it_says_and_keeps_order() {
    for capacity in CAPACITIES {
        let (mut producer, mut consumer) = spsc::ring(capacity);
        holds_exactly(capacity, &mut producer, &mut consumer);
        in_order(producer, consumer);
    }
}

#[test]
fn the_vyukov_ring_holds_what_it_says_and_keeps_order() {
    for capacity in CAPACITIES {
        let mut ring = vyukov::ring(capacity);
        holds_exactly(capacity, &mut ring.clone(), &mut ring);
        in_order(ring.clone(), ring);
    }
}

#[test]
fn both_rings_work_across_two_mappings_of_one_block() {
    for capacity in CAPACITIES {
        let block = Block::new(spsc::bytes::<u64>(capacity));
        let (mut producer, first) = spsc::create(block.clone(), capacity);
        drop(first);
        // SAFETY: the ring was just created, its own consumer is gone, and nobody else knows the block.
        let mut consumer = unsafe { spsc::attach_consumer::<u64>(block) }.unwrap();
        holds_exactly(capacity, &mut producer, &mut consumer);
        in_order(producer, consumer);

        let block = Block::new(vyukov::bytes::<u64>(capacity));
        let producer = vyukov::create(block.clone(), capacity);
        // SAFETY: the ring was just created and nobody else knows the block.
        let consumer = unsafe { vyukov::attach::<u64>(block) }.unwrap();
        in_order(producer, consumer);
    }
}

#[test]
fn a_block_without_a_ring_is_not_attached_to() {
    let block = Block::new(vyukov::bytes::<u64>(4));
    // SAFETY: nobody else knows the block.
    assert!(unsafe { vyukov::attach::<u64>(block.clone()) }.is_err());
    drop(vyukov::create::<u64>(block.clone(), 4));
    // SAFETY: as above.
    assert!(unsafe { spsc::attach_producer::<u64>(block) }.is_err(), "another kind of ring");
}

/// Where the words of a ring are: see `src/queue/intree/region.rs`.
const KIND: usize = 0;
const SLOT_BYTES: usize = 8;
const CAPACITY: usize = 16;
const HEAD: usize = LINE;
const TAIL: usize = 2 * LINE;
const SLOTS: usize = 3 * LINE;

/// So far no position ever gets.
const FAR: u64 = u64::MAX / 2;

fn spsc_in(block: &Block) -> Option<(spsc::RingProducer<u64>, spsc::RingConsumer<u64>)> {
    // SAFETY: these ends are the only ones in use, and numbers may be spoiled.
    let ends = unsafe { (spsc::attach_producer(block.clone()), spsc::attach_consumer(block.clone())) };
    ends.0.ok().zip(ends.1.ok())
}

fn vyukov_in(block: &Block) -> Option<vyukov::RingHandle<u64>> {
    // SAFETY: numbers may be spoiled.
    unsafe { vyukov::attach(block.clone()) }.ok()
}

/// A block in which a ring for four numbers was made.
fn with_spsc() -> Block {
    let block = Block::new(spsc::bytes::<u64>(4));
    drop(spsc::create::<u64>(block.clone(), 4));
    block
}

fn with_vyukov() -> Block {
    let block = Block::new(vyukov::bytes::<u64>(4));
    drop(vyukov::create::<u64>(block.clone(), 4));
    block
}

#[test]
fn a_ring_of_another_kind_slot_or_capacity_is_not_attached_to() {
    assert!(spsc_in(&with_spsc()).is_some() && vyukov_in(&with_vyukov()).is_some());
    for (at, words) in [
        (KIND, vec![0, u64::from_ne_bytes(*b"qb/other"), u64::MAX]),
        (SLOT_BYTES, vec![0, 1, 24, u64::MAX]),
        (CAPACITY, vec![0, 5, 1 << 20, FAR, u64::MAX]),
    ] {
        for word in words {
            let (spsc, vyukov) = (with_spsc(), with_vyukov());
            spsc.write(at, word);
            vyukov.write(at, word);
            assert!(spsc_in(&spsc).is_none() && vyukov_in(&vyukov).is_none(), "{word:#x} at {at}");
        }
    }
    // Messages of another size.
    // SAFETY: nobody else knows the block.
    assert!(unsafe { vyukov::attach::<[u64; 2]>(with_vyukov()) }.is_err());
}

#[test]
fn a_block_that_is_too_small_for_its_ring_is_not_attached_to() {
    for (with, needed) in [(with_spsc(), spsc::bytes::<u64>(4)), (with_vyukov(), vyukov::bytes::<u64>(4))] {
        for bytes in [8, 24, LINE, SLOTS - 8, SLOTS, needed - 8] {
            let block = Block::new(bytes);
            for at in [KIND, SLOT_BYTES, CAPACITY].into_iter().filter(|at| at + 8 <= bytes) {
                block.write(at, with.word(at).load(Ordering::Relaxed));
            }
            assert!(spsc_in(&block).is_none() && vyukov_in(&block).is_none(), "{bytes} of {needed} bytes");
        }
    }
}

/// Whether it gives up because of rubbish; another panic is none of that kind.
fn gives_up<R>(body: impl FnOnce() -> R) -> bool {
    // To print hundreds of backtraces would take most of the time.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.payload().is::<Rubbish>() {
                print(panic);
            }
        }));
    });
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(_) => false,
        Err(panic) if panic.is::<Rubbish>() => true,
        Err(panic) => resume_unwind(panic),
    }
}

#[test]
fn positions_that_cannot_be_are_noticed() {
    for position in [5, FAR, FAR + 1] {
        let block = with_spsc();
        let (mut producer, mut consumer) = spsc_in(&block).unwrap();
        block.write(HEAD, position);
        assert!(gives_up(|| producer.try_push(1)), "head {position:#x}");
        block.write(TAIL, position);
        assert!(gives_up(|| consumer.try_pop()), "tail {position:#x}");
    }
    for position in [FAR, u64::MAX] {
        let block = with_vyukov();
        let mut ring = vyukov_in(&block).unwrap();
        block.write(TAIL, position);
        assert!(gives_up(|| ring.try_push(1)), "tail {position:#x}");
        block.write(HEAD, position);
        assert!(gives_up(|| ring.try_pop()), "head {position:#x}");
    }
    // Back where they were two laps ago.
    let block = with_vyukov();
    let mut ring = vyukov_in(&block).unwrap();
    for number in 0..8 {
        assert_eq!((ring.try_push(number), ring.try_pop()), (Ok(()), Some(number)));
    }
    block.write(TAIL, 0);
    assert!(gives_up(|| ring.try_push(1)));
    block.write(HEAD, 0);
    assert!(gives_up(|| ring.try_pop()));
}

#[test]
fn stamps_that_are_far_ahead_are_noticed() {
    let block = with_vyukov();
    let mut ring = vyukov_in(&block).unwrap();
    for slot in 0..4 {
        block.write(SLOTS + slot * 16, FAR);
    }
    assert!(gives_up(|| ring.try_push(1)));
    assert!(gives_up(|| ring.try_pop()));
}

#[test]
fn rubbish_spoils_messages_and_nothing_else() {
    let mut noticed = 0;
    for seed in 0..100 {
        let mut random = fastrand::Rng::with_seed(seed);
        // Small numbers and large ones.
        let mut word = move || random.u64(..) >> random.u32(..64);
        let (spsc, vyukov) = (with_spsc(), with_vyukov());
        let (mut producer, mut consumer) = spsc_in(&spsc).unwrap();
        let mut ring = vyukov_in(&vyukov).unwrap();
        noticed += u32::from(gives_up(|| {
            for _ in 0..20 {
                spsc.write(HEAD, word());
                spsc.write(TAIL, word());
                producer.try_push(1).ok();
                consumer.try_pop();
            }
        }));
        noticed += u32::from(gives_up(|| {
            for _ in 0..20 {
                vyukov.write(HEAD, word());
                vyukov.write(TAIL, word());
                vyukov.write(SLOTS + word() as usize % 4 * 16, word());
                ring.try_push(1).ok();
                ring.try_pop();
            }
        }));
    }
    assert!(noticed > 100, "{noticed} of 200");
}

#[test]
fn two_producers_and_two_consumers_lose_and_double_nothing() {
    for capacity in CAPACITIES {
        let ring = vyukov::ring(capacity);
        let pushing = [0, 1].map(|producer| {
            let mut ring = ring.clone();
            thread::spawn(move || {
                let mut wait = Yield::new();
                (0..MESSAGES).for_each(|number| ring.push(number << 1 | producer, &mut wait));
            })
        });
        let popping = [0, 1].map(|_| {
            let mut ring = ring.clone();
            thread::spawn(move || {
                let mut wait = Yield::new();
                (0..MESSAGES).map(|_| ring.pop(&mut wait)).collect::<Vec<u64>>()
            })
        });
        pushing.into_iter().for_each(|thread| thread.join().unwrap());
        let mut popped = popping.map(|thread| thread.join().unwrap()).concat();
        popped.sort_unstable();
        assert!(popped.into_iter().eq(0..2 * MESSAGES), "{capacity}");
    }
}

#[test]
fn messages_left_inside_are_dropped_once() {
    for capacity in CAPACITIES {
        let message = Arc::new(());
        let (mut producer, mut consumer) = spsc::ring(capacity);
        while producer.try_push(message.clone()).is_ok() {}
        consumer.try_pop();
        drop((consumer, producer));
        let mut ring = vyukov::ring(capacity);
        while ring.try_push(message.clone()).is_ok() {}
        ring.try_pop();
        drop(ring);
        assert_eq!(Arc::strong_count(&message), 1, "{capacity}");
    }
}
