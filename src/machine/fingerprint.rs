//! What identifies a machine, so that figures are compared only where that makes sense.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::facts::{self, Hypervisor};
use crate::topology::{Cpu, Files, Topology, memory_bytes};

/// The hardware and the settings that figures depend on. It names no host, user or path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fingerprint {
    /// Names the hardware, as `amd-epyc-2c2t-1f3a`: model, usable cores and cpus, and a hash of the model
    /// numbers, cores, caches and hypervisor. Kernel, memory and settings are no part of it.
    pub id: String,
    /// The cpu's name as it gives it itself.
    pub cpu_model: Option<String>,
    /// The x86 family number.
    pub family: Option<u32>,
    /// The x86 model number.
    pub model: Option<u32>,
    /// The x86 stepping number.
    pub stepping: Option<u32>,
    /// The architecture, such as `x86_64`.
    pub arch: String,
    /// Packages with an online cpu.
    pub packages: usize,
    /// Cores with an online cpu.
    pub cores: usize,
    /// Online cpus.
    pub cpus: usize,
    /// L1 data cache of one core in bytes (the largest, where they differ).
    pub l1d_bytes: Option<u64>,
    /// One L2 cache in bytes (the largest).
    pub l2_bytes: Option<u64>,
    /// One L3 cache in bytes (the largest).
    pub l3_bytes: Option<u64>,
    /// Memory in bytes, without what firmware and kernel keep.
    pub memory_bytes: Option<u64>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The hypervisor's or the virtual machine's maker; `None` if there is none or none shows.
    pub hypervisor: Option<String>,
    /// The clock behind `Instant::now`, such as `tsc`.
    pub clock_source: Option<String>,
    /// The frequency governors of the usable cpus, joined by `+`.
    pub governor: Option<String>,
    /// The mode of transparent huge pages: `always`, `madvise` or `never`.
    pub huge_pages: Option<String>,
    /// The kernel's SMT switch: `on`, `off`, `forceoff`, `notsupported`, `notimplemented`.
    pub smt: Option<String>,
    /// The cgroup's quota in cpus.
    pub quota_cpus: Option<f64>,
}

impl Fingerprint {
    /// Reads the machine below `root`, whose topology was read before. What it does not tell is `None`.
    pub fn read(root: &Path, topology: &Topology) -> Fingerprint {
        let files = Files::below(root);
        let number = |key| facts::cpuinfo(files, key)?.parse().ok();
        let count = |part: fn(&Cpu) -> usize| topology.online().map(part).collect::<BTreeSet<_>>().len();
        let largest = |bytes: fn(&Cpu) -> Option<u64>| topology.online().filter_map(bytes).max();
        let governors = Vec::from_iter(facts::governors(files, topology)).join("+");
        let mut fingerprint = Fingerprint {
            id: String::new(),
            cpu_model: cpu_model(files),
            family: number("cpu family"),
            model: number("model"),
            stepping: number("stepping"),
            arch: arch(files),
            packages: count(|cpu| cpu.package),
            cores: count(|cpu| cpu.core),
            cpus: count(|cpu| cpu.id),
            l1d_bytes: largest(|cpu| cpu.l1d_bytes),
            l2_bytes: largest(|cpu| cpu.l2_bytes),
            l3_bytes: largest(|cpu| cpu.l3_bytes),
            memory_bytes: files.text("/proc/meminfo").and_then(|text| memory_bytes(&text)),
            kernel: kernel(files),
            hypervisor: match facts::hypervisor(files) {
                Hypervisor::Named(name) => Some(name),
                Hypervisor::None | Hypervisor::Unknown => None,
            },
            clock_source: facts::clock_source(files),
            governor: Some(governors).filter(|names| !names.is_empty()),
            huge_pages: facts::huge_pages(files),
            smt: files.text("/sys/devices/system/cpu/smt/control"),
            quota_cpus: topology.quota_cpus,
        };
        fingerprint.id = fingerprint.name(topology);
        fingerprint
    }

