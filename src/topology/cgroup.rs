//! What the process's control groups leave it: a set of cpus, and a share of their time.

use super::Files;
use super::cpulist::CpuSet;

/// A limit and the file to write to in order to lift it.
pub(crate) struct Limit<T> {
    /// What is allowed.
    pub(crate) value: T,
    /// The control file's path on that machine.
    pub(crate) file: String,
}

/// The cpus of the innermost group that names any (an inner group never has more than an outer one).
pub(crate) fn cpuset(files: Files) -> Option<Limit<CpuSet>> {
    let names = ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus", "cpus"];
    directories(files, "cpuset").into_iter().find_map(|directory| {
        names.iter().find_map(|name| {
            let file = format!("{directory}/{name}");
            Some(Limit { value: files.list(&file)?, file })
        })
    })
}

/// The smallest quota of the group and the groups around it, in cpus: 1.5 is one and a half cpus' time.
pub(crate) fn quota(files: Files) -> Option<Limit<f64>> {
    let quotas = directories(files, "cpu").into_iter().filter_map(|directory| {
        let v2 = format!("{directory}/cpu.max");
        let v1 = format!("{directory}/cpu.cfs_quota_us");
        let (text, file) = match (files.text(&v2), files.text(&v1)) {
            (Some(both), _) => (both, v2),
            (None, Some(quota)) => {
                let period = files.text(&format!("{directory}/cpu.cfs_period_us"))?;
                (format!("{quota} {period}"), v1)
            }
            (None, None) => return None,
        };
        Some(Limit { value: parse_quota(&text)?, file })
    });
    quotas.min_by(|a, b| a.value.total_cmp(&b.value))
}

/// Whether the process's group or one around it can be looked into; if not, no limit can be seen.
pub(crate) fn is_visible(files: Files) -> bool {
    directories(files, "cpu").iter().any(|directory| files.exists(&format!("{directory}/cgroup.procs")))
}

/// Reads `150000 100000`, microseconds granted and the period they are for; `max` or -1 is no limit.
fn parse_quota(text: &str) -> Option<f64> {
    let (granted, period) = text.split_once(' ')?;
    let (granted, period): (u64, u64) = (granted.parse().ok()?, period.trim().parse().ok()?);
    (granted > 0 && period > 0).then(|| granted as f64 / period as f64)
}

/// The directories of the process's group under a controller and of all groups around it, innermost
/// first. A container may show its group's path but not the directory: then the outer ones are what counts.
fn directories(files: Files, controller: &str) -> Vec<String> {
    let groups = files.text("/proc/self/cgroup").or_else(|| {
        let path = files.text("/proc/self/cpuset")?;
        Some(format!("0:cpuset:{path}"))
    });
    let mut found = Vec::new();
    for line in groups.unwrap_or_default().lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let unified = controllers.is_empty();
        if !unified && !controllers.split(',').any(|name| name == controller) {
            continue;
        }
        // Seen from another cgroup namespace a path starts with `..`; nothing above the mount is visible.
        let steps: Vec<&str> = path.split('/').filter(|step| !["", ".", ".."].contains(step)).collect();
        for mount in mounts(files, (!unified).then_some(controller)) {
            let depths = (0..=steps.len()).rev();
            found.extend(depths.map(|depth| [&[mount.as_str()], &steps[..depth]].concat().join("/")));
        }
    }
    found
}

/// Where a version 1 controller's hierarchy is mounted, or for `None` the unified one of version 2.
fn mounts(files: Files, controller: Option<&str>) -> Vec<String> {
    let table = files.text("/proc/self/mounts").or_else(|| files.text("/proc/mounts")).unwrap_or_default();
    let is_wanted = |kind: &str, options: &str| match controller {
        None => kind == "cgroup2",
        Some(name) => kind == name || (kind == "cgroup" && options.split(',').any(|option| option == name)),
    };
    let mounted: Vec<String> = (table.lines())
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, place, kind, options, ..] if is_wanted(kind, options) => Some(place.to_owned()),
            _ => None,
        })
        .collect();
    match controller {
        _ if !mounted.is_empty() => mounted,
        Some(name) => vec![format!("/sys/fs/cgroup/{name}")],
        None => vec!["/sys/fs/cgroup".to_owned(), "/sys/fs/cgroup/unified".to_owned()],
    }
}
