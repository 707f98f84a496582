//! What the figures come from: what was not measured, the machines, the runs, the method in brief, and the data.

use maud::{Markup, html};

use super::figure::download;
use super::mark::Mark;
use super::words::capital;
use crate::ranking::is_limit;
use crate::summary::{AbsentKind, Machine, RunAbout, Section, Summary};
use crate::table::count;

/// What a reader may look for and not find.
pub fn not_measured(summary: &Summary) -> Markup {
    let of_queues = || summary.scenarios.iter().filter(|section| section.is_of_queues());
    let absent = |kind: AbsentKind| {
        let mut queues: Vec<&str> = Vec::new();
        let of_queues = of_queues().flat_map(|section| &section.absent);
        for absent in of_queues.filter(|absent| absent.kind == kind) {
            queues.extend(absent.queues.iter().map(String::as_str).filter(|queue| !is_limit(queue)));
        }
        let has_row = |queue: &str| {
            summary.scenarios.iter().flat_map(|section| &section.ranking.rows).any(|row| row.queue == queue)
        };
        queues.sort_unstable();
        queues.dedup();
        queues.retain(|queue| !has_row(queue));
        queues
    };
    let nowhere = absent(AbsentKind::NotMeasured);
    let machines: Vec<String> = summary
        .machines
        .iter()
        .map(|machine| format!("{} ({})", machine.called(), count(machine.topology.usable().count(), "cpu")))
        .collect();
    let most = [|section: &Section| section.parts.producers, |section: &Section| section.parts.consumers]
        .map(|of| of_queues().map(of).max().unwrap_or_default());
    html! {
        section #not-measured aria-labelledby="h-not-measured" {
            h2 #h-not-measured { "What was not measured" }
            ul {
                li { (Mark::NotMeasured.show()) " By queuebench not at all: async tasks, latency under a given load and its tail, operations in batches, selection over several channels." }
                li { (Mark::NotMeasured.show()) " Other machines than " (machines.join(" and ")) ", and more than " (count(most[0], "producer")) " or " (count(most[1], "consumer")) ": what holds here need not hold there." }
                @for line in missing_kinds(&summary.scenarios) { li { (Mark::NotMeasured.show()) " " (line) } }
                // What comes to the same as another scenario is measured there.
                @for skip in summary.scenarios_not_run.iter().filter(|skip| !skip.reason.starts_with("comes to the same")) { li { (Mark::NotMeasured.show()) " " (skip.scenario) ": " (skip.reason) "." } }
                @for run in summary.runs.iter().filter(|run| run.incomplete) { li { (Mark::Flagged.show()) " " (run.file) " did not come to its end: rounds are missing. Finish it with: queuebench run --resume " (run.file) } }
                @if !nowhere.is_empty() { li { (Mark::NotMeasured.show()) " " (count(nowhere.len(), "queue")) " in no scenario of these files, though they could have run: " (nowhere.join(", ")) "." } }
            }
            p { "Not every queue ran in every scenario: who has no row, and why, stands below each ranking, and as a ? or \u{2013} in the overview." }
        }
    }
}

/// Kinds of scenarios that these files have none of, and what would measure them.
fn missing_kinds(sections: &[Section]) -> Vec<&'static str> {
    type Has = fn(&Section) -> bool;
    let kinds: [(Has, &str); 6] = [
        (
            |section| section.parts.boundary == crate::scenario::Boundary::Processes,
            "Between processes: nothing. Measure with: queuebench run --suite boundary",
        ),
        (
            |section| section.parts.work_ns != [0, 0],
            "With work on either side: nothing. Measure with: queuebench run --suite balance",
        ),
        (
            |section| section.parts.workload == "pingpong",
            "Round trips: nothing. Measure with: queuebench run --suite quick",
        ),
        (
            |section| section.parts.producers != section.parts.consumers,
            "With more producers than consumers, or fewer: nothing. Measure with: queuebench run --suite standard",
        ),
        (
            |section| section.parts.capacity.is_none(),
            "Without a bound: nothing. Measure with: queuebench run --suite quick",
        ),
        (
            |section| section.parts.payload_bytes > 8,
            "Messages larger than 8 bytes: nothing. Measure with: queuebench run --suite quick",
        ),
    ];
    kinds.into_iter().filter(|(has, _)| !sections.iter().any(has)).map(|(_, words)| words).collect()
}

/// The machines and the runs.
pub fn provenance(summary: &Summary) -> Markup {
    html! {
        section #machine aria-labelledby="h-machine" {
            h2 #h-machine { "Machine and versions" }
            @for machine in &summary.machines { (machine_table(machine)) }
            h3 { "Runs" }
            div.scroll role="region" tabindex="0" aria-label="runs" {
                table {
                    thead { tr { @for head in ["file", "machine", "started", "suite", "profile", "blocks", "rounds at most", "seed", "queuebench", "method", "compiler", "flags", "allocator", "ended"] { th scope="col" { (head) } } } }
                    tbody { @for run in &summary.runs { (run_row(run)) } }
                }
            }
            @for machine in &summary.machines {
                details { summary { "Versions of the queues on " (machine.id) }
                    ul.columns { @for (queue, version) in &machine.versions { li { (queue) " " (version) } } }
                }
            }
        }
    }
}

