//! Parts of the page as they were when somebody last looked at them. After a change: `SNAPSHOTS=overwrite cargo test --test
//! report`, then look at the page, and at the difference.

use std::path::{Path, PathBuf};
use std::process::Command;

use snapbox::{Data, assert_data_eq};

fn results(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/results").join(name)
}

/// The page of these files.
fn page(files: &[&str], rest: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuebench"));
    command.arg("report").args(files.iter().map(|file| results(file))).args(["-o", "-"]).args(rest);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a page is UTF-8")
}

/// A section of the page, a tag a line.
fn section(page: &str, id: &str) -> String {
    let start = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no section {id}"));
    let length = page[start..].find("</section>").expect("it ends") + "</section>".len();
    page[start..start + length].replace("><", ">\n<") + "\n"
}

fn check(fragment: &str, name: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/fragments").join(name);
    // Plain text: what looks like a wildcard in the page is none.
    assert_data_eq!(fragment.to_owned(), Data::read_from(&kept, Some(snapbox::data::DataFormat::Text)).raw());
}

#[test]
fn verdicts_and_answers() {
    let page = page(&["synthetic-verdicts.jsonl"], &["-s", "8B"]);
    for id in ["answer", "ranking", "overview"] {
        check(&section(&page, id), &format!("verdicts-{id}.html"));
    }
}

#[test]
fn failures_are_marked_wherever_they_are() {
    let page = page(&["synthetic.jsonl"], &[]);
    for id in ["ranking", "quality", "not-measured", "machine"] {
        check(&section(&page, id), &format!("failures-{id}.html"));
    }
}

#[test]
fn both_sides_of_the_boundary() {
    let page = page(&["recorded-boundary.jsonl"], &[]);
    check(&section(&page, "boundary"), "boundary.html");
}
