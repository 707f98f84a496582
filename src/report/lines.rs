//! Scenarios that differ in one thing, as a line of each queue: the cliff, scaling, and the other sweeps.

use maud::{Markup, html};

use super::figure::{Caption, MEDIAN_INTERVAL, figure, picture, range};
use super::mark::{self, Mark, colour, dashes, marker, marker_saying, pixels};
use super::scale::Scale;
use super::words::cell;
use crate::protocol::Outcome;
use crate::ranking::Row;
use crate::summary::{Line, Measure, Place, Section, Series, Summary, Swept, look_of};
use crate::table::count;

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 580.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 330.0;
/// Lines of text at the right end lie at least so far apart.
const LABEL: f64 = 14.0;

/// The pictures of some sweeps, under one heading.
pub fn section(id: &str, title: &str, about: &str, swept: &[Swept], absent: &str, summary: &Summary) -> Markup {
    let wanted: Vec<&Series> = summary.series.iter().filter(|series| swept.contains(&series.swept)).collect();
    html! {
        section id=(id) aria-labelledby={ "h-" (id) } {
            h2 id={ "h-" (id) } { (title) }
            p { (about) }
            @if wanted.is_empty() { p.empty { (Mark::NotMeasured.show()) " " (absent) } }
            @for series in wanted {
                (chart(series, &summary.scenarios, Measure::Figure))
                @if series.swept == Swept::Payload && !series.less_is_better {
                    (chart(series, &summary.scenarios, Measure::Bytes))
                }
            }
        }
    }
}

fn title(series: &Series) -> String {
    let what = match series.swept {
        Swept::Work => "The cliff",
        Swept::Threads => "Producers and consumers",
        Swept::Producers => "Producers beside one consumer",
        Swept::Consumers => "Consumers beside one producer",
        Swept::Capacity => "Capacity",
        Swept::Payload => "Payload",
        Swept::Placement => "Placement",
    };
    format!("{what}: {} ({}, suite {})", series.fixed, series.machine, series.suite)
}

fn chart(series: &Series, sections: &[Section], measure: Measure) -> Markup {
    let (title, unit) = match measure {
        Measure::Figure => (title(series), series.unit),
        Measure::Bytes => (format!("In bytes: {}", title(series)), "GiB/s"),
    };
    let better = if series.less_is_better { "lower is better" } else { "higher is better" };
    let rows = || series.lines.iter().flat_map(|line| points(series, sections, line).into_iter().flatten());
    let n = range(rows().map(|(_, row)| row.blocks), "block");
    let caption = Caption {
        title: &title,
        finding: finding(series, measure),
        unit: format!("{unit}, {better}"),
        n,
        interval: MEDIAN_INTERVAL,
    };
    let chart = Chart { series, sections, measure };
    figure(&caption, &chart.picture(&title), &chart.table())
}

fn finding(series: &Series, measure: Measure) -> &str {
    match (measure, &series.finding_in_bytes) {
        (Measure::Bytes, Some(finding)) => finding,
        _ => &series.finding,
    }
}

/// The rows of a queue at each place that has it.
fn points<'a>(series: &'a Series, sections: &'a [Section], line: &Line) -> Vec<Option<(&'a Place, &'a Row)>> {
    let row = |place: &'a Place| {
        let row = sections[place.scenario].ranking.rows.iter().find(|row| row.queue == line.queue)?;
        Some((place, row))
    };
    series.places.iter().map(row).collect()
}

struct Chart<'a> {
    series: &'a Series,
    sections: &'a [Section],
    measure: Measure,
}

