//! The topology reader and the placements on real machines' facts, and on broken and limited systems.

mod recorded;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use queuebench::topology::{Cpu, Placement, Seats, Topology, own_mask};
use recorded::{Machine, Spelling, machines, temp_dir, write};

/// Every machine and what is read from its tree in the new spelling.
static MACHINES: LazyLock<Vec<(Machine, Topology)>> = LazyLock::new(|| {
    let read = |machine: Machine| {
        let topology = read(&machine, Spelling::Lists, None);
        (machine, topology)
    };
    machines().into_iter().map(read).collect()
});

/// The topology read from a tree of the machine.
fn read(machine: &Machine, spelling: Spelling, mask: Option<&[usize]>) -> Topology {
    let root = temp_dir();
    machine.write(root.path(), spelling);
    Topology::read(root.path(), mask)
}

/// A machine by its name.
fn named(name: &str) -> &'static (Machine, Topology) {
    MACHINES.iter().find(|(machine, _)| machine.name == name).unwrap()
}

fn topology_of(name: &str) -> Topology {
    named(name).1.clone()
}

/// The topology as a process with that affinity mask sees it.
fn masked(mut topology: Topology, mask: &[usize]) -> Topology {
    for cpu in &mut topology.cpus {
        cpu.usable &= mask.contains(&cpu.id);
    }
    topology
}

/// The consumers' and the producers' cpus.
fn seated(topology: &Topology, placement: Placement, shape: (usize, usize)) -> [Vec<usize>; 2] {
    let seats = topology.place(placement, shape.0, shape.1).unwrap();
    [seats.consumers, seats.producers].map(|seats| seats.into_iter().flatten().collect())
}

#[test]
fn every_machine_is_read_as_recorded_in_both_spellings() {
    for (machine, in_lists) in MACHINES.iter() {
        for topology in [in_lists, &read(machine, Spelling::Masks, None)] {
            assert_eq!(topology.cpus, machine.cpus(), "{}", machine.name);
            assert_eq!(topology.nodes, machine.nodes(), "{}", machine.name);
            assert_eq!(topology.quota_cpus, None);
        }
    }
}

#[test]
fn each_machine_has_the_placements_it_should_or_says_why_not() {
    for (machine, topology) in MACHINES.iter() {
        let name = &machine.name;
        for placement in Placement::ALL {
            let is_expected = placement == Placement::Free || machine.placements.contains(&placement);
            match topology.place(placement, 1, 1) {
                Ok(_) => assert!(is_expected, "{name} should lack {placement}"),
                Err(reason) => assert!(!is_expected && reason.len() > 10, "{name}: {reason}"),
            }
        }
        assert_eq!(Some(topology.closest_cores()), machine.closest, "{name}");
    }
}

#[test]
fn seats_are_usable_and_on_distinct_cores_first() {
    let shapes = [(1, 1), (1, 2), (2, 2), (3, 1), (5, 7), (40, 40), (0, 3)];
    for (machine, whole) in MACHINES.iter() {
        let every_other: Vec<usize> = machine.online.iter().copied().step_by(2).collect();
        for topology in [whole, &masked(whole.clone(), &every_other)] {
            for placement in Placement::ALL {
                for (producers, consumers) in shapes {
                    if let Ok(seats) = topology.place(placement, producers, consumers) {
                        let seated = (seats.producers.len(), seats.consumers.len());
                        assert_eq!(seated, (producers, consumers));
                        check(topology, placement, &seats);
                    }
                }
            }
        }
    }
}

