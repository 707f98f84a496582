//! Throughput: producers push, consumers pop, until time is up; whatever was sent must arrive.

use crate::queue::crossing::{Credit, Credited};
use crate::queue::{Consumer, Endpoints, Payload, Producer, Queue, Tag, Wait};

use super::check::{Check, Faults, Odd};
use super::slice::{Side, Slice, Tally};
use super::work::Work;
use super::{Loop, Opened, Order, open_touched, wait_of, written_apart};

pub(super) fn open<Q: Queue, W: Wait, T: Payload>(order: &Order) -> Opened {
    let touched = open_touched::<Q, T>(order.shape);
    let lap = touched.lap;
    // Credit is for queues that can cross; no other is built with it.
    let loops = match order.credit {
        Some(window) if const { Q::ABOUT.crosses && T::BYTES == 8 } => {
            let credit = Credit::among_threads(window);
            let Endpoints { producers, consumers } = touched.ends;
            let producers = producers.into_iter().map(|end| Credited::new(end, credit.clone())).collect();
            let consumers = consumers.into_iter().map(|end| Credited::new(end, credit.clone())).collect();
            loops::<T, _, _, W>(Endpoints { producers, consumers }, order)
        }
        _ => loops::<T, _, _, W>(touched.ends, order),
    };
    Opened { lap, loops }
}

/// The loops of all ends, consumers' first.
fn loops<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(mut ends: Endpoints<P, C>, order: &Order) -> Vec<Loop> {
    let wait = W::new();
    let mut loops = Vec::new();
    // From the back, because an iterator that owns handles would be compiled for every queue and payload.
    while let Some(producer) = ends.producers.pop() {
        loops.push(producer_loop::<T, _, _>(producer, &wait, ends.producers.len(), order));
    }
    while let Some(consumer) = ends.consumers.pop() {
        loops.push(consumer_loop::<T, _, _>(consumer, &wait, ends.consumers.len(), order));
    }
    loops.reverse();
    loops
}

/// The loop of producer `index`.
pub(super) fn producer_loop<T: Payload, P: Producer<T>, W: Wait>(end: P, all: &W, index: usize, order: &Order) -> Loop {
    let (wait, work) = (wait_of(end.events(), all), order.producer_work);
    Box::new(move |slice| produce::<T, _, W>(end, wait, slice, index, work))
}

/// The loop of consumer `index`.
pub(super) fn consumer_loop<T: Payload, C: Consumer<T>, W: Wait>(end: C, all: &W, index: usize, order: &Order) -> Loop {
    let (wait, work, producers) = (wait_of(end.events(), all), order.consumer_work, order.shape.producers);
    Box::new(move |slice| consume::<T, _, W>(end, wait, slice, index, producers, work))
}

fn produce<T: Payload, P: Producer<T>, W: Wait>(
    mut producer: P,
    mut wait: W,
    slice: &Slice,
    index: usize,
    work: u32,
) -> Tally {
    let mut endpoint = slice.endpoint(Side::Producer, index);
    let mut work = Work::new(work);
    let mut sequence = 0;
    loop {
        let (publications, messages) = endpoint.chunk();
        for _ in 0..publications {
            for _ in 0..messages {
                sequence += 1;
                producer.push(T::write(Tag::new(index, sequence)), &mut wait);
                work.run();
            }
            endpoint.publish(sequence);
        }
        if !endpoint.chunk_end(sequence, wait.failed()) {
            break;
        }
    }
    let timing = endpoint.finish(sequence, wait.failed());
    if slice.producer_done() {
        end_stream(producer, wait, slice);
    }
    Tally { pushed: vec![(index, sequence)], ..Tally::of(timing) }
}

fn consume<T: Payload, C: Consumer<T>, W: Wait>(
    mut consumer: C,
    mut wait: W,
    slice: &Slice,
    index: usize,
    producers: usize,
    work: u32,
) -> Tally {
    let mut endpoint = slice.endpoint(Side::Consumer, index);
    let mut work = Work::new(work);
    let mut check = Check::new(producers);
    let mut faults = Faults::default();
    'stream: loop {
        let (publications, messages) = endpoint.chunk();
        for _ in 0..publications {
            let mut left = messages;
            while let Err(odd) = take(&mut consumer, &mut wait, &mut check, &mut work, &mut left) {
                if faults.note(odd, &mut check) {
                    break 'stream;
                }
            }
            endpoint.publish(check.count);
        }
        if !endpoint.chunk_end(check.count, wait.failed()) && slice.refused() {
            // What is left is more than anybody wants to wait for.
            break;
        }
    }
    let timing = endpoint.finish(check.count, wait.failed());
    if slice.consumer_done() && !slice.refused() {
        drain(consumer, &mut check, &mut faults);
    }
    Tally { popped: Some(check.received(faults)), ..Tally::of(timing) }
}

/// The hot loop: takes `left` messages, or fewer when one is not as it should be.
#[inline(always)]
fn take<T: Payload, C: Consumer<T>, W: Wait>(
    consumer: &mut C,
    wait: &mut W,
    check: &mut Check,
    work: &mut Work,
    left: &mut u64,
) -> Result<(), Odd> {
    let (before, mut sums) = (*left, check.sums);
    let taken = loop {
        if *left == 0 {
            break Ok(());
        }
        *left -= 1;
        let item = consumer.pop(wait);
        if let Err(odd) = check.accept(&item, &mut sums) {
            break Err(odd);
        }
        work.run();
    };
    check.sums = sums;
    check.count = check.count.wrapping_add(before - *left);
    taken
}

/// Ends a stream from its last producer, whose handle it takes: a handle that is borrowed anywhere lives in memory
/// everywhere, its cached positions included.
#[cold]
#[inline(never)]
pub(super) fn end_stream<T: Payload, P: Producer<T>, W: Wait>(mut producer: P, mut wait: W, slice: &Slice) {
    slice.end_stream(&mut |may_wait| {
        let end = written_apart(Tag::END);
        if !may_wait {
            return producer.try_push(end).is_ok();
        }
        producer.push(end, &mut wait);
        true
    });
}

/// Takes out what is left: messages a queue with per-producer order only let the end mark overtake, marks that
/// were pushed again, and whatever else should not be there. Takes the handle, as [`end_stream`].
#[cold]
#[inline(never)]
pub(super) fn drain<T: Payload, C: Consumer<T>>(mut consumer: C, check: &mut Check, faults: &mut Faults) {
    // Bounded, because a broken queue may hand out the same message for ever.
    for _ in 0..1_u64 << 28 {
        let Some(item) = consumer.try_pop() else { return };
        check.accept_apart(&item, faults);
    }
}
