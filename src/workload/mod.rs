//! What the endpoints do: one hot loop a file, the clockwork they share, and the checks they carry.
//!
//! A loop is generic over the queue's handles and monomorphised for every queue, wait and payload; it is
//! handed to its thread as a [`Loop`] and called once, so nothing inside it is dynamic.

pub mod check;
pub mod copy;
mod footprint;
pub mod join;
pub mod pairs;
pub mod pingpong;
pub mod slice;
pub mod spawn;
pub mod stream;
pub(crate) mod trips;
pub mod wakeup;
pub mod work;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::queue::{
    About, Boxed, Consumer, Endpoints, EventCountsRef, Payload, Payloads, Producer, Program, Queue, Role, Shape, Tag,
    Wait, Words,
};
use slice::{Slice, Tally};

/// What the endpoints do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Workload {
    /// Producers push, consumers pop, as fast as the queue lets them. Unit: messages per second.
    Stream,
    /// Every thread pushes one and pops one in turn, on a queue half full. Unit: pairs per second.
    Pairs,
    /// One message goes back and forth over two queues. Unit: nanoseconds per round trip.
    Pingpong,
    /// A thread or a process is started and joined, again and again. Unit: nanoseconds until it was joined.
    Spawn,
    /// A consumer with nothing to do, then one message. Unit: nanoseconds until it runs.
    Wakeup,
    /// Messages are made, moved and read by one thread. Unit: messages per second.
    Copy,
    /// A whole program runs, as often as fits. Its unit is its own.
    Program(Program),
}

impl Workload {
    /// All, in the order of the documentation.
    pub const ALL: [Workload; 14] = [
        Workload::Stream,
        Workload::Pairs,
        Workload::Pingpong,
        Workload::Spawn,
        Workload::Wakeup,
        Workload::Copy,
        Workload::Program(Program::Crawl),
        Workload::Program(Program::Counter),
        Workload::Program(Program::Lookup),
        Workload::Program(Program::Finish),
        Workload::Program(Program::Recover),
        Workload::Program(Program::Barrier),
        Workload::Program(Program::Print),
        Workload::Program(Program::Map),
    ];

    /// Whether its figure is a time, of which less is better; else it is a rate.
    pub fn is_timed(self) -> bool {
        match self {
            Workload::Pingpong | Workload::Spawn | Workload::Wakeup => true,
            Workload::Program(program) => !matches!(program, Program::Crawl | Program::Print | Program::Map),
            Workload::Stream | Workload::Pairs | Workload::Copy => false,
        }
    }

    /// The whole program it is, if it is one.
    pub fn program(self) -> Option<Program> {
        match self {
            Workload::Program(program) => Some(program),
            _ => None,
        }
    }

    /// Threads that run at once.
    pub fn threads(self, producers: usize, consumers: usize) -> usize {
        match self {
            Workload::Stream | Workload::Pingpong | Workload::Wakeup => producers + consumers,
            Workload::Pairs | Workload::Program(_) => producers,
            Workload::Spawn | Workload::Copy => 1,
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Workload::Stream => "stream",
            Workload::Pairs => "pairs",
            Workload::Pingpong => "pingpong",
            Workload::Spawn => "spawn",
            Workload::Wakeup => "wakeup",
            Workload::Copy => "copy",
            Workload::Program(program) => return program.fmt(f),
        })
    }
}

impl From<Workload> for String {
    fn from(workload: Workload) -> String {
        workload.to_string()
    }
}

impl TryFrom<String> for Workload {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Workload::ALL.into_iter().find(|workload| workload.to_string() == text);
        known.ok_or_else(|| {
            let words: Vec<String> = Workload::ALL.iter().map(ToString::to_string).collect();
            format!("'{text}' is no workload; there are {}", words.join(", "))
        })
    }
}

/// Bytes per message and how they travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// 8 or 256 bytes by value.
    Value(usize),
    /// 256 bytes on the heap.
    Boxed,
}

impl Size {
    /// All that loops are built for; each more would add a third to the build.
    pub const ALL: [Size; 3] = [Size::Value(8), Size::Value(256), Size::Boxed];

    /// Bytes a queued message occupies, without the queue's own bookkeeping.
    pub fn bytes(self) -> usize {
        match self {
            Size::Value(bytes) => bytes,
            Size::Boxed => 256,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Value(bytes) => write!(f, "{bytes}B"),
            Size::Boxed => f.write_str("box256B"),
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Size::ALL.into_iter().find(|size| size.to_string() == text);
        known.ok_or_else(|| format!("'{text}' is no payload; there are 8B, 256B, box256B"))
    }
}

/// What a worker is asked to run, queue aside.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Which loops.
    pub workload: Workload,
    /// How many endpoints, over what capacity.
    pub shape: Shape,
    /// What is sent.
    pub size: Size,
    /// Iterations of [`work`] a producer does for each message.
    pub producer_work: u32,
    /// Iterations of [`work`] a consumer does for each message.
    pub consumer_work: u32,
    /// Messages producers may be ahead, if that is limited.
    pub credit: Option<u64>,
}

