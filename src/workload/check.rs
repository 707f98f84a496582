//! The check every timed message goes through: per-producer order on the spot; count, sum and xor at the end.

use crate::queue::{Payload, Tag};

/// What one consumer has seen, in registers while the stream runs.
///
/// [`Faults`] are kept apart so that the cold path that writes them does not force these into memory.
pub struct Check {
    /// The last sequence number of each producer.
    last: Vec<u64>,
    /// Messages that came out.
    pub count: u64,
    /// Sum of their tags, wrapping.
    pub sum: u64,
    /// Exclusive or of their tags.
    pub xor: u64,
}

/// What went wrong at one consumer.
#[derive(Clone, Debug, Default)]
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

/// What a message turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A message; faults, if any, are noted.
    Message,
    /// The mark that ends the stream.
    End,
}

impl Check {
    /// For messages of producers `0..producers`.
    pub fn new(producers: usize) -> Check {
        // At least two lines, so that no two consumers' tables share one.
        let mut last = Vec::with_capacity(producers.max(16));
        last.resize(producers, 0);
        Check { last, count: 0, sum: 0, xor: 0 }
    }

    /// Checks one message. Call it for every message a consumer pops.
    #[inline]
    pub fn accept<T: Payload>(&mut self, item: &T, faults: &mut Faults) -> Seen {
        let Some(tag) = item.read() else {
            faults.corrupt("a message's words do not belong together");
            return Seen::Message;
        };
        let Some(last) = self.last.get_mut(tag.producer()) else {
            return faults.unknown(tag);
        };
        let sequence = tag.sequence();
        if sequence <= *last {
            faults.disorder(tag, *last);
        }
        *last = sequence;
        self.count += 1;
        self.sum = self.sum.wrapping_add(tag.0);
        self.xor ^= tag.0;
        Seen::Message
    }
}

impl Faults {
    #[cold]
    fn corrupt(&mut self, what: &str) {
        self.corrupted += 1;
        self.first.get_or_insert_with(|| what.to_owned());
    }

    #[cold]
    fn unknown(&mut self, tag: Tag) -> Seen {
        if tag == Tag::END {
            self.ends += 1;
            return Seen::End;
        }
        self.corrupt(&format!("a message nobody sent came out: {:#x}", tag.0));
        Seen::Message
    }

    #[cold]
    fn disorder(&mut self, tag: Tag, last: u64) {
        if tag.sequence() == 0 {
            return self.corrupt("a slot came out that nobody had written");
        }
        self.disordered += 1;
        self.first.get_or_insert_with(|| {
            format!("message {} of producer {} came out after its message {last}", tag.sequence(), tag.producer())
        });
    }
}

/// What a producer's messages `1..=count` add up to: sum and exclusive or of their tags.
pub fn expected(producer: usize, count: u64) -> (u64, u64) {
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
    (sum, xor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Words;

    #[test]
    fn expected_sums_are_those_of_the_tags() {
        for producer in [0, 1, 513] {
            let (mut sum, mut xor) = (0u64, 0u64);
            for count in 1..200 {
                let tag = Tag::new(producer, count).0;
                (sum, xor) = (sum.wrapping_add(tag), xor ^ tag);
                assert_eq!(expected(producer, count), (sum, xor), "{producer}, {count}");
            }
        }
    }

    #[test]
    fn every_kind_of_fault_is_told_apart() {
        let (mut check, mut faults) = (Check::new(2), Faults::default());
        let mut accept = |tag| check.accept(&Words::<8>::write(tag), &mut faults);
        assert!(accept(Tag::new(0, 1)) == Seen::Message);
        assert!(accept(Tag::new(1, 5)) == Seen::Message);
        accept(Tag::new(0, 1));
        accept(Tag::new(7, 1));
        accept(Tag::new(0, 0));
        assert!(accept(Tag::END) == Seen::End);
        check.accept(&Words::<8>::default(), &mut faults);
        assert_eq!((faults.disordered, faults.corrupted, faults.ends), (1, 3, 1));
        assert_eq!(faults.first.as_deref(), Some("message 1 of producer 0 came out after its message 1"));
    }
}
