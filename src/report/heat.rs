//! The whole picture: every scenario by every queue, as the ratio to the scenario's best. No score over all of them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::mark::{self, Mark};
use super::words;
use crate::queue::Program;
use crate::ranking::Row;
use crate::summary::{AbsentKind, Section};
use crate::table::count;

/// Shades from as fast as the best to eight times slower and more: each is the square root of two of the one before.
const SHADES: f64 = 7.0;

/// Why a queue has no row in a scenario.
pub fn absent_mark(section: &Section, queue: &str) -> Mark {
    match section.why_absent(queue) {
        AbsentKind::NotSupported => Mark::NotSupported,
        AbsentKind::NotMeasured => Mark::NotMeasured,
    }
}

/// The table of all scenarios and queues.
pub fn section(sections: &[&Section]) -> Markup {
    // Ways to write a program that are no queues have a part of their own, and nobody else's columns.
    let is_of_queues =
        |section: &Section| section.scenario.workload.program().is_none_or(|program| program == Program::Crawl);
    let compared: Vec<&Section> =
        sections.iter().copied().filter(|section| section.headline.is_some() && is_of_queues(section)).collect();
    let queues = queues(&compared);
    html! {
        section #overview aria-labelledby="h-overview" {
            h2 #h-overview { "Overview" }
            p {
                "Every queue in every scenario: how many times slower than the best there. A dot: it may be the best. Queues stand "
                "in the order of how often they may be; that is a count, not a score, and says nothing of scenarios that are not yours."
            }
            @if compared.is_empty() { p.empty { (Mark::NotMeasured.show()) " nothing is compared in these files" } }
            @else {
                p.finding { (finding(&compared, &queues)) }
                div.scroll role="region" tabindex="0" aria-label="table: every scenario by every queue" {
                    table.heat {
                        thead { tr { th scope="col" { "scenario" } @for (queue, _) in &queues { th.turned scope="col" data-q=(queue) { span { (queue) } } } } }
                        tbody { @for section in &compared {
                            tr { th scope="row" title=(words::scenario(&section.parts)) { (mark::id(&section.ranking.scenario)) }
                                @for (queue, _) in &queues { (cell(section, queue)) } }
                        } }
                    }
                }
                p.fine { "times slower than the best of the scenario, lower is better; darker is slower, from 1 to 8 and more" }
                (mark::legend())
            }
        }
    }
}

/// The contenders, with in how many scenarios each may be the best, those first that may be most often.
fn queues<'a>(sections: &[&'a Section]) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in sections.iter().flat_map(|section| &section.ranking.rows).filter(|row| !row.limit) {
        let (best, all) = counts.entry(&row.queue).or_default();
        (*best, *all) = (*best + usize::from(row.may_be_best), *all + 1);
    }
    let mut queues: Vec<(&str, usize, usize)> =
        counts.into_iter().map(|(queue, (best, all))| (queue, best, all)).collect();
    queues.sort_by(|a, b| b.1.cmp(&a.1).then(b.2.cmp(&a.2)).then(a.0.cmp(b.0)));
    queues.into_iter().map(|(queue, best, _)| (queue, best)).collect()
}

fn finding(sections: &[&Section], queues: &[(&str, usize)]) -> String {
    let all = count(sections.len(), "scenario");
    let often: Vec<String> =
        queues.iter().filter(|(_, best)| *best > 0).take(4).map(|(queue, best)| format!("{queue} in {best}")).collect();
    format!("Of {all}, may be the best: {}.", often.join(", "))
}

fn cell(section: &Section, queue: &str) -> Markup {
    let Some(row) = section.ranking.rows.iter().find(|row| row.queue == queue) else {
        return html! { td data-q=(queue) { (absent_mark(section, queue).show()) } };
    };
    let Some(ratio) = row.times_slower else {
        let mark = if row.value.is_none() { Mark::Failed } else { Mark::NotMeasured };
        return html! { td data-q=(queue) { (mark.show()) } };
    };
    let shade = (ratio.estimate.max(1.0).log2() * 2.0).min(SHADES).round() as usize;
    html! {
        td.{ "s" (shade) } data-q=(queue) data-v=(ratio.estimate) {
            @if row.may_be_best { span.dot title="may be the best" { "\u{25cf}" span.sr { "may be the best" } } " " }
            (ratio_words(ratio.estimate))
            @if is_flagged(row) { (Mark::Flagged.show()) }
        }
    }
}

fn is_flagged(row: &Row) -> bool {
    row.unreliable.is_some() || !row.flags.is_empty()
}

fn ratio_words(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.1}") } else { format!("{ratio:.0}") }
}
