//! `os/mqueue`: a POSIX message queue.

use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

use anyhow::{Context, ensure};
use nix::mqueue::{MQ_OFlag, MqAttr, MqdT, mq_open, mq_receive, mq_send, mq_unlink};
use nix::sys::stat::Mode;
use rustix::io::Errno;

use super::end::{Transport, uninterrupted};
use super::{ABOUT, Crossing, End, Parts, open_between_threads};
use crate::queue::{About, Endpoints, Payload, Queue, Shape};

/// `os/mqueue`
pub struct Mqueue;

impl Queue for Mqueue {
    const ABOUT: About = About { id: "os/mqueue", exact: false, crosses: true, ..ABOUT };
    type Producer<T: Payload> = End<MqueueEnd>;
    type Consumer<T: Payload> = End<MqueueEnd>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        open_between_threads::<Self, T>(shape)
    }
}

impl Crossing for Mqueue {
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts> {
        let most = |what| std::fs::read_to_string(format!("/proc/sys/fs/mqueue/{what}"));
        let [messages, bytes] = ["msg_max", "msgsize_max"]
            .map(|what| most(what).ok().and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(usize::MAX));
        ensure!(T::BYTES <= bytes, "a message of {} bytes is longer than message queues take here ({bytes})", T::BYTES);
        let attributes = MqAttr::new(0, shape.bound().min(messages) as i64, T::BYTES as i64, 0);
        let name = format!("/queuebench-{}-{:016x}", std::process::id(), fastrand::u64(..));
        let flags = MQ_OFlag::O_RDWR | MQ_OFlag::O_CLOEXEC;
        let new = flags | MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL;
        let waiting = mq_open(&*name, new, Mode::S_IRUSR | Mode::S_IWUSR, Some(&attributes));
        // A descriptor of its own for calls that do not wait, because that is a property of the descriptor.
        let hasty = waiting.is_ok().then(|| mq_open(&*name, flags | MQ_OFlag::O_NONBLOCK, Mode::empty(), None));
        // Gone with its descriptors, unless this process is killed between these lines.
        mq_unlink(&*name).ok();
        let waiting = waiting.context("no message queue: see /proc/sys/fs/mqueue and RLIMIT_MSGQUEUE (ulimit -q)")?;
        let hasty = hasty.expect("the first was opened")?;
        Ok(Parts([waiting, hasty].map(owned).into()))
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<End<MqueueEnd>> {
        Ok(End(MqueueEnd { waiting: descriptor(parts.part(0)?), hasty: descriptor(parts.part(1)?) }))
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<End<MqueueEnd>> {
        Self::producer::<T>(parts)
    }
}

/// On Linux a message queue's descriptor is a file's.
fn owned(queue: MqdT) -> OwnedFd {
    // SAFETY: given away by its owner.
    unsafe { OwnedFd::from_raw_fd(queue.into_raw_fd()) }
}

fn descriptor(fd: OwnedFd) -> MqdT {
    // SAFETY: as above.
    unsafe { MqdT::from_raw_fd(fd.into_raw_fd()) }
}

/// An end of a message queue, either of them.
pub struct MqueueEnd {
    waiting: MqdT,
    hasty: MqdT,
}

/// nix leaves a queue open that nobody closes.
impl Drop for MqueueEnd {
    fn drop(&mut self) {
        for queue in [&self.waiting, &self.hasty] {
            // SAFETY: this end's own descriptor, which nobody uses after it.
            drop(unsafe { OwnedFd::from_raw_fd(queue.as_raw_fd()) });
        }
    }
}

fn errno(why: nix::errno::Errno) -> Errno {
    Errno::from_raw_os_error(why as i32)
}

impl MqueueEnd {
    fn receive_from(queue: &MqdT, message: &mut [u8]) -> Result<(), Errno> {
        let asked = message.len();
        let moved = uninterrupted(|| mq_receive(queue, message, &mut 0).map_err(errno))?;
        super::end::whole(moved, asked)
    }
}

impl Transport for MqueueEnd {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<(), Errno> {
        uninterrupted(|| mq_send(&self.waiting, message, 0).map_err(errno))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<(), Errno> {
        uninterrupted(|| mq_send(&self.hasty, message, 0).map_err(errno))
    }

    #[inline]
    fn receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        Self::receive_from(&self.waiting, message)
    }

    fn try_receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        Self::receive_from(&self.hasty, message)
    }
}
