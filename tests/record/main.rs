//! The results file's reader and writer: what was written is read back, and a file from a stranger is accepted or
//! refused with a reason, whatever is in it.

mod accepted;
mod any_bytes;
mod core_to_core;
mod hostile;
mod large;
mod machine_toml;
#[path = "../made_up/mod.rs"]
mod made_up;
mod refused;
mod sample;
mod written;
