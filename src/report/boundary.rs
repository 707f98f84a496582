//! Threads or processes: every transport on both sides of the boundary, and the ladder from a ring on the heap to a ring
//! between processes.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::figure::LONE_INTERVAL;
use super::mark::{self, Mark, marker, pixels};
use super::ranking::{guides, short, thinned, whisker};
use super::scale::Scale;
use super::words::cell;
use crate::ranking::{BothSides, Change, Crossing, OneSide, Step, ratio_words};
use crate::summary::Summary;
use crate::table::{count, duration, rate};

const STRIP: f64 = 220.0;

/// All scenarios that were run on both sides.
pub fn section(summary: &Summary) -> Markup {
    html! {
        section #boundary aria-labelledby="h-boundary" {
            h2 #h-boundary { "Threads or processes?" }
            p { "The same queue between threads and between processes, in the same rounds: a ratio above 1 says that processes are faster. The bracket is what counts: where it holds 1, neither is known to be." }
            @if summary.crossings.is_empty() {
                p.empty { (Mark::NotMeasured.show()) " No queue was run on both sides here. Measure with: queuebench run --suite boundary" }
            } @else { p.finding { (overall(&summary.crossings)) } }
            @for (at, crossing) in summary.crossings.iter().enumerate() {
                details.scenario open[at == 0] {
                    summary { code { (crossing.threads) } span.finding { (finding(crossing)) } }
                    (transports(crossing))
                    @if crossing.ladder.iter().any(|step| step.step.starts_with('L')) { (ladder(crossing)) }
                }
            }
        }
    }
}

/// How often which verdict, over all scenarios.
fn overall(crossings: &[Crossing]) -> String {
    let all: Vec<&Change> = crossings.iter().flat_map(|crossing| &crossing.queues).map(|queue| &queue.change).collect();
    let cells = count(all.len(), "pair");
    format!("Over {}, {cells} of a queue on either side: {}.", count(crossings.len(), "scenario"), counted(&all))
}

fn finding(crossing: &Crossing) -> String {
    let changes: Vec<&Change> = crossing.queues.iter().map(|queue| &queue.change).collect();
    let sure = crossing.queues.iter().filter(|queue| matches!(word(&queue.change), "faster" | "slower"));
    let named: Vec<String> = sure
        .filter_map(|queue| Some(format!("{} {}", queue.queue, ratio_words(&queue.change.times_faster?))))
        .take(3)
        .collect();
    let named = if named.is_empty() { String::new() } else { format!("; {}", named.join(", ")) };
    format!("between processes {}{named}. {}", counted(&changes), fastest(crossing))
}

/// Which of these queues has the best figure on either side.
fn fastest(crossing: &Crossing) -> String {
    let sides: [(&str, fn(&BothSides) -> &OneSide); 2] =
        [("threads", |queue| &queue.threads), ("processes", |queue| &queue.processes)];
    let best = |(name, side): (&str, fn(&BothSides) -> &OneSide)| {
        let known = crossing.queues.iter().filter_map(|queue| Some((queue, side(queue).value?)));
        let sign = if crossing.is_timed { 1.0 } else { -1.0 };
        let (queue, value) = known.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))?;
        Some(format!("between {name} {} ({})", queue.queue, figure(crossing, value)))
    };
    let both: Vec<String> = sides.into_iter().filter_map(best).collect();
    if both.is_empty() { String::new() } else { format!("Best in the middle: {}.", both.join(", ")) }
}

fn figure(crossing: &Crossing, value: f64) -> String {
    if crossing.is_timed { duration(value) } else { rate(value) }
}

/// `3 faster, 2 equivalent`
fn counted(changes: &[&Change]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(word(change)).or_default() += 1;
    }
    let words: Vec<String> = counts.into_iter().map(|(word, times)| format!("{times} {word}")).collect();
    words.join(", ")
}

fn word(change: &Change) -> &'static str {
    match change {
        Change { times_faster: None, .. } => "without a figure",
        Change { unreliable: true, .. } => "unreliable",
        change => change.verdict.word(),
    }
}

fn scale(changes: &[&Change]) -> Option<Scale> {
    let ratios = changes.iter().filter_map(|change| change.times_faster);
    let ends = ratios.flat_map(|ratio| ratio.interval.into_iter().flatten().chain([ratio.estimate]));
    Scale::around_one(ends, 8.0, STRIP - 8.0)
}

