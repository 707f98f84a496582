//! An end of a queue that the kernel keeps: bytes go in by one system call a message, and out by one.

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::queue::{Consumer, Payload, Producer, Wait};

/// How the bytes of one message get into the kernel, and out of it.
pub trait Transport: Send + 'static {
    /// Sends one message, waiting for room.
    fn send(&mut self, message: &[u8]) -> Result<(), Errno>;
    /// The same without waiting; [`Errno::AGAIN`] when there is no room.
    fn try_send(&mut self, message: &[u8]) -> Result<(), Errno>;
    /// Receives one message of exactly this size, waiting for it.
    fn receive(&mut self, message: &mut [u8]) -> Result<(), Errno>;
    /// The same without waiting; [`Errno::AGAIN`] when there is none.
    fn try_receive(&mut self, message: &mut [u8]) -> Result<(), Errno>;
}

/// An end of a queue over a [`Transport`].
pub struct End<K>(pub(super) K);

/// A peer that is gone, or a kernel that refuses: this end cannot go on.
#[cold]
#[inline(never)]
fn broken(doing: &str, why: Errno) -> ! {
    panic!("{doing} failed: {why}")
}

impl<T: Payload, K: Transport> Producer<T> for End<K> {
    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        match self.0.try_send(item.as_bytes()) {
            Ok(()) => Ok(()),
            Err(Errno::AGAIN) => Err(item),
            Err(why) => broken("sending", why),
        }
    }

    #[inline]
    fn push<W: Wait>(&mut self, item: T, wait: &mut W) {
        if let Err(why) = self.0.send(item.as_bytes()) {
            broken("sending", why);
        }
        wait.pushed();
    }
}

impl<T: Payload, K: Transport> Consumer<T> for End<K> {
    #[inline]
    fn try_pop(&mut self) -> Option<T> {
        let mut item = T::default();
        match self.0.try_receive(item.as_bytes_mut()) {
            Ok(()) => Some(item),
            // Where nobody sends any more there is nothing, either.
            Err(Errno::AGAIN | Errno::PIPE) => None,
            Err(why) => broken("receiving", why),
        }
    }

    #[inline]
    fn pop<W: Wait>(&mut self, wait: &mut W) -> T {
        let mut item = T::default();
        if let Err(why) = self.0.receive(item.as_bytes_mut()) {
            broken("receiving", why);
        }
        wait.popped();
        item
    }
}

/// What a call that moved `moved` of `asked` bytes has come to: a message moves whole, or something is broken.
#[inline]
pub(super) fn whole(moved: usize, asked: usize) -> Result<(), Errno> {
    if moved == asked {
        return Ok(());
    }
    // No byte at all is what a stream says whose other end is closed.
    Err(if moved == 0 { Errno::PIPE } else { Errno::BADMSG })
}

/// Repeats a call as long as signals interrupt it.
#[inline]
pub(super) fn uninterrupted<R>(mut call: impl FnMut() -> Result<R, Errno>) -> Result<R, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// Whether a call would not wait now.
pub(super) fn is_ready(fd: impl AsFd, flags: PollFlags) -> bool {
    let mut fds = [PollFd::new(&fd, flags)];
    matches!(poll(&mut fds, Some(&Timespec::default())), Ok(1..)) && fds[0].revents().intersects(flags)
}
