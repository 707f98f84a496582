//! Scenarios that differ in one thing: a line of each queue over it. Which scenarios belong together follows from their
//! parts; only those of one pool do.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Machine, Section};
use crate::queue::Capacity;
use crate::ranking::Row;
use crate::scenario::{Scenario, WorkNs};
use crate::table::{duration, rate, significant};
use crate::topology::Placement;
use crate::workload::Size;

/// Series that stand out in a chart: more colours than these cannot be told apart.
const MOST_HIGHLIGHTED: usize = 6;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Swept {
    /// The work on either side: the cliff.
    Work,
    /// Producers and consumers, as many of one as of the other.
    Threads,
    /// Producers, beside one consumer.
    Producers,
    /// Consumers, beside one producer.
    Consumers,
    /// The capacity.
    Capacity,
    /// The payload.
    Payload,
    /// Where the endpoints are.
    Placement,
}

impl Swept {
    const ALL: [Swept; 7] = [
        Swept::Work,
        Swept::Threads,
        Swept::Producers,
        Swept::Consumers,
        Swept::Capacity,
        Swept::Payload,
        Swept::Placement,
    ];

    /// The least number of scenarios that make a picture.
    fn least(self) -> usize {
        if self == Swept::Work { 3 } else { 2 }
    }

    /// The scenario without what differs: those that come to the same belong together. `None` where it has no part in it.
    fn rest(self, scenario: Scenario) -> Option<Scenario> {
        let (producers, consumers) = (scenario.producers, scenario.consumers);
        let one_shape = Scenario { producers: 1, consumers: 1, ..scenario };
        match self {
            Swept::Work => Some(Scenario { work: WorkNs::default(), ..scenario }),
            Swept::Threads => (producers == consumers).then_some(one_shape),
            Swept::Producers => (consumers == 1).then_some(one_shape),
            Swept::Consumers => (producers == 1).then_some(one_shape),
            Swept::Capacity => Some(Scenario { capacity: Capacity::Unbounded, ..scenario }),
            Swept::Payload => Some(Scenario { size: Size::Value(8), ..scenario }),
            Swept::Placement => Some(Scenario { placement: Placement::Free, ..scenario }),
        }
    }

    /// Where a scenario stands among the others, the label it has there, and whether it is a number that lines may be
    /// drawn over.
    fn place(self, scenario: &Scenario) -> (f64, String) {
        let WorkNs { producer, consumer } = scenario.work;
        match self {
            Swept::Work => (f64::from(consumer) - f64::from(producer), scenario.work.to_string()),
            Swept::Threads => (scenario.threads() as f64, format!("{}p{}c", scenario.producers, scenario.consumers)),
            Swept::Producers => (scenario.producers as f64, format!("{}p1c", scenario.producers)),
            Swept::Consumers => (scenario.consumers as f64, format!("1p{}c", scenario.consumers)),
            Swept::Capacity => match scenario.capacity {
                Capacity::Bounded(messages) => (messages as f64, messages.to_string()),
                Capacity::Unbounded => (f64::INFINITY, "unbounded".into()),
            },
            Swept::Payload => {
                let boxed = if scenario.size == Size::Boxed { 0.5 } else { 0.0 };
                (scenario.size.bytes() as f64 + boxed, scenario.size.to_string())
            }
            Swept::Placement => {
                let at = Placement::ALL.iter().position(|placement| *placement == scenario.placement);
                (at.unwrap_or_default() as f64, scenario.placement.to_string())
            }
        }
    }
}

/// Scenarios that differ in one thing.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Series {
    /// What differs.
    pub swept: Swept,
    /// What stays as it is, in words.
    pub fixed: String,
    /// The pool they are from.
    pub pool: usize,
    /// The machine's id.
    pub machine: String,
    /// The suite of its first scenario.
    pub suite: String,
    /// The unit of the figures.
    pub unit: &'static str,
    /// Whether less is better.
    pub less_is_better: bool,
    /// Cpus that may be used; with more threads than these, some wait for a cpu.
    pub cpus: usize,
    /// The scenarios, in the order of what differs.
    pub places: Vec<Place>,
    /// Every queue with a figure in two of them at least: contenders first, best first.
    pub lines: Vec<Line>,
    /// What there is to see, in a sentence.
    pub finding: String,
    /// The same of bytes per second; of rates over the payload only.
    pub finding_in_bytes: Option<String>,
}

