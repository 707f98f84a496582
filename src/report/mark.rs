//! How a queue shows: its name, its marker and colour, and the four marks of what has no figure.

use maud::{Markup, html};

use crate::ranking::is_limit;
use crate::summary::{Look, Palette, look_of};

/// A place without a figure, or with one to be careful with. None of them is a zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It could be measured, and was not.
    NotMeasured,
    /// The queue is not made for it.
    NotSupported,
    /// A block ended in another outcome than ok.
    Failed,
    /// There is a figure, and something that a reader must know.
    Flagged,
}

impl Mark {
    /// All, in the order of the legend.
    pub const ALL: [Mark; 4] = [Mark::NotMeasured, Mark::NotSupported, Mark::Failed, Mark::Flagged];

    /// The glyph.
    pub fn glyph(self) -> &'static str {
        match self {
            Mark::NotMeasured => "?",
            Mark::NotSupported => "\u{2013}",
            Mark::Failed => "\u{2715}",
            Mark::Flagged => "\u{26a0}\u{fe0e}",
        }
    }

    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Mark::NotMeasured => "not measured",
            Mark::NotSupported => "not supported",
            Mark::Failed => "failed",
            Mark::Flagged => "flagged",
        }
    }

    /// Glyph and words, the words for those who hear the page.
    pub fn show(self) -> Markup {
        html! { span.mark title=(self.words()) { span aria-hidden="true" { (self.glyph()) } span.sr { (self.words()) } } }
    }
}

/// What the four marks are, below a table that has them.
pub fn legend() -> Markup {
    html! {
        p.legend { @for mark in Mark::ALL { span { span aria-hidden="true" { (mark.glyph()) } " " (mark.words()) } " " } }
    }
}

/// A queue's name. The script makes it a button that marks the queue wherever it is; without scripts it is text.
pub fn name(queue: &str) -> Markup {
    html! { span.q data-q=(queue) { @if !is_limit(queue) { (swatch(queue)) } (id(queue)) } }
}

/// An id that on a narrow page ends its lines behind a slash, and not inside a word.
pub fn id(id: &str) -> Markup {
    html! { @for (at, part) in id.split_inclusive('/').enumerate() { @if at > 0 { wbr; } (part) } }
}

/// Its marker, as large as a letter.
fn swatch(queue: &str) -> Markup {
    html! { svg.swatch viewBox="-6 -6 12 12" aria-hidden="true" { (marker(queue, 0.0, 0.0)) } }
}

/// Its marker in a picture.
pub fn marker(queue: &str, x: f64, y: f64) -> Markup {
    let look = look_of(queue);
    html! { use.m.(colour(look)).hollow[look.hollow] href={ "#m" (look.marker) } x=(pixels(x)) y=(pixels(y)) {} }
}

/// The same with words for who points at it.
pub fn marker_saying(queue: &str, x: f64, y: f64, words: &str) -> Markup {
    html! { g { title { (words) } (marker(queue, x, y)) } }
}

/// The class that has its colour.
pub fn colour(look: Look) -> String {
    format!("c{}", look.colour)
}

/// Its line's dashes as an attribute.
pub fn dashes(queue: &str) -> Option<String> {
    let dash: Vec<String> = look_of(queue).dash.iter().map(u32::to_string).collect();
    (!dash.is_empty()).then(|| dash.join(" "))
}

/// A position in a picture, to a tenth.
pub fn pixels(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The markers, once for all pictures.
pub fn definitions() -> Markup {
    let paths = [
        "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
        "M-4-4h8v8h-8z",
        "M0-5L4.8 3.8H-4.8z",
        "M0 5L4.8-3.8H-4.8z",
        "M0-5.4L5.4 0L0 5.4L-5.4 0z",
        "M-4.2-2.6L-2.6-4.2L0-1.6L2.6-4.2L4.2-2.6L1.6 0L4.2 2.6L2.6 4.2L0 1.6L-2.6 4.2L-4.2 2.6L-1.6 0z",
    ];
    html! {
        svg.defs width="0" height="0" aria-hidden="true" {
            defs { @for (number, path) in paths.iter().enumerate() { path id={ "m" (number) } d=(path) {} } }
        }
    }
}

/// The palette as custom properties, for either theme.
pub fn colours() -> [String; 2] {
    let palette = Palette::default();
    [palette.light, palette.dark]
        .map(|colours| colours.iter().enumerate().map(|(at, colour)| format!("--p{at}:{colour};")).collect())
}
