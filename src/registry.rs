//! The field: every built-in queue, one line each, in the order tables fall back to.

use crate::peers;
use crate::program::{self, Way};
use crate::queue::crossing::{self, Crossing};
use crate::queue::twin::Twin;
use crate::queue::{About, Blocking, Capacity, Park, Queue, Spin, Wait, Yield, adapters, intree};
use crate::workload::join::Joining;
use crate::workload::{self, Alone, Opened, Order, copy, spawn};

/// One queue with its wait, as the harness holds it: what it declares, and a pointer to its loops.
pub struct Entry {
    /// The queue's id, wait included.
    pub id: String,
    /// What the queue declares.
    pub about: About,
    /// The id's ending that names the wait; empty for the queue's own blocking calls.
    pub wait: &'static str,
    /// How its loops are run, where that is in this program: another language's are not.
    pub runs: Option<Runs>,
    /// How a whole program is run, if it is a way to write one or can serve one; likewise.
    pub program: Option<program::Run>,
}

/// How a queue is run.
#[derive(Clone, Copy)]
pub struct Runs {
    /// See [`Queue::prime`].
    pub prime: fn(),
    /// Opens the queue on the calling thread and makes its loops.
    pub open: fn(&Order) -> Opened,
    /// How its ends come into processes of their own, if they can.
    pub joining: Option<Joining>,
}

/// The queues a program can run: the built-in ones and its own.
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// No queue.
    pub fn empty() -> Registry {
        Registry { entries: Vec::new() }
    }

    /// The built-in field.
    pub fn builtin() -> Registry {
        let mut registry = Registry::empty();
        visit_builtin(&mut registry);
        let named = |about: About, runs, program| Entry { id: about.id.to_owned(), about, wait: "", runs, program };
        for Alone { about, open } in spawn::STARTS.into_iter().chain(copy::WAYS) {
            registry.entries.push(named(about, Some(Runs { prime: || {}, open, joining: None }), None));
        }
        registry.entries.extend(program::ways().map(|Way { about, run }| named(about, None, Some(run))));
        registry.entries.extend(peers::abouts().map(|about| named(about, None, None)));
        registry
    }

    /// Some of the built-in queues compiled a second time, under their own names.
    pub(crate) fn twins() -> Registry {
        let mut registry = Registry::empty();
        blocking::<Twin<adapters::std_mutex::Deque>>(&mut registry);
        #[cfg(feature = "crossbeam-queue")]
        registry.visit::<Twin<adapters::crossbeam_queue::Array>, Yield>();
        registry
    }

    /// With one queue more that has blocking calls of its own.
    #[must_use]
    pub fn with_blocking<Q: Queue>(mut self) -> Registry {
        blocking::<Q>(&mut self);
        self
    }

    /// With one queue more that has `try_` operations only: it appears with each wait.
    #[must_use]
    pub fn with_try_only<Q: Queue>(mut self) -> Registry {
        try_only::<Q>(&mut self);
        self
    }

    /// All entries. Entries that share an id have no capacity in common.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that runs queue `id` at `capacity`.
    pub fn find(&self, id: &str, capacity: Capacity) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id && entry.about.capacities.allow(capacity))
    }
}

impl Visitor for Registry {
    fn visit<Q: Queue, W: Wait>(&mut self) {
        self.entries.push(Entry {
            id: format!("{}{}", Q::ABOUT.id, W::SUFFIX),
            about: Q::ABOUT,
            wait: W::SUFFIX,
            runs: Some(Runs { prime: Q::prime, open: workload::open::<Q, W>, joining: None }),
            program: program::through::<Q, W>(),
        });
    }

    fn visit_crossing<Q: Crossing, W: Wait>(&mut self) {
        self.visit::<Q, W>();
        let entry = self.entries.last_mut().expect("just entered");
        entry.runs.as_mut().expect("it is run here").joining = Some(Joining::of::<Q, W>());
        entry.program = program::across::<Q, W>();
    }
}

/// Something done once for every registered queue, with its types in hand.
pub trait Visitor {
    /// `Q` with the wait its endpoints use.
    fn visit<Q: Queue, W: Wait>(&mut self);

    /// The same for one whose ends may be in different processes.
    fn visit_crossing<Q: Crossing, W: Wait>(&mut self) {
        self.visit::<Q, W>();
    }
}

/// A queue with blocking calls of its own: one entry.
pub fn blocking<Q: Queue>(visitor: &mut impl Visitor) {
    visitor.visit::<Q, Blocking>();
}

/// A queue with `try_` operations only: one entry a wait.
pub fn try_only<Q: Queue>(visitor: &mut impl Visitor) {
    visitor.visit::<Q, Spin>();
    visitor.visit::<Q, Yield>();
    visitor.visit::<Q, Park>();
}

