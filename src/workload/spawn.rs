//! What it costs to start something that runs, until its first instruction and until it was joined: a thread, a fork,
//! and this program anew, by `posix_spawn` and by fork and exec.
//!
//! What is started notes the time and ends. A forked child does so in shared memory; a program writes it to a pipe.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::memory::{Map, Placed, Shareable, sealed};
use crate::queue::{About, Family, Role};

use super::slice::{Side, Slice, Tally, clock_ns};
use super::trips::Trips;
use super::{Alone, Lap, Opened};

/// The first argument of this program with which it notes the time and ends.
pub const STARTED_WORD: &str = "started";

/// What ways of starting have in common; each names itself.
const ABOUT: About = About { family: Family::Process, transfers: false, role: Role::Start, ..About::SPSC };

/// All ways to start something.
pub const STARTS: [Alone; 4] = [
    Alone { about: About { id: "start/thread", ..ABOUT }, open: |_| opened(thread) },
    Alone { about: About { id: "start/fork", crosses: true, ..ABOUT }, open: |_| opened(forks()) },
    Alone {
        about: About { id: "start/posix_spawn", crosses: true, ..ABOUT },
        open: |_| opened(|| program(own_program())),
    },
    Alone {
        about: About { id: "start/fork-exec", crosses: true, ..ABOUT },
        open: |_| {
            opened(|| {
                let mut command = own_program();
                // SAFETY: it does nothing. That it is there at all makes the library fork and exec.
                unsafe { command.pre_exec(|| Ok(())) };
                program(command)
            })
        },
    },
];

/// What a program does that was started with [`STARTED_WORD`].
///
/// # Errors
///
/// When nobody reads.
pub fn started() -> std::io::Result<()> {
    std::io::stdout().write_all(&clock_ns().to_ne_bytes())
}

/// `start` starts something, waits for its end, and returns when it ran first, on the slice's clock.
fn opened(start: impl FnMut() -> u64 + Send + 'static) -> Opened {
    let lap = Lap { capacity: None, missing: 0 };
    Opened { lap, loops: vec![Box::new(move |slice| again_and_again(start, slice))] }
}

fn again_and_again(mut start: impl FnMut() -> u64, slice: &Slice) -> Tally {
    let mut endpoint = slice.endpoint(Side::Consumer, 0);
    let (mut joined, mut first) = (Trips::new(), Trips::new());
    let mut count = 0;
    loop {
        let in_window = endpoint.in_window();
        let since = clock_ns();
        let ran = start();
        let until = clock_ns();
        count += 1;
        if in_window {
            joined.record(until - since);
            first.record(ran.saturating_sub(since));
        }
        endpoint.publish(count);
        if !endpoint.chunk_end(count, None) {
            break;
        }
    }
    let timing = endpoint.finish(count, None);
    Tally { timing, pushed: Vec::new(), popped: None, round_trips: joined.buckets(), first: first.buckets() }
}

fn thread() -> u64 {
    let ran = Arc::new(AtomicU64::new(0));
    let note = Arc::clone(&ran);
    let thread = std::thread::spawn(move || note.store(clock_ns(), Ordering::Relaxed));
    thread.join().expect("it only notes the time");
    ran.load(Ordering::Relaxed)
}

/// Where a forked child notes the time.
#[repr(transparent)]
struct Note(AtomicU64);

// SAFETY: an atomic number.
unsafe impl Shareable for Note {}

fn forks() -> impl FnMut() -> u64 {
    let memory = sealed(size_of::<Note>()).map_err(anyhow::Error::from).and_then(Map::of);
    let note: Placed<Note> = Placed::at(memory.expect("a page of shared memory"));
    move || {
        // SAFETY: the child reads a clock, writes a number and ends, none of which takes a lock.
        match unsafe { libc::fork() } {
            -1 => panic!("cannot fork: {}", std::io::Error::last_os_error()),
            0 => {
                note.0.store(clock_ns(), Ordering::Relaxed);
                // SAFETY: ends the child at once.
                unsafe { libc::_exit(0) };
            }
            child => {
                // SAFETY: asks for nothing but the end of the child.
                unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
                note.0.load(Ordering::Relaxed)
            }
        }
    }
}

/// This program, so that it notes the time.
fn own_program() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(STARTED_WORD).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn program(mut command: Command) -> u64 {
    let mut child: Child = command.spawn().expect("this program runs, so it can be started");
    let mut ran = [0; 8];
    child.stdout.take().expect("piped").read_exact(&mut ran).expect("it notes the time");
    child.wait().expect("it ends");
    u64::from_ne_bytes(ran)
}
