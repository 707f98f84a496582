//! What a queue declares about itself. Which scenarios it joins follows from this and from nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A queue's own declaration. Start from one of the constants and override what differs:
///
/// ```
/// use queuebench::queue::{About, Capacities, Family};
///
/// const ABOUT: About = About {
///     id: "mycrate/spsc",
///     family: Family::Ring,
///     ..About::SPSC
/// };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// `crate/kind`; a wait is appended for queues that have only `try_` operations.
    pub id: &'static str,
    /// The package in Cargo.lock whose version is recorded; `None` for std and for queues written here.
    pub package: Option<&'static str>,
    /// How it works, coarsely.
    pub family: Family,
    /// Threads that may push at once.
    pub producers: Ends,
    /// Threads that may pop at once.
    pub consumers: Ends,
    /// The capacities it can be opened with.
    pub capacities: Capacities,
    /// The order it promises.
    pub order: Order,
    /// Whether it holds exactly as many messages as asked for.
    pub exact: bool,
    /// Whether it stands for its family in scenarios that run a part of the field only.
    pub representative: bool,
    /// Whether what is pushed comes out again; false for limits, which are no queues.
    pub transfers: bool,
    /// Whether it still makes progress when threads outnumber cpus.
    pub oversubscribes: bool,
    /// The payloads it is a contender or a bound for.
    pub payloads: Payloads,
    /// What is measured of it.
    pub role: Role,
    /// Whether its ends may be in different processes.
    pub crosses: bool,
    /// Where it stands on the ladder from the heap to another process, if it does.
    pub rung: Option<Rung>,
}

/// What is measured of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// How it carries messages.
    Queue,
    /// How fast a wake-up can be: no queue.
    WakeupBound,
    /// How long it takes to start something that runs.
    Start,
    /// How long it takes to move a message within a thread.
    Copy,
    /// A way to write this program.
    Program(Program),
}

/// A whole program that is measured as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// Workers fetch the pages of a site and follow their links. Unit: pages per second.
    Crawl,
    /// Workers add one to a number. Unit: nanoseconds per increment.
    Counter,
    /// Workers look entries up in a table that nobody changes. Unit: nanoseconds per lookup.
    Lookup,
    /// Workers that wait at a queue are told that nothing more will come. Unit: nanoseconds until the last is gone.
    Finish,
    /// Workers wait for a lock whose owner goes away with it. Unit: nanoseconds until the next has it and repaired what it
    /// guards.
    Recover,
    /// Workers wait for each other at the end of each phase. Unit: nanoseconds per phase.
    Barrier,
    /// Workers write lines to one file. Unit: lines per second.
    Print,
    /// Workers compute parts of a whole that have nothing in common. Unit: parts per second.
    Map,
}

impl Program {
    /// All, in the order of the documentation.
    pub const ALL: [Program; 8] = [
        Program::Crawl,
        Program::Counter,
        Program::Lookup,
        Program::Finish,
        Program::Recover,
        Program::Barrier,
        Program::Print,
        Program::Map,
    ];
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Program::Crawl => "crawl",
            Program::Counter => "counter",
            Program::Lookup => "lookup",
            Program::Finish => "finish",
            Program::Recover => "recover",
            Program::Barrier => "barrier",
            Program::Print => "print",
            Program::Map => "map",
        })
    }
}

/// What a ring between threads has in common with the same ring between processes; each has one thing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// The algorithm, and the instructions.
    Heap,
    /// Memory that could be shared.
    OneMap,
    /// An address of its own for each end.
    TwoMaps,
    /// The key by which sleepers are found.
    SharedKey,
}

impl About {
    /// Any number of producers and consumers, exact bound, first in first out.
    pub const MPMC: About = About {
        id: "",
        package: None,
        family: Family::Channel,
        producers: Ends::Many,
        consumers: Ends::Many,
        capacities: Capacities::BOUNDED,
        order: Order::Fifo,
        exact: true,
        representative: false,
        transfers: true,
        oversubscribes: true,
        payloads: Payloads::Any,
        role: Role::Queue,
        crosses: false,
        rung: None,
    };
    /// Whether a thread may hold an end of each side beside others that do.
    pub const fn both_ends_many(&self) -> bool {
        matches!((self.producers, self.consumers), (Ends::Many, Ends::Many))
    }

    /// [`About::MPMC`] with one consumer.
    pub const MPSC: About = About { consumers: Ends::One, ..About::MPMC };
    /// [`About::MPMC`] with one producer and one consumer.
    pub const SPSC: About = About { producers: Ends::One, ..About::MPSC };
}

/// How a queue works, coarsely; tables are grouped by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// A deque behind a lock.
    MutexDeque,
    /// No mutex; `try_` operations only, so the wait is part of the id. Not all are non-blocking in the
    /// strict sense: in most of them a thread preempted between two steps delays its peers.
    LockFree,
    /// Blocking calls of its own.
    Channel,
    /// One producer, one consumer.
    Ring,
    /// Between processes.
    Process,
    /// No queue, or more than one: a whole program.
    Program,
    /// Another language's.
    Peer,
    /// No queue: a bound of the hardware or of the harness.
    Limit,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Family::MutexDeque => "mutex-deque",
            Family::LockFree => "lock-free",
            Family::Channel => "channel",
            Family::Ring => "ring",
            Family::Process => "process",
            Family::Program => "program",
            Family::Peer => "peer",
            Family::Limit => "limit",
        })
    }
}

/// How many threads may hold one side at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Exactly one.
    One,
    /// Any number.
    Many,
}

impl Ends {
    /// Whether `threads` may hold this side.
    pub fn allow(self, threads: usize) -> bool {
        self == Ends::Many || threads == 1
    }
}

/// The capacities a queue can be opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacities {
    /// Capacity 0: a push waits for its pop.
    pub rendezvous: bool,
    /// Any bound from 1.
    pub bounded: bool,
    /// No bound.
    pub unbounded: bool,
}

impl Capacities {
    /// Bounds from 1 only.
    pub const BOUNDED: Capacities = Capacities { rendezvous: false, bounded: true, unbounded: false };
    /// No bound only.
    pub const UNBOUNDED: Capacities = Capacities { rendezvous: false, bounded: false, unbounded: true };
    /// Bounds from 1, or none.
    pub const BOUNDED_OR_NOT: Capacities = Capacities { rendezvous: false, bounded: true, unbounded: true };
    /// Bounds from 0.
    pub const BOUNDED_OR_RENDEZVOUS: Capacities = Capacities { rendezvous: true, bounded: true, unbounded: false };
    /// Everything.
    pub const ALL: Capacities = Capacities { rendezvous: true, bounded: true, unbounded: true };

    /// Whether the queue can be opened with `capacity`.
    pub fn allow(self, capacity: super::Capacity) -> bool {
        match capacity {
            super::Capacity::Bounded(0) => self.rendezvous,
            super::Capacity::Bounded(_) => self.bounded,
            super::Capacity::Unbounded => self.unbounded,
        }
    }
}

/// The payloads something is a contender or a bound for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payloads {
    /// All.
    Any,
    /// Those sent by value.
    ByValue,
    /// Those sent in a box.
    Boxed,
}

/// The order a queue promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// What was pushed first comes out first.
    Fifo,
    /// Messages of one producer keep their order.
    PerProducer,
}
