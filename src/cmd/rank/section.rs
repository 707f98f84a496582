//! One scenario as a terminal shows it.

use std::collections::BTreeMap;

use crate::protocol::Outcome;
use crate::queue::Capacity;
use crate::ranking::{
    Context, Logs, Noise, PairRow, Ranking, Row, Undecided, against_builds, all_pairs, headline, is_limit, rank,
    ratio_words, undecided,
};
use crate::record::{self, Block, Run, ScenarioLine};
use crate::scenario::Scenario;
use crate::schedule::contender::split;
use crate::schedule::profile::Profile;
use crate::table::{Emphasis, Grid, WIDTH, count, duration, percentage, rate, significant, span};
use crate::workload::{Size, Workload};

/// What only wide tables have room for.
pub const WIDE_HEADS: [&str; 8] =
    ["spread", "of limit", "sleeps/msg", "full/msg", "empty/msg", "capacity", "trips 10-90 %", "blocks"];

/// The blocks of one of a run's scenarios.
pub struct Measured<'a> {
    /// The run, or the first of several.
    pub run: &'a Run,
    /// Every queue's family.
    pub families: &'a BTreeMap<String, String>,
    /// The scenario.
    pub line: &'a ScenarioLine,
    /// Its blocks.
    pub blocks: &'a [Block],
}

/// A scenario's table with what stands above and below it.
#[derive(serde::Serialize)]
pub struct Section {
    #[serde(skip)]
    pub scenario: Scenario,
    /// What queues are compared by, limits apart.
    #[serde(skip)]
    pub logs: Logs,
    /// One sentence that can be quoted.
    headline: Option<String>,
    #[serde(flatten)]
    pub ranking: Ranking,
    /// Every pair, where that was asked for.
    pairs: Vec<PairRow>,
    /// Queues beside other builds of them.
    builds: Vec<PairRow>,
    /// What would decide the undecided.
    pub undecided: Vec<Undecided>,
    name: Option<String>,
    pub threads: usize,
    pub oversubscribed: bool,
    /// Where it was read from; none while it is being measured.
    pub files: Vec<String>,
    /// How many runs were pooled.
    pub runs: usize,
    pub machine: String,
    started: String,
    pub suite: String,
    allocator: String,
    #[serde(skip)]
    compares: bool,
}

impl Section {
    /// Of what was measured of a scenario; rates that differ by less than the share `margin` are equivalent. A smoke
    /// run shows no ratio, because so few rounds say nothing.
    ///
    /// # Errors
    ///
    /// When the scenario's id is none.
    pub fn new(measured: &Measured, margin: f64, with_pairs: bool) -> anyhow::Result<Section> {
        let Measured { run, line, blocks, families } = measured;
        let scenario: Scenario = line.id.parse().map_err(anyhow::Error::msg)?;
        let context = Context { families, margin, oversubscribed: line.oversubscribed };
        let mut ranking = rank(&scenario, blocks, &context);
        let compares = run.profile != Profile::Smoke.name();
        if !compares {
            ranking.rows.iter_mut().for_each(Row::forget_comparison);
        }
        let logs = Logs::of(scenario.workload, *blocks).retain(|queue| compares && !is_limit(queue));
        Ok(Section {
            scenario,
            headline: headline(&ranking),
            pairs: if with_pairs { all_pairs(&logs, &ranking) } else { Vec::new() },
            builds: against_builds(&logs, &ranking),
            undecided: undecided(&logs, &ranking),
            ranking,
            name: line.name.clone(),
            threads: line.threads,
            oversubscribed: line.oversubscribed,
            files: Vec::new(),
            runs: 1,
            machine: run.machine.id.clone(),
            started: run.started.clone(),
            suite: run.suite.clone(),
            allocator: run.toolchain.allocator.clone(),
            logs,
            compares,
        })
    }

    /// One sentence that can be quoted.
    pub fn headline(&self) -> Option<&str> {
        self.headline.as_deref()
    }

    /// The table as a terminal shows it.
    pub fn table(&self, wide: bool) -> String {
        let (grid, fits) = self.grid(wide, false);
        // What has no room at the end of its row stands below the table.
        let is_below = !wide && !fits;
        let grid = if is_below { self.grid(wide, true).0 } else { grid };
        let headline: String = self.headline.iter().flat_map(|sentence| wrapped(sentence, WIDTH - 4)).collect();
        let mut text = format!("\n{}\n{headline}{grid}", self.title());
        for (head, pairs) in [("builds", &self.builds), ("pairs", &self.pairs)] {
            text.push_str(&pairs_grid(head, pairs));
        }
        for note in self.notes(is_below) {
            for line in wrapped(&note, WIDTH - 4) {
                text.push_str(&line);
            }
        }
        text.trim_end().to_owned()
    }

