//! What is said of a scenario's rows in words, wherever they are shown.

use std::collections::{BTreeMap, BTreeSet};

use super::Section;
use crate::protocol::Outcome;
use crate::queue::{Capacity, Program};
use crate::ranking::{Mode, Noise, Row, Undecided, ratio_words};
use crate::record;
use crate::schedule::contender::split;
use crate::table::{count, duration, percentage, rate, significant, span};
use crate::workload::{Size, Workload};

/// What a program's own figure is called, and what it comes to: its name ends in its unit.
pub fn named_figure(name: &str, figure: f64) -> (String, String) {
    let (bare, unit) = name.rsplit_once('_').unwrap_or((name, ""));
    let (bare, words) = match unit {
        "ns" => (bare, duration(figure)),
        "ppm" => (bare, format!("{}\u{a0}%", significant(figure / 1e4))),
        "bytes" => (bare, format!("{}\u{a0}KiB", significant(figure / 1024.0))),
        _ if figure.fract() == 0.0 => (name, figure.to_string()),
        _ => (name, significant(figure)),
    };
    (bare.replace('_', " "), words)
}

/// What there is to see in a program's figures, in a sentence or two.
pub fn program_finding(section: &Section) -> String {
    let mut sentences: Vec<String> = section.headline.iter().cloned().collect();
    let best = section.ranking.rows.iter().find_map(|row| section.speed_up.iter().find(|pair| pair.of == row.queue));
    sentences.extend(best.map(|pair| {
        let workers = count(section.parts.producers, "worker");
        format!("{} with {workers} is {} times {}", pair.of, ratio_words(&pair.times_faster), pair.to)
    }));
    let losing = section.ranking.rows.iter().filter_map(|row| Some((row, row.figures.get("lost_updates_ppm")?[0])));
    sentences.extend(
        losing
            .filter(|(_, lost)| *lost > 0.0)
            .map(|(row, lost)| format!("{} loses {} of its updates", row.queue, percentage(lost / 1e6))),
    );
    if sentences.is_empty() {
        return "Too little is known to say which is best.".into();
    }
    sentences.join(". ") + "."
}

impl Section {
    /// The scenario with its unit, its rounds and whether threads outnumber cpus, in a line.
    pub fn title(&self) -> String {
        let crowd = self.crowd().map_or_else(String::new, |crowd| format!(", {crowd}"));
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

    /// That its threads outnumber the cpus, where they do: `4 processes outnumber the cpus`.
    pub fn crowd(&self) -> Option<String> {
        self.oversubscribed.then(|| format!("{} {} outnumber the cpus", self.threads, self.parts.boundary))
    }

    /// Where its rows are from: `suite quick`, or `suite quick, 2 runs`.
    pub fn field(&self) -> String {
        let runs = if self.runs > 1 { format!(", {}", count(self.runs, "run")) } else { String::new() };
        format!("suite {}{runs}", self.suite)
    }

    /// What another section of the same scenario has that this one has not.
    pub fn unlike(&self, twin: &Section) -> &'static str {
        let field = |section: &Section| -> BTreeSet<String> {
            section.ranking.rows.iter().filter(|row| !row.limit).map(|row| row.queue.clone()).collect()
        };
        if field(self) == field(twin) { "another build or setting" } else { "another field" }
    }

