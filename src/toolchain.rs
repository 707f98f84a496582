//! What the program was built with, and the versions of the queues in it.

use serde::{Deserialize, Serialize};

/// What the program was built with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// As `rustc --version` says it.
    pub rustc: String,
    /// The target triple.
    pub target: String,
    /// The optimisation level.
    pub opt_level: String,
    /// RUSTFLAGS, if there were any.
    pub rustflags: String,
    /// The allocator that boxed payloads and growing queues use.
    pub allocator: String,
}

impl Toolchain {
    /// Of this program.
    pub fn own() -> Toolchain {
        let allocator = if cfg!(target_env = "gnu") {
            "glibc malloc"
        } else if cfg!(target_env = "musl") {
            "musl malloc"
        } else {
            "the system's malloc"
        };
        Toolchain {
            rustc: env!("QUEUEBENCH_RUSTC").into(),
            target: env!("QUEUEBENCH_TARGET").into(),
            opt_level: env!("QUEUEBENCH_OPT_LEVEL").into(),
            rustflags: env!("QUEUEBENCH_RUSTFLAGS").into(),
            allocator: allocator.into(),
        }
    }

    /// Without optimisation a rate says nothing about a queue.
    pub fn optimised(&self) -> bool {
        self.opt_level != "0"
    }
}

/// Tells two builds of a program apart, and nothing else; empty where its file cannot be read.
pub fn build_of(program: &std::path::Path) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let hash = |bytes: Vec<u8>| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    };
    std::fs::read(program).map_or_else(|_| String::new(), hash)
}

/// The version of a queue as this program was locked to its package; std's is the compiler's, that of queues
/// without a package is this program's.
pub fn version_of(id: &str, package: Option<&str>) -> String {
    let Some(package) = package else {
        let rustc = env!("QUEUEBENCH_RUSTC").split(' ').nth(1).unwrap_or("unknown");
        return if id.starts_with("std/") { rustc.into() } else { env!("CARGO_PKG_VERSION").into() };
    };
    let lock: Result<Lock, _> = toml::from_str(include_str!("../Cargo.lock"));
    let packages = lock.map(|lock| lock.package).unwrap_or_default();
    // Several versions of one package may be locked; the adapter's is the newest.
    let versions = packages.into_iter().filter(|locked| locked.name == package).map(|locked| locked.version);
    versions.max_by_key(|version| numbers(version)).unwrap_or_else(|| "unknown".into())
}

fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}
