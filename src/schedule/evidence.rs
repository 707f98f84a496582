//! What a worker of another language says of its messages, checked here: that exactly what was sent arrived, and in
//! order.

use crate::crawler::site::{Counts, Truth};
use crate::protocol::{Outcome, Prepare, Report};
use crate::queue::Tag;
use crate::scenario::SeenSet;
use crate::workload::Workload;
use crate::workload::check::{Imbalance, Sums, balance};

/// What is wrong, in an outcome and in words.
type Finding = (Outcome, String);

fn balanced(sent: &[(usize, u64)], received: impl IntoIterator<Item = (u64, Sums)>) -> Result<(), Finding> {
    balance(sent.iter().copied(), received, [0, 0]).map_err(|why| match why {
        Imbalance::Lost(what) => (Outcome::Lost, what),
        Imbalance::Duplicated(what) => (Outcome::Duplicated, what),
    })
}

/// Of a timed slice: counts, sum and xor.
pub fn of_a_slice(report: &Report, prepare: &Prepare) -> Result<(), Finding> {
    // A program checks what it did itself; messages are not what it counts.
    if prepare.workload == Workload::Spawn || prepare.workload.program().is_some() {
        return Ok(());
    }
    if report.sent.is_empty() || report.received.is_empty() {
        return Err((Outcome::Crashed, "the worker did not say what was sent and received".into()));
    }
    balanced(&report.sent, report.received.iter().map(|received| (received.count, received.sums)))
}

/// Of a crawl: what it found beside what there is, and what the site was asked for. A split lock may have pages fetched
/// again: that is what it is there to show.
pub fn of_a_crawl(report: &mut Report, seen: SeenSet, truth: &Truth, counts: &Counts) -> Result<(), Finding> {
    let figure = |name: &str| report.figures.get(name).copied();
    let (Some(sum), Some(dead), Some(duplicates)) =
        (figure("paths_sum"), figure("dead_links"), figure("duplicate_fetches"))
    else {
        return Err((Outcome::Crashed, "the worker did not say what it found".into()));
    };
    let repeated = counts.requests - counts.addresses.min(counts.requests);
    if repeated > 0 && seen != SeenSet::Split {
        let again =
            format!("{} of {} addresses were fetched again, {repeated} times", counts.repeated, counts.addresses);
        return Err((Outcome::Duplicated, again));
    }
    if repeated != duplicates {
        let why = format!("{duplicates} fetches were said to be duplicates, the site counted {repeated}");
        return Err((Outcome::Corrupted, why));
    }
    if counts.unknown > 0 {
        return Err((Outcome::Corrupted, format!("{} addresses were asked for that nothing links to", counts.unknown)));
    }
    if report.messages < truth.fetched || counts.addresses < truth.fetched {
        return Err((Outcome::Lost, format!("{} of {} addresses were found", report.messages, truth.fetched)));
    }
    if sum != truth.sum || report.messages != truth.fetched {
        return Err((Outcome::Corrupted, "the addresses found are not those of the site".into()));
    }
    if dead != truth.dead {
        return Err((Outcome::Corrupted, format!("{dead} links were called dead, {} are", truth.dead)));
    }
    // They are as they must be, so they say nothing more.
    report.figures.retain(|name, _| name != "paths_sum" && name != "dead_links");
    Ok(())
}

