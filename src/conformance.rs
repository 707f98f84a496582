//! Does a queue do what it declares? Everything the benchmark takes for granted, tried small: every message comes
//! out once and whole, in its producer's order; full and empty are said when they are so; the bound holds;
//! whoever sleeps is woken; handles dropped early, with messages inside, take nothing down and leak nothing.
//!
//! The registry's queues are checked by `cargo test`. A queue of your own takes one line in a test:
//!
//! ```
//! use queuebench::conformance::check;
//! use queuebench::queue::{Blocking, adapters::std_mpsc};
//!
//! assert_eq!(check::<std_mpsc::Unbounded, Blocking>(), []);
//! ```

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::queue::{
    About, Boxed, Capacity, Consumer, Endpoints, Ends, Order, Payload, Payloads, Producer, Queue, Role, Shape, Spin,
    Tag, Wait, Words,
};

/// What a queue did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise it broke.
    pub fault: Fault,
    /// What was being tried.
    pub case: String,
    /// What was seen.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.fault, self.case, self.detail)
    }
}

/// A promise that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A message went in and never came out.
    Lost,
    /// A message came out more than once.
    Duplicated,
    /// A message overtook another that it must not overtake.
    Reordered,
    /// What came out, or came back from a refused push, is not what went in.
    Corrupted,
    /// Said full with room, or empty with messages inside, or the contrary.
    Misanswered,
    /// Holds more or fewer messages than asked for.
    Capacity,
    /// A message was never dropped.
    Leaked,
    /// A message was dropped more than once.
    DroppedTwice,
    /// A thread did not come back in time.
    Hung,
    /// A thread panicked.
    Crashed,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Fault::Lost => "lost",
            Fault::Duplicated => "duplicated",
            Fault::Reordered => "reordered",
            Fault::Corrupted => "corrupted",
            Fault::Misanswered => "misanswered",
            Fault::Capacity => "capacity",
            Fault::Leaked => "leaked",
            Fault::DroppedTwice => "dropped twice",
            Fault::Hung => "hung",
            Fault::Crashed => "crashed",
        })
    }
}

/// How long a case may take before it counts as hung; the slowest take a few hundredths of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks `Q` with the wait `W`; empty when it keeps its promises. A limit, which is no queue, makes none; nor does a
/// bound of wake-ups, which carries one message at a time.
pub fn check<Q: Queue, W: Wait>() -> Vec<Violation> {
    check_within::<Q, W>(PATIENCE)
}

