//! What a pitfall's worker says while it runs, one JSON line each, before it may hang: where its locks, queues and
//! descriptors are and who holds them. The parent reads in `/proc` where a thread waits, and names it by this.

use std::io::Write;

use serde::{Deserialize, Serialize};

/// One line of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Said {
    /// It has started a process.
    Process {
        /// The process.
        pid: u32,
    },
    /// There is something that a thread may wait for.
    Place(Place),
    /// Who can end a wait there: the owner of a lock, the parties of a barrier, the other end of a pipe.
    Ends {
        /// The place.
        place: String,
        /// Threads by name.
        by: Vec<String>,
    },
    /// A thread is about to wait there; believed only where `/proc` does not tell.
    Wants {
        /// The thread's name.
        thread: String,
        /// The place.
        place: String,
    },
    /// A thread or process ends before its time.
    Gone {
        /// Its name.
        thread: String,
        /// What befell it, as in `was killed`.
        how: String,
    },
    /// The form has come to its end.
    Found(Finding),
}

/// What a form came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the result is wrong.
    pub is_wrong: bool,
    /// The figures that show it.
    pub evidence: String,
}

/// What a thread may wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What the worker calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub at: At,
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A lock, held by one.
    Lock,
    /// A bounded queue that is full.
    Queue,
    /// A barrier that not all have reached.
    Barrier,
    /// An end of a pipe or socket that nothing has come through.
    Pipe,
}

/// Where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// In memory; the word that a futex waits at is among these bytes.
    Memory {
        /// Of its first byte.
        address: u64,
        /// How many.
        bytes: u64,
    },
    /// A file descriptor.
    Descriptor(u64),
}

impl At {
    /// All of a value.
    pub fn memory<T>(value: &T) -> At {
        At::Memory { address: std::ptr::from_ref(value) as u64, bytes: size_of::<T>() as u64 }
    }
}

/// Says one line to the parent. It is written at once, so that lines of two processes do not mix.
pub fn say(said: &Said) {
    let line = serde_json::to_string(said).expect("plain data") + "\n";
    // A parent that is gone takes this process with it.
    std::io::stdout().lock().write_all(line.as_bytes()).ok();
}

/// Says where something is that a thread may wait for, and who can end the wait.
pub fn say_place(name: &str, kind: Kind, at: At, by: &[&str]) {
    say(&Said::Place(Place { name: name.into(), kind, at }));
    say_ends(name, by);
}

/// Says who can end a wait at a place from now on.
pub fn say_ends(place: &str, by: &[&str]) {
    say(&Said::Ends { place: place.into(), by: by.iter().map(|name| (*name).to_owned()).collect() });
}

/// Says that this thread, of that name, is about to wait.
pub fn say_wants(thread: &str, place: &str) {
    say(&Said::Wants { thread: thread.into(), place: place.into() });
}
