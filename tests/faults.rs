//! Queues broken in one way each, registered as anybody's private queue would be and run through the command:
//! each must get its outcome, its figures must be void, and the rest of the run must be untouched.

use std::collections::VecDeque;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use queuebench::cmd;
use queuebench::protocol::Outcome;
use queuebench::queue::{About, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape, Wait};
use queuebench::record;
use queuebench::registry::Registry;

/// A sound deque behind one lock, with a hook where each fault bites.
struct Deque<T> {
    items: Mutex<VecDeque<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    bound: usize,
    pushes: AtomicU64,
    pops: AtomicU64,
}

/// What a broken queue does differently. `n` counts the operation from 1.
trait Fault: Send + Sync + 'static {
    const ID: &'static str;
    fn on_push<T: Payload>(_items: &mut VecDeque<T>, item: T, _n: u64) -> Option<T> {
        Some(item)
    }
    fn on_pop<T: Payload>(_items: &mut VecDeque<T>, item: T, _n: u64) -> T {
        item
    }
    fn notifies(_pushes: u64) -> bool {
        true
    }
}

/// The operation from which faults bite: after the queue's memory was touched, well inside the stream.
const BITES_AT: u64 = 4_000;

fn bites(n: u64) -> bool {
    n > BITES_AT && n.is_multiple_of(101)
}

macro_rules! fault {
    ($name:ident, $id:literal, $($body:tt)*) => {
        struct $name;
        impl Fault for $name {
            const ID: &'static str = $id;
            $($body)*
        }
    };
}

fault!(Sound, "broken/not-at-all",);
fault!(
    Loses,
    "broken/loses",
    fn on_push<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> Option<T> {
        (!bites(n)).then_some(item)
    }
);
fault!(
    LosesEarly,
    "broken/loses-early",
    fn on_push<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> Option<T> {
        (n != 5).then_some(item)
    }
);
fault!(
    Duplicates,
    "broken/duplicates",
    fn on_pop<T: Payload>(items: &mut VecDeque<T>, item: T, n: u64) -> T {
        if bites(n) {
            items.push_front(item.clone());
        }
        item
    }
);
fault!(
    Reorders,
    "broken/reorders",
    fn on_pop<T: Payload>(items: &mut VecDeque<T>, item: T, n: u64) -> T {
        match items.pop_front() {
            Some(next) if bites(n) => {
                items.push_front(item);
                next
            }
            Some(next) => {
                items.push_front(next);
                item
            }
            None => item,
        }
    }
);
fault!(
    Exchanges,
    "broken/loses-one-and-repeats-another",
    fn on_pop<T: Payload>(items: &mut VecDeque<T>, item: T, n: u64) -> T {
        if bites(n)
            && let Some(next) = items.front_mut()
        {
            *next = item.clone();
        }
        item
    }
);
fault!(
    Tears,
    "broken/tears",
    fn on_pop<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> T {
        if bites(n) { T::default() } else { item }
    }
);
fault!(
    Hangs,
    "broken/hangs",
    fn on_push<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> Option<T> {
        if n > BITES_AT {
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        Some(item)
    }
);
fault!(
    Livelocks,
    "broken/livelocks",
    fn on_pop<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> T {
        if n > BITES_AT {
            loop {
                std::hint::spin_loop();
            }
        }
        item
    }
);
fault!(
    Panics,
    "broken/panics",
    fn on_pop<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> T {
        assert!(n < BITES_AT, "index out of luck");
        item
    }
);
fault!(
    Aborts,
    "broken/aborts",
    fn on_push<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> Option<T> {
        if n > BITES_AT {
            std::process::abort();
        }
        Some(item)
    }
);
fault!(
    Exits,
    "broken/exits",
    fn on_push<T: Payload>(_: &mut VecDeque<T>, item: T, n: u64) -> Option<T> {
        if n > BITES_AT {
            std::process::exit(0);
        }
        Some(item)
    }
);
fault!(
    ForgetsToWake,
    "broken/forgets-to-wake",
    fn notifies(pushes: u64) -> bool {
        if pushes >= BITES_AT && pushes.is_multiple_of(64) {
            // Time for a consumer to run dry and fall asleep.
            std::thread::sleep(Duration::from_micros(300));
        }
        pushes < BITES_AT
    }
);

struct Broken<F>(std::marker::PhantomData<F>);
struct Handle<T, F>(Arc<Deque<T>>, std::marker::PhantomData<F>);

impl<T, F> Clone for Handle<T, F> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0), self.1)
    }
}

