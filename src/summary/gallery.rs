//! The contributed results as markdown, for `results/README.md`: the machines, what bounds them, and which queues may be the
//! best on each.

use super::{CoreMap, Machine, RunAbout, Section, Summary};
use crate::queue::Capacity;
use crate::ranking::Row;
use crate::scenario::{Boundary, WorkNs};
use crate::table::{count, duration, markdown_text};
use crate::workload::{Size, Workload};

/// All machines of the summary.
pub fn gallery(summary: &Summary) -> String {
    let mut text = String::from(
        "# Results\n\nMachines whose results are here, what bounds them, and which queues may be the best on each. `scripts/results` writes \
         this page from the files beside it; how to add your machine: [README](../README.md#add-your-machine).\n\n",
    );
    text.push_str(&table(
        &["machine", "cpu", "cpus", "runs", "measured"],
        summary.machines.iter().map(|machine| machine_row(summary, machine)),
    ));
    if let Some(beside) = summary.side_by_side.as_ref().filter(|beside| !beside.scenarios.is_empty()) {
        text.push_str("\n## Machines side by side\n\n");
        let row = |beside: &super::Beside| vec![code(&beside.scenario), markdown_text(&beside.finding)];
        text.push_str(&table(&["scenario", "what holds on all of them"], beside.scenarios.iter().map(row)));
    }
    for machine in &summary.machines {
        text.push_str(&machine_part(summary, machine));
    }
    text.trim_end().to_owned()
}

fn machine_row(summary: &Summary, machine: &Machine) -> Vec<String> {
    let runs: Vec<&RunAbout> = runs_of(summary, machine).collect();
    let last = runs.iter().map(|run| run.started.as_str()).max().unwrap_or_default();
    vec![
        format!("[{}](#{})", markdown_text(machine.called()), machine.id.to_lowercase().replace('.', "")),
        machine.fingerprint.cpu_model.as_deref().map_or_else(|| "unknown".into(), markdown_text),
        machine.fingerprint.cpus.to_string(),
        runs.len().to_string(),
        day(last),
    ]
}

fn runs_of<'a>(summary: &'a Summary, machine: &'a Machine) -> impl Iterator<Item = &'a RunAbout> {
    summary.runs.iter().filter(|run| run.machine == machine.id)
}

fn machine_part(summary: &Summary, machine: &Machine) -> String {
    let sections: Vec<&Section> = summary.scenarios.iter().filter(|section| section.machine == machine.id).collect();
    let mut text = format!("\n## {}\n", markdown_text(&machine.id));
    if let Some(notes) = &machine.notes {
        let by = machine.contributor.as_ref().map_or_else(String::new, |who| format!(" Contributed by {who}."));
        text.push_str(&format!("\n{}: {}\n", markdown_text(machine.called()), markdown_text(&format!("{notes}{by}"))));
    }
    let maps = summary.core_maps.iter().filter(|map| map.map.machine.id == machine.id);
    let floors: Vec<Vec<String>> = base(&sections).into_iter().flat_map(limits).chain(maps.flat_map(classes)).collect();
    if !floors.is_empty() {
        text.push_str("\nMeasured without a queue (`limit/loop` is the measuring loop alone, `limit/line-transfer` one cache line handed over for each \
             message, `limit/fetch-add` one counter that both ends move):\n\n");
        text.push_str(&table(&["floor", "takes", "in"], floors.into_iter()));
    }
    for suite in sections.chunk_by(|one, next| (one.pool, &one.suite) == (next.pool, &next.suite)) {
        text.push_str(&best_sets(summary, suite));
    }
    text.push_str("\nFiles:\n\n");
    for run in runs_of(summary, machine) {
        text.push_str(&file_line(run));
    }
    text
}

/// The scenario whose limits are the machine's floors: one producer, one consumer, no work, small messages.
fn base<'a>(sections: &[&'a Section]) -> Option<&'a Section> {
    let is_plain = |section: &&&Section| {
        let scenario = &section.scenario;
        scenario.workload == Workload::Stream
            && (scenario.producers, scenario.consumers) == (1, 1)
            && scenario.boundary == Boundary::Threads
            && scenario.work == WorkNs::default()
            && scenario.size != Size::Boxed
            && matches!(scenario.capacity, Capacity::Bounded(1..))
    };
    let has_limits = |section: &&&Section| !limits(section).is_empty();
    sections.iter().filter(is_plain).find(has_limits).copied()
}

