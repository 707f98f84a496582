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
    assert_refused(&validate(&sparse(3 << 30)), "are not read");
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

/// As many blocks as asked for, each of another cell, spread over `scenarios` scenarios.
fn cells(blocks: usize, scenarios: usize) -> File {
    let mut lines = lines();
    let ids: Vec<String> = (1..=scenarios).map(|held| format!("stream/1p1c/{held}/8B/same-l3")).collect();
    let planned = lines[0]["scenarios"][0].clone();
    let planned = |id: &String| {
        let mut planned = planned.clone();
        planned["id"] = id.as_str().into();
        planned
    };
    lines[0]["scenarios"] = ids.iter().map(planned).collect();
    let block = lines[2].to_string();
    let [scenario, queue] = ["scenario", "queue"].map(|field| lines[2][field].to_string());
    let made = file(text(&lines[..1]));
    let mut out = std::io::BufWriter::new(OpenOptions::new().append(true).open(&made.path).unwrap());
    for at in 0..blocks {
        let other = format!("\"made-up/q{}\"", at / scenarios);
        let id = format!("\"{}\"", ids[at % scenarios]);
        writeln!(out, "{}", block.replacen(&scenario, &id, 1).replacen(&queue, &other, 1)).unwrap();
    }
    out.flush().unwrap();
    made
}

#[test]
fn more_queues_than_there_can_be_are_refused_at_their_line() {
    assert!(validate(&cells(500, 1)).status.success());
    assert_refused(&validate(&cells(2000, 1)), "line 502: queue: more than 500 different ones");
}

/// The reader stops where the limit is, so a million more would take neither time nor memory.
#[test]
fn more_cells_than_anybody_measures_are_refused_at_their_line() {
    assert_refused(&validate(&cells(60_000, 1000)), "line 50002: queue: more than 50000 pairs");
}

#[test]
fn skip_lines_without_end_are_refused() {
    let lines = lines();
    let skips = format!("{}\n", lines[1]).repeat(100_001);
    assert_refused(&validate(&file(text(&lines[..1]) + &skips)), "line 100002: type: more than 100000 skip lines");
}
