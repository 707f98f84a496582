//! The self-test on recorded blocks, and on a few of this machine's.

use std::path::Path;

use crate::typed::typed_in;

/// A copy of a recorded self-test.
fn recorded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded-selftest");
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

#[test]
fn a_finished_one_is_shown_again_and_every_line_is_judged() {
    let folder = recorded();
    let said = typed_in(folder.path(), &["selftest", "--resume", "."]);
    for words in ["False alarms", "something in the way", "wrong sign:", "to within 3 %", "verdicts on pairs confirmed"]
    {
        assert!(said.out.contains(words), "{words} is not in {}", said.out);
    }
    let judged = said.out.lines().filter(|line| line.starts_with("holds ") || line.starts_with("FALLS SHORT")).count();
    assert!(judged >= 7, "{}", said.out);
    assert_eq!(said.code == Some(0), !said.out.contains("FALLS SHORT"), "{said:?}");
}

#[test]
fn false_alarms_make_it_fall_short() {
    let folder = recorded();
    let path = folder.path().join("calm.jsonl");
    let bent: String = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            // The second of two equals is a third faster: a harness at fault.
            if line["queue"].as_str().is_some_and(|queue| queue.ends_with("@same")) && line["messages"].is_u64() {
                line["messages"] = (line["messages"].as_u64().unwrap() * 4 / 3).into();
            }
            format!("{line}\n")
        })
        .collect();
    std::fs::write(&path, bent).unwrap();
    let said = typed_in(folder.path(), &["selftest", "--resume", "."]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("FALLS SHORT the same code"), "{}", said.out);
}

#[test]
fn what_is_no_folder_of_one_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    typed_in(folder.path(), &["selftest", "--resume", "."]).error(1, &["no folder of a self-test", "ls -d"]);
}
