//! Types a command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_queuebench");

/// What came of it.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Its output, if it went well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// Its output as JSON, if it went well.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// What it said of going wrong; asserts the exit code, and that it holds these words and no data.
    #[track_caller]
    pub fn error(self, code: i32, words: &[&str]) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "'{word}' is not in: {}", self.err);
        }
        assert_eq!(self.out, "");
        self.err
    }
}

pub fn said(mut command: Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The program with these words, in `folder`.
pub fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).args(words);
    command
}

pub fn typed_in(folder: &Path, words: &[&str]) -> Said {
    said(command(folder, words))
}

/// Fixtures, and the folder that snapshots are typed in.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd")
}

/// Typed where the fixtures are.
pub fn typed(words: &[&str]) -> Said {
    typed_in(&fixtures(), words)
}

/// Words for a run of three blocks a round, of queues that are always there, which every machine can run.
pub fn small_run(rounds: u32, rest: &[&str]) -> Vec<String> {
    let suite = fixtures().join("tiny.toml").display().to_string();
    let words = ["run", "--suite", &suite, "-q", "^std/mpsc$", "--seed", "1", "--rounds", &rounds.to_string()];
    words.iter().chain(rest).map(|word| (*word).to_owned()).collect()
}

/// Types that run in `folder`.
pub fn run_in(folder: &Path, rounds: u32, rest: &[&str]) -> Said {
    let words = small_run(rounds, rest);
    typed_in(folder, &words.iter().map(String::as_str).collect::<Vec<_>>())
}