/// What every seating has to keep to, said without regard to how it was found.
fn check(topology: &Topology, placement: Placement, seats: &Seats) {
    let cpus = |seats: &[Option<usize>]| -> Vec<&Cpu> {
        let usable = |id| topology.usable().find(|cpu| cpu.id == id).expect("a usable cpu");
        seats.iter().flatten().copied().map(usable).collect()
    };
    let (producers, consumers) = (cpus(&seats.producers), cpus(&seats.consumers));
    let all = [&consumers[..], &producers[..]].concat();
    let core = |cpu: &Cpu| Some(cpu.core);
    match placement {
        Placement::Free => assert!(all.is_empty()),
        Placement::SameCpu => assert_eq!(distinct(&all, |cpu| Some(cpu.id)).len(), 1),
        Placement::Smt => assert_eq!(distinct(&all, core).len(), 1),
        Placement::SameL2 | Placement::SameL3 => {
            let cache = |cpu: &Cpu| {
                if placement == Placement::SameL2 { cpu.l2 } else { cpu.l3 }
            };
            assert_eq!(distinct(&all, cache).len(), 1);
            assert!(distinct(&all, core).len() > 1 && takes_cores_first(&all));
        }
        Placement::CrossL3 => {
            assert!(distinct(&producers, core).is_disjoint(&distinct(&consumers, core)));
            let l3s = [&producers, &consumers].map(|side| distinct(side, |cpu| cpu.l3));
            let shared: Vec<_> = l3s[0].intersection(&l3s[1]).collect();
            assert!(shared.is_empty() || shared == [&None]);
            assert!(takes_cores_first(&producers) && takes_cores_first(&consumers));
        }
        Placement::CrossNode => {
            let nodes = [&producers, &consumers].map(|side| distinct(side, |cpu| cpu.node));
            assert!(nodes.iter().all(|nodes| nodes.len() < 2) && nodes[0].is_disjoint(&nodes[1]));
            assert!(takes_cores_first(&producers) && takes_cores_first(&consumers));
        }
    }
}

fn distinct<T: Ord>(cpus: &[&Cpu], part: impl Fn(&Cpu) -> T) -> BTreeSet<T> {
    cpus.iter().map(|cpu| part(cpu)).collect()
}

/// Whether no core gets a second endpoint before all the cores that are used have one.
fn takes_cores_first(cpus: &[&Cpu]) -> bool {
    let cores = distinct(cpus, |cpu| cpu.core).len();
    distinct(&cpus[..cores], |cpu| cpu.core).len() == cores
}

#[test]
fn producers_go_on_where_consumers_stop() {
    let topology = topology_of("2arm-2c");
    assert_eq!(seated(&topology, Placement::SameL3, (1, 1)), [vec![0], vec![1]]);
    assert_eq!(seated(&topology, Placement::SameL3, (2, 2)), [vec![0, 1], vec![0, 1]]);
    assert_eq!(seated(&topology, Placement::SameL3, (2, 1)), [vec![0], vec![1, 0]]);
    assert_eq!(seated(&topology, Placement::SameCpu, (2, 1)), [vec![0], vec![0, 0]]);
}

#[test]
fn siblings_come_after_all_cores() {
    let topology = topology_of("16em64t-4s2c2t");
    assert_eq!(seated(&topology, Placement::SameL3, (2, 2)), [vec![0, 4], vec![8, 12]]);
    assert_eq!(seated(&topology, Placement::Smt, (1, 1)), [vec![0], vec![8]]);
    let four_threads = topology_of("256ppc-8n8s4t");
    assert_eq!(seated(&four_threads, Placement::Smt, (2, 2)), [vec![0, 1], vec![2, 3]]);
    assert_eq!(seated(&four_threads, Placement::CrossNode, (2, 2)), [vec![0, 4], vec![32, 36]]);
}

#[test]
fn cross_l3_stays_on_a_node_if_it_can() {
    let topology = topology_of("made-up-epyc");
    assert_eq!(seated(&topology, Placement::CrossL3, (2, 2)), [vec![8, 9], vec![12, 13]]);
    let without_node_2: Vec<usize> = (0..8).chain(12..24).collect();
    let topology = masked(topology_of("made-up-epyc"), &without_node_2);
    assert_eq!(seated(&topology, Placement::CrossL3, (1, 1)), [vec![0], vec![4]], "same package");
    let one_l3_each: Vec<usize> = (0..4).chain(12..16).collect();
    let topology = masked(topology_of("made-up-epyc"), &one_l3_each);
    assert_eq!(seated(&topology, Placement::CrossL3, (1, 1)), [vec![0], vec![12]], "the other package");
}

#[test]
fn the_biggest_group_is_chosen() {
    let topology = topology_of("offline-cpu0-node0");
    assert_eq!(seated(&topology, Placement::SameL3, (1, 1)), [vec![4], vec![6]]);
    let without_cpu_4_and_6: Vec<usize> = (7..=20).chain([5]).collect();
    let topology = masked(topology_of("offline-cpu0-node0"), &without_cpu_4_and_6);
    assert_eq!(seated(&topology, Placement::SameL3, (1, 1)), [vec![5], vec![7]]);
}

