//! A worker's process: started, spoken to, watched, and gone afterwards.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::protocol::{Answer, Command, Outcome};

/// Bytes of a worker's answer that are kept; more is no answer.
const LONGEST_ANSWER: usize = 1 << 20;
/// Bytes of a worker's stderr that are kept.
const MOST_STDERR: usize = 4 << 10;

/// Why a conversation ended without a report.
pub(super) enum Stop {
    /// The user wants to stop.
    Interrupted,
    /// It ended like this, with what is to be said of it.
    Outcome(Outcome, String),
}

/// A running worker, in a process group of its own.
pub(super) struct Worker<'a> {
    child: Child,
    deadline: Instant,
    interrupt: Option<BorrowedFd<'a>>,
    answers: Vec<u8>,
    answers_open: bool,
    stderr: Vec<u8>,
    stderr_open: bool,
}

impl<'a> Worker<'a> {
    pub(super) fn start(
        command: &[String],
        deadline: Instant,
        interrupt: Option<BorrowedFd<'a>>,
    ) -> std::io::Result<Self> {
        let child = std::process::Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Out of the terminal's reach: Ctrl-C is the parent's to answer.
            .process_group(0)
            .spawn()?;
        Ok(Worker {
            child,
            deadline,
            interrupt,
            answers: Vec::new(),
            answers_open: true,
            stderr: Vec::new(),
            stderr_open: true,
        })
    }

    pub(super) fn say(&mut self, command: &Command) {
        self.say_line(&serde_json::to_string(command).expect("commands are plain data"));
    }

    /// Says what need not be a command.
    pub(super) fn say_line(&mut self, line: &str) {
        // A worker that is gone is noticed where its answer is waited for.
        if let Some(stdin) = self.child.stdin.as_mut() {
            stdin.write_all(format!("{line}\n").as_bytes()).ok();
        }
    }

    /// Says no more: the worker's stdin ends.
    pub(super) fn hang_up(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Gives it so long from now for what comes next.
    pub(super) fn allow(&mut self, time: Duration) {
        self.deadline = Instant::now() + time;
    }

    /// Sleeps until the worker's next line, its death, its deadline or the user's interrupt.
    pub(super) fn answer(&mut self) -> Result<Answer, Stop> {
        loop {
            if let Some(end) = self.answers.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.answers.drain(..=end).collect();
                return serde_json::from_slice(&line).map_err(|_| {
                    let said = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
                    Stop::Outcome(Outcome::Crashed, format!("the worker said what is no answer: {}", said.trim_end()))
                });
            }
            if self.answers.len() > LONGEST_ANSWER {
                return Err(Stop::Outcome(Outcome::Crashed, "the worker's answer has no end".into()));
            }
            if !self.answers_open {
                return Err(self.death());
            }
            let left = self.left();
            if left.is_zero() {
                return Err(Stop::Outcome(Outcome::Hung, self.describe_hang()));
            }
            self.wait_for_input(left)?;
        }
    }

    /// Leaves it alone for a while, which it need not answer for.
    pub(super) fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        let since = Instant::now();
        let paused = self.wait_for_input(time).map(|_| ());
        self.deadline += since.elapsed();
        paused
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Reads what there is; false when there was nothing within `timeout`.
    fn wait_for_input(&mut self, timeout: Duration) -> Result<bool, Stop> {
        let stdout = self.child.stdout.as_ref().expect("piped").as_fd();
        let stderr = self.child.stderr.as_ref().expect("piped").as_fd();
        let open = [(stdout, self.answers_open), (stderr, self.stderr_open)].into_iter().filter(|(_, open)| *open);
        let interrupt = self.interrupt.iter().copied();
        let mut fds: Vec<PollFd<'_>> =
            interrupt.chain(open.map(|(fd, _)| fd)).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        if poll(&mut fds, Some(&timeout)).is_err() {
            return Ok(false);
        }
        let mut readable = fds.iter().map(|fd| !fd.revents().is_empty());
        if self.interrupt.is_some() && readable.next() == Some(true) {
            return Err(Stop::Interrupted);
        }
        let answers_readable = self.answers_open && readable.next() == Some(true);
        let stderr_readable = self.stderr_open && readable.next() == Some(true);
        if answers_readable {
            self.answers_open = read_some(stdout, &mut self.answers);
        }
        if stderr_readable {
            // All of it is read, or the worker would wait for room in the pipe; the first of it is kept.
            self.stderr_open = read_some(stderr, &mut self.stderr);
            self.stderr.truncate(MOST_STDERR);
        }
        Ok(answers_readable || stderr_readable)
    }

