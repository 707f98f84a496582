//! Two processes say hello. Nothing is shared, so each sees its own greeting only.
//!
//! `cargo run --example process_hello`; the same in Python: `python3 examples/process_hello.py`

use std::env;
use std::process::{Command, ExitCode};
use std::sync::Mutex;

static GREETINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn say_hello(name: &str) {
    let greeting = format!("hello from process {name}");
    println!("{greeting}");
    GREETINGS.lock().unwrap().push(greeting);
    println!("greetings that {name} sees: {}", GREETINGS.lock().unwrap().len());
}

fn main() -> std::io::Result<ExitCode> {
    // There is no function to start in a process of its own, only a program: this one again, told by a word who it is.
    if let Some(name) = env::args().nth(1) {
        say_hello(&name);
        return Ok(ExitCode::SUCCESS);
    }
    let mut other = Command::new(env::current_exe()?).arg("other").spawn()?;
    say_hello("main");
    // All that comes back by itself is an exit code; anything else has to be sent as a message.
    Ok(if other.wait()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
