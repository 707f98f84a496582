//! A student who types what docs/course.md says gets what it says: every command is run, in order, in one folder.

mod repository;

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use repository::{example, has_python, repository};
use tempfile::TempDir;

/// Rows of the note that are not part of the course.
const LEFT_OUT: [u32; 4] = [11, 20, 25, 33];

/// What to type, and how it is said to end.
#[derive(Debug, PartialEq, Eq)]
struct Typed {
    command: String,
    exits_with: i32,
}

/// A line of a block: `command  # exits with 3`. Other comments mean nothing here.
fn typed(line: &str) -> Typed {
    let (command, comment) = line.split_once(" # ").unwrap_or((line, ""));
    let exits_with = comment.trim().strip_prefix("exits with ").map_or(0, |code| code.parse().expect(line));
    Typed { command: command.trim().into(), exits_with }
}

/// All lines of the ```sh blocks.
fn steps(course: &str) -> Vec<Typed> {
    let blocks = course.split("```sh\n").skip(1).map(|rest| rest.split_once("```").expect("a block ends").0);
    blocks.flat_map(str::lines).filter(|line| !line.is_empty() && !line.starts_with('#')).map(typed).collect()
}

/// The lines of the last table: which row, and its command. A `|` inside a cell is written `\|`.
fn rows(course: &str) -> Vec<(u32, String)> {
    let lines = course.lines().filter_map(|line| line.strip_prefix("| S"));
    let cells = lines.map(|line| line.replace("\\|", "\0"));
    let row = |line: String| {
        let mut cells = line.split('|').map(|cell| cell.trim().replace('\0', "|"));
        let number = cells.next().unwrap().parse().expect("a row has a number");
        let command = cells.next().expect("a row has a command");
        let command = command.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).expect("it is code");
        assert!(cells.next().is_some_and(|shows| !shows.is_empty()), "S{number:02} shows something");
        (number, command.into())
    };
    cells.map(row).collect()
}

/// The folder commands are typed in, and the one where the shell finds this build's `queuebench`.
struct Desk {
    folder: TempDir,
    programs: TempDir,
}

impl Desk {
    fn new() -> Desk {
        let (folder, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(repository().join("examples"), folder.path().join("examples")).unwrap();
        symlink(env!("CARGO_BIN_EXE_queuebench"), programs.path().join("queuebench")).unwrap();
        Desk { folder, programs }
    }

    /// What the shell is given: cargo has built what it is asked to run.
    fn as_built(command: &str) -> String {
        if let Some(name) = command.strip_prefix("cargo run --example ") {
            return format!("'{}'", example(name).display());
        }
        let command = command.replace("cargo run --release --bin queuebench --", "queuebench");
        assert!(!command.contains("cargo "), "the course says what no test can run: {command}");
        command
    }

    fn do_step(&self, step: &Typed) {
        if step.command.starts_with("python3 ") && !has_python() {
            return println!("skipped, there is no python3: {}", step.command);
        }
        let path = format!("{}:{}", self.programs.path().display(), env::var("PATH").unwrap());
        let started = Instant::now();
        let mut shell = Command::new("sh");
        shell.args(["-c", &Desk::as_built(&step.command)]).env("PATH", path).current_dir(self.folder.path());
        let output = shell.stdin(Stdio::null()).output().unwrap();
        println!("{:>5.1} s  {}", started.elapsed().as_secs_f64(), step.command);
        assert_eq!(output.status.code(), Some(step.exits_with), "{}: {output:?}", step.command);
        assert!(output.stdout.len() + output.stderr.len() > 0, "{} says nothing", step.command);
        if step.command.contains("queuebench run") {
            // Results are named by the second; nobody types faster than that.
            thread::sleep(Duration::from_secs(1).saturating_sub(started.elapsed()));
        }
    }
}

fn course() -> String {
    fs::read_to_string(repository().join("docs/course.md")).unwrap()
}

#[test]
fn every_command_does_what_the_course_says() {
    let (desk, steps) = (Desk::new(), steps(&course()));
    assert!(steps.len() > 25, "commands were found: {steps:?}");
    steps.iter().for_each(|step| desk.do_step(step));
    let page = fs::read_to_string(desk.folder.path().join("course.html")).unwrap();
    for seen in [
        "spawn/",
        "copy/",
        "wakeup/",
        "os/pipe",
        "crawl/",
        "counter/unsynchronised",
        "lookup/unlocked",
        "recover/guard",
    ] {
        assert!(page.contains(seen), "{seen} is on the page of all results");
    }
}

#[test]
fn a_comment_says_how_a_command_ends() {
    assert_eq!(typed("queuebench list"), Typed { command: "queuebench list".into(), exits_with: 0 });
    assert_eq!(typed("queuebench list  # exits with 3").exits_with, 3);
    assert_eq!(typed("queuebench list  # what there is"), typed("queuebench list"));
}

#[test]
fn the_table_has_every_row_and_only_commands_of_the_steps() {
    let course = course();
    let (steps, rows) = (steps(&course), rows(&course));
    for (number, command) in &rows {
        assert!(steps.iter().any(|step| step.command == *command), "S{number:02}: no step has {command}");
    }
    let there: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    let wanted: Vec<u32> = (1..=32).filter(|number| !LEFT_OUT.contains(number)).collect();
    assert_eq!(there, wanted, "in order, each once");
}