impl<F: Fault> Queue for Broken<F> {
    const ABOUT: About = About { id: F::ID, family: Family::MutexDeque, representative: true, ..About::MPMC };
    type Producer<T: Payload> = Handle<T, F>;
    type Consumer<T: Payload> = Handle<T, F>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Handle<T, F>, Handle<T, F>> {
        let deque = Deque {
            items: Mutex::default(),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            bound: shape.bound(),
            pushes: AtomicU64::new(0),
            pops: AtomicU64::new(0),
        };
        Endpoints::shared(Handle(Arc::new(deque), std::marker::PhantomData), shape)
    }
}

impl<T: Payload, F: Fault> Handle<T, F> {
    fn insert(&self, mut items: MutexGuard<VecDeque<T>>, item: T) {
        let n = self.0.pushes.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(item) = F::on_push(&mut items, item, n) {
            items.push_back(item);
        }
        drop(items);
        if F::notifies(n) {
            self.0.not_empty.notify_one();
        }
    }

    fn remove(&self, items: &mut VecDeque<T>) -> Option<T> {
        let item = items.pop_front()?;
        let n = self.0.pops.fetch_add(1, Ordering::Relaxed) + 1;
        let item = F::on_pop(items, item, n);
        self.0.not_full.notify_one();
        Some(item)
    }
}

impl<T: Payload, F: Fault> Producer<T> for Handle<T, F> {
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let items = self.0.items.lock().unwrap();
        if items.len() >= self.0.bound {
            return Err(item);
        }
        self.insert(items, item);
        Ok(())
    }

    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        let items = self.0.items.lock().unwrap();
        let items = self.0.not_full.wait_while(items, |items| items.len() >= self.0.bound).unwrap();
        self.insert(items, item);
    }
}

impl<T: Payload, F: Fault> Consumer<T> for Handle<T, F> {
    fn try_pop(&mut self) -> Option<T> {
        self.remove(&mut self.0.items.lock().unwrap())
    }

    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        let mut items = self.0.items.lock().unwrap();
        loop {
            if let Some(item) = self.remove(&mut items) {
                return item;
            }
            items = self.0.not_empty.wait(items).unwrap();
        }
    }
}

fn registry() -> Registry {
    Registry::builtin()
        .with_blocking::<Broken<Sound>>()
        .with_blocking::<Broken<Loses>>()
        .with_blocking::<Broken<LosesEarly>>()
        .with_blocking::<Broken<Duplicates>>()
        .with_blocking::<Broken<Reorders>>()
        .with_blocking::<Broken<Exchanges>>()
        .with_blocking::<Broken<Tears>>()
        .with_blocking::<Broken<Hangs>>()
        .with_blocking::<Broken<Livelocks>>()
        .with_blocking::<Broken<Panics>>()
        .with_blocking::<Broken<Aborts>>()
        .with_blocking::<Broken<Exits>>()
        .with_blocking::<Broken<ForgetsToWake>>()
}

/// Runs two rounds of a broken queue next to the reference, and reads what was recorded.
fn run(queue: &str, scenario: &str) -> Result<(Output, record::Results), Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("run.jsonl");
    let program = std::env::current_exe()?;
    let filter = format!("{queue}$");
    let words = ["run", "-q", &filter, "-s", scenario, "--suite", "standard", "--rounds", "2", "--deadline", "4", "-o"];
    let output = Command::new(program).args(words).arg(&file).output()?;
    Ok((output, record::read(&file)?))
}

