//! Queues written here, each after a published algorithm and in the plainest form that is fast: for reading, for
//! comparing others against, and, the two rings, for placing between processes.

mod region;
pub mod spinlock_deque;
pub mod spsc;
pub mod two_lock;
pub mod vyukov;

pub use region::Rubbish;
