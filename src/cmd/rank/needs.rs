//! `rank --for`: which queue for me?

use anyhow::bail;

use crate::queue::Capacity;
use crate::ranking::{Row, slower_words};
use crate::scenario::{Boundary, Scenario, WorkNs, parse_shape};
use crate::stats::Verdict;
use crate::summary::{Section, Summary};
use crate::table::{count, duration, significant};
use crate::topology::Placement;
use crate::workload::{Size, Workload};

/// What somebody needs, in the words of scenarios; what is not said may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    workload: Option<Workload>,
    shape: Option<(usize, usize)>,
    capacity: Option<Room>,
    size: Option<Size>,
    work: Option<WorkNs>,
    placement: Option<Placement>,
    boundary: Option<Boundary>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Room {
    Bounded,
    Exactly(Capacity),
}

impl std::str::FromStr for Needs {
    type Err = String;

    fn from_str(text: &str) -> Result<Needs, String> {
        let mut needs = Needs::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            needs.add(word)?;
        }
        if needs == Needs::default() { Err(unknown(text)) } else { Ok(needs) }
    }
}

fn unknown(word: &str) -> String {
    format!(
        "'{word}' is no need; name some of: 2p2c, bounded, unbounded, rendezvous, 1024, 256B, work=0/20, same-l3, \
         stream, pairs, pingpong, threads, processes; as in --for 2p2c,bounded,256B"
    )
}

/// A need that is named twice leaves open which is meant.
fn once<T>(need: &mut Option<T>, value: T, word: &str) -> Result<(), String> {
    match need.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("'{word}' contradicts what is named before it; ask for one at a time")),
    }
}

impl Needs {
    fn add(&mut self, word: &str) -> Result<(), String> {
        match word {
            "bounded" => once(&mut self.capacity, Room::Bounded, word),
            "unbounded" => once(&mut self.capacity, Room::Exactly(Capacity::Unbounded), word),
            "rendezvous" => once(&mut self.capacity, Room::Exactly(Capacity::Bounded(0)), word),
            _ => self.add_value(word),
        }
    }

    fn add_value(&mut self, word: &str) -> Result<(), String> {
        if let Ok(workload) = word.parse() {
            once(&mut self.workload, workload, word)
        } else if let Ok(shape) = parse_shape(word) {
            once(&mut self.shape, shape, word)
        } else if let Ok(messages) = word.parse() {
            once(&mut self.capacity, Room::Exactly(Capacity::Bounded(messages)), word)
        } else if let Ok(size) = word.parse() {
            once(&mut self.size, size, word)
        } else if let Ok(placement) = word.parse() {
            once(&mut self.placement, placement, word)
        } else if let Ok(boundary) = word.parse() {
            once(&mut self.boundary, boundary, word)
        } else if let Some(Ok(work)) = word.strip_prefix("work=").map(str::parse) {
            once(&mut self.work, work, word)
        } else {
            Err(unknown(word))
        }
    }

    fn allow(&self, scenario: &Scenario) -> bool {
        let room = match self.capacity {
            Some(Room::Bounded) => matches!(scenario.capacity, Capacity::Bounded(1..)),
            Some(Room::Exactly(capacity)) => scenario.capacity == capacity,
            None => true,
        };
        room && self.workload.is_none_or(|workload| workload == scenario.workload)
            && self.shape.is_none_or(|shape| shape == (scenario.producers, scenario.consumers))
            && self.size.is_none_or(|size| size == scenario.size)
            && self.work.is_none_or(|work| work == scenario.work)
            && self.placement.is_none_or(|placement| placement == scenario.placement)
            && self.boundary.is_none_or(|boundary| boundary == scenario.boundary)
    }
}

/// The answer for each scenario that serves the needs.
pub fn answer(needs: &Needs, text: &str, summary: &Summary) -> anyhow::Result<String> {
    let sections = &summary.scenarios;
    // Who asks for a queue is not told of barriers and counters, unless that is what was named.
    let is_meant = |section: &&Section| needs.workload.is_some() || section.is_of_queues();
    let serving: Vec<&Section> =
        sections.iter().filter(is_meant).filter(|section| needs.allow(&section.scenario)).collect();
    if serving.is_empty() {
        let mut measured: Vec<String> = sections.iter().map(|section| section.scenario.to_string()).collect();
        measured.dedup();
        bail!(
            "nothing was measured with {text}; these files have:\n  {}\nwhat can be measured: queuebench list scenarios --suite standard; a suite of your own is a .toml file, as those in benches/suites",
            measured.join("\n  ")
        );
    }
    Ok(serving.into_iter().map(|section| of_section(summary, section)).collect::<Vec<_>>().join("\n\n"))
}