/// A scenario of a series.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// Its position in the summary's scenarios.
    pub scenario: usize,
    /// What it is called on the axis.
    pub label: String,
    /// Where it stands on the axis.
    pub at: f64,
    /// Threads that run at once.
    pub threads: usize,
    /// Whether they outnumber the cpus they run on.
    pub oversubscribed: bool,
}

/// A queue over a series.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// Its id.
    pub queue: String,
    /// Whether it is a bound, not a contender.
    pub limit: bool,
    /// Whether it is among the few that stand out.
    pub highlighted: bool,
}

/// All series of the scenarios.
pub(super) fn all(sections: &[Section], machines: &[Machine]) -> Vec<Series> {
    let mut all = Vec::new();
    for swept in Swept::ALL {
        let mut groups: BTreeMap<(usize, Scenario), Vec<usize>> = BTreeMap::new();
        for (at, section) in sections.iter().enumerate() {
            if let Some(rest) = swept.rest(section.scenario) {
                groups.entry((section.pool, rest)).or_default().push(at);
            }
        }
        let series = groups.into_iter().map(|((_, rest), members)| series(swept, rest, &members, sections, machines));
        all.extend(series.flatten());
    }
    all
}

fn series(
    swept: Swept,
    rest: Scenario,
    members: &[usize],
    sections: &[Section],
    machines: &[Machine],
) -> Option<Series> {
    let mut placed: Vec<(f64, String, usize)> = members
        .iter()
        .map(|at| {
            let (order, label) = swept.place(&sections[*at].scenario);
            (order, label, *at)
        })
        .collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let place = |(at, (order, label, scenario)): (usize, (f64, String, usize))| {
        let section = &sections[scenario];
        let at = if swept == Swept::Threads { order.log2() } else { at as f64 };
        Place { scenario, label, at, threads: section.threads, oversubscribed: section.oversubscribed }
    };
    let places: Vec<Place> = placed.into_iter().enumerate().map(place).collect();
    let first = &sections[places.first()?.scenario];
    let lines = lines(&places, sections);
    if places.len() < swept.least() || lines.iter().all(|line| line.limit) {
        return None;
    }
    let machine = machines.iter().find(|machine| machine.id == first.machine);
    let mut series = Series {
        swept,
        fixed: fixed(swept, &rest),
        pool: first.pool,
        machine: first.machine.clone(),
        suite: first.suite.clone(),
        unit: first.ranking.unit,
        less_is_better: rest.workload.is_timed(),
        cpus: machine.map_or(0, |machine| machine.topology.usable().count()),
        places,
        lines,
        finding: String::new(),
        finding_in_bytes: None,
    };
    series.finding = finding(&series, sections, Measure::Figure);
    let in_bytes = (swept == Swept::Payload && !series.less_is_better).then_some(Measure::Bytes);
    series.finding_in_bytes = in_bytes.map(|measure| finding(&series, sections, measure));
    Some(series)
}

/// The parts that stay as they are.
fn fixed(swept: Swept, rest: &Scenario) -> String {
    let mut parts = vec![rest.workload.to_string()];
    if !matches!(swept, Swept::Threads | Swept::Producers | Swept::Consumers) {
        parts.push(format!("{}p{}c", rest.producers, rest.consumers));
    }
    if swept != Swept::Capacity {
        parts.push(match rest.capacity {
            Capacity::Bounded(0) => "rendezvous".into(),
            Capacity::Bounded(messages) => format!("room for {messages}"),
            Capacity::Unbounded => "unbounded".into(),
        });
    }
    if swept != Swept::Payload {
        parts.push(rest.size.to_string());
    }
    if swept != Swept::Work && rest.work != WorkNs::default() {
        parts.push(format!("work {}", rest.work));
    }
    if rest.credit != 0 {
        parts.push(format!("credit {}", rest.credit));
    }
    parts.push(format!("between {}", rest.boundary));
    if swept != Swept::Placement {
        parts.push(rest.placement.to_string());
    }
    parts.join(", ")
}

fn row<'a>(sections: &'a [Section], place: &Place, queue: &str) -> Option<&'a Row> {
    sections[place.scenario].ranking.rows.iter().find(|row| row.queue == queue)
}