    /// The rows, and whether they are as narrow as a table is to be.
    fn grid(&self, wide: bool, remarks_below: bool) -> (String, bool) {
        let mut heads = vec!["rank", "queue", self.value_head(), "x slower (95 %)", "verdict", "ran", "cpu/msg"];
        if wide {
            heads.extend(WIDE_HEADS);
        }
        heads.push("");
        let mut grid = Grid::new(&heads, &[0, 1, 4, 5, heads.len() - 1]);
        for row in &self.ranking.rows {
            let emphasis = match row {
                row if row.outcome != Outcome::Ok => Emphasis::Alarm,
                row if row.limit => Emphasis::Dim,
                row if row.may_be_best && self.compares => Emphasis::Strong,
                _ => Emphasis::Plain,
            };
            let mut cells = self.cells(row, wide);
            if let Some(remarks) = cells.last_mut().filter(|remarks| remarks_below && !remarks.is_empty()) {
                remarks.clear();
            }
            if remarks_below && row.modes.is_some() {
                // Which two stands below.
                cells[2] = "two".into();
            }
            grid.row(cells, emphasis);
        }
        let fits = grid.width() <= WIDTH;
        (grid.to_string(), fits)
    }

    pub fn title(&self) -> String {
        let crowd =
            if self.oversubscribed { format!(", {} threads outnumber the cpus", self.threads) } else { String::new() };
        let name = self.name.as_ref().map_or_else(String::new, |name| format!("  {name}"));
        let compared = || self.ranking.rows.iter().filter_map(|row| row.times_slower).map(|ratio| ratio.rounds);
        let fewest = compared().min().filter(|fewest| *fewest < self.ranking.rounds && *fewest > 0);
        let fewest = fewest.map_or_else(String::new, |fewest| format!("{fewest} to "));
        let mut rounds = format!("{fewest}{}", count(self.ranking.rounds, "round"));
        if self.runs > 1 {
            rounds.push_str(&format!(" of {} runs", self.runs));
        }
        format!("{}{name}  ({}, {rounds}{crowd})", self.ranking.scenario, self.ranking.unit)
    }

