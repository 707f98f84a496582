//! queuebench measures synchronized queues: which one is fastest *here*, for *these* producers, consumers, payload
//! and load; whether the difference is real; and what it costs in cpu.
//!
//! # The map
//!
//! ```text
//!   cmd ──► schedule ──► protocol ◄── worker ──► workload ──► queue
//!    │         ├──► record                 └──► program ──► crawler: of made-up sites, and the user's
//!    │         ▼
//!    └──► summary ──► ranking ──► stats    topology, machine, core_to_core: the machine
//!           │         comparison, proof    memory: what threads and processes share
//!           └──► report: the page          peers: other languages' workers
//!                                          pitfall: what goes wrong, on purpose, under a watchdog
//! ```
//!
//! Data flows one way. [`queue`] and [`workload`] import nothing above them; [`stats`], [`record`], [`table`] and
//! [`topology`] know no queue; only [`cmd`] prints, only `main` exits. A queue is one file under
//! `queue/adapters` and one line in [`registry`]; scenarios are data under `benches/suites`.
//!
//! # The words
//!
//! A **queue** is an implementation under test, a **scenario** everything about a measurement but the queue, a
//! **cell** a scenario with a queue. A **slice** is one continuous stream: settling (untimed), the window (timed),
//! draining (untimed). A **block** is one fresh worker process that runs one slice; it is the unit of replication.
//! In a **round** every queue of a scenario runs one block, in an order drawn anew. The **boundary** says whether
//! endpoints are threads of one process or processes. A **program** is measured whole: it starts its own workers and
//! checks its own result. A **contender** is a queue as one build runs it. An **outcome** other than `ok` voids a
//! block's figures.
//!
//! # As a library
//!
//! A program of your own can rank a private queue against the field: implement [`queue::Queue`], add it to
//! [`registry::Registry::builtin`], and hand that to [`cmd::main`]; see `examples/your_queue.rs`.

pub mod cmd;
pub mod comparison;
pub mod conformance;
pub mod core_to_core;
pub mod crawler;
pub mod filter;
pub mod fit;
pub mod harness;
pub mod machine;
pub mod memory;
mod orphan;
pub mod peers;
pub mod pitfall;
pub mod program;
pub mod proof;
pub mod protocol;
pub mod queue;
pub mod ranking;
pub mod record;
pub mod registry;
pub mod report;
pub mod scenario;
pub mod schedule;
pub mod stats;
pub mod suite;
pub mod summary;
pub mod table;
pub mod toolchain;
pub mod topology;
pub mod worker;
pub mod workload;
