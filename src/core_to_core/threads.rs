//! A pinned thread on each cpu, two of which hand a line to and fro while the others sleep.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::Pair;
use crate::topology::pin;
use crate::worker::probe::Probe;

/// A follower that another program keeps from its cpu for longer is not waited for.
const ARRIVAL: Duration = Duration::from_millis(200);

/// Threads that wait for their turn. They end when this is dropped.
pub struct PinnedThreads(BTreeMap<usize, Result<PinnedThread, String>>);

struct PinnedThread {
    parts: Sender<Part>,
    lines: Arc<Lines>,
}

/// The lines a thread leads with. It touches them first, so they lie in the memory next to its cpu.
struct Lines {
    /// For a first, untimed exchange: it brings both cpus out of their sleep.
    settling: Probe,
    /// One for each repetition: on some machines a line's address decides which part of a cache looks after it, and how far
    /// away that is.
    timed: Vec<OnAPage>,
}

/// On a page of its own.
#[derive(Default)]
#[repr(align(4096))]
struct OnAPage(Probe);

/// What a thread is to do.
enum Part {
    Lead { lines: Arc<Lines>, repetition: usize, follower: Receiver<()>, round_trip: Sender<Option<u64>> },
    Follow { lines: Arc<Lines>, repetition: usize, leader: Sender<()>, ended: Sender<Option<u64>> },
}

impl PinnedThreads {
    /// Starts a thread on each cpu of these pairs. What keeps one from its cpu is said of each of its pairs later.
    pub fn start(pairs: &[Pair], repetitions: u32) -> PinnedThreads {
        let cpus: BTreeSet<usize> = pairs.iter().map(|pair| pair.from).collect();
        PinnedThreads(cpus.into_iter().map(|cpu| (cpu, PinnedThread::start(cpu, repetitions))).collect())
    }

    /// Nanoseconds a line takes from one cpu of the pair to the other and back. The calling thread sleeps meanwhile.
    ///
    /// # Errors
    ///
    /// Says why that is not known.
    pub fn round_trip(&self, pair: Pair, repetition: u32) -> Result<u64, String> {
        let (leader, follower) = (self.on(pair.from)?, self.on(pair.to)?);
        let repetition = repetition as usize;
        let OnAPage(line) = leader.lines.timed.get(repetition).ok_or("there is no line for that repetition")?;
        // Both ends of what was measured before have let go of them.
        line.reset();
        leader.lines.settling.reset();
        let (result, results) = channel();
        let (arrival, arrived) = channel();
        let lines = || Arc::clone(&leader.lines);
        let ended = result.clone();
        let following = follower.parts.send(Part::Follow { lines: lines(), repetition, leader: arrival, ended });
        let leading =
            leader.parts.send(Part::Lead { lines: lines(), repetition, follower: arrived, round_trip: result });
        if following.is_err() || leading.is_err() {
            return Err("a thread died".into());
        }
        // It ends when both have dropped their side.
        results.iter().flatten().last().ok_or_else(|| format!("cpu {} did not answer in time", pair.to))
    }

    fn on(&self, cpu: usize) -> Result<&PinnedThread, String> {
        self.0.get(&cpu).ok_or_else(|| format!("no thread is on cpu {cpu}"))?.as_ref().map_err(String::clone)
    }
}

impl PinnedThread {
    fn start(cpu: usize, repetitions: u32) -> Result<PinnedThread, String> {
        let (parts, to_do) = channel();
        let (ready, is_ready) = channel();
        let body = move || {
            let lines = pin(cpu).map(|()| Arc::new(Lines::new(repetitions)));
            let is_pinned = lines.is_ok();
            ready.send(lines).ok();
            if is_pinned {
                to_do.into_iter().for_each(Part::play);
            }
        };
        let started = std::thread::Builder::new().name(format!("cpu-{cpu}")).spawn(body);
        started.map_err(|why| format!("cannot start a thread for cpu {cpu}: {why}"))?;
        let lines = is_ready.recv().map_err(|_| format!("the thread for cpu {cpu} died"))??;
        Ok(PinnedThread { parts, lines })
    }
}

impl Lines {
    fn new(repetitions: u32) -> Lines {
        Lines { settling: Probe::default(), timed: (0..repetitions).map(|_| OnAPage::default()).collect() }
    }
}

impl Part {
    fn play(self) {
        match self {
            Part::Lead { lines, repetition, follower, round_trip } => {
                // One that has not come by then finds out that all is over.
                follower.recv_timeout(ARRIVAL).ok();
                lines.settling.lead();
                round_trip.send(lines.timed[repetition].0.lead()).ok();
            }
            Part::Follow { lines, repetition, leader, ended } => {
                leader.send(()).ok();
                lines.settling.follow();
                lines.timed[repetition].0.follow();
                drop(ended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core_to_core::choose;
    use crate::topology::{Topology, own_mask};

    #[test]
    fn a_line_goes_both_ways_or_it_is_said_why_not() {
        let topology = Topology::read("/".as_ref(), Some(&own_mask()));
        let pairs: Vec<Pair> = choose(&topology, 1).pairs.into_iter().take(4).collect();
        let threads = PinnedThreads::start(&pairs, 2);
        for repetition in [0, 1, 0] {
            for pair in &pairs {
                match threads.round_trip(*pair, repetition) {
                    Ok(ns) => assert!(ns > 0),
                    Err(why) => assert!(why.contains("in time"), "{why}"),
                }
            }
        }
    }

    #[test]
    fn a_cpu_that_is_not_there_is_named() {
        let missing = usize::MAX;
        let pair = |from, to| Pair { from, to, class: crate::topology::Placement::SameL3 };
        let pairs = [pair(missing, missing - 1), pair(missing - 1, missing)];
        let why = PinnedThreads::start(&pairs, 1).round_trip(pairs[0], 0).unwrap_err();
        assert!(why.contains(&format!("cpu {missing}")), "{why}");
    }
}
