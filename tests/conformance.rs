//! Every registered queue keeps its promises; and queues that break one promise each do not get away with it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use queuebench::conformance::{self, Fault, Violation};
use queuebench::queue::{
    About, Blocking, Capacities, Capacity, Consumer, Endpoints, Payload, Producer, Queue, Shape, Wait,
};
use queuebench::registry::{self, Visitor};

fn main() {
    let mut trials = Trials(Vec::new());
    registry::visit_builtin(&mut trials);
    trials.mutants();
    libtest_mimic::run(&Arguments::from_args(), trials.0).exit();
}

/// One test a queue and wait, and one a mutant.
struct Trials(Vec<Trial>);

impl Visitor for Trials {
    fn visit<Q: Queue, W: Wait>(&mut self) {
        let name = format!("{}{} ({})", Q::ABOUT.id, W::SUFFIX, names(Q::ABOUT.capacities));
        self.0.push(Trial::test(name, || {
            let violations = conformance::check::<Q, W>();
            if violations.is_empty() { Ok(()) } else { Err(lines(&violations)) }
        }));
    }
}

/// Types of one id differ by these.
fn names(capacities: Capacities) -> String {
    let Capacities { rendezvous, bounded, unbounded } = capacities;
    let names = [(rendezvous, "rendezvous"), (bounded, "bounded"), (unbounded, "unbounded")];
    names.into_iter().filter_map(|(has, name)| has.then_some(name)).collect::<Vec<_>>().join(", ")
}

fn lines(violations: &[Violation]) -> Failed {
    violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("\n").into()
}

// ---------------------------------------------------------------------------------------------------------
// Mutants: a deque behind a lock with one bug.

impl Trials {
    fn mutants(&mut self) {
        self.mutant::<NO_BUG, false>("mutant without a bug", None);
        self.mutant::<LOSES, false>("mutant loses", Some(Fault::Lost));
        self.mutant::<LOSES, true>("mutant loses when it may wait", Some(Fault::Lost));
        self.mutant::<DUPLICATES, false>("mutant duplicates", Some(Fault::Duplicated));
        self.mutant::<DUPLICATES, true>("mutant duplicates when it may wait", Some(Fault::Duplicated));
        self.mutant::<REORDERS, false>("mutant reorders", Some(Fault::Reordered));
        self.mutant::<REORDERS, true>("mutant reorders when it may wait", Some(Fault::Reordered));
        self.mutant::<CORRUPTS, false>("mutant corrupts", Some(Fault::Corrupted));
        self.mutant::<CORRUPTS, true>("mutant corrupts when it may wait", Some(Fault::Corrupted));
        self.mutant::<PANICS, false>("mutant panics", Some(Fault::Crashed));
        self.mutant::<PANICS, true>("mutant panics when it may wait", Some(Fault::Crashed));
        self.mutant::<LEAKS, false>("mutant leaks", Some(Fault::Leaked));
        self.mutant::<LEAKS, true>("mutant leaks when it may wait", Some(Fault::Leaked));
        self.mutant::<DROPS_TWICE, false>("mutant drops twice", Some(Fault::DroppedTwice));
        self.mutant::<LEAKS_THE_REST, false>("mutant leaks what is left inside", Some(Fault::Leaked));
        self.mutant::<SWAPS_REFUSED, false>("mutant gives another message back", Some(Fault::Corrupted));
        self.mutant::<SAYS_EMPTY, false>("mutant says empty", Some(Fault::Misanswered));
        self.mutant::<SAYS_FULL, false>("mutant says full", Some(Fault::Misanswered));
        self.mutant::<CLOSES_EARLY, false>("mutant closes with the first producer", Some(Fault::Misanswered));
        self.mutant::<HOLDS_ONE_MORE, false>("mutant holds one more", Some(Fault::Capacity));
        self.mutant::<HOLDS_ONE_LESS, false>("mutant holds one less", Some(Fault::Capacity));
        self.mutant::<NO_BOUND, true>("mutant forgets its bound when it may wait", Some(Fault::Capacity));
        self.mutant::<WAKES_ON_EMPTY, false>("mutant wakes consumers on empty only", Some(Fault::Hung));
        self.mutant::<WAKES_ON_FULL, false>("mutant wakes producers on full only", Some(Fault::Hung));
        self.mutant::<RACES, false>("mutant looks, then takes", Some(Fault::Duplicated));
    }