const BASE: &str = "stream/1p1c/1024/8B/(same-l|cross|smt|same-cpu)";
const CROWD: &str = "stream/2p2c/1024/8B/";
const LARGE: &str = "stream/1p1c/1024/256B/";

fn ends_in(queue: &'static str, scenario: &'static str, outcome: Outcome, said: &'static str) -> Trial {
    let name = format!("{queue} in {scenario} ends {outcome}");
    Trial::test(name, move || {
        let started = Instant::now();
        let (output, results) = run(queue, scenario)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(3) {
            return Err(format!("exit {:?}\n{stderr}", output.status).into());
        }
        let own: Vec<_> = results.blocks.iter().filter(|block| block.queue == queue).collect();
        let first = own.first().ok_or("no block of it was recorded")?;
        let detail = first.report.detail.clone().unwrap_or_default();
        if first.report.outcome != outcome || !detail.contains(said) {
            return Err(format!("{}: {detail}", first.report.outcome).into());
        }
        if own.iter().any(|block| block.report.messages != 0) {
            return Err("a void block has figures".into());
        }
        let listed = results.skips.iter().any(|skip| skip.queue.as_deref() == Some(queue));
        if !listed {
            return Err("the blocks that were not run are not listed".into());
        }
        let others: Vec<_> = results.blocks.iter().filter(|block| block.queue != queue).collect();
        let untouched = others.iter().all(|block| block.report.outcome == Outcome::Ok);
        if others.len() < 2 || !untouched || results.end.is_none() {
            return Err("the rest of the run was touched".into());
        }
        let table = String::from_utf8_lossy(&output.stdout);
        if !table.contains(&outcome.to_string()) {
            return Err(format!("the table hides it:\n{table}").into());
        }
        if started.elapsed() > Duration::from_secs(60) {
            return Err("it took longer than its deadlines".into());
        }
        Ok(())
    })
}

fn sound_is_ok() -> Trial {
    Trial::test("the same deque unbroken ends ok", || {
        let (output, results) = run("broken/not-at-all", BASE)?;
        if !output.status.success() || results.blocks.iter().any(|block| block.report.outcome != Outcome::Ok) {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(())
    })
}

fn main() -> ExitCode {
    // This program is its own command: workers, and the runs the trials start.
    if matches!(std::env::args().nth(1).as_deref(), Some("worker" | "run")) {
        return cmd::main(&registry());
    }
    let trials = vec![
        sound_is_ok(),
        ends_in("broken/loses", BASE, Outcome::Lost, "came out"),
        ends_in("broken/loses", CROWD, Outcome::Lost, "came out"),
        ends_in("broken/loses-early", BASE, Outcome::Lost, "before the stream began"),
        ends_in("broken/duplicates", BASE, Outcome::Duplicated, "came out"),
        ends_in("broken/duplicates", CROWD, Outcome::Duplicated, "came out"),
        ends_in("broken/reorders", BASE, Outcome::Reordered, "after its message"),
        ends_in("broken/loses-one-and-repeats-another", BASE, Outcome::Duplicated, "some twice, some never"),
        ends_in("broken/tears", BASE, Outcome::Corrupted, "nobody had written"),
        ends_in("broken/tears", LARGE, Outcome::Corrupted, "do not belong together"),
        ends_in("broken/hangs", BASE, Outcome::Hung, "deadline"),
        ends_in("broken/livelocks", BASE, Outcome::Hung, "running"),
        ends_in("broken/forgets-to-wake", BASE, Outcome::Hung, ""),
        ends_in("broken/panics", BASE, Outcome::Crashed, "index out of luck"),
        ends_in("broken/aborts", BASE, Outcome::Crashed, "SIGABRT"),
        ends_in("broken/exits", BASE, Outcome::Crashed, "exited with 0"),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
