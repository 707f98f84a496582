//! Somebody writes into the shared memory what no end of a queue writes there: the checks of the ends find it, or the
//! check of the messages does, and nobody falls over it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use fastrand::Rng;
use queuebench::protocol::{Outcome, Report};
use rustix::process::Signal;

use crate::cell::{Cell, LONG};
use crate::proc::{children, send, within};

/// Words of a ring, counted in bytes from its start: see `src/queue/intree/region.rs`.
const HEAD: u64 = 128;
const TAIL: u64 = 256;
const SLOTS: u64 = 384;
/// What lies before a ring: the event counts.
const RING_AT: u64 = 256;
/// Words of the deque: see `src/queue/crossing/mutex_deque.rs`.
const DEQUE_HEAD: u64 = 16;
const DEQUE_LENGTH: u64 = 24;

/// So far no position ever gets.
const FAR: u64 = u64::MAX / 2;

/// Shared memory of an endpoint, as it has mapped it. An endpoint keeps no descriptor of what it has mapped, so it is
/// written to by way of the process.
struct Shared {
    memory: File,
    at: u64,
    bytes: u64,
}

impl Shared {
    /// All that an endpoint has mapped.
    fn of(pid: i32) -> Vec<Shared> {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = || OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem")).unwrap();
        let shared = maps.lines().filter(|line| line.contains("/memfd:queuebench"));
        let range = |line: &str| {
            let (from, to) = line.split_once(' ')?.0.split_once('-')?;
            Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
        };
        let ranges = shared.filter_map(range);
        ranges.map(|(from, to)| Shared { memory: memory(), at: from, bytes: to - from }).collect()
    }

    /// The mapping in which a queue begins with these words at `at`.
    fn with(pid: i32, at: u64, words: &[u64]) -> Shared {
        let begins = |shared: &Shared| (at..).step_by(8).zip(words).all(|(at, word)| shared.word(at) == *word);
        let mut all = Shared::of(pid);
        all.retain(begins);
        assert_eq!(all.len(), 1, "mappings of a queue");
        all.remove(0)
    }

    fn word(&self, at: u64) -> u64 {
        let mut word = [0; 8];
        self.memory.read_exact_at(&mut word, self.at + at).unwrap();
        u64::from_ne_bytes(word)
    }

    /// Writes a word, unless the process is gone.
    fn write(&self, at: u64, word: u64) {
        assert!(at + 8 <= self.bytes);
        self.memory.write_at(&word.to_ne_bytes(), self.at + at).ok();
    }
}

fn spsc(pid: i32) -> Shared {
    Shared::with(pid, RING_AT, &[u64::from_ne_bytes(*b"qb/spsc1")])
}

fn mpmc(pid: i32) -> Shared {
    Shared::with(pid, RING_AT, &[u64::from_ne_bytes(*b"qb/vyuk1")])
}

fn deque(pid: i32) -> Shared {
    Shared::with(pid, 0, &[1024, 8])
}

/// Runs a slice of a second while `spoil` writes again and again, each time with the endpoint `stopped` standing still;
/// `None` when it does not end.
fn spoiled(
    queue: &str,
    scenario: &str,
    find: fn(i32) -> Shared,
    stopped: usize,
    mut spoil: impl FnMut(&Shared),
) -> Option<Report> {
    let mut cell = Cell::start();
    cell.prepare(queue, scenario);
    let pid = cell.endpoints(scenario)[stopped].pid;
    let shared = find(pid);
    cell.slice(200, 800);
    let started = Instant::now();
    let mut turn = Duration::from_millis(8);
    let report = loop {
        send(pid, Signal::STOP);
        std::thread::sleep(Duration::from_millis(2));
        spoil(&shared);
        // First it is for the other to look, then for the one that stood still, who may write over it first.
        let noticed = cell.report(Duration::from_millis(30));
        send(pid, Signal::CONT);
        if let Some(report) = noticed.or_else(|| cell.report(turn)) {
            break report;
        }
        // Longer each time: on a busy machine it may not get its turn so soon.
        turn += Duration::from_millis(4);
        if started.elapsed() > Duration::from_secs(6) {
            // Whoever waits for messages that are lost would do so until its deadline; but it does live.
            assert_eq!(children(cell.pid()).len(), 2, "{queue}: {}", cell.stderr());
            cell.kill();
            cell.assert_left_nothing(Duration::from_secs(1));
            return None;
        }
    };
    cell.assert_no_endpoints();
    cell.end();
    Some(report)
}

/// Asserts that it ends as corrupted, and that this was said of it.
fn corrupts(
    queue: &str,
    scenario: &str,
    find: fn(i32) -> Shared,
    stopped: usize,
    said: &str,
    spoil: impl FnMut(&Shared),
) {
    let report = spoiled(queue, scenario, find, stopped, spoil).unwrap_or_else(|| panic!("{queue}: nobody noticed"));
    assert_eq!(report.outcome, Outcome::Corrupted, "{queue}: {report:?}");
    assert!(report.detail.as_ref().is_some_and(|detail| detail.contains(said)), "{queue}: {report:?}");
}

const SMALL: &str = "stream/1p1c/1024/8B/processes/free";
const LARGE: &str = "stream/1p1c/1024/256B/processes/free";

