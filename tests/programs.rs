//! Whole programs, run as a run runs them: every way of each on every side it is said to be of, with one worker, two, and
//! more than there are cpus. What they would not pass is tried beside the checks themselves, in `src/program/`.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use queuebench::peers;
use queuebench::program::{self, counter, print};
use queuebench::protocol::{Outcome, Report};
use queuebench::queue::{About, Program, Role};
use queuebench::ranking::{figure_of, is_limit};
use queuebench::scenario::{Boundary, Scenario};
use queuebench::schedule::contender::{Contender, Contenders};
use queuebench::schedule::plan::Planned;
use queuebench::schedule::rounds::BlockOrder;
use queuebench::schedule::supervise::Supervisor;
use queuebench::schedule::{Ended, Workers};
use queuebench::suite::Suite;
use queuebench::topology::own_mask;

const WORKERS: [usize; 3] = [1, 2, 4];

fn scenario(program: Program, workers: usize, boundary: Boundary) -> Scenario {
    format!("{program}/{workers}p{workers}c/1/8B/{boundary}/free").parse().unwrap()
}

/// What comes of a block with a window of so many milliseconds.
fn block(id: &str, scenario: Scenario, cpus: Vec<Option<usize>>, window_ms: u64) -> Report {
    let own = Contenders::own(vec![env!("CARGO_BIN_EXE_queuebench").into(), "worker".into()]);
    // Longer than anything takes that ends, on however busy a machine.
    let mut supervisor = Supervisor::new(own, Duration::from_secs(60), 1.0, Instant::now())
        .with_sites_by(env!("CARGO_BIN_EXE_queuebench"))
        .with("python", Contender { command: peers::python::command("python3"), extra_iterations: 0 });
    let order = BlockOrder {
        queue: id.into(),
        round: 0,
        repeat: 0,
        position: 0,
        settle_ns: 2_000_000,
        window_ns: window_ms * 1_000_000,
        traced: false,
    };
    match supervisor.run(&order, &Planned::alone(&scenario, id, cpus, own_mask().len()).cell(id)) {
        Ended::Reported { report, .. } => *report,
        Ended::Interrupted => unreachable!("nothing interrupts it"),
    }
}

fn short(id: &str, program: Program, workers: usize, boundary: Boundary) -> Report {
    block(id, scenario(program, workers, boundary), vec![None; workers], 10)
}

/// Runs every way of `program` and shows what came of it to `look`: its id, workers, and report.
fn every_way(program: Program, look: impl Fn(&str, usize, &Report)) {
    let ways = program::ways().map(|way| way.about).filter(|about| about.role == Role::Program(program));
    for About { id, crosses, .. } in ways {
        for boundary in [Boundary::Threads, Boundary::Processes] {
            for workers in WORKERS {
                let report = short(id, program, workers, boundary);
                let what = format!("{id}, {workers} workers, {boundary}: {report:?}");
                if boundary == Boundary::Processes && !crosses {
                    assert_eq!(report.outcome, Outcome::Refused, "{what}");
                    continue;
                }
                assert_eq!(report.outcome, Outcome::Ok, "{what}");
                let has_figure = figure_of(scenario(program, workers, boundary).workload, &report).is_some();
                assert!(has_figure && report.messages > 0 && report.elapsed_ns >= 10_000_000, "{what}");
                let members = if id == "map/serial" { 1 } else { workers };
                assert!(report.endpoints.len() == members && report.cpu_ns > 0, "{what}");
                look(id, workers, &report);
            }
        }
    }
}

#[test]
fn counters_are_exact_but_for_the_one_that_is_not_synchronised() {
    every_way(Program::Counter, |id, workers, report| {
        let lost = report.figures["lost_updates_ppm"];
        assert!(lost == 0 || (id == counter::UNSYNCHRONISED && workers > 1 && lost < 1_000_000), "{id}: {lost}");
    });
}

#[test]
fn without_synchronisation_updates_are_lost() {
    if own_mask().len() < 2 {
        // They meet only where one is interrupted between its load and its store, which may not happen.
        return;
    }
    for boundary in [Boundary::Threads, Boundary::Processes] {
        let lost = (0..10).any(|_| {
            let report = block(counter::UNSYNCHRONISED, scenario(Program::Counter, 8, boundary), vec![None; 8], 200);
            assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
            report.figures["lost_updates_ppm"] > 0
        });
        assert!(lost, "{boundary}");
    }
}

