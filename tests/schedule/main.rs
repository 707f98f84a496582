//! The schedule with made-up workers and a made-up clock: what runs, in which order, for how long, and what is left
//! of it after an interrupt. No worker is started and nothing is timed.

mod adaptive;
mod fake;
mod lengths;
#[path = "../made_up/mod.rs"]
mod made_up;
mod order;
mod outcomes;
mod progress;
mod resumed;
