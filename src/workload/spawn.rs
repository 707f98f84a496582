//! What it costs to start something that runs, until its first instruction and until it was joined: a thread, a fork,
//! and this program anew, by `posix_spawn` and by fork and exec; and what memory each takes that stays.
//!
//! What is started notes the time and ends. A forked child does so in shared memory; a program writes it to a pipe.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use crate::memory::{Map, Placed, Shareable, sealed};
use crate::orphan::forked;
use crate::queue::{About, Family, Role};

use super::footprint::{self, Started};
use super::slice::{Side, Slice, Tally, clock_ns};
use super::trips::Trips;
use super::{Alone, Lap, Opened};

/// The first argument of this program with which it notes the time and ends; with another one, once its input does.
pub const STARTED_WORD: &str = "started";

/// What ways of starting have in common; each names itself.
const ABOUT: About = About { family: Family::Process, transfers: false, role: Role::Start, ..About::SPSC };

/// All ways to start something.
pub const STARTS: [Alone; 4] = [
    Alone { about: About { id: "start/thread", ..ABOUT }, open: |_| opened(thread, staying_thread) },
    Alone { about: About { id: "start/fork", crosses: true, ..ABOUT }, open: |_| opened(forks(), staying_fork) },
    Alone {
        about: About { id: "start/posix_spawn", crosses: true, ..ABOUT },
        open: |_| opened(|| program(own_program()), || staying_program(own_program())),
    },
    Alone {
        about: About { id: "start/fork-exec", crosses: true, ..ABOUT },
        open: |_| opened(|| program(forked_program()), || staying_program(forked_program())),
    },
];

/// What a program does that was started with [`STARTED_WORD`].
///
/// # Errors
///
/// When nobody reads.
pub fn started(stays: bool) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    stdout.write_all(&clock_ns().to_ne_bytes())?;
    if stays {
        stdout.flush()?;
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    }
    Ok(())
}

/// `start` starts something, waits for its end, and returns when it ran first, on the slice's clock; `stay` starts the
/// same so that it stays.
fn opened(start: impl FnMut() -> u64 + Send + 'static, stay: fn() -> Started) -> Opened {
    let lap = Lap { capacity: None, missing: 0 };
    Opened { lap, loops: vec![Box::new(move |slice| again_and_again(start, stay, slice))] }
}

fn again_and_again(mut start: impl FnMut() -> u64, stay: fn() -> Started, slice: &Slice) -> Tally {
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
    let memory_bytes = footprint::of_each(stay);
    Tally { round_trips: joined.buckets(), first: first.buckets(), memory_bytes, ..Tally::of(timing) }
}

fn thread() -> u64 {
    let ran = Arc::new(AtomicU64::new(0));
    let note = Arc::clone(&ran);
    let thread = std::thread::spawn(move || note.store(clock_ns(), Ordering::Relaxed));
    thread.join().expect("it only notes the time");
    ran.load(Ordering::Relaxed)
}

fn staying_thread() -> Started {
    // It is there once it has come here, and ends once it has been met again.
    let meeting = Arc::new(Barrier::new(2));
    let other = Arc::clone(&meeting);
    let thread = std::thread::spawn(move || {
        other.wait();
        other.wait();
    });
    meeting.wait();
    let end = move || {
        meeting.wait();
        thread.join().expect("it only waits");
    };
    Started { process: None, end: Box::new(end) }
}

/// Where a forked child notes the time.
#[repr(transparent)]
struct Note(AtomicU64);

// SAFETY: an atomic number.
unsafe impl Shareable for Note {}

fn note() -> Placed<Note> {
    let memory = sealed(size_of::<Note>()).map_err(anyhow::Error::from).and_then(Map::of);
    Placed::at(memory.expect("a page of shared memory"))
}

fn forks() -> impl FnMut() -> u64 {
    let note = note();
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

fn staying_fork() -> Started {
    let (mut is_there, mut say_so) = std::io::pipe().expect("a pipe");
    let child = forked(|| {
        if say_so.write_all(&[1]).is_ok() {
            loop {
                // SAFETY: it waits for a signal, and none comes but the last.
                unsafe { libc::pause() };
            }
        }
        1
    });
    let child = child.expect("the kernel gives a process");
    drop(say_so);
    is_there.read_exact(&mut [0]).expect("it says that it is there");
    let end = move || {
        // SAFETY: a child that has not been waited for, so the number is still its own; nothing but its end is asked for.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
    };
    Started { process: Some(child as u32), end: Box::new(end) }
}

/// This program, so that it notes the time.
fn own_program() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(STARTED_WORD).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The same by fork and exec.
fn forked_program() -> Command {
    let mut command = own_program();
    // SAFETY: it does nothing. That it is there at all makes the library fork and exec.
    unsafe { command.pre_exec(|| Ok(())) };
    command
}

fn program(mut command: Command) -> u64 {
    let (mut child, ran) = running(&mut command);
    child.wait().expect("it ends");
    ran
}

/// A child that runs, and when it ran first.
fn running(command: &mut Command) -> (Child, u64) {
    let mut child = command.spawn().expect("this program runs, so it can be started");
    let mut ran = [0; 8];
    child.stdout.take().expect("piped").read_exact(&mut ran).expect("it notes the time");
    (child, u64::from_ne_bytes(ran))
}

fn staying_program(mut command: Command) -> Started {
    let (mut child, _) = running(command.arg("stay").stdin(Stdio::piped()));
    let process = Some(child.id());
    let end = move || {
        // Which closes its input first.
        child.wait().expect("it ends");
    };
    Started { process, end: Box::new(end) }
}
