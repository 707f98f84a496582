//! Each scenario's ranking: rank ranges, figures, and what they are beside the best as dots and whiskers.

use maud::{Markup, html};

use super::answer::{best_names, missing};
use super::figure::{RATIO_INTERVAL, range};
use super::mark::{self, Mark};
use super::scale::Scale;
use super::strip::{axis, ends, guides, whisker};
use super::words::{self, cell, heading};
use crate::protocol::Outcome;
use crate::ranking::{Matter, Row, ratio_words};
use crate::summary::{AbsentKind, Section, rank_words, verdict_words};
use crate::table::{count, duration};

/// The width of the strip beside a row.
const STRIP: f64 = 180.0;

/// All scenarios, the first one open.
pub fn section(sections: &[&Section]) -> Markup {
    html! {
        section #ranking aria-labelledby="h-ranking" {
            h2 #h-ranking { "Ranking" }
            p {
                "For each scenario the queues, those that may be the best first. A rank of 1\u{2013}3 says that three queues "
                "cannot be told apart; it is no worse than 1."
                span.scripted hidden { " Click on a queue to mark it everywhere, on a column's head to sort." }
            }
            @for (at, section) in sections.iter().enumerate() {
                details.scenario open[at == 0] data-scenario=(section.ranking.scenario) {
                    summary { (heading(section, sections)) @if let Some(headline) = &section.headline { span.finding { (headline) } } (others(section, sections)) }
                    div id={ "ranking-" (at) } { (ranking(section)) }
                }
            }
            (mark::legend())
        }
    }
}

/// What else there is: who could have run, and that another run has the same scenario.
fn others(section: &Section, sections: &[&Section]) -> Markup {
    let missing = missing(section, |_| true);
    let twin = |twin: &Section| {
        let best = twin.widest_answer(Matter::Speed).filter(|answer| answer.queues > 0);
        let best =
            best.map(|best| format!(", where of {} the best may be {}", count(best.queues, "queue"), best_names(best)));
        format!("{}{}", twin.field(), best.unwrap_or_default())
    };
    let twins: Vec<String> = section.twins.iter().map(|at| twin(sections[*at])).collect();
    html! {
        @if missing > 0 && section.headline.is_some() { span.fine { (count(missing, "queue")) " more could run this and did not." } }
        @if !twins.is_empty() {
            span.twin { "Not all there is: the same scenario is in " (twins.join("; and in ")) ". Rates of two runs are not to be compared." }
        }
    }
}

fn ranking(section: &Section) -> Markup {
    let ratios = section.ranking.rows.iter().filter_map(|row| row.times_slower);
    let scale = Scale::log(ratios.flat_map(ends).chain([1.0]), 8.0, STRIP - 8.0);
    let has_switches = section.ranking.rows.iter().any(|row| row.voluntary_switches_per_message.is_some());
    html! {
        div.scroll role="region" tabindex="0" aria-label={ "ranking of " (section.ranking.scenario) } {
            table.sortable {
                thead { tr {
                    th scope="col" { "rank" }
                    th scope="col" { "queue" }
                    th.n scope="col" { (section.value_head()) }
                    th.n scope="col" { "times slower [95 %]" }
                    th.strip scope="col" data-nosort { "times slower than the best" (axis(scale, STRIP, 26.0)) }
                    th scope="col" { "verdict" }
                    th.n scope="col" { "cpu/message" }
                    th scope="col" { "ran" }
                    th.n scope="col" { "its 95 %" }
                    @if has_switches { th.n scope="col" { "sleeps/message" } }
                    th.n scope="col" { "blocks" }
                    th scope="col" { "remarks" }
                } }
                tbody { @for row in &section.ranking.rows { (row_of(section, row, scale, has_switches)) } }
            }
        }
        p.fine {
            (words::unit(section)) " \u{b7} " (range(section.ranking.rows.iter().filter(|row| !row.limit).map(|row| row.blocks), "block"))
            @if section.ranking.rows.iter().any(|row| row.limit) { ", limits apart" }
            " \u{b7} " (section.value_head()) ": median over blocks, and its 95 % order-statistic interval"
            " \u{b7} times slower than the best: " (RATIO_INTERVAL)
        }
        @for note in section.notes(false) { p.fine { (note) } }
        (absent(section))
    }
}

