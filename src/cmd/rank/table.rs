//! One scenario as a terminal shows it.

use crate::protocol::Outcome;
use crate::ranking::{PairRow, Row, ratio_words};
use crate::summary::{Section, rank_words, verdict_words};
use crate::table::{Emphasis, Grid, WIDTH, duration, significant};

/// What only wide tables have room for.
pub const WIDE_HEADS: [&str; 8] =
    ["spread", "of limit", "sleeps/msg", "full/msg", "empty/msg", "capacity", "trips 10-90 %", "blocks"];

/// The table as a terminal shows it.
pub fn table(section: &Section, wide: bool) -> String {
    let (rows, fits) = grid(section, wide, false);
    // What has no room at the end of its row stands below the table.
    let is_below = !wide && !fits;
    let rows = if is_below { grid(section, wide, true).0 } else { rows };
    let headline: String = section.headline.iter().flat_map(|sentence| wrapped(sentence, WIDTH - 4)).collect();
    let mut text = format!("\n{}\n{headline}{rows}", section.title());
    for (head, pairs) in [("builds", &section.builds), ("pairs", &section.pairs)] {
        text.push_str(&pairs_grid(head, pairs));
    }
    for note in section.notes(is_below) {
        for line in wrapped(&note, WIDTH - 4) {
            text.push_str(&line);
        }
    }
    text.trim_end().to_owned()
}

/// The rows, and whether they are as narrow as a table is to be.
fn grid(section: &Section, wide: bool, remarks_below: bool) -> (String, bool) {
    let mut heads = vec!["rank", "queue", section.value_head(), "x slower (95 %)", "verdict", "ran", "cpu/msg"];
    if wide {
        heads.extend(WIDE_HEADS);
    }
    heads.push("");
    let mut grid = Grid::new(&heads, &[0, 1, 4, 5, heads.len() - 1]);
    for row in &section.ranking.rows {
        let emphasis = match row {
            row if row.outcome != Outcome::Ok => Emphasis::Alarm,
            row if row.limit => Emphasis::Dim,
            row if row.may_be_best && section.compares => Emphasis::Strong,
            _ => Emphasis::Plain,
        };
        let mut cells = cells(section, row, wide);
        if let Some(remarks) = cells.last_mut().filter(|remarks| remarks_below && !remarks.is_empty()) {
            remarks.clear();
        }
        if remarks_below && row.modes.is_some() {
            // Which two stands below.
            cells[2] = "two".into();
        }
        grid.row(cells, emphasis);
    }
    let fits = grid.width() <= WIDTH;
    (grid.to_string(), fits)
}

/// A row as a table shows it.
pub fn cells(section: &Section, row: &Row, wide: bool) -> Vec<String> {
    let dash = || "-".to_owned();
    let number = |value: Option<f64>| value.map_or_else(dash, significant);
    let mut cells = vec![
        row.ranks.map_or_else(dash, rank_words),
        row.queue.clone(),
        section.value_of(row),
        match row.times_slower {
            Some(_) if row.may_be_best && row.verdict.is_none() => "1".into(),
            ratio => ratio.map_or_else(dash, |ratio| ratio_words(&ratio)),
        },
        verdict_words(row),
        row.regime.map_or_else(dash, |regime| format!("{}{}", regime.word(), if row.other_regime { "*" } else { "" })),
        row.cpu_ns_per_message.map_or_else(dash, duration),
    ];
    if wide {
        let [full, empty] = row.failed_tries_per_message.unwrap_or([None, None]);
        cells.extend([
            row.spread.map_or_else(dash, |spread| format!("{:.0} %", spread * 100.0)),
            row.share_of_limit.map_or_else(dash, |share| format!("{:.1} %", share * 100.0)),
            number(row.voluntary_switches_per_message),
            number(full),
            number(empty),
            row.capacity.map_or_else(dash, |capacity| capacity.to_string()),
            row.trips_ns
                .map_or_else(dash, |[low, high]| format!("{} - {}", duration(low as f64), duration(high as f64))),
            row.blocks.to_string(),
        ]);
    }
    cells.push(section.remarks(row));
    cells
}

/// A line a pair, under a head of its own; nothing where there is none.
fn pairs_grid(head: &str, pairs: &[PairRow]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[head, "beside", "x faster (95 %)", "p", "verdict"], &[0, 1, 4]);
    for pair in pairs {
        let p = if pair.p_value < 0.001 { "<0.001".into() } else { format!("{:.3}", pair.p_value) };
        let ratio = ratio_words(&pair.times_faster);
        let verdict = if pair.unreliable { "UNRELIABLE".into() } else { pair.verdict.word().into() };
        grid.row(vec![pair.of.clone(), pair.to.clone(), ratio, p, verdict], Emphasis::Plain);
    }
    format!("\n{grid}")
}

/// The text in lines of at most `width` characters, indented. A longer word has a line of its own: it may be part of a
/// command, which is typed as a whole.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => line.push_str(&format!(" {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    let indent = |(number, line)| format!("{}{line}\n", if number == 0 { "  " } else { "    " });
    lines.into_iter().enumerate().map(indent).collect()
}
