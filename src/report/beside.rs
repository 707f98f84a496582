//! Machines side by side: what a message takes on each, the ratio to each one's own reference and limit, their rankings,
//! and which differences hold on all of them. Absolute figures stand in the table only; what is drawn are ratios.

use maud::{Markup, html};

use super::figure::LONE_INTERVAL;
use super::mark::{self, Mark, pixels};
use super::scale::Scale;
use super::strip::{axis, ends, guides, whisker};
use super::words::{capital, cell, scenario};
use crate::ranking::ratio_words;
use crate::summary::{AbsentKind, Agreed, Beside, OnMachine, OnMachines, Reversal, Summary, Without, rank_words};
use crate::table::{count, duration};

const STRIP: f64 = 200.0;

/// The comparison; nothing for one machine.
pub fn section(summary: &Summary) -> Markup {
    let Some(sides) = &summary.side_by_side else { return html! {} };
    html! {
        section #machines aria-labelledby="h-machines" {
            h2 #h-machines { "Machines side by side" }
            p { "What a message takes on each machine, then how many times the rate of that machine's own reference: a ratio can be compared, a rate only stands beside another. A queue that is fast on one machine need not be on the next." }
            ul { @for (at, id) in sides.machines.iter().enumerate() { li { b { (letter(at)) } ": " (id) } } }
            @if sides.scenarios.is_empty() { p.empty { (Mark::NotMeasured.show()) " These files have no scenario in common that can be joined; why stands below." } }
            @for (at, beside) in sides.scenarios.iter().enumerate() {
                details.scenario open[at == 0] {
                    summary { (heading(summary, beside)) span.finding { (beside.finding) } }
                    (table(beside))
                    (reversals(&beside.reversals))
                    (agreed(&beside.agreed, beside.agreements))
                }
            }
            @if !sides.left_out.is_empty() {
                h3 { "Not joined" }
                ul { @for left in &sides.left_out { li { (left) } } }
            }
        }
    }
}

fn heading(summary: &Summary, beside: &Beside) -> Markup {
    let first = beside.sections.iter().flatten().next();
    html! {
        @if let Some(at) = first { (capital(&scenario(&summary.scenarios[*at].parts))) " " }
        code { (beside.scenario) }
    }
}

fn table(beside: &Beside) -> Markup {
    let ratios = beside.rows.iter().flat_map(|row| &row.on).flatten().filter_map(|on| on.times_reference);
    let scale = Scale::log(ratios.flat_map(ends).chain([1.0]), 8.0, STRIP - 8.0);
    let present: Vec<usize> = (0..beside.sections.len()).filter(|at| beside.sections[*at].is_some()).collect();
    html! {
        div.scroll role="region" tabindex="0" aria-label={ "machines in " (beside.scenario) } {
            table.sortable {
                thead {
                    tr {
                        th scope="col" { "queue" }
                        @for at in &present { th.n scope="col" { "ns/message, " (letter(*at)) } }
                        @for at in &present { th.n scope="col" { "times the reference [95 %], " (letter(*at)) } }
                        th.strip scope="col" data-nosort { (head(&present, scale)) }
                        @for at in &present { th.n scope="col" { "of limit/loop, " (letter(*at)) } }
                        @for at in &present { th.n scope="col" { "rank, " (letter(*at)) } }
                    }
                }
                tbody { @for row in &beside.rows { (row_of(row, beside, &present, scale)) } }
            }
        }
        p.fine { "reference: " (beside.reference) " \u{b7} ns per message or round trip, lower is better; times the reference, higher is better \u{b7} " (rounds(beside)) " \u{b7} " (LONE_INTERVAL) }
    }
}

fn rounds(beside: &Beside) -> String {
    let ratios = beside.rows.iter().flat_map(|row| &row.on).flatten().filter_map(|on| on.times_reference);
    super::figure::range(ratios.map(|ratio| ratio.rounds), "round")
}

