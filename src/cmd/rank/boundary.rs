//! What the boundary between threads and processes costs, as a terminal or a page shows it.

use std::collections::BTreeMap;

use crate::ranking::{BothSides, Change, Crossing, OneSide, Step, ratio_words};
use crate::table::{Emphasis, Grid, WIDTH, duration, rate};

use super::table::wrapped;

const BOTH_SIDES: [&str; 7] =
    ["queue", "threads", "processes", "x faster across (95 %)", "verdict", "cpu/msg", "holds"];
const LADDER: [&str; 4] = ["step", "to", "x faster (95 %)", "verdict"];

const NOTE: &str = "across: from threads to processes, round by round; each bracket holds by itself. Why a row is UNRELIABLE \
                    stands below its side's own table";

/// The tables as a terminal shows them.
pub fn table(crossing: &Crossing) -> String {
    let mut grid = Grid::new(&BOTH_SIDES, &[0, 4]);
    for queue in &crossing.queues {
        grid.row(both_sides_cells(crossing, queue), Emphasis::Plain);
    }
    let mut text = format!("\nthreads or processes?  {}\n{grid}", crossing.threads);
    text.push_str(&wrapped(NOTE, WIDTH - 4).concat());
    text.push('\n');
    if is_more(crossing) {
        let mut grid = Grid::new(&LADDER, &[0, 1, 3]);
        for step in &crossing.ladder {
            grid.row(ladder_cells(step), Emphasis::Plain);
        }
        let sentences: Vec<String> =
            sentences(&crossing.ladder).iter().flat_map(|one| wrapped(one, WIDTH - 4)).collect();
        text.push_str(&format!("\nstep by step, each changing one thing\n{grid}{}", sentences.concat().trim_end()));
    }
    text
}

/// Whether the ladder has other steps than those from threads to processes, which the first table shows.
fn is_more(crossing: &Crossing) -> bool {
    crossing.ladder.iter().any(|step| step.from.ends_with("threads") && step.to.ends_with("threads"))
}

/// The same as markdown.
pub fn markdown(crossing: &Crossing) -> String {
    let table = |heads: &[&str], rows: Vec<Vec<String>>| {
        let rows: Vec<String> = rows.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
        format!("| {} |\n|{}\n{}", heads.join(" | "), "---|".repeat(heads.len()), rows.concat())
    };
    let both = crossing.queues.iter().map(|queue| both_sides_cells(crossing, queue)).collect();
    let mut text = format!("`{}`, and the same between processes:\n\n{}", crossing.threads, table(&BOTH_SIDES, both));
    if is_more(crossing) {
        text.push_str(&format!("\n{}", table(&LADDER, crossing.ladder.iter().map(ladder_cells).collect())));
        sentences(&crossing.ladder).iter().for_each(|sentence| text.push_str(&format!("\n{sentence}\n")));
    }
    text.trim_end().to_owned()
}

fn both_sides_cells(crossing: &Crossing, both: &BothSides) -> Vec<String> {
    let is_timed = crossing.is_timed;
    let figure = |value: f64| if is_timed { duration(value) } else { rate(value) };
    let value = |side: &OneSide| match (side.modes, side.value) {
        (Some([lower, upper]), _) => format!("{} or {}", figure(lower.value), figure(upper.value)),
        (None, value) => value.map_or_else(|| "-".into(), figure),
    };
    let sides = [&both.threads, &both.processes];
    let cpu = sides.map(|side| side.cpu_ns_per_message.map_or_else(|| "-".into(), duration));
    let asked = crossing.asked;
    let holds = sides.map(|side| match side.capacity {
        Some(messages) if asked == Some(messages) => messages.to_string(),
        Some(messages) => format!("{messages} !"),
        None => "-".into(),
    });
    vec![
        both.queue.clone(),
        value(&both.threads),
        value(&both.processes),
        ratio(&both.change),
        verdict(&both.change),
        if cpu[0] == cpu[1] { cpu[0].clone() } else { cpu.join(", ") },
        if holds[0] == holds[1] { holds[0].clone() } else { holds.join(", ") },
    ]
}

fn ladder_cells(step: &Step) -> Vec<String> {
    let step_name = format!("{}{}", step.step, if step.not_isolated.is_some() { "*" } else { "" });
    vec![step_name, step.to.clone(), ratio(&step.change), verdict(&step.change)]
}

/// What each step changes and what came of it, in a sentence; then why some could not be isolated.
fn sentences(ladder: &[Step]) -> Vec<String> {
    // Their names are in the ladder's order but for the kernel's, which come last.
    let isolated = ladder.iter().filter(|step| step.not_isolated.is_none());
    let mut names: Vec<&str> = isolated.map(|step| step.step).collect();
    names.sort_by_key(|name| (name.starts_with('K'), *name));
    names.dedup();
    let sentence = |name: &str| {
        let taken = || ladder.iter().filter(move |step| step.step == name && step.not_isolated.is_none());
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        taken().for_each(|step| *counts.entry(verdict(&step.change)).or_default() += 1);
        let counts: Vec<String> = counts.iter().map(|(word, times)| format!("{times} {word}")).collect();
        let ratios = || taken().filter_map(|step| Some(step.change.times_faster.as_ref()?.estimate));
        let (least, most) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
        let range = match format!("{least:.2}") {
            _ if most == 0.0 => String::new(),
            both if both == format!("{most:.2}") => format!(", {both} times as fast"),
            least => format!(", {least} to {most:.2} times as fast"),
        };
        let changes = taken().next().map_or("", |step| step.changes);
        format!("{name} changes {changes}: {}{range}", counts.join(", "))
    };
    let mut sentences: Vec<String> = names.into_iter().map(sentence).collect();
    let why = ladder.iter().find_map(|step| step.not_isolated);
    sentences.extend(why.map(|why| format!("* not isolated: {why}; its ratio is one of noise")));
    sentences
}

fn ratio(change: &Change) -> String {
    change.times_faster.as_ref().map_or_else(|| "-".into(), ratio_words)
}

fn verdict(change: &Change) -> String {
    match change {
        Change { times_faster: None, .. } => "-".into(),
        Change { unreliable: true, .. } => "UNRELIABLE".into(),
        change => change.verdict.word().into(),
    }
}
