//! Pairs: every thread pushes one and pops one in turn, on a queue half full, so that nobody waits for long and
//! what is timed is how the two ends get in each other's way.

use crate::queue::{Consumer, Payload, Producer, Queue, Tag, Wait};

use super::check::{Check, Faults};
use super::slice::{Side, Slice, Tally};
use super::stream::drain;
use super::work::Work;
use super::{Lap, Loop, Opened, Order, open_touched, wait_of, written_apart};

pub(super) fn open<Q: Queue, W: Wait, T: Payload>(order: &Order) -> Opened {
    let mut touched = open_touched::<Q, T>(order.shape);
    let prefilled = prefill::<T>(&mut touched.ends.producers[0], order, half::<Q>(order, touched.lap));
    let wait = W::new();
    let mut loops = Vec::new();
    while let Some(ends) = touched.ends.producers.pop().zip(touched.ends.consumers.pop()) {
        let index = touched.ends.producers.len();
        loops.push(both_ends_loop::<T, _, _, _>(ends, &wait, index, if index == 0 { prefilled } else { 0 }, order));
    }
    loops.reverse();
    Opened { lap: touched.lap, loops }
}

/// Messages that leave every thread room to push before it pops. What a kernel keeps may be full long before its
/// capacity, as it gives room back in pieces.
pub(super) fn half<Q: Queue>(order: &Order, lap: Lap) -> u64 {
    match lap.capacity {
        Some(messages) if !Q::ABOUT.exact => messages / 4,
        _ => order.shape.capacity.lap() / 2,
    }
}

/// Fills a queue to its half; returns with how many. The messages that lie in it from the start are those of one
/// producer more.
pub(super) fn prefill<T: Payload>(producer: &mut impl Producer<T>, order: &Order, half: u64) -> u64 {
    let mut prefilled = 0;
    while prefilled < half {
        let item = written_apart::<T>(Tag::new(order.shape.producers, prefilled + 1));
        if producer.try_push(item).is_err() {
            break;
        }
        prefilled += 1;
    }
    prefilled
}

/// The loop of the thread `index`, which holds an end of each side, and says of `prefilled` messages that it pushed them.
pub(super) fn both_ends_loop<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(
    ends: (P, C),
    all: &W,
    index: usize,
    prefilled: u64,
    order: &Order,
) -> Loop {
    let waits = (wait_of(ends.0.events(), all), wait_of(ends.1.events(), all));
    let works = (order.producer_work, order.consumer_work);
    let threads = order.shape.producers;
    Box::new(move |slice| alternate::<T, _, _, W>(ends, waits, works, slice, index, threads, prefilled))
}

fn alternate<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(
    (mut producer, mut consumer): (P, C),
    (mut pushing, mut popping): (W, W),
    (producer_work, consumer_work): (u32, u32),
    slice: &Slice,
    index: usize,
    threads: usize,
    prefilled: u64,
) -> Tally {
    let mut endpoint = slice.endpoint(Side::Consumer, index);
    let (mut producer_work, mut consumer_work) = (Work::new(producer_work), Work::new(consumer_work));
    let mut check = Check::new(threads + 1);
    let mut faults = Faults::default();
    let mut sequence = 0;
    let failed = |pushing: &W, popping: &W| pushing.failed().zip(popping.failed()).map(|(full, empty)| full + empty);
    loop {
        let (publications, pairs) = endpoint.chunk();
        for _ in 0..publications {
            let mut left = pairs;
            check.count += pairs;
            while left > 0 {
                // Left with what is odd, so that no call inside it forces the check out of its registers.
                let mut sums = check.sums;
                let taken = loop {
                    if left == 0 {
                        break Ok(());
                    }
                    left -= 1;
                    sequence += 1;
                    producer.push(T::write(Tag::new(index, sequence)), &mut pushing);
                    producer_work.run();
                    let item = consumer.pop(&mut popping);
                    if let Err(odd) = check.accept(&item, &mut sums) {
                        break Err(odd);
                    }
                    consumer_work.run();
                };
                check.sums = sums;
                if let Err(odd) = taken {
                    faults.note(odd, &mut check);
                }
            }
            endpoint.publish(sequence);
        }
        if !endpoint.chunk_end(sequence, failed(&pushing, &popping)) {
            break;
        }
    }
    let timing = endpoint.finish(sequence, failed(&pushing, &popping));
    if slice.consumer_done() {
        drain(consumer, &mut check, &mut faults);
    }
    let pushed = vec![(index, sequence), (threads, prefilled)];
    Tally { pushed, popped: Some(check.received(faults)), ..Tally::of(timing) }
}
