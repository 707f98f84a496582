//! The threads of a slice: spawned, pinned, holding their loops, waiting for the word.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::scenario::Scenario;
use crate::workload::slice::{Lengths, Slice, Tally};
use crate::workload::{Loop, Opened};

/// Threads that wait for their slice.
pub struct Crew {
    /// See [`Opened::capacity`].
    pub capacity: Option<u64>,
    /// See [`Opened::missing`].
    pub missing: u64,
    threads: Vec<Member>,
}

struct Member {
    start: Sender<Arc<Slice>>,
    handle: JoinHandle<Tally>,
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
        Ok(Crew { capacity: opened.capacity, missing: opened.missing, threads })
    }

    /// Runs one slice to its end.
    pub fn run(self, lengths: Lengths, scenario: Scenario) -> (Arc<Slice>, Vec<Tally>) {
        let slice = Arc::new(Slice::new(lengths, scenario.producers, scenario.consumers));
        for member in &self.threads {
            member.start.send(Arc::clone(&slice)).expect("the thread waits for its slice");
        }
        let tallies = self.threads.into_iter().map(|member| member.handle.join().expect("a panic ends the process"));
        (slice.clone(), tallies.collect())
    }
}

/// A thread that is pinned, or failed to be, and waits for its loop.
struct Recruit {
    equip: Sender<Loop>,
    pinned: Receiver<Result<(), String>>,
    start: Sender<Arc<Slice>>,
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
        let (start, started) = channel::<Arc<Slice>>();
        let (pin_result, pinned) = channel();
        let body = move || {
            let result = cpu.map_or(Ok(()), pin);
            if let Some((open, first_word)) = opener {
                first_word.send(result.clone().map(|()| open())).ok();
            }
            pin_result.send(result).ok();
            let own_loop = equipped.recv().ok()?;
            let slice = started.recv().ok()?;
            Some(own_loop(&slice))
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
        Ok(Recruit { equip, pinned, start, handle })
    }

    fn equip(self, own_loop: Loop) -> Result<Member, String> {
        self.pinned.recv().map_err(|_| "a thread died before it was pinned".to_owned())??;
        self.equip.send(own_loop).map_err(|_| "a thread died before it got its loop".to_owned())?;
        Ok(Member { start: self.start, handle: self.handle })
    }
}