#[test]
fn unlike_cores_are_not_mixed_if_one_kind_will_do() {
    let hybrid = topology_of("20em64t-hybrid-1p6c2t+2ca4co1t");
    assert!(hybrid.notes.iter().any(|note| note.contains("cpus 0-11 for the performance ones")));
    assert_eq!(seated(&hybrid, Placement::SameL3, (3, 3)), [vec![0, 2, 4], vec![6, 8, 10]]);
    assert_eq!(seated(&hybrid, Placement::SameL3, (4, 4)), [vec![12, 13, 14, 15], vec![16, 17, 18, 19]]);
    let [consumers, producers] = seated(&hybrid, Placement::SameL3, (10, 10));
    assert_eq!(consumers, [0, 2, 4, 6, 8, 10, 12, 13, 14, 15]);
    assert_eq!(producers, [16, 17, 18, 19, 1, 3, 5, 7, 9, 11]);
    assert_eq!(seated(&hybrid, Placement::SameL2, (1, 1)), [vec![12], vec![13]]);
    let phone = topology_of("made-up-big-little");
    assert_eq!(seated(&phone, Placement::SameCpu, (1, 1)), [vec![7], vec![7]]);
    assert_eq!(seated(&phone, Placement::SameL3, (1, 1)), [vec![4], vec![5]]);
}

#[test]
fn what_the_mask_keeps_away_is_not_called_absent() {
    let (machine, _) = named("16em64t-4s2c2t");
    let topology = read(machine, Spelling::Lists, Some(&[0, 4]));
    assert_eq!(topology.usable_cpus(), [0, 4]);
    assert_eq!(topology.usable_cores(), 2);
    let reason = topology.place(Placement::Smt, 1, 1).unwrap_err();
    assert!(reason.contains("this machine has smt") && reason.contains("(0,4)"), "{reason}");
    let elsewhere = masked(topology_of("16em64t-4s2c2t"), &[99]);
    let reason = elsewhere.place(Placement::SameCpu, 1, 1).unwrap_err();
    assert!(reason.contains("(none)"), "{reason}");
    assert_eq!(elsewhere.closest_cores(), Placement::SameCpu);
}

#[test]
fn a_mask_of_one_cpu_leaves_same_cpu_and_free() {
    let topology = masked(topology_of("48amd64-4pa2n6c-sparse"), &[20]);
    let possible = Placement::ALL.into_iter().filter(|placement| topology.place(*placement, 2, 2).is_ok());
    assert_eq!(possible.collect::<Vec<_>>(), [Placement::SameCpu, Placement::Free]);
    assert_eq!(seated(&topology, Placement::SameCpu, (1, 1)), [vec![20], vec![20]]);
    assert_eq!(topology.closest_cores(), Placement::SameCpu);
}

#[test]
fn without_sysfs_the_mask_is_all_there_is() {
    let nothing = temp_dir();
    let topology = Topology::read(nothing.path(), Some(&[2, 3, 7]));
    assert_eq!(topology.usable_cpus(), [2, 3, 7]);
    assert_eq!(topology.usable_cores(), 3);
    assert!(topology.cpus.iter().all(|cpu| (cpu.package, cpu.l2, cpu.l3) == (0, None, Some(2))));
    assert_eq!(topology.closest_cores(), Placement::SameL3);
    assert!(topology.notes[0].contains("names no cpus"), "{:?}", topology.notes);
    assert!(topology.notes[1].contains("2-3,7"), "{:?}", topology.notes);
    let blind = Topology::read(Path::new("/nowhere"), None);
    assert_eq!(blind.usable_cpus(), [0]);
}

#[test]
fn garbage_in_any_file_is_taken_for_nothing_said() {
    let (machine, _) = named("made-up-meteor-lake");
    let root = temp_dir();
    machine.write(root.path(), Spelling::Lists);
    write(root.path(), "/proc/self/cgroup", "0::/");
    write(root.path(), "/proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0");
    write(root.path(), "/sys/fs/cgroup/cpu.max", "max 100000");
    let long = "f".repeat(100_000);
    let list = ["-1", "0-", "9-1", "zzz", "0-4294967295", "1,,", "max max", "\u{1b}[2J", "99"];
    for garbage in list.into_iter().chain(["", "\0", &long]) {
        overwrite(root.path(), garbage);
        let topology = Topology::read(root.path(), None);
        assert!(topology.cpus.len() >= machine.present.len(), "{garbage:?}");
        topology.tree();
        for placement in Placement::ALL {
            let _ = topology.place(placement, 2, 2);
        }
    }
}

