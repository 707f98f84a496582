//! The rings in two kinds of memory: on the heap, and in a block that two values refer to, as two mappings of
//! shared memory would. Small enough to run under valgrind, where `scripts/test` runs it once more.

use std::ptr::NonNull;
use std::sync::Arc;
use std::thread;

use queuebench::memory::{LINE, Memory};
use queuebench::queue::intree::{spsc, vyukov};
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
