//! How far apart the cpus are: what a cache line takes from each to each other one and back.

use std::collections::HashMap;

use maud::{Markup, html};

use super::figure::{Caption, download, figure, picture};
use super::mark::{Mark, pixels};
use crate::record::core_to_core::CorePair;
use crate::summary::{CoreMap, Summary};
use crate::table::{count, significant};
use crate::topology::{Cpu, Topology};

/// With more cpus a cell has no room for its number.
const MOST_NUMBERED: usize = 16;
/// With more cpus, the classes say more than cells of a pixel.
const MOST_DRAWN: usize = 64;
/// Steps of the colour scale.
const STEPS: usize = 9;

/// Every map there is.
pub fn section(summary: &Summary) -> Markup {
    html! {
        section #cores aria-labelledby="h-cores" {
            h2 #h-cores { "Core to core" }
            p { "Nanoseconds a cache line takes from one cpu to another and back: the floor below every queue between them. Cpus stand in the order they lie in, those that share a cache together." }
            @if summary.core_maps.is_empty() {
                p.empty { (Mark::NotMeasured.show()) " No map is among these files. Measure with: queuebench machine --probe -o core-to-core.json, and name that file, too" }
            }
            @for map in &summary.core_maps { (chart(map)) }
        }
    }
}

fn chart(map: &CoreMap) -> Markup {
    let title = format!("Core to core: {}", map.map.machine.id);
    let sampled = if map.map.sampled { ", a sample of all pairs" } else { "" };
    let caption = Caption {
        title: &title,
        finding: &finding(map),
        unit: "ns to and fro, lower is better".into(),
        n: format!(
            "n = {} in both directions{sampled}, each measured {}",
            count(map.map.pairs.len(), "pair"),
            times(map.map.repetitions)
        ),
        interval: "figures are medians over repetitions; 95 % order-statistic intervals are in the table",
    };
    let drawing = if map.order.len() < 2 || map.order.len() > MOST_DRAWN || map.map.sampled {
        classes(map)
    } else {
        grid(map, &title)
    };
    figure(&caption, &drawing, &table(map))
}

fn times(repetitions: u32) -> String {
    count(repetitions as usize, "time")
}

fn finding(map: &CoreMap) -> String {
    let known: Vec<String> = map
        .classes
        .iter()
        .filter_map(|class| {
            let failed = if class.failed == 0 { String::new() } else { format!(", {} more failed", class.failed) };
            Some(format!(
                "{}: {} ns, the median of {}{failed}",
                class.class,
                significant(class.median_ns?),
                count(class.pairs - class.failed, "pair")
            ))
        })
        .collect();
    match (&known[..], map.order.len()) {
        (_, 0 | 1) => "One usable cpu: no line goes anywhere.".into(),
        ([], _) => "No pair answered in time.".into(),
        (known, _) => format!("{}.", known.join("; ")),
    }
}

fn classes(map: &CoreMap) -> Markup {
    let ns = |ns: Option<f64>| ns.map_or_else(|| Mark::Failed.glyph().to_owned(), significant);
    html! {
        table {
            thead { tr { th scope="col" { "what they share" } th.n scope="col" { "pairs" } th.n scope="col" { "median ns" } th.n scope="col" { "least" } th.n scope="col" { "most" } } }
            tbody { @for class in &map.classes {
                tr { th scope="row" { (class.class) } td.n { (class.pairs) } td.n { (ns(class.median_ns)) } td.n { (ns(class.least_ns)) } td.n { (ns(class.most_ns)) } }
            } }
        }
    }
}

