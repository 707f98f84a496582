//! `run --suite pitfalls` through the binary: every broken form is caught, every corrected one is clean, every time.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use queuebench::pitfall::{Ending, PITFALLS, Pitfall, Symptom, Watchdog};
use queuebench::topology::own_mask;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

const PROGRAM: &str = env!("CARGO_BIN_EXE_queuebench");
/// How many times over; a test run has 10.
const TIMES: &str = "QUEUEBENCH_PITFALL_TIMES";
/// Patient, because other tests run beside.
const WATCHDOG: Watchdog<'_> =
    Watchdog { program: PROGRAM, interrupt: None, patience: Duration::from_secs(20), is_swapped: false };

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["run", "--suite", "pitfalls"]).args(words).stdin(Stdio::null());
    command
}

fn typed(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn assert_all_shown(output: &Output) {
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    assert_eq!(out.matches("CAUGHT").count(), PITFALLS.len(), "{out}");
    assert_eq!(out.matches(" ok after").count(), PITFALLS.len(), "{out}");
    let hangs = PITFALLS.iter().filter(|pitfall| pitfall.symptom == Symptom::Hang).count();
    assert_eq!(out.matches("HANG: ").count(), hangs, "{out}");
    for pitfall in &PITFALLS {
        assert!(out.contains(pitfall.id), "{} is not in: {out}", pitfall.id);
    }
}

fn found(id: &str) -> &'static Pitfall {
    PITFALLS.iter().find(|pitfall| pitfall.id == id).unwrap()
}

/// What a hang is told as.
fn who_waits(id: &str) -> String {
    match found(id).show(&WATCHDOG).unwrap().unwrap().broken.ending {
        Ending::Hang { who, .. } => who,
        other => panic!("{id}: {other:?}"),
    }
}

#[test]
fn the_whole_suite_is_caught_and_clean() {
    let output = typed(&[]);
    assert_all_shown(&output);
    let out = text(&output.stdout);
    assert!(out.lines().all(|line| line.chars().count() <= 100 && !line.ends_with("  ")), "{out}");
}

#[test]
fn each_is_caught_and_clean_every_time() {
    let times = std::env::var(TIMES).map_or(10, |times| times.parse().unwrap());
    let mut longest = Duration::ZERO;
    for time in 0..times {
        for pitfall in &PITFALLS {
            let shown = pitfall.show(&WATCHDOG).unwrap().unwrap();
            assert!(pitfall.is_caught(&shown) && shown.is_clean(), "{}, time {time}: {shown:?}", pitfall.id);
            longest = longest.max(shown.broken.took);
        }
    }
    println!("{times} times; the longest took {longest:?} to be caught");
}

#[test]
fn on_one_cpu_too() {
    let mut mask = CpuSet::new();
    mask.set(*own_mask().last().unwrap());
    let confined = || {
        sched_setaffinity(None, &mask).unwrap();
        typed(&[])
    };
    assert_all_shown(&std::thread::scope(|scope| scope.spawn(confined).join().unwrap()));
}

#[test]
fn a_hang_says_who_waits_for_whom() {
    let expected = [
        (
            "never-released/early-return",
            "thread \"second\" waits for lock accounts held by \"first\", which has returned early and ended",
        ),
        (
            "never-released/killed",
            "process \"next\" waits for lock accounts held by \"owner\", which was killed while it held it",
        ),
        (
            "both-receive-first",
            "process \"left\" waits to receive through the left end (descriptor N) what \"right\" is to send, which waits \
             to receive through the right end (descriptor N) what \"left\" is to send",
        ),
        ("lock-order", "thread \"left\" waits for lock B held by \"right\", which waits for lock A held by \"left\""),
        (
            "circular-wait",
            "thread \"one\" waits for room in the queue of two, which \"two\" must empty, which waits for room in the queue \
             of three, which \"three\" must empty, which waits for room in the queue of one, which \"one\" must empty",
        ),
        (
            "missing-party",
            "thread \"first\" waits at barrier phase for \"third\", which has ended without coming; so does \"second\"",
        ),
    ];
    let hangs = PITFALLS.iter().filter(|pitfall| pitfall.symptom == Symptom::Hang).map(|pitfall| pitfall.id);
    assert_eq!(hangs.collect::<Vec<_>>(), expected.map(|(id, _)| id));
    for (id, who) in expected {
        let without_numbers = who_waits(id).replace(|c: char| c.is_ascii_digit(), "N");
        assert_eq!(without_numbers, who);
    }
}

