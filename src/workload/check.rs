//! The check every timed message goes through: per-producer order on the spot; count, sum and xor at the end.

use crate::queue::{Payload, Tag};

/// What one consumer has seen, in registers while the stream runs.
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

/// What is no message as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// The words do not belong together.
    Torn,
    /// The tag names no producer; the mark that ends a stream is one of these.
    Unknown(Tag),
    /// The sequence number is not above the last one of the same producer, which is given.
    Disordered(Tag, u64),
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
    ///
    /// # Errors
    ///
    /// What [`Faults::note`] wants to know. Leave the hot loop with it: a call inside the loop, however rarely
    /// made, would force what is counted here out of the registers.
    #[inline]
    pub fn accept<T: Payload>(&mut self, item: &T) -> Result<(), Odd> {
        let Some(tag) = item.read() else { return Err(Odd::Torn) };
        let Some(last) = self.last.get_mut(tag.producer()) else { return Err(Odd::Unknown(tag)) };
        let (sequence, before) = (tag.sequence(), *last);
        *last = sequence;
        self.count += 1;
        self.sum = self.sum.wrapping_add(tag.0);
        self.xor ^= tag.0;
        if sequence > before { Ok(()) } else { Err(Odd::Disordered(tag, before)) }
    }

    /// [`Check::accept`] where nothing is timed: compiled once for each payload, not for every queue.
    ///
    /// # Errors
    ///
    /// As [`Check::accept`].
    #[cold]
    #[inline(never)]
    pub fn accept_apart<T: Payload>(&mut self, item: &T) -> Result<(), Odd> {
        self.accept(item)
    }
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

impl Faults {
    /// Notes what is no message as it should be; true when it ends the stream.
    #[cold]
    #[inline(never)]
    pub fn note(&mut self, odd: Odd) -> bool {
        match odd {
            Odd::Unknown(Tag::END) => {
                self.ends += 1;
                return true;
            }
            Odd::Unknown(tag) => self.corrupt(format!("a message nobody sent came out: {:#x}", tag.0)),
            Odd::Torn => self.corrupt("a message's words do not belong together".into()),
            Odd::Disordered(tag, _) if tag.sequence() == 0 => {
                self.corrupt("a slot came out that nobody had written".into());
            }
            Odd::Disordered(tag, last) => {
                self.disordered += 1;
                let (sequence, producer) = (tag.sequence(), tag.producer());
                let what = format!("message {sequence} of producer {producer} came out after its message {last}");
                self.first.get_or_insert(what);
            }
        }
        false
    }

    fn corrupt(&mut self, what: String) {
        self.corrupted += 1;
        self.first.get_or_insert(what);
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
        let mut accept = |item: Words<8>| check.accept(&item).map_err(|odd| faults.note(odd));
        assert_eq!(accept(Words::write(Tag::new(0, 1))), Ok(()));
        assert_eq!(accept(Words::write(Tag::new(1, 5))), Ok(()));
        assert_eq!(accept(Words::write(Tag::new(0, 1))), Err(false));
        assert_eq!(accept(Words::write(Tag::new(7, 1))), Err(false));
        assert_eq!(accept(Words::write(Tag::new(0, 0))), Err(false));
        assert_eq!(accept(Words::write(Tag::END)), Err(true));
        // Word 0 of a default is a tag nobody sent, but its other words do not follow from it.
        assert_eq!(accept(Words::default()), Err(false));
        assert_eq!((faults.disordered, faults.corrupted, faults.ends), (1, 3, 1));
        assert_eq!(faults.first.as_deref(), Some("message 1 of producer 0 came out after its message 1"));
    }
}
