//! Workers that run the same part at once: threads of this process, or processes of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use crossbeam_utils::CachePadded;

use crate::memory::{Heap, LINE, Map, Part, Placed, RobustMutex, Shareable, sealed};
use crate::orphan::{forked, waited};
use crate::protocol::{Outcome, Report};
use crate::scenario::Boundary;
use crate::topology;
use crate::workload::slice::clock_ns;

use super::Task;

/// What one worker leaves behind for the one who started it, on a line of its own.
#[repr(transparent)]
struct Left<const N: usize>([AtomicU64; N]);

// SAFETY: atomic numbers.
unsafe impl<const N: usize> Shareable for Left<N> {}

/// Memory of `bytes` zeros that all workers of the task share.
///
/// # Errors
///
/// When the kernel has none.
pub(super) fn shared(task: &Task, bytes: usize) -> anyhow::Result<Part> {
    match task.scenario.boundary {
        Boundary::Threads => Ok(Part::all(Heap::new(bytes))),
        Boundary::Processes => {
            let map = sealed(bytes).map_err(anyhow::Error::from).and_then(Map::of);
            Ok(Part::all(map.context("no shared memory")?))
        }
    }
}

/// A mutex that the workers share.
///
/// # Errors
///
/// As of [`shared`], or when the system has none such.
pub(super) fn robust_mutex(task: &Task) -> anyhow::Result<Placed<RobustMutex>> {
    let mutex: Placed<RobustMutex> = Placed::at(shared(task, size_of::<RobustMutex>())?);
    // SAFETY: nobody else has the memory yet.
    unsafe { mutex.initialise()? };
    Ok(mutex)
}

/// An atomic number on a line of its own.
#[derive(Default)]
#[repr(transparent)]
pub(super) struct Cell(pub CachePadded<AtomicU64>);

// SAFETY: an atomic number.
unsafe impl Shareable for Cell {}

/// `cells` numbers, all 0, that the workers share.
///
/// # Errors
///
/// As of [`shared`].
pub(super) fn cells(task: &Task, cells: usize) -> anyhow::Result<Vec<Placed<Cell>>> {
    let memory = shared(task, cells * LINE)?;
    Ok((0..cells).map(|at| Placed::at(memory.from(at * LINE))).collect())
}

/// Runs `part` once in each worker, by its index, all at once, and returns what each left behind.
///
/// # Errors
///
/// When a worker cannot be started or pinned, or died.
pub(super) fn together<const N: usize>(
    task: &Task,
    part: impl Fn(usize) -> [u64; N] + Sync,
) -> Result<Vec<[u64; N]>, Box<Report>> {
    Ok(led(task, part, || ())?.parts)
}

/// What came of workers that somebody led.
pub(super) struct Led<const N: usize, R> {
    /// What each worker left behind.
    pub parts: Vec<[u64; N]>,
    /// What the leader returned.
    pub lead: R,
    /// When the last worker was gone, on [`clock_ns`].
    pub gone_ns: u64,
}

/// The same, while `lead` runs here as soon as all have been started.
///
/// # Errors
///
/// As of [`together`].
pub(super) fn led<const N: usize, R>(
    task: &Task,
    part: impl Fn(usize) -> [u64; N] + Sync,
    lead: impl FnOnce() -> R,
) -> Result<Led<N, R>, Box<Report>> {
    const { assert!(N * size_of::<u64>() <= LINE) };
    // Found out before anybody starts, because the others would wait for who cannot.
    let usable = topology::own_mask();
    if let Some(cpu) = task.cpus.iter().flatten().find(|cpu| !usable.contains(cpu)) {
        return Err(refused(&format!("cpu {cpu} is none of those this process may use")));
    }
    let memory = shared(task, task.workers() * LINE).map_err(unusable)?;
    let left: Vec<Placed<Left<N>>> = (0..task.workers()).map(|index| Placed::at(memory.from(index * LINE))).collect();
    let work = |index: usize| -> Result<(), String> {
        if let Some(cpu) = task.cpus[index] {
            topology::pin(cpu)?;
        }
        let numbers = part(index);
        left[index].0.iter().zip(numbers).for_each(|(place, number)| place.store(number, Ordering::Relaxed));
        Ok(())
    };
    let (lead, gone_ns) = match task.scenario.boundary {
        Boundary::Threads => threads(task.workers(), &work, lead),
        Boundary::Processes => processes(task.workers(), &work, lead),
    }?;
    let parts = left.iter().map(|left| left.0.each_ref().map(|number| number.load(Ordering::Relaxed))).collect();
    Ok(Led { parts, lead, gone_ns })
}

fn threads<R>(
    workers: usize,
    work: &(impl Fn(usize) -> Result<(), String> + Sync),
    lead: impl FnOnce() -> R,
) -> Result<(R, u64), Box<Report>> {
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|index| scope.spawn(move || work(index))).collect();
        let lead = lead();
        let ended: Vec<_> = started.into_iter().map(|worker| worker.join()).collect();
        let gone_ns = clock_ns();
        ended
            .into_iter()
            .try_for_each(|worker| worker.map_err(|_| crashed("a worker panicked"))?.map_err(|why| refused(&why)))?;
        Ok((lead, gone_ns))
    })
}

/// What a process of a worker answers with that could not be pinned.
const UNPINNED: i32 = 9;

fn processes<R>(
    workers: usize,
    work: &impl Fn(usize) -> Result<(), String>,
    lead: impl FnOnce() -> R,
) -> Result<(R, u64), Box<Report>> {
    let mut children = Vec::new();
    for index in 0..workers {
        let child = forked(|| work(index).map_or(UNPINNED, |()| 0));
        children.push(child.map_err(|why| refused(&format!("cannot fork: {why}")))?);
    }
    let lead = lead();
    let mut ended = Ok(());
    for child in children {
        match waited(child) {
            Some(0) => {}
            Some(UNPINNED) => ended = Err(refused("the kernel refuses to pin a worker")),
            _ => ended = Err(crashed("a worker died")),
        }
    }
    let gone_ns = clock_ns();
    ended.map(|()| (lead, gone_ns))
}

/// A machine that lacks what is needed.
pub(super) fn unusable(why: anyhow::Error) -> Box<Report> {
    refused(&format!("{why:#}"))
}

pub(super) fn refused(why: &str) -> Box<Report> {
    Box::new(Report::failed(Outcome::Refused, why))
}

pub(super) fn crashed(why: &str) -> Box<Report> {
    Box::new(Report::failed(Outcome::Crashed, why))
}
