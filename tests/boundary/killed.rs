//! SIGKILL at drawn moments, to an end of a queue, to the cell process, and to the run.

use std::time::{Duration, Instant};

use fastrand::Rng;
use queuebench::protocol::Outcome;
use rustix::process::Signal;

use crate::cell::{Cell, SOON};
use crate::proc::{assert_gone, children, marked, send, within};
use crate::runs::Started;

/// Every queue that crosses, every wait, every workload.
const FIELD: [(&str, &str); 16] = [
    ("shm/spsc+spin", "stream/1p1c/1024/8B/processes/free"),
    ("shm/spsc+yield", "stream/1p1c/1024/256B/processes/free"),
    ("shm/spsc+park", "stream/1p1c/1024/8B/processes/free"),
    ("shm/mpmc+spin", "stream/1p1c/64/8B/processes/free"),
    ("shm/mpmc+yield", "stream/2p2c/1024/8B/processes/free"),
    ("shm/mpmc+park", "stream/2p1c/1024/8B/processes/free"),
    ("shm/mutex-deque", "stream/1p1c/1/8B/processes/free"),
    ("shm/mutex-deque", "stream/2p2c/1024/256B/processes/free"),
    ("os/pipe", "stream/2p2c/1024/8B/processes/free"),
    ("os/seqpacket", "stream/1p2c/1024/8B/processes/free"),
    ("os/socketpair", "stream/2p1c/1024/8B/processes/free"),
    ("os/tcp", "stream/1p1c/1024/8B/processes/free"),
    ("os/mqueue", "stream/2p2c/10/8B/processes/free"),
    ("shm/mpmc+yield", "pairs/3p3c/64/8B/processes/free"),
    ("shm/spsc+park", "pingpong/1p1c/64/8B/processes/free"),
    ("limit/futex-wake", "wakeup/1p1c/1/8B/processes/free"),
];

/// When the blow falls.
#[derive(Debug)]
enum Moment {
    /// So long after all endpoints were started, of which some may still be joining.
    Joining(Duration),
    /// Between `ready` and `slice`.
    Waiting,
    /// So long after `slice`.
    Running(Duration),
}

impl Moment {
    fn drawn(rng: &mut Rng) -> Moment {
        match rng.u32(0..8) {
            0 => Moment::Joining(Duration::from_micros(rng.u64(0..20_000))),
            1 => Moment::Waiting,
            _ => Moment::Running(Duration::from_micros(rng.u64(0..600_000))),
        }
    }
}

/// Kills one endpoint at a drawn moment of a slice of a second; true when the cell ended as crashed, false when the blow
/// came too late.
fn is_noticed(seed: u64) -> bool {
    let mut rng = Rng::with_seed(seed);
    // In order, so that every one of them is met; who is killed and when is drawn.
    let (queue, scenario) = FIELD[seed as usize % FIELD.len()];
    let moment = Moment::drawn(&mut rng);
    let mut cell = Cell::start();
    cell.ask(queue, scenario);
    let endpoints = cell.endpoints(scenario);
    let victim = &endpoints[rng.usize(..endpoints.len())];
    let what = format!("seed {seed}: {queue} in {scenario}, {} at {moment:?}", victim.name);
    let kill = || {
        send(victim.pid, Signal::KILL);
        Instant::now()
    };
    let mut killed = None;
    if let Moment::Joining(after) = moment {
        std::thread::sleep(after);
        killed = Some(kill());
    }
    let mut report = cell.ready().err();
    if report.is_none() {
        if let Moment::Waiting = moment {
            killed = Some(kill());
        }
        cell.slice(200, 800);
        if let Moment::Running(after) = moment {
            std::thread::sleep(after);
            killed = Some(kill());
        }
        report = cell.report(Duration::from_secs(10)).map(Box::new);
    }
    let report = report.unwrap_or_else(|| panic!("{what}: no report; {}", cell.stderr()));
    let detail = report.detail.clone().unwrap_or_default();
    let is_crash = report.outcome == Outcome::Crashed;
    if is_crash {
        let took = killed.expect("nobody else kills").elapsed();
        assert!(took < SOON, "{what}: noticed after {took:?}");
        let named = format!("{} was killed by signal 9", victim.name);
        assert!(detail.contains(&named), "{what}: {detail}; {}", cell.stderr());
    } else {
        assert_eq!(report.outcome, Outcome::Ok, "{what}: {detail}");
        assert!(matches!(moment, Moment::Running(_)), "{what}: it ran without its {}", victim.name);
    }
    cell.assert_no_endpoints();
    cell.end();
    is_crash
}

/// Of the kills with these seeds most come in time.
fn are_noticed(seeds: std::ops::Range<u64>) {
    let kills = seeds.end - seeds.start;
    let noticed = seeds.filter(|seed| is_noticed(*seed)).count() as u64;
    println!("{noticed} of {kills} came in time");
    assert!(noticed * 10 >= kills * 8, "{noticed} of {kills} came in time");
}

#[test]
fn the_first_half_of_fifty_killed_endpoints_is_named_and_nothing_is_left() {
    are_noticed(0..25);
}

#[test]
fn the_other_half_of_fifty_killed_endpoints_is_named_and_nothing_is_left() {
    are_noticed(25..50);
}

#[test]
fn endpoints_are_gone_within_a_second_of_their_cell_process() {
    let mut rng = Rng::with_seed(50);
    for (queue, scenario) in FIELD.into_iter().step_by(2) {
        let mut cell = Cell::start();
        cell.prepare(queue, scenario);
        cell.slice(200, 800);
        std::thread::sleep(Duration::from_millis(rng.u64(0..200)));
        cell.kill();
        cell.assert_left_nothing(Duration::from_secs(1));
    }
}

#[test]
fn endpoints_that_are_still_joining_die_with_their_cell_process_too() {
    let mut rng = Rng::with_seed(51);
    for _ in 0..5 {
        let scenario = "stream/2p2c/1024/8B/processes/free";
        let mut cell = Cell::start();
        cell.ask("shm/mpmc+yield", scenario);
        let some = rng.usize(1..=4);
        within(SOON * 10, "some are started", || (children(cell.pid()).len() >= some).then_some(()));
        cell.kill();
        cell.assert_left_nothing(Duration::from_secs(1));
    }
}

#[test]
fn workers_and_endpoints_are_gone_within_a_second_of_the_run() {
    let mut rng = Rng::with_seed(52);
    for queue in ["shm/spsc+yield", "shm/mutex-deque", "os/pipe"] {
        let mut run = Started::run(queue, &["--rounds", "100"]);
        within(SOON * 10, "endpoints run", || (marked(run.mark()).len() >= 4).then_some(()));
        std::thread::sleep(Duration::from_millis(rng.u64(0..200)));
        run.kill();
        assert_gone(run.mark(), Duration::from_secs(1));
    }
}
