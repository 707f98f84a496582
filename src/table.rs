//! Tables for a terminal, and the same rows for other programs. Knows numbers and words, no queue.

use std::fmt;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableStyle};

/// How wide a table is at most, unless all columns were asked for.
pub const WIDTH: usize = 100;

/// How a row is to stand out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emphasis {
    /// Not at all.
    #[default]
    Plain,
    /// Less than its neighbours.
    Dim,
    /// As what a reader looks for first.
    Strong,
    /// As what is wrong.
    Alarm,
}

impl Emphasis {
    fn style(self) -> &'static str {
        match self {
            Emphasis::Plain => "",
            Emphasis::Dim => "\u{1b}[2m",
            Emphasis::Strong => "\u{1b}[1m",
            Emphasis::Alarm => "\u{1b}[31m",
        }
    }
}

/// A table of one line a row. Where colour is not wanted, the stream it is written to takes it out.
pub struct Grid {
    table: Table,
    rows: Vec<Emphasis>,
}

impl Grid {
    /// With these column heads; those whose positions are not in `texts` hold figures and are set to the right.
    pub fn new(heads: &[&str], texts: &[usize]) -> Grid {
        let mut table = Table::new();
        table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(heads.iter().map(Cell::new));
        for column in (0..heads.len()).filter(|column| !texts.contains(column)) {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Grid { table, rows: vec![Emphasis::Dim] }
    }

    /// Characters of its longest line.
    pub fn width(&self) -> usize {
        self.table.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or(0)
    }

    /// Appends a row.
    pub fn row(&mut self, cells: Vec<String>, emphasis: Emphasis) {
        self.table.add_row(cells);
        self.rows.push(emphasis);
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, emphasis) in self.table.lines().zip(&self.rows) {
            let style = emphasis.style();
            let reset = if style.is_empty() { "" } else { "\u{1b}[0m" };
            writeln!(f, "{style}{}{reset}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Three significant digits, as in `38.4`, `0.0123`, `1204`.
pub fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.digits$}")
}

/// A rate per second in the unit nearest to it: `38.4 M/s`.
pub fn rate(per_second: f64) -> String {
    let (scaled, prefix) = match per_second {
        r if r >= 1e9 => (r / 1e9, "G"),
        r if r >= 1e5 => (r / 1e6, "M"),
        r if r >= 1e3 => (r / 1e3, "k"),
        r => (r, ""),
    };
    format!("{} {prefix}/s", significant(scaled))
}

/// Nanoseconds in the unit nearest to them: `65.6 us`.
pub fn duration(ns: f64) -> String {
    match ns {
        ns if ns >= 1e9 => format!("{} s", significant(ns / 1e9)),
        ns if ns >= 1e6 => format!("{} ms", significant(ns / 1e6)),
        ns if ns >= 1e3 => format!("{} us", significant(ns / 1e3)),
        ns => format!("{} ns", significant(ns)),
    }
}

/// A share as a percentage without needless digits: `5 %`, `0.5 %`.
pub fn percentage(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 100.0)
}

/// A share typed as `5%` or `5`, above zero and at most 1000 %.
///
/// # Errors
///
/// A sentence that says what one looks like.
pub fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok();
    let share = number.map(|number| number / 100.0).filter(|share| *share > 0.0 && *share <= 10.0);
    share.ok_or_else(|| format!("'{text}' is no percentage above 0 and up to 1000; write 5% or 0.5%"))
}

/// `1 scenario`, `2 scenarios`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Seconds as a person says them: `40 s`, `3 min`, `2 h 10 min`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Text without meaning for what renders markdown: no markup, and no address that becomes a link.
pub fn markdown_text(text: &str) -> String {
    let is_markup = |c: char| "\\`*<[|".contains(c);
    let escaped: String = text.chars().flat_map(|c| is_markup(c).then_some('\\').into_iter().chain([c])).collect();
    escaped.replace("://", "\\://").replace("www.", "www\\.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_the_unit_nearest_to_them() {
        assert_eq!(rate(38_412_345.0), "38.4 M/s");
        assert_eq!(rate(20_123.0), "20.1 k/s");
        assert_eq!(rate(1_186e6), "1.19 G/s");
        assert_eq!(duration(65_560.0), "65.6 us");
        assert_eq!(duration(118.6), "119 ns");
        assert_eq!(significant(0.012_34), "0.0123");
        assert_eq!(span(40), "40 s");
        assert_eq!(span(190), "3 min");
        assert_eq!(span(7800), "2 h 10 min");
    }
}
