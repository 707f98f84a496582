//! What every picture has: a finding in a sentence, its unit, how many observations, what the interval is, and its figures
//! as a table.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

/// What stands around a picture.
pub struct Caption<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What there is to see in it.
    pub finding: &'a str,
    /// The unit, and which way is better.
    pub unit: String,
    /// How many observations each point has.
    pub n: String,
    /// What the whiskers are.
    pub interval: &'a str,
}

/// What whiskers at figures are.
pub const MEDIAN_INTERVAL: &str = "dots are medians over blocks, whiskers their 95 % order-statistic intervals";
/// What whiskers at ratios to the best are.
pub const RATIO_INTERVAL: &str = "dots are Hodges-Lehmann estimates over rounds, whiskers 95 % intervals that hold together for all rows (signed ranks)";
/// What whiskers at single ratios are.
pub const LONE_INTERVAL: &str =
    "dots are Hodges-Lehmann estimates over rounds, whiskers 95 % intervals, each by itself (signed ranks)";

/// A picture with its caption and its table.
pub fn figure(caption: &Caption, picture: &Markup, table: &Markup) -> Markup {
    html! {
        figure {
            figcaption {
                h3 { (caption.title) }
                p.finding { (caption.finding) }
            }
            div.scroll role="region" tabindex="0" aria-label={ "chart: " (caption.title) } { (picture) }
            p.fine { (caption.unit) " \u{b7} " (caption.n) " \u{b7} " (caption.interval) }
            details.data { summary { "The figures as a table" } div.scroll role="region" tabindex="0" aria-label={ "table: " (caption.title) } { (table) } }
        }
    }
}

/// A picture of this size; what it shows is said in `label`.
pub fn picture(width: f64, height: f64, label: &str, content: &Markup) -> Markup {
    html! {
        svg.chart.wide[width > 640.0] viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img" aria-label=(label) { (content) }
    }
}

/// `20 blocks`, or `20 to 78 blocks`.
pub fn range(counts: impl Iterator<Item = usize>, what: &str) -> String {
    let (least, most) = counts.fold((usize::MAX, 0), |(least, most), count| (least.min(count), most.max(count)));
    match (least, most) {
        (usize::MAX, _) => format!("n = 0 {what}s"),
        (least, most) if least == most => format!("n = {}", crate::table::count(least, what)),
        (least, most) => format!("n = {least} to {most} {what}s"),
    }
}

/// A table to take away, as a file for spreadsheets.
pub fn download(name: &str, csv: &str) -> Markup {
    html! { a download=(name) href={ "data:text/csv;base64," (STANDARD.encode(csv)) } { (name) } }
}
