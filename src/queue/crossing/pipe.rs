//! `os/pipe`: messages of up to 4096 bytes go through a pipe whole, so that several may write and several read.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;

use rustix::event::PollFlags;
use rustix::io::{Errno, ReadWriteFlags, preadv2, pwritev2, read, write};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use super::end::{Transport, is_ready, uninterrupted, whole};
use super::{ABOUT, Crossing, End, Parts, open_between_threads};
use crate::queue::{About, Endpoints, Payload, Queue, Shape};

/// `os/pipe`
pub struct Pipe;

/// One side of a pipe.
pub struct PipeEnd(OwnedFd);

impl Queue for Pipe {
    const ABOUT: About = About { id: "os/pipe", exact: false, crosses: true, ..ABOUT };
    type Producer<T: Payload> = End<PipeEnd>;
    type Consumer<T: Payload> = End<PipeEnd>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        open_between_threads::<Self, T>(shape)
    }
}

impl Crossing for Pipe {
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts> {
        let (reading, writing) = pipe_with(PipeFlags::CLOEXEC)?;
        // The kernel rounds up to a power of two of pages. What it refuses, because a user has too many pages in pipes
        // or asks for more than /proc/sys/fs/pipe-max-size, leaves the pipe as it is; the capacity is measured anyway.
        fcntl_setpipe_size(&writing, shape.bound() * T::BYTES).ok();
        Ok(Parts(vec![reading, writing]))
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<End<PipeEnd>> {
        Ok(End(PipeEnd(parts.part(1)?)))
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<End<PipeEnd>> {
        Ok(End(PipeEnd(parts.part(0)?)))
    }
}

/// For `pwritev2`: where the file stands, as a pipe has no offset.
const HERE: u64 = u64::MAX;

impl Transport for PipeEnd {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<(), Errno> {
        uninterrupted(|| write(&self.0, message)).and_then(|moved| whole(moved, message.len()))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<(), Errno> {
        match pwritev2(&self.0, &[IoSlice::new(message)], HERE, ReadWriteFlags::NOWAIT) {
            // Before Linux 6.5; one page less counts as room then.
            Err(Errno::OPNOTSUPP) if is_ready(&self.0, PollFlags::OUT) => self.send(message),
            Err(Errno::OPNOTSUPP | Errno::INTR) => Err(Errno::AGAIN),
            result => result.and_then(|moved| whole(moved, message.len())),
        }
    }

    #[inline]
    fn receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        let asked = message.len();
        uninterrupted(|| read(&self.0, &mut *message)).and_then(|moved| whole(moved, asked))
    }

    fn try_receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        let asked = message.len();
        match preadv2(&self.0, &mut [IoSliceMut::new(message)], HERE, ReadWriteFlags::NOWAIT) {
            Err(Errno::OPNOTSUPP) if is_ready(&self.0, PollFlags::IN) => self.receive(message),
            Err(Errno::OPNOTSUPP | Errno::INTR) => Err(Errno::AGAIN),
            result => result.and_then(|moved| whole(moved, asked)),
        }
    }
}