    fn mutant<const BUG: u32, const MAY_WAIT: bool>(&mut self, name: &str, expected: Option<Fault>) {
        self.0.push(Trial::test(name, move || {
            // Those that hang do so at once; the others may need their time on a busy machine.
            let hangs = matches!(BUG, WAKES_ON_EMPTY | WAKES_ON_FULL | RACES);
            let patience = Duration::from_secs(if hangs { 1 } else { 20 });
            let violations = conformance::check_within::<Mutant<BUG, MAY_WAIT>, Blocking>(patience);
            let caught = match expected {
                Some(fault) => violations.iter().any(|violation| violation.fault == fault),
                None => violations.is_empty(),
            };
            if caught { Ok(()) } else { Err(lines(&violations)) }
        }));
    }
}

const NO_BUG: u32 = 0;
const LOSES: u32 = 1;
const DUPLICATES: u32 = 2;
const REORDERS: u32 = 3;
const CORRUPTS: u32 = 4;
const PANICS: u32 = 5;
const LEAKS: u32 = 6;
const DROPS_TWICE: u32 = 7;
const LEAKS_THE_REST: u32 = 8;
const SWAPS_REFUSED: u32 = 9;
const SAYS_EMPTY: u32 = 10;
const SAYS_FULL: u32 = 11;
const CLOSES_EARLY: u32 = 12;
const HOLDS_ONE_MORE: u32 = 13;
const HOLDS_ONE_LESS: u32 = 14;
const NO_BOUND: u32 = 15;
const WAKES_ON_EMPTY: u32 = 16;
const WAKES_ON_FULL: u32 = 17;
const RACES: u32 = 18;

/// `MAY_WAIT` says which forms have the bug, those that may wait or those that only try; a bug that has but one
/// place to be is there either way.
struct Mutant<const BUG: u32, const MAY_WAIT: bool>;

struct Handle<T: Payload, const BUG: u32, const MAY_WAIT: bool>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    message: Condvar,
    room: Condvar,
    leaks_the_rest: bool,
}

struct State<T> {
    deque: VecDeque<T>,
    bound: usize,
    pushes: u64,
    pops: u64,
    closed: bool,
}

impl<const BUG: u32, const MAY_WAIT: bool> Queue for Mutant<BUG, MAY_WAIT> {
    const ABOUT: About = About { id: "tests/mutant", capacities: Capacities::BOUNDED_OR_NOT, ..About::MPMC };
    type Producer<T: Payload> = Handle<T, BUG, MAY_WAIT>;
    type Consumer<T: Payload> = Handle<T, BUG, MAY_WAIT>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let bound = match (shape.capacity, BUG) {
            (Capacity::Bounded(messages), HOLDS_ONE_MORE) => messages + 1,
            (Capacity::Bounded(messages), HOLDS_ONE_LESS) => messages - 1,
            (Capacity::Bounded(messages), _) => messages,
            (Capacity::Unbounded, _) => usize::MAX,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State { deque: VecDeque::new(), bound, pushes: 0, pops: 0, closed: false }),
            message: Condvar::new(),
            room: Condvar::new(),
            leaks_the_rest: BUG == LEAKS_THE_REST,
        });
        let handles = |count| (0..count).map(|_| Handle(shared.clone())).collect();
        Endpoints { producers: handles(shape.producers), consumers: handles(shape.consumers) }
    }
}

