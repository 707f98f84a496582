//! A linked list with a lock at each end, so that a push and a pop do not wait for each other.
//!
//! The list is Michael and Scott's two-lock queue ("Simple, Fast, and Practical Non-Blocking and Blocking Concurrent
//! Queue Algorithms", PODC 1996, figure 2): its first node is a dummy, so that head and tail never need the same
//! node changed. The blocking calls and the bound are those of Doug Lea's `java.util.concurrent.LinkedBlockingQueue`:
//! a count shared by both ends; those who wait for a message wait at the head's lock, those who wait for room at the
//! tail's; who changes the count from empty, or from full, wakes one at the other end, and whoever proceeds and
//! leaves something behind wakes the next at its own ("cascading notifies"), so that in a busy queue neither
//! end takes the other's lock.
//!
//! Unlike Java's, an end notifies only if somebody waits, because std's `Condvar` enters the kernel each time.
//! A message costs one allocation, made by the producer and freed by a consumer.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crossbeam_utils::CachePadded;

use crate::queue::{About, Capacities, Capacity, Consumer, Endpoints, Family, Payload, Producer, Queue, Shape, Wait};

/// `intree/two-lock`
pub struct TwoLock;

impl Queue for TwoLock {
    const ABOUT: About = About {
        id: "intree/two-lock",
        family: Family::MutexDeque,
        capacities: Capacities::BOUNDED_OR_NOT,
        ..About::MPMC
    };
    type Producer<T: Payload> = Handle<T>;
    type Consumer<T: Payload> = Handle<T>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        let capacity = match shape.capacity {
            Capacity::Bounded(messages) => messages,
            Capacity::Unbounded => usize::MAX,
        };
        Endpoints::shared(Handle(Arc::new(List::new(capacity))), shape)
    }
}

/// Pushes and pops.
pub struct Handle<T>(Arc<List<T>>);

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Handle(self.0.clone())
    }
}

impl<T: Payload> Producer<T> for Handle<T> {
    fn try_push(&mut self, item: T) -> Result<(), T> {
        // A full queue is told without the lock, as `LinkedBlockingQueue::offer` does.
        if self.0.is_full() {
            return Err(item);
        }
        let tail = self.0.tail.lock();
        if self.0.is_full() {
            return Err(item);
        }
        self.0.append(tail, Node::new(Some(item)));
        Ok(())
    }

    fn push<W: Wait>(&mut self, item: T, _: &mut W) {
        let node = Node::new(Some(item));
        let tail = self.0.tail.lock_unless(|| self.0.is_full());
        self.0.append(tail, node);
    }
}

impl<T: Payload> Consumer<T> for Handle<T> {
    fn try_pop(&mut self) -> Option<T> {
        if self.0.is_empty() {
            return None;
        }
        let head = self.0.head.lock();
        if self.0.is_empty() {
            return None;
        }
        Some(self.0.remove(head))
    }

    fn pop<W: Wait>(&mut self, _: &mut W) -> T {
        let head = self.0.head.lock_unless(|| self.0.is_empty());
        self.0.remove(head)
    }
}

struct Node<T> {
    /// The node pushed after this one; null in the last. Set once, with the tail's lock held, while the head may be
    /// reading it.
    next: AtomicPtr<Node<T>>,
    /// `None` in the first node of the list, the dummy.
    item: Option<T>,
}

impl<T> Node<T> {
    fn new(item: Option<T>) -> Box<Self> {
        Box::new(Node { next: AtomicPtr::new(ptr::null_mut()), item })
    }
}

/// One end of the list: a lock, the node it protects, and those who wait with it.
struct End<T> {
    locked: Mutex<Locked<T>>,
    /// For a message at the head, for room at the tail.
    changed: Condvar,
}

/// What an end's lock protects.
struct Locked<T> {
    /// At the head the dummy, at the tail the last node.
    node: NonNull<Node<T>>,
    /// Threads in `changed`.
    waiting: usize,
}

