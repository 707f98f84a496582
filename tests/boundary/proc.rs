//! What `/proc` tells of processes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What of a process's `stat` is looked at.
struct Stat {
    pid: i32,
    state: char,
    parent: i32,
    started: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces and brackets.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    Some(Stat {
        pid,
        state: fields[0].chars().next()?,
        parent: fields[1].parse().ok()?,
        started: fields[19].parse().ok()?,
    })
}

fn pids() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether a process is there and is no corpse: an orphan's corpse is for the system to take away.
pub fn lives(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

/// The living children of a process, in the order in which they were started.
pub fn children(parent: i32) -> Vec<i32> {
    let mut children: Vec<Stat> = pids().filter_map(stat).filter(|stat| stat.parent == parent).collect();
    children.retain(|child| !matches!(child.state, 'Z' | 'X'));
    children.sort_by_key(|child| (child.started, child.pid));
    children.into_iter().map(|child| child.pid).collect()
}

/// The processes, whoever their parent is now, that were started with this folder in their environment.
pub fn marked(folder: &Path) -> Vec<i32> {
    let mark = folder.as_os_str().as_encoded_bytes();
    let is_marked = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(mark.len()).any(|window| window == mark)
    };
    pids().filter(is_marked).filter(|pid| lives(*pid)).collect()
}

pub fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).ok();
}

/// Waits until `look` finds something.
#[track_caller]
pub fn within<T>(time: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < time, "{what}: not within {time:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Asserts that no process with this mark is left, or soon will be.
#[track_caller]
pub fn assert_gone(folder: &Path, time: Duration) {
    let mut left = marked(folder);
    let started = Instant::now();
    // Twice in a row: a process that becomes another program has no environment for a moment.
    let mut empty = 0;
    while started.elapsed() < time {
        empty = if left.is_empty() { empty + 1 } else { 0 };
        if empty == 2 {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
        left = marked(folder);
    }
    left.iter().for_each(|pid| send(*pid, Signal::KILL));
    panic!("{left:?} are left after {time:?}");
}
