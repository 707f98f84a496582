//! Lines that many write to one place: in pieces with nothing to keep them together, in pieces under a lock, and in one
//! piece each.
//!
//! The place is a pipe, read here by one reader who checks every line. What is measured is lines written; the reader
//! keeps pace, as a pipe holds 64 KiB. A line says who wrote it and which of theirs it is, and ends in a checksum.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::sync::Mutex;

use super::clocked::{self, Left};
use super::crew::{Led, led, refused, robust_mutex, unusable};
use super::{Measured, Task, Way, about, parts_per_million};
use crate::memory::{Placed, RobustMutex};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Family, Program};
use crate::scenario::Boundary;
use crate::workload::slice::{Side, Slice};

const ABOUT: About = about(Program::Print);

/// All of them.
pub const WAYS: [Way; 3] = [
    Way { about: About { id: "print/locked", ..ABOUT }, run: run::<Locked> },
    Way { about: About { id: "print/one-write", ..ABOUT }, run: run::<OneWrite> },
    // No contender: what comes out is torn.
    Way { about: About { id: UNSYNCHRONISED, family: Family::Limit, ..ABOUT }, run: run::<Unsynchronised> },
];

/// The one that is allowed to tear lines, and shows how many.
pub const UNSYNCHRONISED: &str = "print/unsynchronised";

/// Small runs after which the orders are counted in which lines came.
const SMALL_RUNS: usize = 100;

/// A way to write a line.
trait Printing: Sync + Sized {
    /// Whether every line must come whole.
    const WHOLE: bool = true;

    /// For the workers of this task.
    fn new(task: &Task) -> anyhow::Result<Self>;

    /// Writes a line.
    fn line(&self, pipe: &mut &PipeWriter, line: &Line) -> std::io::Result<()>;
}

/// A line in its pieces, the last of which ends it.
struct Line {
    text: String,
}

/// Where the pieces of a line end: who, which, and the checksum.
const PIECES: [usize; 3] = [6, 17, Line::BYTES];

impl Line {
    const BYTES: usize = 26;

    fn new(worker: usize, sequence: u64) -> Line {
        let mut text = String::with_capacity(Self::BYTES);
        write!(text, "w{worker:04} {sequence:010} ").expect("a string takes everything");
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        writeln!(text, "{:08x}", hasher.finish() as u32).expect("a string takes everything");
        Line { text }
    }

    /// Whose line this is, and which of theirs; none if it is not one as it was written.
    fn read(text: &[u8]) -> Option<(usize, u64)> {
        let written = std::str::from_utf8(text).ok()?;
        let (worker, sequence) = written.strip_prefix('w')?.split_once(' ')?;
        let (worker, sequence) = (worker.parse().ok()?, sequence.split_once(' ')?.0.parse().ok()?);
        (Line::new(worker, sequence).text.as_bytes() == text).then_some((worker, sequence))
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(PIECES);
        starts.zip(PIECES).map(|(from, to)| &self.text.as_bytes()[from..to])
    }
}

/// Each piece in a write of its own, and nothing around them: what `print` does in many languages.
struct Unsynchronised;

impl Printing for Unsynchronised {
    const WHOLE: bool = false;

    fn new(_: &Task) -> anyhow::Result<Self> {
        Ok(Unsynchronised)
    }

    fn line(&self, pipe: &mut &PipeWriter, line: &Line) -> std::io::Result<()> {
        line.pieces().try_for_each(|piece| pipe.write_all(piece))
    }
}

/// The same pieces under one lock, as those who hold `stdout().lock()`: that of the library between threads, the robust
/// one between processes.
enum Locked {
    Threads(Mutex<()>),
    Processes(Placed<RobustMutex>),
}

impl Printing for Locked {
    fn new(task: &Task) -> anyhow::Result<Self> {
        if task.scenario.boundary == Boundary::Threads {
            return Ok(Locked::Threads(Mutex::new(())));
        }
        Ok(Locked::Processes(robust_mutex(task)?))
    }

    fn line(&self, pipe: &mut &PipeWriter, line: &Line) -> std::io::Result<()> {
        match self {
            Locked::Threads(mutex) => {
                let _held = mutex.lock().expect("nobody panics with it");
                Unsynchronised.line(pipe, line)
            }
            Locked::Processes(mutex) => {
                let _held = mutex.lock();
                Unsynchronised.line(pipe, line)
            }
        }
    }
}

/// All of it in one write, which POSIX keeps together as long as it is no longer than `PIPE_BUF`.
struct OneWrite;