    fn name(&self, topology: &Topology) -> String {
        let model = slug(self.cpu_model.as_deref().unwrap_or(&self.arch));
        let (cores, cpus) = (topology.usable_cores(), topology.usable().count());
        let facts = serde_json::json!([
            [&self.cpu_model, self.family, self.model, self.stepping, &self.arch],
            [self.packages, self.cores, self.cpus],
            [self.l1d_bytes, self.l2_bytes, self.l3_bytes],
            &self.hypervisor,
        ]);
        let hash = hash(&facts.to_string());
        format!("{model}-{cores}c{cpus}t-{hash:04x}")
    }
}

/// The cpu's name, or where it gives numbers only (ARM) its maker and part.
fn cpu_model(files: Files) -> Option<String> {
    let names = ["model name", "cpu", "uarch", "Processor"];
    let name = names.iter().find_map(|key| facts::cpuinfo(files, key));
    name.or_else(|| {
        let maker = facts::cpuinfo(files, "CPU implementer")?;
        let maker = match maker.as_str() {
            "0x41" => "ARM",
            "0x46" => "Fujitsu",
            "0x48" => "HiSilicon",
            "0x4e" => "NVIDIA",
            "0x51" => "Qualcomm",
            "0x61" => "Apple",
            "0xc0" => "Ampere",
            unknown => unknown,
        };
        Some(format!("{maker} {}", facts::cpuinfo(files, "CPU part")?))
    })
}

/// The kernel's architecture; older kernels do not tell, but it is most likely the one this was built for.
fn arch(files: Files) -> String {
    files.text("/proc/sys/kernel/arch").unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The release, as `uname -r` prints it.
fn kernel(files: Files) -> Option<String> {
    files.text("/proc/sys/kernel/osrelease").or_else(|| {
        let version = files.text("/proc/version")?;
        version.strip_prefix("Linux version ")?.split(' ').next().map(str::to_owned)
    })
}

/// A cpu's name in lower case and dashes, without what every name has: `intel-xeon-e5-2680-v3` for
/// `Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz`.
fn slug(model: &str) -> String {
    let model = model.to_lowercase().replace("(r)", " ").replace("(tm)", " ");
    let model = model.split(['@', '(', ',']).next().unwrap_or_default();
    let is_ordinal = |word: &str| word.strip_suffix("th").is_some_and(|n| n.parse::<u32>().is_ok());
    let is_filler =
        |word: &str| ["cpu", "processor", "gen"].contains(&word) || word.ends_with("-core") || is_ordinal(word);
    let words = model.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let words = words.map(|word| word.trim_matches('-'));
    let telling = words.filter(|word| !word.is_empty() && !is_filler(word));
    let mut slug = telling.take(6).collect::<Vec<_>>().join("-");
    slug.truncate(40);
    slug.trim_matches('-').to_owned()
}

/// FNV-1a, folded to 16 bits: it must give the same on every machine and in every version of Rust.
fn hash(facts: &str) -> u16 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in facts.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::{hash, slug};

    #[test]
    fn slugs_keep_what_tells_models_apart() {
        for (model, expected) in [
            ("AMD EPYC", "amd-epyc"),
            ("AMD EPYC 7B13 64-Core Processor", "amd-epyc-7b13"),
            ("Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz", "intel-xeon-e5-2680-v3"),
            ("Intel(R) Xeon(R) CPU E7- 4870  @ 2.40GHz", "intel-xeon-e7-4870"),
            ("13th Gen Intel(R) Core(TM) i7-1370P", "intel-core-i7-1370p"),
            ("POWER7 (architected), altivec supported", "power7"),
            ("ARM 0xd0c", "arm-0xd0c"),
            ("x86_64", "x86-64"),
            ("../../etc/passwd \u{1b}[31m\u{e9}", "etc-passwd-31m"),
        ] {
            assert_eq!(slug(model), expected);
        }
    }

    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash(""), 0xcbf2 ^ 0x9ce4 ^ 0x8422 ^ 0x2325);
    }
}
