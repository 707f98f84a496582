//! The clockwork of one slice: settling, window, draining; and the notes from which the window is computed.
//!
//! Nobody watches from outside. Every endpoint looks at the clock between chunks of at most a millisecond,
//! whoever finds a phase due moves it on, and each endpoint keeps the notes around both edges of the window,
//! so that its count at exactly those moments can be interpolated.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use nix::sys::resource::{UsageWho, getrusage};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::check::Received;
use crate::memory::{Heap, LINE, Part, Placed, Shareable};

/// Messages between two looks of a counter's owner at its publication.
pub const PUBLISH_EVERY: u64 = 64;
/// Neither settling nor the window lasts longer, laps or not.
pub const LONGEST_NS: u64 = 1_000_000_000;
/// Laps settling and the window last at least.
pub const LAPS: u64 = 10;
/// Bytes of backlog above which a slice is refused.
pub const BACKLOG_BYTES: u64 = 256 << 20;
/// What a [`Shared`] takes.
const SHARED_BYTES: usize = size_of::<Shared>().next_multiple_of(LINE);
/// Time between two notes of a traced slice, at least.
const TRACE_EVERY_NS: u64 = 1_000_000;
/// Chunks grow while they are shorter and shrink when they are longer than these, in nanoseconds.
const CHUNK_NS: std::ops::Range<u64> = 150_000..500_000;

/// How long a slice is to take.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Lengths {
    /// Settling at least, in nanoseconds.
    pub settle_ns: u64,
    /// The window at least, in nanoseconds.
    pub window_ns: u64,
    /// Messages that make one lap of the queue.
    pub lap: u64,
    /// Messages the queue may fall behind by before the slice is refused; none for a bounded queue.
    pub backlog_limit: Option<u64>,
    /// Whether consumers keep a note of every few milliseconds, from the slice's start.
    pub traced: bool,
}

/// Where a slice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Phase {
    Settling,
    Window,
    Over,
}

/// Which counter an endpoint publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Messages pushed.
    Producer,
    /// Messages popped.
    Consumer,
}

/// A slice, as one of its endpoints or the one who ordered it sees it.
pub struct Slice {
    /// When it began, on [`clock_ns`].
    origin_ns: u64,
    lengths: Lengths,
    shared: Placed<Shared>,
    pushed: Vec<Placed<Counter>>,
    popped: Vec<Placed<Counter>>,
}

/// What the endpoints of a slice share; zeros at its start.
#[derive(Default)]
#[repr(C)]
struct Shared {
    phase: CachePadded<AtomicU32>,
    opened: Edge,
    closed: Edge,
    refused: Flag,
    pushing_done: AtomicUsize,
    popping_done: AtomicUsize,
    ends_pushed: AtomicU64,
    ends_repeated: Flag,
    /// When the message on its way was sent, in nanoseconds since the origin.
    stamp_ns: CachePadded<AtomicU64>,
}

/// One edge of the window; the first endpoint to reach it writes it.
#[derive(Default)]
#[repr(C)]
struct Edge {
    /// Nanoseconds since the slice's origin; 0 before.
    at_ns: AtomicU64,
    /// Messages popped by all, as published.
    popped: AtomicU64,
    /// Whether time ran out before the laps were done.
    early: Flag,
}

/// Messages that an endpoint has moved, as published.
#[derive(Default)]
#[repr(transparent)]
struct Counter(CachePadded<AtomicU64>);

/// Something that has happened, or not; a number, because in shared memory any may be found.
#[derive(Default)]
#[repr(transparent)]
struct Flag(AtomicU32);