const _: () = assert!(Line::BYTES <= libc::PIPE_BUF);

impl Printing for OneWrite {
    fn new(_: &Task) -> anyhow::Result<Self> {
        Ok(OneWrite)
    }

    fn line(&self, pipe: &mut &PipeWriter, line: &Line) -> std::io::Result<()> {
        pipe.write_all(line.text.as_bytes())
    }
}

fn run<P: Printing>(task: &Task) -> Result<Measured, Box<Report>> {
    let printing = P::new(task).map_err(unusable)?;
    let orders = orders(task, &printing)?;
    let slice = clocked::slice(task)?;
    let mut seen = Seen::by(task.workers());
    let parts = printed(task, |worker, pipe| write(&printing, &slice, worker, pipe), |line| seen.note(line))?;
    let written: Vec<u64> = parts.iter().map(|part| part[1]).collect();
    let torn = seen.torn(&written, P::WHOLE)?;
    Ok(Measured {
        figures: [("torn_lines_ppm", parts_per_million(torn, written.iter().sum())), ("orders", orders)].into(),
        ..clocked::measured(&slice, &parts)
    })
}

/// In how many orders the lines of all workers came when each wrote one, in [`SMALL_RUNS`] runs; those with a torn line
/// have no order.
fn orders(task: &Task, printing: &impl Printing) -> Result<u64, Box<Report>> {
    let mut orders = BTreeSet::new();
    for _ in 0..SMALL_RUNS {
        let mut order = Vec::new();
        let one_line = |worker, mut pipe: &PipeWriter| {
            printing.line(&mut pipe, &Line::new(worker, 1)).expect("the reader reads");
            [0]
        };
        printed(task, one_line, |line| order.push(Line::read(line)))?;
        if order.len() == task.workers() && order.iter().all(Option::is_some) {
            orders.insert(order);
        }
    }
    Ok(orders.len() as u64)
}

/// Runs `part` in each worker with an end of one pipe, and shows every line that comes out to `reader`.
fn printed<const N: usize>(
    task: &Task,
    part: impl Fn(usize, &PipeWriter) -> [u64; N] + Sync,
    reader: impl FnMut(&[u8]),
) -> Result<Vec<[u64; N]>, Box<Report>> {
    let failed = |why: std::io::Error| refused(&format!("no pipe: {why}"));
    let (source, pipe) = std::io::pipe().map_err(failed)?;
    // The stream ends with the last of them.
    let ends: Vec<Mutex<Option<PipeWriter>>> = (0..task.workers())
        .map(|_| Ok(Mutex::new(Some(pipe.try_clone()?))))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    drop(pipe);
    let take = |worker: usize| ends[worker].lock().expect("nobody panics with it").take();
    let part = |worker| part(worker, &take(worker).expect("it is taken once"));
    let read = || {
        if task.scenario.boundary == Boundary::Processes {
            // Each process has its own of all of them, and these are nobody's.
            (0..task.workers()).for_each(|worker| drop(take(worker)));
        }
        each_line(source, reader)
    };
    let Led { parts, lead, .. } = led(task, part, read)?;
    lead.map_err(failed)?;
    Ok(parts)
}

fn each_line(source: PipeReader, mut reader: impl FnMut(&[u8])) -> std::io::Result<()> {
    let (mut source, mut line) = (BufReader::with_capacity(1 << 16, source), Vec::new());
    while source.read_until(b'\n', &mut line)? > 0 {
        reader(&line);
        line.clear();
    }
    Ok(())
}

/// One worker's part; what it leaves behind has its lines in all.
fn write(printing: &impl Printing, slice: &Slice, worker: usize, mut pipe: &PipeWriter) -> Left {
    let mut endpoint = slice.endpoint(Side::Consumer, worker);
    let mut written = 0;
    loop {
        let (publications, lines) = endpoint.chunk();
        for _ in 0..publications {
            for _ in 0..lines {
                written += 1;
                printing.line(&mut pipe, &Line::new(worker, written)).expect("the reader reads");
            }
            endpoint.publish(written);
        }
        if !endpoint.chunk_end(written, None) {
            break;
        }
    }
    clocked::left(&endpoint.finish(written, None), written)
}

/// What the reader has seen.
struct Seen {
    /// Whole lines of each worker.
    whole: Vec<u64>,
    /// The last of each.
    last: Vec<u64>,
    bytes: u64,
    broken: u64,
    /// Lines that did not come after the one before them.
    out_of_order: u64,
}

impl Seen {
    fn by(workers: usize) -> Seen {
        Seen { whole: vec![0; workers], last: vec![0; workers], bytes: 0, broken: 0, out_of_order: 0 }
    }