    pub fn value_head(&self) -> &'static str {
        match self.scenario.workload {
            Workload::Pingpong => "round trip",
            Workload::Spawn => "joined",
            Workload::Wakeup => "wake-up",
            _ => "rate",
        }
    }

    pub fn value(&self, value: f64) -> String {
        if self.scenario.workload.is_timed() { duration(value) } else { rate(value) }
    }

    pub fn cells(&self, row: &Row, wide: bool) -> Vec<String> {
        let dash = || "-".to_owned();
        let number = |value: Option<f64>| value.map_or_else(dash, significant);
        let mut cells = vec![
            row.ranks.map_or_else(dash, rank_words),
            row.queue.clone(),
            self.value_of(row),
            match row.times_slower {
                Some(_) if row.may_be_best && row.verdict.is_none() => "1".into(),
                ratio => ratio.map_or_else(dash, |ratio| ratio_words(&ratio)),
            },
            verdict_words(row),
            row.regime
                .map_or_else(dash, |regime| format!("{}{}", regime.word(), if row.other_regime { "*" } else { "" })),
            row.cpu_ns_per_message.map_or_else(dash, duration),
        ];
        if wide {
            let [full, empty] = row.failed_tries_per_message.unwrap_or([None, None]);
            cells.extend([
                row.spread.map_or_else(dash, |spread| format!("{:.0} %", spread * 100.0)),
                row.share_of_limit.map_or_else(dash, |share| format!("{:.1} %", share * 100.0)),
                number(row.voluntary_switches_per_message),
                number(full),
                number(empty),
                row.capacity.map_or_else(dash, |capacity| capacity.to_string()),
                row.trips_ns
                    .map_or_else(dash, |[low, high]| format!("{} - {}", duration(low as f64), duration(high as f64))),
                row.blocks.to_string(),
            ]);
        }
        cells.push(self.remarks(row));
        cells
    }

    fn remarks(&self, row: &Row) -> String {
        let mut remarks = Vec::new();
        if row.outcome != Outcome::Ok {
            remarks.push(format!("in {} of {}", row.failed_blocks, count(row.failed_blocks + row.blocks, "block")));
        }
        if row.modes.is_some() {
            remarks.push("two speeds".into());
        }
        if row.share_of_limit.is_some_and(|share| share > 0.9) && self.scenario.work != Default::default() {
            remarks.push("bounded by the work".into());
        }
        remarks.extend(row.first_ns.map(|ns| format!("first instruction after {}", duration(ns as f64))));
        if let (Workload::Copy, Some(rate)) = (self.scenario.workload, row.value) {
            let ns = 1e9 / rate;
            remarks.push(format!(
                "{} a message, {} ns a byte",
                duration(ns),
                significant(ns / self.scenario.size.bytes() as f64)
            ));
        }
        // A queue of fixed size has touched all its memory before; one that allocates has its own note.
        let is_fixed = matches!(self.scenario.capacity, Capacity::Bounded(_)) && self.scenario.size != Size::Boxed;
        let is_queue = !matches!(self.scenario.workload, Workload::Spawn | Workload::Copy);
        if let Some(faults) = row.page_faults.filter(|faults| *faults >= 1.0 && is_fixed && is_queue) {
            remarks.push(count(faults.round() as usize, "page fault"));
        }
        remarks.extend(row.flags.keys().cloned());
        // What is rare is said once for all rows, below the table.
        let often = row.disturbed.iter().filter(|(_, blocks)| **blocks * 10 > row.blocks);
        remarks.extend(often.map(|(signal, blocks)| format!("{signal} in {blocks} of {}", row.blocks)));
        remarks.join(", ")
    }

    /// Its figure, or both of them: what lies between two speeds is neither.
    pub fn value_of(&self, row: &Row) -> String {
        match row.modes {
            Some([lower, upper]) => {
                let [lower, upper] = [lower, upper].map(|mode| self.value(mode.value));
                let [(short, unit), (_, other)] =
                    [&lower, &upper].map(|words| words.split_once(' ').unwrap_or((words, "")));
                format!("{} or {upper}", if unit == other { short } else { &lower })
            }
            None => row.value.map_or_else(|| "-".into(), |value| self.value(value)),
        }
    }

    /// What the columns have no room for.
    pub fn notes(&self, with_remarks: bool) -> Vec<String> {
        let mut notes = Vec::new();
        for row in &self.ranking.rows {
            let remarks = self.remarks(row);
            if with_remarks && !remarks.is_empty() {
                notes.push(format!("{}: {remarks}", row.queue));
            }
            if let Some([lower, upper]) = row.modes {
                let blocks = lower.blocks + upper.blocks;
                let mode =
                    |mode: crate::ranking::Mode| format!("{} in {} of {blocks}", self.value(mode.value), mode.blocks);
                notes.push(format!("{}: {}, {}", row.queue, mode(lower), mode(upper)));
            }
            if let Some(reason) = &row.unreliable {
                notes.push(format!("{} UNRELIABLE: {reason}", row.queue));
            }
            if let Some(detail) = row.detail.as_ref().filter(|_| row.outcome != Outcome::Ok) {
                notes.push(format!("{} {}: {detail}", row.queue, row.outcome));
            }
        }
        if self.ranking.rows.iter().any(|row| row.other_regime) {
            notes.push("* ran fuller or emptier than the best, which may be why they differ".into());
        }
        if self.scenario.size == Size::Boxed || self.scenario.capacity == Capacity::Unbounded {
            notes.push(format!("allocates while it runs, from {}", self.allocator));
        }
        if self.compares && !self.ranking.noise.is_empty() {
            let family = |noise: &Noise| {
                format!(
                    "{} {:.0}\u{a0}% ({})",
                    noise.family,
                    noise.median_difference * 100.0,
                    count(noise.pairs, "pair")
                )
            };
            let families: Vec<String> = self.ranking.noise.iter().map(family).collect();
            notes.push(format!("noise: run twice in a round, a queue differs from itself by: {}", families.join(", ")));
        }
        let lone: Vec<&str> =
            self.ranking.rows.iter().filter(|row| self.stands_alone(row)).map(|row| row.queue.as_str()).collect();
        if !lone.is_empty() {
            notes.push(format!("measured in other runs than the rest, so compared with nobody: {}", lone.join(", ")));
        }
        if self.scenario.workload == Workload::Wakeup {
            notes.push(
                "cpu/msg: what the consumer used up for each message, most of it while it waited 0.2 ms with nothing to do"
                    .into(),
            );
        }
        notes.extend(self.disturbances());
        if let Some(cpus) = self.ranking.cpus.filter(|cpus| cpus.waited_blocks > 0) {
            let away = cpus.away_ns.map_or_else(String::new, |[least, most]| match least == most {
                true => least.to_string(),
                false => format!("{least} to {most}"),
            });
            notes.push(format!(
                "cpus: {} waited {} in all for the host to have the cpus where it usually has them (a line to and fro in \
                 {:.0} ns, not in {away} ns)",
                count(cpus.waited_blocks, "block"),
                duration(cpus.waited_ns as f64),
                cpus.line_ns,
            ));
        }
        notes.extend(self.what_would_decide());
        if let Some(ratio) =
            self.ranking.same_queue_twice.filter(|_| self.compares && self.ranking.equivalence_withheld)
        {
            notes.push(format!(
                "'equivalent' is withheld: of queues run twice in a round, all together, the second block differs from \
                 the first by {}, more than the margin of {}",
                percentage(ratio.estimate.ln().abs().exp_m1()),
                percentage(self.ranking.margin)
            ));
        }
        if !self.compares {
            notes.push("a smoke run: it shows that everything runs, not which is faster".into());
        }
        notes
    }
}