/// One thread's part of a slice.
pub type Loop = Box<dyn FnOnce(&Slice) -> Tally + Send>;

/// An opened queue, its memory touched, its loops ready to be handed to their threads: consumers' first.
pub struct Opened {
    /// What touching its memory has shown.
    pub lap: Lap,
    /// One for each thread.
    pub loops: Vec<Loop>,
}

/// Something that is measured in one thread, between no endpoints.
pub struct Alone {
    /// What is declared of it.
    pub about: About,
    /// Opens it.
    pub open: fn(&Order) -> Opened,
}

/// Opens `Q` on the calling thread and makes its loops.
pub fn open<Q: Queue, W: Wait>(order: &Order) -> Opened {
    match order.size {
        Size::Value(8) => open_sized::<Q, W, Words<1>>(order),
        Size::Value(256) => open_sized::<Q, W, Words<32>>(order),
        Size::Value(bytes) => unreachable!("no loop is built for {bytes} bytes, and no scenario parses to it"),
        Size::Boxed => open_sized::<Q, W, Boxed>(order),
    }
}

fn open_sized<Q: Queue, W: Wait, T: Payload>(order: &Order) -> Opened {
    match order.workload {
        Workload::Stream if const { streams(&Q::ABOUT, T::BOXED) } => stream::open::<Q, W, T>(order),
        // Decided where it is compiled: no loop is built that no plan asks for.
        Workload::Pairs if const { in_turns(&Q::ABOUT, T::BOXED) && Q::ABOUT.both_ends_many() } => {
            pairs::open::<Q, W, T>(order)
        }
        Workload::Pingpong if const { in_turns(&Q::ABOUT, T::BOXED) } => pingpong::open::<Q, W, T>(order),
        Workload::Wakeup if const { wakes::<T>(&Q::ABOUT) } => wakeup::open::<Q, W, T>(order),
        other => unreachable!("no plan gives {} to {other}", Q::ABOUT.id),
    }
}

/// Whether a stream is built.
const fn streams(about: &About, boxed: bool) -> bool {
    matches!(about.role, Role::Queue) && !(boxed && matches!(about.payloads, Payloads::ByValue))
}

/// Whether the workloads in which messages come back are built: limits give nothing back, and what a box costs
/// is seen in a stream.
pub const fn in_turns(about: &About, boxed: bool) -> bool {
    about.transfers && !boxed && matches!(about.role, Role::Queue)
}

/// Whether a wake-up is built: between queues that cross the boundary, for the smallest message.
const fn wakes<T: Payload>(about: &About) -> bool {
    (about.crosses || matches!(about.role, Role::WakeupBound)) && T::BYTES == 8
}

/// [`Payload::write`] where nothing is timed: compiled once for each payload, not for every queue.
#[cold]
#[inline(never)]
fn written_apart<T: Payload>(tag: Tag) -> T {
    T::write(tag)
}

/// The handles of a queue whose memory has been touched.
struct Touched<P, C> {
    ends: Endpoints<P, C>,
    lap: Lap,
}

/// What a first lap through a queue has shown.
#[derive(Clone, Copy)]
pub struct Lap {
    /// Messages it took before it said it was full; `None` when it never does, or is no queue.
    pub capacity: Option<u64>,
    /// Messages that went in and did not come out.
    pub missing: u64,
}

/// Opens a queue and runs one full lap through it, so that no page fault is left for the window and its real
/// capacity is known.
#[inline(never)]
fn open_touched<Q: Queue, T: Payload>(shape: Shape) -> Touched<Q::Producer<T>, Q::Consumer<T>> {
    let mut ends = Q::open::<T>(shape);
    if !Q::ABOUT.transfers {
        return Touched { ends, lap: Lap { capacity: None, missing: 0 } };
    }
    let lap = touch(&mut ends.producers[0], &mut ends.consumers[0], shape);
    Touched { ends, lap }
}

/// Runs one full lap through a queue.
fn touch<T: Payload>(producer: &mut impl Producer<T>, consumer: &mut impl Consumer<T>, shape: Shape) -> Lap {
    // A queue may hold more than asked for (it rounds up, and a kernel has its own idea of small), but one that never
    // says full must not run away.
    let most = 2 * shape.capacity.lap() + (1 << 16);
    let enough = if let crate::queue::Capacity::Unbounded = shape.capacity { shape.capacity.lap() } else { most };
    let mut pushed = 0;
    while pushed < enough && producer.try_push(written_apart::<T>(Tag::new(0, pushed + 1))).is_ok() {
        pushed += 1;
    }
    let mut popped = 0;
    while popped < pushed && consumer.try_pop().is_some() {
        popped += 1;
    }
    Lap { capacity: (pushed < enough).then_some(pushed), missing: pushed - popped }
}

/// The wait of one end: where its queue has its sleepers, if it has a place for them, else as all of the queue's ends.
fn wait_of<W: Wait>(events: Option<EventCountsRef>, all: &W) -> W {
    events.map_or_else(|| all.clone(), W::at)
}
