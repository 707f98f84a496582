//! Ratios beside the rows of a table: dots and whiskers on an axis that the column's head shows.

use maud::{Markup, html};

use super::mark::pixels;
use super::scale::Scale;
use crate::ranking::Ratio;

/// What an axis must hold of a ratio.
pub fn ends(ratio: Ratio) -> impl Iterator<Item = f64> {
    [ratio.estimate].into_iter().chain(ratio.interval.into_iter().flatten())
}

/// The axis that the strips of a column share, with ticks at least so far apart.
pub fn axis(scale: Option<Scale>, width: f64, apart: f64) -> Markup {
    html! {
        @if let Some(scale) = scale {
            svg.axis width=(width) height="14" viewBox={ "0 0 " (width) " 14" } aria-hidden="true" {
                @for tick in thinned(scale, apart) {
                    text x=(pixels(scale.at(tick))) y="11" text-anchor="middle" { (short(tick)) }
                }
            }
        }
    }
}

/// Ticks far enough apart for their words.
pub fn thinned(scale: Scale, apart: f64) -> Vec<f64> {
    let mut kept: Vec<f64> = Vec::new();
    for tick in scale.ticks() {
        if kept.last().is_none_or(|last| (scale.at(tick) - scale.at(*last)).abs() >= apart) {
            kept.push(tick);
        }
    }
    kept
}

/// A round number without needless digits.
pub fn short(tick: f64) -> String {
    let text = format!("{tick:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Faint lines at round numbers.
pub fn guides(scale: Scale, height: f64) -> Markup {
    let lines: String =
        scale.ticks().into_iter().map(|tick| format!("M{} 0v{}", pixels(scale.at(tick)), pixels(height))).collect();
    html! { path.guide d=(lines) {} }
}

/// An interval as a line with ends.
pub fn whisker(ratio: &Ratio, scale: Scale, y: f64) -> Markup {
    html! {
        @if let Some([low, high]) = ratio.interval {
            path.whisker d={ "M" (pixels(scale.at(low))) " " (pixels(y - 3.0)) "v6m0-3H" (pixels(scale.at(high))) "m0-3v6" } {}
        }
    }
}
