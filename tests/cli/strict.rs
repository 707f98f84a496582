//! `run --strict` on machines that are fit for measuring and on others.

use crate::typed::{command, fixtures, said};

#[test]
fn a_machine_that_spoils_numbers_is_refused_with_what_to_change() {
    let (folder, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cpu = root.path().join("sys/devices/system/cpu");
    for number in 0..2 {
        let governor = cpu.join(format!("cpu{number}/cpufreq"));
        std::fs::create_dir_all(&governor).unwrap();
        std::fs::write(governor.join("scaling_governor"), "powersave\n").unwrap();
    }
    std::fs::write(cpu.join("online"), "0-1\n").unwrap();
    let suite = fixtures().join("tiny.toml").display().to_string();
    let words = ["run", "--strict", "--suite", &suite, "--rounds", "1", "-q", "^std/mpsc$", "-o", "run.jsonl"];
    let mut strict = command(folder.path(), &words);
    strict.env("QUEUEBENCH_SYSROOT", root.path());
    let said = said(strict);
    said.error(4, &["refused", "governor", "powersave", "cpupower frequency-set -g performance"]);
    assert!(!folder.path().join("run.jsonl").exists(), "nothing is measured");
}
