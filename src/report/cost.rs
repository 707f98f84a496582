//! What speed costs: cpu time per message against the figure.

use maud::{Markup, html};

use super::figure::{Caption, MEDIAN_INTERVAL, figure, picture, range};
use super::mark::{self, Mark, marker_saying, pixels};
use super::scale::Scale;
use super::strip::thinned;
use super::words::{self, cell, scenario};
use crate::ranking::{Matter, Row};
use crate::summary::Section;
use crate::table::{count, duration};

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 620.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 330.0;

/// A picture for each scenario that queues are compared in.
pub fn section(sections: &[&Section]) -> Markup {
    let with_cost = |(_, section): &(usize, &Section)| points(section).count() >= 2;
    let drawn: Vec<(usize, &Section)> = sections.iter().copied().enumerate().filter(with_cost).collect();
    html! {
        section #cost aria-labelledby="h-cost" {
            h2 #h-cost { "CPU cost" }
            p {
                "Cpu time of all endpoints per message, against what it buys. A queue that spins uses a whole cpu for each endpoint "
                "however little it does; one that sleeps gives it back and pays for waking up."
            }
            @if drawn.is_empty() { p.empty { (Mark::NotMeasured.show()) " no scenario has two queues with a figure" } }
            @for (nth, (at, section)) in drawn.iter().enumerate() {
                @if nth == 0 { div id={ "cost-" (at) } { (chart(section)) } }
                @else {
                    details.scenario { summary { (words::heading(section, sections)) span.finding { (finding(section)) } } div id={ "cost-" (at) } { (chart(section)) } }
                }
            }
        }
    }
}

/// Who has both figures; not who ran in other rounds than the rest, whose dot would be read as a rank.
fn points(section: &Section) -> impl Iterator<Item = (&Row, f64, f64)> {
    let rows = section.ranking.rows.iter().filter(|row| !section.stands_alone(row));
    rows.filter_map(|row| Some((row, row.cpu_ns_per_message?, row.value?)))
}

fn finding(section: &Section) -> String {
    let sentence =
        section.widest_answer(Matter::Cpu).and_then(|answer| Some((answer.queues, answer.sentence.as_ref()?)));
    match sentence {
        Some((queues, sentence)) if queues > 1 => format!("Of {}: {sentence}", count(queues, "queue")),
        Some((_, sentence)) => sentence.clone(),
        None => "Too little is known to say which costs least.".into(),
    }
}

fn chart(section: &Section) -> Markup {
    let title = format!("CPU cost: {}", scenario(&section.parts));
    let n = range(points(section).map(|(row, ..)| row.blocks), "block");
    let caption = Caption {
        title: &title,
        finding: &finding(section),
        unit: format!(
            "across: ns of cpu per message, lower is better; upward: {}; names without room stand in the table{}",
            words::unit(section),
            section.alone().map_or_else(String::new, |alone| format!("; {alone}"))
        ),
        n,
        interval: MEDIAN_INTERVAL,
    };
    figure(&caption, &scatter(section, &title), &table(section))
}