impl<T: Payload, const BUG: u32, const MAY_WAIT: bool> Handle<T, BUG, MAY_WAIT> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the bug shows in this form.
    fn has(bug: u32, may_wait: bool) -> bool {
        BUG == bug && MAY_WAIT == may_wait
    }

    fn put(&self, mut state: MutexGuard<'_, State<T>>, item: T, may_wait: bool) {
        state.pushes += 1;
        // Once, in the middle of a stream, and never at its end, which would only look like a hang.
        let now = state.pushes == 30;
        let was_empty = state.deque.is_empty();
        if now && Self::has(PANICS, may_wait) {
            // A panic that prints nothing.
            std::panic::resume_unwind(Box::new("the mutant panics"));
        }
        if now && Self::has(LOSES, may_wait) {
            drop(item);
        } else if now && Self::has(LEAKS, may_wait) {
            // Only of a copy, so that the message itself is not missed.
            std::mem::forget(item.clone());
            state.deque.push_back(item);
        } else if now && Self::has(DUPLICATES, may_wait) {
            state.deque.push_back(item.clone());
            state.deque.push_back(item);
        } else if now && Self::has(CORRUPTS, may_wait) {
            state.deque.push_back(T::default());
        } else if state.pushes.is_multiple_of(15) && state.pushes < 300 && Self::has(REORDERS, may_wait) {
            state.deque.push_front(item);
        } else {
            state.deque.push_back(item);
        }
        drop(state);
        if was_empty || BUG != WAKES_ON_EMPTY {
            self.0.message.notify_one();
        }
    }

    fn take(&self, mut state: MutexGuard<'_, State<T>>) -> T {
        let was_full = state.deque.len() == state.bound;
        if BUG == RACES {
            let looked_at = state.deque[0].clone();
            drop(state);
            std::thread::yield_now();
            self.lock().deque.pop_front();
            self.0.room.notify_one();
            return looked_at;
        }
        let item = state.deque.pop_front().expect("the caller looked");
        drop(state);
        if was_full || BUG != WAKES_ON_FULL {
            self.0.room.notify_one();
        }
        if BUG == DROPS_TWICE {
            // SAFETY: none; that is the bug. What the kit counts survives it, and nothing else is sent
            // through a queue of which it has counted a drop too many.
            drop(unsafe { std::ptr::read(&item) });
        }
        item
    }
}

impl<T: Payload, const BUG: u32, const MAY_WAIT: bool> Producer<T> for Handle<T, BUG, MAY_WAIT> {
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        let refused = state.closed || state.deque.len() >= state.bound;
        if refused || (BUG == SAYS_FULL && state.pushes % 7 == 6) {
            // Once only: the next try is answered as it should be.
            state.pushes += u64::from(!refused);
            return Err(if BUG == SWAPS_REFUSED { T::default() } else { item });
        }
        self.put(state, item, false);
        Ok(())
    }

    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        let mut state = self.lock();
        while state.deque.len() >= state.bound && !Self::has(NO_BOUND, true) {
            state = self.0.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.put(state, item, true);
    }
}

impl<T: Payload, const BUG: u32, const MAY_WAIT: bool> Consumer<T> for Handle<T, BUG, MAY_WAIT> {
    fn try_pop(&mut self) -> Option<T> {
        let mut state = self.lock();
        state.pops += 1;
        if state.deque.is_empty() || (BUG == SAYS_EMPTY && state.pops.is_multiple_of(7)) {
            return None;
        }
        Some(self.take(state))
    }

    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        let mut state = self.lock();
        while state.deque.is_empty() {
            state = self.0.message.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.take(state)
    }
}

impl<T: Payload, const BUG: u32, const MAY_WAIT: bool> Drop for Handle<T, BUG, MAY_WAIT> {
    fn drop(&mut self) {
        self.lock().closed = BUG == CLOSES_EARLY;
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        if self.leaks_the_rest {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::take(&mut state.deque));
        }
    }
}
