//! The check every timed message goes through: per-producer order on the spot; count, sum and xor at the end.

use serde::{Deserialize, Serialize};

use crate::queue::{Payload, Tag};

/// Producers that are told apart, the one that stands for what `pairs` starts with among them.
const MOST_PRODUCERS: usize = 1024;

/// What one consumer has seen.
pub struct Check {
    /// The last tag of each producer; the end mark's, which no tag exceeds, where there is no such producer.
    last: [u64; MOST_PRODUCERS],
    /// Messages that came out. Whoever calls [`Check::accept`] counts what it hands in, by the batch.
    pub count: u64,
    /// What their tags add up to.
    pub sums: Sums,
}

/// Tags, added up in two ways. A loop keeps them in a variable of its own while it accepts a batch: inside
/// [`Check`], which is too large for registers, they would cost two stores a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Their sum, wrapping.
    pub sum: u64,
    /// Their exclusive or.
    pub xor: u64,
}

impl Sums {
    #[inline]
    fn add(&mut self, tag: Tag) {
        self.sum = self.sum.wrapping_add(tag.0);
        self.xor ^= tag.0;
    }

    /// Of both.
    #[must_use]
    pub fn with(self, other: Sums) -> Sums {
        Sums { sum: self.sum.wrapping_add(other.sum), xor: self.xor ^ other.xor }
    }
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Messages that came out.
    pub count: u64,
    /// What their tags add up to.
    #[serde(flatten)]
    pub sums: Sums,
    /// What was wrong with them.
    #[serde(default, skip_serializing_if = "Faults::is_none")]
    pub faults: Faults,
}

/// What is no message as it should be. Plain data, so that the hot loop can be left with it: a call inside the loop,
/// however rarely made, would force what is counted there out of the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// The words do not belong together.
    Torn,
    /// The tag names no producer; the mark that ends a stream is one of these.
    Unknown(Tag),
    /// The sequence number is not above the last one of the same producer, or there is no such producer.
    NotAbove(Tag),
}

impl Check {
    /// For messages of producers `0..producers`.
    pub fn new(producers: usize) -> Check {
        let mut last = [Tag::END.0; MOST_PRODUCERS];
        for (producer, last) in last[..producers].iter_mut().enumerate() {
            *last = Tag::new(producer, 0).0;
        }
        Check { last, count: 0, sums: Sums::default() }
    }

    /// Checks one message. Call it for every message a consumer pops.
    ///
    /// # Errors
    ///
    /// What has to be handed to [`Faults::note`].
    #[inline(always)]
    pub fn accept<T: Payload>(&mut self, item: &T, sums: &mut Sums) -> Result<(), Odd> {
        let Some(tag) = item.read() else { return Err(Odd::Torn) };
        let Some(last) = self.last.get_mut(tag.producer()) else { return Err(Odd::Unknown(tag)) };
        // Tags of one producer differ by their sequence alone.
        if tag.0 <= *last {
            return Err(Odd::NotAbove(tag));
        }
        *last = tag.0;
        sums.add(tag);
        Ok(())
    }

    /// What has come of it.
    #[inline(never)]
    pub fn received(&self, faults: Faults) -> Received {
        Received { count: self.count, sums: self.sums, faults }
    }

    /// Counts and checks one message where a call more does not matter, as between two sleeps or after a stream:
    /// compiled once for each payload, not for every queue. True when it ends the stream.
    #[inline(never)]
    pub fn accept_apart<T: Payload>(&mut self, item: &T, faults: &mut Faults) -> bool {
        let mut sums = self.sums;
        self.count += 1;
        let accepted = self.accept(item, &mut sums);
        self.sums = sums;
        accepted.is_err_and(|odd| faults.note(odd, self))
    }

    /// The last message of a producer, if there is such a producer.
    fn last_of(&self, producer: usize) -> Option<Tag> {
        self.last.get(producer).map(|last| Tag(*last)).filter(|last| *last != Tag::END)
    }
}

/// What went wrong at one consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Messages not above the last one of the same producer.
    pub disordered: u64,
    /// Messages whose words do not belong together, or that nobody sent.
    pub corrupted: u64,
    /// End marks that came out.
    pub ends: u64,
    /// The first disorder or corruption, in words.
    pub first: Option<String>,
}

impl Faults {
    fn is_none(&self) -> bool {
        *self == Faults::default()
    }

