//! Round trips: one message goes to the other thread over one queue and comes back over a second.

use hdrhistogram::Histogram;

use crate::queue::{Consumer, Payload, Producer, Queue, Tag, Wait};

use super::check::{Check, Faults};
use super::slice::{LONGEST_NS, Side, Slice, Tally};
use super::stream::{drain, end_stream};
use super::{Loop, Opened, Order, open_touched};

pub(super) fn open<Q: Queue, W: Wait, T: Payload>(order: &Order) -> Opened {
    let (there, back) = (open_touched::<Q, T>(order.shape), open_touched::<Q, T>(order.shape));
    let missing = there.missing + back.missing;
    let capacity = there.capacity;
    let (mut there, mut back) = (there.ends, back.ends);
    // The consumer of the first queue answers; it is the first consumer, so its loop comes first.
    let (question, reply) = (only(&mut there.consumers), only(&mut back.producers));
    let (ask, answer) = (only(&mut there.producers), only(&mut back.consumers));
    let (wait_there, wait_back) = (W::new(), W::new());
    let responder = (wait_there.clone(), wait_back.clone());
    let loops: Vec<Loop> = vec![
        Box::new(move |slice| respond::<T, _, _, W>(question, reply, responder, slice)),
        Box::new(move |slice| initiate::<T, _, _, W>(ask, answer, (wait_there, wait_back), slice)),
    ];
    Opened { capacity, missing, loops }
}

/// The one handle of a side.
fn only<H>(handles: &mut Vec<H>) -> H {
    handles.pop().expect("a round trip has one endpoint a side")
}

/// Round trips by duration. Not generic and not inlined, so that it is compiled once and not for every queue.
struct Trips(Histogram<u64>);

impl Trips {
    fn new() -> Trips {
        // Two digits: a bucket is at most 1 % wide, far below what two processes differ by.
        Trips(Histogram::new_with_bounds(1, 60 * LONGEST_NS, 2).expect("the bounds are constants"))
    }

    /// Nanoseconds and how many, in order.
    fn buckets(&self) -> Vec<[u64; 2]> {
        self.0.iter_recorded().map(|bucket| [bucket.value_iterated_to(), bucket.count_at_value()]).collect()
    }

    #[inline(never)]
    fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }
}

fn initiate<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(
    mut producer: P,
    mut consumer: C,
    (mut pushing, mut popping): (W, W),
    slice: &Slice,
) -> Tally {
    let mut endpoint = slice.endpoint(Side::Producer, 0);
    let mut check = Check::new(1);
    let mut faults = Faults::default();
    let mut trips = Trips::new();
    let mut sequence = 0;
    loop {
        let (publications, messages) = endpoint.chunk();
        let in_window = endpoint.in_window();
        for _ in 0..publications {
            for _ in 0..messages {
                sequence += 1;
                let start = slice.now_ns();
                producer.push(T::write(Tag::new(0, sequence)), &mut pushing);
                let item = consumer.pop(&mut popping);
                let end = slice.now_ns();
                check.accept_apart(&item, &mut faults);
                if in_window {
                    trips.record(end - start);
                }
            }
            endpoint.publish(sequence);
        }
        if !endpoint.chunk_end(sequence, popping.failed()) {
            break;
        }
    }
    let timing = endpoint.finish(sequence, popping.failed());
    if slice.producer_done() {
        end_stream(producer, pushing, slice);
    }
    drain(consumer, &mut check, &mut faults);
    Tally { timing, pushed: vec![(0, sequence)], popped: Some(check.received(faults)), round_trips: trips.buckets() }
}

fn respond<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(
    mut consumer: C,
    mut producer: P,
    (mut popping, mut pushing): (W, W),
    slice: &Slice,
) -> Tally {
    let mut endpoint = slice.endpoint(Side::Consumer, 0);
    let mut check = Check::new(1);
    let mut faults = Faults::default();
    'trips: loop {
        let (publications, messages) = endpoint.chunk();
        for _ in 0..publications {
            for _ in 0..messages {
                let item = consumer.pop(&mut popping);
                if check.accept_apart(&item, &mut faults) {
                    break 'trips;
                }
                producer.push(item, &mut pushing);
            }
            endpoint.publish(check.count);
        }
        endpoint.chunk_end(check.count, popping.failed());
    }
    let timing = endpoint.finish(check.count, popping.failed());
    slice.consumer_done();
    // What it answered with is what it was sent, so it stands for the second queue's producer.
    let pushed = vec![(0, check.count)];
    Tally { timing, pushed, popped: Some(check.received(faults)), round_trips: Vec::new() }
}
