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
    let before = cpu_time::read(files);
    thread::sleep(WATCH);
    let now = cpu_time::read(files);
    let watched = passed(&before, &now);
    vec![
        governor(files, topology),
        turbo(files),
        smt(files, topology, &watched),
        steal(&now, &watched),
        load(files, topology, &watched),
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
    let name = "governor";
    let governors = Vec::from_iter(facts::governors(files, topology)).join(", ");
    match governors.as_str() {
        "" => unseen(name, "no cpufreq (in a virtual machine the host decides)"),
        "performance" => ok(name, governors),
        _ => warning(name, format!("{governors}: the clock follows the load"))
            .with_remedy("sudo cpupower frequency-set -g performance"),
    }
}

fn turbo(files: Files) -> Check {
    let name = "turbo";
    // Intel's driver has a switch against turbo, all others one for it.
    let switches = [
        ("/sys/devices/system/cpu/intel_pstate/no_turbo", "0", "1"),
        ("/sys/devices/system/cpu/cpufreq/boost", "1", "0"),
    ];
    for (path, on, off) in switches {
        match files.text(path) {
            Some(state) if state == off => return ok(name, "off"),
            Some(state) if state == on => {
                return notice(name, "on: the clock depends on heat and on busy neighbours")
                    .with_remedy(format!("echo {off} | sudo tee {path}"));
            }
            _ => {}
        }
    }
    unseen(name, "no switch for it (in a virtual machine the host decides)")
}

fn smt(files: Files, topology: &Topology, watched: &CpuTime) -> Check {
    let name = "smt";
    let has_sibling = |cpu: &&Cpu| {
        let mut others = topology.online().filter(|other| other.id != cpu.id);
        others.any(|other| other.core == cpu.core)
    };
    let mut siblings = topology.usable().filter(has_sibling).map(|cpu| cpu.id).peekable();
    if siblings.peek().is_none() {
        return match cores_are_told(files, topology) {
            true => ok(name, "one thread per core"),
            false => unseen(name, "the kernel does not tell which cpus share a core"),
        };
    }
    let is_busy = |cpu: &usize| {
        let ticks = watched.get(&Some(*cpu)).copied().unwrap_or_default();
        ticks.share(ticks.busy).is_some_and(|share| share > 0.1)
    };
    let busy = ranges(siblings.filter(is_busy));
    let check = match busy.as_str() {
        "" => notice(name, "on: a busy sibling takes up to half of a core"),
        _ => warning(name, format!("on, and others keep cpus {busy} busy")),
    };
    check.with_remedy("echo off | sudo tee /sys/devices/system/cpu/smt/control")
}

fn cores_are_told(files: Files, topology: &Topology) -> bool {
    let names = ["core_cpus_list", "thread_siblings_list", "thread_siblings"];
    topology.usable().next().is_some_and(|cpu| {
        let directory = format!("/sys/devices/system/cpu/cpu{}/topology", cpu.id);
        names.iter().any(|name| files.exists(&format!("{directory}/{name}")))
    })
}

/// What nothing typed here changes.
const HOSTS_TO_CHANGE: &str = "nothing from inside; ask for dedicated cpus, or run at another time";

fn steal(now: &CpuTime, watched: &CpuTime) -> Check {
    let name = "steal";
    let share = |time: &CpuTime| {
        let all: Ticks = *time.get(&None)?;
        all.share(all.steal?)
    };
    let Some(since_boot) = share(now) else {
        return unseen(name, "/proc/stat does not count it");
    };
    let lately = share(watched);
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let watched = lately.map_or_else(|| "nothing visible".to_owned(), percent);
    let text = format!("{} since boot, {watched} in the last 200 ms", percent(since_boot));
    let lately = lately.unwrap_or(0.0);
    // A single tick can be 5 % of so short a time on one cpu.
    if since_boot > 0.02 || lately > 0.05 {
        warning(name, format!("{text}: the host runs others on these cpus")).with_remedy(HOSTS_TO_CHANGE)
    } else if since_boot > 0.001 || lately > 0.0 {
        notice(name, text).with_remedy(HOSTS_TO_CHANGE)
    } else {
        ok(name, text)
    }
}

fn load(files: Files, topology: &Topology, watched: &CpuTime) -> Check {
    let name = "load";
    let averages = files.text("/proc/loadavg").unwrap_or_default();
    let Some(minute) = averages.split(' ').next().and_then(|word| word.parse::<f64>().ok()) else {
        return unseen(name, "no /proc/loadavg");
    };
    let cpus = topology.online().count();
    let text = format!("{minute:.2} on {cpus} cpus in the last minute");
    // What has ended, as a build or the run before, spoils nothing.
    let is_over = watched.get(&None).and_then(|all| all.share(all.busy)).is_some_and(|share| share < 0.1);
    let check = match minute {
        ..0.5 => return ok(name, text),
        _ if is_over => return notice(name, format!("{text}, but hardly any in the last 200 ms")),
        _ if minute < 0.25 * cpus as f64 => notice(name, text),
        _ => warning(name, text),
    };
    check.with_remedy("ps -eo pcpu,pid,comm --sort=-pcpu | head")
}