/// Replaces the contents of every file below a directory.
fn overwrite(directory: &Path, text: &str) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { overwrite(&path, text) } else { std::fs::write(path, text).unwrap() }
    }
}

#[test]
fn lists_may_end_in_a_nul() {
    let root = temp_dir();
    named("2arm-2c").0.write(root.path(), Spelling::Lists);
    write(root.path(), "/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0-1\n\0");
    assert_eq!(Topology::read(root.path(), None).cpus[0].core, 0);
    write(root.path(), "/sys/devices/system/cpu/online", "0\n\0");
    assert_eq!(Topology::read(root.path(), None).usable_cpus(), [0]);
}

#[test]
fn cores_with_one_number_in_two_packages_are_two() {
    let root = temp_dir();
    for (cpu, package) in [(0, "0"), (1, "0"), (2, "1"), (3, "1")] {
        let topology = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
        write(root.path(), &format!("{topology}/core_id"), if cpu % 2 == 0 { "0" } else { "1" });
        write(root.path(), &format!("{topology}/physical_package_id"), package);
    }
    let topology = Topology::read(root.path(), None);
    assert_eq!(topology.usable_cores(), 4);
    assert_eq!(topology.cpus.iter().map(|cpu| cpu.package).collect::<Vec<_>>(), [0, 0, 1, 1]);
}

#[test]
fn more_cpus_than_a_mask_of_the_c_library_holds() {
    for spelling in [Spelling::Lists, Spelling::Masks] {
        let machine = many_cpus(1056);
        let topology = read(&machine, spelling, None);
        assert_eq!(topology.cpus, machine.cpus());
        assert_eq!(topology.usable_cores(), 528);
        assert_eq!(seated(&topology, Placement::CrossNode, (1, 1)), [vec![0], vec![96]]);
        let seats = topology.place(Placement::SameL3, 1000, 1000).unwrap();
        assert_eq!(seats.producers.len(), 1000);
        assert!(topology.tree().len() < 100, "{:#?}", topology.tree());
    }
}

/// Packages of 96 cpus, each a node with two L3s, of cores with two threads.
fn many_cpus(count: usize) -> Machine {
    let sets = |size: usize| (0..count / size).map(move |at| (at * size..(at + 1) * size).collect());
    let caches = [(2, "1024K", 2), (3, "32768K", 48)];
    Machine {
        present: (0..count).collect(),
        online: (0..count).collect(),
        packages: sets(96).collect(),
        cores: sets(2).collect(),
        caches: caches
            .into_iter()
            .flat_map(|(level, bytes, size)| sets(size).map(move |set| (level, bytes.to_owned(), set)))
            .collect(),
        nodes: sets(96).enumerate().map(|(node, set)| (node, 1000, set)).collect(),
        ..Machine::default()
    }
}

/// A machine of 8 cpus with the given further files.
fn with_files(files: &[(&str, &str)]) -> Topology {
    let root = temp_dir();
    named("made-up-cpuless-node").0.write(root.path(), Spelling::Lists);
    for (path, text) in files {
        write(root.path(), path, text);
    }
    Topology::read(root.path(), Some(&[0, 1, 2, 3, 4, 5]))
}

#[test]
fn cgroup_version_2() {
    let topology = with_files(&[
        ("/proc/self/cgroup", "0::/a/b\n"),
        ("/sys/fs/cgroup/cpuset.cpus.effective", "0-7\n"),
        ("/sys/fs/cgroup/a/cpuset.cpus.effective", "2-3,5-7\n"),
        ("/sys/fs/cgroup/a/cpu.max", "150000 100000\n"),
        ("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n"),
    ]);
    assert_eq!(topology.usable_cpus(), [2, 3, 5]);
    assert_eq!(topology.quota_cpus, Some(1.5));
}