fn scatter(section: &Section, title: &str) -> Markup {
    let costs = points(section).flat_map(|(row, cost, _)| row.cpu_interval.into_iter().flatten().chain([cost]));
    let figures = points(section).flat_map(|(row, _, value)| row.value_interval.into_iter().flatten().chain([value]));
    let scales = Scale::log(costs, LEFT, RIGHT).zip(Scale::log(figures, BOTTOM, TOP));
    let Some((x, y)) = scales else { return html! { p.empty { "no figure can be drawn" } } };
    let label = format!("{title}. {} The figures stand in the table below.", finding(section));
    let content = html! {
        @for tick in thinned(y, 20.0).into_iter() {
            path.guide d={ "M" (LEFT) " " (pixels(y.at(tick))) "H" (RIGHT) } {}
            text.tick x=(LEFT - 6.0) y=(pixels(y.at(tick) + 4.0)) text-anchor="end" { (section.value(tick)) }
        }
        @for tick in thinned(x, 48.0) {
            path.guide d={ "M" (pixels(x.at(tick))) " " (TOP) "V" (BOTTOM) } {}
            text.tick x=(pixels(x.at(tick))) y=(BOTTOM + 17.0) text-anchor="middle" { (duration(tick)) }
        }
        path.frame d={ "M" (LEFT) " " (TOP) "V" (BOTTOM) "H" (RIGHT) } {}
        text.tick x=(pixels(f64::midpoint(LEFT, RIGHT))) y=(BOTTOM + 38.0) text-anchor="middle" { "cpu time per message" }
        @for (row, cost, value) in points(section) {
            g.line.loud[!row.limit].limit[row.limit].(mark::colour(crate::summary::look_of(&row.queue))) data-q=(row.queue) {
                path.whisker d=(cross(row, cost, value, x, y)) {}
                (marker_saying(&row.queue, x.at(cost), y.at(value), &format!("{}: {} of cpu a message, {}", row.queue, duration(cost), section.value_of(row))))
            }
        }
        @for (row, left, at) in names(section, x, y) {
            text.name data-q=(row.queue) x=(pixels(left)) y=(pixels(at + 4.0)) { (row.queue) }
        }
    };
    picture(WIDTH, HEIGHT, &label, &content)
}

/// Both intervals of a point.
fn cross(row: &Row, cost: f64, value: f64, x: Scale, y: Scale) -> String {
    let mut path = String::new();
    if let Some([low, high]) = row.cpu_interval {
        path.push_str(&format!("M{} {}H{}", pixels(x.at(low)), pixels(y.at(value)), pixels(x.at(high))));
    }
    if let Some([low, high]) = row.value_interval {
        path.push_str(&format!("M{} {}V{}", pixels(x.at(cost)), pixels(y.at(low)), pixels(y.at(high))));
    }
    path
}

/// Names to the right of their points, best first, moved down until they are free; what finds no room near its point
/// stands in the table only.
fn names(section: &Section, x: Scale, y: Scale) -> Vec<(&Row, f64, f64)> {
    let points: Vec<(f64, f64)> = points(section).map(|(_, cost, value)| (x.at(cost), y.at(value))).collect();
    let mut placed: Vec<(&Row, f64, f64)> = Vec::new();
    for (at, (row, ..)) in self::points(section).enumerate() {
        let (point_x, point_y) = points[at];
        let left = point_x + 9.0;
        let width = row.queue.chars().count() as f64 * 6.2;
        let is_free = |height: f64| {
            let overlaps = |(other, x, y): &(&Row, f64, f64)| {
                (y - height).abs() < 12.0 && *x < left + width && left < x + other.queue.chars().count() as f64 * 6.2
            };
            // Nor may it begin beside another point, whose name it would seem to be.
            let misleads = |(at_other, (x, y)): (usize, &(f64, f64))| {
                at_other != at && (y - height).abs() < 9.0 && *x > left - 18.0 && *x < left + width
            };
            left + width < WIDTH && !placed.iter().any(overlaps) && !points.iter().enumerate().any(misleads)
        };
        let shifts = [0.0, -8.0, 8.0];
        if let Some(shift) = shifts.into_iter().find(|shift| is_free(point_y + shift)) {
            placed.push((row, left, point_y + shift));
        }
    }
    placed
}

fn table(section: &Section) -> Markup {
    html! {
        table.sortable {
            thead { tr { th scope="col" { "queue" } th.n scope="col" { "cpu per message [95 %]" } th.n scope="col" { (section.value_head()) } } }
            tbody { @for (row, cost, value) in points(section) {
                tr data-q=(row.queue) {
                    th scope="row" { (mark::name(&row.queue)) }
                    (cell(Some(cost), &match row.cpu_interval {
                        Some([low, high]) => format!("{} [{}, {}]", duration(cost), duration(low), duration(high)),
                        None => duration(cost),
                    }))
                    (cell(Some(value), &section.value_of(row)))
                }
            } }
        }
    }
}
