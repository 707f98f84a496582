//! The course's four programs: Rust and Python print the same, and either can be read in a minute.

mod repository;

use std::fs;
use std::process::{Command, Stdio};

use repository::{example, has_python, repository};
#[cfg(feature = "crawl")]
use serde_json::Value;

/// What a program prints: these lines and no others. Those of one list come in this order; who shares no list may come
/// in any order, as threads and processes do.
struct Program {
    name: &'static str,
    orders: &'static [&'static [&'static str]],
    /// What it tells besides on stderr, where a time follows each.
    tells: &'static [&'static str],
}

const PROGRAMS: [Program; 4] = [
    Program {
        name: "thread_hello",
        orders: &[
            &["hello from thread main", "greetings that main sees: 2"],
            &["hello from thread other", "greetings that main sees: 2"],
        ],
        tells: &[],
    },
    Program {
        name: "process_hello",
        orders: &[
            &["hello from process main", "greetings that main sees: 1"],
            &["hello from process other", "greetings that other sees: 1"],
        ],
        tells: &[],
    },
    Program {
        name: "producer_consumer",
        orders: &[&["items put: 10000, got: 10000, their sum: 49995000"]],
        tells: &[],
    },
    Program {
        name: "crawler",
        orders: &[&[
            "/60 is dead, linked from /14 /36 /59",
            "/61 is dead, linked from /27",
            "/62 is dead, linked from /18",
            "/63 is dead, linked from /9",
            "pages seen: 64, dead: 4",
        ]],
        tells: &["workers: 1, ", "workers: 8, "],
    },
];

impl Program {
    /// Runs it once, and holds it to all it is to print.
    fn check(&self, mut command: Command) {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(0), "{command:?}: {out}{err}");
        let printed: Vec<&str> = out.lines().collect();
        for order in self.orders {
            let in_order: Vec<&str> = printed.iter().copied().filter(|line| order.contains(line)).collect();
            assert_eq!(in_order, *order, "{command:?}: {out}");
        }
        let is_expected = |line: &&str| self.orders.iter().any(|order| order.contains(line));
        assert!(printed.iter().all(is_expected), "{command:?}: {out}");
        let told: Vec<&str> = err.lines().collect();
        assert_eq!(told.len(), self.tells.len(), "{command:?}: {err}");
        for (line, opening) in told.iter().zip(self.tells) {
            let time = line.strip_prefix(opening).and_then(|rest| rest.strip_suffix(" ms"));
            assert!(time.is_some_and(|ms| ms.parse::<u64>().is_ok()), "{command:?}: {line}");
        }
    }
}

#[test]
fn rust_prints_what_it_should_every_time() {
    for program in &PROGRAMS {
        (0..5).for_each(|_| program.check(Command::new(example(program.name))));
    }
}

#[test]
fn python_prints_the_same() {
    if !has_python() {
        return println!("skipped: there is no python3");
    }
    for program in &PROGRAMS {
        for _ in 0..2 {
            let mut python = Command::new("python3");
            python.arg(repository().join("examples").join(program.name).with_extension("py"));
            program.check(python);
        }
    }
}

/// What the course crawls is the site of its crawlers.
#[cfg(feature = "crawl")]
#[test]
fn the_site_that_is_served_is_the_one_that_the_crawlers_make_up() {
    if !has_python() {
        return println!("skipped: there is no python3");
    }
    let mut served = Command::new("python3");
    served.arg(repository().join("examples/site.py")).args([
        env!("CARGO_BIN_EXE_queuebench"),
        "crawl",
        "--format=json",
    ]);
    let output = served.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let home = found["start"].as_str().unwrap().strip_suffix("/0").unwrap();
    let path = |address: &Value| address.as_str().unwrap().strip_prefix(home).unwrap().to_owned();
    let line = |dead: &Value| {
        let on: Vec<String> = dead["on"].as_array().unwrap().iter().map(path).collect();
        format!("{} is dead, linked from {}", path(&dead["url"]), on.join(" "))
    };
    let mut lines: Vec<String> = found["dead"].as_array().unwrap().iter().map(line).collect();
    lines.push(format!("pages seen: {}, dead: {}", found["addresses"], lines.len()));
    let crawler = PROGRAMS.iter().find(|program| program.name == "crawler").unwrap();
    assert_eq!(lines, crawler.orders[0]);
}

#[test]
fn each_is_below_60_lines_and_needs_the_standard_library_alone() {
    for program in &PROGRAMS {
        let source = |extension| {
            let file = repository().join("examples").join(program.name).with_extension(extension);
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.lines().count() < 60, "{} has {} lines", file.display(), text.lines().count());
            text
        };
        let mut used =
            source("rs").lines().filter_map(|line| line.strip_prefix("use ")).map(String::from).collect::<Vec<_>>();
        used.retain(|path| !path.starts_with("std::"));
        assert!(used.is_empty(), "{}: {used:?}", program.name);
        source("py");
    }
}