#[test]
fn a_broken_form_that_does_no_harm_fails_the_run() {
    let output = command(&[]).env("QUEUEBENCH_PITFALLS_SWAPPED", "1").output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(3), "{out}{err}");
    assert_eq!(out.matches("NOT CAUGHT").count(), PITFALLS.len(), "{out}");
    assert_eq!(out.matches("FAILED").count(), PITFALLS.len(), "{out}");
    assert!(err.contains("not as they must be: not-shared, "), "{err}");
}

#[test]
fn filters_choose_by_id_and_one_that_matches_nothing_says_what_to_type() {
    for flag in ["-q", "-s"] {
        let output = typed(&[flag, "^lock-|early", "--dry-run"]);
        let plan = text(&output.stderr);
        assert!(plan.contains("2 pitfalls") && plan.contains("lock-order") && plan.contains("early-return"), "{plan}");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
        let none = typed(&[flag, "no-such"]);
        assert_eq!(none.status.code(), Some(1));
        assert!(text(&none.stderr).contains("queuebench list scenarios --suite pitfalls"), "{none:?}");
    }
    let one = typed(&["-s", "lock-order"]);
    assert_eq!(text(&one.stdout).matches("CAUGHT").count(), 1, "{one:?}");
}

#[test]
fn options_of_a_measurement_are_refused() {
    for words in
        [&["--rounds", "3"][..], &["--profile", "quick"], &["-o", "x.jsonl"], &["--margin", "3%"], &["--strict"]]
    {
        let output = typed(words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output.stderr).contains("means nothing there; leave it out"), "{output:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn it_is_listed() {
    let list = |words: &[&str]| Command::new(PROGRAM).arg("list").args(words).output().unwrap();
    assert!(text(&list(&["suites"]).stdout).contains("\npitfalls "));
    let ids: Vec<&str> = PITFALLS.iter().map(|pitfall| pitfall.id).collect();
    for what in ["cells", "scenarios"] {
        let listed = list(&[what, "--suite", "pitfalls", "--format", "json"]);
        assert_eq!(serde_json::from_slice::<Vec<String>>(&listed.stdout).unwrap(), ids);
    }
}

/// The living processes that were started with this folder in their environment.
fn marked(folder: &Path) -> Vec<i32> {
    let mark = folder.as_os_str().as_encoded_bytes();
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_marked = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(mark.len()).any(|window| window == mark)
    };
    pids.filter(is_marked).collect()
}

#[track_caller]
fn assert_gone(folder: &Path) {
    let started = Instant::now();
    while !marked(folder).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(10), "{:?} are left", marked(folder));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal while a form of two processes runs, three with the parent; how the run ended. `None` when that was over
/// before.
fn signalled(signal: Signal) -> Option<ExitStatus> {
    let folder = tempfile::tempdir().unwrap();
    let mut run = command(&["-s", "both-receive-first"])
        .env("MARK", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while marked(folder.path()).len() < 3 {
        if run.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    kill_process(Pid::from_child(&run), signal).unwrap();
    let status = run.wait().unwrap();
    assert_gone(folder.path());
    Some(status).filter(|status| status.code() != Some(0))
}

/// The same as often as it takes: a busy machine may look too late.
#[track_caller]
fn signalled_in_time(signal: Signal) -> ExitStatus {
    (0..50).find_map(|_| signalled(signal)).expect("one of fifty comes in time")
}

#[test]
fn an_interrupt_ends_it_and_leaves_no_process() {
    assert_eq!(signalled_in_time(Signal::INT).code(), Some(130));
}

#[test]
fn a_killed_run_leaves_no_process() {
    assert_eq!(signalled_in_time(Signal::KILL).signal(), Some(9));
}

#[test]
fn a_form_that_is_given_up_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&["-s", "both-receive-first|killed"]).env("MARK", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_gone(folder.path());
}
