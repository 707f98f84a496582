//! The answer first: which queue for these needs, how sure that is, what it costs; and the chooser of needs.
//!
//! Every answer is on the page, made in Rust. The chooser's script only shows those that serve what is chosen; without it,
//! each scenario has a line.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::mark::{self, Mark};
use super::words;
use crate::ranking::{Answer, Candidate, Matter, WaitNeed, end_words, is_limit, ratio_words};
use crate::stats::Verdict;
use crate::summary::{AbsentKind, Machine, Section, Summary, these_queues};
use crate::table::{count, duration, percentage};

/// Rows of a best set before the rest is counted.
const MOST_SHOWN: usize = 8;

/// The answer for the first scenario, the chooser, and every scenario's answer in a line.
pub fn section(summary: &Summary) -> Markup {
    let sections = &summary.scenarios;
    // What is asked of a queue is asked of streams and round trips; programs have a part of their own.
    let has_queues = sections.iter().any(|section| !section.is_program());
    let answers = || {
        let all = sections
            .iter()
            .enumerate()
            .filter(|(_, section)| !(has_queues && section.is_program()))
            .flat_map(|(at, section)| section.answers.iter().map(move |answer| (at, answer)));
        all.filter(|(_, answer)| answer.queues > 0)
    };
    html! {
        section #answer aria-labelledby="h-answer" {
            h2 #h-answer { "Which queue?" }
            @if let Some((at, answer)) = answers().next() {
                (card(summary, at, answer, true))
                @if has_queues {
                    (chooser(sections, &summary.machines))
                    p #serving role="status" hidden { }
                }
                details #all-answers open { summary { "Every measured scenario in a line" } (in_a_line(sections)) }
                // Only the chooser asks for these; without scripts each scenario's line and ranking say the same.
                @if has_queues { template #cards { @for (at, answer) in answers() { (card(summary, at, answer, false)) } } }
            } @else {
                p.empty { (Mark::NotMeasured.show()) " " (nothing(sections)) }
            }
        }
    }
}

/// Each scenario's best set, the next, and who costs least.
fn in_a_line(sections: &[Section]) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label="every scenario in a line" {
            table {
                thead { tr { th scope="col" { "scenario" } th scope="col" { "may be the best" } th scope="col" { "next, times slower [95 %]" } th scope="col" { "least cpu per message" } th.n scope="col" { "of" } } }
                tbody { @for (at, section) in sections.iter().enumerate() { @if let Some(answer) = section.widest_answer(Matter::Speed) {
                    tr {
                        th.wrap scope="row" { a href={ "#ranking-" (at) } { (words::capital(&words::scenario(&section.parts))) } " (suite " (section.suite) ")" }
                        td.wrap { @if rests_on_unreliable(answer) { (Mark::Flagged.show()) " " } (best_names(answer)) }
                        td { @if let Some(next) = &answer.runner_up { (next.queue) " " (next.times_worse.map_or_else(String::new, |ratio| ratio_words(&ratio))) } }
                        td.wrap { (section.widest_answer(Matter::Cpu).map_or_else(String::new, best_names)) }
                        td.n { (answer.queues) }
                    }
                } } }
            }
        }
    }
}

/// Whether a figure that it rests on is unreliable.
fn rests_on_unreliable(answer: &Answer) -> bool {
    answer.best.iter().chain(&answer.runner_up).any(|candidate| candidate.unreliable.is_some())
}

