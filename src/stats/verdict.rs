//! What an interval says about two queues.

use serde::Serialize;

use super::interval::Interval;

/// What is known of a queue beside another, at a margin fixed beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The interval lies within the margin: whatever the difference, nobody need care.
    Equivalent,
    /// Within the margin, and known to be the faster all the same.
    EquivalentFaster,
    /// Within the margin, and known to be the slower all the same.
    EquivalentSlower,
    /// The interval excludes 1 and does not lie within the margin: a difference, in this direction.
    Faster,
    /// Likewise.
    Slower,
    /// The interval holds 1 and more than the margin: not enough is known.
    Undecided,
}

impl Verdict {
    /// Of a ratio of rates, with `margin` 0.05 meaning that rates up to 5 % apart are as good as equal.
    ///
    /// Inclusion of a 95 % interval is the two one-sided tests procedure at 2.5 %: Schuirmann, "A comparison of the two
    /// one-sided tests procedure and the power approach", Journal of Pharmacokinetics and Biopharmaceutics 15 (1987).
    #[must_use]
    pub fn of(ratio: Interval, margin: f64) -> Verdict {
        let is_within = ratio.lower >= 1.0 / (1.0 + margin) && ratio.upper <= 1.0 + margin;
        match (is_within, ratio.lower > 1.0, ratio.upper < 1.0) {
            (true, true, _) => Verdict::EquivalentFaster,
            (true, _, true) => Verdict::EquivalentSlower,
            (true, ..) => Verdict::Equivalent,
            (_, true, _) => Verdict::Faster,
            (.., true) => Verdict::Slower,
            _ => Verdict::Undecided,
        }
    }

    /// Of the other queue beside the one.
    #[must_use]
    pub fn turned(self) -> Verdict {
        match self {
            Verdict::EquivalentFaster => Verdict::EquivalentSlower,
            Verdict::EquivalentSlower => Verdict::EquivalentFaster,
            Verdict::Faster => Verdict::Slower,
            Verdict::Slower => Verdict::Faster,
            Verdict::Equivalent | Verdict::Undecided => self,
        }
    }

    /// Whether it is one of the three kinds of equivalence.
    #[must_use]
    pub fn is_equivalent(self) -> bool {
        matches!(self, Verdict::Equivalent | Verdict::EquivalentFaster | Verdict::EquivalentSlower)
    }

    /// The word for it in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Equivalent => "equivalent",
            Verdict::EquivalentFaster => "equivalent+",
            Verdict::EquivalentSlower => "equivalent-",
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Undecided => "undecided",
        }
    }
}
