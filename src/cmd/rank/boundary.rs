//! What the boundary between threads and processes costs, as a terminal or a page shows it.

use crate::queue::Capacity;
use crate::ranking::{BothSides, Change, Crossing, Side, Step, crossing, ratio_words};
use crate::table::{Emphasis, Grid, duration, rate};

use super::Section;

/// Both sides of every scenario of `sections` that has both.
pub fn crossings(sections: &[Section]) -> Vec<(&Section, Crossing)> {
    let across = |section: &'_ Section| sections.iter().find(|other| other.scenario == section.scenario.across());
    let threads = sections.iter().filter(|section| section.scenario.across() > section.scenario);
    threads.filter_map(|section| Some((section, between(section, across(section)?)?))).collect()
}

/// What two sections say that are the two sides of one scenario.
pub fn between(threads: &Section, processes: &Section) -> Option<Crossing> {
    let [threads, processes] =
        [threads, processes].map(|section| Side { ranking: &section.ranking, logs: &section.logs });
    crossing(&threads, &processes)
}

const BOTH_SIDES: [&str; 7] =
    ["queue", "threads", "processes", "processes : threads (95 %)", "verdict", "cpu/msg", "holds"];
const LADDER: [&str; 5] = ["step", "to", "x faster (95 %)", "verdict", "what it changes"];

/// The tables as a terminal shows them.
pub fn table(section: &Section, crossing: &Crossing) -> String {
    let mut grid = Grid::new(&BOTH_SIDES, &[0, 4]);
    for queue in &crossing.queues {
        grid.row(both_sides_cells(section, queue), Emphasis::Plain);
    }
    let mut text = format!("\nthreads or processes?  {}\n{grid}", crossing.threads);
    if !crossing.ladder.is_empty() {
        let mut grid = Grid::new(&LADDER, &[0, 1, 3, 4]);
        for step in &crossing.ladder {
            grid.row(ladder_cells(step), Emphasis::Plain);
        }
        text.push_str(&format!("\n\nstep by step, each changing one thing\n{grid}"));
    }
    text
}

/// The same as markdown.
pub fn markdown(section: &Section, crossing: &Crossing) -> String {
    let table = |heads: &[&str], rows: Vec<Vec<String>>| {
        let rows: Vec<String> = rows.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
        format!("| {} |\n|{}\n{}", heads.join(" | "), "---|".repeat(heads.len()), rows.concat())
    };
    let both = crossing.queues.iter().map(|queue| both_sides_cells(section, queue)).collect();
    let mut text = format!("`{}`, and the same between processes:\n\n{}", crossing.threads, table(&BOTH_SIDES, both));
    if !crossing.ladder.is_empty() {
        text.push_str(&format!("\n{}", table(&LADDER, crossing.ladder.iter().map(ladder_cells).collect())));
    }
    text.trim_end().to_owned()
}

fn both_sides_cells(section: &Section, both: &BothSides) -> Vec<String> {
    let is_timed = section.scenario.workload.is_timed();
    let value = |value: Option<f64>| match value {
        Some(value) if is_timed => duration(value),
        Some(value) => rate(value),
        None => "-".into(),
    };
    let sides = [&both.threads, &both.processes];
    let cpu = sides.map(|side| side.cpu_ns_per_message.map_or_else(|| "-".into(), duration));
    let holds = sides.map(|side| side.capacity.map_or_else(|| "-".into(), |messages| messages.to_string()));
    let asked = matches!(section.scenario.capacity, Capacity::Bounded(messages) if both.threads.capacity == Some(messages as u64));
    vec![
        both.queue.clone(),
        value(both.threads.value),
        value(both.processes.value),
        ratio(&both.change),
        verdict(&both.change),
        if cpu[0] == cpu[1] { cpu[0].clone() } else { cpu.join(", ") },
        match () {
            () if holds[0] != holds[1] => holds.join(", "),
            () if asked => holds[0].clone(),
            () => format!("{} !", holds[0]),
        },
    ]
}

fn ladder_cells(step: &Step) -> Vec<String> {
    let changes = step.not_isolated.map_or_else(|| step.changes.to_owned(), |why| format!("not isolated: {why}"));
    vec![step.step.into(), step.to.clone(), ratio(&step.change), verdict(&step.change), changes]
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