/// Who may be the best of an answer's field, by name, as many as fit a cell.
pub fn best_names(answer: &Answer) -> String {
    let names: Vec<&str> = answer.best.iter().take(3).map(|candidate| candidate.queue.as_str()).collect();
    let more = answer.best.len().saturating_sub(names.len());
    let more = if more == 0 { String::new() } else { format!(" or {more} more") };
    format!("{}{more}", names.join(" or "))
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
fn card(summary: &Summary, at: usize, answer: &Answer, is_first: bool) -> Markup {
    let section = &summary.scenarios[at];
    let matter = match (answer.matter, section.scenario.workload.is_timed()) {
        (Matter::Cpu, _) => "cpu",
        (Matter::Speed, true) => "time",
        (Matter::Speed, false) => "rate",
    };
    html! {
        article.answer aria-label=(words::scenario(&section.parts)) id=[is_first.then_some("first-answer")]
            data-producers=(section.parts.producers) data-consumers=(section.parts.consumers) data-room=(words::room(&section.parts))
            data-payload={ (section.parts.payload_bytes) @if section.parts.boxed { " boxed" } } data-boundary=(words::boundary(&section.parts))
            data-machine=(section.machine) data-workload=(section.parts.workload) data-matter=(matter) data-wait=(wait_id(answer.wait)) {
            h3.lead { (lead(section, answer)) }
            (twins(summary, at, answer))
            p { (matter_words(section, answer)) ", for " b { (words::scenario(&section.parts)) } (wait_words(answer.wait)) ". "
                @if answer.matter == Matter::Speed { "Cpu is that of all ends together. " }
                "Measured on " (section.machine) ", " (section.started.get(..10).unwrap_or_default()) ", suite " (section.suite) "." }
            (best_set(section, answer))
            (certainty(section, answer))
            (caveats(summary, at, answer))
            p.fine.more-links { "More: " a href={ "#ranking-" (at) } { "its ranking" } ", " a href={ "#cost-" (at) } { "its cpu cost" } ", " a href={ "#quality-" (at) } { "its blocks" }
                @if let Some(across) = summary.crossings.iter().position(|across| across.sections.contains(&at)) { ", " a href={ "#boundary-" (across) } { "threads or processes" } } }
        }
    }
}

/// The answer, and of which field it is one.
fn lead(section: &Section, answer: &Answer) -> String {
    let sentence = answer.sentence.as_deref().unwrap_or("too little is known to say");
    match answer.queues {
        0 | 1 => format!("{sentence}."),
        queues => format!("Of {} in {}: {sentence}.", count(queues, "queue"), section.field()),
    }
}

/// That other runs have the same scenario with another field, and what those say.
fn twins(summary: &Summary, at: usize, answer: &Answer) -> Markup {
    let section = &summary.scenarios[at];
    let other = |twin: usize| {
        let twin = &summary.scenarios[twin];
        let same = |other: &&Answer| (other.wait, other.matter) == (answer.wait, answer.matter);
        (twin, twin.answers.iter().find(same).filter(|other| other.queues > 0))
    };
    let theirs = section.twins.iter().filter_map(|twin| other(*twin).1);
    let firsts = std::iter::once(answer).chain(theirs).filter_map(|answer| answer.best.first());
    html! {
        @if !section.twins.is_empty() {
            p.twin {
                @for (twin, (other, theirs)) in section.twins.iter().map(|twin| (twin, other(*twin))) {
                    a href={ "#ranking-" (twin) } { "Another run" } ", " (other.field()) ", has the same scenario with " (section.unlike(other))
                    @if let Some(theirs) = theirs { ": of its " (count(theirs.queues, "queue")) " the best may be " (best_names(theirs)) } ". "
                }
                "Rates of two runs are not to be compared, so which of these is better is not decided. To decide, put them into one run: " code { (one_run(section, firsts)) }
            }
        }
    }
}

/// What a reader of the sentence alone would not think of: who was not there, and where it ran.
fn caveats(summary: &Summary, at: usize, answer: &Answer) -> Markup {
    let section = &summary.scenarios[at];
    let compared: Vec<&str> = section
        .ranking
        .rows
        .iter()
        .filter(|row| row.times_slower.is_some() && answer.wait.allows(&row.queue))
        .map(|row| row.queue.as_str())
        .collect();
    let missing = missing(section, |queue| answer.wait.allows(queue));
    let machine = summary.machines.iter().find(|machine| machine.id == section.machine);
    let is_virtual = machine.is_some_and(|machine| machine.fingerprint.hypervisor.is_some());
    let best = answer.best.iter().map(|candidate| &candidate.queue);
    let house = section.house_note(best, |queue| answer.wait.allows(queue));
    html! {
        @if let Some(house) = house { p.fine { (house) "." } }
        p.fine {
            b { "Mind: " }
            @if compared.len() > 1 { "compared were " (compared.join(", ")) ". " }
            @if missing > 0 { (count(missing, "queue")) " more could run this and did not (the ranking names them). " }
            @if section.parts.placement == "same-cpu" { (section.threads) " " (section.parts.boundary) " shared one cpu, so that only one of them ran at a time. " }
            @else if section.oversubscribed { (section.threads) " " (section.parts.boundary) " outnumbered the cpus they ran on, so some waited for one. " }
            @if is_virtual { "The machine is a virtual one. " }
        }
    }
}

/// What puts these into one run.
fn one_run<'a>(section: &Section, candidates: impl Iterator<Item = &'a Candidate>) -> String {
    let queues: BTreeSet<&String> = candidates.map(|candidate| &candidate.queue).collect();
    let (suite, scenario) = (section.suite_option(), &section.ranking.scenario);
    format!("queuebench run{suite} -s '^{scenario}$' -q {}", these_queues(queues.into_iter()))
}

