//! One table that nobody changes and all workers look entries up in: as it is, which is enough, and behind locks, which
//! then only cost.
//!
//! The table is there before the workers are. Threads read the same memory; processes that are forked read the same
//! pages, as long as nobody writes to them.

use std::collections::HashMap;
use std::sync::{Mutex, RwLock};

use super::clocked::{self, Left};
use super::crew::{robust_mutex, together, unusable};
use super::{Measured, Task, Way, about};
use crate::memory::{Placed, RobustMutex};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Program};
use crate::workload::slice::{Side, Slice};

const ABOUT: About = about(Program::Lookup);

/// All of them.
pub const WAYS: [Way; 4] = [
    Way { about: About { id: "lookup/unlocked", ..ABOUT }, run: run::<Unlocked> },
    Way { about: About { id: "lookup/rwlock", crosses: false, ..ABOUT }, run: run::<ReadLocked> },
    Way { about: About { id: "lookup/mutex", crosses: false, ..ABOUT }, run: run::<Guarded> },
    Way { about: About { id: "lookup/robust-mutex", ..ABOUT }, run: run::<Robust> },
];

/// Entries of the table: few enough for a cpu's own cache, so that it is not memory that is measured.
const ENTRIES: u64 = 1024;

type Table = HashMap<u64, u64>;