/// As [`check`], with another idea of how long a case may take before it counts as hung. The threads of a case
/// that hung are left behind, so there is no case after it.
pub fn check_within<Q: Queue, W: Wait>(patience: Duration) -> Vec<Violation> {
    let mut report = Report { violations: Vec::new() };
    if !Q::ABOUT.transfers || Q::ABOUT.role == Role::WakeupBound {
        return report.violations;
    }
    Q::prime();

    // One thread first: what can be found without a race is found the same way every time.
    for capacity in capacities(&Q::ABOUT) {
        for shape in [(1, 1), (2, 2)].map(|ends| shape(&Q::ABOUT, ends, capacity)) {
            report.run("answers", shape, || alone(patience, move || answers::<Q>(shape)));
            report.run("drops", shape, || alone(patience, move || drops::<Q>(shape)));
        }
    }
    if !report.violations.is_empty() {
        return report.violations;
    }

    // What never sleeps burns a time slice for every message once its threads outnumber the cpus.
    let sleepless = W::SUFFIX == Spin::SUFFIX || !Q::ABOUT.oversubscribes;
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    let messages = if sleepless { 60 } else { 300 };
    for capacity in capacities(&Q::ABOUT) {
        let fits = |shape: &Shape| !sleepless || shape.producers + shape.consumers <= cpus.max(2);
        for shape in shapes(&Q::ABOUT, capacity).into_iter().filter(fits) {
            let stream = Stream { shape, messages, patience, try_push: false, try_pop: false };
            report.run("stream", shape, || stream.run::<Q, W, Words<1>>(Payload::write));
        }
        let few = shape(&Q::ABOUT, if sleepless { (1, 1) } else { (2, 2) }, capacity);
        let stream = Stream { shape: few, messages, patience, try_push: false, try_pop: false };
        report.run("stream of 256 B", few, || stream.run::<Q, W, Words<32>>(Payload::write));
        if !is_by_value(&Q::ABOUT) {
            report.run("stream of boxes", few, || stream.run::<Q, W, Boxed>(Payload::write));
            report.run("stream, drops counted", few, || {
                let ledger = Ledger::open();
                let mut findings = stream.run::<Q, W, Counted>(move |tag| Counted::new(tag, ledger))?;
                // Messages that hang with their threads are not leaked.
                if findings.0.is_empty() {
                    ledger.balance(&mut findings);
                }
                Ok(findings)
            });
        }
        for (try_push, try_pop) in [(true, false), (false, true), (true, true)] {
            // At a rendezvous two sides that never wait never meet.
            if !(capacity == Capacity::Bounded(0) && try_push && try_pop) {
                let stream = Stream { try_push, try_pop, ..stream };
                report.run("stream of tries", few, || stream.run::<Q, W, Words<1>>(Payload::write));
            }
        }
        if !sleepless {
            let sleepers = shape(&Q::ABOUT, (1, 3), capacity);
            report.run("consumers asleep", sleepers, || wake_consumers::<Q, W>(sleepers, patience));
        }
        // A pop makes room for a push at once only where the bound is exact.
        if !sleepless && capacity != Capacity::Unbounded && Q::ABOUT.exact {
            let sleepers = shape(&Q::ABOUT, (3, 1), capacity);
            report.run("producers asleep", sleepers, || wake_producers::<Q, W>(sleepers, patience));
        }
    }
    report.violations
}

/// Whether a message is its bytes: there is nothing to drop in it, and none may hold a pointer.
fn is_by_value(about: &About) -> bool {
    about.payloads == Payloads::ByValue
}

/// Collects what the cases found.
struct Report {
    violations: Vec<Violation>,
}

impl Report {
    /// Runs a case, unless an earlier one left threads behind that would disturb it.
    fn run(&mut self, case: &str, shape: Shape, body: impl FnOnce() -> Result<Findings, Stuck>) {
        if self.violations.iter().any(|violation| matches!(violation.fault, Fault::Hung | Fault::Crashed)) {
            return;
        }
        let capacity = match shape.capacity {
            Capacity::Bounded(messages) => messages.to_string(),
            Capacity::Unbounded => "unbounded".to_owned(),
        };
        let case = format!("{case}, {}p{}c, capacity {capacity}", shape.producers, shape.consumers);
        let Findings(found) = body().unwrap_or_else(|stuck| Findings(vec![stuck]));
        for (fault, detail) in found {
            self.violations.push(Violation { fault, case: case.clone(), detail });
        }
    }
}

/// What one case found, each fault once: the first sight of it tells most.
#[derive(Default)]
struct Findings(Vec<(Fault, String)>);

impl Findings {
    fn note(&mut self, fault: Fault, detail: impl Into<String>) {
        if self.0.iter().all(|(noted, _)| *noted != fault) {
            self.0.push((fault, detail.into()));
        }
    }
}

/// Small bounds with their corner cases, an odd one that is no power of two, a usual one.
fn capacities(about: &About) -> impl Iterator<Item = Capacity> {
    let allowed = about.capacities;
    let bounds = [0, 1, 2, 3, 16, 1024].map(Capacity::Bounded);
    bounds.into_iter().chain([Capacity::Unbounded]).filter(move |capacity| allowed.allow(*capacity))
}

/// As many ends as asked for, where the queue allows more than one.
fn shape(about: &About, (producers, consumers): (usize, usize), capacity: Capacity) -> Shape {
    let allowed = |ends: Ends, threads| if ends.allow(threads) { threads } else { 1 };
    Shape { producers: allowed(about.producers, producers), consumers: allowed(about.consumers, consumers), capacity }
}