impl Flag {
    fn set(&self, is_set: bool) {
        self.0.store(u32::from(is_set), Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

// SAFETY: atomic numbers.
unsafe impl Shareable for Shared {}
// SAFETY: an atomic number.
unsafe impl Shareable for Counter {}

/// The clock of all endpoints; one for all processes of a kernel.
#[inline]
pub fn clock_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

impl Slice {
    /// A slice among the threads of this process that starts now.
    pub fn new(lengths: Lengths, producers: usize, consumers: usize) -> Slice {
        let memory = Part::all(Heap::new(Slice::bytes(producers, consumers)));
        Slice::in_memory(&memory, clock_ns(), lengths, producers, consumers)
    }

    /// Bytes that endpoints share.
    pub fn bytes(producers: usize, consumers: usize) -> usize {
        SHARED_BYTES + (producers + consumers) * LINE
    }

    /// One that began at `origin_ns` on [`clock_ns`], among all who have this memory, which was all zeros then.
    pub fn in_memory(memory: &Part, origin_ns: u64, lengths: Lengths, producers: usize, consumers: usize) -> Slice {
        let counters = |range: Range<usize>| range.map(|at| Placed::at(memory.from(SHARED_BYTES + at * LINE)));
        Slice {
            origin_ns,
            lengths,
            shared: Placed::at(memory.clone()),
            pushed: counters(0..producers).collect(),
            popped: counters(producers..producers + consumers).collect(),
        }
    }
    /// Nanoseconds since the slice's origin.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        clock_ns().saturating_sub(self.origin_ns)
    }

    /// Messages popped by all, as published.
    pub fn popped(&self) -> u64 {
        Self::total(&self.popped)
    }

    /// Notes that a message is sent now.
    #[inline]
    pub fn stamp(&self) {
        self.shared.stamp_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    /// Nanoseconds since the last message was sent, for who has received it.
    #[inline]
    pub fn since_stamp_ns(&self) -> u64 {
        self.now_ns().saturating_sub(self.shared.stamp_ns.load(Ordering::Relaxed))
    }

    /// The window's edges, in nanoseconds since the origin.
    pub fn window_ns(&self) -> (u64, u64) {
        (self.shared.opened.at_ns.load(Ordering::Relaxed), self.shared.closed.at_ns.load(Ordering::Relaxed))
    }

    /// Whether settling or the window was cut off before [`LAPS`] laps.
    pub fn unsettled(&self) -> bool {
        self.shared.opened.early.is_set() || self.shared.closed.early.is_set()
    }

    /// Whether the backlog outgrew its limit.
    pub fn refused(&self) -> bool {
        self.shared.refused.is_set()
    }

    /// End marks pushed, and whether some had to be pushed again because nobody answered.
    pub fn ends(&self) -> (u64, bool) {
        (self.shared.ends_pushed.load(Ordering::Relaxed), self.shared.ends_repeated.is_set())
    }

    /// The pace-keeper of endpoint `index` on its `side`.
    pub fn endpoint(&self, side: Side, index: usize) -> Endpoint<'_> {
        let counters = match side {
            Side::Producer => &self.pushed,
            Side::Consumer => &self.popped,
        };
        Endpoint {
            slice: self,
            counter: &counters[index].0,
            side,
            chunk: 1,
            last_ns: self.now_ns(),
            notes: Notes::default(),
            opened: None,
            usage: None,
            occupancy: Occupancy::default(),
            trace: self.trace_for(side),
        }
    }

    /// Room for the notes of the longest slice, so that none is moved while it runs; none if nobody wants them.
    fn trace_for(&self, side: Side) -> Vec<Note> {
        let is_traced = self.lengths.traced && side == Side::Consumer;
        Vec::with_capacity(if is_traced { (2 * LONGEST_NS / TRACE_EVERY_NS) as usize } else { 0 })
    }

    /// A producer has pushed all it will; true for the last one, who then ends the stream.
    pub fn producer_done(&self) -> bool {
        self.shared.pushing_done.fetch_add(1, Ordering::AcqRel) + 1 == self.pushed.len()
    }

    /// A consumer has seen its end mark; true for the last one, who then drains what is left.
    pub fn consumer_done(&self) -> bool {
        self.shared.popping_done.fetch_add(1, Ordering::AcqRel) + 1 == self.popped.len()
    }

    /// Pushes one end mark for each consumer, and, should one stay unanswered, more of them: a queue that lost
    /// a mark or a wake-up must show that, not hide it behind a hang.
    ///
    /// `push` is told whether it may wait, and says whether it pushed; it is dynamic so that this is compiled once.
    pub fn end_stream(&self, push: &mut dyn FnMut(bool) -> bool) {
        for _ in 0..self.popped.len() {
            push(true);
            self.shared.ends_pushed.fetch_add(1, Ordering::Relaxed);
        }
        const PATIENCE: Duration = Duration::from_millis(500);
        let (mut since, mut popped) = (Instant::now(), 0);
        loop {
            let waiting = self.popped.len().saturating_sub(self.shared.popping_done.load(Ordering::Acquire));
            if waiting == 0 {
                return;
            }
            // As long as messages come out, a mark that does not is still behind them.
            let now_popped = Self::total(&self.popped);
            if now_popped != popped {
                (since, popped) = (Instant::now(), now_popped);
            }
            if since.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_micros(200));
                continue;
            }
            since = Instant::now();
            self.shared.ends_repeated.set(true);
            for _ in 0..waiting {
                if push(false) {
                    self.shared.ends_pushed.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn total(counters: &[Placed<Counter>]) -> u64 {
        counters.iter().map(|counter| counter.0.load(Ordering::Relaxed)).sum()
    }

    /// Messages in the queue as published; each endpoint's counter is up to [`PUBLISH_EVERY`] behind.
    fn backlog(&self) -> u64 {
        // Popped is read first: what is pushed in between makes the backlog too large, never negative for long.
        let popped = Self::total(&self.popped);
        Self::total(&self.pushed).saturating_sub(popped)
    }

    fn phase(&self) -> Phase {
        match self.shared.phase.load(Ordering::Acquire) {
            0 => Phase::Settling,
            1 => Phase::Window,
            _ => Phase::Over,
        }
    }

    /// Moves the slice on if it is due, and says where it stands.
    fn advance(&self, now_ns: u64) -> Phase {
        let phase = self.phase();
        let (edge, since_ns, since_popped, least_ns) = match phase {
            Phase::Settling => (&self.shared.opened, 0, 0, self.lengths.settle_ns),
            Phase::Window => (
                &self.shared.closed,
                self.shared.opened.at_ns.load(Ordering::Relaxed),
                self.shared.opened.popped.load(Ordering::Relaxed),
                self.lengths.window_ns,
            ),
            Phase::Over => return phase,
        };
        let elapsed = now_ns.saturating_sub(since_ns);
        if elapsed < least_ns {
            return phase;
        }
        let popped = Self::total(&self.popped);
        let laps_done = popped.saturating_sub(since_popped) >= LAPS * self.lengths.lap;
        if !laps_done && elapsed < LONGEST_NS {
            return phase;
        }
        // The first to arrive writes the edge; the phase moves after it is written.
        if edge.at_ns.compare_exchange(0, now_ns, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            edge.popped.store(popped, Ordering::Relaxed);
            edge.early.set(!laps_done);
            self.shared.phase.store(phase as u32 + 1, Ordering::Release);
        }
        self.phase()
    }

    fn refuse(&self, now_ns: u64) {
        self.shared.refused.set(true);
        self.shared.opened.at_ns.compare_exchange(0, now_ns, Ordering::Relaxed, Ordering::Relaxed).ok();
        self.shared.closed.at_ns.compare_exchange(0, now_ns, Ordering::Relaxed, Ordering::Relaxed).ok();
        self.shared.phase.store(Phase::Over as u32, Ordering::Release);
    }
}

/// An endpoint's count at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Nanoseconds since the slice's origin.
    pub at_ns: u64,
    /// Messages it had moved.
    pub count: u64,
}

/// The notes around both edges of the window.
#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    before_open: Note,
    after_open: Option<Note>,
    before_close: Note,
    after_close: Option<Note>,
}

/// The count at `at_ns` on the line through two notes.
fn interpolate(before: Note, after: Note, at_ns: u64) -> f64 {
    if after.at_ns <= before.at_ns {
        return after.count as f64;
    }
    let part = (at_ns as f64 - before.at_ns as f64) / (after.at_ns - before.at_ns) as f64;
    before.count as f64 + part * (after.count - before.count) as f64
}

/// What a thread has used up so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Nanoseconds of cpu.
    pub cpu_ns: u64,
    /// Context switches because it slept or yielded with nothing else to do.
    pub voluntary_switches: u64,
    /// Context switches because it was preempted.
    pub involuntary_switches: u64,
    /// Page faults, minor and major.
    pub page_faults: u64,
    /// Nanoseconds it could have run but waited for a cpu.
    pub run_delay_ns: u64,
    /// Tries that found the queue full or empty; `None` when the queue does not let us count.
    pub failed_tries: Option<u64>,
}

impl Usage {
    /// Of the calling thread.
    fn now(failed_tries: Option<u64>) -> Usage {
        let cpu = clock_gettime(ClockId::ThreadCPUTime);
        let mut usage = Usage {
            cpu_ns: cpu.tv_sec as u64 * 1_000_000_000 + cpu.tv_nsec as u64,
            run_delay_ns: run_delay_ns(),
            failed_tries,
            ..Usage::default()
        };
        if let Ok(kernel) = getrusage(UsageWho::RUSAGE_THREAD) {
            usage.voluntary_switches = kernel.voluntary_context_switches() as u64;
            usage.involuntary_switches = kernel.involuntary_context_switches() as u64;
            usage.page_faults = (kernel.minor_page_faults() + kernel.major_page_faults()) as u64;
        }
        usage
    }

