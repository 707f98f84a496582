//! A crawler whose workers feed each other: bounded queues in a ring, and everybody pushes before it pops. The
//! feedback queue that more than one crawler has got stuck on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};

use super::party::parties;
use super::said::{At, Finding, Kind, say_place, say_wants};
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "circular-wait",
    rows: &["S30"],
    symptom: Symptom::Hang,
    certain: "every queue is full at the start and everybody pushes first, whatever the timing",
    happened: "Each worker waits for room in its neighbour's full queue, and nobody pops, because all of them wait to push.",
    fix: "Never wait for room in a queue that your own popping must empty: try_push, and keep what does not fit.",
    run,
};

const WORKERS: [&str; 3] = ["one", "two", "three"];
const CAPACITY: usize = 1;
/// A page at depth d has a link to one at depth d - 1.
const DEPTH: usize = 50;

/// A textbook queue, whose address says in `/proc` who waits for it.
#[derive(Default)]
struct Bounded {
    pages: Mutex<(VecDeque<usize>, bool)>,
    has_room: Condvar,
    has_page: Condvar,
}

impl Bounded {
    fn push(&self, page: usize) {
        let pages = self.pages.lock().expect("nobody panics");
        let mut pages = self.has_room.wait_while(pages, |(pages, _)| pages.len() >= CAPACITY).expect("nobody panics");
        pages.0.push_back(page);
        self.has_page.notify_one();
    }

    fn try_push(&self, page: usize) -> Result<(), usize> {
        let mut pages = self.pages.lock().expect("nobody panics");
        if pages.0.len() >= CAPACITY {
            return Err(page);
        }
        pages.0.push_back(page);
        self.has_page.notify_one();
        Ok(())
    }

    /// `None` once it is closed.
    fn pop(&self) -> Option<usize> {
        let pages = self.pages.lock().expect("nobody panics");
        let mut pages = self
            .has_page
            .wait_while(pages, |(pages, is_closed)| pages.is_empty() && !*is_closed)
            .expect("nobody panics");
        let page = pages.0.pop_front();
        self.has_room.notify_one();
        page
    }

    fn close(&self) {
        self.pages.lock().expect("nobody panics").1 = true;
        self.has_page.notify_all();
    }
}

fn queue_of(name: &str) -> String {
    format!("queue of {name}")
}

fn run(form: Form) -> Finding {
    let queues = WORKERS.map(|_| Bounded::default());
    for (queue, name) in queues.iter().zip(WORKERS) {
        say_place(&queue_of(name), Kind::Queue, At::memory(queue), &[name]);
        queue.push(DEPTH);
    }
    // Each worker has a page at hand, and one in its queue.
    let (left, fetched, kept) = (AtomicUsize::new(2 * WORKERS.len()), AtomicUsize::new(0), AtomicUsize::new(0));
    parties(&WORKERS, |name| {
        let own = WORKERS.iter().position(|worker| *worker == name).expect("one of them");
        let neighbour = (own + 1) % WORKERS.len();
        let mut overflow = Vec::new();
        let mut page = Some(DEPTH);
        while let Some(depth) = page {
            fetched.fetch_add(1, SeqCst);
            if depth == 0 {
                if left.fetch_sub(1, SeqCst) == 1 {
                    queues.iter().for_each(Bounded::close);
                }
            } else if form == Form::Broken {
                say_wants(name, &queue_of(WORKERS[neighbour]));
                queues[neighbour].push(depth - 1);
            } else if let Err(link) = queues[neighbour].try_push(depth - 1) {
                kept.fetch_add(1, SeqCst);
                overflow.push(link);
            }
            // It waits for others only when it has nothing of its own.
            page = overflow.pop().or_else(|| queues[own].pop());
        }
    });
    let (fetched, expected) = (fetched.into_inner(), 2 * WORKERS.len() * (DEPTH + 1));
    let evidence = format!(
        "{fetched} of {expected} pages fetched through queues of {CAPACITY}; {} links did not fit and were kept",
        kept.into_inner()
    );
    Finding { is_wrong: fetched != expected, evidence }
}
