//! Round trips: one message goes to the other thread over one queue and comes back over a second.

use crate::queue::{Consumer, Payload, Producer, Queue, Tag, Wait};

use super::check::{Check, Faults};
use super::slice::{Side, Slice, Tally};
use super::stream::{drain, end_stream};
use super::trips::Trips;
use super::{Lap, Loop, Opened, Order, open_touched, wait_of};

pub(super) fn open<Q: Queue, W: Wait, T: Payload>(order: &Order) -> Opened {
    let (there, back) = (open_touched::<Q, T>(order.shape), open_touched::<Q, T>(order.shape));
    let lap = Lap { missing: there.lap.missing + back.lap.missing, ..there.lap };
    let (mut there, mut back) = (there.ends, back.ends);
    // The consumer of the first queue answers; it is the first consumer, so its loop comes first.
    let question = (only(&mut there.consumers), only(&mut there.producers));
    let reply = (only(&mut back.producers), only(&mut back.consumers));
    let (wait_there, wait_back) = (W::new(), W::new());
    let loops = vec![
        responder(question.0, reply.0, &wait_there, &wait_back),
        initiator(question.1, reply.1, &wait_there, &wait_back),
    ];
    Opened { lap, loops }
}

/// The loop of the end that answers.
pub(super) fn responder<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(
    question: C,
    reply: P,
    there: &W,
    back: &W,
) -> Loop {
    let waits = (wait_of(question.events(), there), wait_of(reply.events(), back));
    Box::new(move |slice| respond::<T, _, _, W>(question, reply, waits, slice))
}

/// The loop of the end that asks.
pub(super) fn initiator<T: Payload, P: Producer<T>, C: Consumer<T>, W: Wait>(
    ask: P,
    answer: C,
    there: &W,
    back: &W,
) -> Loop {
    let waits = (wait_of(ask.events(), there), wait_of(answer.events(), back));
    Box::new(move |slice| initiate::<T, _, _, W>(ask, answer, waits, slice))
}

/// The one handle of a side.
fn only<H>(handles: &mut Vec<H>) -> H {
    handles.pop().expect("a round trip has one endpoint a side")
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
    Tally {
        pushed: vec![(0, sequence)],
        popped: Some(check.received(faults)),
        round_trips: trips.buckets(),
        ..Tally::of(timing)
    }
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
    Tally { pushed, popped: Some(check.received(faults)), ..Tally::of(timing) }
}
