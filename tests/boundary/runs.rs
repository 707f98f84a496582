//! A run of one queue between processes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use queuebench::record::{self, Results};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::cell::PROGRAM;
use crate::proc::{children, send};

const SUITE: &str = r#"
description = "One scenario between processes without pins"
[[scenario]]
workload = "stream"
shape = "SHAPE"
capacity = 1024
payload = "PAYLOAD"
boundary = "processes"
placement = "free"
"#;

/// The command with these words, in a folder with such a suite; the folder marks it and all it starts.
pub fn command(folder: &Path, shape: &str, payload: &str, words: &[&str]) -> Command {
    let suite = SUITE.replace("SHAPE", shape).replace("PAYLOAD", payload);
    std::fs::write(folder.join("suite.toml"), suite).unwrap();
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).env("TMPDIR", folder).args(words).args(["--suite", "suite.toml"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A run that was started.
pub struct Started {
    child: Child,
    folder: TempDir,
}

impl Started {
    pub fn run(queue: &str, words: &[&str]) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let filter = format!("^{}$", queue.replace('+', r"\+"));
        let mut command = command(folder.path(), "1p1c", "8B", &["run", "-q", &filter, "-o", "run.jsonl"]);
        let child = command.args(words).spawn().unwrap();
        Started { child, folder }
    }

    /// What marks its processes.
    pub fn mark(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("run.jsonl")
    }

    /// Its worker's endpoints now, as far as there are any.
    pub fn endpoints(&self) -> Vec<i32> {
        children(self.child.id() as i32).into_iter().flat_map(children).collect()
    }

    pub fn kill(&mut self) {
        send(self.child.id() as i32, Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Its exit code, once it has ended.
    pub fn code(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
    }

    pub fn results(&self) -> Results {
        record::read(&self.file()).unwrap()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