#[test]
fn cgroup_version_1() {
    let topology = with_files(&[
        ("/proc/self/cgroup", "4:cpuset:/a\n3:cpu,cpuacct:/a/b\n2:cpuacct2:/x\n0::/\n"),
        ("/sys/fs/cgroup/cpuset/a/cpuset.cpus", "1-2\n"),
        ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
        ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "200000\n"),
        ("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"),
        ("/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "50000\n"),
        ("/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n"),
    ]);
    assert_eq!(topology.usable_cpus(), [1, 2]);
    assert_eq!(topology.quota_cpus, Some(0.5));
}

#[test]
fn cgroups_mounted_elsewhere() {
    let topology = with_files(&[
        ("/proc/self/cgroup", "3:cpu,cpuacct,cpuset:/a\n"),
        ("/proc/mounts", "proc /proc proc rw 0 0\ncgroup /cg cgroup rw,cpuset,cpuacct,cpu 0 0\n"),
        ("/cg/a/cpuset.cpus", "4\n"),
        ("/cg/a/cpu.cfs_quota_us", "25000\n"),
        ("/cg/a/cpu.cfs_period_us", "100000\n"),
    ]);
    assert_eq!(topology.usable_cpus(), [4]);
    assert_eq!(topology.quota_cpus, Some(0.25));
}

#[test]
fn in_a_container_the_group_s_own_directory_may_be_out_of_sight() {
    let topology = with_files(&[
        ("/proc/self/cgroup", "0::/../../docker/0123\n"),
        ("/sys/fs/cgroup/cpuset.cpus.effective", "6-7,1\n"),
        ("/sys/fs/cgroup/cpu.max", "300000 100000\n"),
        ("/docker/0123/cpu.max", "100000 100000\n"),
    ]);
    assert_eq!(topology.usable_cpus(), [1]);
    assert_eq!(topology.quota_cpus, Some(3.0));
}

#[test]
fn the_tree_of_256_cpus_fits_a_screen() {
    for (machine, topology) in MACHINES.iter() {
        let tree = topology.tree();
        assert!(tree.len() <= 24, "{}: {tree:#?}", machine.name);
        assert!(tree.iter().all(|line| line.len() <= 130), "{}: {tree:#?}", machine.name);
    }
    assert_eq!(
        masked(topology_of("made-up-epyc"), &[0, 1]).tree(),
        [
            "2 packages, 3 nodes, 16 cores, 32 cpus",
            "  package 0: 0-7,16-23",
            "    node 0 (1000 KiB), L3 16 MiB: 0-3,16-19",
            "      4 x L2 512 KiB, core: 0,16 1,17 2,18 3,19",
            "    node 1 (1000 KiB), L3 16 MiB: 4-7,20-23",
            "      4 x L2 512 KiB, core: 4,20 5,21 6,22 7,23",
            "  package 1, node 2 (1.95 MiB): 8-15,24-31",
            "    L3 16 MiB: 8-11,24-27",
            "      4 x L2 512 KiB, core: 8,24 9,25 10,26 11,27",
            "    L3 16 MiB: 12-15,28-31",
            "      4 x L2 512 KiB, core: 12,28 13,29 14,30 15,31",
            "not for this process: 2-31",
        ]
    );
    let tree = topology_of("made-up-cpuless-node").tree();
    assert!(tree.contains(&"node 1 (500 KiB) has no cpus".to_owned()), "{tree:#?}");
}

#[test]
fn names_and_files_keep_placements_and_topologies() {
    for placement in Placement::ALL {
        assert_eq!(placement.to_string().parse(), Ok(placement));
        assert_eq!(serde_json::to_string(&placement).unwrap(), format!("\"{placement}\""));
    }
    let reason = "same-core".parse::<Placement>().unwrap_err();
    assert!(reason.contains("same-cpu, smt,"), "{reason}");
    let topology = masked(topology_of("20em64t-hybrid-1p6c2t+2ca4co1t"), &[0, 1]);
    let json = serde_json::to_string(&topology).unwrap();
    assert_eq!(serde_json::from_str::<Topology>(&json).unwrap(), topology);
}

#[test]
fn this_machine_is_read_too() {
    let topology = Topology::read(Path::new("/"), Some(&own_mask()));
    assert!(!topology.usable_cpus().is_empty());
    assert!(topology.place(topology.closest_cores(), 1, 1).is_ok());
}
