//! The crawler's work queue: what is known and not yet fetched.
//!
//! It is fed by those who empty it, and that is how crawlers deadlock: a bounded queue is full, every worker has found
//! more links and waits until there is room, and nobody is left who takes. Here no worker ever waits to put. What a
//! full queue does not take stays on the worker's own stack, and a worker with a stack works on that before it waits
//! for the queue. So when all of them wait, nothing is unfinished anywhere, and who finished the last page has sent
//! the mark that ends them all. This holds for any capacity, one included.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::queue::crossing::{Crossing, Parts};
use crate::queue::{About, Consumer, Payload, Payloads, Producer, Queue, Role, Shape, Tag, Wait, Words};

/// An address of the crawled site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its path, with the query if it has one.
    pub path: String,
    /// Redirects that led to it since an address that stands on a page.
    pub hops: u16,
}

/// What a try to take comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// There was one.
    Link(Link),
    /// There is none now.
    Empty,
    /// There will be none.
    End,
}

/// A worker's hold on the work queue.
pub trait Frontier: Send {
    /// Puts a link in, without waiting.
    ///
    /// # Errors
    ///
    /// The link, when the queue has no room for it.
    fn put(&mut self, link: Link) -> Result<(), Link>;

    /// Takes a link out, without waiting.
    fn try_take(&mut self) -> Taken;

    /// Takes a link out, waiting until there is one; `None` when there will be none.
    fn take(&mut self) -> Option<Link>;

    /// Ends it for all other workers; called once, by who has finished the last page, when it is empty.
    fn end(&mut self);
}

/// The work list of a crawl without workers: last in, first out.
#[derive(Default)]
pub struct Stack(Vec<Link>);

impl Frontier for Stack {
    fn put(&mut self, link: Link) -> Result<(), Link> {
        self.0.push(link);
        Ok(())
    }

    fn try_take(&mut self) -> Taken {
        self.0.pop().map_or(Taken::End, Taken::Link)
    }

    fn take(&mut self) -> Option<Link> {
        self.0.pop()
    }

    fn end(&mut self) {}
}

/// A queue of links of any length: what a crawl uses that does not measure queues.
#[derive(Clone, Default)]
pub struct Deque(Arc<(Mutex<Waiting>, Condvar)>);

#[derive(Default)]
struct Waiting {
    links: VecDeque<Link>,
    ended: bool,
}

impl Waiting {
    fn next(&mut self) -> Taken {
        match self.links.pop_front() {
            Some(link) => Taken::Link(link),
            None if self.ended => Taken::End,
            None => Taken::Empty,
        }
    }
}