    /// Where a queue of this project's own is among the best: that it is none to depend on, and which of the others that are
    /// allowed comes first by speed.
    pub fn house_note<'a>(
        &self,
        mut best: impl Iterator<Item = &'a String>,
        allows: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let is_house = |queue: &String| queue.starts_with("intree/") || queue.starts_with("shm/");
        best.find(|queue| is_house(queue))?;
        let compared = self.ranking.rows.iter().filter(|row| row.times_slower.is_some() && allows(&row.queue));
        let first = compared.map(|row| &row.queue).find(|queue| !is_house(queue));
        let first = first.map_or_else(String::new, |queue| format!("; of the others {queue} comes first by speed"));
        Some(format!(
            "intree/... and shm/... are written here to measure the field against, no crates to depend on{first}"
        ))
    }

    /// Which queues another section of the same scenario holds for the best: `suite quick (another field): std/mpsc`.
    pub fn said_by(&self, twin: &Section) -> String {
        let best: Vec<&str> =
            twin.ranking.rows.iter().filter(|row| row.may_be_best).map(|row| row.queue.as_str()).collect();
        let named = match &best[..] {
            [] => "nothing decided".into(),
            few if few.len() < 3 => few.join(" or "),
            many => format!("one of {}", many.len()),
        };
        format!("{} ({}): {named}", twin.field(), self.unlike(twin))
    }

    /// What a queue with two speeds does, in a sentence; `None` of any other.
    pub fn two_speeds(&self, queue: &str, modes: Option<[Mode; 2]>) -> Option<String> {
        let [lower, upper] = modes?;
        let blocks = lower.blocks + upper.blocks;
        let mode = |mode: Mode| format!("{} in {} of {blocks}", self.value(mode.value), mode.blocks);
        Some(format!("{queue}: {}, {}", mode(lower), mode(upper)))
    }

    /// What its figure is called at the head of a column.
    pub fn value_head(&self) -> &'static str {
        match self.scenario.workload {
            Workload::Pingpong => "round trip",
            Workload::Spawn => "joined",
            Workload::Wakeup => "wake-up",
            Workload::Program(Program::Counter) => "increment",
            Workload::Program(Program::Lookup) => "lookup",
            Workload::Program(Program::Finish) => "finish",
            Workload::Program(Program::Recover) => "recovery",
            Workload::Program(Program::Barrier) => "phase",
            _ => "rate",
        }
    }

    /// A figure in its unit.
    pub fn value(&self, value: f64) -> String {
        if self.scenario.workload.is_timed() { duration(value) } else { rate(value) }
    }

    /// What else there is to say of a row, in words; empty where there is nothing.
    pub fn remarks(&self, row: &Row) -> String {
        let mut remarks = Vec::new();
        let is_compared = |row: &Row| row.times_slower.is_some();
        if !is_compared(row) && !row.limit && row.value.is_some() && self.ranking.rows.iter().any(is_compared) {
            remarks.push("of other rounds, compared with nobody".into());
        }
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
        if let Some(pair) = self.speed_up.iter().find(|pair| pair.of == row.queue) {
            remarks.push(format!("{} times {}", ratio_words(&pair.times_faster), pair.to));
        }
        // What is 0 is nothing to remark on, but of those that are allowed to be wrong; the page has it.
        let counted = row.figures.iter().filter(|(_, [median, ..])| *median > 0.0 || row.limit);
        remarks.extend(counted.map(|(name, [median, ..])| {
            let (name, figure) = named_figure(name, *median);
            format!("{name} {figure}")
        }));
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
        let is_queue = !matches!(self.scenario.workload, Workload::Spawn | Workload::Copy | Workload::Program(_));
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
            notes.extend(self.two_speeds(&row.queue, row.modes));
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
        notes.extend(self.alone());
        if self.scenario.workload == Workload::Wakeup {
            notes.push(
                "cpu/msg: what the consumer used up for each message, also while it waited 0.2 ms for it with nothing to do"
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
    pub(crate) fn stands_alone(&self, row: &Row) -> bool {
        self.compares && self.runs > 1 && !row.limit && row.value.is_some() && row.times_slower.is_none()
    }

    /// Which queues do.
    pub(crate) fn alone(&self) -> Option<String> {
        let rows = self.ranking.rows.iter().filter(|row| self.stands_alone(row));
        let alone: Vec<&str> = rows.map(|row| row.queue.as_str()).collect();
        let said = || format!("measured in other runs than the rest, so compared with nobody: {}", alone.join(", "));
        (!alone.is_empty()).then(said)
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

    /// What is typed to run its suite: nothing for the usual one.
    pub fn suite_option(&self) -> String {
        if self.suite == "quick" { String::new() } else { format!(" --suite {}", self.suite) }
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
        // The two of an estimate, the reference and the second block of one, and one more for each of the others.
        let blocks = 3 + within_reach.len() as u64;
        Some(format!(
            "undecided beside {}: {}{others}. To decide, in about {}: queuebench run{} -s {} -q {} --rounds {}",
            farthest.leader,
            each.join(", "),
            span(farthest.time_ns / 4 * blocks / 1_000_000_000),
            self.suite_option(),
            self.ranking.scenario,
            these_queues(queues),
            farthest.rounds
        ))
    }
}

/// What is typed after `-q` for these queues and no other.
pub fn these_queues<'a>(ids: impl Iterator<Item = &'a String>) -> String {
    let ids: Vec<String> = ids.map(|id| id.replace('+', "\\+")).collect();
    format!("'^({})$'", ids.join("|"))
}

/// `1`, or `2-5` where it may be any of these.
pub fn rank_words([best, worst]: [usize; 2]) -> String {
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
