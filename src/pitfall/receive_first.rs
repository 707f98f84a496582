//! Two processes, a duplex pipe, and each waits to hear from the other first.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use super::party::{be, process, wait_for};
use super::said::{At, Finding, Kind, say_place, say_wants};
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "both-receive-first",
    rows: &["S22", "S30"],
    symptom: Symptom::Hang,
    certain: "neither sends before it has received, whatever the timing",
    happened: "Both processes receive before they send, so each waits for a message that the other would send next.",
    fix: "Agree who speaks first: one side sends and then receives, the other receives and then answers.",
    run,
};

fn run(form: Form) -> Finding {
    let (mut left, mut right) = UnixStream::pair().expect("a pair of sockets");
    let descriptor = |end: &UnixStream| At::Descriptor(end.as_raw_fd() as u64);
    say_place("the left end", Kind::Pipe, descriptor(&left), &["right"]);
    say_place("the right end", Kind::Pipe, descriptor(&right), &["left"]);
    be("left");
    let child = process("right", || {
        say_wants("right", "the right end");
        let word = receive(&mut right);
        right.write_all(&[word + 1]).expect("left is there");
    });
    // The end of a dead process would be noticed: nobody else holds it.
    drop(right);
    if form == Form::Broken {
        say_wants("left", "the left end");
        receive(&mut left);
    }
    left.write_all(&[41]).expect("right is there");
    let answer = receive(&mut left);
    let is_right = wait_for(child) && answer == 42;
    Finding { is_wrong: !is_right, evidence: format!("left sent 41 and received {answer}") }
}

fn receive(end: &mut UnixStream) -> u8 {
    let mut word = [0];
    end.read_exact(&mut word).expect("the other side is there");
    word[0]
}
