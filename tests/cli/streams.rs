//! stdout, stderr, and what becomes of them.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use queuebench::record;

use crate::typed::{command, fixtures, said, small_run, typed};

const RANK: [&str; 2] = ["rank", "results/synthetic-smoke.jsonl"];

/// Into a pipe whose reader has gone away already.
fn into_closed_pipe(mut command: Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn nothing_that_is_piped_has_escape_codes() {
    for words in [&["list"][..], &["list", "queues"], &["machine"], &RANK, &["--help"], &["rank", "nowhere"], &["fly"]]
    {
        let said = typed(words);
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{words:?}: {said:?}");
    }
}

#[test]
fn no_color_holds_even_where_colour_is_forced() {
    let mut forced = command(&fixtures(), &RANK);
    forced.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
    assert!(said(forced).ok().contains('\u{1b}'), "there is a colour to do without");
    let mut plain = command(&fixtures(), &RANK);
    plain.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1");
    assert!(!said(plain).ok().contains('\u{1b}'));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let verbs: [&[&str]; 10] = [
        &["list"],
        &["list", "queues", "--format", "json"],
        &["list", "suites"],
        &["machine"],
        &RANK,
        &["validate", "results/synthetic.jsonl"],
        &["report", "results/synthetic.jsonl", "-o", "-"],
        &["report", "results/synthetic.jsonl", "--format", "markdown"],
        &["--help"],
        &["completions", "bash"],
    ];
    for words in verbs {
        assert_eq!(into_closed_pipe(command(&fixtures(), words)), (Some(0), String::new()), "{words:?}");
    }
}

#[test]
fn a_full_stdout_is_an_error() {
    for words in [&["list"][..], &RANK, &["completions", "bash"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(&fixtures(), words).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && !stderr.contains("panicked"), "{words:?}: {stderr}");
    }
}

#[test]
fn a_run_whose_table_nobody_reads_is_measured_and_recorded_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let words = small_run(1, &["-o", "run.jsonl"]);
    let (code, stderr) =
        into_closed_pipe(command(folder.path(), &words.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(code, Some(0), "{stderr}");
    let results = record::read(&folder.path().join("run.jsonl")).unwrap();
    assert_eq!(results.blocks.len(), 3);
    assert!(results.end.is_some(), "it has its end line");
}

#[test]
fn talk_is_not_data() {
    let folder = tempfile::tempdir().unwrap();
    let said = crate::typed::run_in(folder.path(), 1, &["-o", "run.jsonl"]);
    for talk in ["plan", "machine  ", "blocks in", "warning"] {
        assert!(!said.out.contains(talk), "{}", said.out);
    }
}
