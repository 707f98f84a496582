//! What it costs to move a message within one thread: by value, by copying its bytes, by serialising it. The least that
//! any queue between processes adds to a message which is not made where it is read.

use std::hint::black_box;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::queue::{About, Family, Payload, Payloads, Role, Tag, Words};

use super::check::{Check, Faults};
use super::slice::{Side, Slice, Tally};
use super::{Alone, Lap, Loop, Opened, Order, Size};

/// What ways of moving have in common; each names itself.
const ABOUT: About =
    About { family: Family::Process, transfers: false, role: Role::Copy, payloads: Payloads::ByValue, ..About::SPSC };

/// All ways to move a message.
pub const WAYS: [Alone; 3] = [
    Alone { about: About { id: "copy/move", ..ABOUT }, open: open::<Moved> },
    Alone { about: About { id: "copy/bytes", ..ABOUT }, open: open::<Copied> },
    Alone { about: About { id: "copy/postcard", ..ABOUT }, open: open::<Serialised> },
];

/// How a message gets from one place to another.
trait Carry: 'static {
    fn carry<const N: usize>(buffer: &mut [u8], message: Words<N>) -> Words<N>
    where
        [u64; N]: Serialize + DeserializeOwned;
}

/// As a value.
struct Moved;
/// As bytes that are copied into a buffer and out of it.
struct Copied;
/// As the format postcard writes it.
struct Serialised;

impl Carry for Moved {
    #[inline]
    fn carry<const N: usize>(_: &mut [u8], message: Words<N>) -> Words<N> {
        black_box(message)
    }
}

impl Carry for Copied {
    #[inline]
    fn carry<const N: usize>(buffer: &mut [u8], message: Words<N>) -> Words<N> {
        let buffer = &mut buffer[..N * 8];
        buffer.copy_from_slice(message.as_bytes());
        let mut copy = Words::default();
        copy.as_bytes_mut().copy_from_slice(black_box(buffer));
        copy
    }
}

impl Carry for Serialised {
    #[inline]
    fn carry<const N: usize>(buffer: &mut [u8], message: Words<N>) -> Words<N>
    where
        [u64; N]: Serialize + DeserializeOwned,
    {
        let written = postcard::to_slice(&message.0, buffer).expect("the buffer takes any message");
        Words(postcard::from_bytes(black_box(written)).expect("what was just written"))
    }
}

/// Bytes that the longest message takes in any form: ten for each of 32 words.
const BUFFER: usize = 512;

fn open<C: Carry>(order: &Order) -> Opened {
    let own_loop: Loop = match order.size {
        Size::Value(256) => Box::new(run::<C, 32>),
        _ => Box::new(run::<C, 1>),
    };
    Opened { lap: Lap { capacity: None, missing: 0 }, loops: vec![own_loop] }
}

fn run<C: Carry, const N: usize>(slice: &Slice) -> Tally
where
    [u64; N]: Serialize + DeserializeOwned,
{
    let mut endpoint = slice.endpoint(Side::Consumer, 0);
    let mut buffer = [0; BUFFER];
    let mut check = Check::new(1);
    let mut faults = Faults::default();
    let mut sequence = 0;
    loop {
        let (publications, messages) = endpoint.chunk();
        for _ in 0..publications {
            let mut sums = check.sums;
            for _ in 0..messages {
                sequence += 1;
                let message = C::carry(&mut buffer, Words::<N>::write(Tag::new(0, sequence)));
                if let Err(odd) = check.accept(&message, &mut sums) {
                    faults.note(odd, &mut check);
                }
            }
            check.sums = sums;
            check.count += messages;
            endpoint.publish(sequence);
        }
        if !endpoint.chunk_end(sequence, None) {
            break;
        }
    }
    let timing = endpoint.finish(sequence, None);
    let popped = Some(check.received(faults));
    Tally { pushed: vec![(0, sequence)], popped, ..Tally::of(timing) }
}
