//! The command as its users type it.

mod alone;
mod builds;
mod compared;
mod disk;
mod examined;
mod exits;
mod listed;
#[path = "../made_up/mod.rs"]
mod made_up;
mod one_cpu;
mod probed;
mod ranked;
// What the topology's own tests need besides is not needed here.
#[allow(dead_code)]
#[path = "../recorded/mod.rs"]
mod recorded;
mod refused_resumes;
mod reported;
mod selftest;
mod streams;
mod strict;
mod synthetic;
mod typed;
mod worker;

/// Command, exit code and output of what needs no machine; `TRYCMD=overwrite cargo test --test cli` writes them anew.
/// Of the program as it is built by default: without the crawler it has a verb less.
#[cfg(feature = "crawl")]
#[test]
fn snapshots() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