    /// Notes what is no message as it should be, after `check` has counted it; true when it ends the stream.
    #[cold]
    #[inline(never)]
    pub fn note(&mut self, odd: Odd, check: &mut Check) -> bool {
        if let Odd::NotAbove(tag) = odd
            && let Some(last) = check.last_of(tag.producer())
        {
            check.last[tag.producer()] = tag.0;
            check.sums.add(tag);
            self.disorder(tag, last);
            return false;
        }
        check.count = check.count.wrapping_sub(1);
        match odd {
            Odd::Unknown(Tag::END) => self.ends += 1,
            Odd::Unknown(tag) | Odd::NotAbove(tag) => {
                self.corrupt(format!("a message nobody sent came out: {:#x}", tag.0));
            }
            Odd::Torn => self.corrupt("a message's words do not belong together".into()),
        }
        odd == Odd::Unknown(Tag::END)
    }

    fn disorder(&mut self, tag: Tag, last: Tag) {
        if tag.sequence() == 0 {
            return self.corrupt("a slot came out that nobody had written".into());
        }
        self.disordered += 1;
        let (sequence, producer, last) = (tag.sequence(), tag.producer(), last.sequence());
        let what = format!("message {sequence} of producer {producer} came out after its message {last}");
        self.first.get_or_insert(what);
    }

    fn corrupt(&mut self, what: String) {
        self.corrupted += 1;
        self.first.get_or_insert(what);
    }
}

/// What is wrong between what went in and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imbalance {
    /// Fewer came out.
    Lost(String),
    /// More came out, or others.
    Duplicated(String),
}

/// Whether exactly what producers pushed has come out at all consumers together; `ends` are the end marks that went in
/// and came out.
///
/// # Errors
///
/// What is wrong.
pub fn balance(
    sent: impl IntoIterator<Item = (usize, u64)>,
    received: impl IntoIterator<Item = (u64, Sums)>,
    ends: [u64; 2],
) -> Result<(), Imbalance> {
    let (mut pushed, mut sums) = (ends[0], Sums::default());
    for (producer, count) in sent {
        (pushed, sums) = (pushed.saturating_add(count), sums.with(expected(producer, count)));
    }
    let (mut popped, mut popped_sums) = (ends[1], Sums::default());
    for (count, sums) in received {
        (popped, popped_sums) = (popped.saturating_add(count), popped_sums.with(sums));
    }
    if popped != pushed {
        let what = format!("{pushed} messages went in, {popped} came out");
        return Err(if popped < pushed { Imbalance::Lost(what) } else { Imbalance::Duplicated(what) });
    }
    if popped_sums != sums {
        let what = format!("as many came out as went in ({pushed}), but not the same: some twice, some never");
        return Err(Imbalance::Duplicated(what));
    }
    Ok(())
}

/// What a producer's messages `1..=count` add up to.
pub fn expected(producer: usize, count: u64) -> Sums {
    let base = Tag::new(producer, 0).0;
    // Widened, because the product of two 48-bit numbers does not fit.
    let triangle = (u128::from(count) * (u128::from(count) + 1) / 2) as u64;
    let sum = base.wrapping_mul(count).wrapping_add(triangle);
    let sequences = match count % 4 {
        0 => count,
        1 => 1,
        2 => count + 1,
        _ => 0,
    };
    let xor = if count % 2 == 1 { base ^ sequences } else { sequences };
    Sums { sum, xor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Words;

    #[test]
    fn expected_sums_are_those_of_the_tags() {
        for producer in [0, 1, 513] {
            let mut sums = Sums::default();
            for count in 1..200 {
                sums.add(Tag::new(producer, count));
                assert_eq!(expected(producer, count), sums, "{producer}, {count}");
            }
        }
    }

    #[test]
    fn every_kind_of_fault_is_told_apart() {
        let (mut check, mut faults) = (Check::new(2), Faults::default());
        let mut ends = |item: Words<8>| check.accept_apart(&item, &mut faults);
        for (producer, sequence) in [(0, 1), (1, 5), (0, 1), (0, 0)] {
            assert!(!ends(Words::write(Tag::new(producer, sequence))));
        }
        // One that the table has room for, and one that it has not.
        assert!(!ends(Words::write(Tag::new(7, 1))) && !ends(Words::write(Tag::new(MOST_PRODUCERS, 1))));
        assert!(ends(Words::write(Tag::END)));
        // Word 0 of a default is a tag nobody sent, but its other words do not follow from it.
        assert!(!ends(Words::default()));
        assert_eq!((faults.disordered, faults.corrupted, faults.ends), (1, 4, 1));
        let sums = [(0, 1), (1, 5), (0, 1), (0, 0)].map(|(producer, sequence)| Tag::new(producer, sequence));
        let sums = sums.into_iter().fold(Sums::default(), |mut sums, tag| {
            sums.add(tag);
            sums
        });
        assert_eq!((check.count, check.sums), (4, sums));
        assert_eq!(faults.first.as_deref(), Some("message 1 of producer 0 came out after its message 1"));
    }
}