/// The shapes of the streams.
fn shapes(about: &About, capacity: Capacity) -> Vec<Shape> {
    let mut shapes = [(1, 1), (2, 1), (1, 2), (2, 2), (4, 4)].map(|ends| shape(about, ends, capacity)).to_vec();
    shapes.dedup();
    shapes
}

// ---------------------------------------------------------------------------------------------------------
// On one thread: answers, order, bounds and drops, each against a model that is a plain deque.

/// The handles of a queue, used by turns from one thread, and what must be inside.
struct Script<P, C, M> {
    producers: Vec<P>,
    consumers: Vec<C>,
    make: M,
    order: Order,
    /// What was accepted and has not come out, oldest first.
    inside: VecDeque<Tag>,
    /// Each producer's last accepted sequence number.
    sequences: Vec<u64>,
    pushes: usize,
    pops: usize,
    findings: Findings,
}

impl<T: Payload, P: Producer<T>, C: Consumer<T>, M: Fn(Tag) -> T> Script<P, C, M> {
    fn new(endpoints: Endpoints<P, C>, shape: Shape, order: Order, make: M) -> Self {
        let Endpoints { producers, consumers } = endpoints;
        let mut findings = Findings::default();
        if (producers.len(), consumers.len()) != (shape.producers, shape.consumers) {
            findings.note(Fault::Misanswered, format!("opened {}p{}c", producers.len(), consumers.len()));
        }
        let sequences = vec![0; producers.len()];
        let inside = VecDeque::new();
        Script { producers, consumers, make, order, inside, sequences, pushes: 0, pops: 0, findings }
    }

    /// Tries to push the next message of the producer whose turn it is.
    fn push(&mut self) -> bool {
        let index = self.pushes % self.producers.len();
        self.pushes += 1;
        let tag = Tag::new(index, self.sequences[index] + 1);
        match self.producers[index].try_push((self.make)(tag)) {
            Ok(()) => {
                self.sequences[index] += 1;
                self.inside.push_back(tag);
                true
            }
            Err(back) => {
                if back.read() != Some(tag) {
                    self.findings.note(Fault::Corrupted, "a refused push gave back another message");
                }
                false
            }
        }
    }

    /// Tries to pop at the consumer whose turn it is, and finds the message in the model.
    fn pop(&mut self) -> bool {
        let index = self.pops % self.consumers.len();
        self.pops += 1;
        let Some(item) = self.consumers[index].try_pop() else {
            return false;
        };
        let Some(tag) = item.read() else {
            self.findings.note(Fault::Corrupted, "the words of a message do not belong together");
            return true;
        };
        match self.inside.iter().position(|inside| *inside == tag) {
            Some(position) => {
                let older = self.inside.range(..position);
                if older.into_iter().any(|older| self.order == Order::Fifo || older.producer() == tag.producer()) {
                    self.findings.note(Fault::Reordered, format!("{tag:?} overtook {:?}", self.inside[0]));
                }
                self.inside.remove(position);
            }
            None if self.sequences.get(tag.producer()).is_some_and(|last| (1..=*last).contains(&tag.sequence())) => {
                self.findings.note(Fault::Duplicated, format!("{tag:?} came out again"));
            }
            None => self.findings.note(Fault::Corrupted, format!("{tag:?} was never pushed")),
        }
        true
    }

    /// Pushes until refused, at most `limit` messages.
    fn fill(&mut self, limit: usize) {
        while self.inside.len() < limit {
            if !self.push() {
                let held = self.inside.len();
                if !(0..self.producers.len() * 2).any(|_| self.push()) {
                    return;
                }
                self.findings.note(Fault::Misanswered, format!("said full with {held} inside, then took one more"));
            }
        }
    }

