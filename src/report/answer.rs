//! The answer first: which queue for these needs, how sure that is, what it costs; and the chooser of needs.
//!
//! Every answer is on the page, made in Rust. The chooser's script only shows those that serve what is chosen; without it,
//! all answers stand below each other.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::mark::{self, Mark};
use super::words;
use crate::ranking::{Answer, Candidate, Matter, WaitNeed, ratio_words};
use crate::summary::{Machine, Section};
use crate::table::{count, duration, percentage};

/// Rows of a best set before the rest is counted.
const MOST_SHOWN: usize = 8;

/// The answer for the first scenario, the chooser, and all other answers.
pub fn section(sections: &[Section], machines: &[Machine]) -> Markup {
    let answers: Vec<(&Section, &Answer)> =
        sections.iter().flat_map(|section| section.answers.iter().map(move |answer| (section, answer))).collect();
    let with_queues = || answers.iter().filter(|(_, answer)| answer.queues > 0);
    html! {
        section #answer aria-labelledby="h-answer" {
            h2 #h-answer { "Which queue?" }
            @if let Some((section, answer)) = with_queues().next() {
                (card(section, answer, true))
                (chooser(sections, machines))
                p #no-answer role="status" hidden { }
                div #answers {
                    details #all-answers { summary { "The answers for every measured scenario, one by one" }
                        @for (section, answer) in with_queues().filter(|(_, answer)| answer.wait == WaitNeed::Any) { (card(section, answer, false)) }
                    }
                    // Only the chooser asks for these; without scripts the rankings have every queue.
                    template #narrower-answers {
                        @for (section, answer) in with_queues().filter(|(_, answer)| answer.wait != WaitNeed::Any) { (card(section, answer, false)) }
                    }
                }
            } @else {
                p.empty { (Mark::NotMeasured.show()) " " (nothing(sections)) }
            }
        }
    }
}

fn nothing(sections: &[Section]) -> &'static str {
    if sections.is_empty() {
        "No block was measured in these files. Measure with: queuebench run"
    } else if sections.iter().all(|section| !section.compares) {
        "A smoke run: it shows that everything runs, not which queue is faster. Measure with: queuebench run"
    } else {
        "No queue has a figure that could be compared with another's: see the rankings for what became of each."
    }
}

/// An answer; the first one is what the page opens with.
fn card(section: &Section, answer: &Answer, is_first: bool) -> Markup {
    let sentence = answer.sentence.as_deref().unwrap_or("Too little is known to say.");
    let matter = match (answer.matter, section.scenario.workload.is_timed()) {
        (Matter::Cpu, _) => "cpu",
        (Matter::Speed, true) => "time",
        (Matter::Speed, false) => "rate",
    };
    html! {
        article.answer id=[is_first.then_some("first-answer")]
            data-producers=(section.parts.producers) data-consumers=(section.parts.consumers) data-room=(words::room(&section.parts))
            data-payload={ (section.parts.payload_bytes) @if section.parts.boxed { " boxed" } } data-boundary=(words::boundary(&section.parts))
            data-machine=(section.machine) data-workload=(section.parts.workload) data-matter=(matter) data-wait=(wait_id(answer.wait)) {
            h3.lead { (sentence) @if !sentence.ends_with('.') { "." } }
            p { (matter_words(section, answer)) ", for " b { (words::scenario(&section.parts)) } (wait_words(answer.wait))
                @if section.oversubscribed { " (" (section.threads) " threads share fewer cpus)" } ". "
                "Measured on " (section.machine) ", " (section.started.get(..10).unwrap_or_default()) ", suite " (section.suite) "." }
            (best_set(section, answer))
            (certainty(section, answer))
        }
    }
}

/// How the chooser names a wait.
fn wait_id(wait: WaitNeed) -> &'static str {
    match wait {
        WaitNeed::Any => "any",
        WaitNeed::Sleeps => "sleeps",
        WaitNeed::Yield => "yield",
        WaitNeed::Spin => "spin",
    }
}

fn wait_words(wait: WaitNeed) -> &'static str {
    match wait {
        WaitNeed::Any => "",
        WaitNeed::Sleeps => ", among queues whose waiters go to sleep",
        WaitNeed::Yield => ", among queues whose waiters yield",
        WaitNeed::Spin => ", among queues whose waiters spin",
    }
}

fn matter_words(section: &Section, answer: &Answer) -> &'static str {
    match answer.matter {
        Matter::Cpu => "By cpu time per message",
        Matter::Speed if section.scenario.workload.is_timed() => "By time",
        Matter::Speed => "By throughput",
    }
}

fn best_set(section: &Section, answer: &Answer) -> Markup {
    let rows = answer.best.iter().take(MOST_SHOWN).map(|candidate| (candidate, "may be best"));
    let worse = if answer.matter == Matter::Cpu { "times as dear [95 %]" } else { "times slower [95 %]" };
    let value_head = if answer.matter == Matter::Cpu { "cpu/message" } else { section.value_head() };
    html! {
        div.scroll role="region" tabindex="0" aria-label="best set" {
            table {
                thead { tr { th scope="col" { "queue" } th.n scope="col" { (value_head) " [95 %]" } th.n scope="col" { (worse) } @if answer.matter == Matter::Speed { th.n scope="col" { "cpu/message" } } th scope="col" { "place" } } }
                tbody {
                    @for (candidate, place) in rows.chain(answer.runner_up.iter().map(|candidate| (candidate, "next"))) {
                        (candidate_row(section, answer, candidate, place))
                    }
                }
            }
        }
        @if answer.best.len() > MOST_SHOWN { p.fine { "and " (answer.best.len() - MOST_SHOWN) " more that may be the best: see the ranking" } }
    }
}