fn machine_table(machine: &Machine) -> Markup {
    let facts = &machine.fingerprint;
    let bytes = |bytes: Option<u64>| {
        bytes.map_or("unknown".into(), |bytes| match bytes {
            bytes if bytes >= 1 << 30 => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
            bytes if bytes >= 1 << 20 => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
            bytes => format!("{} KiB", bytes >> 10),
        })
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".into());
    let rows = [
        ("cpu", format!("{} ({})", text(&facts.cpu_model), facts.arch)),
        (
            "cpus",
            format!(
                "{}, {}, {}",
                count(facts.packages, "package"),
                count(facts.cores, "core"),
                count(facts.cpus, "cpu")
            ),
        ),
        ("usable cpus", machine.topology.usable().count().to_string()),
        (
            "caches",
            format!("L1d {}, L2 {}, L3 {}", bytes(facts.l1d_bytes), bytes(facts.l2_bytes), bytes(facts.l3_bytes)),
        ),
        ("memory", bytes(facts.memory_bytes)),
        ("kernel", text(&facts.kernel)),
        ("hypervisor", facts.hypervisor.clone().unwrap_or_else(|| "none seen".into())),
        ("clock", text(&facts.clock_source)),
        ("governor", text(&facts.governor)),
        ("huge pages", text(&facts.huge_pages)),
        ("SMT", text(&facts.smt)),
        ("quota", facts.quota_cpus.map_or("none".into(), |cpus| format!("{cpus} cpus"))),
    ];
    html! {
        h3 { (machine.called()) @if machine.name.is_some() { " " code { (machine.id) } } }
        @if let Some(notes) = &machine.notes { p { (notes) @if let Some(contributor) = &machine.contributor { " Contributed by " (contributor) "." } } }
        table.facts { tbody { @for (name, value) in &rows { tr { th scope="row" { (name) } td { (value) } } } } }
    }
}

fn run_row(run: &RunAbout) -> Markup {
    let flags = if run.rustflags.is_empty() { "none" } else { &run.rustflags };
    let ended = match &run.ended {
        Some(ended) if !run.incomplete => ended.clone(),
        _ => "not ended".into(),
    };
    html! {
        tr {
            th scope="row" { (run.file) } td { (run.machine) } td { (run.started) } td { (run.suite) } td { (run.profile) } td.n { (run.blocks) } td.n { (run.most_rounds) }
            td.n { (run.seed) } td { (run.version) " " (run.build) } td.n { (run.method) } td { (run.rustc) " -O" (run.opt_level) " " (run.target) } td { (flags) } td { (run.allocator) } td { (ended) }
        }
    }
}

/// How it was measured, in brief.
pub fn method(summary: &Summary) -> Markup {
    html! {
        section #method aria-labelledby="h-method" {
            h2 #h-method { "Method in brief" }
            ul {
                li { "A " b { "block" } " is one fresh process that runs one queue: pinned threads (or processes), settling, a timed window inside a continuous stream, draining. Every message is checked: each must arrive once, whole and in its producer's order." }
                li { "In a " b { "round" } " every queue of a scenario runs one block, in an order drawn anew. Ratios are taken within a round, so that what changes from minute to minute cancels." }
                li { "A " b { "median" } " is the middle one: half of the blocks are below it, half above. Rates are medians over blocks with order-statistic intervals; ratios are Hodges-Lehmann estimates with intervals from signed ranks. Nothing is dropped, nothing is the best of several." }
                li { "The " b { "best set" } " holds every queue that no other surely beats; its interval holds whichever of them is the best, for all rows together at " (format!("{:.0}", summary.confidence * 100.0)) " %." }
                li { b { "ran" } " says whether the queue was seen full, empty or swinging. A full queue moves messages in bulk; * marks one that ran unlike the best, which may be all the difference." }
                li { b { "limit/\u{2026}" } " are no queues but bounds: the measuring loop alone, one cache line to and fro, one shared counter." }
                li { "Names: " code { "crate/kind" } ", where " code { "intree/\u{2026}" } " and " code { "shm/\u{2026}" } " are queues of this program's own and in no crate to depend on, " code { "os/\u{2026}" } " what the kernel offers; " code { "+spin" } ", " code { "+yield" } ", " code { "+park" } " are how the harness waits for queues without blocking calls. A scenario's id reads: workload, producers and consumers, capacity, payload, work per message (producer/consumer, ns), boundary, placement." }
            }
        }
    }
}

/// The figures to take away, and how the page was made.
pub fn data(summary: &Summary, csv: &str, command: &str) -> Markup {
    html! {
        section #data aria-labelledby="h-data" {
            h2 #h-data { "Data" }
            p { "The rows of all rankings: " (download("queuebench.csv", csv)) ". All that this page shows, with every block, as JSON: " code { "queuebench rank FILE\u{2026} --format json" } "; one line a block: the results files themselves." }
            p { "This page was made by queuebench " (summary.version) " with" }
            pre { (command) }
            p { "from " @for (at, run) in summary.runs.iter().enumerate() { @if at > 0 { ", " } code { (run.file) } } ". Files of strangers are unverified claims; " code { "queuebench validate" } " checks their form." }
            @if summary.runs.len() > 1 { p.fine { (capital(&count(summary.runs.len(), "run"))) ": figures of different builds or machines are never mixed in one row." } }
        }
    }
}