impl<T> End<T> {
    fn new(node: NonNull<Node<T>>) -> CachePadded<Self> {
        CachePadded::new(End { locked: Mutex::new(Locked { node, waiting: 0 }), changed: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Locked<T>> {
        self.locked.lock().expect("nobody panics with the lock held")
    }

    /// Takes the lock, waiting while there is nothing to do with it.
    fn lock_unless(&self, nothing_to_do: impl Fn() -> bool) -> MutexGuard<'_, Locked<T>> {
        let mut locked = self.lock();
        while nothing_to_do() {
            locked.waiting += 1;
            locked = self.changed.wait(locked).expect("nobody panics with the lock held");
            locked.waiting -= 1;
        }
        locked
    }

    /// Releases the lock, then wakes one waiting thread if there is any and `more` for it to do.
    fn unlock(&self, locked: MutexGuard<'_, Locked<T>>, more: bool) {
        let wake = more && locked.waiting > 0;
        drop(locked);
        if wake {
            self.changed.notify_one();
        }
    }
}

/// The list.
struct List<T> {
    capacity: usize,
    /// Messages in the list: raised after one is linked, lowered after one is unlinked. Whoever holds the head's
    /// lock and sees it above 0 may pop, as only pops lower it; whoever holds the tail's and sees it below the
    /// capacity may push, as only pushes raise it.
    count: CachePadded<AtomicUsize>,
    head: CachePadded<End<T>>,
    tail: CachePadded<End<T>>,
}

// SAFETY: the nodes belong to the list and are touched with the lock of their end held; items go from thread to
// thread whole.
unsafe impl<T: Send> Send for List<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for List<T> {}

impl<T> List<T> {
    fn new(capacity: usize) -> Self {
        let dummy = NonNull::from(Box::leak(Node::new(None)));
        List { capacity, count: CachePadded::default(), head: End::new(dummy), tail: End::new(dummy) }
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    fn is_full(&self) -> bool {
        self.count.load(Ordering::Acquire) == self.capacity
    }

    /// Appends a node to a list that is not full.
    fn append(&self, mut tail: MutexGuard<'_, Locked<T>>, node: Box<Node<T>>) {
        let node = NonNull::from(Box::leak(node));
        // SAFETY: the last node is there until a message behind it is removed, and the count below admits nobody to
        // that message before the tail has moved on. Only `next` is referred to, as a consumer may be taking the item.
        let next = unsafe { &(*tail.node.as_ptr()).next };
        // Release: who finds the new node finds it filled.
        next.store(node.as_ptr(), Ordering::Release);
        tail.node = node;
        let before = self.count.fetch_add(1, Ordering::AcqRel);
        self.tail.unlock(tail, before + 1 < self.capacity);
        if before == 0 {
            // The list was empty: consumers may have gone to wait.
            self.head.unlock(self.head.lock(), true);
        }
    }

    /// Removes the first message of a list that is not empty.
    fn remove(&self, mut head: MutexGuard<'_, Locked<T>>) -> T {
        let dummy = head.node;
        // SAFETY: the dummy is there until it is unlinked, which takes this lock.
        let first = unsafe { &(*dummy.as_ptr()).next }.load(Ordering::Acquire);
        let first = NonNull::new(first).expect("a list with messages has a first one");
        // SAFETY: it is linked, so its producer is done with the item, and the lock keeps other consumers away. Only
        // `item` is referred to, as a producer may be setting `next`.
        let item = unsafe { &mut (*first.as_ptr()).item }.take().expect("only the dummy has no message");
        head.node = first;
        let before = self.count.fetch_sub(1, Ordering::AcqRel);
        self.head.unlock(head, before > 1);
        if before == self.capacity {
            // The list was full: producers may have gone to wait.
            self.tail.unlock(self.tail.lock(), true);
        }
        // SAFETY: allocated by `Node::new` and no longer linked; that the tail has moved on see `append`.
        drop(unsafe { Box::from_raw(dummy.as_ptr()) });
        item
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        let mut next = self.head.lock().node.as_ptr();
        while !next.is_null() {
            // SAFETY: from the dummy on every node is the list's, allocated by `Node::new`.
            next = unsafe { Box::from_raw(next) }.next.into_inner();
        }
    }
}
