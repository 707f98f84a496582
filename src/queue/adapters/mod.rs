//! One adapter a file. Adding one is: the file, its line here, its line in the registry.

#[cfg(feature = "crossbeam-queue")]
pub mod crossbeam_queue;
#[cfg(feature = "flume")]
pub mod flume;
