//! What the harness itself costs, and what the queues written here are worth: claims, each tested over pairs of
//! fresh processes run in turn.
//!
//! `cargo bench --bench harness -- [--pairs N] [FILTER]`; 400 pairs take about two minutes a claim.

use std::collections::VecDeque;
use std::hint::{black_box, spin_loop};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use queuebench::cmd;
use queuebench::filter::Filter;
use queuebench::harness::Harness;
use queuebench::queue::{Payload, Tag, Words};
use queuebench::registry::Registry;
use queuebench::scenario::{Scenario, WorkNs};
use queuebench::stats::{quantile, ratio, signed_rank};
use queuebench::topology::pin;
use queuebench::workload::Workload;
use queuebench::workload::check::{Check, Odd, expected};
use queuebench::workload::work::{Work, iterations};

const CAPACITY: usize = 1024;

/// One side of a claim.
#[derive(Clone, Copy)]
enum Arm {
    /// A queue in a block of the harness.
    Cell(&'static str),
    /// A loop of this file.
    ByHand(&'static str),
}

/// What is claimed of two arms at one scenario.
struct Claim {
    of: Arm,
    to: Arm,
    shape: (usize, usize),
    work: WorkNs,
    bound: Bound,
}

/// Reached when the whole interval lies on its right side.
#[derive(Clone, Copy)]
enum Bound {
    /// The rate of `of` over the rate of `to` is at least this.
    Rate(f64),
    /// `of` takes at most so many nanoseconds a message more than `to`.
    Extra(f64),
}

fn claims() -> Vec<Claim> {
    use Arm::{ByHand, Cell};
    let at = |producer, consumer| WorkNs { producer, consumer };
    let claim = |of, to, work, floor| Claim { of, to, shape: (1, 1), work, bound: Bound::Rate(floor) };
    let mut claims = vec![
        claim(Cell("crossbeam-queue/array+spin"), ByHand("array"), at(0, 0), 0.95),
        claim(Cell("std/mutex-deque"), ByHand("mutex-deque"), at(0, 0), 0.95),
        claim(Cell("flume/mpmc"), ByHand("flume"), at(0, 0), 0.95),
        // The same where the loops' own speed does not decide how hard they contend for its lock.
        claim(Cell("flume/mpmc"), ByHand("flume"), at(20, 20), 0.95),
        claim(Cell("crossbeam-channel/mpmc"), ByHand("crossbeam-channel"), at(0, 0), 0.95),
        claim(Cell("rtrb/spsc+spin"), ByHand("rtrb"), at(0, 20), 0.95),
        // The sampler: counters published every 64 messages, a look at them at every chunk's end. With work on one
        // side, because without it a nanosecond decides whether the queue runs full or empty.
        claim(ByHand("array-published"), ByHand("array"), at(0, 20), 0.98),
        claim(ByHand("array-published"), ByHand("array"), at(20, 0), 0.98),
        claim(Cell("limit/loop"), Cell("rtrb/spsc+spin"), at(0, 0), 2.0),
        claim(Cell("limit/loop"), Cell("ringbuf/spsc+spin"), at(0, 0), 2.0),
        // The check, and all else the harness does for a message.
        Claim { bound: Bound::Extra(1.5), ..claim(Cell("limit/loop"), ByHand("loop-unchecked"), at(0, 0), 0.0) },
        claim(Cell("intree/vyukov+yield"), Cell("crossbeam-queue/array+yield"), at(0, 0), 0.95),
        claim(Cell("intree/vyukov+spin"), Cell("crossbeam-queue/array+spin"), at(0, 0), 0.95),
    ];
    claims.push(Claim {
        shape: (2, 2),
        ..claim(Cell("intree/vyukov+yield"), Cell("crossbeam-queue/array+yield"), at(0, 0), 0.95)
    });
    for work in [at(0, 0), at(0, 20), at(20, 0)] {
        for (own, others) in [
            ("intree/spsc+spin", ["rtrb/spsc+spin", "ringbuf/spsc+spin"]),
            ("intree/spsc+yield", ["rtrb/spsc+yield", "ringbuf/spsc+yield"]),
        ] {
            claims.extend(others.map(|other| claim(Cell(own), Cell(other), work, 0.95)));
        }
    }
    claims
}

impl Arm {
    fn name(self) -> String {
        match self {
            Arm::Cell(queue) => queue.into(),
            Arm::ByHand(name) => format!("by-hand/{name}"),
        }
    }
}

impl Claim {
    fn name(&self) -> String {
        let (producers, consumers) = self.shape;
        format!("{} : {} at {producers}p{consumers}c work={}", self.of.name(), self.to.name(), self.work)
    }
}

fn main() -> ExitCode {
    if cmd::is_worker() {
        return cmd::main(&Registry::builtin());
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let done = match words.first().map(String::as_str) {
        Some("by-hand") => by_hand(&words[1..]),
        _ => test_claims(&words),
    };
    done.map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn test_claims(words: &[String]) -> anyhow::Result<()> {
    let pairs_at = words.iter().position(|word| word == "--pairs");
    let pairs = pairs_at.and_then(|at| words.get(at + 1)).map_or(Ok(400), |n| n.parse())?;
    let is_filter =
        |(at, word): &(usize, &String)| !word.starts_with('-') && pairs_at.is_none_or(|flag| *at != flag + 1);
    let filter = words.iter().enumerate().find(is_filter).map(|(_, word)| Filter::new(word)).transpose()?;
    let mut bench = Bench { harness: Harness::new()?, ready_ns: Vec::new() };
    let (cpu_before, start) = (parent_cpu(), Instant::now());
    println!("{:<70} {:>7}  {:<18} {:>10}  reached", "rate : rate", "ratio", "95 % interval", "bound");
    for claim in claims().iter().filter(|claim| filter.as_ref().is_none_or(|filter| filter.matches(&claim.name()))) {
        bench.test(claim, pairs)?;
    }
    let share = (parent_cpu() - cpu_before).as_secs_f64() / start.elapsed().as_secs_f64();
    println!("parent: {:.2} % of a cpu, spawning included; {} MiB at most", share * 100.0, peak_mib(false)?);
    println!("worker: {} MiB at most", peak_mib(true)?);
    let quantile = |q| quantile(&bench.ready_ns, q).unwrap_or(f64::NAN) / 1e6;
    println!("worker ready: median {:.2} ms, p95 {:.2} ms of {}", quantile(0.5), quantile(0.95), bench.ready_ns.len());
    Ok(())
}

fn parent_cpu() -> Duration {
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(cpu.tv_sec as u64, cpu.tv_nsec as u32)
}

fn peak_mib(children: bool) -> anyhow::Result<i64> {
    use nix::sys::resource::{UsageWho, getrusage};
    let who = if children { UsageWho::RUSAGE_CHILDREN } else { UsageWho::RUSAGE_SELF };
    Ok(getrusage(who)?.max_rss() / 1024)
}

struct Bench {
    harness: Harness,
    ready_ns: Vec<f64>,
}

impl Bench {
    /// Runs both arms in turn, the first of each pair drawn by lot, and prints what came of it.
    fn test(&mut self, claim: &Claim, pairs: usize) -> anyhow::Result<()> {
        let (producers, consumers) = claim.shape;
        let scenario = Scenario { producers, consumers, work: claim.work, ..self.harness.base(Workload::Stream) };
        let mut rng = fastrand::Rng::with_seed(pairs as u64);
        let (mut of, mut to) = (Vec::new(), Vec::new());
        for _ in 0..pairs {
            let swapped = rng.bool();
            let (first, second) = if swapped { (claim.to, claim.of) } else { (claim.of, claim.to) };
            let rates = (self.rate(scenario, first)?, self.rate(scenario, second)?);
            let (own, other) = if swapped { (rates.1, rates.0) } else { rates };
            of.push(own);
            to.push(other);
        }
        let too_few = || anyhow::anyhow!("{pairs} pairs are too few");
        let (estimate, interval, bound) = match claim.bound {
            Bound::Rate(floor) => {
                let ratio = ratio(&of, &to, 0.95).ok_or_else(too_few)?;
                (ratio.estimate, ratio.interval, format!(">= {floor:.2}"))
            }
            Bound::Extra(ns) => {
                let extra: Vec<f64> = of.iter().zip(&to).map(|(of, to)| 1e9 / of - 1e9 / to).collect();
                let extra = signed_rank(&extra, 0.95).ok_or_else(too_few)?;
                (extra.estimate, extra.interval, format!("<= {ns:.2} ns"))
            }
        };
        let interval = interval.ok_or_else(too_few)?;
        let is_reached = match claim.bound {
            Bound::Rate(floor) => interval.lower >= floor,
            Bound::Extra(ns) => interval.upper <= ns,
        };
        let interval = format!("[{:.3}, {:.3}]", interval.lower, interval.upper);
        let reached = if is_reached { "yes" } else { "NO" };
        println!("{:<70} {estimate:>7.3}  {interval:<18} {bound:>10}  {reached}", claim.name());
        let ns = |rates: &[f64]| 1e9 / quantile(rates, 0.5).unwrap_or(f64::NAN);
        println!("{:<70} {:.3} ns : {:.3} ns per message (medians)", "", ns(&of), ns(&to));
        Ok(())
    }

    fn rate(&mut self, scenario: Scenario, arm: Arm) -> anyhow::Result<f64> {
        match arm {
            Arm::Cell(queue) => {
                let (report, ready_ns) = self.harness.report(scenario, queue).map_err(anyhow::Error::msg)?;
                anyhow::ensure!(report.messages > 0, "{queue}: {} {:?}", report.outcome, report.detail);
                self.ready_ns.push(ready_ns as f64);
                Ok(report.messages as f64 * 1e9 / report.elapsed_ns as f64)
            }
            Arm::ByHand(name) => {
                let cpus = self.harness.cpus(&scenario).map_err(anyhow::Error::msg)?;
                let per_ns = self.harness.ns_per_work_iteration();
                let words = [cpus[0].unwrap_or(0), cpus[1].unwrap_or(0)].map(|cpu| cpu.to_string());
                let work =
                    [scenario.work.producer, scenario.work.consumer].map(|ns| iterations(ns, per_ns).to_string());
                let output =
                    Command::new(std::env::current_exe()?).args(["by-hand", name]).args(words).args(work).output()?;
                anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Ok(String::from_utf8(output.stdout)?.trim().parse()?)
            }
        }
    }
}

/// One loop in this process: `by-hand NAME CONSUMER_CPU PRODUCER_CPU PRODUCER_WORK CONSUMER_WORK`. Prints its rate.
fn by_hand(words: &[String]) -> anyhow::Result<()> {
    let number = |at: usize| words[at].parse::<u32>();
    let seats = Seats {
        consumer: number(1)? as usize,
        producer: number(2)? as usize,
        producer_work: number(3)?,
        consumer_work: number(4)?,
    };
    let rate = match words[0].as_str() {
        #[cfg(feature = "crossbeam-queue")]
        "array" => run::<false, _, _>(seats, array),
        #[cfg(feature = "crossbeam-queue")]
        "array-published" => run::<true, _, _>(seats, array),
        "mutex-deque" => run::<false, _, _>(seats, mutex_deque),
        #[cfg(feature = "flume")]
        "flume" => run::<false, _, _>(seats, || {
            let (sender, receiver) = flume::bounded(CAPACITY);
            (move |message| sender.send(message).unwrap(), move || receiver.recv().unwrap())
        }),
        #[cfg(feature = "crossbeam-channel")]
        "crossbeam-channel" => run::<false, _, _>(seats, || {
            let (sender, receiver) = crossbeam_channel::bounded(CAPACITY);
            (move |message| sender.send(message).unwrap(), move || receiver.recv().unwrap())
        }),
        #[cfg(feature = "rtrb")]
        "rtrb" => run::<false, _, _>(seats, rtrb),
        "loop-unchecked" => unchecked(seats),
        name => anyhow::bail!("no loop is called {name}, or its feature is off"),
    };
    println!("{rate}");
    Ok(())
}

#[derive(Clone, Copy)]
struct Seats {
    consumer: usize,
    producer: usize,
    producer_work: u32,
    consumer_work: u32,
}

#[cfg(feature = "crossbeam-queue")]
fn array() -> (impl FnMut(Message) + Send, impl FnMut() -> Message + Send) {
    let queue = Arc::new(crossbeam_queue::ArrayQueue::new(CAPACITY));
    let other = Arc::clone(&queue);
    let push = move |mut message| {
        while let Err(back) = queue.push(message) {
            message = back;
            spin_loop();
        }
    };
    let pop = move || loop {
        if let Some(message) = other.pop() {
            return message;
        }
        spin_loop();
    };
    (push, pop)
}

#[cfg(feature = "rtrb")]
fn rtrb() -> (impl FnMut(Message) + Send, impl FnMut() -> Message + Send) {
    let (mut producer, mut consumer) = rtrb::RingBuffer::new(CAPACITY);
    let push = move |mut message| {
        while let Err(rtrb::PushError::Full(back)) = producer.push(message) {
            message = back;
            spin_loop();
        }
    };
    let pop = move || loop {
        if let Ok(message) = consumer.pop() {
            return message;
        }
        spin_loop();
    };
    (push, pop)
}

fn mutex_deque() -> (impl FnMut(Message) + Send, impl FnMut() -> Message + Send) {
    type Shared = (CachePadded<Mutex<VecDeque<Message>>>, CachePadded<Condvar>, CachePadded<Condvar>);
    let deque = Mutex::new(VecDeque::with_capacity(CAPACITY));
    let shared: Arc<Shared> = Arc::new((CachePadded::new(deque), CachePadded::default(), CachePadded::default()));
    let other = Arc::clone(&shared);
    let push = move |message| {
        let (deque, not_empty, not_full) = &*shared;
        let mut items = deque.lock().unwrap();
        while items.len() == CAPACITY {
            items = not_full.wait(items).unwrap();
        }
        items.push_back(message);
        drop(items);
        not_empty.notify_one();
    };
    let pop = move || {
        let (deque, not_empty, not_full) = &*other;
        let mut items = deque.lock().unwrap();
        loop {
            if let Some(message) = items.pop_front() {
                drop(items);
                not_full.notify_one();
                return message;
            }
            items = not_empty.wait(items).unwrap();
        }
    };
    (push, pop)
}

/// What the harness sends at 8 bytes by value.
type Message = Words<1>;

/// Milliseconds of settling or window, drawn as the harness draws them.
fn length() -> Duration {
    Duration::from_secs_f64(0.0625 * (0.8 + 0.4 * fastrand::f64()))
}

/// One producer and one consumer with the harness's check and nothing else; messages per second.
fn run<const PUBLISH: bool, P, C>(seats: Seats, open: impl FnOnce() -> (P, C) + Send + 'static) -> f64
where
    P: FnMut(Message) + Send + 'static,
    C: FnMut() -> Message + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let counters: Arc<[CachePadded<AtomicU64>; 2]> = Arc::default();
    let own_counters = Arc::clone(&counters);
    let (hand_over, handed_over) = mpsc::channel::<P>();
    let consumer = thread::spawn(move || {
        pin(seats.consumer).expect("the cpu is ours");
        let (mut push, mut pop) = open();
        // A lap, as the harness runs one: a deque that has not grown yet is another queue.
        (0..CAPACITY).for_each(|_| push(Message::write(Tag::new(0, 0))));
        (0..CAPACITY).for_each(|_| drop(pop()));
        hand_over.send(push).unwrap_or_else(|_| panic!("the producer waits"));
        consume::<PUBLISH>(pop, &stopped, &own_counters, seats.consumer_work)
    });
    let producer = thread::spawn(move || {
        pin(seats.producer).expect("the cpu is ours");
        let mut push = handed_over.recv().expect("the consumer opens the queue");
        let mut work = Work::new(seats.producer_work);
        let mut sequence = 0;
        while !stop.load(Ordering::Relaxed) {
            for _ in 0..64 {
                sequence += 1;
                push(Message::write(Tag::new(0, sequence)));
                work.run();
            }
            if PUBLISH {
                counters[0].store(sequence, Ordering::Relaxed);
            }
        }
        push(Message::write(Tag::END));
        sequence
    });
    let (rate, check) = consumer.join().expect("the check holds");
    let sent = producer.join().expect("the producer ends");
    assert_eq!((check.count, check.sums), (sent, expected(0, sent)), "what was sent must arrive");
    rate
}

fn consume<const PUBLISH: bool>(
    mut pop: impl FnMut() -> Message,
    stop: &AtomicBool,
    counters: &[CachePadded<AtomicU64>; 2],
    work: u32,
) -> (f64, Check) {
    let (settle, window, origin) = (length(), length(), Instant::now());
    let mut work = Work::new(work);
    let mut check = Check::new(1);
    let (mut opened, mut rate, mut backlog) = (None, 0.0, 0);
    'stream: loop {
        for _ in 0..16 {
            let mut sums = check.sums;
            for taken in 0..64 {
                if let Err(odd) = check.accept(&pop(), &mut sums) {
                    assert_eq!(odd, Odd::Unknown(Tag::END), "order");
                    check.count += taken;
                    check.sums = sums;
                    break 'stream;
                }
                work.run();
            }
            check.count += 64;
            check.sums = sums;
            if PUBLISH {
                counters[1].store(check.count, Ordering::Relaxed);
            }
        }
        if PUBLISH {
            backlog =
                counters[0].load(Ordering::Relaxed).wrapping_sub(counters[1].load(Ordering::Relaxed)).max(backlog);
        }
        let now = origin.elapsed();
        match opened {
            None if now >= settle => opened = Some((now, check.count)),
            Some((since, before)) if rate == 0.0 && now - since >= window => {
                rate = (check.count - before) as f64 / (now - since).as_secs_f64();
                stop.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
    black_box(backlog);
    (rate, check)
}

/// The loop with neither queue nor check.
fn unchecked(seats: Seats) -> f64 {
    let body = move || {
        pin(seats.consumer).expect("the cpu is ours");
        let (origin, window) = (Instant::now(), length());
        let mut sequence = 0u64;
        while origin.elapsed() < window {
            for _ in 0..65_536 {
                sequence += 1;
                black_box(sequence);
            }
        }
        sequence as f64 / origin.elapsed().as_secs_f64()
    };
    thread::spawn(body).join().expect("the loop ends")
}
