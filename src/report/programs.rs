//! Whole programs: what the choice of a queue, or of a way to synchronise, means to them.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::figure::LONE_INTERVAL;
use super::mark::{self, Mark};
use super::ranking::ratio_cell;
use super::words::{self, cell};
use crate::protocol::Outcome;
use crate::ranking::{Row, ratio_words};
use crate::summary::{Section, named_figure, program_finding, verdict_words};
use crate::table::duration;

/// Every program, each with what it counted besides.
pub fn section(sections: &[&Section]) -> Markup {
    let mut programs: Vec<(usize, &Section)> =
        sections.iter().copied().enumerate().filter(|(_, section)| section.is_program()).collect();
    // The crawler first, and what belongs together together, in whatever runs it was measured.
    programs.sort_by_key(|(_, section)| section.scenario);
    html! {
        section #programs aria-labelledby="h-programs" {
            h2 #h-programs { "Whole programs" }
            p { "The programs of a course on concurrency, measured whole: does the choice of a queue, or of a way to synchronise, matter to them? \u{201c}Equivalent\u{201d} is an answer." }
            @if programs.is_empty() {
                p.empty { (Mark::NotMeasured.show()) " No program was run here. Measure with: queuebench run --suite apps" }
            }
            @for (nth, (at, section)) in programs.iter().enumerate() {
                details.scenario open[nth == 0] {
                    summary { (words::heading(section, sections)) span.finding { (program_finding(section)) } }
                    div id={ "program-" (at) } { (table(section)) p.fine { a href={ "#ranking-" (at) } { "Its ranking" } ", " a href={ "#quality-" (at) } { "its blocks" } } }
                }
            }
        }
    }
}

fn table(section: &Section) -> Markup {
    let names: BTreeSet<&String> = section.ranking.rows.iter().flat_map(|row| row.figures.keys()).collect();
    let has_speed_up = !section.speed_up.is_empty();
    html! {
        div.scroll role="region" tabindex="0" aria-label={ "the program " (section.ranking.scenario) } {
            table.sortable {
                thead { tr {
                    th scope="col" { "queue or way" }
                    th.n scope="col" { (section.value_head()) }
                    @if has_speed_up { th.n scope="col" { "times one alone [95 %]" } }
                    th.n scope="col" { "times slower [95 %]" }
                    th scope="col" { "verdict" }
                    @for name in &names { th.n scope="col" { (named_figure(name, 0.0).0) } }
                    th.n scope="col" { "cpu each" }
                    th.n scope="col" { "blocks" }
                } }
                tbody { @for row in &section.ranking.rows { (row_of(section, row, &names, has_speed_up)) } }
            }
        }
        p.fine {
            (words::unit(section)) " \u{b7} medians over blocks; of the other figures the middle, in brackets the least and the most of all blocks"
            @if has_speed_up { " \u{b7} times one alone: " (LONE_INTERVAL) }
        }
    }
}

fn row_of(section: &Section, row: &Row, names: &BTreeSet<&String>, has_speed_up: bool) -> Markup {
    let speed_up = section.speed_up.iter().find(|pair| pair.of == row.queue).map(|pair| pair.times_faster);
    html! {
        tr.failed[row.outcome != Outcome::Ok].limit[row.limit].best[row.may_be_best] data-q=(row.queue) {
            th scope="row" { (mark::name(&row.queue)) }
            @if row.value.is_none() { td.n { (Mark::Failed.show()) " " (row.outcome) } }
            @else { (cell(row.value, &section.value_of(row))) }
            @if has_speed_up { (cell(speed_up.map(|ratio| ratio.estimate), &speed_up.map_or_else(String::new, |ratio| ratio_words(&ratio)))) }
            (cell(row.times_slower.map(|ratio| ratio.estimate), &ratio_cell(row)))
            td { @if row.unreliable.is_some() { (Mark::Flagged.show()) " " } (verdict_words(row)) }
            @for name in names { @match row.figures.get(*name) {
                Some(figure) => (cell(Some(figure[0]), &spread(name, *figure))),
                None => td.n { "\u{2013}" }
            } }
            (cell(row.cpu_ns_per_message, &row.cpu_ns_per_message.map_or_else(String::new, duration)))
            (cell(Some(row.blocks as f64), &row.blocks.to_string()))
        }
    }
}

/// A figure's middle, and between what it lay where it was not always the same.
fn spread(name: &str, [middle, least, most]: [f64; 3]) -> String {
    let words = |figure| named_figure(name, figure).1;
    if least == most { words(middle) } else { format!("{} [{}, {}]", words(middle), words(least), words(most)) }
}
