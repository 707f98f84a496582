//! A ranking in one sentence that can be quoted.

use super::{Ranking, Ratio, Row};
use crate::stats::Verdict;
use crate::table::{count, percentage};

/// Names listed before the rest is counted.
const MOST_NAMES: usize = 4;

/// The words of what queues are compared by.
pub(super) struct Words {
    /// What the best one is, of so many.
    best: &'static str,
    /// What they are asked for.
    which: &'static str,
    /// What the others are.
    worse: &'static str,
    /// How much so.
    by: &'static str,
}

pub(super) const SPEED: Words =
    Words { best: "is the fastest", which: "which is fastest", worse: "slower", by: "x slower" };
pub(super) const COST: Words =
    Words { best: "costs the least cpu", which: "which costs least", worse: "dearer", by: "x as dear" };

/// Who may be best, who is as good, and by how much the next one is slower; `None` where nothing is compared.
pub fn headline(ranking: &Ranking) -> Option<String> {
    sentence(ranking, &SPEED)
}

/// The same in these words.
pub(super) fn sentence(ranking: &Ranking, words: &Words) -> Option<String> {
    let rows: Vec<&Row> = ranking.rows.iter().filter(|row| row.times_slower.is_some()).collect();
    if rows.len() < 2 {
        return None;
    }
    let (best, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.may_be_best);
    if best.iter().any(|row| row.times_slower.is_some_and(|ratio| ratio.interval.is_none())) {
        return Some(format!("{} too few to say {}", count(ranking.rounds, "round"), words.which));
    }
    let margin = format!("equivalent within {}", percentage(ranking.margin));
    let is_equivalent = |row: &&Row| row.verdict.is_some_and(Verdict::is_equivalent);
    let mut parts = vec![match &best[..] {
        [only] => format!("{} {} of {}", only.queue, words.best, rows.len()),
        all if all.iter().all(is_equivalent) => format!("{} {margin}", listed(all, "and")),
        all => format!("{}: undecided {}", listed(all, "or"), words.which),
    }];
    let near: Vec<&Row> = others.iter().copied().filter(is_equivalent).collect();
    if !near.is_empty() {
        parts.push(format!("{} {} but {margin}", listed(&near, "and"), words.worse));
    }
    let next = others.iter().find(|row| row.verdict == Some(Verdict::Slower));
    if let Some((row, ratio)) = next.and_then(|row| Some((row, row.times_slower?))) {
        parts.push(format!("{} {}", row.queue, times_words(&ratio, words.by)));
    }
    let named: Vec<&Row> = best.into_iter().chain(near).chain(next.copied()).collect();
    let unreliable: Vec<&Row> = named.into_iter().filter(|row| row.unreliable.is_some()).collect();
    let doubt =
        if unreliable.is_empty() { String::new() } else { format!(" (UNRELIABLE: {})", listed(&unreliable, "and")) };
    Some(format!("{}{doubt}", parts.join("; ")))
}

fn listed(rows: &[&Row], and: &str) -> String {
    let names: Vec<&str> = rows.iter().map(|row| row.queue.as_str()).collect();
    match &names[..] {
        [] => String::new(),
        [name] => (*name).to_owned(),
        names if names.len() > MOST_NAMES => {
            format!("{} {and} {} more", names[..MOST_NAMES - 1].join(", "), names.len() - MOST_NAMES + 1)
        }
        [names @ .., last] => format!("{} {and} {last}", names.join(", ")),
    }
}

/// `1.8x slower [1.7, 1.9]`
pub fn slower_words(ratio: &Ratio) -> String {
    times_words(ratio, SPEED.by)
}

fn times_words(ratio: &Ratio, by: &str) -> String {
    let words = ratio_words(ratio);
    match words.split_once(' ') {
        Some((estimate, interval)) => format!("{estimate}{by} {interval}"),
        None => format!("{words}{by}"),
    }
}

/// `1.80 [1.72, 1.89]`, with fewer digits the larger it is.
pub fn ratio_words(ratio: &Ratio) -> String {
    let digits = match ratio.estimate {
        estimate if estimate < 10.0 => 2,
        estimate if estimate < 100.0 => 1,
        _ => 0,
    };
    match ratio.interval {
        Some([low, high]) => format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", ratio.estimate),
        None => format!("{:.digits$}", ratio.estimate),
    }
}