    fn note(&mut self, line: &[u8]) {
        self.bytes += line.len() as u64;
        let Some((worker, sequence)) = Line::read(line).filter(|(worker, _)| *worker < self.last.len()) else {
            self.broken += 1;
            return;
        };
        self.whole[worker] += 1;
        self.out_of_order += u64::from(sequence <= self.last[worker]);
        self.last[worker] = sequence;
    }

    /// How many of the lines that were written came torn, where that is allowed; where not, that all came once, whole and
    /// in order. Bytes get lost nowhere.
    fn torn(&self, written: &[u64], must_be_whole: bool) -> Result<u64, Box<Report>> {
        let failed = |outcome, what| Err(Box::new(Report::failed(outcome, what)));
        let (all, whole) = (written.iter().sum::<u64>(), self.whole.iter().sum::<u64>());
        let bytes = all * Line::BYTES as u64;
        if must_be_whole && self.broken > 0 {
            return failed(Outcome::Corrupted, format!("{} of {all} lines came torn", self.broken));
        }
        if self.bytes < bytes {
            return failed(Outcome::Lost, format!("{bytes} bytes were written, {} came", self.bytes));
        }
        if self.bytes > bytes || self.whole.iter().zip(written).any(|(whole, written)| whole > written) {
            return failed(Outcome::Duplicated, format!("{all} lines were written, {whole} came"));
        }
        if self.out_of_order > 0 {
            return failed(Outcome::Reordered, format!("{} lines came behind a later one", self.out_of_order));
        }
        Ok(all - whole)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::task;
    use super::*;

    #[test]
    fn a_lock_that_is_given_up_between_pieces_is_caught() {
        struct Leaky(Mutex<()>);
        impl Printing for Leaky {
            fn new(_: &Task) -> anyhow::Result<Self> {
                Ok(Leaky(Mutex::new(())))
            }
            fn line(&self, pipe: &mut &PipeWriter, line: &Line) -> std::io::Result<()> {
                line.pieces().try_for_each(|piece| {
                    let held = self.0.lock().unwrap();
                    pipe.write_all(piece)?;
                    drop(held);
                    std::thread::yield_now();
                    Ok(())
                })
            }
        }
        let report = run::<Leaky>(&task(Program::Print, 4, Boundary::Threads)).unwrap_err();
        assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
    }

    /// What is found where worker 0 wrote two lines and worker 1 one, and this came.
    fn found(came: &[&str]) -> Result<u64, Outcome> {
        let mut seen = Seen::by(2);
        came.iter().for_each(|line| seen.note(line.as_bytes()));
        seen.torn(&[2, 1], true).map_err(|report| report.outcome)
    }

    #[test]
    fn each_way_to_be_wrong_has_its_word() {
        let [one, two, other] = [(0, 1), (0, 2), (1, 1)].map(|(worker, sequence)| Line::new(worker, sequence).text);
        assert_eq!(found(&[&one, &other, &two]), Ok(0));
        assert_eq!(found(&[&one, &two]), Err(Outcome::Lost));
        assert_eq!(found(&[&one, &other, &two, &two]), Err(Outcome::Duplicated));
        assert_eq!(found(&[&two, &other, &one]), Err(Outcome::Reordered));
        let mixed = [&one[..6], &other[..6], &one[6..17], &one[17..]].concat();
        assert_eq!(found(&[&mixed, &other[6..], &two]), Err(Outcome::Corrupted));
        let altered = one.replace("0001 ", "0003 ");
        assert_eq!(found(&[&altered, &other, &two]), Err(Outcome::Corrupted));
    }

    #[test]
    fn lines_that_may_tear_are_counted() {
        let [one, other] = [(0, 1), (1, 1)].map(|(worker, sequence)| Line::new(worker, sequence).text);
        let mut seen = Seen::by(2);
        let mixed = [&one[..6], &other].concat();
        [mixed.as_str(), &one[6..]].into_iter().for_each(|line| seen.note(line.as_bytes()));
        assert_eq!(seen.torn(&[1, 1], false).unwrap(), 2);
    }

    #[test]
    fn a_line_is_as_long_as_is_said_and_reads_back() {
        let line = Line::new(9999, 9_999_999_999);
        assert_eq!(line.text.len(), Line::BYTES);
        assert_eq!(line.pieces().collect::<Vec<_>>().concat(), line.text.as_bytes());
        assert_eq!(Line::read(line.text.as_bytes()), Some((9999, 9_999_999_999)));
    }
}
