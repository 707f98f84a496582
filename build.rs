//! Puts into the program what only the build knows and every results file names: compiler, target, flags.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok();
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    println!("cargo::rustc-env=QUEUEBENCH_RUSTC={}", version.trim());
    println!("cargo::rustc-env=QUEUEBENCH_TARGET={}", env::var("TARGET").unwrap_or_default());
    println!("cargo::rustc-env=QUEUEBENCH_OPT_LEVEL={}", env::var("OPT_LEVEL").unwrap_or_default());
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default().replace('\u{1f}', " ");
    println!("cargo::rustc-env=QUEUEBENCH_RUSTFLAGS={flags}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
}