#[test]
fn what_nobody_changes_is_read_as_it_is_by_all() {
    every_way(Program::Lookup, |id, _, report| assert!(report.figures.is_empty(), "{id}: {report:?}"));
}

#[test]
fn all_workers_keep_step_past_every_barrier() {
    every_way(Program::Barrier, |id, _, report| assert!(report.figures.is_empty(), "{id}: {report:?}"));
}

#[test]
fn every_ending_ends_and_not_early() {
    every_way(Program::Finish, |id, _, report| {
        let endings: u64 = report.round_trips.iter().map(|bucket| bucket[1]).sum();
        assert_eq!(endings, report.messages, "{id}");
        // Every run has the same items, each of which was processed once.
        assert_eq!(report.endpoints.iter().sum::<u64>() % report.messages, 0, "{id}: {report:?}");
        let longest = report.round_trips.last().unwrap()[0];
        let joined = report.figures.get("until_joined_ns");
        assert_eq!(joined.is_some(), id == "finish/join", "{id}: {report:?}");
        assert!(joined.is_none_or(|joined| (1..=longest).contains(joined)), "{id}: {report:?}");
    });
}

#[test]
fn every_lock_has_a_next_owner_who_repairs() {
    every_way(Program::Recover, |id, _, report| {
        let recoveries: u64 = report.round_trips.iter().map(|bucket| bucket[1]).sum();
        assert_eq!([recoveries, report.endpoints.iter().sum()], [report.messages; 2], "{id}: {report:?}");
    });
}

#[test]
fn what_is_started_says_what_memory_it_takes() {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    for (id, side) in [
        ("start/thread", ""),
        ("start/fork", "processes/"),
        ("start/posix_spawn", "processes/"),
        ("start/fork-exec", "processes/"),
    ] {
        let report = block(id, format!("spawn/1p1c/1/8B/{side}free").parse().unwrap(), vec![None], 10);
        assert_eq!(report.outcome, Outcome::Ok, "{id}: {report:?}");
        let memory = report.figures.get("memory_bytes");
        assert_eq!(memory.is_some(), rollup.contains("Pss_Anon"), "{id}: {report:?}");
        // A page at least; at most what a stack in a huge page has, or the data of a binary that is not optimised.
        assert!(memory.is_none_or(|bytes| (4 << 10..4 << 20).contains(bytes)), "{id}: {memory:?}");
    }
}

#[test]
fn lines_come_whole_but_for_those_in_pieces_that_nothing_keeps_together() {
    every_way(Program::Print, |id, workers, report| {
        let (torn, orders) = (report.figures["torn_lines_ppm"], report.figures["orders"]);
        let possible: u64 = (1..=workers as u64).product();
        assert!(orders <= possible, "{id}: {orders} orders of {workers}");
        if id != print::UNSYNCHRONISED || workers == 1 {
            assert!(torn == 0 && orders > 0, "{id}: {torn} torn, {orders} orders");
        }
    });
}

#[test]
fn parts_of_a_map_add_up() {
    every_way(Program::Map, |id, _, report| {
        assert_eq!(report.endpoints.iter().sum::<u64>(), report.messages, "{id}: {report:?}");
    });
}

#[test]
fn python_maps_too() {
    let is_new_enough = "import sys; sys.exit(sys.version_info < (3, 9))";
    let tried = Command::new("python3").args(["-I", "-c", is_new_enough]).status();
    if !tried.is_ok_and(|status| status.success()) {
        return;
    }
    for id in ["python/map", "python/map-serial"] {
        for boundary in [Boundary::Threads, Boundary::Processes] {
            let report = short(id, Program::Map, 2, boundary);
            assert!(report.outcome == Outcome::Ok && report.messages > 0, "{id}, {boundary}: {report:?}");
        }
        assert_eq!(short(id, Program::Barrier, 2, Boundary::Threads).outcome, Outcome::Refused);
    }
}

