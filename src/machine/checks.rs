//! What spoils figures on this machine, and what to type against it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cpu_time::{self, CpuTime, Ticks};
use super::facts::{self, Hypervisor};
use crate::topology::{Cpu, Files, Topology, cgroup, ranges};

/// How long the checks watch the cpus. At 100 ticks a second this is 20 ticks of a cpu.
const WATCH: Duration = Duration::from_millis(200);

/// Clocks that are read without a system call, in a few nanoseconds.
const FAST_CLOCKS: [&str; 5] = ["tsc", "arch_sys_counter", "timebase", "tod", "riscv_clocksource"];

/// One thing that may spoil figures, as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub name: String,
    /// How bad it is.
    pub level: Level,
    /// What was found; begins with `not visible here` if nothing could be read.
    pub finding: String,
    /// What to type to change it; `None` where there is nothing to change, or no command does.
    pub remedy: Option<String>,
}

/// How much a finding spoils figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not at all.
    Ok,
    /// It explains figures that differ from another machine's, or could not be read.
    Notice,
    /// Figures will be wrong or restless.
    Warning,
}

/// Looks at everything below `root` that is known to spoil figures. Takes about 200 ms, as it watches how
/// busy the cpus are; changes nothing.
pub fn checks(root: &Path, topology: &Topology) -> Vec<Check> {
    let files = Files::below(root);
    let boot = cpu_time::read(files);
    thread::sleep(WATCH);
    let now = cpu_time::read(files);
    let watched = passed(&boot, &now);
    vec![
        governor(files, topology),
        turbo(files),
        smt(files, topology, &watched),
        steal(&now, &watched),
        load(files, topology),
        quota(files, topology),
        clock_source(files),
        virtual_machine(files),
        huge_pages(files),
        affinity(files, topology),
    ]
}

/// What the cpus did between two looks.
fn passed(earlier: &CpuTime, now: &CpuTime) -> CpuTime {
    let both = now.iter().filter_map(|(cpu, now)| Some((*cpu, now.since(*earlier.get(cpu)?))));
    both.collect()
}

fn governor(files: Files, topology: &Topology) -> Check {
    let governors = facts::governors(files, topology);
    let names = Vec::from_iter(governors.iter().map(String::as_str)).join(", ");
    match names.as_str() {
        "" => unseen("governor", "no cpufreq; in a virtual machine the host decides"),
        "performance" => fine("governor", names),
        _ => finding("governor", Level::Warning, format!("{names}: the clock follows the load"))
            .remedy("sudo cpupower frequency-set -g performance"),
    }
}

fn turbo(files: Files) -> Check {
    // Intel's driver has a switch against turbo, all others one for it.
    let switches = [
        ("/sys/devices/system/cpu/intel_pstate/no_turbo", "0", "1"),
        ("/sys/devices/system/cpu/cpufreq/boost", "1", "0"),
    ];
    let seen = switches.into_iter().find_map(|(path, on, off)| Some((files.text(path)?, path, on, off)));
    match seen {
        None => unseen("turbo", "no switch for it; in a virtual machine the host decides"),
        Some((state, path, on, off)) if state == on => {
            finding("turbo", Level::Notice, "on: the clock depends on heat and on busy neighbours")
                .remedy(format!("echo {off} | sudo tee {path}"))
        }
        Some((state, _, _, off)) if state == off => fine("turbo", "off"),
        Some((state, path, ..)) => unseen("turbo", format!("{path} says {state:?}")),
    }
}

fn smt(files: Files, topology: &Topology, watched: &CpuTime) -> Check {
    let has_sibling = |cpu: &&Cpu| topology.online().any(|other| other.core == cpu.core && other.id != cpu.id);
    let siblings: Vec<usize> = topology.usable().filter(has_sibling).map(|cpu| cpu.id).collect();
    if siblings.is_empty() {
        return match cores_are_told(files, topology) {
            true => fine("smt", "one thread per core"),
            false => unseen("smt", "the kernel does not tell which cpus share a core"),
        };
    }
    let is_busy = |cpu: &usize| {
        let ticks = watched.get(&Some(*cpu)).copied().unwrap_or_default();
        ticks.share(ticks.busy).is_some_and(|share| share > 0.1)
    };
    let busy = ranges(siblings.into_iter().filter(is_busy));
    let check = match busy.as_str() {
        "" => finding("smt", Level::Notice, "on: a busy sibling takes up to half of a core"),
        _ => finding("smt", Level::Warning, format!("on, and others keep cpus {busy} busy")),
    };
    check.remedy("echo off | sudo tee /sys/devices/system/cpu/smt/control")
}

fn cores_are_told(files: Files, topology: &Topology) -> bool {
    topology.usable().next().is_some_and(|cpu| {
        let directory = format!("/sys/devices/system/cpu/cpu{}/topology", cpu.id);
        let names = ["core_cpus_list", "thread_siblings_list", "thread_siblings"];
        names.iter().any(|name| files.exists(&format!("{directory}/{name}")))
    })
}