#[test]
fn a_head_of_the_spsc_ring_that_cannot_be_is_corruption() {
    for head in [0, FAR, u64::MAX] {
        corrupts("shm/spsc+yield", SMALL, spsc, 0, "the head of the ring", |ring| ring.write(RING_AT + HEAD, head));
    }
}

#[test]
fn a_tail_of_the_spsc_ring_that_cannot_be_is_corruption() {
    for tail in [0, FAR, u64::MAX] {
        corrupts("shm/spsc+spin", SMALL, spsc, 1, "the tail of the ring", |ring| ring.write(RING_AT + TAIL, tail));
    }
}

#[test]
fn a_head_of_the_mpmc_ring_that_cannot_be_is_corruption() {
    for head in [0, FAR, u64::MAX] {
        corrupts("shm/mpmc+yield", SMALL, mpmc, 0, "of the ring", |ring| ring.write(RING_AT + HEAD, head));
    }
}

#[test]
fn a_tail_of_the_mpmc_ring_that_cannot_be_is_corruption() {
    for tail in [0, FAR, u64::MAX] {
        corrupts("shm/mpmc+spin", SMALL, mpmc, 1, "of the ring", |ring| ring.write(RING_AT + TAIL, tail));
    }
}

#[test]
fn stamps_of_the_mpmc_ring_that_are_far_ahead_are_corruption() {
    for stopped in [0, 1] {
        corrupts("shm/mpmc+park", SMALL, mpmc, stopped, "ahead", |ring| {
            (0..1024).for_each(|slot| ring.write(RING_AT + SLOTS + slot * 16, FAR + slot));
        });
    }
}

#[test]
fn a_head_or_length_of_the_deque_that_cannot_be_is_corruption() {
    for (at, stopped) in [(DEQUE_HEAD, 0), (DEQUE_LENGTH, 0), (DEQUE_HEAD, 1), (DEQUE_LENGTH, 1)] {
        corrupts("shm/mutex-deque", SMALL, deque, stopped, "the deque's head or length", |deque| {
            deque.write(at, FAR);
        });
    }
}

#[test]
fn messages_that_are_written_over_are_corruption() {
    // With the consumer standing still the queue is full.
    corrupts("shm/spsc+yield", SMALL, spsc, 0, "a message nobody sent", |ring| {
        (0..1024).for_each(|slot| ring.write(RING_AT + SLOTS + slot * 8, FAR));
    });
    corrupts("shm/mpmc+yield", SMALL, mpmc, 0, "a message nobody sent", |ring| {
        (0..1024).for_each(|slot| ring.write(RING_AT + SLOTS + slot * 16 + 8, FAR));
    });
    corrupts("shm/spsc+yield", LARGE, spsc, 0, "do not belong together", |ring| {
        (0..1024).for_each(|slot| ring.write(RING_AT + SLOTS + slot * 256 + 128, FAR));
    });
}

#[test]
fn random_bytes_all_over_a_ring_never_end_well_nor_in_a_crash() {
    for seed in 0..6 {
        let (queue, find): (_, fn(i32) -> Shared) = match seed % 3 {
            0 => ("shm/spsc+yield", spsc),
            1 => ("shm/mpmc+yield", mpmc),
            _ => ("shm/mpmc+park", mpmc),
        };
        let mut rng = Rng::with_seed(seed);
        let report = spoiled(queue, SMALL, find, seed as usize % 2, |ring| {
            // The first words are looked at by those who come later only.
            for at in (0..RING_AT).chain(RING_AT + HEAD..ring.bytes).step_by(8) {
                ring.write(at, rng.u64(..) >> rng.u32(..64));
            }
        });
        // Messages may be lost for ever; then it would hang until its deadline.
        if let Some(report) = report {
            let is_void = !matches!(report.outcome, Outcome::Ok | Outcome::Crashed | Outcome::Refused);
            assert!(is_void, "seed {seed}: {report:?}");
        }
    }
}

/// Descriptors of shared memory that a process has open now.
fn descriptors(pid: i32) -> Vec<File> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let is_shared = |path: &fs::DirEntry| {
        fs::read_link(path.path()).is_ok_and(|target| target.display().to_string().starts_with("/memfd:queuebench"))
    };
    let open = |entry: fs::DirEntry| OpenOptions::new().read(true).write(true).open(entry.path()).ok();
    entries.filter(is_shared).filter_map(open).collect()
}

#[test]
fn nobody_can_change_the_size_of_the_shared_memory() {
    // They are open as long as endpoints are being started, so that there is time to get hold of them.
    let scenario = "stream/8p8c/1024/8B/processes/free";
    let mut cell = Cell::start();
    cell.ask("shm/mpmc+yield", scenario);
    let shared = within(LONG, "shared memory is open", || {
        let pids = children(cell.pid());
        Some(pids.into_iter().flat_map(descriptors).collect::<Vec<_>>()).filter(|files| files.len() >= 2)
    });
    for file in shared {
        let bytes = file.metadata().unwrap().len();
        for other in [0, bytes / 2, bytes * 2] {
            let why = file.set_len(other).unwrap_err();
            assert_eq!(why.kind(), io::ErrorKind::PermissionDenied, "{bytes} to {other}: {why}");
        }
        assert_eq!(file.metadata().unwrap().len(), bytes);
    }
    cell.ready().unwrap();
    cell.end();
}
