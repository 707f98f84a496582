//! Files too large to be true: refused within bounded memory, which the system is asked to enforce.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::process::{Command, Output};

use crate::sample::{File, file, lines, text};

/// Validates in a process that may use 200 MB of address space.
fn validate(file: &File) -> Output {
    let script = "ulimit -v 200000 && exec \"$0\" validate \"$1\"";
    let program = env!("CARGO_BIN_EXE_queuebench");
    Command::new("sh").args(["-c", script, program]).arg(&file.path).output().unwrap()
}

fn assert_refused(output: &Output, word: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{:?}: {stderr}", output.status);
    assert!(stderr.contains(word) && stderr.starts_with("error: "), "{stderr}");
}

/// The sample's first two lines, and nothing but NULs up to `size`; the disk holds only the first part.
fn sparse(size: u64) -> File {
    let sparse = file(text(&lines()[..2]));
    OpenOptions::new().write(true).open(&sparse.path).unwrap().set_len(size).unwrap();
    sparse
}

#[test]
fn a_sound_file_is_read_within_that_memory() {
    let output = validate(&file(text(&lines())));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_line_of_half_a_gigabyte_is_not_read_to_its_end() {
    assert_refused(&validate(&sparse(500 << 20)), "longer than");
}

#[test]
fn a_file_of_gigabytes_is_not_read_at_all() {
    assert_refused(&validate(&sparse(3 << 30)), "split it");
}

#[test]
fn a_line_of_megabytes_that_would_be_right_is_refused() {
    let mut lines = lines();
    lines[2]["endpoints"] = vec![0; 2_000_000].into();
    assert_refused(&validate(&file(text(&lines))), "longer than");
}

#[test]
fn a_line_just_short_enough_is_read() {
    let mut lines = lines();
    lines[2]["endpoints"] = vec![0; 500_000].into();
    let output = validate(&file(text(&lines)));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_file_of_many_gigabytes_is_not_begun() {
    let huge = sparse(1 << 40);
    let mut end = OpenOptions::new().write(true).open(&huge.path).unwrap();
    end.seek(SeekFrom::End(0)).unwrap();
    end.write_all(b"\n").unwrap();
    assert_refused(&validate(&huge), "are not read");
}