/// A queue that crosses, with blocking calls of its own: one entry.
pub fn across<Q: Crossing>(visitor: &mut impl Visitor) {
    visitor.visit_crossing::<Q, Blocking>();
}

/// A queue that crosses, with `try_` operations only: one entry a wait.
pub fn across_try_only<Q: Crossing>(visitor: &mut impl Visitor) {
    visitor.visit_crossing::<Q, Spin>();
    visitor.visit_crossing::<Q, Yield>();
    visitor.visit_crossing::<Q, Park>();
}

/// Shows `visitor` every built-in queue. Types that differ by capacity only share an id.
#[rustfmt::skip]
pub fn visit_builtin(visitor: &mut impl Visitor) {
    blocking::<adapters::std_mutex::Deque>(visitor);
    blocking::<adapters::std_mutex::DequeWaiters>(visitor);
    #[cfg(feature = "parking_lot")] blocking::<adapters::parking_lot::Deque>(visitor);
    #[cfg(feature = "parking_lot")] blocking::<adapters::parking_lot::DequeFair>(visitor);
    try_only::<intree::spinlock_deque::SpinlockDeque>(visitor);
    blocking::<intree::two_lock::TwoLock>(visitor);

    #[cfg(feature = "crossbeam-queue")] try_only::<adapters::crossbeam_queue::Array>(visitor);
    #[cfg(feature = "crossbeam-queue")] try_only::<adapters::crossbeam_queue::Seg>(visitor);
    #[cfg(feature = "concurrent-queue")] try_only::<adapters::concurrent_queue::Bounded>(visitor);
    #[cfg(feature = "concurrent-queue")] try_only::<adapters::concurrent_queue::Unbounded>(visitor);
    try_only::<intree::vyukov::Vyukov>(visitor);

    blocking::<adapters::std_mpsc::Bounded>(visitor);
    blocking::<adapters::std_mpsc::Unbounded>(visitor);
    #[cfg(feature = "crossbeam-channel")] blocking::<adapters::crossbeam_channel::Mpmc>(visitor);
    #[cfg(feature = "flume")] blocking::<adapters::flume::Mpmc>(visitor);
    #[cfg(feature = "kanal")] blocking::<adapters::kanal::Mpmc>(visitor);
    #[cfg(feature = "async-channel")] blocking::<adapters::async_channel::Mpmc>(visitor);
    #[cfg(feature = "tokio")] blocking::<adapters::tokio::Bounded>(visitor);
    #[cfg(feature = "tokio")] blocking::<adapters::tokio::Unbounded>(visitor);
    #[cfg(feature = "crossfire")] blocking::<adapters::crossfire::SpscBounded>(visitor);
    #[cfg(feature = "crossfire")] blocking::<adapters::crossfire::SpscUnbounded>(visitor);
    #[cfg(feature = "crossfire")] blocking::<adapters::crossfire::MpscBounded>(visitor);
    #[cfg(feature = "crossfire")] blocking::<adapters::crossfire::MpscUnbounded>(visitor);
    #[cfg(feature = "crossfire")] blocking::<adapters::crossfire::MpmcBounded>(visitor);
    #[cfg(feature = "crossfire")] blocking::<adapters::crossfire::MpmcUnbounded>(visitor);
    #[cfg(feature = "loole")] blocking::<adapters::loole::Mpmc>(visitor);
    #[cfg(feature = "thingbuf")] blocking::<adapters::thingbuf::Mpsc>(visitor);

    #[cfg(feature = "rtrb")] try_only::<adapters::rtrb::Spsc>(visitor);
    #[cfg(feature = "ringbuf")] try_only::<adapters::ringbuf::Spsc>(visitor);
    try_only::<intree::spsc::Spsc>(visitor);

    across_try_only::<crossing::shm::Spsc>(visitor);
    across_try_only::<crossing::shm::Mpmc>(visitor);
    across::<crossing::mutex_deque::MutexDeque>(visitor);
    across::<crossing::pipe::Pipe>(visitor);
    across::<crossing::socket::Seqpacket>(visitor);
    across::<crossing::socket::Socketpair>(visitor);
    across::<crossing::socket::Tcp>(visitor);
    across::<crossing::mqueue::Mqueue>(visitor);
    try_only::<crossing::shm::SpscOneMap>(visitor);
    try_only::<crossing::shm::SpscTwoMaps>(visitor);
    try_only::<crossing::shm::MpmcOneMap>(visitor);
    try_only::<crossing::shm::MpmcTwoMaps>(visitor);
    across::<crossing::futex::FutexWake>(visitor);

    blocking::<adapters::limits::Loop>(visitor);
    blocking::<adapters::limits::Boxes>(visitor);
    blocking::<adapters::limits::FetchAdd>(visitor);
    blocking::<adapters::limits::LineTransfer>(visitor);
}