    /// Pops until empty.
    fn drain(&mut self) {
        let mut patience = self.inside.len() + 64;
        loop {
            if !self.pop() {
                let held = self.inside.len();
                if !(0..self.consumers.len() * 2).any(|_| self.pop()) {
                    break;
                }
                self.findings.note(Fault::Misanswered, format!("said empty with {held} inside, then gave one more"));
            }
            // A queue that makes messages up is noticed by the first of them.
            patience -= 1;
            if patience == 0 {
                break;
            }
        }
        if !self.inside.is_empty() {
            self.findings
                .note(Fault::Lost, format!("{} never came out, {:?} first", self.inside.len(), self.inside[0]));
            self.inside.clear();
        }
    }

    fn expect(&mut self, as_it_should: bool, otherwise: &str) {
        if !as_it_should {
            let held = self.inside.len();
            self.findings.note(Fault::Misanswered, format!("{otherwise}, with {held} inside"));
        }
    }
}

/// Empty and full are said when they are so, the bound holds, and everything keeps its order through many laps.
fn answers<Q: Queue>(shape: Shape) -> Findings {
    let order = Q::ABOUT.order;
    let mut script = Script::new(Q::open::<Words<1>>(shape), shape, order, Words::write);
    for _ in 0..shape.consumers {
        let popped = script.pop();
        script.expect(!popped, "a new queue gave a message");
    }

    let limit = match shape.capacity {
        // Room for those that round up, and an end to those that have none. A kernel counts in pages.
        Capacity::Bounded(messages) => messages * 4 + if is_by_value(&Q::ABOUT) { 1 << 16 } else { 100 },
        Capacity::Unbounded => 4096,
    };
    script.fill(limit);
    let held = script.inside.len();
    match shape.capacity {
        Capacity::Bounded(messages) if held != messages && (Q::ABOUT.exact || held == 0 || held == limit) => {
            let at_least = if held == limit { "at least " } else { "" };
            script.findings.note(Fault::Capacity, format!("holds {at_least}{held} where {messages} were asked for"));
        }
        Capacity::Unbounded if held < limit => {
            script.findings.note(Fault::Capacity, format!("holds {held}, though unbounded"));
        }
        Capacity::Bounded(messages) if Q::ABOUT.exact && messages > 0 => {
            let popped = script.pop();
            script.expect(popped, "a full queue gave no message");
            let pushed = script.push();
            script.expect(pushed, "a pop made no room");
            let pushed = script.push();
            script.expect(!pushed, "one pop made room for two");
        }
        _ => {}
    }
    script.drain();

    // Ten laps in steps of every size, so that every step meets every place in the ring.
    if held > 0 {
        let largest = held.min(100);
        let (mut moved, mut step) = (0, 0);
        while moved < held * 10 {
            step = step % largest + 1;
            for _ in 0..step {
                let pushed = in_time::<Q>(|| script.push());
                script.expect(pushed, "a push was refused");
            }
            for _ in 0..step {
                let popped = in_time::<Q>(|| script.pop());
                script.expect(popped, "a pop came back empty");
            }
            moved += step;
        }
        script.drain();
    }
    script.findings
}