/// Queues with a figure at two places at least, those first that come first where they were ranked.
fn lines(places: &[Place], sections: &[Section]) -> Vec<Line> {
    let mut ranks: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut leaders: Vec<&str> = Vec::new();
    for place in places {
        let rows = &sections[place.scenario].ranking.rows;
        for (rank, row) in rows.iter().enumerate().filter(|(_, row)| row.value.is_some()) {
            let (count, sum) = ranks.entry(&row.queue).or_default();
            (*count, *sum) = (*count + 1, *sum + rank);
            if rank == 0 && !row.limit && !leaders.contains(&row.queue.as_str()) {
                leaders.push(&row.queue);
            }
        }
    }
    let is_limit = |queue: &str| crate::ranking::is_limit(queue);
    let mut queues: Vec<(&str, f64)> = ranks
        .iter()
        .filter(|(_, (count, _))| *count >= 2)
        .map(|(queue, (count, sum))| (*queue, *sum as f64 / *count as f64))
        .collect();
    queues.sort_by(|a, b| is_limit(a.0).cmp(&is_limit(b.0)).then(a.1.total_cmp(&b.1)).then(a.0.cmp(b.0)));
    // Who leads somewhere stands out, then who does well everywhere.
    let contenders = || queues.iter().map(|(queue, _)| *queue).filter(|queue| !is_limit(queue));
    let (led, others): (Vec<&str>, Vec<&str>) = contenders().partition(|queue| leaders.contains(queue));
    let highlighted: Vec<&str> = led.into_iter().chain(others).take(MOST_HIGHLIGHTED).collect();
    let line = |(queue, _): &(&str, f64)| Line {
        queue: (*queue).to_owned(),
        limit: is_limit(queue),
        highlighted: highlighted.contains(queue),
    };
    queues.iter().map(line).collect()
}

/// How far the figures of a line lie apart.
struct Range<'a> {
    queue: String,
    least: (f64, &'a str),
    most: (f64, &'a str),
}

impl Range<'_> {
    fn factor(&self) -> f64 {
        self.most.0 / self.least.0
    }
}

/// What a finding is about.
#[derive(Clone, Copy)]
pub enum Measure {
    /// The scenario's figure.
    Figure,
    /// Bytes per second, from messages per second and their size.
    Bytes,
}

impl Measure {
    /// A figure of a scenario in this measure.
    pub fn of(self, section: &Section, value: f64) -> f64 {
        match self {
            Measure::Figure => value,
            Measure::Bytes => value * section.parts.payload_bytes as f64 / f64::from(1 << 30),
        }
    }

    /// Such a figure in words.
    pub fn words(self, series: &Series, value: f64) -> String {
        match self {
            Measure::Figure if series.less_is_better => duration(value),
            Measure::Figure => rate(value),
            Measure::Bytes => format!("{} GiB/s", significant(value)),
        }
    }
}

/// Who changes most over the series and who least, among those measured at every place.
fn finding(series: &Series, sections: &[Section], measure: Measure) -> String {
    let contenders = series.lines.iter().filter(|line| !line.limit);
    let of_line = |line: &Line| {
        let figure =
            |place: &'_ Place| Some(measure.of(&sections[place.scenario], row(sections, place, &line.queue)?.value?));
        let own = series.places.iter().map(|place| Some((figure(place)?, place.label.as_str())));
        let own: Vec<(f64, &str)> = own.collect::<Option<_>>()?;
        let least = own.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let most = own.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((line.queue.clone(), least, most))
    };
    let range = |(queue, least, most)| Range { queue, least, most };
    let mut ranges: Vec<Range> = contenders.filter_map(of_line).map(range).collect();
    ranges.sort_by(|a, b| b.factor().total_cmp(&a.factor()));
    let value = |value: f64| measure.words(series, value);
    let words = |range: &Range| {
        let (best, worst) = if series.less_is_better { (range.least, range.most) } else { (range.most, range.least) };
        format!(
            "{} ({} at {}, {} at {}: {}x)",
            range.queue,
            value(best.0),
            best.1,
            value(worst.0),
            worst.1,
            significant(range.factor())
        )
    };
    match &ranges[..] {
        [] => "No queue was measured at every place of this chart.".into(),
        [only] => format!("Only one queue was measured at every place: {}.", words(only)),
        [most, .., least] => format!("Changes most: {}; least: {}.", words(most), words(least)),
    }
}