    /// Of this process and its children that have ended.
    pub fn of_all() -> Usage {
        let mut all = Usage::default();
        for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
            let Ok(used) = getrusage(who) else { continue };
            let ns = |time: nix::sys::time::TimeVal| (time.tv_sec() * 1_000_000_000 + time.tv_usec() * 1000) as u64;
            all.cpu_ns += ns(used.user_time()) + ns(used.system_time());
            all.voluntary_switches += used.voluntary_context_switches() as u64;
            all.involuntary_switches += used.involuntary_context_switches() as u64;
            all.page_faults += (used.minor_page_faults() + used.major_page_faults()) as u64;
        }
        all
    }

    /// What was used since then.
    #[must_use]
    pub fn since(self, earlier: Usage) -> Usage {
        Usage {
            cpu_ns: self.cpu_ns.saturating_sub(earlier.cpu_ns),
            voluntary_switches: self.voluntary_switches.saturating_sub(earlier.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_sub(earlier.involuntary_switches),
            page_faults: self.page_faults.saturating_sub(earlier.page_faults),
            run_delay_ns: self.run_delay_ns.saturating_sub(earlier.run_delay_ns),
            failed_tries: self.failed_tries.zip(earlier.failed_tries).map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

/// What the calling thread has waited for a cpu so far; 0 where the kernel does not count it.
fn run_delay_ns() -> u64 {
    // "time on the cpu, time waiting for one, number of turns": proc(5), schedstat.
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().nth(1).and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// How full a consumer found the queue at the ends of its chunks inside the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// How often it looked.
    pub samples: u64,
    /// Looks that found less than a quarter of a lap.
    pub near_empty: u64,
    /// Looks that found more than three quarters.
    pub near_full: u64,
    /// Sum of what they found, in messages.
    pub total: u64,
    /// The most they found, in messages.
    pub peak: u64,
}

impl Occupancy {
    fn sample(&mut self, backlog: u64, lap: u64) {
        self.samples += 1;
        self.near_empty += u64::from(backlog * 4 < lap);
        self.near_full += u64::from(backlog * 4 > lap * 3);
        self.total += backlog;
        self.peak = self.peak.max(backlog);
    }
}

/// Keeps one endpoint's pace: chunk by chunk, with a note at the end of each.
pub struct Endpoint<'a> {
    slice: &'a Slice,
    counter: &'a AtomicU64,
    side: Side,
    /// Messages in a chunk; a power of two.
    chunk: u64,
    last_ns: u64,
    notes: Notes,
    opened: Option<Usage>,
    usage: Option<Usage>,
    occupancy: Occupancy,
    trace: Vec<Note>,
}

impl Endpoint<'_> {
    /// The coming chunk: so many publications, so many messages before each.
    #[inline]
    pub fn chunk(&self) -> (u64, u64) {
        (self.chunk.div_ceil(PUBLISH_EVERY), self.chunk.min(PUBLISH_EVERY))
    }

    /// Publishes the count.
    #[inline]
    pub fn publish(&self, count: u64) {
        self.counter.store(count, Ordering::Relaxed);
    }

    /// Whether the window is open, as of the last chunk's end.
    #[inline]
    pub fn in_window(&self) -> bool {
        self.opened.is_some() && self.usage.is_none()
    }

    /// Ends a chunk after `count` messages in all; false when the slice is over.
    #[inline(never)]
    pub fn chunk_end(&mut self, count: u64, failed_tries: Option<u64>) -> bool {
        let now_ns = self.slice.now_ns();
        let phase = self.slice.advance(now_ns);
        let took = now_ns - self.last_ns;
        if took < CHUNK_NS.start && self.chunk < 1 << 20 {
            self.chunk *= 2;
        } else if took > CHUNK_NS.end && self.chunk > 1 {
            self.chunk /= 2;
        }
        self.last_ns = now_ns;
        self.note(phase, Note { at_ns: now_ns, count }, failed_tries);
        self.trace(Note { at_ns: now_ns, count });
        self.look_at_backlog(phase, now_ns);
        phase != Phase::Over
    }

    fn note(&mut self, phase: Phase, note: Note, failed_tries: Option<u64>) {
        if phase == Phase::Settling {
            self.notes.before_open = note;
            return;
        }
        if self.notes.after_open.is_none() {
            self.notes.after_open = Some(note);
            self.notes.before_close = note;
            self.opened = Some(Usage::now(failed_tries));
        }
        if phase == Phase::Window {
            self.notes.before_close = note;
        } else if self.notes.after_close.is_none() {
            self.notes.after_close = Some(note);
            self.usage = self.opened.map(|opened| Usage::now(failed_tries).since(opened));
        }
    }

    fn trace(&mut self, note: Note) {
        let has_room = self.trace.len() < self.trace.capacity();
        if has_room && self.trace.last().is_none_or(|last| note.at_ns >= last.at_ns + TRACE_EVERY_NS) {
            self.trace.push(note);
        }
    }

    fn look_at_backlog(&mut self, phase: Phase, now_ns: u64) {
        let lengths = &self.slice.lengths;
        if self.side == Side::Producer {
            if lengths.backlog_limit.is_some_and(|limit| self.slice.backlog() > limit) {
                self.slice.refuse(now_ns);
            }
        } else if phase == Phase::Window {
            self.occupancy.sample(self.slice.backlog(), lengths.lap);
        }
    }

    /// Ends the endpoint's part after `count` messages in all, and computes its share of the window.
    #[inline(never)]
    pub fn finish(mut self, count: u64, failed_tries: Option<u64>) -> Timing {
        self.publish(count);
        let last = Note { at_ns: self.slice.now_ns(), count };
        self.note(Phase::Over, last, failed_tries);
        let notes = self.notes;
        let (opened_ns, closed_ns) = self.slice.window_ns();
        let at_open = interpolate(notes.before_open, notes.after_open.unwrap_or(last), opened_ns);
        let at_close = interpolate(notes.before_close, notes.after_close.unwrap_or(last), closed_ns);
        Timing {
            side: self.side,
            in_window: (at_close - at_open).max(0.0),
            usage: self.usage.unwrap_or_default(),
            occupancy: self.occupancy,
            trace: self.trace,
        }
    }
}

/// One endpoint's share of the window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timing {
    /// Which end it held.
    pub side: Side,
    /// Messages it moved inside the window, interpolated at both edges.
    pub in_window: f64,
    /// What it used up inside the window, to the nearest chunk.
    pub usage: Usage,
    /// How full it found the queue; consumers only.
    pub occupancy: Occupancy,
    /// Its notes, if the slice was traced; consumers only.
    pub trace: Vec<Note>,
}

/// What one thread reports at the end of a slice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tally {
    /// One for each end the thread held, in the order it worked them.
    pub timing: Timing,
    /// Producer number and count of what it pushed; end marks apart.
    pub pushed: Vec<(usize, u64)>,
    /// What it popped.
    pub popped: Option<Received>,
    /// Round trips (wake-ups, starts) inside the window by duration, nanoseconds and how many.
    pub round_trips: Vec<[u64; 2]>,
    /// Starts inside the window by the time until what was started ran; likewise.
    pub first: Vec<[u64; 2]>,
    /// What memory each takes that is started and stays; found out after the window.
    pub memory_bytes: Option<u64>,
}

