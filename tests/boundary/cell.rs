//! A cell process, spoken to as its parent does.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use queuebench::protocol::{Answer, Command, Outcome, Prepare, Report};
use queuebench::scenario::Scenario;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::proc::{assert_gone, children, send, within};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_queuebench");

/// Longer than anything takes that ends, on however busy a machine.
pub const LONG: Duration = Duration::from_secs(60);
/// Within this something has happened that happens at once.
pub const SOON: Duration = Duration::from_secs(2);

/// A running cell process.
pub struct Cell {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Its folder for temporary files, which also marks it and all it starts, and what it says on stderr.
    folder: TempDir,
    /// What lay about before.
    before: BTreeSet<PathBuf>,
}

/// A process that holds an end, or both.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub pid: i32,
    /// As reports call it.
    pub name: String,
}

/// Names that processes could leave behind.
fn names() -> BTreeSet<PathBuf> {
    let folders = ["/dev/shm", "/dev/mqueue"].map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    folders.into_iter().flatten().map(|entry| entry.path()).collect()
}

impl Cell {
    pub fn start() -> Cell {
        Cell::started(|_| {})
    }

    /// One that is started a little differently.
    pub fn started(differently: impl FnOnce(&mut std::process::Command)) -> Cell {
        let folder = tempfile::tempdir().unwrap();
        let temporary = folder.path().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let mut command = std::process::Command::new(PROGRAM);
        command.arg("worker").env("TMPDIR", temporary).env("RUST_BACKTRACE", "0").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(folder.path().join("stderr")).unwrap());
        differently(&mut command);
        let before = names();
        let mut child = command.spawn().unwrap();
        let (sender, answers) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut cell = Cell { stdin: child.stdin.take(), child, answers, folder, before };
        assert!(matches!(cell.answer(LONG), Some(Answer::Hello { .. })), "{}", cell.stderr());
        cell
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// What it and its endpoints have said on stderr.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    pub fn say(&mut self, command: &impl serde::Serialize) {
        let line = serde_json::to_string(command).unwrap();
        // One that is gone is noticed where its answer is waited for.
        writeln!(self.stdin.as_mut().unwrap(), "{line}").ok();
    }

    /// Its next answer, if there is one in time.
    #[track_caller]
    pub fn answer(&mut self, time: Duration) -> Option<Answer> {
        match self.answers.recv_timeout(time) {
            Ok(line) => Some(serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the cell is gone: {}", self.stderr()),
        }
    }

    pub fn ask(&mut self, queue: &str, scenario: &str) {
        let scenario: Scenario = scenario.parse().unwrap();
        let cpus = vec![None; scenario.threads()];
        self.say(&Command::Prepare(Prepare::new(queue, &scenario, cpus, [0, 0])));
    }

    /// Asks for what no scenario is.
    pub fn ask_nonsense(&mut self, queue: &str, scenario: &str) {
        let sound = "stream/1p1c/1024/8B/processes/free".parse().unwrap();
        let prepare = Command::Prepare(Prepare::new(queue, &sound, vec![None, None], [0, 0]));
        let mut prepare = serde_json::to_value(prepare).unwrap();
        prepare["scenario"] = Value::from(scenario);
        self.say(&prepare);
    }

    /// The capacity that was found, or the report there was instead.
    #[track_caller]
    pub fn ready(&mut self) -> Result<Option<u64>, Box<Report>> {
        match self.answer(LONG) {
            Some(Answer::Ready { capacity, .. }) => Ok(capacity),
            Some(Answer::Report(report)) => Err(report),
            other => panic!("{other:?} instead of ready: {}", self.stderr()),
        }
    }

    /// Lets the queue be opened, and returns the capacity that was found.
    #[track_caller]
    pub fn prepare(&mut self, queue: &str, scenario: &str) -> Option<u64> {
        self.ask(queue, scenario);
        self.ready().unwrap_or_else(|report| panic!("{queue} in {scenario}: {report:?}"))
    }

    /// Why the queue was not opened.
    #[track_caller]
    pub fn refusal(&mut self, queue: &str, scenario: &str) -> String {
        self.ask(queue, scenario);
        self.refused()
    }

    #[track_caller]
    pub fn refused(&mut self) -> String {
        let report = self.ready().expect_err("it was not refused");
        assert_eq!(report.outcome, Outcome::Refused, "{report:?}");
        report.detail.unwrap_or_default()
    }

    pub fn slice(&mut self, settle_ms: u64, window_ms: u64) {
        let ns = |ms: u64| ms * 1_000_000;
        self.say(&Command::Slice { settle_ns: ns(settle_ms), window_ns: ns(window_ms), traced: false });
    }

    /// Its report, if there is one in time.
    #[track_caller]
    pub fn report(&mut self, time: Duration) -> Option<Report> {
        self.answer(time).map(|answer| match answer {
            Answer::Report(report) => *report,
            other => panic!("{other:?} instead of a report"),
        })
    }

    /// Its endpoints in this scenario, as soon as all are there.
    #[track_caller]
    pub fn endpoints(&self, scenario: &str) -> Vec<Endpoint> {
        let scenario: Scenario = scenario.parse().unwrap();
        let pids = within(LONG, "all endpoints are started", || {
            Some(children(self.pid())).filter(|pids| pids.len() == scenario.threads())
        });
        let name = |index: usize| match index.checked_sub(scenario.consumers) {
            _ if scenario.threads() < scenario.producers + scenario.consumers => format!("endpoint {index}"),
            None => format!("consumer {index}"),
            Some(index) => format!("producer {index}"),
        };
        pids.into_iter().enumerate().map(|(index, pid)| Endpoint { pid, name: name(index) }).collect()
    }

    /// Kills the cell process and nobody else.
    pub fn kill(&mut self) {
        send(self.pid(), Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Asserts that neither processes nor names are left, though the cell process may still wait for orders.
    #[track_caller]
    pub fn assert_no_endpoints(&self) {
        within(Duration::from_secs(1), "endpoints are gone", || children(self.pid()).is_empty().then_some(()));
    }

    /// Says good-bye, and asserts that nothing is left.
    #[track_caller]
    pub fn end(mut self) {
        self.say(&Command::Bye);
        self.assert_left_nothing(LONG);
    }

    /// Asserts that after this time neither processes nor names are left.
    #[track_caller]
    pub fn assert_left_nothing(&mut self, time: Duration) {
        assert_gone(self.folder.path(), time);
        self.child.wait().unwrap();
        let temporary = fs::read_dir(self.folder.path().join("tmp")).unwrap().count();
        assert_eq!(temporary, 0, "files in the folder for temporary ones");
        // Others come and go; what has our name and stays is ours.
        within(Duration::from_secs(1), "names are gone", || {
            let is_new = |path: &&PathBuf| path.display().to_string().contains("queuebench");
            names().difference(&self.before).find(is_new).is_none().then_some(())
        });
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        // With its endpoints, which die when it does.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
