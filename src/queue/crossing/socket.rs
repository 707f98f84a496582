//! `os/seqpacket`, `os/socketpair` and `os/tcp`: one socket at each side.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::sockopt::{
    set_socket_recv_buffer_size, set_socket_send_buffer_size, set_tcp_nodelay, socket_send_buffer_size,
};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, accept_with, bind, connect, getsockname, listen,
    recv, send, socket_with, socketpair,
};

use super::end::{Transport, is_ready, uninterrupted, whole};
use super::{ABOUT, Crossing, End, Parts, open_between_threads};
use crate::queue::{About, Endpoints, Payload, Queue, Shape};

/// `os/seqpacket`: a Unix socket pair that keeps messages apart.
pub type Seqpacket = UnixPair<true>;
/// `os/socketpair`: a Unix socket pair of streams. The kernel keeps what one call sends together and gives it to one
/// reader, as long as it is small; so several may write and several read.
pub type Socketpair = UnixPair<false>;

/// A Unix socket pair.
pub struct UnixPair<const KEEPS_APART: bool>;

/// `os/tcp`: a connection over loopback, without waiting for more to send. Bytes without boundaries, so one at each
/// end.
pub struct Tcp;

/// Bytes of each buffer of a connection, at least. The kernel's own least leaves windows of about half a kilobyte, smaller than
/// what it takes for a whole segment at times: then it waits for its persist timer, 200 ms for each segment.
const LEAST_BUFFER: usize = 8192;

impl<const KEEPS_APART: bool> Queue for UnixPair<KEEPS_APART> {
    const ABOUT: About =
        About { id: if KEEPS_APART { "os/seqpacket" } else { "os/socketpair" }, exact: false, crosses: true, ..ABOUT };
    type Producer<T: Payload> = End<Socket>;
    type Consumer<T: Payload> = End<Socket>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        open_between_threads::<Self, T>(shape)
    }
}

impl Queue for Tcp {
    const ABOUT: About = About {
        id: "os/tcp",
        exact: false,
        crosses: true,
        producers: About::SPSC.producers,
        consumers: About::SPSC.consumers,
        ..ABOUT
    };
    type Producer<T: Payload> = End<Stream>;
    type Consumer<T: Payload> = End<Stream>;

    fn open<T: Payload>(shape: Shape) -> Endpoints<Self::Producer<T>, Self::Consumer<T>> {
        open_between_threads::<Self, T>(shape)
    }
}

impl<const KEEPS_APART: bool> Crossing for UnixPair<KEEPS_APART> {
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts> {
        unix_pair::<T>(if KEEPS_APART { SocketType::SEQPACKET } else { SocketType::STREAM }, shape)
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<End<Socket>> {
        Ok(End(Socket(parts.part(1)?)))
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<End<Socket>> {
        Ok(End(Socket(parts.part(0)?)))
    }
}

/// Two sockets between which about as many messages fit as asked for.
fn unix_pair<T: Payload>(kind: SocketType, shape: Shape) -> anyhow::Result<Parts> {
    let pair = || socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None);
    // What a message takes of the buffer is the kernel's affair; it is found out with a pair that is thrown away.
    let (receiving, sending) = pair()?;
    let message = T::default();
    let taken = (0..).take_while(|_| send(&sending, message.as_bytes(), SendFlags::DONTWAIT).is_ok()).count();
    let buffer = socket_send_buffer_size(&sending)? * shape.bound() / taken.max(1);
    drop((receiving, sending));
    let (receiving, sending) = pair()?;
    // The kernel doubles what it is told, and knows a most: /proc/sys/net/core/wmem_max.
    set_socket_send_buffer_size(&sending, buffer / 2)?;
    Ok(Parts(vec![receiving, sending]))
}

impl Crossing for Tcp {
    fn create<T: Payload>(shape: Shape) -> anyhow::Result<Parts> {
        let socket = || socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let (listening, sending) = (socket()?, socket()?);
        let bytes = (shape.bound() * T::BYTES).max(LEAST_BUFFER);
        // Before the connection is made, or its windows would have been agreed on. The kernel has a most.
        set_socket_recv_buffer_size(&listening, bytes)?;
        set_socket_send_buffer_size(&sending, bytes)?;
        bind(&listening, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        listen(&listening, 1)?;
        connect(&sending, &getsockname(&listening)?)?;
        let receiving = accept_with(&listening, SocketFlags::CLOEXEC)?;
        set_tcp_nodelay(&sending, true)?;
        Ok(Parts(vec![receiving, sending]))
    }

    fn producer<T: Payload>(parts: &Parts) -> anyhow::Result<End<Stream>> {
        Ok(End(Stream::new(parts.part(1)?)))
    }

    fn consumer<T: Payload>(parts: &Parts) -> anyhow::Result<End<Stream>> {
        Ok(End(Stream::new(parts.part(0)?)))
    }
}

/// An end at which a call moves a message or nothing.
pub struct Socket(OwnedFd);

impl Transport for Socket {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<(), Errno> {
        uninterrupted(|| send(&self.0, message, SendFlags::NOSIGNAL)).and_then(|moved| whole(moved, message.len()))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<(), Errno> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        uninterrupted(|| send(&self.0, message, flags)).and_then(|moved| whole(moved, message.len()))
    }

    #[inline]
    fn receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        let asked = message.len();
        uninterrupted(|| recv(&self.0, &mut *message, RecvFlags::empty())).and_then(|(moved, _)| whole(moved, asked))
    }

    fn try_receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        let asked = message.len();
        uninterrupted(|| recv(&self.0, &mut *message, RecvFlags::DONTWAIT)).and_then(|(moved, _)| whole(moved, asked))
    }
}

/// An end at which a call may move a part of a message.
pub struct Stream {
    socket: OwnedFd,
    /// What was received of the next message.
    rest: Vec<u8>,
}

impl Stream {
    fn new(socket: OwnedFd) -> Stream {
        Stream { socket, rest: Vec::new() }
    }
}

impl Transport for Stream {
    #[inline]
    fn send(&mut self, mut message: &[u8]) -> Result<(), Errno> {
        while !message.is_empty() {
            let moved = uninterrupted(|| send(&self.socket, message, SendFlags::NOSIGNAL))?;
            message = &message[moved..];
        }
        Ok(())
    }

    /// A part of a message cannot be taken back, so it is sent only where the kernel says that there is room: for a
    /// third of the buffer at least, as it sees it. So the capacity that is found is less than what fits.
    fn try_send(&mut self, message: &[u8]) -> Result<(), Errno> {
        if is_ready(&self.socket, PollFlags::OUT) { self.send(message) } else { Err(Errno::AGAIN) }
    }

    #[inline]
    fn receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        let asked = message.len();
        let had = self.rest.len();
        message[..had].copy_from_slice(&self.rest);
        self.rest.clear();
        let (moved, _) = uninterrupted(|| recv(&self.socket, &mut message[had..], RecvFlags::WAITALL))?;
        whole(had + moved, asked)
    }

    fn try_receive(&mut self, message: &mut [u8]) -> Result<(), Errno> {
        let had = self.rest.len();
        let (moved, _) = uninterrupted(|| recv(&self.socket, &mut message[had..], RecvFlags::DONTWAIT))?;
        if moved == 0 {
            return Err(Errno::PIPE);
        }
        let has = had + moved;
        if has < message.len() {
            self.rest.extend_from_slice(&message[had..has]);
            return Err(Errno::AGAIN);
        }
        message[..had].copy_from_slice(&self.rest);
        self.rest.clear();
        Ok(())
    }
}
