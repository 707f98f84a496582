//! Appends lines, each whole and flushed before the next block starts.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Line;

/// A results file being written.
pub struct Writer {
    file: File,
    path: PathBuf,
}

impl Writer {
    /// Starts a new file.
    ///
    /// # Errors
    ///
    /// When there is one already, or the place cannot be written to.
    pub fn create(path: &Path) -> anyhow::Result<Writer> {
        let file =
            new_file(path, &format!("continue it with --resume {}, or name another file with -o", path.display()))?;
        Ok(Writer { file, path: path.to_owned() })
    }

    /// Continues a file after its first `whole` bytes; what a killed run left torn behind them is cut off.
    ///
    /// # Errors
    ///
    /// When the file cannot be written to.
    pub fn resume(path: &Path, whole: u64) -> anyhow::Result<Writer> {
        let opened = OpenOptions::new().append(true).open(path).and_then(|file| {
            file.set_len(whole)?;
            Ok(file)
        });
        let file = opened.with_context(|| format!("cannot continue {}; start anew with -o FILE", path.display()))?;
        Ok(Writer { file, path: path.to_owned() })
    }

    /// Appends one line.
    ///
    /// # Errors
    ///
    /// When the disk is full or gone. What was written before stays.
    pub fn append(&mut self, line: &Line) -> anyhow::Result<()> {
        self.append_all(std::slice::from_ref(line))
    }

    /// Appends lines that belong together.
    ///
    /// # Errors
    ///
    /// As [`Writer::append`].
    pub fn append_all(&mut self, lines: &[Line]) -> anyhow::Result<()> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        // One write, so that a kill leaves at most one torn line.
        self.file.write_all(text.as_bytes()).with_context(|| {
            let path = self.path.display();
            format!("cannot write to {path}; make room and continue with --resume {path}")
        })
    }
}

/// Makes a file, and its folder; `instead` says what to do where there is one already.
pub(super) fn new_file(path: &Path, instead: &str) -> anyhow::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; name another file with -o", folder.display()))?;
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok(file),
        Err(_) if path.is_dir() => {
            bail!("{} is a folder; name a file in it, as -o {}", path.display(), path.join("run.jsonl").display())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} exists already; {instead}", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {}; name another file with -o", path.display())),
    }
}
