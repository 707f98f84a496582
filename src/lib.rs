//! placeholder
pub mod queue;
pub mod registry;
