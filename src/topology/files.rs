//! Small files of `/proc` and `/sys`, any of which may be missing or nonsense.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::cpulist::{CpuSet, parse_list, parse_mask};

/// A machine's files below a root: `/` for this machine, a recorded tree in tests.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a>(&'a Path);

impl<'a> Files<'a> {
    /// The machine whose `/` is `root`.
    pub(crate) fn below(root: &'a Path) -> Self {
        Files(root)
    }

    /// Whether there is such a file or directory.
    pub(crate) fn exists(self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The text of a file, given by its absolute path on that machine; `None` if it cannot be read.
    /// Blanks and NULs around it are cut off: some kernels end their cpu lists with a NUL.
    pub(crate) fn text(self, path: &str) -> Option<String> {
        let bytes = fs::read(self.path(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
    }

    /// The file's whole text as a value; `None` if it is missing or something else.
    pub(crate) fn parse<T: FromStr>(self, path: &str) -> Option<T> {
        self.text(path)?.parse().ok()
    }

    /// The cpus a file lists as `0-3,8`; `None` if there are none.
    pub(super) fn list(self, path: &str) -> Option<CpuSet> {
        parse_list(&self.text(path)?)
    }

    /// The cpus a file holds as a mask, `00000000,0000010f`; `None` if there are none.
    pub(super) fn mask(self, path: &str) -> Option<CpuSet> {
        parse_mask(&self.text(path)?).filter(|cpus| !cpus.is_empty())
    }

    /// The numbers N for which the directory has an entry called `prefix` and N.
    pub(super) fn numbered(self, directory: &str, prefix: &str) -> CpuSet {
        let entries = fs::read_dir(self.path(directory));
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter_map(|name| name.to_str()?.strip_prefix(prefix)?.parse().ok()).collect()
    }

    fn path(self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }
}

/// The bytes in the line `MemTotal: 16772456 kB` of a meminfo file.
pub(crate) fn memory_bytes(meminfo: &str) -> Option<u64> {
    let (_, rest) = meminfo.split_once("MemTotal:")?;
    let kibibytes: u64 = rest.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}