/// What a machine is called in the heads of columns.
fn letter(at: usize) -> String {
    match u8::try_from(at) {
        Ok(at @ 0..26) => char::from(b'A' + at).to_string(),
        _ => format!("no. {}", at + 1),
    }
}

fn head(present: &[usize], scale: Option<Scale>) -> Markup {
    let letters: Vec<String> = present.iter().map(|at| letter(*at)).collect();
    html! {
        "from above: " (letters.join(", "))
        (axis(scale, STRIP, 28.0))
    }
}

fn row_of(row: &OnMachines, beside: &Beside, present: &[usize], scale: Option<Scale>) -> Markup {
    let on = || present.iter().map(|at| row.on[*at].as_ref());
    let height = 14.0 * present.len() as f64 + 4.0;
    html! {
        tr.limit[row.limit] data-q=(row.queue) {
            th scope="row" { (mark::name(&row.queue)) }
            @for at in present { (figure(row.on[*at].as_ref(), row.without[*at])) }
            @for side in on() { (ratio(side, row.queue == beside.reference)) }
            td.strip { @if let Some(scale) = scale {
                svg.whiskers width=(STRIP) height=(height) viewBox={ "0 0 " (STRIP) " " (height) } aria-hidden="true" {
                    (guides(scale, height))
                    path.one d={ "M" (pixels(scale.at(1.0))) " 0v" (height) } {}
                    @for (at, side) in on().enumerate() { @if let Some(ratio) = side.and_then(|side| side.times_reference) {
                        (whisker(&ratio, scale, 9.0 + 14.0 * at as f64))
                        (mark::marker(&row.queue, scale.at(ratio.estimate), 9.0 + 14.0 * at as f64))
                    } }
                }
            } }
            @for side in on() { (share(side)) }
            @for side in on() { td.n { (side.and_then(|side| side.ranks).map_or_else(String::new, rank_words)) } }
        }
    }
}

fn figure(side: Option<&OnMachine>, without: Option<Without>) -> Markup {
    match (side, without) {
        (Some(side), _) => {
            html! { td.n data-v=(side.ns) { @if side.unreliable.is_some() { (Mark::Flagged.show()) " " } (duration(side.ns)) } }
        }
        (None, Some(Without::Failed(outcome))) => html! { td.n { (Mark::Failed.show()) " " (outcome) } },
        (None, Some(Without::Absent(AbsentKind::NotSupported))) => html! { td.n { (Mark::NotSupported.show()) } },
        (None, _) => html! { td.n { (Mark::NotMeasured.show()) } },
    }
}

fn ratio(side: Option<&OnMachine>, is_reference: bool) -> Markup {
    let ratio = side.and_then(|side| side.times_reference);
    let words =
        if is_reference { "reference".into() } else { ratio.map_or_else(String::new, |ratio| ratio_words(&ratio)) };
    cell(ratio.map(|ratio| ratio.estimate), &words)
}

fn share(side: Option<&OnMachine>) -> Markup {
    let share = side.and_then(|side| side.share_of_limit);
    cell(share, &share.map_or_else(String::new, |share| format!("{:.1} %", share * 100.0)))
}

fn reversals(reversals: &[Reversal]) -> Markup {
    if reversals.is_empty() {
        return html! { p { "No pair of queues is surely reversed from one machine to another." } };
    }
    html! {
        p { (capital(&count(reversals.len(), "pair"))) " of queues surely faster here and slower there:" }
        ul { @for reversal in reversals {
            li { (reversal.one) " is faster on " (reversal.one_faster_on.join(", ")) "; " (reversal.other) " on " (reversal.other_faster_on.join(", ")) }
        } }
    }
}

/// Who is faster than whom on every machine.
fn agreed(agreed: &[Agreed], pairs: usize) -> Markup {
    if agreed.is_empty() {
        return html! { p { "No pair of queues has the same sure order on every machine." } };
    }
    html! {
        details {
            summary { (capital(&count(pairs, "pair"))) " of queues in the same order on every machine" }
            ul { @for Agreed { faster, than } in agreed { li { (faster) " is faster than " (than.join(", ")) } } }
        }
    }
}
