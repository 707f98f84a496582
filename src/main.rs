//! The command `queuebench`.

use std::process::ExitCode;

use queuebench::cmd;
use queuebench::registry::Registry;

fn main() -> ExitCode {
    cmd::main(&Registry::builtin())
}
