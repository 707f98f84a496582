//! Interrupted runs, and runs that go on where a killed one stopped.

use queuebench::protocol::Outcome;
use queuebench::record::Block;
use queuebench::schedule::Settings;
use queuebench::schedule::plan::{Cell, Plan};
use queuebench::schedule::rounds::BlockOrder;

use crate::fake::{Fake, File, plan, run, settings};
use crate::made_up::planned;

/// Two scenarios, in the second of which a queue fails on the way.
fn small_plan() -> Plan {
    plan(vec![
        planned("stream/1p1c/1024/8B/same-l3", &["a/one", "b/two"]),
        planned("pingpong/1p1c/1024/8B/same-l3", &["a/one", "b/two", "c/three"]),
    ])
}

fn fake() -> Fake {
    let outcome = |order: &BlockOrder, cell: &Cell| {
        let fails = order.queue == "c/three" && order.round == 1 && cell.scenario.to_string().starts_with("pingpong");
        if fails { Outcome::Reordered } else { Outcome::Ok }
    };
    Fake { outcome, ..Fake::new() }
}

fn texts(blocks: &[Block]) -> Vec<String> {
    blocks.iter().map(|block| serde_json::to_string(block).unwrap()).collect()
}

fn goes_on_after_every_block(settings: Settings) {
    let plan = small_plan();
    let whole = run(&plan, settings, fake()).file.read();
    for cut in 0..whole.blocks.len() {
        let file = File::new(&plan, settings);
        let (summary, _) = file.go_on(&plan, settings, &mut Fake { blocks_left: cut, ..fake() });
        assert!(summary.interrupted);
        assert_eq!(summary.blocks, cut as u64);
        assert_eq!(texts(&file.read().blocks), texts(&whole.blocks[..cut]), "cut {cut}: what was measured is kept");

        let mut rest = fake();
        let (summary, _) = file.go_on(&plan, settings, &mut rest);
        assert!(!summary.interrupted && !summary.all_ok);
        assert_eq!(rest.asked.len(), whole.blocks.len() - cut, "cut {cut}: nothing is run twice");
        let results = file.read();
        assert_eq!(texts(&results.blocks), texts(&whole.blocks), "cut {cut}: nothing is lost");
        assert_eq!(results.skips, whole.skips, "cut {cut}: what is given up is listed once");
    }
}

#[test]
fn an_interrupted_run_goes_on_after_every_block_as_if_nothing_had_been() {
    goes_on_after_every_block(settings(3));
}

#[test]
fn so_does_one_that_keeps_going_with_what_failed() {
    goes_on_after_every_block(Settings { keep_going: true, ..settings(3) });
}

#[test]
fn a_file_cut_at_any_byte_is_completed_and_what_was_whole_stays() {
    let (plan, settings) = (small_plan(), settings(2));
    let whole = run(&plan, settings, fake()).file;
    let bytes = std::fs::read(whole.path()).unwrap();
    let blocks = texts(&whole.read().blocks);
    let first_line = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (first_line..bytes.len()).step_by(37) {
        let file = File::new(&plan, settings);
        std::fs::write(file.path(), &bytes[..cut]).unwrap();
        let kept = file.read().blocks.len();
        let mut rest = fake();
        file.go_on(&plan, settings, &mut rest);
        assert_eq!(rest.asked.len(), blocks.len() - kept, "cut at byte {cut}");
        assert_eq!(texts(&file.read().blocks), blocks, "cut at byte {cut}");
        let whole_lines = bytes[..cut].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        assert!(std::fs::read(file.path()).unwrap().starts_with(&bytes[..whole_lines]));
    }
}

#[test]
fn a_complete_file_has_nothing_left_to_run() {
    let plan = small_plan();
    let ran = run(&plan, settings(3), fake());
    let before = std::fs::read(ran.file.path()).unwrap();
    let mut nothing = fake();
    let (summary, told) = ran.file.go_on(&plan, settings(3), &mut nothing);
    assert_eq!((summary.blocks, nothing.asked.len()), (0, 0));
    assert!(!summary.all_ok, "the outcomes of the first part count");
    assert_eq!(std::fs::read(ran.file.path()).unwrap(), before);
    assert_eq!(told.scenarios.len(), 2, "its tables are shown all the same");
}