fn transports(crossing: &Crossing) -> Markup {
    let scale = scale(&crossing.queues.iter().map(|queue| &queue.change).collect::<Vec<_>>());
    html! {
        div.scroll role="region" tabindex="0" aria-label={ "threads and processes in " (crossing.threads) } {
            table.sortable {
                thead { tr {
                    th scope="col" { "queue" }
                    th.n scope="col" { "threads" }
                    th.n scope="col" { "processes" }
                    th.n scope="col" { "times faster [95 %]" }
                    th.strip scope="col" data-nosort { (head(scale)) }
                    th scope="col" { "processes are" }
                    th.n scope="col" { "cpu/message, threads" }
                    th.n scope="col" { "processes" }
                    th.n scope="col" { "holds" }
                } }
                tbody { @for queue in &crossing.queues {
                    tr data-q=(queue.queue) {
                        th scope="row" { (mark::name(&queue.queue)) }
                        (value(crossing, &queue.threads)) (value(crossing, &queue.processes))
                        (change_cells(&queue.queue, &queue.change, scale))
                        (cost(&queue.threads)) (cost(&queue.processes))
                        (holds(crossing, &queue.threads))
                    }
                } }
            }
        }
        p.fine { (crossing.unit) ", " (if crossing.is_timed { "lower" } else { "higher" }) " is better \u{b7} "
            (rounds(crossing)) " \u{b7} " (LONE_INTERVAL) " \u{b7} holds: messages it took before it said it was full, ! where that is not what was asked for" }
    }
}

fn rounds(crossing: &Crossing) -> String {
    super::figure::range(crossing.queues.iter().filter_map(|queue| Some(queue.change.times_faster?.rounds)), "round")
}

fn head(scale: Option<Scale>) -> Markup {
    html! {
        "processes : threads"
        @if let Some(scale) = scale {
            svg.axis width=(STRIP) height="14" viewBox={ "0 0 " (STRIP) " 14" } aria-hidden="true" {
                @for tick in thinned(scale, 28.0) { text x=(pixels(scale.at(tick))) y="11" text-anchor="middle" { (short(tick)) } }
            }
        }
    }
}

fn change_cells(queue: &str, change: &Change, scale: Option<Scale>) -> Markup {
    let ratio = change.times_faster;
    html! {
        (cell(ratio.map(|ratio| ratio.estimate), &ratio.map_or_else(String::new, |ratio| ratio_words(&ratio))))
        td.strip { @if let Some((scale, ratio)) = scale.zip(ratio) {
            svg.whiskers width=(STRIP) height="18" viewBox={ "0 0 " (STRIP) " 18" } aria-hidden="true" {
                (guides(scale, 18.0))
                path.one d={ "M" (pixels(scale.at(1.0))) " 0v18" } {}
                (whisker(&ratio, scale, 9.0))
                (marker(queue, scale.at(ratio.estimate), 9.0))
            }
        } }
        td { @if change.unreliable { (Mark::Flagged.show()) " " } @if ratio.is_none() { (Mark::Failed.show()) " " } (word(change)) }
    }
}

fn value(crossing: &Crossing, side: &OneSide) -> Markup {
    match side.value {
        Some(value) => cell(Some(value), &figure(crossing, value)),
        None => html! { td.n { (Mark::Failed.show()) } },
    }
}

fn cost(side: &OneSide) -> Markup {
    cell(side.cpu_ns_per_message, &side.cpu_ns_per_message.map_or_else(String::new, duration))
}

fn holds(crossing: &Crossing, side: &OneSide) -> Markup {
    let words = side.capacity.map_or_else(String::new, |messages| {
        format!("{messages}{}", if crossing.asked == Some(messages) { "" } else { " !" })
    });
    cell(side.capacity.map(|messages| messages as f64), &words)
}

/// The steps from a ring on the heap to a ring between processes, each changing one thing.
fn ladder(crossing: &Crossing) -> Markup {
    let scale = scale(&crossing.ladder.iter().map(|step| &step.change).collect::<Vec<_>>());
    html! {
        h3 { "Step by step, each changing one thing" }
        div.scroll role="region" tabindex="0" aria-label={ "the ladder in " (crossing.threads) } {
            table.sortable {
                thead { tr { th scope="col" { "step" } th scope="col" { "changes" } th scope="col" { "to" } th.n scope="col" { "times faster [95 %]" } th.strip scope="col" data-nosort { (head(scale)) } th scope="col" { "it is" } } }
                tbody { @for step in &crossing.ladder { (rung(step, scale)) } }
            }
        }
        @if let Some(why) = crossing.ladder.iter().find_map(|step| step.not_isolated) {
            p.fine { "* not isolated: " (why) "; its ratio is one of noise" }
        }
    }
}

fn rung(step: &Step, scale: Option<Scale>) -> Markup {
    let queue = step.to.split(' ').next().unwrap_or_default();
    html! {
        tr data-q=(queue) {
            th scope="row" { (step.step) @if step.not_isolated.is_some() { "*" } }
            td { (step.changes) }
            td { (mark::name(queue)) " " (step.to.split_once(' ').map_or("", |(_, side)| side)) }
            (change_cells(queue, &step.change, scale))
        }
    }
}
