//! The terminal of a run: progress on stderr between blocks, tables on stdout as scenarios end.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cmd::rank::{boundary_table, table};
use crate::cmd::{is_broken_pipe, out, talk};
use crate::protocol::Outcome;
use crate::record::{Block, Run, Skip};
use crate::schedule::{Observer, Progress};
use crate::summary::{Measured, Section, between};
use crate::table::span;

/// What a user sees of a run.
pub struct Screen<'a> {
    line: &'a Run,
    margin: f64,
    wide: bool,
    with_tables: bool,
    bar: ProgressBar,
    quiet_until: Instant,
    problem: Option<anyhow::Error>,
    /// What was shown last: the other side of the boundary, perhaps.
    last: Option<Section>,
}

impl<'a> Screen<'a> {
    /// Of the run whose first line is `line`.
    pub fn new(line: &'a Run, margin: f64, wide: bool, with_tables: bool) -> Screen<'a> {
        // No ticker and no drawing thread: nothing is drawn while a slice runs.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(4));
        bar.set_style(ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}").expect("the template is a constant"));
        Screen { line, margin, wide, with_tables, bar, quiet_until: Instant::now(), problem: None, last: None }
    }

    /// Ends the progress; what could not be printed is an error now that all is safe on disk.
    pub fn finish(self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        self.problem.map_or(Ok(()), Err)
    }
}

impl Observer for Screen<'_> {
    fn block(&mut self, block: &Block, progress: Progress) {
        self.bar.set_length(progress.total);
        let left = span(progress.left_ns / 1_000_000_000);
        self.bar.set_position(progress.done);
        let open = progress.undecided.filter(|[undecided, _]| *undecided > 0);
        let open = open.map_or_else(String::new, |[undecided, of]| format!("{undecided} of {of} still undecided, "));
        self.bar.set_message(format!("{open}about {left} left  {}", block.scenario));
        if self.bar.is_hidden() && self.quiet_until.elapsed() > Duration::from_secs(30) {
            self.quiet_until = Instant::now();
            talk(&format!("{} of {} blocks, {open}about {left} left", progress.done, progress.total));
        }
        if block.report.outcome != Outcome::Ok {
            let detail = block.report.detail.as_deref().unwrap_or_default();
            let what = format!("{}  {} in {}: {detail}", block.report.outcome, block.queue, block.scenario);
            self.bar.suspend(|| talk(&what));
        }
    }

    fn given_up(&mut self, skip: &Skip) {
        let queue = skip.queue.as_deref().unwrap_or_default();
        let what = format!("skip  {queue} in {}: {} (--keep-going runs them)", skip.scenario, skip.reason);
        self.bar.suspend(|| talk(&what));
    }

    fn scenario(&mut self, scenario: &str, blocks: &[Block]) {
        if !self.with_tables {
            return;
        }
        let Some(line) = self.line.scenarios.iter().find(|line| line.id == scenario) else { return };
        let measured = Measured { run: self.line, families: &self.line.families, line, blocks };
        let printed = Section::new(&measured, self.margin, false).and_then(|section| {
            let crossing = self.last.as_ref().filter(|last| last.scenario.across() == section.scenario);
            let crossing = crossing.and_then(|threads| Some(boundary_table(&between(threads, &section)?)));
            let mut tables = table(&section, self.wide);
            tables.extend(crossing.into_iter().map(|table| format!("\n{table}")));
            self.last = Some(section);
            self.bar.suspend(|| out(&tables))
        });
        // A stdout that fails does not end a measurement; it is reported when the rest is safe on disk. One that is
        // closed has been read as far as anybody wanted.
        if let Err(error) = printed
            && !is_broken_pipe(&error)
        {
            self.problem.get_or_insert(error);
        }
    }
}
