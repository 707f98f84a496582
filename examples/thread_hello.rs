//! Two threads say hello. They share their data, so afterwards there are two greetings.
//!
//! `cargo run --example thread_hello`; the same in Python: `python3 examples/thread_hello.py`

use std::sync::Mutex;
use std::thread;

/// Data that threads share is behind a lock: without one this would not compile.
static GREETINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn say_hello() {
    let greeting = format!("hello from thread {}", thread::current().name().unwrap_or("without a name"));
    // `println!` locks the output for the whole line: lines may come in any order, but never torn.
    println!("{greeting}");
    GREETINGS.lock().unwrap().push(greeting);
}

fn main() {
    let other = thread::Builder::new().name("other".into()).spawn(say_hello).expect("no thread could be started");
    say_hello();
    other.join().unwrap();
    println!("greetings that main sees: {}", GREETINGS.lock().unwrap().len());
}