/// Of a verifying slice: every message, in the order in which each consumer got them.
pub fn of_every_message(
    sent: &[(usize, u64)],
    tags: &[Vec<u64>],
    messages: u64,
    producers: usize,
) -> Result<(), Finding> {
    // A worker may say any number.
    let total = sent.iter().fold(0u64, |total, (_, count)| total.saturating_add(*count));
    if total != messages {
        return Err((Outcome::Crashed, format!("asked for {messages} messages, the worker sent {total}")));
    }
    let mut sums = Vec::new();
    for tags in tags {
        let mut last = vec![0; producers];
        let mut own = Sums::default();
        for tag in tags.iter().map(|tag| Tag(*tag)) {
            let last = last.get_mut(tag.producer()).filter(|_| tag.sequence() > 0);
            let last =
                last.ok_or_else(|| (Outcome::Corrupted, format!("a message nobody sent came out: {:#x}", tag.0)))?;
            if tag.sequence() <= *last {
                let (sequence, producer) = (tag.sequence(), tag.producer());
                let what = format!("message {sequence} of producer {producer} came out after its message {last}");
                return Err((Outcome::Reordered, what));
            }
            *last = tag.sequence();
            own = own.with(Sums { sum: tag.0, xor: tag.0 });
        }
        sums.push((tags.len() as u64, own));
    }
    balanced(sent, sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(sequences: &[u64]) -> Vec<u64> {
        sequences.iter().map(|sequence| Tag::new(0, *sequence).0).collect()
    }

    #[test]
    fn each_way_to_be_wrong_has_its_word() {
        let found = |received: &[Vec<u64>]| of_every_message(&[(0, 4)], received, 4, 1).map_err(|(outcome, _)| outcome);
        assert_eq!(found(&[tags(&[1, 3]), tags(&[2, 4])]), Ok(()));
        assert_eq!(found(&[tags(&[1, 2, 3])]), Err(Outcome::Lost));
        assert_eq!(found(&[tags(&[1, 2, 3, 4]), tags(&[4])]), Err(Outcome::Duplicated));
        assert_eq!(found(&[tags(&[1, 2, 3]), tags(&[2])]), Err(Outcome::Duplicated));
        assert_eq!(found(&[tags(&[1, 3, 2, 4])]), Err(Outcome::Reordered));
        assert_eq!(found(&[vec![Tag::new(1, 1).0]]), Err(Outcome::Corrupted));
        assert_eq!(found(&[tags(&[0])]), Err(Outcome::Corrupted));
    }

    #[test]
    fn a_crawl_is_what_the_site_and_its_server_say_it_is() {
        let truth = Truth { fetched: 10, sum: 77, dead: 2 };
        let with = |seen, said, messages, sum, dead, [requests, repeated, unknown]: [u64; 3]| {
            let figures = [("paths_sum", sum), ("dead_links", dead), ("ending_ns", 5), ("duplicate_fetches", said)];
            let figures = figures.map(|(name, figure)| (name.to_owned(), figure)).into();
            let mut report = Report { messages, figures, ..Report::default() };
            let counts = Counts { requests, addresses: requests - repeated, repeated, unknown };
            let found = of_a_crawl(&mut report, seen, &truth, &counts);
            found.map(|()| report.figures.len()).map_err(|(outcome, _)| outcome)
        };
        let found = |messages, sum, dead, counts| with(SeenSet::Mutex, 0, messages, sum, dead, counts);
        assert_eq!(found(10, 77, 2, [10, 0, 0]), Ok(2), "what must be so says nothing");
        assert_eq!(with(SeenSet::Split, 2, 10, 77, 2, [12, 2, 0]), Ok(2), "it may be wasteful, not blind");
        assert_eq!(with(SeenSet::Split, 1, 10, 77, 2, [12, 2, 0]), Err(Outcome::Corrupted));
        assert_eq!(with(SeenSet::Split, 2, 9, 77, 2, [12, 2, 0]), Err(Outcome::Lost));
        assert_eq!(found(10, 77, 2, [12, 2, 0]), Err(Outcome::Duplicated));
        assert_eq!(found(9, 70, 2, [9, 0, 0]), Err(Outcome::Lost));
        assert_eq!(found(10, 77, 2, [9, 0, 0]), Err(Outcome::Lost), "it claims more than it asked for");
        assert_eq!(found(10, 78, 2, [10, 0, 0]), Err(Outcome::Corrupted));
        assert_eq!(found(10, 77, 1, [10, 0, 0]), Err(Outcome::Corrupted));
        assert_eq!(found(10, 77, 2, [10, 0, 1]), Err(Outcome::Corrupted));
        let silent = of_a_crawl(
            &mut Report::default(),
            SeenSet::Mutex,
            &truth,
            &Counts { requests: 10, addresses: 10, repeated: 0, unknown: 0 },
        );
        assert_eq!(silent.map_err(|(outcome, _)| outcome), Err(Outcome::Crashed));
    }

    #[test]
    fn counts_beyond_all_measure_are_only_wrong() {
        let sent = [(0, u64::MAX), (usize::MAX, 2)];
        assert_eq!(of_every_message(&sent, &[], 4, 1).map_err(|(outcome, _)| outcome), Err(Outcome::Crashed));
    }
}
