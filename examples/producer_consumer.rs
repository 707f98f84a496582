//! Producers put items into a synchronized queue, daemon consumers get them, and none is lost.
//!
//! `cargo run --example producer_consumer`; the same in Python: `python3 examples/producer_consumer.py`

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;

/// What Python's `queue.Queue` is: items under a lock, and how many were put whose work is not done.
#[derive(Default)]
struct Queue {
    items: Mutex<VecDeque<u64>>,
    has_items: Condvar,
    unfinished: Mutex<u64>,
    all_done: Condvar,
}

impl Queue {
    fn put(&self, item: u64) {
        *self.unfinished.lock().unwrap() += 1;
        self.items.lock().unwrap().push_back(item);
        self.has_items.notify_one();
    }

    /// Sleeps while there is nothing; `wait_while` gives the lock back meanwhile.
    fn get(&self) -> u64 {
        let items = self.items.lock().unwrap();
        self.has_items.wait_while(items, |items| items.is_empty()).unwrap().pop_front().unwrap()
    }

    fn task_done(&self) {
        *self.unfinished.lock().unwrap() -= 1;
        self.all_done.notify_all();
    }

    fn join(&self) {
        drop(self.all_done.wait_while(self.unfinished.lock().unwrap(), |count| *count > 0).unwrap());
    }
}

fn main() {
    // Leaked, because daemons need it for as long as the process lives: nobody waits for their end.
    let (queue, got): &(Queue, Mutex<Vec<u64>>) = Box::leak(Box::default());
    let consume = || {
        loop {
            let item = queue.get();
            got.lock().unwrap().push(item);
            // After the work, not before: else `join` might return while an item is still in hand.
            queue.task_done();
        }
    };
    (0..3).for_each(|_| drop(thread::spawn(consume)));
    let produce = |from: u64| move || (from..from + 2500).for_each(|item| queue.put(item));
    let producers: Vec<_> = (0..4).map(|nth| thread::spawn(produce(nth * 2500))).collect();
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    queue.join();
    let got = got.lock().unwrap();
    println!("items put: 10000, got: {}, their sum: {}", got.len(), got.iter().sum::<u64>());
}