/// What belongs under a key.
fn entry(key: u64) -> u64 {
    (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The key of a worker's lookup of this number. It comes by all of them in laps, each worker from another one on.
fn key(worker: usize, number: u64) -> u64 {
    (worker as u64 * 257 + number * 389) % ENTRIES
}

/// What an entry adds to a checksum, which depends on where it was found.
fn weighed(key: u64, entry: u64) -> u64 {
    entry.wrapping_mul(2 * key + 1)
}

/// What so many lookups of a worker must come to: the sum of a lap for each, and what is left of the last.
fn checksum(worker: usize, lookups: u64) -> u64 {
    let sum = |numbers: u64| {
        let keys = (0..numbers).map(|number| key(worker, number));
        keys.map(|key| weighed(key, entry(key))).fold(0, u64::wrapping_add)
    };
    sum(ENTRIES).wrapping_mul(lookups / ENTRIES).wrapping_add(sum(lookups % ENTRIES))
}

/// A table that workers read.
trait Readable: Sync + Sized {
    /// This table, for the workers of this task.
    fn new(table: Table, task: &Task) -> anyhow::Result<Self>;

    /// The entry under this key, if there is one.
    fn get(&self, key: u64) -> Option<u64>;
}

fn run<R: Readable>(task: &Task) -> Result<Measured, Box<Report>> {
    // Laid out before the slice begins, and before there is anybody to share it with.
    let table = R::new((0..ENTRIES).map(|key| (key, entry(key))).collect(), task).map_err(unusable)?;
    let slice = clocked::slice(task)?;
    let parts = together(task, |worker| read(&table, &slice, worker))?;
    if let Some((worker, part)) = parts.iter().enumerate().find(|(_, part)| part[1] != 0) {
        let what = format!("the checksum of worker {worker}'s lookups is off by {:#x}", part[1]);
        return Err(Box::new(Report::failed(Outcome::Corrupted, what)));
    }
    Ok(clocked::measured(&slice, &parts))
}

/// One worker's part; what it leaves behind has how far its checksum is off.
fn read(table: &impl Readable, slice: &Slice, worker: usize) -> Left {
    let mut endpoint = slice.endpoint(Side::Consumer, worker);
    let (mut lookups, mut sum) = (0, 0u64);
    loop {
        let (publications, each) = endpoint.chunk();
        for _ in 0..publications {
            for number in lookups..lookups + each {
                let key = key(worker, number);
                sum = sum.wrapping_add(weighed(key, table.get(key).unwrap_or_default()));
            }
            lookups += each;
            endpoint.publish(lookups);
        }
        if !endpoint.chunk_end(lookups, None) {
            break;
        }
    }
    clocked::left(&endpoint.finish(lookups, None), sum.wrapping_sub(checksum(worker, lookups)))
}

/// As it is.
struct Unlocked(Table);

impl Readable for Unlocked {
    fn new(table: Table, _: &Task) -> anyhow::Result<Self> {
        Ok(Unlocked(table))
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key).copied()
    }
}

/// Behind a lock that lets readers in together, who all write to it that they are there.
struct ReadLocked(RwLock<Table>);

impl Readable for ReadLocked {
    fn new(table: Table, _: &Task) -> anyhow::Result<Self> {
        Ok(ReadLocked(RwLock::new(table)))
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.read().expect("nobody panics with it").get(&key).copied()
    }
}

/// Behind the standard library's mutex: one reader at a time.
struct Guarded(Mutex<Table>);

impl Readable for Guarded {
    fn new(table: Table, _: &Task) -> anyhow::Result<Self> {
        Ok(Guarded(Mutex::new(table)))
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.lock().expect("nobody panics with it").get(&key).copied()
    }
}

/// Behind the mutex that outlives its holder, which processes can share.
struct Robust {
    table: Table,
    mutex: Placed<RobustMutex>,
}

impl Readable for Robust {
    fn new(table: Table, task: &Task) -> anyhow::Result<Self> {
        Ok(Robust { table, mutex: robust_mutex(task)? })
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        let _held = self.mutex.lock();
        self.table.get(&key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::task;
    use super::*;
    use crate::scenario::Boundary;

    /// A table that was changed by one of [`CHANGES`] before it was read.
    struct Changed<const CHANGE: usize>(Unlocked);

    /// Each of them to the entry that the first worker reads first.
    const CHANGES: [fn(&mut Table); 3] = [
        |table| table.retain(|at, _| *at != key(0, 0)),
        |table| *table.get_mut(&key(0, 0)).unwrap() ^= 1,
        |table| {
            let [here, there] = [key(0, 0), key(0, 1)];
            table.extend([(here, entry(there)), (there, entry(here))]);
        },
    ];

    impl<const CHANGE: usize> Readable for Changed<CHANGE> {
        fn new(mut table: Table, task: &Task) -> anyhow::Result<Self> {
            CHANGES[CHANGE](&mut table);
            Ok(Changed(Unlocked::new(table, task)?))
        }
        fn get(&self, key: u64) -> Option<u64> {
            self.0.get(key)
        }
    }

    #[test]
    fn an_entry_that_is_gone_or_another_one_is_caught() {
        for run in [run::<Changed<0>>, run::<Changed<1>>, run::<Changed<2>>] {
            for boundary in [Boundary::Threads, Boundary::Processes] {
                let report = run(&task(Program::Lookup, 2, boundary)).unwrap_err();
                assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
            }
        }
    }

    #[test]
    fn one_wrong_answer_among_all_is_caught() {
        struct Once(Unlocked, std::sync::atomic::AtomicU64);
        impl Readable for Once {
            fn new(table: Table, task: &Task) -> anyhow::Result<Self> {
                Ok(Once(Unlocked::new(table, task)?, 0.into()))
            }
            fn get(&self, key: u64) -> Option<u64> {
                let number = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                self.0.get(if number == 0 { (key + 1) % ENTRIES } else { key })
            }
        }
        let report = run::<Once>(&task(Program::Lookup, 4, Boundary::Threads)).unwrap_err();
        assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
    }

    #[test]
    fn a_lap_comes_by_every_key_and_a_checksum_is_the_sum_however_many_there_are() {
        for worker in [0, 1, 5] {
            let keys: std::collections::BTreeSet<u64> = (0..ENTRIES).map(|number| key(worker, number)).collect();
            assert_eq!(keys.len() as u64, ENTRIES);
            let mut sum = 0u64;
            for lookups in 0..3 * ENTRIES {
                assert_eq!(checksum(worker, lookups), sum, "{lookups}");
                let key = key(worker, lookups);
                sum = sum.wrapping_add(weighed(key, entry(key)));
            }
        }
    }
}
