//! Endpoints in processes of their own: whatever dies, stands still or writes where it should not becomes an outcome in
//! time, and nothing is left behind.

mod cell;
mod killed;
mod limits;
mod many;
mod mapped;
mod proc;
mod rubbish;
mod runs;
mod stopped;