fn row_of(section: &Section, row: &Row, scale: Option<Scale>, has_switches: bool) -> Markup {
    let class = match row {
        row if row.outcome != Outcome::Ok => "failed",
        row if row.limit => "limit",
        row if row.may_be_best => "best",
        _ => "",
    };
    let value = |value: f64| section.value(value);
    let ratio = row.times_slower;
    let ran = row
        .regime
        .map_or("\u{2013}".into(), |regime| format!("{}{}", regime.word(), if row.other_regime { "*" } else { "" }));
    html! {
        tr class=(class) data-q=(row.queue) {
            td data-v=[row.ranks.map(|[best, worst]| best * 1000 + worst)] {
                @if row.limit { "limit" } @else { (row.ranks.map_or_else(String::new, rank_words)) }
            }
            th scope="row" { (mark::name(&row.queue)) }
            @if row.value.is_none() { td.n { (Mark::Failed.show()) " " (row.outcome) } }
            @else { (cell(row.value, &section.value_of(row))) }
            (cell(ratio.map(|ratio| ratio.estimate), &ratio_cell(row)))
            td.strip { (strip(row, scale)) }
            td { @if row.unreliable.is_some() { (Mark::Flagged.show()) " " } (verdict_words(row)) }
            (cell(row.cpu_ns_per_message, &row.cpu_ns_per_message.map_or_else(String::new, duration)))
            td { (ran) }
            (cell(None, &row.value_interval.map_or_else(String::new, |[low, high]| between(&value(low), &value(high)))))
            @if has_switches {
                (cell(row.voluntary_switches_per_message, &row.voluntary_switches_per_message.map_or_else(String::new, crate::table::significant)))
            }
            (cell(Some(row.blocks as f64), &row.blocks.to_string()))
            td.remarks { (section.remarks(row)) }
        }
    }
}

/// Two figures, with their unit once where it is the same.
fn between(low: &str, high: &str) -> String {
    let unit = |text: &str| text.split_once(' ').map(|(_, unit)| unit.to_owned());
    let low = if unit(low) == unit(high) { low.split(' ').next().unwrap_or(low) } else { low };
    format!("{low} \u{2013} {high}")
}

/// How many times slower, where it is not the best beyond doubt.
pub fn ratio_cell(row: &Row) -> String {
    match row.times_slower {
        Some(_) if row.may_be_best && row.verdict.is_none() => "1".into(),
        ratio => ratio.map_or_else(String::new, |ratio| ratio_words(&ratio)),
    }
}

fn strip(row: &Row, scale: Option<Scale>) -> Markup {
    let (Some(scale), Some(ratio)) = (scale, row.times_slower) else { return html! {} };
    html! {
        svg.whiskers width=(STRIP) height="18" viewBox={ "0 0 " (STRIP) " 18" } aria-hidden="true" {
            (guides(scale, 18.0))
            (whisker(&ratio, scale, 9.0))
            (mark::marker(&row.queue, scale.at(ratio.estimate), 9.0))
        }
    }
}

/// Queues without a block here.
fn absent(section: &Section) -> Markup {
    if section.absent.is_empty() {
        return html! {};
    }
    let of = |kind: AbsentKind| section.absent.iter().filter(move |absent| absent.kind == kind);
    html! {
        details.absent {
            summary { "Queues without a row here, and why" }
            @for (kind, mark) in [(AbsentKind::NotMeasured, Mark::NotMeasured), (AbsentKind::NotSupported, Mark::NotSupported)] {
                @if of(kind).next().is_some() {
                    p { (mark.show()) " " b { (words::capital(mark.words())) } }
                    ul { @for absent in of(kind) { li { (absent.reason) ": " (absent.queues.join(", ")) } } }
                }
            }
        }
    }
}
