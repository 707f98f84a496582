//! The page: one file that works offline and without scripts. It draws a [`Summary`] and computes nothing.

mod about;
mod answer;
mod beside;
mod boundary;
mod core_map;
mod cost;
mod figure;
mod heat;
mod lines;
mod mark;
mod programs;
mod quality;
mod ranking;
mod scale;
mod strip;
mod words;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::summary::{Section, Summary, Swept};
use crate::table::count;

/// Cells of the largest page: more are more than a browser shows and anybody reads.
pub const MOST_CELLS: usize = 20_000;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Where the page's parts begin, in their order, with what they are called.
const PARTS: [(&str, &str); 16] = [
    ("machines", "Machines"),
    ("answer", "Which queue?"),
    ("ranking", "Ranking"),
    ("cliff", "Cliff"),
    ("scaling", "Scaling"),
    ("sweeps", "Sweeps"),
    ("placement", "Placement"),
    ("boundary", "Threads or processes"),
    ("programs", "Whole programs"),
    ("cores", "Core to core"),
    ("cost", "CPU cost"),
    ("overview", "Overview"),
    ("quality", "Quality"),
    ("not-measured", "Not measured"),
    ("machine", "Machine"),
    ("data", "Data"),
];

/// The page of a summary. `csv` holds its rows for spreadsheets, `command` is what the page was made with.
pub fn page(summary: &Summary, csv: &str, command: &str) -> String {
    let style = style();
    let body = body(summary, csv, command);
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    // Nothing but what is on the page itself may run, style or load; a browser also refuses to make markup of text.
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(SCRIPT),
        hash(&style)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "queuebench: " (subject(summary)) }
                // An icon of its own, or the browser asks for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body {
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn style() -> String {
    let [light, dark] = mark::colours();
    STYLE.replace("/*light*/", &light).replace("/*dark*/", &dark)
}

/// What the page is about, in a few words.
fn subject(summary: &Summary) -> String {
    let mapped = summary.core_maps.iter().map(|map| map.map.machine.id.as_str());
    let mut machines: Vec<&str> = summary.machines.iter().map(|machine| machine.id.as_str()).chain(mapped).collect();
    let mut seen = std::collections::HashSet::new();
    machines.retain(|id| seen.insert(*id));
    match &machines[..] {
        [] => "no machine".into(),
        few if few.len() <= 3 => few.join(", "),
        many => count(many.len(), "machine"),
    }
}

fn body(summary: &Summary, csv: &str, command: &str) -> Markup {
    let sections: Vec<&Section> = summary.scenarios.iter().collect();
    let none = |suite: &str| {
        format!("No two scenarios of these files differ in that alone. Measure with: queuebench run --suite {suite}")
    };
    html! {
        a.skip href="#answer" { "To the answer" }
        (mark::definitions())
        (header(summary))
        main {
            (beside::section(summary))
            (answer::section(summary))
            (ranking::section(&sections))
            (lines::section("cliff", "The cliff",
                "A little more work on one side decides whether a queue runs full or empty, and that can be worth twenty times. In the middle neither side works; to the left the producer has more to do and the queue runs empty, to the right the consumer has and it runs full. Your program has work on both sides: look where it would stand, not at the peak.",
                &[Swept::Work], "No scenarios of these files differ in work alone. Measure with: queuebench run --suite balance", summary))
            (lines::section("scaling", "Scaling", "More producers and consumers. Dotted lines are bounds, not queues; the shaded part has more threads than cpus, where waiting for a cpu is part of the figure.",
                &[Swept::Threads, Swept::Producers, Swept::Consumers], &none("standard"), summary))
            (lines::section("sweeps", "Capacity and payload", "How much a queue may hold, and how large messages are.", &[Swept::Capacity, Swept::Payload], &none("standard"), summary))
            (lines::section("placement", "Placement", "Where the two endpoints are: the same queue, the same messages, other cpus.", &[Swept::Placement], &none("standard"), summary))
            (boundary::section(summary))
            (programs::section(&sections))
            (core_map::section(summary))
            (cost::section(&sections))
            (heat::section(&sections))
            (quality::section(&sections))
            (about::not_measured(summary))
            (about::provenance(summary))
            (about::method(summary))
            (about::data(summary, csv, command))
        }
        footer { "queuebench " (summary.version) " \u{b7} one file, offline: it asks nobody for anything" }
    }
}

fn header(summary: &Summary) -> Markup {
    let has = |part: &str| part != "machines" || summary.side_by_side.is_some();
    let started = summary.runs.iter().map(|run| run.started.get(..10).unwrap_or_default()).max().unwrap_or_default();
    let blocks: usize = summary.runs.iter().map(|run| run.blocks).sum();
    html! {
        header {
            h1 { "queuebench" }
            p { "Synchronized queues on " b { (subject(summary)) } ": " (count(summary.scenarios.len(), "scenario")) ", " (count(blocks, "block")) ", every message checked" @if !started.is_empty() { ", " (started) } "." }
            div.tools hidden {
                label { "mark a queue " input #mark type="search" list="queues" autocomplete="off"; }
                datalist #queues { @for queue in summary.looks.keys() { option value=(queue) {} } }
                label { "only queues like " input #only type="search" autocomplete="off" placeholder="mpmc, std/"; }
                button type="button" #clear { "Clear" }
                button type="button" #theme { "Theme: auto" }
            }
            p.fine { "Not measured here, and what these figures do not say: " a href="#not-measured" { "a list" } "." }
            p #notice role="status" hidden {}
            nav aria-label="parts of this page" { ul { @for (id, title) in PARTS.iter().filter(|(id, _)| has(id)) { li { a href={ "#" (id) } { (title) } } } } }
        }
    }
}
