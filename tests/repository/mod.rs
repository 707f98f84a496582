//! The course's programs, as they lie in `examples/`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where everything lies.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program that cargo has built of an example, next to this test's own. Plain `cargo test` builds it;
/// `cargo test --test NAME` does not, so one that is older than its source is refused.
pub fn example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name);
    let source = repository().join("examples").join(name).with_extension("rs");
    let written = |file: &Path| fs::metadata(file).and_then(|about| about.modified());
    let is_fresh = written(&program).is_ok_and(|built| built >= written(&source).unwrap());
    assert!(is_fresh, "{} is not built of its source as it is; type: cargo build --examples", program.display());
    program
}

/// Whether there is a `python3` to run the twins with.
pub fn has_python() -> bool {
    Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success())
}