#[test]
fn what_cannot_be_is_refused_and_nobody_waits_for_it() {
    let refused = |id: &str, scenario: &str, cpus: Vec<Option<usize>>, word: &str| {
        let report = block(id, scenario.parse().unwrap(), cpus, 10);
        assert_eq!(report.outcome, Outcome::Refused, "{id}: {report:?}");
        assert!(report.detail.as_ref().is_some_and(|detail| detail.contains(word)), "{id}: {report:?}");
    };
    refused("barrier/spin", "counter/2p2c/1/8B/free", vec![None; 2], "no way to write this program");
    refused("std/mpsc", "barrier/2p2c/1/8B/free", vec![None; 2], "no way to write this program");
    refused("barrier/spin", "stream/1p1c/1/8B/free", vec![None; 2], "is a whole program");
    refused("barrier/spin", "barrier/2p1c/1/8B/free", vec![None; 2], "every worker of a program is both");
    // The other would wait at the barrier, the producer for a worker, the reader for a line.
    for (id, program) in [
        ("barrier/futex", "barrier"),
        ("finish/join", "finish"),
        ("recover/guard", "recover"),
        ("print/locked", "print"),
    ] {
        for side in ["", "processes/"] {
            refused(id, &format!("{program}/2p2c/1/8B/{side}free"), vec![None, Some(9999)], "9999");
        }
    }
}

#[test]
fn the_suite_has_every_way_and_ranks_none_that_may_be_wrong() {
    let programs: Vec<Scenario> = {
        let topology = queuebench::topology::Topology::read(std::path::Path::new("/"), Some(&own_mask()));
        let wanted = Suite::load("apps").unwrap().on(&topology).unwrap();
        wanted.into_iter().map(|wanted| wanted.scenario).collect()
    };
    for way in program::ways() {
        let Role::Program(program) = way.about.role else { panic!("{} is a program", way.about.id) };
        for boundary in [Boundary::Threads, Boundary::Processes] {
            let runs =
                |scenario: &&Scenario| scenario.workload.program() == Some(program) && scenario.boundary == boundary;
            assert!(programs.iter().any(|scenario| runs(&scenario)), "{}, {boundary}", way.about.id);
        }
        assert_eq!(is_limit(way.about.id), [counter::UNSYNCHRONISED, print::UNSYNCHRONISED].contains(&way.about.id));
    }
}

#[cfg(feature = "crawl")]
mod crawl {
    use super::*;
    use queuebench::fit::misfit;
    use queuebench::queue::{Spin, Wait};
    use queuebench::registry::Registry;

    fn crawled(id: &str, scenario: &str) -> Option<Report> {
        let scenario: Scenario = scenario.parse().unwrap();
        let registry = Registry::builtin();
        let entry = registry.find(id, scenario.capacity)?;
        // Who spins on a cpu that others need only takes long.
        let can_join =
            entry.program.is_some() && misfit(&entry.about, &scenario).is_none() && entry.wait != Spin::SUFFIX;
        can_join.then(|| block(id, scenario, vec![None; scenario.threads()], 10))
    }

    #[test]
    fn a_site_is_found_whole_through_every_queue_that_can_serve() {
        let registry = Registry::builtin();
        let ids: std::collections::BTreeSet<&str> = registry.entries().iter().map(|entry| entry.id.as_str()).collect();
        for (side, least) in [("4/256B/site=30x0ms/seen=sharded", 12), ("1/256B/site=30x0ms/seen=owner/processes", 5)] {
            let reports = ids.iter().filter_map(|id| Some((id, crawled(id, &format!("crawl/3p3c/{side}/free"))?)));
            let mut served = 0;
            for (id, report) in reports {
                assert_eq!(report.outcome, Outcome::Ok, "{id}, {side}: {report:?}");
                assert_eq!(report.figures["duplicate_fetches"], 0, "{id}, {side}");
                assert!(report.messages > 30 && report.figures["queue_share_ppm"] < 1_000_000, "{id}: {report:?}");
                served += 1;
            }
            assert!(served >= least, "{side}: {served}");
        }
    }

    #[test]
    fn a_split_lock_has_pages_fetched_twice_and_says_so() {
        let split = || crawled("std/mutex-deque", "crawl/8p8c/64/256B/site=200x0ms/seen=split/free").unwrap();
        let report = (0..5).map(|_| split()).find(|report| report.figures["duplicate_fetches"] > 0);
        let report = report.expect("two workers look before either writes");
        assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
    }
}
