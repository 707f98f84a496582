//! The threads of a slice: spawned, pinned, holding their loops, waiting for the word.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::probe::Probe;
use crate::scenario::Scenario;
use crate::workload::slice::{Lengths, Slice, Tally};
use crate::workload::{Lap, Loop, Opened};

/// Threads that wait for their slice.
pub struct Crew {
    /// See [`Opened::lap`].
    pub lap: Lap,
    /// Whether the first and the last thread have cpus of their own.
    has_two_cpus: bool,
    threads: Vec<Member>,
}

struct Member {
    word: Sender<Word>,
    handle: JoinHandle<Tally>,
}

/// What a thread that has its loop is told.
enum Word {
    /// Take part in a probe, as its leader with somebody to tell what came of it, or not.
    Probe(Arc<Probe>, Option<Sender<Option<u64>>>),
    /// Run the slice.
    Start(Arc<Slice>),
}

/// What the first thread has to say once it has opened the queue.
type FirstWord = Result<Opened, String>;

impl Crew {
    /// Spawns a thread for each of `cpus`; each pins itself, the first opens the queue. The calling thread is
    /// neither pinned nor needed while the slice runs.
    ///
    /// # Errors
    ///
    /// When a thread cannot be spawned or a pin does not take.
    pub fn assemble(
        cpus: &[Option<usize>],
        open: impl FnOnce() -> Opened + Send + 'static,
        pin: fn(usize) -> Result<(), String>,
    ) -> Result<Crew, String> {
        let (first_word, opened) = channel::<FirstWord>();
        let mut open = Some(open);
        let mut spawned = Vec::new();
        for (index, cpu) in cpus.iter().copied().enumerate() {
            let opener = open.take().map(|open| (open, first_word.clone()));
            spawned.push(Recruit::spawn(index, cpu, opener, pin)?);
        }
        drop(first_word);
        let opened = opened.recv().map_err(|_| "the thread that opens the queue died".to_owned())??;
        let mut threads = Vec::new();
        for (recruit, own_loop) in spawned.into_iter().zip(opened.loops) {
            threads.push(recruit.equip(own_loop)?);
        }
        Ok(Crew { lap: opened.lap, has_two_cpus: has_two_cpus(cpus), threads })
    }

    /// What a cache line takes now from the first thread to the last and back, in nanoseconds; `None` where they do not
    /// have a cpu each.
    pub fn probe(&self) -> Option<u64> {
        let [leader, .., follower] = &self.threads[..] else { return None };
        if !self.has_two_cpus {
            return None;
        }
        let (result, line_ns) = channel();
        let probe = Arc::new(Probe::default());
        follower.word.send(Word::Probe(Arc::clone(&probe), None)).expect("the thread waits for its word");
        leader.word.send(Word::Probe(probe, Some(result))).expect("the thread waits for its word");
        line_ns.recv().ok().flatten()
    }

    /// Runs one slice to its end.
    pub fn run(self, lengths: Lengths, scenario: Scenario) -> (Arc<Slice>, Vec<Tally>) {
        let slice = Arc::new(Slice::new(lengths, scenario.producers, scenario.consumers));
        for member in &self.threads {
            member.word.send(Word::Start(Arc::clone(&slice))).expect("the thread waits for its word");
        }
        let tallies = self.threads.into_iter().map(|member| member.handle.join().expect("a panic ends the process"));
        let tallies = tallies.collect();
        (slice, tallies)
    }
}

/// Whether the first and the last thread are pinned to different cpus.
pub(super) fn has_two_cpus(cpus: &[Option<usize>]) -> bool {
    matches!((cpus.first(), cpus.last()), (Some(Some(first)), Some(Some(last))) if first != last)
}

/// A thread that is pinned, or failed to be, and waits for its loop.
struct Recruit {
    equip: Sender<Loop>,
    pinned: Receiver<Result<(), String>>,
    word: Sender<Word>,
    handle: JoinHandle<Tally>,
}

impl Recruit {
    fn spawn<F: FnOnce() -> Opened + Send + 'static>(
        index: usize,
        cpu: Option<usize>,
        opener: Option<(F, Sender<FirstWord>)>,
        pin: fn(usize) -> Result<(), String>,
    ) -> Result<Recruit, String> {
        let (equip, equipped) = channel::<Loop>();
        let (word, words) = channel::<Word>();
        let (pin_result, pinned) = channel();
        let body = move || {
            let result = cpu.map_or(Ok(()), pin);
            if let Some((open, first_word)) = opener {
                first_word.send(result.clone().map(|()| open())).ok();
            }
            pin_result.send(result).ok();
            let own_loop = equipped.recv().ok()?;
            loop {
                match words.recv().ok()? {
                    Word::Probe(probe, Some(result)) => drop(result.send(probe.lead())),
                    Word::Probe(probe, None) => probe.follow(),
                    Word::Start(slice) => return Some(own_loop(&slice)),
                }
            }
        };
        let handle = std::thread::Builder::new()
            .name(format!("endpoint-{index}"))
            .spawn(move || {
                body().unwrap_or_else(|| {
                    // A crew that is given up: nobody joins it, and the process ends when it has said why.
                    loop {
                        std::thread::park();
                    }
                })
            })
            .map_err(|error| format!("cannot start thread {index}: {error}"))?;
        Ok(Recruit { equip, pinned, word, handle })
    }

    fn equip(self, own_loop: Loop) -> Result<Member, String> {
        self.pinned.recv().map_err(|_| "a thread died before it was pinned".to_owned())??;
        self.equip.send(own_loop).map_err(|_| "a thread died before it got its loop".to_owned())?;
        Ok(Member { word: self.word, handle: self.handle })
    }
}
