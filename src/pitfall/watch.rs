//! The watchdog: a form in a worker of its own, watched until it ends, is surely stuck, or its time is up.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::hang::{Heard, as_seen, who_waits_for_whom};
use super::proc::{Thread, Wait, threads};
use super::{Form, Pitfall, WORD};

/// Between two looks at the threads of a worker that is silent.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// So many looks in a row must be alike; more where the kernel does not show who sleeps for a time only.
const LOOKS: usize = 2;
const LOOKS_IN_THE_DARK: usize = 12;
/// Bytes that a worker may say.
const MOST_SAID: usize = 1 << 20;

/// How a form ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a right result, and these figures.
    Right(String),
    /// With a wrong one.
    Wrong(String),
    /// It was killed: all its threads slept, none of them had run between two looks, and nobody else could wake them.
    Hang {
        /// Who waits for whom.
        who: String,
        /// What `/proc` showed.
        seen: String,
    },
    /// Otherwise: how.
    Broke(String),
}

/// A form that was watched.
#[derive(Clone, Debug)]
pub struct Watched {
    /// How it ended.
    pub ending: Ending,
    /// From its start.
    pub took: Duration,
}

/// Starts workers, and watches them.
pub struct Watchdog<'a> {
    /// The program that is a worker when its first argument is [`WORD`].
    pub program: &'a str,
    /// Readable once the user wants to stop.
    pub interrupt: Option<BorrowedFd<'a>>,
    /// What a broken form may take in all; a hang is noticed long before. A corrected one may take five times as long:
    /// that it is slow on a busy machine says nothing.
    pub patience: Duration,
    /// Runs the corrected form as the broken one and the other way round, for tests: nothing is to be caught then.
    pub is_swapped: bool,
}

impl Watchdog<'_> {
    /// Runs one form; `None` when the user wants to stop. Nothing of it is left afterwards.
    ///
    /// # Errors
    ///
    /// When no worker can be started.
    pub fn watch(&self, pitfall: &Pitfall, form: Form) -> io::Result<Option<Watched>> {
        let (said, end) = io::pipe()?;
        let started = Instant::now();
        let child = Command::new(self.program)
            .args([WORD, pitfall.id, form.word()])
            .stdin(Stdio::null())
            .stdout(end.try_clone()?)
            .stderr(end)
            // Out of the terminal's reach: Ctrl-C is the parent's to answer.
            .process_group(0)
            .spawn()?;
        let time = self.patience * if form == Form::Broken { 1 } else { 5 };
        let mut worker = Worker { child, said, text: Vec::new(), talk: String::new(), heard: Heard::default() };
        let ending = worker.until_its_end(started + time, self.interrupt)?;
        drop(worker);
        Ok(ending.map(|ending| Watched { ending, took: started.elapsed() }))
    }
}

/// A running form. Dropped, it is killed with all it started, and buried.
struct Worker {
    child: Child,
    said: PipeReader,
    /// What it said that is no whole line yet.
    text: Vec<u8>,
    /// Lines that are none of ours, as of a panic.
    talk: String,
    heard: Heard,
}

impl Worker {
    fn until_its_end(&mut self, deadline: Instant, interrupt: Option<BorrowedFd<'_>>) -> io::Result<Option<Ending>> {
        let mut alike: Vec<Vec<Thread>> = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Some(Ending::Broke(self.out_of_time())));
            }
            match self.listen(left.min(LOOK_EVERY), interrupt)? {
                Noise::Interrupt => return Ok(None),
                Noise::End => return self.end(deadline).map(Some),
                Noise::Words => alike.clear(),
                Noise::Silence => {
                    let look = threads(&self.processes());
                    if alike.last().is_some_and(|last| *last != look) {
                        alike.clear();
                    }
                    alike.push(look);
                    if let Some(hang) = self.hang(&alike) {
                        return Ok(Some(hang));
                    }
                }
            }
        }
    }

    /// A hang, if these looks, which are alike, show one.
    fn hang(&self, alike: &[Vec<Thread>]) -> Option<Ending> {
        let threads = alike.last()?;
        let is_dark = threads.iter().any(|thread| thread.wait == Wait::Hidden);
        let is_stuck = !threads.is_empty() && threads.iter().all(Thread::sleeps_without_end);
        let enough = if is_dark { LOOKS_IN_THE_DARK } else { LOOKS };
        (is_stuck && alike.len() >= enough)
            .then(|| Ending::Hang { who: who_waits_for_whom(threads, &self.heard), seen: as_seen(threads) })
    }

    fn processes(&self) -> Vec<u32> {
        std::iter::once(self.child.id()).chain(self.heard.processes.iter().copied()).collect()
    }

    /// Waits for its next words, or until it has been silent for so long.
    fn listen(&mut self, time: Duration, interrupt: Option<BorrowedFd<'_>>) -> io::Result<Noise> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.said.as_fd(), PollFlags::IN)];
        fds.extend(interrupt.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: i64::from(time.subsec_nanos()) };
        match poll(&mut fds, Some(&time)) {
            Ok(0) => return Ok(Noise::Silence),
            Err(rustix::io::Errno::INTR) => return Ok(Noise::Words),
            Ok(_) => {}
            Err(why) => return Err(why.into()),
        }
        if fds.get(1).is_some_and(|interrupt| !interrupt.revents().is_empty()) {
            return Ok(Noise::Interrupt);
        }
        let mut buffer = [0; 4096];
        let bytes = match rustix::io::read(&self.said, &mut buffer) {
            Err(rustix::io::Errno::INTR) => return Ok(Noise::Words),
            read => read?,
        };
        self.text.extend_from_slice(&buffer[..bytes]);
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.text.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(said) => self.heard.hear(said),
                Err(_) => self.talk.push_str(&String::from_utf8_lossy(&line)),
            }
        }
        let has_no_end = self.text.len() + self.talk.len() > MOST_SAID;
        Ok(if bytes == 0 || has_no_end { Noise::End } else { Noise::Words })
    }

    /// How it ended that says no more.
    fn end(&mut self, deadline: Instant) -> io::Result<Ending> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() >= deadline {
                return Ok(Ending::Broke(self.out_of_time()));
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        Ok(match (status.success(), self.heard.finding.take()) {
            (true, Some(finding)) if finding.is_wrong => Ending::Wrong(finding.evidence),
            (true, Some(finding)) => Ending::Right(finding.evidence),
            _ => {
                let how = match (status.signal(), status.code()) {
                    (Some(signal), _) => format!("killed by signal {signal}"),
                    (None, code) => format!("exited with {} and no result", code.unwrap_or(-1)),
                };
                let talk: Vec<&str> =
                    self.talk.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect();
                Ending::Broke([&[how.as_str()], &talk[..]].concat().join(": "))
            }
        })
    }

    fn out_of_time(&self) -> String {
        let threads = threads(&self.processes());
        let asleep = threads.iter().filter(|thread| thread.stat.state == 'S').count();
        format!("its time was up, and it was not surely stuck: {asleep} of {} threads asleep", threads.len())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Before it is buried: until then nobody else has its number, nor that of its group.
        kill_process_group(Pid::from_child(&self.child), Signal::KILL).ok();
        self.child.wait().ok();
    }
}

/// What came of listening.
enum Noise {
    Words,
    Silence,
    End,
    Interrupt,
}