impl Section {
    /// Whether a queue has a figure but no round in common with the others.
    fn stands_alone(&self, row: &Row) -> bool {
        self.compares && self.runs > 1 && !row.limit && row.value.is_some() && row.times_slower.is_none()
    }

    /// What disturbed blocks, all rows together.
    fn disturbances(&self) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (signal, blocks) in self.ranking.rows.iter().flat_map(|row| &row.disturbed) {
            *counts.entry(signal).or_default() += blocks;
        }
        let all: usize = self.ranking.rows.iter().map(|row| row.blocks).sum();
        let each: Vec<String> = counts.iter().map(|(signal, blocks)| format!("{signal} in {blocks}")).collect();
        (!each.is_empty()).then(|| format!("disturbed, of {}: {}; they stay in", count(all, "block"), each.join(", ")))
    }

    /// What would decide the undecided, and the command for those within reach.
    fn what_would_decide(&self) -> Option<String> {
        // Another build of a queue, or a plan made elsewhere, is not to be had by a filter.
        let can_be_typed = |open: &&Undecided| split(&open.queue).1.is_none() && split(&open.leader).1.is_none();
        let mut open: Vec<&Undecided> = self.undecided.iter().filter(can_be_typed).collect();
        open.sort_by_key(|open| open.rounds);
        let within_reach: Vec<&&Undecided> = open.iter().filter(|open| open.rounds <= record::MOST_ROUNDS).collect();
        let farthest = within_reach.last().filter(|_| self.suite != "selftest")?;
        let each: Vec<String> = within_reach
            .iter()
            .map(|open| format!("{} ({})", open.queue, count(open.rounds as usize, "round")))
            .collect();
        let beyond = open.len() - within_reach.len();
        let others =
            if beyond == 0 { String::new() } else { format!(", and {beyond} that no reasonable number would decide") };
        let queues = within_reach.iter().map(|open| &open.queue).chain([&farthest.leader]);
        let queues: Vec<String> = queues.map(|queue| queue.replace('+', "\\+")).collect();
        let suite = if self.suite == "quick" { String::new() } else { format!(" --suite {}", self.suite) };
        // The two of an estimate, the reference and the second block of one, and one more for each of the others.
        let blocks = 3 + within_reach.len() as u64;
        Some(format!(
            "undecided beside {}: {}{others}. To decide, in about {}: queuebench run{suite} -s {} -q '^({})$' --rounds {}",
            farthest.leader,
            each.join(", "),
            span(farthest.time_ns / 4 * blocks / 1_000_000_000),
            self.ranking.scenario,
            queues.join("|"),
            farthest.rounds
        ))
    }
}

/// `1`, or `2-5` where it may be any of these.
fn rank_words([best, worst]: [usize; 2]) -> String {
    if best == worst { best.to_string() } else { format!("{best}-{worst}") }
}

/// The verdict in a word of its column.
pub fn verdict_words(row: &Row) -> String {
    match row.verdict {
        _ if row.outcome != Outcome::Ok => row.outcome.to_string(),
        _ if row.unreliable.is_some() => "UNRELIABLE".into(),
        Some(verdict) => verdict.word().into(),
        None if row.may_be_best => "best".into(),
        None => "-".into(),
    }
}

/// A line a pair, under a head of its own; nothing where there is none.
fn pairs_grid(head: &str, pairs: &[PairRow]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[head, "beside", "x faster (95 %)", "p", "verdict"], &[0, 1, 4]);
    for pair in pairs {
        let p = if pair.p_value < 0.001 { "<0.001".into() } else { format!("{:.3}", pair.p_value) };
        let ratio = ratio_words(&pair.times_faster);
        let verdict = if pair.unreliable { "UNRELIABLE".into() } else { pair.verdict.word().into() };
        grid.row(vec![pair.of.clone(), pair.to.clone(), ratio, p, verdict], Emphasis::Plain);
    }
    format!("\n{grid}")
}

/// The text in lines of at most `width` characters, indented; a word longer than that is cut.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let word: String = word.chars().take(width).collect();
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => line.push_str(&format!(" {word}")),
            None => lines.push(word),
        }
    }
    let indent = |(number, line)| format!("{}{line}\n", if number == 0 { "  " } else { "    " });
    lines.into_iter().enumerate().map(indent).collect()
}