fn steal(now: &CpuTime, watched: &CpuTime) -> Check {
    let share = |time: &CpuTime| {
        let all: Ticks = *time.get(&None)?;
        all.share(all.steal?)
    };
    let Some(since_boot) = share(now) else {
        return unseen("steal", "/proc/stat does not count it");
    };
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let recent = share(watched);
    let recently = recent.map_or_else(|| "none visible".to_owned(), percent);
    let text = format!("{} since boot, {recently} in the last 200 ms", percent(since_boot));
    // A single tick can be 5 % of so short a time on one cpu.
    match (since_boot, recent.unwrap_or(0.0)) {
        (boot, recent) if boot > 0.02 || recent > 0.05 => {
            finding("steal", Level::Warning, format!("{text}: the host runs others on these cpus"))
        }
        (boot, recent) if boot > 0.001 || recent > 0.0 => finding("steal", Level::Notice, text),
        _ => fine("steal", text),
    }
}

fn load(files: Files, topology: &Topology) -> Check {
    let average = files.text("/proc/loadavg");
    let minute = average.as_deref().and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let Some(minute) = minute else {
        return unseen("load", "no /proc/loadavg");
    };
    let cpus = topology.online().count();
    let text = format!("{minute:.2} on {cpus} cpus in the last minute");
    if minute < 0.5 {
        return fine("load", text);
    }
    let level = if minute < 0.25 * cpus as f64 { Level::Notice } else { Level::Warning };
    finding("load", level, text).remedy("ps -eo pcpu,pid,comm --sort=-pcpu | head")
}

fn quota(files: Files, topology: &Topology) -> Check {
    let Some(limit) = cgroup::quota(files) else {
        return match cgroup::is_visible(files) {
            true => fine("quota", "none"),
            false => unseen("quota", "no cgroup file system"),
        };
    };
    let usable = topology.usable().count();
    let short = limit.value < usable as f64;
    let lifted = if limit.file.ends_with("cpu.max") { "max" } else { "-1" };
    let text = format!("the time of {} cpus for {usable}", limit.value);
    let text = if short { format!("{text}: threads are stopped in mid-run") } else { text };
    finding("quota", if short { Level::Warning } else { Level::Notice }, text)
        .remedy(format!("echo {lifted} | sudo tee {}", limit.file))
}

fn clock_source(files: Files) -> Check {
    let Some(current) = facts::clock_source(files) else {
        return unseen("clock source", "no clocksource in sysfs");
    };
    if FAST_CLOCKS.contains(&current.as_str()) {
        return fine("clock source", current);
    }
    let directory = "/sys/devices/system/clocksource/clocksource0";
    let available = files.text(&format!("{directory}/available_clocksource")).unwrap_or_default();
    let fast = available.split(' ').find(|name| FAST_CLOCKS.contains(name));
    let check = finding("clock source", Level::Warning, format!("{current}: reading it may be slow"));
    match fast {
        Some(fast) => check.remedy(format!("echo {fast} | sudo tee {directory}/current_clocksource")),
        None => check,
    }
}

fn virtual_machine(files: Files) -> Check {
    match facts::hypervisor(files) {
        Hypervisor::None => fine("virtual machine", "no"),
        Hypervisor::Unknown => unseen("virtual machine", "neither firmware nor cpu tell"),
        Hypervisor::Named(name) => {
            let text = format!("yes ({name}): waking an idle cpu is slow, and the topology may be made up");
            finding("virtual machine", Level::Notice, text)
        }
    }
}

fn huge_pages(files: Files) -> Check {
    match facts::huge_pages(files) {
        None => unseen("huge pages", "no transparent_hugepage in sysfs"),
        Some(mode) if mode == "always" => {
            finding("huge pages", Level::Notice, "always: whether a queue gets them is a matter of luck")
                .remedy("echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
        }
        Some(mode) => fine("huge pages", mode),
    }
}

fn affinity(files: Files, topology: &Topology) -> Check {
    let online = ranges(topology.online().map(|cpu| cpu.id));
    let usable = ranges(topology.usable_cpus());
    if usable == online {
        return fine("affinity", format!("all online cpus ({online})"));
    }
    let missing: Vec<usize> = topology.online().filter(|cpu| !cpu.usable).map(|cpu| cpu.id).collect();
    let text = format!("cpus {} are not for this process", ranges(missing.iter().copied()));
    let check = finding("affinity", Level::Notice, text);
    let cpuset = cgroup::cpuset(files);
    match cpuset.filter(|limit| missing.iter().any(|cpu| !limit.value.contains(cpu))) {
        // The kernel computes the effective set; the one to write is beside it.
        Some(limit) => {
            let directory = limit.file.rsplit_once('/').map_or("", |(directory, _)| directory);
            check.remedy(format!("echo {online} | sudo tee {directory}/cpuset.cpus"))
        }
        None => check.remedy(format!("taskset -cp {online} $$")),
    }
}

fn finding(name: &str, level: Level, finding: impl Into<String>) -> Check {
    Check { name: name.to_owned(), level, finding: finding.into(), remedy: None }
}

fn fine(name: &str, text: impl Into<String>) -> Check {
    finding(name, Level::Ok, text)
}

/// What cannot be read is never taken for good.
fn unseen(name: &str, why: impl std::fmt::Display) -> Check {
    finding(name, Level::Notice, format!("not visible here: {why}"))
}

impl Check {
    fn remedy(self, command: impl Into<String>) -> Check {
        Check { remedy: Some(command.into()), ..self }
    }
}
