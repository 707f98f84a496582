//! What was written is what is read.

use queuebench::protocol::{Outcome, Report};
use queuebench::record::{self, Block, End, Line, Skip, Writer};
use queuebench::schedule::profile::Extent;

use crate::made_up::{planned, run_line};
use crate::sample::{SCENARIO, block};

fn json(value: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn every_line_is_read_back_equal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folders/run.jsonl");
    let run = run_line(&[planned(SCENARIO, &["std/mpsc"])], Extent::fixed(3));
    let failed =
        Block { report: Report::failed(Outcome::Hung, "asleep, \"quoted\" ümlaut"), ..block("std/mpsc", 1, 0) };
    let blocks = [block("std/mpsc", 0, 0), block("std/mpsc", 0, 1), failed];
    let skips = [
        Skip { scenario: SCENARIO.into(), queue: Some("a/b".into()), reason: "is bounded".into() },
        Skip { scenario: "corner: a crowd".into(), queue: None, reason: "no two cores here".into() },
    ];
    let end = End { ended: "2026-01-02T03:04:05Z".into(), blocks: 3, interrupted: true };
    let mut writer = Writer::create(&path).unwrap();
    writer.append(&Line::Run(Box::new(run.clone()))).unwrap();
    skips.iter().for_each(|skip| writer.append(&Line::Skip(skip.clone())).unwrap());
    blocks.iter().for_each(|block| writer.append(&Line::Block(Box::new(block.clone()))).unwrap());
    let before_end = std::fs::metadata(&path).unwrap().len();
    writer.append(&Line::End(end.clone())).unwrap();

    let results = record::read(&path).unwrap();
    assert_eq!(json(&results.run), json(&run));
    assert_eq!(json(&results.blocks), json(&blocks));
    assert_eq!(results.skips, skips);
    assert_eq!(results.end, Some(end));
    assert_eq!(results.resumable, before_end);
    assert_eq!(results.whole, std::fs::metadata(&path).unwrap().len());
}

#[test]
fn a_block_is_in_the_file_as_soon_as_it_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut writer = Writer::create(&path).unwrap();
    writer.append(&Line::Run(Box::new(run_line(&[planned(SCENARIO, &["std/mpsc"])], Extent::fixed(3))))).unwrap();
    for round in 0..3 {
        writer.append(&Line::Block(Box::new(block("std/mpsc", round, 0)))).unwrap();
        assert_eq!(record::read(&path).unwrap().blocks.len(), round as usize + 1);
    }
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    std::fs::write(&path, "mine").unwrap();
    let error = Writer::create(&path).err().expect("it is to be refused");
    assert!(error.to_string().contains("--resume"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn resuming_cuts_off_what_is_torn_and_goes_on_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut writer = Writer::create(&path).unwrap();
    writer.append(&Line::Run(Box::new(run_line(&[planned(SCENARIO, &["std/mpsc"])], Extent::fixed(3))))).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole, &b"{\"type\":\"block\",\"scen"[..]].concat()).unwrap();
    let results = record::read(&path).unwrap();
    assert_eq!(results.resumable, whole.len() as u64);
    Writer::resume(&path, results.resumable).unwrap().append(&Line::Block(Box::new(block("std/mpsc", 0, 0)))).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(&whole));
    assert_eq!(record::read(&path).unwrap().blocks.len(), 1);
}
