//! The threads and processes of a form, named so that `/proc` tells who is who.

use std::thread;

use super::said::{Said, say};
use crate::orphan::{forked, waited};

/// Names this thread.
pub fn be(name: &str) {
    let name = std::ffi::CString::new(name).expect("a name in the source");
    rustix::thread::set_name(&name).ok();
}

/// Runs `work` with each of these names in a thread of that name, the first in this one; what they return, in order.
pub fn parties<T: Send>(names: &[&'static str], work: impl Fn(&'static str) -> T + Sync) -> Vec<T> {
    let work = |name| {
        be(name);
        work(name)
    };
    thread::scope(|scope| {
        let others: Vec<_> = names[1..].iter().map(|name| scope.spawn(move || work(name))).collect();
        let first = work(names[0]);
        let others = others.into_iter().map(|other| other.join().expect("parties do not panic"));
        std::iter::once(first).chain(others).collect()
    })
}

/// Runs `work` in a process of that name, which ends with it; returns its number. This process has one thread.
pub fn process(name: &str, work: impl FnOnce()) -> libc::pid_t {
    let child = forked(|| {
        be(name);
        work();
        0
    });
    let child = child.expect("the kernel gives a process");
    say(&Said::Process { pid: child as u32 });
    child
}

/// Waits for the end of a process that [`process`] has started; true if that was a good one.
pub fn wait_for(process: libc::pid_t) -> bool {
    waited(process) == Some(0)
}
