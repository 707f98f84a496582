//! No process is left behind by who started it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Asks the kernel to kill this process when the parent dies, and dies at once if it already has.
pub(crate) fn die_with_parent() -> anyhow::Result<()> {
    let parent = rustix::process::getppid();
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    anyhow::ensure!(rustix::process::getppid() == parent, "the parent is gone");
    Ok(())
}

/// Starts a process that does this, as a copy of this one, and ends with the number it returns, 101 if it panics, or with its
/// parent. If this process has other threads, it must not be something that takes a lock: one of them may hold it for ever.
///
/// # Errors
///
/// When the kernel refuses.
pub(crate) fn forked(work: impl FnOnce() -> i32) -> io::Result<libc::pid_t> {
    // SAFETY: parent and child go on with memories of their own; a lock that is held for ever hangs the child and no more.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // A panic must not go on into what only the parent has to do.
            let work = || catch_unwind(AssertUnwindSafe(work)).unwrap_or(101);
            let code = die_with_parent().map_or(1, |()| work());
            // SAFETY: ends the child at once; nothing of the parent's is to be flushed or dropped twice.
            unsafe { libc::_exit(code) };
        }
        child => Ok(child),
    }
}

/// Waits for a process that [`forked`] has started: the number it returned, if it came so far.
pub(crate) fn waited(child: libc::pid_t) -> Option<i32> {
    let mut status = 0;
    // SAFETY: waits for a child of this process and writes to a variable of its own.
    let is_gone = unsafe { libc::waitpid(child, &mut status, 0) } == child;
    (is_gone && libc::WIFEXITED(status)).then(|| libc::WEXITSTATUS(status))
}
