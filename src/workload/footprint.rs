//! What memory something takes that was started and stays: how much more many of them have than there was before,
//! together with who started them.

use std::fs;
use std::process;

/// How many are started: enough for a page more or less not to count.
const STARTED: u64 = 16;

/// Something that was started, has run, and stays.
pub(super) struct Started {
    /// Its process, where it has one of its own.
    pub process: Option<u32>,
    /// Ends it, and waits until it is gone.
    pub end: Box<dyn FnOnce()>,
}

/// What each takes that `start` starts, in bytes; none where the kernel does not tell.
pub(super) fn of_each(mut start: impl FnMut() -> Started) -> Option<u64> {
    // What the first one brings with it, others find there.
    (start().end)();
    let before = anonymous(process::id())?;
    let all: Vec<Started> = (0..STARTED).map(|_| start()).collect();
    let others = all.iter().filter_map(|one| one.process);
    let after: Option<u64> = others.chain([process::id()]).map(anonymous).sum();
    all.into_iter().for_each(|one| (one.end)());
    Some(after?.saturating_sub(before) / STARTED)
}

/// What a process has in memory that comes from no file, in bytes: of a page that several have since a fork, its part.
/// Pages of files would be there without it, and its part of them depends on who else runs.
fn anonymous(process: u32) -> Option<u64> {
    parse(&fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?)
}

fn parse(rollup: &str) -> Option<u64> {
    let kib = rollup.lines().find_map(|line| line.strip_prefix("Pss_Anon:")?.strip_suffix(" kB"))?;
    Some(kib.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollup_is_read() {
        let text =
            "55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  3000 kB\nPss:      1012 kB\nPss_Anon:      308 kB\n";
        assert_eq!(parse(text), Some(308 * 1024));
        assert_eq!(parse("Rss: 1 kB\nPss: 8 kB\n"), None);
        assert_eq!(parse("Pss_Anon: many kB\n"), None);
    }
}