impl Tally {
    /// Of somebody who has moved nothing.
    pub fn of(timing: Timing) -> Tally {
        Tally {
            timing,
            pushed: Vec::new(),
            popped: None,
            round_trips: Vec::new(),
            first: Vec::new(),
            memory_bytes: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_between_two_notes_lies_on_their_line() {
        let (before, after) = (Note { at_ns: 100, count: 10 }, Note { at_ns: 300, count: 30 });
        assert_eq!(interpolate(before, after, 200), 20.0);
        assert_eq!(interpolate(before, after, 100), 10.0);
        assert_eq!(interpolate(after, after, 300), 30.0);
    }

    #[test]
    fn a_chunk_publishes_every_64_messages_or_at_its_end() {
        let lengths = Lengths { settle_ns: 0, window_ns: 0, lap: 1, backlog_limit: None, traced: false };
        let slice = Slice::new(lengths, 1, 1);
        let mut endpoint = slice.endpoint(Side::Consumer, 0);
        assert_eq!(endpoint.chunk(), (1, 1));
        endpoint.chunk = 32;
        assert_eq!(endpoint.chunk(), (1, 32));
        endpoint.chunk = 256;
        assert_eq!(endpoint.chunk(), (4, 64));
    }

    #[test]
    fn the_window_opens_only_after_ten_laps() {
        let lengths = Lengths { settle_ns: 10, window_ns: 10, lap: 100, backlog_limit: None, traced: false };
        let slice = Slice::new(lengths, 1, 1);
        assert_eq!(slice.advance(20), Phase::Settling);
        slice.popped[0].0.store(1000, Ordering::Relaxed);
        assert_eq!(slice.advance(5), Phase::Settling);
        assert_eq!(slice.advance(30), Phase::Window);
        slice.popped[0].0.store(1999, Ordering::Relaxed);
        assert_eq!(slice.advance(50), Phase::Window);
        slice.popped[0].0.store(2000, Ordering::Relaxed);
        assert_eq!(slice.advance(60), Phase::Over);
        assert_eq!(slice.window_ns(), (30, 60));
        assert!(!slice.unsettled());
    }

    #[test]
    fn a_window_that_never_gets_its_laps_is_cut_off_and_says_so() {
        let lengths = Lengths { settle_ns: 10, window_ns: 10, lap: 100, backlog_limit: None, traced: false };
        let slice = Slice::new(lengths, 1, 1);
        assert_eq!(slice.advance(LONGEST_NS), Phase::Window);
        assert!(slice.unsettled());
    }
}
