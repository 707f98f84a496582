//! What `/proc` tells of a process's threads: whether they sleep, whether they have run meanwhile, what they wait in.

use std::fs;

/// A thread, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its process.
    pub process: u32,
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What it does, and the cpu time it has had.
    pub stat: Stat,
    /// How often it has given up its cpu or lost it: who sleeps again has woken meanwhile, and counts one more.
    pub switches: u64,
    /// What it waits in.
    pub wait: Wait,
    /// The function of the kernel that it sleeps in; empty where that is not shown.
    pub wchan: String,
}

/// What is looked at of `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// `R`, `S`, `Z`, ...
    pub state: char,
    /// User and system time, in ticks.
    pub ticks: u64,
}

/// What a thread waits in, by its system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// In no call.
    Running,
    /// For a word of memory to change, which is what locks, barriers and condition variables come to.
    Futex {
        /// Of the word.
        address: u64,
        /// Whether it gives up some time.
        is_timed: bool,
    },
    /// For something to read.
    Read(u64),
    /// For the end of a process.
    Child,
    /// For time to pass.
    Timer,
    /// In a call of this number.
    Other(libc::c_long),
    /// Not shown: it takes the rights of a debugger.
    Hidden,
}

impl Thread {
    /// Whether it sleeps where only somebody else can wake it, as far as that is shown.
    pub fn sleeps_without_end(&self) -> bool {
        let has_end = match self.wait {
            Wait::Futex { is_timed, .. } => is_timed,
            Wait::Running | Wait::Timer | Wait::Other(_) => true,
            Wait::Read(_) | Wait::Child => false,
            Wait::Hidden => self.wchan.contains("nanosleep"),
        };
        self.stat.state == 'S' && !has_end
    }
}

/// The threads of these processes that are there and no corpses; a process's first thread comes first.
pub fn threads(processes: &[u32]) -> Vec<Thread> {
    let mut threads = Vec::new();
    for process in processes {
        let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let ids = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok());
        threads.extend(ids.filter_map(|id| thread(*process, id)));
    }
    // Numbers begin anew some time.
    let place = |thread: &Thread| processes.iter().position(|process| *process == thread.process);
    threads.sort_by_key(|thread| (place(thread), thread.id != thread.process, thread.id));
    threads
}

fn thread(process: u32, id: u32) -> Option<Thread> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{process}/task/{id}/{file}")).ok();
    let stat = parse_stat(&read("stat")?).filter(|stat| !matches!(stat.state, 'Z' | 'X'))?;
    Some(Thread {
        process,
        id,
        name: read("comm")?.trim_end().to_owned(),
        stat,
        switches: parse_switches(&read("status")?),
        wait: read("syscall").map_or(Wait::Hidden, |text| parse_syscall(&text)),
        // 0 where it is hidden.
        wchan: read("wchan").filter(|text| text != "0").unwrap_or_default(),
    })
}

/// Reads a `stat`.
pub fn parse_stat(text: &str) -> Option<Stat> {
    // The name may hold spaces and brackets; behind it are the state, and as 12th and 13th the times.
    let mut fields = text.rsplit_once(") ")?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut times = fields.skip(10).map(str::parse::<u64>);
    Some(Stat { state, ticks: times.next()?.ok()? + times.next()?.ok()? })
}

/// Both kinds of switches in a `status`; 0 where they are not counted.
pub fn parse_switches(text: &str) -> u64 {
    let counts = text.lines().filter_map(|line| line.split_once("ctxt_switches:")?.1.trim().parse::<u64>().ok());
    counts.sum()
}

/// Reads a `syscall`: its number and arguments, `running`, or -1 outside a call.
pub fn parse_syscall(text: &str) -> Wait {
    if text.trim_end() == "running" {
        return Wait::Running;
    }
    let mut words = text.split_whitespace();
    let Some(number) = words.next().and_then(|word| word.parse::<libc::c_long>().ok()) else { return Wait::Hidden };
    let arguments: Vec<u64> =
        words.map_while(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()).take(6).collect();
    let argument = |index: usize| arguments.get(index).copied().unwrap_or(0);
    match number {
        libc::SYS_futex => Wait::Futex { address: argument(0), is_timed: argument(3) != 0 },
        libc::SYS_read | libc::SYS_recvfrom => Wait::Read(argument(0)),
        libc::SYS_wait4 | libc::SYS_waitid => Wait::Child,
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Wait::Timer,
        _ => Wait::Other(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_is_read_behind_a_name_that_looks_like_one() {
        let text = "30029 (a) S 9 (b) R) S 30018 30018 27894 0 -1 4194304 124 0 0 0 17 25 0 0 20 0 1 0 4757735 2990080";
        assert_eq!(parse_stat(text), Some(Stat { state: 'S', ticks: 42 }));
        assert_eq!(parse_stat("1 (x) R 1 1"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn both_kinds_of_switches_count() {
        let text = "Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(parse_switches(text), 10);
        assert_eq!(parse_switches("Name:\tx\n"), 0);
    }

    #[test]
    fn a_syscall_says_what_is_waited_for_and_whether_that_ends() {
        let futex = |timeout| format!("{} 0x55d0 0x80 0x2 {timeout} 0x0 0xffffffff 0x7ffd 0x7f50", libc::SYS_futex);
        assert_eq!(parse_syscall(&futex("0x0")), Wait::Futex { address: 0x55d0, is_timed: false });
        assert_eq!(parse_syscall(&futex("0x7ffd")), Wait::Futex { address: 0x55d0, is_timed: true });
        let call = |number: libc::c_long| format!("{number} 0x5 0x1 0x1 0x0 0x0 0x0 0x7ffd 0x7f50\n");
        assert_eq!(parse_syscall(&call(libc::SYS_recvfrom)), Wait::Read(5));
        assert_eq!(parse_syscall(&call(libc::SYS_clock_nanosleep)), Wait::Timer);
        assert_eq!(parse_syscall(&call(libc::SYS_wait4)), Wait::Child);
        assert_eq!(parse_syscall(&call(9999)), Wait::Other(9999));
        assert_eq!(parse_syscall("running\n"), Wait::Running);
        assert_eq!(parse_syscall("-1 0x7ffd 0x7f50\n"), Wait::Other(-1));
        assert_eq!(parse_syscall(""), Wait::Hidden);
        assert_eq!(parse_syscall("no number"), Wait::Hidden);
    }

    #[test]
    fn this_thread_is_seen_and_does_not_sleep() {
        let own = threads(&[std::process::id()]);
        let id = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        let this = own.iter().find(|thread| thread.id == id).unwrap();
        assert!(this.stat.state == 'R' && !this.sleeps_without_end(), "{this:?}");
        assert!(threads(&[u32::MAX]).is_empty());
    }
}