/// Queues that could have run in this scenario and did not, of those that are `allowed`.
pub fn missing(section: &Section, allowed: impl Fn(&str) -> bool) -> usize {
    let absent = section.absent.iter().filter(|absent| absent.kind == AbsentKind::NotMeasured);
    absent.flat_map(|absent| &absent.queues).filter(|queue| allowed(queue) && !is_limit(queue)).count()
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
                thead { tr { th scope="col" { "queue" } th.n scope="col" { (worse) } @if answer.matter == Matter::Speed { th.n scope="col" { "cpu/message" } } th.n scope="col" { (value_head) " [95 %]" } th scope="col" { "place" } } }
                tbody {
                    @for (candidate, place) in rows.chain(answer.runner_up.iter().map(|candidate| (candidate, "next"))) {
                        (candidate_row(section, answer, candidate, place))
                    }
                }
            }
        }
        @for words in answer.best.iter().take(MOST_SHOWN).chain(&answer.runner_up).filter_map(|candidate| section.two_speeds(&candidate.queue, candidate.modes)) {
            p.fine { "Two speeds, each block at one of them: " (words) "." }
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
            td.n { (ratio) }
            @if answer.matter == Matter::Speed { td.n { (candidate.cpu_ns_per_message.map_or_else(String::new, duration)) } }
            td.n { (value) }
            td { (if is_sole { "best" } else { place }) @if let Some(why) = &candidate.unreliable { " " (Mark::Flagged.show()) " unreliable: " (why) } }
        }
    }
}

/// How sure it is, in plain words.
fn verdict(section: &Section, answer: &Answer, rounds: usize) -> String {
    let best = answer.best.len();
    let is_known = |candidate: &Candidate| candidate.times_worse.is_some_and(|ratio| ratio.interval.is_some());
    let margin = percentage(section.ranking.margin);
    let equivalent = |candidate: &Candidate| candidate.verdict.is_some_and(Verdict::is_equivalent);
    let next = || Some((answer.runner_up.as_ref()?, answer.runner_up.as_ref()?.times_worse?.interval?));
    if answer.queues < 2 {
        return "Nothing is compared: one queue was measured.".into();
    }
    if !answer.best.iter().all(is_known) {
        return format!("Few rounds: {} cannot say which is best.", count(rounds, "round"));
    }
    if rests_on_unreliable(answer) {
        return "Doubtful: a figure that this rests on is unreliable; its row says why.".into();
    }
    let worse = if answer.matter == Matter::Cpu { "times as dear" } else { "times slower" };
    match (best, next()) {
        (1, Some((next, _))) if equivalent(next) => format!("Close: the next is worse, by {margin} at most."),
        (1, Some((_, [least, _]))) => {
            let clear = if least > 1.0 + section.ranking.margin { "Clear" } else { "Clear, but perhaps by little" };
            format!("{clear}: the next is at least {} {worse}.", end_words(least))
        }
        (1, None) => "Open: how far behind the next is, is not known.".into(),
        (best, _) if answer.best.iter().all(equivalent) => {
            format!("Clear: the first {best} are as good as each other, within {margin}.")
        }
        (best, _) => format!("Open: the first {best} cannot be told apart."),
    }
}

/// What that rests on, in a sentence or three.
fn certainty(section: &Section, answer: &Answer) -> Markup {
    let rounds = answer
        .best
        .iter()
        .chain(&answer.runner_up)
        .filter_map(|candidate| candidate.times_worse)
        .map(|ratio| ratio.rounds);
    let fewest = rounds.min().unwrap_or(section.ranking.rounds);
    html! {
        p { b { (verdict(section, answer, fewest)) } }
        p.fine {
            b { "How sure: " }
            (count(fewest, "round")) " at least, each queue in a fresh process every round"
            @if answer.queues > 1 { "; the brackets of all " (answer.queues) " queues hold together: of 20 such rankings, 19 have every true ratio within its bracket" }
            ". "
            "Rates within " (percentage(section.ranking.margin)) " are called equivalent"
            @if section.ranking.equivalence_withheld { ", but that word is withheld here: a queue differs from itself by more" }
            ". "
            @if let Some(twice) = section.ranking.same_queue_twice {
                "The same code run twice in a round: second over first " (ratio_words(&twice)) ". "
            }
            @if !section.ranking.noise.is_empty() {
                "One block differs from another of the same queue, by the median of such pairs, by "
                (section.ranking.noise.iter().map(|noise| format!("{:.0} % ({})", noise.median_difference * 100.0, noise.family)).collect::<Vec<_>>().join(", "))
                "; that is why it takes rounds, and it is in the brackets."
            }
        }
    }
}

/// The form; its choices are what was measured.
fn chooser(sections: &[Section], machines: &[Machine]) -> Markup {
    let answered = || {
        sections
            .iter()
            .filter(|section| !section.is_program() && section.answers.iter().any(|answer| answer.queues > 0))
    };
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
