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
    sentence(ranking, &SPEED, true)
}

/// The same in these words; of how many, where nobody has said it before.
pub(super) fn sentence(ranking: &Ranking, words: &Words, says_of_how_many: bool) -> Option<String> {
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
        [only] if says_of_how_many => format!("{} {} of {}", only.queue, words.best, rows.len()),
        [only] => format!("{} {}", only.queue, words.best),
        all if all.iter().all(is_equivalent) => format!("{} {margin}", listed(all, "and")),
        all => format!("{}: undecided {}", listed(all, "or"), words.which),
    }];
    let near: Vec<&Row> = others.iter().copied().filter(is_equivalent).collect();
    // Who is beaten by one of the best need not be known to be behind the best, whichever that is.
    let is_behind = |row: &&&Row| row.verdict == Some(Verdict::EquivalentSlower);
    let (behind, as_good): (Vec<&Row>, Vec<&Row>) = near.iter().partition(is_behind);
    if !as_good.is_empty() {
        parts.push(format!("{} {margin}, too", listed(&as_good, "and")));
    }
    if !behind.is_empty() {
        parts.push(format!("{} {} but {margin}", listed(&behind, "and"), words.worse));
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

/// One end of a ratio's interval: `1.17`.
pub fn end_words(end: f64) -> String {
    format!("{end:.*}", digits_beside_one(end, usual_digits(end)))
}

fn usual_digits(ratio: f64) -> usize {
    match ratio {
        ratio if ratio < 10.0 => 2,
        ratio if ratio < 100.0 => 1,
        _ => 0,
    }
}

/// The digits that tell a number from 1, if it is another one; `usual` where it is not near.
fn digits_beside_one(end: f64, usual: usize) -> usize {
    const MOST: usize = 5;
    let looks_like_one = |digits: &usize| format!("{end:.digits$}").parse() == Ok(1.0);
    if end == 1.0 { usual } else { (usual..MOST).find(|digits| !looks_like_one(digits)).unwrap_or(usual) }
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

/// `1.80 [1.72, 1.89]`, with fewer digits the larger it is, and with as many as show that an end is not 1.
pub fn ratio_words(ratio: &Ratio) -> String {
    let usual = usual_digits(ratio.estimate);
    let ends = ratio.interval.into_iter().flatten();
    let digits = ends.map(|end| digits_beside_one(end, usual)).max().unwrap_or(usual);
    match ratio.interval {
        Some([low, high]) => format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", ratio.estimate),
        None => format!("{:.digits$}", ratio.estimate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_not_1_does_not_read_as_1() {
        let words = |estimate, low, high| ratio_words(&Ratio { estimate, interval: Some([low, high]), rounds: 20 });
        assert_eq!(words(1.031, 1.0037, 1.058), "1.031 [1.004, 1.058]");
        assert_eq!(words(0.98, 0.96, 0.99998), "0.98 [0.96, 1.00]", "five digits do not tell it either");
        assert_eq!(words(0.98, 0.96, 0.9996), "0.9800 [0.9600, 0.9996]");
        assert_eq!(words(1.0, 0.96, 1.02), "1.00 [0.96, 1.02]");
        assert_eq!(words(1.04, 1.0, 1.1), "1.04 [1.00, 1.10]", "the end is 1");
        assert_eq!(words(39.62, 38.71, 40.9), "39.6 [38.7, 40.9]");
    }
}
