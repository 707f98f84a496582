//! Can it be believed: every block as a dot in the order they ran, what disturbed them, and what a queue differs from
//! itself by.

use maud::{Markup, html};

use super::mark::{self, Mark, pixels};
use super::scale::Scale;
use super::strip::{short, thinned};
use super::words::heading;
use crate::ranking::{Dots, Row};
use crate::summary::Section;
use crate::table::count;

const STRIP: f64 = 420.0;
const TALL: f64 = 34.0;

/// Every scenario's blocks.
pub fn section(sections: &[&Section]) -> Markup {
    html! {
        section #quality aria-labelledby="h-quality" {
            h2 #h-quality { "Quality" }
            p {
                "Every block as a dot, in the order they ran, from slow (below) to fast (above) beside its queue's median. A block is a fresh process; none is left "
                "out. Round: an ordinary block; square: the second block of one queue in a round (an A/A pair: the same code twice); "
                "cross: something disturbed it. Two bands of dots are two speeds: then no single figure describes the queue."
            }
            @for (at, section) in sections.iter().enumerate() {
                details.scenario { summary { (heading(section, sections)) span.finding { (finding(section)) } } div id={ "quality-" (at) } { (blocks(section)) } }
            }
        }
    }
}

/// The noise floor, what was disturbed, and how many run at two speeds.
pub fn finding(section: &Section) -> String {
    let rows = &section.ranking.rows;
    let all: usize = rows.iter().map(|row| row.blocks + row.failed_blocks).sum();
    let disturbed: usize = rows.iter().flat_map(|row| row.disturbed.values()).sum();
    let failed: usize = rows.iter().map(|row| row.failed_blocks).sum();
    let two = rows.iter().filter(|row| row.modes.is_some()).count();
    let unreliable = rows.iter().filter(|row| row.unreliable.is_some()).count();
    let twice = section.ranking.same_queue_twice.map_or_else(String::new, |ratio| {
        format!("; the second of two blocks of one queue is {:.3} times the first", ratio.estimate)
    });
    format!(
        "{}: {disturbed} disturbed, {failed} failed; {} at two speeds, {unreliable} unreliable{twice}",
        count(all, "block"),
        count(two, "queue")
    )
}

fn blocks(section: &Section) -> Markup {
    let median = |dots: &Dots| row(section, dots).and_then(|row| row.value);
    let ratios = section.dots.iter().filter_map(|dots| Some((dots, median(dots)?)));
    let ratios = ratios.flat_map(|(dots, median)| dots.values.iter().flatten().map(move |value| value / median));
    let scale = Scale::around_one(ratios, TALL - 3.0, 3.0);
    html! {
        @if !section.ranking.noise.is_empty() {
            p { "Run twice in a round, a queue differs from itself by (medians over such pairs): "
                @for (at, noise) in section.ranking.noise.iter().enumerate() {
                    @if at > 0 { ", " }
                    (noise.family) " " (percentage_of(noise.median_difference)) " (" (count(noise.pairs, "pair")) ")"
                } "."
            }
        }
        @if let Some(scale) = scale {
            p.fine { "The lines in each strip are at " (thinned(scale, 7.0).into_iter().map(short).collect::<Vec<_>>().join(", ")) " times the median, on a logarithmic axis that holds every block." }
        }
        div.scroll role="region" tabindex="0" aria-label={ "blocks of " (section.ranking.scenario) } {
            table {
                thead { tr { th scope="col" { "queue" } th scope="col" { "blocks, in order" } th.n scope="col" { "n" } th.n scope="col" { "spread" } th scope="col" { "flags" } } }
                tbody { @for dots in &section.dots { @if let Some(row) = row(section, dots) {
                    tr data-q=(row.queue) {
                        th scope="row" { (mark::name(&row.queue)) }
                        td.strip { @if let Some((scale, median)) = scale.zip(row.value) { (strip(dots, median, scale)) } @else { (Mark::Failed.show()) " " (row.outcome) } }
                        td.n { (row.blocks + row.failed_blocks) }
                        td.n { (row.spread.map_or_else(String::new, percentage_of)) }
                        td.remarks { (flags(row)) }
                    }
                } } }
            }
        }
        p.fine { "spread: (p90 \u{2212} p10) / median over blocks" }
    }
}

fn percentage_of(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn row<'a>(section: &'a Section, dots: &Dots) -> Option<&'a Row> {
    section.ranking.rows.iter().find(|row| row.queue == dots.queue)
}

fn flags(row: &Row) -> Markup {
    let mut parts: Vec<String> = row.flags.iter().map(|(flag, blocks)| format!("{flag} in {blocks}")).collect();
    parts.extend(row.disturbed.iter().map(|(signal, blocks)| format!("{signal} in {blocks}")));
    parts.extend(row.modes.map(|_| "two speeds".to_owned()));
    parts.extend((row.failed_blocks > 0).then(|| format!("{} in {}", row.outcome, row.failed_blocks)));
    parts.extend(row.unreliable.clone());
    html! { @if !parts.is_empty() { (Mark::Flagged.show()) " " (parts.join("; ")) } }
}

/// A queue's blocks: dots of zero length with round or square ends, so that thousands of them stay small.
fn strip(dots: &Dots, median: f64, scale: Scale) -> Markup {
    let last = dots.values.len().max(2) - 1;
    let x = |at: usize| 5.0 + at as f64 / last as f64 * (STRIP - 10.0);
    let (mut plain, mut second, mut disturbed, mut failed) =
        (String::new(), String::new(), String::new(), String::new());
    let mut marks = dots.disturbed.iter().map(|(at, _)| *at).peekable();
    for (at, value) in dots.values.iter().enumerate() {
        let is_disturbed = marks.next_if_eq(&at).is_some();
        let left = pixels(x(at));
        let Some(value) = value else {
            failed.push_str(&format!("M{left} {}v6", pixels(TALL - 6.0)));
            continue;
        };
        let y = scale.at(value / median);
        match (is_disturbed, dots.second.binary_search(&at).is_ok()) {
            (true, _) => disturbed.push_str(&format!("M{} {}l4 4m0-4l-4 4", pixels(x(at) - 2.0), pixels(y - 2.0))),
            (_, true) => second.push_str(&format!("M{left} {}h0", pixels(y))),
            _ => plain.push_str(&format!("M{left} {}h0", pixels(y))),
        }
    }
    html! {
        svg.blocks width=(STRIP) height=(TALL) viewBox={ "0 0 " (STRIP) " " (TALL) } role="img" aria-label={ (count(dots.values.len(), "block")) " of " (dots.queue) } {
            (level_lines(scale))
            @if !plain.is_empty() { path.dots d=(plain) {} }
            @if !second.is_empty() { path.dots.second d=(second) {} }
            @if !disturbed.is_empty() { path.dots.disturbed d=(disturbed) {} }
            @if !failed.is_empty() { path.dots.failed d=(failed) {} }
        }
    }
}

fn level_lines(scale: Scale) -> Markup {
    let lines: String =
        thinned(scale, 7.0).into_iter().map(|tick| format!("M0 {}H{STRIP}", pixels(scale.at(tick)))).collect();
    html! { path.guide d=(lines) {} }
}