    /// How the worker ended that has closed its stdout, or that it stays until its deadline.
    fn death(&mut self) -> Stop {
        let status = loop {
            match self.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => break Ok(status),
                Err(why) => break Err(why),
            }
            let left = self.left();
            if left.is_zero() {
                let detail = format!("it closed its stdout without an answer; {}", self.describe_hang());
                return Stop::Outcome(Outcome::Hung, detail);
            }
            if let Err(stop) = self.wait_for_input(left.min(Duration::from_millis(1))) {
                return stop;
            }
        };
        // What it said last; a child it left behind may hold the pipe open, so its end is not waited for.
        while self.stderr.len() < MOST_STDERR && matches!(self.wait_for_input(Duration::ZERO), Ok(true)) {}
        let how = match status.map(|status| (status.signal(), status.code())) {
            Ok((Some(signal), _)) => match signal_hook::low_level::signal_name(signal) {
                Some(name) => format!("killed by {name}"),
                None => format!("killed by signal {signal}"),
            },
            Ok((_, code)) => format!("exited with {}", code.unwrap_or(-1)),
            Err(why) => format!("is gone: {why}"),
        };
        let stderr = String::from_utf8_lossy(&self.stderr);
        let said: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect();
        let detail = if said.is_empty() { how } else { format!("{how}: {}", said.join(" ")) };
        Stop::Outcome(Outcome::Crashed, detail)
    }

    /// Waits until the worker has ended, which it is to do by itself; the code it exited with.
    pub(super) fn exit(&mut self) -> Result<i32, Stop> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            // It is left to be reaped: until then nobody else has its number, nor that of its group.
            let gone = |why: rustix::io::Errno| Stop::Outcome(Outcome::Crashed, format!("is gone: {why}"));
            if self.answers.len() > LONGEST_ANSWER {
                return Err(Stop::Outcome(Outcome::Crashed, "its talk has no end".into()));
            }
            if let Some(status) = waitid(WaitId::Pid(self.pid()), options).map_err(gone)? {
                // A child it left behind may go on talking, so the end of that is not waited for.
                while self.answers.len() <= LONGEST_ANSWER && matches!(self.wait_for_input(Duration::ZERO), Ok(true)) {}
                let by_signal = || Stop::Outcome(Outcome::Crashed, "it was killed by a signal".into());
                return status.exit_status().ok_or_else(by_signal);
            }
            let left = self.left();
            if left.is_zero() {
                return Err(Stop::Outcome(Outcome::Hung, "it is still there".into()));
            }
            self.wait_for_input(left.min(Duration::from_millis(1)))?;
        }
    }

    /// What it said on stdout that nobody has waited for.
    pub(super) fn unheard(&self) -> &[u8] {
        &self.answers
    }

    /// The processes of its group that are alive, by their ids.
    pub(super) fn group(&self) -> Vec<u32> {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
        ids.filter(|id| group_if_alive(*id) == Some(self.child.id())).collect()
    }

    /// Cpus that a thread of its group may run on alone.
    pub(super) fn pinned(&self) -> Vec<usize> {
        let tasks = |process: u32| std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let tasks = self.group().into_iter().flat_map(tasks);
        let statuses = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok());
        let allowed = |status: String| {
            let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
            // A list of several is no number.
            list.trim().parse().ok()
        };
        statuses.filter_map(allowed).collect()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// What its threads were doing when time ran out.
    fn describe_hang(&self) -> String {
        let states = thread_states(self.child.id());
        let running = states.iter().filter(|state| **state == 'R').count();
        let doing = match (running, states.len()) {
            (_, 0) => "its threads could not be seen".to_owned(),
            (0, threads) => format!("all {threads} threads asleep"),
            (running, threads) => format!("{running} of {threads} threads running"),
        };
        format!("no answer within the deadline; {doing}")
    }

    /// Ends the worker and all it started.
    pub(super) fn dismiss(mut self) {
        self.say(&Command::Bye);
        self.hang_up();
        // A worker that has answered has nothing left to lose, and one that has not must go anyway.
        kill_process_group(self.pid(), Signal::KILL).ok();
        self.child.wait().ok();
    }
}

/// Appends what can be read at once; false at the end of the stream.
fn read_some(fd: BorrowedFd<'_>, into: &mut Vec<u8>) -> bool {
    // As much as a pipe holds: what is read is looked through again for the end of the line.
    let mut buffer = [0; 65536];
    match rustix::io::read(fd, &mut buffer) {
        Ok(0) => false,
        Ok(bytes) => {
            into.extend_from_slice(&buffer[..bytes]);
            true
        }
        Err(rustix::io::Errno::INTR) => true,
        Err(_) => false,
    }
}

/// The group of a process that is there and is no corpse.
fn group_if_alive(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent, group.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace();
    let is_alive = !matches!(fields.next()?, "Z" | "X");
    fields.nth(1)?.parse().ok().filter(|_| is_alive)
}

/// The state letters of a process's threads, from `/proc/PID/task/*/stat`.
fn thread_states(pid: u32) -> Vec<char> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let state = |stat: String| stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok().and_then(state)).collect()
}