impl Chart<'_> {
    fn value(&self, place: &Place, value: f64) -> f64 {
        self.measure.of(&self.sections[place.scenario], value)
    }

    fn x(&self, place: &Place) -> f64 {
        let (first, last) = (self.series.places[0].at, self.series.places[self.series.places.len() - 1].at);
        let inset = 26.0;
        LEFT + inset + (place.at - first) / (last - first).max(f64::EPSILON) * (RIGHT - LEFT - 2.0 * inset)
    }

    fn picture(&self, title: &str) -> Markup {
        let all = self.series.lines.iter().flat_map(|line| points(self.series, self.sections, line)).flatten();
        let values = all.flat_map(|(place, row)| {
            let modes = row.modes.map(|modes| modes.map(|mode| mode.value));
            let own = row.value.into_iter().chain(row.value_interval.into_iter().flatten());
            own.chain(modes.into_iter().flatten()).map(|value| self.value(place, value)).collect::<Vec<_>>()
        });
        let Some(y) = Scale::log(values, BOTTOM, TOP) else {
            return html! { p.empty { (Mark::Failed.show()) " no queue has a figure here" } };
        };
        let label = format!("{title}. {} The figures stand in the table below.", finding(self.series, self.measure));
        let labels = self.labels(y);
        let (quiet, loud): (Vec<&Line>, Vec<&Line>) = self.series.lines.iter().partition(|line| !line.highlighted);
        let content = html! {
            (self.crowd())
            (self.axes(y))
            @for line in quiet.into_iter().chain(loud) { (self.line(line, y)) }
            @for (line, at, from) in labels {
                g.label.limit[line.limit] data-q=(line.queue) {
                    path.leader d={ "M" (pixels(from.0 + 7.0)) " " (pixels(from.1)) "L" (pixels(RIGHT + 12.0)) " " (pixels(at)) } {}
                    @if !line.limit { (marker(&line.queue, RIGHT + 20.0, at)) }
                    text x=(pixels(RIGHT + 30.0)) y=(pixels(at + 4.0)) { (line.queue) }
                }
            }
        };
        picture(WIDTH, HEIGHT, &label, &content)
    }

    /// Where threads outnumber cpus.
    fn crowd(&self) -> Markup {
        let crowded = self.series.places.iter().find(|place| place.oversubscribed);
        let swept_by_threads = matches!(self.series.swept, Swept::Threads | Swept::Producers | Swept::Consumers);
        let Some(first) = crowded.filter(|_| swept_by_threads) else { return html! {} };
        let before = self.series.places.iter().take_while(|place| !place.oversubscribed).last();
        let x = before.map_or(LEFT, |before| f64::midpoint(self.x(before), self.x(first)));
        html! {
            rect.crowd x=(pixels(x)) y=(pixels(TOP)) width=(pixels(RIGHT - x)) height=(pixels(BOTTOM - TOP)) {}
            path.border d={ "M" (pixels(x)) " " (pixels(TOP)) "V" (pixels(BOTTOM)) } {}
            text.crowd x=(pixels(x + 5.0)) y=(pixels(BOTTOM - 6.0)) { "more threads than " (count(self.series.cpus, "cpu")) }
        }
    }

    fn axes(&self, y: Scale) -> Markup {
        let words = match self.series.swept {
            Swept::Work => "ns of work a message, producer/consumer: left the producer is slower, right the consumer",
            Swept::Threads | Swept::Producers | Swept::Consumers => "producers and consumers",
            Swept::Capacity => "capacity in messages (0: rendezvous)",
            Swept::Payload => "bytes a message (box: on the heap)",
            Swept::Placement => "where the two endpoints are",
        };
        html! {
            @for tick in y.ticks() {
                path.guide d={ "M" (LEFT) " " (pixels(y.at(tick))) "H" (RIGHT) } {}
                text.tick x=(LEFT - 6.0) y=(pixels(y.at(tick) + 4.0)) text-anchor="end" { (self.measure.words(self.series, tick)) }
            }
            path.frame d={ "M" (LEFT) " " (TOP) "V" (BOTTOM) "H" (RIGHT) } {}
            @for place in &self.series.places {
                text.tick x=(pixels(self.x(place))) y=(BOTTOM + 17.0) text-anchor="middle" { (place.label) }
            }
            text.tick x=(pixels(f64::midpoint(LEFT, RIGHT))) y=(BOTTOM + 38.0) text-anchor="middle" { (words) }
        }
    }

    /// One queue's line, whiskers and markers.
    fn line(&self, line: &Line, y: Scale) -> Markup {
        let points = points(self.series, self.sections, line);
        let mut path = String::new();
        let mut is_joined = false;
        let (mut whiskers, mut dots, mut pairs, mut failed) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        for point in points {
            let Some((place, row)) = point else {
                is_joined = false;
                continue;
            };
            let x = self.x(place);
            let at = |value: f64| pixels(y.at(self.value(place, value)));
            let Some(value) = row.value else {
                is_joined = false;
                failed.extend((row.outcome != Outcome::Ok).then_some(x));
                continue;
            };
            path.push_str(&format!("{}{} {}", if is_joined { "L" } else { "M" }, pixels(x), at(value)));
            is_joined = true;
            dots.push((
                x,
                y.at(self.value(place, value)),
                format!("{} at {}: {}", line.queue, place.label, self.words(place, row)),
            ));
            if let Some([low, high]) = row.value_interval {
                whiskers.push_str(&format!("M{} {}h6m-3 0V{}m-3 0h6", pixels(x - 3.0), at(low), at(high)));
            }
            pairs.extend(row.modes.into_iter().flatten().map(|mode| (x, at(mode.value))));
        }
        // Placements and payloads have no order that a line between them would follow.
        let has_line = self.series.swept != Swept::Placement;
        html! {
            g.line.loud[line.highlighted].limit[line.limit].(colour(look_of(&line.queue))) data-q=(line.queue) {
                @if has_line { path.stroke d=(path) stroke-dasharray=[if line.limit { Some("1 4".into()) } else { dashes(&line.queue) }] {} }
                path.whisker d=(whiskers) {}
                @for (x, at) in &pairs { circle.mode cx=(pixels(*x)) cy=(at) r="2" {} }
                @if !line.limit { @for (x, at, words) in &dots { (marker_saying(&line.queue, *x, *at, words)) } }
                @for x in &failed { text.failed x=(pixels(*x)) y=(BOTTOM - 4.0) text-anchor="middle" { (Mark::Failed.glyph()) } }
            }
        }
    }

    /// Names at the right end of the lines that stand out, and of limits; moved apart where they would overlap. With
    /// each where it stands and the point that it belongs to.
    fn labels(&self, y: Scale) -> Vec<(&Line, f64, (f64, f64))> {
        let last = |line: &Line| {
            let points = points(self.series, self.sections, line);
            points
                .into_iter()
                .flatten()
                .rev()
                .find_map(|(place, row)| Some((self.x(place), y.at(self.value(place, row.value?)))))
        };
        let mut ends: Vec<(&Line, (f64, f64))> = self
            .series
            .lines
            .iter()
            .filter(|line| line.highlighted || line.limit)
            .filter_map(|line| Some((line, last(line)?)))
            .collect();
        ends.sort_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let mut heights = Vec::new();
        for (_, (_, end)) in &ends {
            let least = heights.last().map_or(TOP, |above: &f64| above + LABEL);
            heights.push(end.max(least));
        }
        // What ran out at the bottom moves up again.
        let mut most = BOTTOM + LABEL;
        for height in heights.iter_mut().rev() {
            *height = height.min(most);
            most = *height - LABEL;
        }
        ends.into_iter().zip(heights).map(|((line, end), height)| (line, height, end)).collect()
    }

    fn table(&self) -> Markup {
        html! {
            table.sortable {
                thead { tr { th scope="col" { "queue" } @for place in &self.series.places { th.n scope="col" { (place.label) } } } }
                tbody {
                    @for line in &self.series.lines {
                        tr data-q=(line.queue) {
                            th scope="row" { (mark::name(&line.queue)) }
                            @for (point, place) in points(self.series, self.sections, line).into_iter().zip(&self.series.places) {
                                (self.table_cell(place, point.map(|(_, row)| row), &line.queue))
                            }
                        }
                    }
                }
            }
        }
    }

    /// A row's figure with its interval, or both its speeds.
    fn words(&self, place: &Place, row: &Row) -> String {
        let words = |value: f64| self.measure.words(self.series, self.value(place, value));
        match (row.modes, row.value, row.value_interval) {
            (Some([lower, upper]), ..) => format!("{} or {}", words(lower.value), words(upper.value)),
            (None, Some(value), Some([low, high])) => format!("{} [{}, {}]", words(value), words(low), words(high)),
            (None, value, _) => value.map_or_else(String::new, words),
        }
    }

    fn table_cell(&self, place: &Place, row: Option<&Row>, queue: &str) -> Markup {
        let section = &self.sections[place.scenario];
        let Some(row) = row else {
            return html! { td.n { (super::heat::absent_mark(section, queue).show()) } };
        };
        let Some(value) = row.value else { return html! { td.n { (Mark::Failed.show()) " " (row.outcome) } } };
        cell(Some(self.value(place, value)), &self.words(place, row))
    }
}
