//! What the statistics do on recorded blocks whose truth is known: false alarms, power, coverage, agreement. Pure
//! functions on log ratios, one for each round.

use std::cmp::Ordering;

use fastrand::Rng;
use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};

use crate::ranking::{CONFIDENCE, PairRow};
use crate::stats::{Differences, Interval, Verdict, quantile};

/// Comparisons that a power is computed from.
pub const COMPARISONS: usize = 1000;

/// The rounds of both queues, in groups of `size` that have no block in common; what is left over is left out.
pub fn groups(of: &[Option<f64>], to: &[Option<f64>], size: usize) -> Vec<Vec<f64>> {
    let both: Vec<f64> = of.iter().zip(to).filter_map(|(of, to)| Some((*of)? - (*to)?)).collect();
    both.chunks_exact(size).map(<[f64]>::to_vec).collect()
}

/// What a comparison of these rounds alone would have said.
pub fn verdict(differences: &[f64], margin: f64) -> Option<Verdict> {
    Some(Verdict::of(interval(differences)?.exp(), margin))
}

fn interval(differences: &[f64]) -> Option<Interval> {
    Differences::new(differences)?.interval(CONFIDENCE)
}

/// How many of `trials` may go wrong, if each does with a probability of 5 %: more happens with one of at most 5 %.
pub fn allowed(trials: u64) -> u64 {
    let binomial = Binomial::new(1.0 - CONFIDENCE, trials).expect("a probability");
    (0..=trials).find(|most| binomial.sf(*most) <= 1.0 - CONFIDENCE).unwrap_or(trials)
}

/// The probability of success is at least this, with a confidence of 95 %: Clopper and Pearson, "The Use of Confidence or
/// Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 26 (1934).
pub fn at_least(successes: u64, trials: u64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    let beta = Beta::new(successes as f64, (trials - successes + 1) as f64).expect("both are positive");
    beta.inverse_cdf(1.0 - CONFIDENCE)
}

/// What becomes of many comparisons of a slow-down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// Share in which the interval excludes 1 on the right side.
    pub found: f64,
    /// Share in which it excludes 1 on the wrong one.
    pub wrong: f64,
}

/// Of so many comparisons of `rounds` rounds each, whose truth is the log ratio `truth`; see [`comparisons`].
pub fn power(pool: &[f64], truth: f64, rounds: usize, many: usize) -> Option<Power> {
    let right = if truth < 0.0 { Ordering::Less } else { Ordering::Greater };
    let sides: Vec<Option<Ordering>> =
        comparisons(pool, truth, rounds, many)?.map(|drawn| Differences::new(&drawn)?.side(CONFIDENCE)).collect();
    let share = |side| sides.iter().filter(|own| **own == Some(side)).count() as f64 / many as f64;
    Some(Power { found: share(right), wrong: share(right.reverse()) })
}

/// So many comparisons of `rounds` rounds each. They are drawn with replacement, as independent rounds are, from `pool` moved
/// so that its centre is the log ratio `truth`; always the same ones.
pub fn comparisons(
    pool: &[f64],
    truth: f64,
    rounds: usize,
    many: usize,
) -> Option<impl Iterator<Item = Vec<f64>> + use<'_>> {
    let shift = truth - Differences::new(pool)?.estimate();
    let mut rng = Rng::with_seed(1);
    Some((0..many).map(move |_| (0..rounds).map(|_| pool[rng.usize(..pool.len())] + shift).collect()))
}

/// In how many groups the interval holds the centre of all of them together.
pub fn covered(groups: &[Vec<f64>]) -> Option<u64> {
    let truth = Differences::new(&groups.concat())?.estimate();
    let covers = |group: &&Vec<f64>| interval(group).is_some_and(|interval| interval.contains(truth));
    Some(groups.iter().filter(covers).count() as u64)
}

/// Rounds that it takes to know a ratio to within the share `precision` either way.
pub fn rounds_for(pool: &[f64], precision: f64) -> Option<f64> {
    Differences::new(pool)?.needed_for(precision.ln_1p(), CONFIDENCE)
}

/// A robust standard deviation: half of what lies between the 16th and the 84th percentile.
pub fn scatter(pool: &[f64]) -> Option<f64> {
    Some((quantile(pool, 0.8413)? - quantile(pool, 0.1587)?) / 2.0)
}

/// What a second run says of the verdicts of a first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Pairs decided in both.
    pub decided: u64,
    /// Those with the same verdict.
    pub confirmed: u64,
    /// Those faster in one and slower in the other.
    pub reversed: u64,
}

/// Compares the pairs of two runs.
pub fn agreement(first: &[PairRow], second: &[PairRow]) -> Agreement {
    let mut agreement = Agreement::default();
    for one in first {
        let same = |other: &&PairRow| (&other.of, &other.to) == (&one.of, &one.to);
        let turned = |other: &&PairRow| (&other.of, &other.to) == (&one.to, &one.of);
        let other = second.iter().find(same).map(|other| other.verdict);
        let Some(other) = other.or_else(|| second.iter().find(turned).map(|other| other.verdict.turned())) else {
            continue;
        };
        if one.verdict == Verdict::Undecided || other == Verdict::Undecided {
            continue;
        }
        let kind = |verdict: Verdict| if verdict.is_equivalent() { Verdict::Equivalent } else { verdict };
        agreement.decided += 1;
        agreement.confirmed += u64::from(kind(one.verdict) == kind(other));
        agreement.reversed += u64::from(!one.verdict.is_equivalent() && other == one.verdict.turned());
    }
    agreement
}