fn candidate_row(section: &Section, answer: &Answer, candidate: &Candidate, place: &str) -> Markup {
    let words = |value: f64| if answer.matter == Matter::Cpu { duration(value) } else { section.value(value) };
    let value = match (candidate.modes, candidate.value, candidate.value_interval) {
        (Some([lower, upper]), ..) => format!("{} or {}", words(lower.value), words(upper.value)),
        (None, Some(value), Some([low, high])) => format!("{} [{}, {}]", words(value), words(low), words(high)),
        (None, value, None) => value.map_or_else(String::new, words),
        (None, None, Some(_)) => String::new(),
    };
    let is_sole = answer.best.len() == 1 && place != "next";
    let ratio = match candidate.times_worse {
        _ if is_sole => "1".to_owned(),
        ratio => ratio.map_or_else(String::new, |ratio| ratio_words(&ratio)),
    };
    html! {
        tr.best[place != "next"] data-q=(candidate.queue) {
            th scope="row" { (mark::name(&candidate.queue)) }
            td.n { (value) }
            td.n { (ratio) }
            @if answer.matter == Matter::Speed { td.n { (candidate.cpu_ns_per_message.map_or_else(String::new, duration)) } }
            td { (if is_sole { "best" } else { place }) @if let Some(why) = &candidate.unreliable { " " (Mark::Flagged.show()) " unreliable: " (why) } }
        }
    }
}

/// How sure it is, in a sentence or three.
fn certainty(section: &Section, answer: &Answer) -> Markup {
    let rounds = answer
        .best
        .iter()
        .chain(&answer.runner_up)
        .filter_map(|candidate| candidate.times_worse)
        .map(|ratio| ratio.rounds);
    let fewest = rounds.min().unwrap_or(section.ranking.rounds);
    let open = answer.best.len() > 1;
    html! {
        p.fine {
            b { "How sure: " }
            (count(fewest, "round")) " at least, each queue in a fresh process every round"
            @if answer.queues > 1 { "; the brackets of all " (answer.queues) " queues hold together, 19 times out of 20" }
            ". "
            @if open { "The first " (answer.best.len()) " cannot be told apart as the best. " }
            "Rates within " (percentage(section.ranking.margin)) " are called equivalent"
            @if section.ranking.equivalence_withheld { ", but that word is withheld here: a queue differs from itself by more" }
            ". "
            @if let Some(twice) = section.ranking.same_queue_twice {
                "The same code run twice in a round: second over first " (ratio_words(&twice)) "."
            }
        }
    }
}

/// The form; its choices are what was measured.
fn chooser(sections: &[Section], machines: &[Machine]) -> Markup {
    let answered = || sections.iter().filter(|section| section.answers.iter().any(|answer| answer.queues > 0));
    let numbers = |of: &dyn Fn(&Section) -> usize| answered().map(of).collect::<BTreeSet<usize>>();
    let rooms: Vec<&str> = ["bounded", "unbounded", "rendezvous"]
        .into_iter()
        .filter(|room| answered().any(|section| words::room(&section.parts) == *room))
        .collect();
    let payloads: BTreeSet<(usize, bool)> =
        answered().map(|section| (section.parts.payload_bytes, section.parts.boxed)).collect();
    let boundaries: BTreeSet<&str> = answered().map(|section| words::boundary(&section.parts)).collect();
    let select = |name: &str, label: &str, choices: Vec<(String, String)>| {
        html! {
            label { (label) select name=(name) { @for (value, words) in &choices { option value=(value) { (words) } } } }
        }
    };
    let plain = |values: Vec<String>| values.into_iter().map(|value| (value.clone(), value)).collect::<Vec<_>>();
    let both = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect::<Vec<_>>()
    };
    html! {
        form #chooser aria-label="your needs" hidden {
            (select("producers", "producers", plain(numbers(&|section| section.parts.producers).iter().map(usize::to_string).collect())))
            (select("consumers", "consumers", plain(numbers(&|section| section.parts.consumers).iter().map(usize::to_string).collect())))
            (select("room", "room", plain(rooms.iter().map(|room| (*room).to_owned()).collect())))
            (select("wait", "who waits", both(&[("any", "may do anything"), ("sleeps", "sleeps"), ("yield", "yields"), ("spin", "spins")])))
            (select("payload", "payload", payloads.iter().map(|(bytes, boxed)| {
                let boxed = if *boxed { " boxed" } else { "" };
                (format!("{bytes}{boxed}"), format!("{bytes} B{boxed}"))
            }).collect()))
            (select("boundary", "between", plain(boundaries.iter().map(|side| (*side).to_owned()).collect())))
            @if machines.len() > 1 { (select("machine", "machine", plain(machines.iter().map(|machine| machine.id.clone()).collect()))) }
            (select("matter", "what matters", both(&[("rate", "throughput"), ("time", "round trip"), ("cpu", "CPU cost")])))
            button type="button" #copy-link { "Copy link" }
        }
    }
}
