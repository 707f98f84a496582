//! Which queue? The suite quick in interleaved rounds, as tables. `cargo bench --bench barometer`

use std::process::ExitCode;

use queuebench::cmd;
use queuebench::registry::Registry;

fn main() -> ExitCode {
    let registry = Registry::builtin();
    if cmd::is_worker() { cmd::main(&registry) } else { cmd::barometer(&registry) }
}
