//! Which addresses are known already: one set for all workers, in several forms.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::frontier::Link;
use super::site::fnv1a;
use crate::scenario::SeenSet;

/// A worker's hold on the set.
pub trait Seen: Send {
    /// Of these links the ones that nobody has asked about before, and never the same one twice.
    fn fresh(&mut self, links: Vec<Link>) -> Vec<Link>;
}

impl SeenSet {
    /// The forms that are right.
    pub const CORRECT: [SeenSet; 3] = [SeenSet::Mutex, SeenSet::Sharded, SeenSet::Owner];

    /// A set that knows nothing yet, for each of `workers`.
    pub fn for_workers(self, workers: usize) -> Vec<Box<dyn Seen>> {
        fn clones<S: Seen + Clone + 'static>(seen: &S, workers: usize) -> Vec<Box<dyn Seen>> {
            (0..workers).map(|_| Box::new(seen.clone()) as Box<dyn Seen>).collect()
        }
        match self {
            SeenSet::Mutex => clones(&Locked::default(), workers),
            SeenSet::Sharded => clones(&Sharded::default(), workers),
            SeenSet::Split => clones(&Split::default(), workers),
            SeenSet::Owner => {
                let (ask, questions) = channel();
                thread::spawn(move || own(&questions));
                let hold = |_| Box::new(Asking::new(ask.clone())) as Box<dyn Seen>;
                (0..workers).map(hold).collect()
            }
        }
    }
}

/// The addresses themselves; what is said of them is right or wrong by how it is locked.
#[derive(Default)]
pub(super) struct Known(HashSet<Box<str>>);

impl Known {
    /// Whether it did not know this link until now.
    pub(super) fn learns(&mut self, link: &Link) -> bool {
        !self.0.contains(link.path.as_str()) && self.0.insert(link.path.as_str().into())
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Default)]
struct Locked(Arc<Mutex<Known>>);

impl Seen for Locked {
    fn fresh(&mut self, mut links: Vec<Link>) -> Vec<Link> {
        let mut known = lock(&self.0);
        links.retain(|link| known.learns(link));
        links
    }
}

#[derive(Clone, Default)]
struct Sharded(Arc<[Mutex<Known>; 16]>);

impl Seen for Sharded {
    fn fresh(&mut self, mut links: Vec<Link>) -> Vec<Link> {
        links.retain(|link| lock(&self.0[(fnv1a(link.path.as_bytes()) >> 60) as usize]).learns(link));
        links
    }
}

#[derive(Clone, Default)]
struct Split(Arc<Mutex<Known>>);

impl Seen for Split {
    fn fresh(&mut self, mut links: Vec<Link>) -> Vec<Link> {
        let known = lock(&self.0);
        links.retain(|link| !known.0.contains(link.path.as_str()));
        drop(known);
        thread::yield_now();
        let mut known = lock(&self.0);
        for link in &links {
            known.learns(link);
        }
        links
    }
}

/// What an owner is asked, and where the answer goes.
type Question = (Vec<Link>, Sender<Vec<Link>>);

struct Asking {
    ask: Sender<Question>,
    answer_to: Sender<Vec<Link>>,
    answers: Receiver<Vec<Link>>,
}

impl Asking {
    fn new(ask: Sender<Question>) -> Asking {
        let (answer_to, answers) = channel();
        Asking { ask, answer_to, answers }
    }
}

impl Seen for Asking {
    fn fresh(&mut self, links: Vec<Link>) -> Vec<Link> {
        self.ask.send((links, self.answer_to.clone())).expect("the owner lives as long as it may be asked");
        self.answers.recv().expect("the owner answers")
    }
}

/// The owner's life: until nobody is left who could ask.
fn own(questions: &Receiver<Question>) {
    let mut known = Known::default();
    for (mut links, answer_to) in questions {
        links.retain(|link| known.learns(link));
        // One that has gone away needs no answer.
        answer_to.send(links).ok();
    }
}
