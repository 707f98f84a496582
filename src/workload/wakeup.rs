//! An idle consumer, then one message: how long until it runs, and what idling costs it.

use std::time::Duration;

use crate::queue::{Consumer, Payload, Producer, Queue, Tag, Wait};

use super::check::{Check, Faults};
use super::slice::{Side, Slice, Tally};
use super::stream::{drain, end_stream};
use super::trips::Trips;
use super::{Loop, Opened, Order, open_touched, wait_of};

/// How long the consumer has nothing to do: far longer than any wait spins or yields, so that who sleeps at all is
/// asleep, and short enough for a few dozen wake-ups in a window.
const IDLE: Duration = Duration::from_micros(200);

pub(super) fn open<Q: Queue, W: Wait, T: Payload>(order: &Order) -> Opened {
    let mut touched = open_touched::<Q, T>(order.shape);
    let wait = W::new();
    let (consumer, producer) = (touched.ends.consumers.pop(), touched.ends.producers.pop());
    let (consumer, producer) = consumer.zip(producer).expect("one endpoint a side");
    Opened { lap: touched.lap, loops: vec![sleeper_loop(consumer, &wait), waker_loop(producer, &wait)] }
}

/// The loop of who is woken.
pub(super) fn sleeper_loop<T: Payload, C: Consumer<T>, W: Wait>(end: C, all: &W) -> Loop {
    let wait = wait_of(end.events(), all);
    Box::new(move |slice| sleep_and_run::<T, _, W>(end, wait, slice))
}

/// The loop of who wakes.
pub(super) fn waker_loop<T: Payload, P: Producer<T>, W: Wait>(end: P, all: &W) -> Loop {
    let wait = wait_of(end.events(), all);
    Box::new(move |slice| wake::<T, _, W>(end, wait, slice))
}

fn wake<T: Payload, P: Producer<T>, W: Wait>(mut producer: P, mut wait: W, slice: &Slice) -> Tally {
    let mut endpoint = slice.endpoint(Side::Producer, 0);
    let mut sequence = 0;
    loop {
        std::thread::sleep(IDLE);
        // Never more than one on its way: who is not awake yet is not idle.
        if slice.popped() == sequence {
            sequence += 1;
            slice.stamp();
            producer.push(T::write(Tag::new(0, sequence)), &mut wait);
        }
        if !endpoint.chunk_end(sequence, wait.failed()) {
            break;
        }
    }
    // What it cost to wait is the consumer's affair; the producer slept by the clock.
    let mut timing = endpoint.finish(sequence, wait.failed());
    timing.usage = Default::default();
    if slice.producer_done() {
        end_stream(producer, wait, slice);
    }
    Tally { pushed: vec![(0, sequence)], ..Tally::of(timing) }
}

fn sleep_and_run<T: Payload, C: Consumer<T>, W: Wait>(mut consumer: C, mut wait: W, slice: &Slice) -> Tally {
    let mut endpoint = slice.endpoint(Side::Consumer, 0);
    let mut check = Check::new(1);
    let mut faults = Faults::default();
    let mut wakeups = Trips::new();
    loop {
        let in_window = endpoint.in_window();
        let item = consumer.pop(&mut wait);
        let woken_ns = slice.since_stamp_ns();
        if check.accept_apart(&item, &mut faults) {
            break;
        }
        if in_window {
            wakeups.record(woken_ns);
        }
        endpoint.publish(check.count);
        endpoint.chunk_end(check.count, wait.failed());
    }
    let timing = endpoint.finish(check.count, wait.failed());
    if slice.consumer_done() {
        drain(consumer, &mut check, &mut faults);
    }
    let popped = Some(check.received(faults));
    Tally { popped, round_trips: wakeups.buckets(), ..Tally::of(timing) }
}
