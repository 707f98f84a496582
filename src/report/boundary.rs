//! Threads or processes: every transport on both sides of the boundary, and the ladder from a ring on the heap to a ring
//! between processes.

use maud::{Markup, html};

use super::figure::{LONE_INTERVAL, range};
use super::mark::{self, Mark, marker, pixels};
use super::scale::Scale;
use super::strip::{axis, ends, guides, whisker};
use super::words::{self, cell};
use crate::ranking::{Change, Crossing, OneSide, Step, ratio_words};
use crate::summary::{Across, Summary, ladder_finding, overall, side_words, verdict_of_change};
use crate::table::{duration, percentage};

const STRIP: f64 = 220.0;

/// All scenarios that were run on both sides.
pub fn section(summary: &Summary) -> Markup {
    html! {
        section #boundary aria-labelledby="h-boundary" {
            h2 #h-boundary { "Threads or processes?" }
            p { "The same queue between threads and between processes, in the same rounds: a ratio above 1 says that processes are faster. The bracket is what counts: where it holds 1, neither is known to be. A ratio is the middle of the ratios within each round, not one median over the other; the two differ where a queue is restless. Queues of a crate live in one process and have no place here: " code { "shm/\u{2026}" } " are rings in shared memory, " code { "os/\u{2026}" } " what the kernel offers." }
            @if summary.crossings.is_empty() {
                p.empty { (Mark::NotMeasured.show()) " No queue was run on both sides here. Measure with: queuebench run --suite boundary" }
            } @else if let Some(finding) = overall(&summary.crossings, &summary.scenarios) { p.finding { (finding) } }
            @for (at, Across { finding, crossing, sections, .. }) in summary.crossings.iter().enumerate() {
                details.scenario open[at == 0] {
                    summary { (words::capital(&words::scenario(&summary.scenarios[sections[0]].parts))) ", and the same between processes " code { (crossing.threads) } span.finding { (finding) } }
                    div id={ "boundary-" (at) } {
                        (transports(crossing))
                        // Its other steps stand in the table above.
                        @if crossing.ladder.iter().any(|step| step.to.ends_with("threads")) { (ladder(crossing)) }
                    }
                }
            }
        }
    }
}

fn scale(changes: &[&Change]) -> Option<Scale> {
    let ratios = changes.iter().filter_map(|change| change.times_faster);
    Scale::around_one(ratios.flat_map(ends), 8.0, STRIP - 8.0)
}

fn transports(crossing: &Crossing) -> Markup {
    let scale = scale(&crossing.queues.iter().map(|queue| &queue.change).collect::<Vec<_>>());
    html! {
        div.scroll role="region" tabindex="0" aria-label={ "threads and processes in " (crossing.threads) } {
            table.sortable {
                thead { tr {
                    th scope="col" { "queue" }
                    th scope="col" { "processes are" }
                    th.n scope="col" { "times faster [95 %]" }
                    th.strip scope="col" data-nosort { (head(scale)) }
                    th.n scope="col" { "threads" }
                    th.n scope="col" { "processes" }
                    th.n scope="col" { "cpu/message, threads" }
                    th.n scope="col" { "cpu/message, processes" }
                    th.n scope="col" { "holds" }
                } }
                tbody { @for queue in &crossing.queues {
                    tr data-q=(queue.queue) {
                        th scope="row" { (mark::name(&queue.queue)) }
                        (change_cells(&queue.queue, &queue.change, scale))
                        (value(crossing, &queue.threads)) (value(crossing, &queue.processes))
                        (cost(&queue.threads)) (cost(&queue.processes))
                        (holds(crossing, &queue.threads))
                    }
                } }
            }
        }
        p.fine { (crossing.unit) ", " (if crossing.is_timed { "lower" } else { "higher" }) " is better \u{b7} "
            (rounds(crossing)) " \u{b7} " (LONE_INTERVAL) " \u{b7} " (verdicts(crossing)) " \u{b7} A or B: it runs at two speeds, a block at one of them \u{b7} holds: messages it took before it said it was full, ! where that is not what was asked for" }
    }
}

fn verdicts(crossing: &Crossing) -> String {
    let margin = percentage(crossing.margin);
    format!(
        "equivalent: the bracket lies within {margin}; equivalent+ and equivalent-: it does, and surely above 1, or below"
    )
}

fn rounds(crossing: &Crossing) -> String {
    range(crossing.queues.iter().filter_map(|queue| Some(queue.change.times_faster?.rounds)), "round")
}

fn head(scale: Option<Scale>) -> Markup {
    html! {
        "processes : threads"
        (axis(scale, STRIP, 28.0))
    }
}

fn change_cells(queue: &str, change: &Change, scale: Option<Scale>) -> Markup {
    let ratio = change.times_faster;
    html! {
        td { @if change.unreliable { (Mark::Flagged.show()) " " } @if ratio.is_none() { (Mark::Failed.show()) " " } (verdict_of_change(change)) }
        (cell(ratio.map(|ratio| ratio.estimate), &ratio.map_or_else(String::new, |ratio| ratio_words(&ratio))))
        td.strip { @if let Some((scale, ratio)) = scale.zip(ratio) {
            svg.whiskers width=(STRIP) height="18" viewBox={ "0 0 " (STRIP) " 18" } aria-hidden="true" {
                (guides(scale, 18.0))
                path.one d={ "M" (pixels(scale.at(1.0))) " 0v18" } {}
                (whisker(&ratio, scale, 9.0))
                (marker(queue, scale.at(ratio.estimate), 9.0))
            }
        } }
    }
}

fn value(crossing: &Crossing, side: &OneSide) -> Markup {
    match side_words(crossing, side) {
        Some(words) => cell(side.value, &words),
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
        p.finding { (ladder_finding(&crossing.ladder)) }
        p { "From a ring on the heap (L0) over one mapping of shared memory (L1), a mapping for each end (L2) and a shared futex key (L3) to two processes (L4); for the kernel's queues from two threads (KT) to two processes (KP)." }
        div.scroll role="region" tabindex="0" aria-label={ "the ladder in " (crossing.threads) } {
            table.sortable {
                thead { tr { th scope="col" { "step" } th scope="col" { "to" } th scope="col" { "it is" } th.n scope="col" { "times faster [95 %]" } th.strip scope="col" data-nosort { (head(scale)) } th scope="col" { "changes" } } }
                tbody { @for step in &crossing.ladder { (rung(step, scale)) } }
            }
        }
        p.fine { "times as fast as the step before, higher is better \u{b7} " (range(crossing.ladder.iter().filter_map(|step| Some(step.change.times_faster?.rounds)), "round")) " \u{b7} " (LONE_INTERVAL) }
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
            td { (mark::name(queue)) " " (step.to.split_once(' ').map_or("", |(_, side)| side)) }
            (change_cells(queue, &step.change, scale))
            td { (step.changes) }
        }
    }
}
