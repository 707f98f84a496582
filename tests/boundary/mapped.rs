//! Shared memory itself: sealed, mapped twice, carrying rings; and what is not sealed is refused.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::thread;

use queuebench::memory::{Map, Memory, sealed};
use queuebench::queue::intree::{spsc, vyukov};
use queuebench::queue::{Consumer, Producer, Wait, Yield};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use crate::cell::PROGRAM;

const MESSAGES: u64 = 100_000;
const CAPACITY: usize = 1000;

/// Sends the numbers from one thread to another and demands them in order.
fn in_order(mut producer: impl Producer<u64>, mut consumer: impl Consumer<u64>) {
    let sender = thread::spawn(move || {
        let mut wait = Yield::new();
        (0..MESSAGES).for_each(|number| producer.push(number, &mut wait));
    });
    let mut wait = Yield::new();
    for number in 0..MESSAGES {
        assert_eq!(consumer.pop(&mut wait), number);
    }
    assert_eq!(consumer.try_pop(), None);
    sender.join().unwrap();
}

/// Two mappings of the same memory, at different addresses.
fn twice(bytes: usize) -> [Map; 2] {
    let fd = sealed(bytes).unwrap();
    let maps = [Map::of(&fd).unwrap(), Map::of(&fd).unwrap()];
    assert_ne!(maps[0].bytes(), maps[1].bytes());
    maps
}

#[test]
fn the_spsc_ring_carries_messages_between_two_mappings() {
    let [first, second] = twice(spsc::bytes::<u64>(CAPACITY));
    let (producer, own) = spsc::create(first, CAPACITY);
    drop(own);
    // SAFETY: just created for these messages; its own consumer is gone.
    let consumer = unsafe { spsc::attach_consumer::<u64>(second) }.unwrap();
    in_order(producer, consumer);
}

#[test]
fn the_mpmc_ring_carries_messages_between_two_mappings() {
    let [first, second] = twice(vyukov::bytes::<u64>(CAPACITY));
    let producer = vyukov::create(first, CAPACITY);
    // SAFETY: just created for these messages.
    let consumer = unsafe { vyukov::attach::<u64>(second) }.unwrap();
    in_order(producer, consumer);
}

#[test]
fn sealed_memory_neither_shrinks_nor_grows_nor_loses_its_seals() {
    let fd = sealed(10_000).unwrap();
    for bytes in [0, 9_999, 10_001] {
        assert_eq!(ftruncate(&fd, bytes), Err(Errno::PERM));
    }
    assert_eq!(fcntl_add_seals(&fd, SealFlags::WRITE), Err(Errno::PERM));
    assert_eq!(Map::of(&fd).unwrap().bytes().len(), 10_000);
}

fn without_seals(bytes: u64) -> OwnedFd {
    let fd = memfd_create("queuebench", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&fd, bytes).unwrap();
    fd
}

fn refusal(fd: impl AsFd) -> String {
    Map::of(fd).err().expect("it was mapped").to_string()
}

#[test]
fn memory_whose_size_could_change_is_not_mapped() {
    for seals in [SealFlags::empty(), SealFlags::GROW, SealFlags::SHRINK] {
        let fd = without_seals(4096);
        fcntl_add_seals(&fd, seals).unwrap();
        assert!(refusal(&fd).contains("could still change"), "{}", refusal(&fd));
    }
    let pipe = rustix::pipe::pipe().unwrap();
    for other in [File::open("/dev/null").unwrap().into(), pipe.0] {
        assert!(refusal(&other).contains("no seals"), "{}", refusal(&other));
    }
}

#[test]
fn an_endpoint_refuses_what_is_no_shared_memory() {
    let unsealed = without_seals(1 << 20);
    fcntl_setfd(&unsealed, FdFlags::empty()).unwrap();
    let unsealed = unsealed.as_raw_fd().to_string();
    let cases =
        [(unsealed.as_str(), "could still change"), ("0", "no seals"), ("9999", "missing"), ("three", "numbers")];
    for (word, said) in cases {
        let output = Command::new(PROGRAM).args(["endpoint", word]).stdin(Stdio::null()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{word}: {stderr}");
        assert!(stderr.contains(said), "{word}: {stderr}");
    }
    let by_hand = Command::new(PROGRAM).arg("endpoint").stdin(Stdio::null()).output().unwrap();
    assert!(String::from_utf8_lossy(&by_hand.stderr).contains("by hand") && !by_hand.status.success());
}