/// A square a pair; one path a colour, so that the largest map stays small.
fn grid(map: &CoreMap, title: &str) -> Markup {
    let pairs: HashMap<(usize, usize), &CorePair> =
        map.map.pairs.iter().map(|pair| ((pair.from, pair.to), pair)).collect();
    let side = (520.0 / map.order.len() as f64).clamp(8.0, 56.0);
    let (left, top) = (76.0, 26.0);
    let most = map.map.pairs.iter().filter_map(|pair| pair.round_trip_ns).max().unwrap_or(1).max(1);
    let step = |ns: u64| (ns as f64 / most as f64 * STEPS as f64).ceil().clamp(1.0, STEPS as f64) as usize - 1;
    let at = |index: usize, start: f64| start + index as f64 * side;
    let mut paths = vec![String::new(); STEPS];
    let mut cells = Vec::new();
    for (row, from) in map.order.iter().enumerate() {
        for (column, to) in map.order.iter().enumerate().filter(|(column, _)| *column != row) {
            let ns = pairs.get(&(*from, *to)).and_then(|pair| pair.round_trip_ns);
            let (x, y) = (at(column, left), at(row, top));
            if let Some(ns) = ns {
                paths[step(ns)].push_str(&format!("M{} {}h{side:.1}v{side:.1}h-{side:.1}z", pixels(x), pixels(y)));
            }
            if map.order.len() <= MOST_NUMBERED || ns.is_none() {
                let words = ns.map_or_else(|| Mark::Failed.glyph().to_owned(), |ns| ns.to_string());
                cells.push((x + side / 2.0, y + side / 2.0 + 4.0, words, ns.map_or(0, step)));
            }
        }
    }
    let end = at(map.order.len(), 0.0);
    let height = top + end + 46.0;
    let is_labelled = side >= 14.0;
    let borders = borders(&map.map.topology, &map.order);
    let content = html! {
        @for (step, path) in paths.iter().enumerate() { @if !path.is_empty() { path.{ "k" (step) } d=(path) {} } }
        @for (x, y, words, step) in &cells { text.{ "t" (step) } x=(pixels(*x)) y=(pixels(*y)) text-anchor="middle" { (words) } }
        @for index in &borders {
            path.border d={ "M" (pixels(left)) " " (pixels(at(*index, top))) "h" (pixels(end)) "M" (pixels(at(*index, left))) " " (pixels(top)) "v" (pixels(end)) } {}
        }
        @if is_labelled { @for (index, cpu) in map.order.iter().enumerate() {
            text.tick x=(left - 6.0) y=(pixels(at(index, top) + side / 2.0 + 4.0)) text-anchor="end" { "cpu " (cpu) }
            text.tick x=(pixels(at(index, left) + side / 2.0)) y=(top - 8.0) text-anchor="middle" { (cpu) }
        } }
        @for step in 0..STEPS {
            rect.{ "k" (step) } x=(pixels(left + step as f64 * 24.0)) y=(pixels(top + end + 12.0)) width="24" height="10" {}
        }
        text.tick x=(pixels(left)) y=(pixels(top + end + 37.0)) text-anchor="middle" { "0" }
        text.tick x=(pixels(left + STEPS as f64 * 24.0)) y=(pixels(top + end + 37.0)) text-anchor="middle" { (most) " ns" }
    };
    picture(
        (left + end + 20.0).max(left + 260.0),
        height,
        &format!("{title}. {} The figures stand in the table below.", finding(map)),
        &content,
    )
}

/// Where in the order one last-level cache ends and the next begins.
fn borders(topology: &Topology, order: &[usize]) -> Vec<usize> {
    let place = |id: &usize| topology.cpus.iter().find(|cpu| cpu.id == *id).map(|cpu: &Cpu| (cpu.package, cpu.l3));
    (1..order.len()).filter(|at| place(&order[at - 1]) != place(&order[*at])).collect()
}

fn table(map: &CoreMap) -> Markup {
    /// More rows than anybody reads.
    const MOST_ROWS: usize = 1000;
    if map.map.pairs.len() > MOST_ROWS {
        return html! { (classes(map)) p.fine { "All " (count(map.map.pairs.len(), "pair")) ": " (download("core-to-core.csv", &csv(map))) } };
    }
    let ns = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    html! {
        table.sortable {
            thead { tr { th.n scope="col" { "from cpu" } th.n scope="col" { "to cpu" } th scope="col" { "they share" } th.n scope="col" { "median ns" } th.n scope="col" { "95 %" } } }
            tbody { @for pair in &map.map.pairs {
                tr { td.n { (pair.from) } td.n { (pair.to) } td { (pair.class) }
                    td.n { @if let Some(median) = pair.round_trip_ns { (median) } @else { (Mark::Failed.show()) " " (pair.why.as_deref().unwrap_or_default()) } }
                    td.n { (ns(pair.low_ns)) @if pair.low_ns.is_some() || pair.high_ns.is_some() { " \u{2013} " } (ns(pair.high_ns)) } }
            } }
        }
    }
}

/// A pair a line; what has no figure has empty cells.
fn csv(map: &CoreMap) -> String {
    let ns = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    let line = |pair: &CorePair| {
        let [median, low, high] = [pair.round_trip_ns, pair.low_ns, pair.high_ns].map(ns);
        format!("{},{},{},{median},{low},{high}\n", pair.from, pair.to, pair.class)
    };
    let lines: String = map.map.pairs.iter().map(line).collect();
    format!("from,to,class,median_ns,low_ns,high_ns\n{lines}")
}
