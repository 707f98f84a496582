//! The supervisor with scripted workers: whatever a worker says, or does instead, becomes a report or an outcome in
//! time, and nothing of it is left behind.

mod conduct;
mod elsewhere;
mod endings;
mod examined;
mod leftovers;
mod schema;
mod scripted;