impl Deque {
    /// One for each of `workers`.
    pub fn for_workers(workers: usize) -> Vec<Box<dyn Frontier>> {
        let deque = Deque::default();
        (0..workers).map(|_| Box::new(deque.clone()) as Box<dyn Frontier>).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frontier for Deque {
    fn put(&mut self, link: Link) -> Result<(), Link> {
        self.lock().links.push_back(link);
        self.0.1.notify_one();
        Ok(())
    }

    fn try_take(&mut self) -> Taken {
        self.lock().next()
    }

    fn take(&mut self) -> Option<Link> {
        let mut waiting = self.lock();
        loop {
            match waiting.next() {
                Taken::Link(link) => return Some(link),
                Taken::End => return None,
                Taken::Empty => waiting = self.0.1.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn end(&mut self) {
        self.lock().ended = true;
        self.0.1.notify_all();
    }
}

/// A message of a measured queue: a head that holds the length of the path and the hops, then the path's bytes; or the
/// end's mark, then how many workers it has still to reach.
type Message = Words<32>;

/// The longest path that a message holds. A longer one is not lost: it does not leave its worker.
pub const LONGEST_PATH: usize = Message::BYTES - 8;

/// Whether `about` is a queue that a crawl can use: any worker puts and takes.
pub const fn serves(about: &About) -> bool {
    about.both_ends_many()
        && about.transfers
        && matches!(about.role, Role::Queue)
        && matches!(about.payloads, Payloads::Any | Payloads::ByValue)
}

/// Opens `Q` for as many workers as the shape has producers, and as many consumers.
///
/// # Panics
///
/// When the queue does not [serve](serves), or the shape has other numbers.
pub fn frontiers<Q: Queue, W: Wait>(shape: Shape) -> Vec<Box<dyn Frontier>> {
    assert!(serves(&Q::ABOUT) && shape.producers == shape.consumers, "{} is no work queue", Q::ABOUT.id);
    let ends = Q::open::<Message>(shape);
    let wait = W::new();
    let both = ends.producers.into_iter().zip(ends.consumers);
    both.map(|ends| held::<_, _, W>(ends, &wait, shape.producers)).collect()
}

/// The hold of one worker among `workers` on a queue whose ends are in different processes.
///
/// # Errors
///
/// When `parts` are not those of such a queue.
pub fn crossing_frontier<Q: Crossing, W: Wait>(parts: &Parts, workers: usize) -> anyhow::Result<Box<dyn Frontier>> {
    let ends = (Q::producer::<Message>(parts)?, Q::consumer::<Message>(parts)?);
    Ok(held::<_, _, W>(ends, &W::new(), workers))
}

/// Makes a queue whose ends may be in different processes, for [`crossing_frontier`].
///
/// # Errors
///
/// What the kernel has to say against it.
pub fn crossing_parts<Q: Crossing>(shape: Shape) -> anyhow::Result<Parts> {
    let parts = Q::create::<Message>(shape)?;
    Q::lay_out::<Message>(&parts, shape)?;
    Ok(parts)
}

fn held<P: Producer<Message>, C: Consumer<Message>, W: Wait>(
    (producer, consumer): (P, C),
    all: &W,
    workers: usize,
) -> Box<dyn Frontier> {
    let of = |events: Option<_>| events.map_or_else(|| all.clone(), W::at);
    let waits = (of(producer.events()), of(consumer.events()));
    Box::new(Held { ends: Box::new(BothEnds { producer, consumer, waits }), workers })
}

/// The four things done to a queue: all that is compiled anew for each.
trait Ends: Send {
    /// Whether there was room.
    fn try_push(&mut self, message: Message) -> bool;
    fn push(&mut self, message: Message);
    fn try_pop(&mut self) -> Option<Message>;
    fn pop(&mut self) -> Message;
}

struct BothEnds<P, C, W> {
    producer: P,
    consumer: C,
    waits: (W, W),
}

impl<P: Producer<Message>, C: Consumer<Message>, W: Wait> Ends for BothEnds<P, C, W> {
    fn try_push(&mut self, message: Message) -> bool {
        let pushed = self.producer.try_push(message).is_ok();
        if pushed {
            self.waits.0.pushed();
        }
        pushed
    }

    fn push(&mut self, message: Message) {
        self.producer.push(message, &mut self.waits.0);
    }

    fn try_pop(&mut self) -> Option<Message> {
        let message = self.consumer.try_pop()?;
        self.waits.1.popped();
        Some(message)
    }

    fn pop(&mut self) -> Message {
        self.consumer.pop(&mut self.waits.1)
    }
}

/// A measured queue as a work queue.
struct Held {
    ends: Box<dyn Ends>,
    workers: usize,
}

impl Held {
    /// Sends the end's mark on its way, unless all have seen it. The queue is empty, so there is room for it.
    fn pass_on(&mut self, still_to_reach: u64) {
        if still_to_reach > 0 {
            let mut mark = Message::default();
            mark.0[0] = Tag::END.0;
            mark.0[1] = still_to_reach;
            self.ends.push(mark);
        }
    }

    fn read(&mut self, message: &Message) -> Option<Link> {
        if message.0[0] == Tag::END.0 {
            self.pass_on(message.0[1] - 1);
            return None;
        }
        Some(decoded(message))
    }
}

fn encoded(link: &Link) -> Option<Message> {
    let mut message = Message::default();
    message.0[0] = link.path.len() as u64 | u64::from(link.hops) << 32;
    message.as_bytes_mut()[8..].get_mut(..link.path.len())?.copy_from_slice(link.path.as_bytes());
    Some(message)
}

/// # Panics
///
/// When the queue has damaged the message.
fn decoded(message: &Message) -> Link {
    let path = message.as_bytes()[8..].get(..message.0[0] as u32 as usize).and_then(|path| str::from_utf8(path).ok());
    Link { path: path.expect("the queue returns what was put into it").to_owned(), hops: (message.0[0] >> 32) as u16 }
}

impl Frontier for Held {
    fn put(&mut self, link: Link) -> Result<(), Link> {
        let pushed = encoded(&link).is_some_and(|message| self.ends.try_push(message));
        if pushed { Ok(()) } else { Err(link) }
    }

    fn try_take(&mut self) -> Taken {
        match self.ends.try_pop() {
            Some(message) => self.read(&message).map_or(Taken::End, Taken::Link),
            None => Taken::Empty,
        }
    }

    fn take(&mut self) -> Option<Link> {
        let message = self.ends.pop();
        self.read(&message)
    }

    fn end(&mut self) {
        self.pass_on(self.workers as u64 - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_a_path_up_to_its_length() {
        for length in [1, 7, LONGEST_PATH] {
            let link = Link { path: "/".repeat(length), hops: 300 };
            assert_eq!(encoded(&link).map(|message| decoded(&message)), Some(link));
        }
        assert!(encoded(&Link { path: "/".repeat(LONGEST_PATH + 1), hops: 0 }).is_none());
    }
}
