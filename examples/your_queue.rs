//! A queue of your own, ranked against the field, without forking anything.
//!
//! `cargo run --release --example your_queue`
//!
//! Words after `--` are those of the command: `-- run -q 'example|flume' --suite standard`, `-- list queues`.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use queuebench::cmd;
use queuebench::queue::{About, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape};
use queuebench::registry::Registry;

/// Two deques: producers fill one, the consumer empties the other and swaps them when it is done.
struct TwoDeques;

struct Shared<T> {
    filling: Mutex<VecDeque<T>>,
    bound: usize,
}

struct Filler<T>(Arc<Shared<T>>);

struct Emptier<T> {
    shared: Arc<Shared<T>>,
    own: VecDeque<T>,
}

impl<T> Clone for Filler<T> {
    fn clone(&self) -> Self {
        Filler(Arc::clone(&self.0))
    }
}

impl Queue for TwoDeques {
    // It holds up to two bounds of messages, and says so.
    const ABOUT: About = About {
        id: "example/two-deques",
        family: Family::MutexDeque,
        exact: false,
        representative: true,
        ..About::MPSC
    };
    type Producer<T: Payload> = Filler<T>;
    type Consumer<T: Payload> = Emptier<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Filler<T>, Emptier<T>> {
        let bound = shape.bound();
        let shared = Arc::new(Shared { filling: Mutex::new(VecDeque::with_capacity(bound)), bound });
        let emptier = Emptier { shared: Arc::clone(&shared), own: VecDeque::with_capacity(bound) };
        Endpoints::one_consumer(Filler(shared), emptier, shape)
    }
}

impl<T: Payload> Producer<T> for Filler<T> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let mut filling = self.0.filling.lock().unwrap();
        if filling.len() == self.0.bound {
            return Err(item);
        }
        filling.push_back(item);
        Ok(())
    }
}

impl<T: Payload> Consumer<T> for Emptier<T> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        if self.own.is_empty() {
            std::mem::swap(&mut self.own, &mut *self.shared.filling.lock().unwrap());
        }
        self.own.pop_front()
    }
}

fn main() -> ExitCode {
    // It has only `try_` operations, so it appears as +spin, +yield and +park.
    let registry = Registry::builtin().with_try_only::<TwoDeques>();
    // Workers are this program started again; it serves them with the same registry.
    if std::env::args().len() > 1 {
        return cmd::main(&registry);
    }
    let words =
        ["run", "--cell", "stream/(1p1c|2p1c)/1024/8B/.*/(example/|std/mpsc|std/mutex-deque$)", "--profile", "quick"];
    cmd::main_with(&registry, words.map(String::from))
}