fn quota(files: Files, topology: &Topology) -> Check {
    let name = "quota";
    let Some(limit) = cgroup::quota(files) else {
        return match cgroup::is_visible(files) {
            true => ok(name, "none"),
            false => unseen(name, "no cgroup file system"),
        };
    };
    let usable = topology.usable().count();
    let text = format!("the time of {} cpus for {usable}", limit.value);
    let check = match limit.value < usable as f64 {
        true => warning(name, format!("{text}: threads are stopped in mid-run")),
        false => notice(name, text),
    };
    let lifted = if limit.file.ends_with("cpu.max") { "max" } else { "-1" };
    check.with_remedy(format!("echo {lifted} | sudo tee {}", limit.file))
}

fn clock_source(files: Files) -> Check {
    let name = "clock source";
    let Some(current) = facts::clock_source(files) else {
        return unseen(name, "no clocksource in sysfs");
    };
    if FAST_CLOCKS.contains(&current.as_str()) {
        return ok(name, current);
    }
    let check = warning(name, format!("{current}: reading it may be slow"));
    let directory = "/sys/devices/system/clocksource/clocksource0";
    let available = files.text(&format!("{directory}/available_clocksource"));
    let available = available.unwrap_or_default();
    match available.split(' ').find(|clock| FAST_CLOCKS.contains(clock)) {
        Some(fast) => check.with_remedy(format!("echo {fast} | sudo tee {directory}/current_clocksource")),
        None => check.with_remedy("nothing while the kernel has no faster one; on x86 boot with tsc=reliable"),
    }
}

fn virtual_machine(files: Files) -> Check {
    let name = "virtual machine";
    match facts::hypervisor(files) {
        Hypervisor::None => ok(name, "no"),
        Hypervisor::Unknown => unseen(name, "neither firmware nor cpu tell"),
        Hypervisor::Named(maker) => {
            notice(name, format!("yes ({maker}): waking an idle cpu is slow, and the topology may be made up"))
                .with_remedy("nothing from inside; run it on the host or on bare metal")
        }
    }
}

fn huge_pages(files: Files) -> Check {
    let name = "huge pages";
    match facts::huge_pages(files) {
        None => unseen(name, "no transparent_hugepage in sysfs"),
        Some(mode) if mode == "always" => notice(name, "always: whether a queue gets them is a matter of luck")
            .with_remedy("echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"),
        Some(mode) => ok(name, mode),
    }
}

fn affinity(files: Files, topology: &Topology) -> Check {
    let name = "affinity";
    let online = ranges(topology.online().map(|cpu| cpu.id));
    let barred = || topology.online().filter(|cpu| !cpu.usable).map(|cpu| cpu.id);
    if barred().next().is_none() {
        return ok(name, format!("all online cpus ({online})"));
    }
    let check = notice(name, format!("cpus {} are not for this process", ranges(barred())));
    let cpuset = cgroup::cpuset(files);
    match cpuset.filter(|limit| barred().any(|cpu| !limit.value.contains(&cpu))) {
        Some(limit) => {
            // The kernel computes the effective set; the one to write is beside it.
            let (directory, _) = limit.file.rsplit_once('/').unwrap_or_default();
            check.with_remedy(format!("echo {online} | sudo tee {directory}/cpuset.cpus"))
        }
        None => check.with_remedy(format!("taskset -cp {online} $$")),
    }
}

impl Check {
    fn new(name: &str, level: Level, finding: impl Into<String>) -> Check {
        Check { name: name.to_owned(), level, finding: finding.into(), remedy: None }
    }

    fn with_remedy(self, command: impl Into<String>) -> Check {
        Check { remedy: Some(command.into()), ..self }
    }
}

fn ok(name: &str, finding: impl Into<String>) -> Check {
    Check::new(name, Level::Ok, finding)
}

fn notice(name: &str, finding: impl Into<String>) -> Check {
    Check::new(name, Level::Notice, finding)
}

fn warning(name: &str, finding: impl Into<String>) -> Check {
    Check::new(name, Level::Warning, finding)
}

/// What cannot be read is never taken for good.
fn unseen(name: &str, why: &str) -> Check {
    notice(name, format!("not visible here: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_that_is_over_is_no_warning() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("proc")).unwrap();
        std::fs::write(root.path().join("proc/loadavg"), "1.90 1.00 0.50 1/100 1234").unwrap();
        let level = |busy| {
            let all = Ticks { total: 40, busy, steal: None };
            let topology = Topology::read(root.path(), Some(&[0, 1]));
            load(Files::below(root.path()), &topology, &CpuTime::from([(None, all)])).level
        };
        assert_eq!((level(1), level(39)), (Level::Notice, Level::Warning));
    }
}
