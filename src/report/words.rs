//! Scenarios in words, and cells of tables with the number they are sorted by.

use maud::{Markup, html};

use crate::scenario::Boundary;
use crate::summary::{Parts, Section};
use crate::table::count;

/// A scenario in words: `2 producers, 1 consumer, room for 1024 messages of 8 B, threads on two cores that share an L3`.
pub fn scenario(parts: &Parts) -> String {
    if let Some(program) = program(parts) {
        return program;
    }
    let what = match parts.workload.as_str() {
        "stream" => String::new(),
        "pairs" => "each sends and receives in turns; ".into(),
        "pingpong" => "round trips; ".into(),
        "wakeup" => "waking an idle consumer; ".into(),
        "spawn" => "starting what runs; ".into(),
        "copy" => "moving a message within a thread; ".into(),
        other => format!("{other}; "),
    };
    let ends = format!("{}, {}", count(parts.producers, "producer"), count(parts.consumers, "consumer"));
    let payload =
        if parts.boxed { format!("{} B in a box", parts.payload_bytes) } else { format!("{} B", parts.payload_bytes) };
    let room = match parts.capacity {
        Some(0) => format!("no room: a rendezvous, {payload} each"),
        Some(1) => format!("room for 1 message of {payload}"),
        Some(messages) => format!("room for {messages} messages of {payload}"),
        None => format!("no bound, messages of {payload}"),
    };
    let work = match parts.work_ns {
        [0, 0] => String::new(),
        [producer, consumer] => format!(", {producer} ns of work before sending and {consumer} ns after receiving"),
    };
    let credit = if parts.credit == 0 { String::new() } else { format!(", {} on their way at most", parts.credit) };
    format!("{what}{ends}, {room}{work}{credit}, {} {}", parts.boundary, place(parts))
}

fn place(parts: &Parts) -> &'static str {
    match parts.placement.as_str() {
        "same-cpu" => "on one cpu",
        "smt" => "on the two threads of one core",
        "same-l2" => "on cores that share an L2 cache",
        "same-l3" => "on cores that share an L3 cache",
        "cross-l3" => "on cores with different L3 caches",
        "cross-node" => "on different memory nodes",
        _ => "wherever the scheduler puts them",
    }
}

/// A whole program in words: `4 workers adding one to a number, threads wherever the scheduler puts them`.
fn program(parts: &Parts) -> Option<String> {
    let what = match (parts.workload.as_str(), &parts.site) {
        ("crawl", Some(site)) => {
            let room = parts
                .capacity
                .map_or_else(|| "no bound".into(), |messages| format!("room for {}", count(messages, "message")));
            format!(
                "finding the dead links of {} that take {} ms each, a queue with {room}, seen-set {}",
                count(site.pages as usize, "page"),
                site.delay_ms,
                site.seen
            )
        }
        ("counter", _) => "adding one to a number".into(),
        ("lookup", _) => "looking entries up in a table that nobody changes".into(),
        ("finish", _) => "told that nothing more will come".into(),
        ("recover", _) => "waiting for a lock whose owner goes away with it".into(),
        ("barrier", _) => "waiting for each other after each phase".into(),
        ("print", _) => "printing lines to one pipe".into(),
        ("map", _) => "computing parts that have nothing in common".into(),
        _ => return None,
    };
    Some(format!("{} {what}, {} {}", count(parts.producers, "worker"), parts.boundary, place(parts)))
}

/// What is asked of a queue's room, as the chooser asks it.
pub fn room(parts: &Parts) -> &'static str {
    match parts.capacity {
        Some(0) => "rendezvous",
        Some(_) => "bounded",
        None => "unbounded",
    }
}

/// `threads`, or `processes`.
pub fn boundary(parts: &Parts) -> &'static str {
    match parts.boundary {
        Boundary::Threads => "threads",
        Boundary::Processes => "processes",
    }
}

/// A scenario's heading: its words, and its id for those who type it; its machine where those among it are of several.
pub fn heading(section: &Section, among: &[&Section]) -> Markup {
    let has_others = among.iter().any(|other| other.machine != section.machine);
    html! {
        @if let Some(name) = &section.name { b { (name) } ": " }
        (capital(&scenario(&section.parts)))
        " " code { (section.ranking.scenario) } span.fine { @if has_others { " on " (section.machine) "," } @if let Some(crowd) = section.crowd() { " " (crowd) "," } " suite " (section.suite) @for tag in &section.tags { " " (tag) } }
    }
}

/// With a capital letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The unit in words, and which way is better.
pub fn unit(section: &Section) -> String {
    let better = if section.scenario.workload.is_timed() { "lower is better" } else { "higher is better" };
    format!("{}, {better}", section.ranking.unit)
}

/// A cell with a figure in words, sorted by its number.
pub fn cell(value: Option<f64>, words: &str) -> Markup {
    match value {
        Some(value) => html! { td.n data-v=(value) { (words) } },
        None => html! { td.n { (words) } },
    }
}
