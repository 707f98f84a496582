//! `run --suite pitfalls`: what goes wrong, on purpose, and what fixes it.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use clap::error::ErrorKind;

use super::{Run, interrupt_pipe, own_program};
use crate::cmd::{Selection, code, out, style, talk};
use crate::pitfall::{Ending, PITFALLS, Pitfall, Shown, Watchdog, Watched};
use crate::ranking::MARGIN;
use crate::table::{count, duration};

pub use crate::suite::PITFALLS as SUITE;

/// What the suite is, in a sentence.
pub const DESCRIPTION: &str =
    "No queues, no figures: what goes wrong in concurrent programs, on purpose, each beside what fixes it.";

/// Characters in a line.
const WIDTH: usize = 100;
/// Within this a broken form must be caught.
const PATIENCE: Duration = Duration::from_secs(2);
/// Runs the forms in each other's place, which must make the run fail: for tests.
const SWAPPED: &str = "QUEUEBENCH_PITFALLS_SWAPPED";

/// The pitfalls whose ids the filters match: `-q` and `-s` mean the same here.
pub fn chosen(selection: &Selection) -> anyhow::Result<Vec<&'static Pitfall>> {
    let choice = selection.choice()?;
    let filters = [choice.queue, choice.scenario, choice.cell];
    let is_chosen = |pitfall: &&Pitfall| {
        filters.iter().flatten().all(|filter| filter.matches(pitfall.id) || pitfall.rows.contains(&filter.text()))
    };
    let chosen: Vec<&Pitfall> = PITFALLS.iter().filter(is_chosen).collect();
    anyhow::ensure!(
        !chosen.is_empty(),
        "no pitfall matches; to see what there is, type: queuebench list scenarios --suite {SUITE}"
    );
    Ok(chosen)
}

impl Run {
    /// Shows the chosen pitfalls, one after the other.
    pub(super) fn pitfalls(&self) -> anyhow::Result<u8> {
        if let Some(option) = self.means_nothing_here() {
            let text = format!("the suite {SUITE} measures nothing, so {option} means nothing there; leave it out\n");
            let error = clap::Error::raw(ErrorKind::ArgumentConflict, text);
            error.print().ok();
            return Ok(error.exit_code() as u8);
        }
        let chosen = chosen(&self.selection)?;
        talk(&format!("plan     suite {SUITE}: {}, each broken and corrected", count(chosen.len(), "pitfall")));
        if self.dry_run {
            chosen.iter().for_each(|pitfall| talk(&format!("         {:<28} {}", pitfall.id, pitfall.rows.join(" "))));
            return Ok(0);
        }
        let (started, interrupt, program) = (Instant::now(), interrupt_pipe()?, own_program()?);
        let is_swapped = std::env::var_os(SWAPPED).is_some();
        let watchdog =
            Watchdog { program: &program, interrupt: Some(interrupt.as_fd()), patience: PATIENCE, is_swapped };
        let mut failed = Vec::new();
        for (index, pitfall) in chosen.iter().enumerate() {
            if std::io::stderr().is_terminal() && !std::io::stdout().is_terminal() {
                talk(&format!("{} of {}  {}", index + 1, chosen.len(), pitfall.id));
            }
            let Some(shown) = pitfall.show(&watchdog)? else {
                talk(&format!("\ninterrupted; {} of {} pitfalls were shown", index, chosen.len()));
                return Ok(code::INTERRUPTED);
            };
            if !(pitfall.is_caught(&shown) && shown.is_clean()) {
                failed.push(pitfall.id);
            }
            out(&section(pitfall, &shown))?;
        }
        let took = duration(started.elapsed().as_nanos() as f64);
        let all = count(chosen.len(), "pitfall");
        if failed.is_empty() {
            talk(&format!("{all} in {took}: every broken form was caught, every corrected one is clean"));
            return Ok(0);
        }
        talk(&format!("{all} in {took}, of which {} not as they must be: {}", failed.len(), failed.join(", ")));
        Ok(code::OUTCOME)
    }

    /// An option that was given and has no meaning for what is not measured.
    fn means_nothing_here(&self) -> Option<&'static str> {
        let given = [
            ("--profile", self.profile.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--precision", self.precision.is_some()),
            ("--budget", self.budget.is_some()),
            ("--worker", !self.builds.is_empty()),
            ("--strict", self.strict),
            ("--seed", self.seed.is_some()),
            ("--deadline", self.deadline.is_some()),
            ("--keep-going", self.keep_going),
            ("--output", self.output.is_some()),
            ("--resume", self.resume.is_some()),
            ("--python", self.selection.python.is_some()),
            ("--waits", self.selection.waits.is_some()),
            ("--margin", self.margin != MARGIN),
            ("--wide", self.wide),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}

/// What is shown of a pitfall.
fn section(pitfall: &Pitfall, shown: &Shown) -> String {
    let caught = match pitfall.is_caught(shown) {
        true => style("CAUGHT", "\u{1b}[1;32m"),
        false => style("NOT CAUGHT", "\u{1b}[1;31m"),
    };
    let clean = match shown.is_clean() {
        true => style("ok", "\u{1b}[1;32m"),
        false => style("FAILED", "\u{1b}[1;31m"),
    };
    let mut lines = vec![format!("{}  ({})", style(pitfall.id, "\u{1b}[1m"), pitfall.rows.join(", "))];
    for (form, verdict, watched) in [("broken", caught, &shown.broken), ("corrected", clean, &shown.corrected)] {
        lines.push(format!("  {form:<10} {verdict} after {}", duration(watched.took.as_nanos() as f64)));
        evidence(watched, &mut lines);
    }
    lines.extend(wrapped("  happened   ", pitfall.happened));
    lines.extend(wrapped("  fix        ", pitfall.fix));
    lines.extend(wrapped("  why always ", pitfall.certain));
    lines.join("\n") + "\n"
}

fn evidence(watched: &Watched, lines: &mut Vec<String>) {
    let indent = " ".repeat(13);
    match &watched.ending {
        Ending::Right(figures) | Ending::Wrong(figures) => lines.extend(wrapped(&indent, figures)),
        Ending::Hang { who, seen } => {
            lines.extend(wrapped(&indent, &format!("HANG: {who}")));
            lines.extend(wrapped(&indent, &format!("/proc: {seen}")));
        }
        Ending::Broke(how) => lines.extend(wrapped(&indent, how)),
    }
}

/// Text behind a head, broken between words, set in as far as the head is long.
fn wrapped(head: &str, text: &str) -> Vec<String> {
    let mut lines = vec![head.to_owned()];
    let mut is_first = true;
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if !is_first && last + 1 + word.chars().count() > WIDTH {
            lines.push(" ".repeat(head.chars().count()));
            is_first = true;
        }
        let line = lines.last_mut().expect("there is one");
        if !is_first {
            line.push(' ');
        }
        line.push_str(word);
        is_first = false;
    }
    lines
}
