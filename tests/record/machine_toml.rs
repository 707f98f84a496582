//! What people say of their machines.

use std::path::PathBuf;

use queuebench::record::ReadError;
use queuebench::record::machine_toml::{MachineToml, beside, read};
use tempfile::TempDir;

use crate::hostile::{HOSTILE, assert_harmless};

fn machine_toml(text: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("machine.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read_text(text: impl AsRef<[u8]>) -> Result<MachineToml, ReadError> {
    let (_folder, path) = machine_toml(text);
    read(&path)
}

#[test]
fn name_and_notes_are_read_and_what_is_new_is_ignored() {
    let said =
        read_text("name = 'Ours'\nnotes = \"\"\"\nTwo\n  lines.\"\"\"\ncolour = 1e300\n[rack]\nname = 2\n").unwrap();
    assert_eq!(said, MachineToml { name: "Ours".into(), notes: "Two lines.".into(), contributor: None });
    let said = read_text("name = 'Ours'\nnotes = 'x'\ncontributor = 'me'\n").unwrap();
    assert_eq!(said.contributor.as_deref(), Some("me"));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let long = |field: &str, length: usize| {
        let other = if field == "name" { "notes" } else { "name" };
        format!("{other} = 'x'\n{field} = '{}'", "y".repeat(length))
    };
    for (text, words) in [
        ("notes = 'x'", &["machine.toml", "name: is missing", "write"][..]),
        ("name = 'x'", &["machine.toml", "notes: is missing", "write"]),
        ("\nname = 3\nnotes = 'x'", &["line 2", "name", "text"]),
        ("name = 'x'\n\nnotes = []", &["line 3", "notes", "text"]),
        ("name = 'x'\nnotes = ' '", &["line 2", "notes: says nothing"]),
        ("name = 'x'\nnotes = 'y'\ncontributor = true", &["line 3", "contributor"]),
        ("name = 'x'\nname = 'y'", &["line 2", "duplicate"]),
        ("name = 'x'\nnotes = 'y'\ncolour = 1e400", &["line 3"]),
        ("name = 'x'\nnotes = ", &["line 2"]),
        ("{}", &["line 1"]),
        (&long("name", 121), &["line 2", "name: 121 characters", "120"]),
        (&long("notes", 501), &["line 2", "notes: 501 characters", "500"]),
    ] {
        let why = read_text(text).expect_err(text).to_string();
        for word in words {
            assert!(why.contains(word), "'{word}' is not in: {why}");
        }
    }
    for length in [(long("name", 120)), (long("notes", 500))] {
        read_text(length).unwrap();
    }
}

#[test]
fn hostile_files_do_no_harm() {
    let text = |text: String| toml::Value::String(text).to_string();
    let said = read_text(format!("name = {}\nnotes = {0}", text(format!("{HOSTILE}<script>")))).unwrap();
    assert!(said.name.ends_with("<script>"));
    assert_harmless(&[said.name, said.notes]);
    for bytes in [&b"\xff\xfe"[..], b"\0", &[b'['; 20_000][..], &[b'['; 10_000][..], &[b'\n'; 1 << 20]] {
        let why = read_text(bytes).expect_err("this is to be refused").to_string();
        assert!(!why.chars().any(char::is_control), "{why:?}");
    }
    assert!(read("/dev/zero".as_ref()).is_err());
    assert!(read_text(format!("name{HOSTILE} = 1")).is_err_and(|why| !why.to_string().chars().any(char::is_control)));
}

#[test]
fn a_folder_speaks_of_the_machine_it_is_named_after() {
    let (folder, _) = machine_toml("");
    let ours = folder.path().join("ours-2c2t-0000");
    std::fs::create_dir(&ours).unwrap();
    let results = ours.join("run.jsonl");
    std::fs::write(&results, "").unwrap();
    assert_eq!(beside(&results, "ours-2c2t-0000").unwrap(), None, "there is none");
    std::fs::write(ours.join("machine.toml"), "name = 'Ours'\nnotes = 'x'").unwrap();
    assert_eq!(beside(&results, "ours-2c2t-0000").unwrap().unwrap().name, "Ours");
    assert_eq!(beside(&results, "theirs-8c16t-ffff").unwrap(), None, "that is another machine");
    assert_eq!(beside(&folder.path().join("nowhere/run.jsonl"), "nowhere").unwrap(), None);
    std::fs::write(ours.join("machine.toml"), "name = 'Ours'").unwrap();
    assert!(beside(&results, "ours-2c2t-0000").is_err());
}