/// Tries once; of a queue that a kernel keeps, until it had time to move what is on its way: TCP gives room back when
/// the other side has acknowledged, which it may put off.
fn in_time<Q: Queue>(mut attempt: impl FnMut() -> bool) -> bool {
    let patience = if is_by_value(&Q::ABOUT) && !Q::ABOUT.exact { Duration::from_secs(1) } else { Duration::ZERO };
    let started = Instant::now();
    loop {
        if attempt() {
            return true;
        }
        if started.elapsed() >= patience {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Handles dropped in any order, with messages inside, leave nothing behind and take nothing down.
fn drops<Q: Queue>(shape: Shape) -> Findings {
    let mut findings = Findings::default();
    for producers_first in [true, false] {
        for fill in [0, 1, 3, 40] {
            let found = if is_by_value(&Q::ABOUT) {
                let script = Script::new(Q::open::<Words<1>>(shape), shape, Q::ABOUT.order, Words::write);
                // Nothing is pushed where nobody could pop it: a kernel takes that for an error.
                drop_handles(script, fill, producers_first, false)
            } else {
                let ledger = Ledger::open();
                let make = move |tag| Counted::new(tag, ledger);
                let script = Script::new(Q::open::<Counted>(shape), shape, Q::ABOUT.order, make);
                let mut found = drop_handles(script, fill, producers_first, true);
                ledger.balance(&mut found);
                found
            };
            found.0.into_iter().for_each(|(fault, detail)| findings.note(fault, detail));
        }
    }

    // One of several goes; the others carry on.
    if shape.producers + shape.consumers > 2 && shape.capacity != Capacity::Bounded(0) {
        let mut script = Script::new(Q::open::<Words<1>>(shape), shape, Q::ABOUT.order, Words::write);
        script.producers.truncate(1);
        script.consumers.truncate(1);
        for _ in 0..10 {
            let pushed = script.push();
            script.expect(pushed, "a push was refused after another producer had gone");
            let popped = script.pop();
            script.expect(popped, "a pop came back empty after another consumer had gone");
        }
        script.drain();
        script.findings.0.into_iter().for_each(|(fault, detail)| findings.note(fault, detail));
    }
    findings
}

/// Drops the handles of one side, then those of the other, with messages inside.
fn drop_handles<T: Payload, P: Producer<T>, C: Consumer<T>, M: Fn(Tag) -> T>(
    mut script: Script<P, C, M>,
    fill: usize,
    producers_first: bool,
    pushes_in_vain: bool,
) -> Findings {
    // Not from the beginning of the ring, and past its end.
    for _ in 0..fill {
        script.push();
        script.pop();
    }
    script.fill(fill);
    if producers_first {
        script.producers.clear();
        script.pop();
        script.consumers.clear();
    } else {
        script.consumers.clear();
        if pushes_in_vain {
            script.push();
        }
        script.producers.clear();
    }
    script.findings
}

// ---------------------------------------------------------------------------------------------------------
// On many threads.

type Job<R> = Box<dyn FnOnce() -> R + Send>;

/// Why a case did not come to its end.
type Stuck = (Fault, String);

/// Runs each job on a thread of its own. What has not come back after `patience` is left behind.
fn together<R: Send + 'static>(patience: Duration, jobs: Vec<Job<R>>) -> Result<Vec<R>, Stuck> {
    let threads = jobs.len();
    let (sender, receiver) = mpsc::channel();
    for (index, job) in jobs.into_iter().enumerate() {
        let sender = sender.clone();
        thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(job));
            let _ = sender.send((index, outcome));
        });
    }
    let deadline = Instant::now() + patience;
    let mut results: Vec<Option<R>> = (0..threads).map(|_| None).collect();
    for back in 0..threads {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((index, Ok(result))) => results[index] = Some(result),
            Ok((_, Err(panic))) => return Err((Fault::Crashed, message(&*panic))),
            Err(_) => return Err((Fault::Hung, format!("{back} of {threads} threads were back after {patience:?}"))),
        }
    }
    Ok(results.into_iter().flatten().collect())
}

