//! SIGKILL at drawn moments: nothing is lost but the block in flight, and nothing is run twice.

use std::time::Duration;

use fastrand::Rng;

use crate::small_run::{BLOCKS, SmallRun, ended};

/// Kills a run of this seed at drawn moments, `kills` times in a row, and resumes it to its end.
fn survives(seed: u64, kills: usize) {
    let mut rng = Rng::with_seed(seed);
    let run = SmallRun::new(seed);
    let mut child = run.start();
    let mut blocks = 0;
    let mut kept = Vec::new();
    for _ in 0..kills {
        blocks = rng.usize(blocks..BLOCKS);
        run.wait_for(blocks, &mut child);
        std::thread::sleep(Duration::from_millis(rng.u64(0..200)));
        child.kill().unwrap();
        child.wait().unwrap();
        if !run.has_begun() {
            // Killed before there was anything to resume.
            std::fs::remove_file(run.file()).ok();
            child = run.start();
            continue;
        }
        let now = run.kept();
        assert!(now.starts_with(&kept), "seed {seed}: a resumed run changed what was there");
        kept = now;
        if run.read().end.is_some() {
            return run.assert_complete();
        }
        child = run.resume();
    }
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(0), "seed {seed}: {stderr}");
    assert!(
        std::fs::read(run.file()).unwrap().starts_with(&kept),
        "seed {seed}: the resumed run changed what was there"
    );
    run.assert_complete();
}

#[test]
fn twelve_runs_killed_once_are_completed() {
    (1..=12).for_each(|seed| survives(seed, 1));
}

#[test]
fn eight_runs_killed_three_times_in_a_row_are_completed() {
    (101..=108).for_each(|seed| survives(seed, 3));
}

#[test]
fn a_run_that_is_not_killed_is_complete_too() {
    let run = SmallRun::new(7);
    let (code, stderr) = ended(run.start());
    assert_eq!(code, Some(0), "{stderr}");
    run.assert_complete();
}
