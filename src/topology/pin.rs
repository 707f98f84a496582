//! Which cpus the calling thread may run on, and narrowing that to one.

use std::fs;

use rustix::thread::{CpuSet, sched_getaffinity};

use super::cpulist::parse_list;

/// Pins the calling thread to one cpu and reads the mask back.
///
/// # Errors
/// The thread is not confined to exactly that cpu; where it runs now is unknown.
pub fn pin(cpu: usize) -> Result<(), String> {
    // core_affinity would panic beyond the size of the mask it passes to the kernel.
    let in_reach = cpu < CpuSet::MAX_CPU;
    if !in_reach || !core_affinity::set_for_current(core_affinity::CoreId { id: cpu }) {
        return Err(format!(
            "the kernel refuses to pin a thread to cpu {cpu}: \
             run `queuebench machine` to see which cpus this process may use"
        ));
    }
    let mask = own_mask();
    if mask != [cpu] {
        let mask = super::ranges(mask);
        return Err(format!(
            "pinned to cpu {cpu}, but the thread may run on cpus {mask}: \
             look for something that resets affinities (numad, irqbalance, a container manager)"
        ));
    }
    Ok(())
}

/// The cpus the calling thread's affinity mask allows, ascending; empty if the kernel does not tell.
pub fn own_mask() -> Vec<usize> {
    match sched_getaffinity(None) {
        Ok(mask) => (0..CpuSet::MAX_CPU).filter(|&cpu| mask.is_set(cpu)).collect(),
        // The call's mask is too small for kernels of more than 1024 cpus; this file's is not.
        Err(_) => listed_mask().unwrap_or_default(),
    }
}

fn listed_mask() -> Option<Vec<usize>> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(parse_list(list.trim())?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_pins_itself_and_reads_it_back() {
        for cpu in own_mask() {
            std::thread::spawn(move || {
                pin(cpu).unwrap();
                assert_eq!(own_mask(), [cpu]);
            })
            .join()
            .unwrap();
        }
    }

    #[test]
    fn a_cpu_that_is_not_there_is_refused() {
        for cpu in [CpuSet::MAX_CPU - 1, CpuSet::MAX_CPU, usize::MAX] {
            assert!(pin(cpu).unwrap_err().contains(&format!("cpu {cpu}")));
        }
    }

    #[test]
    fn both_ways_to_read_the_mask_agree() {
        assert_eq!(listed_mask().unwrap(), own_mask());
    }
}
