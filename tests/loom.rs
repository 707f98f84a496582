//! The protocols of the rings and of the event count under loom, which runs every interleaving, and lets a load return
//! every value the memory model allows, within a bound on preemptions.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release --no-default-features --test loom`

#![cfg(loom)]

use std::iter;

use loom::sync::Arc;
use loom::thread;
use queuebench::queue::intree::{spsc, vyukov};
use queuebench::queue::{Consumer, Park, Producer, Wait};

/// Explores `model`. Few bugs need more than two preemptions (Musuvathi and Qadeer, "Iterative Context Bounding for
/// Systematic Testing of Multithreaded Programs", PLDI 2007).
fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Counted by loom, which fails a model that leaks one or drops one twice.
type Message = Arc<u32>;

/// Pushes `numbers`, giving way while the queue is full.
fn push_all(mut producer: impl Producer<Message>, numbers: impl Iterator<Item = u32>) {
    for number in numbers {
        let mut message = Arc::new(number);
        while let Err(back) = producer.try_push(message) {
            message = back;
            thread::yield_now();
        }
    }
}

/// Pops one, giving way while the queue is empty.
fn pop(consumer: &mut impl Consumer<Message>) -> u32 {
    loop {
        match consumer.try_pop() {
            Some(message) => return *message,
            None => thread::yield_now(),
        }
    }
}

mod spsc_ring {
    use super::*;

    fn keeps_order(capacity: usize, messages: u32) {
        explore(2, move || {
            let (producer, mut consumer) = spsc::ring(capacity);
            let pushing = thread::spawn(move || push_all(producer, 0..messages));
            for number in 0..messages {
                assert_eq!(pop(&mut consumer), number);
            }
            assert!(consumer.try_pop().is_none());
            pushing.join().unwrap();
        });
    }

    #[test]
    fn of_one_keeps_order() {
        keeps_order(1, 3);
    }

    #[test]
    fn of_two_keeps_order() {
        keeps_order(2, 4);
    }

    #[test]
    fn drops_what_is_left() {
        explore(2, || {
            let (producer, mut consumer) = spsc::ring(2);
            let pushing = thread::spawn(move || push_all(producer, 0..2));
            consumer.try_pop();
            drop(consumer);
            pushing.join().unwrap();
        });
    }

    #[test]
    fn parks_without_losing_a_wake_up() {
        explore(2, || {
            let (mut producer, mut consumer) = spsc::ring(1);
            let wait = Park::new();
            let mut waiting = wait.clone();
            let pushing = thread::spawn(move || (0..3).for_each(|number| producer.push(number, &mut waiting)));
            let mut wait = wait;
            for number in 0..3 {
                assert_eq!(consumer.pop(&mut wait), number);
            }
            pushing.join().unwrap();
        });
    }
}

mod vyukov_ring {
    use super::*;

    /// What is in a ring that nobody else uses; checks that it then takes as many as it should.
    fn drain(mut ring: vyukov::RingHandle<Message>, capacity: usize) -> Vec<u32> {
        let left = iter::from_fn(|| ring.try_pop()).map(|message| *message).collect();
        for number in 0..capacity as u32 {
            assert!(ring.try_push(Arc::new(number)).is_ok());
        }
        assert!(ring.try_push(Arc::new(0)).is_err());
        left
    }

    /// Three threads try once or twice each, so that every interleaving ends; with loops that wait for each other loom
    /// finds ever longer ones.
    fn takes_two_producers(capacity: usize) {
        explore(2, move || {
            let mut ring = vyukov::ring(capacity);
            let pushing = [0, 1].map(|number| {
                let mut producer = ring.clone();
                thread::spawn(move || producer.try_push(Arc::new(number)).is_ok())
            });
            let mut popped: Vec<u32> = iter::from_fn(|| ring.try_pop()).map(|message| *message).collect();
            let pushed = pushing.map(|thread| thread.join().unwrap());
            assert!(pushed[0] || pushed[1], "an empty ring was full");
            popped.extend(drain(ring, capacity));
            popped.sort_unstable();
            let numbers = [0, 1].into_iter().filter(|&number| pushed[number as usize]);
            assert!(popped.iter().copied().eq(numbers), "{popped:?} of {pushed:?}");
        });
    }

    #[test]
    fn of_one_takes_two_producers() {
        takes_two_producers(1);
    }

    #[test]
    fn of_two_takes_two_producers() {
        takes_two_producers(2);
    }

    fn takes_two_consumers(capacity: usize) {
        explore(2, move || {
            let mut ring = vyukov::ring(capacity);
            let popping = [ring.clone(), ring.clone()].map(|mut consumer| thread::spawn(move || consumer.try_pop()));
            let pushed = [0, 1].map(|number| ring.try_push(Arc::new(number)).is_ok());
            assert!(pushed[0], "an empty ring was full");
            let popped = popping.map(|thread| thread.join().unwrap());
            let mut popped: Vec<u32> = popped.into_iter().flatten().map(|message| *message).collect();
            popped.extend(drain(ring, capacity));
            popped.sort_unstable();
            assert!(popped.iter().copied().eq(0..1 + u32::from(pushed[1])), "{popped:?} of {pushed:?}");
        });
    }

    #[test]
    fn of_one_takes_two_consumers() {
        takes_two_consumers(1);
    }

    #[test]
    fn of_two_takes_two_consumers() {
        takes_two_consumers(2);
    }

    #[test]
    fn of_one_keeps_order() {
        explore(2, || {
            let ring = vyukov::ring(1);
            let mut consumer = ring.clone();
            let pushing = thread::spawn(move || push_all(ring, 0..3));
            for number in 0..3 {
                assert_eq!(pop(&mut consumer), number);
            }
            pushing.join().unwrap();
        });
    }

    #[test]
    fn drops_what_is_left() {
        explore(2, || {
            let ring = vyukov::ring(3);
            let mut consumer = ring.clone();
            let pushing = thread::spawn(move || push_all(ring, 0..3));
            consumer.try_pop();
            drop(consumer);
            pushing.join().unwrap();
        });
    }

    /// Both sleep on the same event count, and one message is enough for one of them only.
    #[test]
    fn parks_two_consumers_without_losing_a_wake_up() {
        explore(2, || {
            let mut ring = vyukov::ring(2);
            let wait = Park::new();
            let popping = [0, 1].map(|_| {
                let (mut consumer, mut wait) = (ring.clone(), wait.clone());
                thread::spawn(move || consumer.pop(&mut wait))
            });
            let mut wait = wait;
            ring.push(0, &mut wait);
            ring.push(1, &mut wait);
            let popped: [u32; 2] = popping.map(|thread| thread.join().unwrap());
            assert!(popped == [0, 1] || popped == [1, 0], "{popped:?}");
        });
    }

    /// Both sleep on the same event count for the only slot.
    #[test]
    fn parks_two_producers_without_losing_a_wake_up() {
        explore(2, || {
            let mut ring = vyukov::ring(1);
            let wait = Park::new();
            let pushing = [0, 1].map(|number| {
                let (mut producer, mut wait) = (ring.clone(), wait.clone());
                thread::spawn(move || producer.push(number, &mut wait))
            });
            let mut wait = wait;
            let popped: [u32; 2] = [ring.pop(&mut wait), ring.pop(&mut wait)];
            assert!(popped == [0, 1] || popped == [1, 0], "{popped:?}");
            pushing.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}