fn of_section(summary: &Summary, section: &Section) -> String {
    let rows: Vec<&Row> = section.ranking.rows.iter().filter(|row| row.times_slower.is_some()).collect();
    let answer = section.headline.as_deref().unwrap_or("undecided: nothing is compared here");
    let mut lines = vec![format!("{}  (on {})", section.scenario, section.machine)];
    let mut line = |head: &str, text: String| lines.push(format!("  {head:<10} {text}"));
    line("answer", answer.to_owned());
    let best: Vec<&Row> = rows.iter().copied().filter(|row| row.may_be_best).collect();
    if !best.is_empty() {
        line("best set", best.iter().map(|row| with_interval(row)).collect::<Vec<_>>().join(", "));
        let runner_up = rows.iter().copied().find(|row| !row.may_be_best);
        line("runner-up", runner_up.map_or_else(|| "none: all of them may be the best".into(), runner_up_words));
        for row in best.iter().copied().chain(runner_up).take(4) {
            line("cost", format!("{}: {}", row.queue, cost(section, row)));
        }
    }
    if let Some(note) = section.house_note(best.iter().map(|row| &row.queue), |_| true) {
        line("note", note);
    }
    // Whom the answer may name.
    let is_near = |row: &&&Row| row.may_be_best || row.verdict.is_some_and(Verdict::is_equivalent);
    let next = rows.iter().find(|row| row.verdict == Some(Verdict::Slower) && !row.may_be_best);
    for row in rows.iter().filter(is_near).chain(next) {
        if let Some(reason) = &row.unreliable {
            line("UNRELIABLE", format!("{}: {reason}", row.queue));
        }
    }
    line("evidence", evidence(section, &rows));
    for twin in &section.twins {
        let theirs = section.said_by(&summary.scenarios[*twin]);
        line("other runs", format!("{theirs}; not to be compared, put the queues into one run"));
    }
    lines.join("\n")
}

/// What the answer rests on.
fn evidence(section: &Section, rows: &[&Row]) -> String {
    let rounds = rows.iter().filter_map(|row| row.times_slower).map(|ratio| ratio.rounds).min();
    let known = rounds.map_or_else(
        || "too few rounds".into(),
        |rounds| format!("{} at least; intervals at 95 %, all rows together", count(rounds, "round")),
    );
    format!("{}, {}: {known}", section.field(), section.files.join(", "))
}

/// A member of the best set with how many times slower than the best it may be, if it is not alone.
fn with_interval(row: &Row) -> String {
    match row.times_slower.and_then(|ratio| ratio.interval) {
        Some([low, high]) if row.verdict.is_some() => format!("{} [{low:.2}, {high:.2}]", row.queue),
        _ => row.queue.clone(),
    }
}

fn runner_up_words(row: &Row) -> String {
    let verdict = row.verdict.map_or("", Verdict::word);
    format!("{}, {} ({verdict})", row.queue, row.times_slower.map_or_else(String::new, |ratio| slower_words(&ratio)))
}

fn cost(section: &Section, row: &Row) -> String {
    let mut parts = vec![section.value_of(row)];
    parts.extend(row.cpu_ns_per_message.map(|ns| format!("{} of cpu a message", duration(ns))));
    let sleeps = row.voluntary_switches_per_message.filter(|sleeps| *sleeps > 0.0);
    parts.extend(sleeps.map(|sleeps| format!("{} sleeps a message", significant(sleeps))));
    parts.extend(row.regime.map(|regime| format!("ran {regime}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(needs: &str, scenario: &str) -> bool {
        needs.parse::<Needs>().unwrap().allow(&scenario.parse().unwrap())
    }

    #[test]
    fn needs_are_the_words_of_scenarios_and_leave_open_what_they_do_not_name() {
        let scenario = "stream/2p2c/1024/256B/same-l3";
        for needs in ["2p2c", "2p2c,bounded,256B", "1024", "same-l3, stream", "bounded", "work=0/0"] {
            assert!(allows(needs, scenario), "{needs}");
        }
        assert!(allows("2p2c,processes", "stream/2p2c/1024/8B/processes/same-l3"));
        for needs in ["processes", "1p1c", "2p2c,unbounded", "8B", "rendezvous", "pingpong", "64", "smt", "work=0/20"] {
            assert!(!allows(needs, scenario), "{needs}");
        }
        assert!(!allows("bounded", "stream/1p1c/0/8B/same-l3"), "a rendezvous holds nothing");
    }

    #[test]
    fn what_is_no_need_says_what_one_looks_like() {
        assert!("2p2c,1p1c".parse::<Needs>().unwrap_err().contains("contradicts"));
        for text in ["", "quick", "2p2c,cheap", "9B"] {
            assert!(text.parse::<Needs>().unwrap_err().contains("--for 2p2c,bounded,256B"), "{text}");
        }
    }
}