/// What a message takes at the bounds of a scenario.
fn limits(section: &Section) -> Vec<Vec<String>> {
    let rows = section.ranking.rows.iter().filter(|row| row.limit);
    // The higher rate first, where there are two.
    let rates = |row: &Row| {
        row.modes.map_or_else(|| row.value.into_iter().collect(), |[low, high]| vec![high.value, low.value])
    };
    let known = rows
        .map(|row| (&row.queue, rates(row)))
        .filter(|(_, rates)| !rates.is_empty() && rates.iter().all(|rate| *rate > 0.0));
    let row = |(queue, rates): (&String, Vec<f64>)| {
        let takes: Vec<String> = rates.into_iter().map(|rate| duration(1e9 / rate)).collect();
        vec![code(queue), format!("{} a message", takes.join(" or ")), code(&section.ranking.scenario)]
    };
    known.map(row).collect()
}

/// What a cache line takes between cpus that share so much.
fn classes(map: &CoreMap) -> Vec<Vec<String>> {
    let known = map.classes.iter().filter_map(|class| Some((class, class.median_ns?)));
    let row = |(class, ns): (&crate::core_to_core::ClassFigures, f64)| {
        let of = format!("the middle of {}", count(class.pairs, "pair"));
        vec![format!("a cache line, {}", class.class), format!("{} to and fro", duration(ns)), of]
    };
    known.map(row).collect()
}

/// The scenarios of one suite, each with its sentence; nothing where nothing is compared.
fn best_sets(summary: &Summary, suite: &[&Section]) -> String {
    let rows: Vec<Vec<String>> = suite.iter().filter_map(|section| best_set(summary, section)).collect();
    let Some(first) = suite.first().filter(|_| !rows.is_empty()) else { return String::new() };
    let own = |run: &&RunAbout| (run.pool, &run.suite) == (first.pool, &first.suite);
    let profile = summary.runs.iter().find(own).map_or_else(String::new, |run| format!(", profile {}", run.profile));
    let title = format!("{}{profile}, {}", first.suite, first.started.get(..10).unwrap_or(&first.started));
    format!("\nWhich queue, in suite {}:\n\n", markdown_text(&title))
        + &table(&["scenario", "best set", "rounds", "best of other runs, not to be compared"], rows.into_iter())
}

fn best_set(summary: &Summary, section: &Section) -> Option<Vec<String>> {
    let sentence = section.headline.as_deref()?;
    let crowd = section.crowd().map_or_else(String::new, |crowd| format!("; {crowd}"));
    let others = section.twins.iter().map(|twin| section.said_by(&summary.scenarios[*twin]));
    let of_runs = if section.runs > 1 { format!(" of {}", count(section.runs, "run")) } else { String::new() };
    Some(vec![
        code(&section.ranking.scenario),
        markdown_text(&format!("{sentence}{crowd}")),
        format!("{}{of_runs}", section.ranking.rounds),
        markdown_text(&others.collect::<Vec<_>>().join("; ")),
    ])
}

/// A run's file, linked where its name is one that needs no escaping.
fn file_line(run: &RunAbout) -> String {
    let RunAbout { file, machine, suite, profile, version, rustc, method, .. } = run;
    let is_plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let name = if is_plain { format!("[{file}]({machine}/{file})") } else { code(file) };
    let ended = if run.incomplete { ", not ended" } else { "" };
    let about = format!(
        ": suite {suite}, profile {profile}, {}{ended}; queuebench {version}, method {method}, {rustc}",
        count(run.blocks, "block")
    );
    format!("- {name}{}\n", markdown_text(&about))
}

/// The day of a time in UTC.
fn day(time: &str) -> String {
    markdown_text(time.get(..10).unwrap_or(time))
}

/// In the type of code; a backtick would end it.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '|'], ""))
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(heads.iter().map(|head| (*head).to_owned()).collect());
    head + &format!("|{}\n", "---|".repeat(heads.len())) + &rows.map(line).collect::<String>()
}
