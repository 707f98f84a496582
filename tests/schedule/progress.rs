//! What an observer is told about the time left, by the fake clock.

use crate::fake::{Fake, File, SECOND, plan, run, settings};
use crate::made_up::planned;

const STREAM: &str = "stream/1p1c/1024/8B/same-l3";

#[test]
fn time_left_is_what_the_rest_takes_at_the_pace_so_far() {
    let plan = plan(vec![planned(STREAM, &["a/one", "b/two"])]);
    let ran = run(&plan, settings(4), Fake::new());
    assert_eq!(ran.told.progress.len(), 12);
    for (number, progress) in (1..).zip(&ran.told.progress) {
        assert_eq!((progress.done, progress.total, progress.left_ns), (number, 12, (12 - number) * SECOND));
    }
}

#[test]
fn time_left_follows_a_clock_that_slows_down() {
    let plan = plan(vec![planned(STREAM, &["a/one", "b/two"])]);
    let slower = |order: &queuebench::schedule::rounds::BlockOrder| if order.round < 2 { SECOND } else { 4 * SECOND };
    let ran = run(&plan, settings(4), Fake { wall_ns: slower, ..Fake::new() });
    let left: Vec<u64> = ran.told.progress.iter().map(|progress| progress.left_ns / SECOND).collect();
    // Six blocks of a second, then six of four: the mean so far times the blocks that remain.
    assert_eq!(left, [11, 10, 9, 8, 7, 6, 7, 7, 6, 4, 2, 0]);
}

#[test]
fn a_resumed_run_counts_what_the_file_holds_as_done_and_not_as_time() {
    let plan = plan(vec![planned(STREAM, &["a/one", "b/two"])]);
    let file = File::new(&plan, settings(4));
    let slow = |_: &_| 1000 * SECOND;
    file.go_on(&plan, settings(4), &mut Fake { wall_ns: slow, blocks_left: 5, ..Fake::new() });
    let (_, told) = file.go_on(&plan, settings(4), &mut Fake::new());
    let first = told.progress[0];
    assert_eq!((first.done, first.total, first.left_ns), (6, 12, 6 * SECOND));
    assert_eq!(told.progress.last().map(|progress| (progress.done, progress.left_ns)), Some((12, 0)));
}