/// Runs `body` on a thread of its own.
fn alone<R: Send + 'static>(patience: Duration, body: impl FnOnce() -> R + Send + 'static) -> Result<R, Stuck> {
    together(patience, vec![Box::new(body) as Job<R>]).map(|mut results| results.swap_remove(0))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

/// A stream: the producers send what they have, then an end for each consumer; a consumer stops when it has had
/// as many ends as there are producers. So no message is left behind in either order a queue may promise.
#[derive(Clone, Copy)]
struct Stream {
    shape: Shape,
    /// How many each producer sends.
    messages: u64,
    patience: Duration,
    /// Producers try until they succeed, instead of waiting in a push.
    try_push: bool,
    /// Consumers try until they succeed, instead of waiting in a pop.
    try_pop: bool,
}

/// What a consumer saw.
#[derive(Default)]
struct Seen {
    tags: Vec<Tag>,
    torn: u64,
}

impl Seen {
    fn add(&mut self, item: &impl Payload) {
        match item.read() {
            Some(tag) => self.tags.push(tag),
            None => self.torn += 1,
        }
    }
}

/// Pushes and pops that returned, from which follows how full the queue is at least.
#[derive(Default)]
struct Flow {
    pushed: AtomicU64,
    popped: AtomicU64,
    /// The most messages ever between a push that returned and a pop that had not.
    held: AtomicU64,
}

impl Flow {
    fn push(&self) {
        let pushed = self.pushed.fetch_add(1, SeqCst) + 1;
        self.held.fetch_max(pushed.saturating_sub(self.popped.load(SeqCst)), SeqCst);
    }

    fn pop(&self) {
        self.popped.fetch_add(1, SeqCst);
    }
}

impl Stream {
    fn run<Q: Queue, W: Wait, T: Payload>(
        self,
        make: impl Fn(Tag) -> T + Clone + Send + 'static,
    ) -> Result<Findings, Stuck> {
        let Stream { shape, messages, patience, try_push, try_pop } = self;
        let Endpoints { producers, consumers } = alone(patience, move || Q::open::<T>(shape))?;
        let wait = W::new();
        let flow = Arc::new(Flow::default());
        let seen: Vec<Arc<Mutex<Seen>>> = (0..shape.consumers).map(|_| Arc::default()).collect();
        let share = messages * shape.producers as u64 / shape.consumers as u64;

        let mut jobs: Vec<Job<Option<Q::Consumer<T>>>> = Vec::new();
        for (index, mut producer) in producers.into_iter().enumerate() {
            let (make, mut wait, flow) = (make.clone(), wait.clone(), flow.clone());
            jobs.push(Box::new(move || {
                let mut tempo = Tempo::new(index, messages, 1);
                let tags = (1..=messages).map(|sequence| Tag::new(index, sequence));
                for tag in tags.chain(std::iter::repeat_n(Tag::END, shape.consumers)) {
                    let mut item = make(tag);
                    if try_push {
                        while let Err(back) = producer.try_push(item) {
                            item = back;
                            thread::yield_now();
                        }
                        wait.pushed();
                    } else {
                        producer.push(item, &mut wait);
                    }
                    flow.push();
                    tempo.keep();
                }
                None
            }));
        }
        for (index, mut consumer) in consumers.into_iter().enumerate() {
            let (mut wait, flow, seen) = (wait.clone(), flow.clone(), seen[index].clone());
            jobs.push(Box::new(move || {
                let mut tempo = Tempo::new(shape.producers + index, share, 2);
                let mut ends = 0;
                while ends < shape.producers {
                    let item = if try_pop {
                        let item = loop {
                            match consumer.try_pop() {
                                Some(item) => break item,
                                None => thread::yield_now(),
                            }
                        };
                        wait.popped();
                        item
                    } else {
                        consumer.pop(&mut wait)
                    };
                    flow.pop();
                    if item.read() == Some(Tag::END) {
                        ends += 1;
                    } else {
                        lock(&seen).add(&item);
                    }
                    tempo.keep();
                }
                Some(consumer)
            }));
        }

        let mut findings = Findings::default();
        match together(patience, jobs) {
            Ok(handles) => {
                for (mut consumer, seen) in handles.into_iter().flatten().zip(&seen) {
                    while let Some(item) = consumer.try_pop() {
                        if item.read() == Some(Tag::END) {
                            findings.note(Fault::Duplicated, "the end of a stream");
                        } else {
                            findings.note(Fault::Reordered, "a message came out after its producer's end");
                            lock(seen).add(&item);
                        }
                    }
                }
                self.judge(&seen, true, &mut findings);
            }
            Err((fault, detail)) => {
                let (pushed, popped) = (flow.pushed.load(SeqCst), flow.popped.load(SeqCst));
                findings.note(fault, format!("{detail}; {pushed} pushes and {popped} pops had returned"));
                self.judge(&seen, false, &mut findings);
            }
        }
        if let Capacity::Bounded(messages) = shape.capacity
            && Q::ABOUT.exact
        {
            // A pop may have made its room and not have returned: one for each consumer.
            let (held, most) = (flow.held.load(SeqCst), (messages + shape.consumers) as u64);
            if held > most {
                findings.note(Fault::Capacity, format!("held {held} where {messages} were asked for"));
            }
        }
        Ok(findings)
    }

    /// Compares what the consumers saw with what was sent. What a stream that was cut short has lost, nobody
    /// can say.
    fn judge(&self, seen: &[Arc<Mutex<Seen>>], complete: bool, findings: &mut Findings) {
        // By producer and sequence number, of which there is no 0.
        let mut times = vec![vec![0_u32; self.messages as usize + 1]; self.shape.producers];
        for (consumer, seen) in seen.iter().enumerate() {
            let seen = lock(seen);
            let mut last = vec![0; self.shape.producers];
            for tag in &seen.tags {
                let (producer, sequence) = (tag.producer(), tag.sequence());
                if producer >= self.shape.producers || !(1..=self.messages).contains(&sequence) {
                    findings.note(Fault::Corrupted, format!("{tag:?} was never pushed"));
                    continue;
                }
                let times = &mut times[producer][sequence as usize];
                *times += 1;
                if *times > 1 {
                    findings.note(Fault::Duplicated, format!("message {sequence} of producer {producer}"));
                } else if sequence < last[producer] {
                    let last = last[producer];
                    let detail = format!("consumer {consumer} got {sequence} of producer {producer} after {last}");
                    findings.note(Fault::Reordered, detail);
                }
                last[producer] = last[producer].max(sequence);
            }
            if seen.torn > 0 {
                findings.note(Fault::Corrupted, format!("{} messages with words of others", seen.torn));
            }
        }
        let lost = times.iter().flat_map(|times| &times[1..]).filter(|times| **times == 0).count();
        if complete && lost > 0 {
            findings.note(Fault::Lost, format!("{lost} of {} messages", self.messages * self.shape.producers as u64));
        }
    }
}

/// Makes one side of a stream slow for a third of it and the other for another third, so that the queue runs
/// full, runs empty and swings between the two, and every endpoint sleeps and is woken.
struct Tempo {
    random: fastrand::Rng,
    done: u64,
    of: u64,
    slow_third: u64,
}

impl Tempo {
    fn new(endpoint: usize, of: u64, slow_third: u64) -> Self {
        Tempo { random: fastrand::Rng::with_seed(endpoint as u64), done: 0, of, slow_third }
    }

    fn keep(&mut self) {
        let third = self.done * 3 / self.of;
        self.done += 1;
        let sleeps = if third == self.slow_third { 12 } else { 200 };
        if self.random.u32(..sleeps) == 0 {
            thread::sleep(Duration::from_micros(20));
        } else if self.random.u32(..16) == 0 {
            thread::yield_now();
        }
    }
}

/// Long enough for every queue's waiters to be fast asleep.
const ASLEEP: Duration = Duration::from_millis(1);
const ROUNDS: u64 = 4;

/// Every consumer is asleep when as many messages as there are consumers are pushed at once, and none takes a
/// second one: each must be woken, though nothing more is ever pushed to make good for a wake-up that was lost.
fn wake_consumers<Q: Queue, W: Wait>(shape: Shape, patience: Duration) -> Result<Findings, Stuck> {
    let Endpoints { mut producers, consumers } = alone(patience, move || Q::open::<Words<1>>(shape))?;
    let (wait, gate) = (W::new(), Arc::new(Gate::default()));
    let mut jobs: Vec<Job<()>> = Vec::new();
    for mut consumer in consumers {
        let (mut wait, gate) = (wait.clone(), gate.clone());
        jobs.push(Box::new(move || {
            for round in 1..=ROUNDS {
                consumer.pop(&mut wait);
                gate.passed();
                gate.await_round(round);
            }
        }));
    }
    let (mut producer, mut wait, sleepers) = (producers.swap_remove(0), wait, shape.consumers as u64);
    jobs.push(Box::new(move || {
        for round in 1..=ROUNDS {
            thread::sleep(ASLEEP);
            for message in 1..=sleepers {
                producer.push(Words::write(Tag::new(0, message)), &mut wait);
            }
            gate.open(round, sleepers);
        }
    }));
    together(patience, jobs)?;
    Ok(Findings::default())
}

/// The mirror image: every producer is asleep in front of a full queue when as many messages are popped.
fn wake_producers<Q: Queue, W: Wait>(shape: Shape, patience: Duration) -> Result<Findings, Stuck> {
    let Endpoints { mut producers, mut consumers } = alone(patience, move || Q::open::<Words<1>>(shape))?;
    while producers[0].try_push(Words::write(Tag::new(0, 1))).is_ok() {}
    let (wait, gate) = (W::new(), Arc::new(Gate::default()));
    let (mut consumer, sleepers) = (consumers.swap_remove(0), shape.producers as u64);
    let mut jobs: Vec<Job<()>> = Vec::new();
    for (index, mut producer) in producers.into_iter().enumerate() {
        let (mut wait, gate) = (wait.clone(), gate.clone());
        jobs.push(Box::new(move || {
            for round in 1..=ROUNDS {
                producer.push(Words::write(Tag::new(index, round)), &mut wait);
                gate.passed();
                gate.await_round(round);
            }
        }));
    }
    let mut wait = wait;
    jobs.push(Box::new(move || {
        for round in 1..=ROUNDS {
            thread::sleep(ASLEEP);
            for _ in 0..sleepers {
                consumer.pop(&mut wait);
            }
            gate.open(round, sleepers);
        }
    }));
    together(patience, jobs)?;
    Ok(Findings::default())
}

/// Holds the sleepers of a round back until all of them have been woken.
#[derive(Default)]
struct Gate {
    passed: AtomicU64,
    round: AtomicU64,
}

impl Gate {
    fn passed(&self) {
        self.passed.fetch_add(1, SeqCst);
    }

    fn await_round(&self, round: u64) {
        while self.round.load(SeqCst) < round {
            thread::sleep(Duration::from_micros(50));
        }
    }

    fn open(&self, round: u64, sleepers: u64) {
        while self.passed.load(SeqCst) < round * sleepers {
            thread::sleep(Duration::from_micros(50));
        }
        self.round.store(round, SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// ---------------------------------------------------------------------------------------------------------
// Counting drops.

/// How many messages of a case were made and dropped. Never freed: a queue that drops a message too often must
/// find it alive.
#[derive(Default)]
struct Ledger {
    made: AtomicU64,
    dropped: AtomicU64,
}

impl Ledger {
    fn open() -> &'static Ledger {
        Box::leak(Box::default())
    }

    fn balance(&self, findings: &mut Findings) {
        let (made, dropped) = (self.made.load(SeqCst), self.dropped.load(SeqCst));
        if dropped < made {
            findings.note(Fault::Leaked, format!("{} of {made} messages were never dropped", made - dropped));
        } else if dropped > made {
            findings.note(Fault::DroppedTwice, format!("{dropped} drops of {made} messages"));
        }
    }
}

/// A message that is entered in a ledger; the defaults and the blanks that a queue makes for itself are not.
#[derive(Default)]
struct Counted {
    words: Words<2>,
    ledger: Option<&'static Ledger>,
}

impl Counted {
    fn new(tag: Tag, ledger: &'static Ledger) -> Self {
        ledger.made.fetch_add(1, SeqCst);
        Counted { words: Words::write(tag), ledger: Some(ledger) }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        if let Some(ledger) = self.ledger {
            ledger.made.fetch_add(1, SeqCst);
        }
        Counted { words: self.words.clone(), ledger: self.ledger }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(ledger) = self.ledger {
            ledger.dropped.fetch_add(1, SeqCst);
        }
    }
}

impl Payload for Counted {
    const BYTES: usize = Words::<2>::BYTES;

    fn write(tag: Tag) -> Self {
        Counted { words: Words::write(tag), ledger: None }
    }

    fn read(&self) -> Option<Tag> {
        self.words.read()
    }

    fn tag(&self) -> Tag {
        self.words.tag()
    }
}
