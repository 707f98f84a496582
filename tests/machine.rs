//! The fingerprint and the checks on trees made for the purpose.

use std::fs;
use std::path::Path;

use queuebench::machine::{Check, Fingerprint, Level, checks};
use queuebench::topology::Topology;
use tempfile::TempDir;

const CPU: &str = "/sys/devices/system/cpu";

/// A tree with these files.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, text) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// The checks of a tree by name.
fn checked(root: &Path, mask: Option<&[usize]>) -> impl Fn(&str) -> Check {
    let found = checks(root, &Topology::read(root, mask));
    move |name| found.iter().find(|check| check.name == name).cloned().unwrap()
}

#[test]
fn nothing_to_be_read_is_never_ok() {
    let nothing = TempDir::new().unwrap();
    let topology = Topology::read(nothing.path(), Some(&[0, 1]));
    for check in checks(nothing.path(), &topology) {
        // The mask is the process's own, so it is known everywhere.
        if check.name == "affinity" {
            continue;
        }
        assert_eq!(check.level, Level::Notice, "{check:?}");
        assert!(check.finding.starts_with("not visible here: "), "{check:?}");
    }
}

#[test]
fn a_restless_machine_is_told_what_to_type() {
    let no_turbo = format!("{CPU}/intel_pstate/no_turbo");
    let governor = format!("{CPU}/cpu1/cpufreq/scaling_governor");
    let online = format!("{CPU}/online");
    let siblings = format!("{CPU}/cpu1/topology/thread_siblings_list");
    let clock = "/sys/devices/system/clocksource/clocksource0";
    let (current, available) = (format!("{clock}/current_clocksource"), format!("{clock}/available_clocksource"));
    let root = tree(&[
        (&online, "0-3"),
        (&governor, "powersave"),
        (&no_turbo, "0"),
        (&siblings, "0-1"),
        (&current, "hpet"),
        (&available, "tsc hpet acpi_pm"),
        ("/proc/stat", "cpu  100 0 100 700 0 0 0 100 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n"),
        ("/proc/loadavg", "3.50 1.00 0.50 1/100 1234"),
        ("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor sse2\n"),
        ("/proc/self/cgroup", "0::/a"),
        ("/sys/fs/cgroup/a/cpu.max", "50000 100000"),
        ("/sys/fs/cgroup/a/cpuset.cpus.effective", "0-2"),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never"),
    ]);
    let check = checked(root.path(), None);
    let remedies = [
        ("governor", Level::Warning, "sudo cpupower frequency-set -g performance"),
        ("turbo", Level::Notice, "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"),
        ("smt", Level::Notice, "echo off | sudo tee /sys/devices/system/cpu/smt/control"),
        ("load", Level::Warning, "ps -eo pcpu,pid,comm --sort=-pcpu | head"),
        ("quota", Level::Warning, "echo max | sudo tee /sys/fs/cgroup/a/cpu.max"),
        ("clock source", Level::Warning, &format!("echo tsc | sudo tee {current}")),
        ("huge pages", Level::Notice, "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"),
        ("affinity", Level::Notice, "echo 0-3 | sudo tee /sys/fs/cgroup/a/cpuset.cpus"),
    ];
    for (name, level, remedy) in remedies {
        let check = check(name);
        assert_eq!((check.level, check.remedy.as_deref()), (level, Some(remedy)), "{check:?}");
    }
    assert_eq!(check("steal").level, Level::Warning);
    assert!(check("steal").finding.starts_with("10.0 % since boot"), "{:?}", check("steal"));
    assert_eq!(check("virtual machine").level, Level::Notice);
}

#[test]
fn a_quiet_machine_is_ok() {
    let boost = format!("{CPU}/cpufreq/boost");
    let governor = format!("{CPU}/cpu0/cpufreq/scaling_governor");
    let siblings = format!("{CPU}/cpu0/topology/thread_siblings_list");
    let root = tree(&[
        (&governor, "performance"),
        (&boost, "0"),
        (&siblings, "0"),
        ("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc"),
        ("/proc/stat", "cpu  100 0 100 700 0 0 0 0 0 0\n"),
        ("/proc/loadavg", "0.01 0.00 0.00 1/100 1234"),
        ("/proc/cpuinfo", "flags : fpu sse2\n"),
        ("/proc/self/cgroup", "0::/"),
        ("/sys/fs/cgroup/cgroup.procs", ""),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never"),
    ]);
    for check in checks(root.path(), &Topology::read(root.path(), None)) {
        assert_eq!((check.level, check.remedy.clone()), (Level::Ok, None), "{check:?}");
    }
}

#[test]
fn a_narrow_mask_is_told_apart_from_a_narrow_cpuset() {
    let online = format!("{CPU}/online");
    let root = tree(&[(&online, "0-7")]);
    let check = checked(root.path(), Some(&[2, 3]))("affinity");
    assert_eq!(check.finding, "cpus 0-1,4-7 are not for this process");
    assert_eq!(check.remedy.as_deref(), Some("taskset -cp 0-7 $$"));
}

#[test]
fn the_fingerprint_names_the_hardware_and_not_the_settings() {
    let cpuinfo = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 63\n\
        model name\t: Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz\nstepping\t: 2\nflags\t\t: fpu\n";
    let online = format!("{CPU}/online");
    let governor = format!("{CPU}/cpu0/cpufreq/scaling_governor");
    let read = |memory: &str, state: &str, mask: Option<&[usize]>| {
        let root = tree(&[
            (&online, "0-3"),
            (&governor, state),
            ("/proc/cpuinfo", cpuinfo),
            ("/proc/meminfo", memory),
            ("/proc/sys/kernel/osrelease", "6.1.0\n"),
            ("/proc/sys/kernel/arch", "x86_64\n"),
        ]);
        Fingerprint::read(root.path(), &Topology::read(root.path(), mask))
    };
    let fingerprint = read("MemTotal:  1024 kB\n", "performance", None);
    assert_eq!(fingerprint.family, Some(6));
    assert_eq!(fingerprint.model, Some(63));
    assert_eq!(fingerprint.stepping, Some(2));
    assert_eq!((fingerprint.packages, fingerprint.cores, fingerprint.cpus), (1, 4, 4));
    assert_eq!(fingerprint.memory_bytes, Some(1 << 20));
    assert_eq!(fingerprint.kernel.as_deref(), Some("6.1.0"));
    assert_eq!(fingerprint.governor.as_deref(), Some("performance"));
    assert_eq!(fingerprint.hypervisor, None);
    // A change here orphans the results people have: their files are kept by this name.
    assert_eq!(fingerprint.id, "intel-xeon-e5-2680-v3-4c4t-433b");
    assert_eq!(read("MemTotal:  2048 kB\n", "powersave", None).id, fingerprint.id);
    assert!(read("", "", Some(&[0, 1])).id.starts_with("intel-xeon-e5-2680-v3-2c2t-"));
    let json = serde_json::to_string(&fingerprint).unwrap();
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
}

#[test]
fn a_machine_without_any_file_has_a_fingerprint() {
    let nothing = TempDir::new().unwrap();
    let fingerprint = Fingerprint::read(nothing.path(), &Topology::read(nothing.path(), None));
    assert!(fingerprint.id.contains("-1c1t-"), "{}", fingerprint.id);
    assert_eq!(fingerprint.cpu_model, None);
}
