//! The command as its users type it.

mod alone;
mod builds;
mod compared;
mod disk;
mod examined;
mod exits;
mod listed;
mod one_cpu;
mod probed;
mod ranked;
mod refused_resumes;
mod selftest;
mod streams;
mod strict;
mod typed;
mod worker;

/// Command, exit code and output of what needs no machine; `TRYCMD=overwrite cargo test --test cli` writes them anew.
#[test]
fn snapshots() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
