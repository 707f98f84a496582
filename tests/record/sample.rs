//! A small results file, as lines that tests bend.

use std::path::PathBuf;

use queuebench::record::{self, Block, ReadError, Results};
use queuebench::schedule::profile::Extent;
use serde_json::Value;
use tempfile::TempDir;

use crate::made_up::{ok_report, planned, run_line};

pub const SCENARIO: &str = "stream/1p1c/1024/8B/same-l3";

/// A block that ended ok.
pub fn block(queue: &str, round: u32, repeat: u32) -> Block {
    Block {
        scenario: SCENARIO.into(),
        queue: queue.into(),
        round,
        repeat,
        position: 1,
        ready_ns: 1_700_000,
        wall_ns: 130_000_000,
        steal_ticks: 1,
        line_ns: Some(77),
        waited_ns: 20_000_000,
        away_ns: Some(450),
        report: ok_report(),
    }
}

/// Run, skip, four blocks, end.
pub fn lines() -> Vec<Value> {
    let typed = |kind: &str, fields: Value| {
        let mut line = serde_json::json!({ "type": kind });
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        line
    };
    let run = run_line(&[planned(SCENARIO, &["std/mpsc", "flume/mpmc"])], Extent::fixed(2));
    let blocks = [("std/mpsc", 0, 0), ("flume/mpmc", 0, 0), ("std/mpsc", 0, 1), ("flume/mpmc", 1, 0)];
    let mut lines = vec![
        typed("run", serde_json::to_value(run).unwrap()),
        serde_json::json!({ "type": "skip", "scenario": SCENARIO, "queue": "rtrb/spsc+spin", "reason": "is bounded" }),
    ];
    lines.extend(
        blocks.map(|(queue, round, repeat)| typed("block", serde_json::to_value(block(queue, round, repeat)).unwrap())),
    );
    lines
        .push(serde_json::json!({ "type": "end", "ended": "2026-01-02T03:05:00Z", "blocks": 4, "interrupted": false }));
    lines
}

/// Where [`lines`] has its lines.
pub const RUN: usize = 0;
pub const SKIP: usize = 1;
pub const FIRST_BLOCK: usize = 2;
pub const LAST_BLOCK: usize = 5;
pub const END: usize = 6;

pub fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A file in a folder of its own.
pub struct File {
    _folder: TempDir,
    pub path: PathBuf,
}

pub fn file(bytes: impl AsRef<[u8]>) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    std::fs::write(&path, bytes).unwrap();
    File { _folder: folder, path }
}

pub fn read(bytes: impl AsRef<[u8]>) -> Result<Results, ReadError> {
    record::read(&file(bytes).path)
}

/// Reads the sample after `bend` has changed it.
pub fn bent(bend: impl FnOnce(&mut Vec<Value>)) -> Result<Results, ReadError> {
    let mut lines = lines();
    bend(&mut lines);
    read(text(&lines))
}

/// Why the sample is refused after `bend` has changed it.
pub fn why(bend: impl FnOnce(&mut Vec<Value>)) -> String {
    match bent(bend) {
        Ok(_) => panic!("this is to be refused"),
        Err(error) => error.to_string(),
    }
}
