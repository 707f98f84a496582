//! The statistics against published worked examples, against brute force, and in simulation.

use fastrand::Rng;
use proptest::prelude::*;
use queuebench::stats::{Interval, Mode, Modes, median, median_interval, modes, quantile, ratio, signed_rank, spread};
use statrs::distribution::{ContinuousCDF, Normal};

const NOT_FINITE: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
const NO_CONFIDENCE: [f64; 6] = [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY];

/// Hollander & Wolfe, "Nonparametric Statistical Methods" (1973), table 3.1: depression of nine
/// patients before and after a tranquilizer; also the example of R's `wilcox.test`.
const BEFORE: [f64; 9] = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
#[expect(clippy::approx_constant, reason = "3.14 is a patient's score")]
const AFTER: [f64; 9] = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];

/// Darwin's cross- minus self-fertilized maize in eighths of an inch; Fisher, "The Design of
/// Experiments" (1935).
const MAIZE: [f64; 15] = [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

fn ends(interval: Option<Interval>) -> Option<(f64, f64)> {
    interval.map(|interval| (interval.lower, interval.upper))
}

fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages: Vec<f64> =
        (0..values.len()).flat_map(|i| values[i..].iter().map(move |&other| values[i].midpoint(other))).collect();
    averages.sort_unstable_by(f64::total_cmp);
    averages
}

mod quantiles {
    use super::*;

    #[test]
    fn median_of_odd_and_even_samples() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
    }

    /// R: `quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .9, 1), type = 7)`.
    #[test]
    fn quantile_is_type_seven() {
        let values = [16.0, 1.0, 8.0, 2.0, 4.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            assert!(close(quantile(&values, q).unwrap(), expected), "q = {q}");
        }
    }

    #[test]
    fn what_is_no_sample_has_no_quantile() {
        assert_eq!(median(&[]), None);
        assert_eq!(quantile(&[], 0.5), None);
        for bad in NOT_FINITE {
            assert_eq!(median(&[1.0, bad]), None);
        }
        for bad in [-0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(&[1.0, 2.0], bad), None);
        }
    }

    #[test]
    fn the_widest_range_does_not_overflow() {
        let values = [f64::MIN, f64::MAX];
        assert_eq!(median(&values), Some(0.0));
        assert_eq!(quantile(&values, 0.5), Some(0.0));
    }

    #[test]
    fn spread_is_the_middle_four_fifths_over_the_median() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        assert!(close(spread(&values).unwrap(), 8.0 / 5.0));
        assert_eq!(spread(&[3.0; 4]), Some(0.0));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[0.0; 4]), None);
        assert_eq!(spread(&[-1.0, -2.0]), None);
        assert_eq!(spread(&[1.0, f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn median_is_the_middle_quantile(values in prop::collection::vec(-1e9..1e9, 1..50)) {
            prop_assert!(close(median(&values).unwrap(), quantile(&values, 0.5).unwrap()));
        }

        #[test]
        fn a_quantile_lies_within_the_sample(value: f64, n in 1usize..20, q in 0.0..=1.0) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(quantile(&vec![value; n], q), Some(value));
        }

        #[test]
        fn spread_has_no_unit(
            values in prop::collection::vec(1.0..100.0, 1..50), scale in 1e-6..1e6,
        ) {
            let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
            prop_assert!(close(spread(&values).unwrap(), spread(&scaled).unwrap()));
        }
    }
}

mod median_intervals {
    use super::*;

    /// Conover, "Practical Nonparametric Statistics" (3rd ed., 1999), section 3.2; table A3 for the
    /// binomial.
    #[test]
    fn ranks_and_coverage_are_the_tabulated_ones() {
        for (n, rank, coverage) in [
            (6, 1, 0.968_75),
            (8, 1, 0.9922),
            (9, 2, 0.9609),
            (10, 2, 0.9785),
            (15, 4, 0.9648),
            (17, 5, 0.9510),
            (20, 6, 0.9586),
        ] {
            let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
            let interval = median_interval(&values, 0.95).unwrap();
            let expected = (f64::from(rank), f64::from(n + 1 - rank));
            assert_eq!((interval.lower, interval.upper), expected, "n = {n}");
            assert!((interval.coverage - coverage).abs() < 5e-5, "n = {n}");
        }
    }

    #[test]
    fn too_few_values_give_none() {
        assert_eq!(median_interval(&[], 0.95), None);
        assert_eq!(median_interval(&[1.0], 0.5), None);
        assert_eq!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        assert_eq!(ends(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.9)), Some((1.0, 5.0)));
    }

    #[test]
    fn bad_input_gives_none() {
        let mut values = [1.0; 20];
        assert_eq!(ends(median_interval(&values, 0.95)), Some((1.0, 1.0)));
        for confidence in NO_CONFIDENCE {
            assert_eq!(median_interval(&values, confidence), None);
        }
        for bad in NOT_FINITE {
            values[7] = bad;
            assert_eq!(median_interval(&values, 0.95), None);
        }
    }

    proptest! {
        #[test]
        fn it_holds_the_sample_median(values in prop::collection::vec(-1e3..1e3, 6..200)) {
            let interval = median_interval(&values, 0.95).unwrap();
            prop_assert!(interval.contains(median(&values).unwrap()));
            prop_assert!((0.95..1.0).contains(&interval.coverage));
        }
    }
}

mod signed_ranks {
    use super::*;

    #[test]
    fn hollander_and_wolfe_depression() {
        let differences: Vec<f64> = AFTER.iter().zip(BEFORE).map(|(y, x)| y - x).collect();
        let centre = signed_rank(&differences, 0.95).unwrap();
        let interval = centre.interval.unwrap();
        assert!(close(centre.estimate, -0.46));
        assert!(close(interval.lower, -0.786) && close(interval.upper, -0.010));
        assert!((interval.coverage - 0.961).abs() < 5e-4);
    }

    /// R: `wilcox.test(x, conf.int = TRUE)`, exact branch. Fisher's t interval is (0.03, 41.8)
    /// about 20.9; the two negative pairs pull it down.
    #[test]
    fn darwins_maize() {
        let centre = signed_rank(&MAIZE, 0.95).unwrap();
        assert_eq!(centre.estimate, 25.0);
        assert_eq!(ends(centre.interval), Some((4.0, 41.5)));
        let wide = signed_rank(&MAIZE, 0.99).unwrap();
        assert_eq!(ends(wide.interval), Some((-13.0, 49.0)));
    }

    /// How many of the 2^n subsets of the ranks sum to 0, 1, 2, ...: Hollander & Wolfe, table A.4,
    /// as counts.
    #[test]
    fn the_null_distribution_is_the_tabulated_one() {
        for (n, counts) in
            [(4, &[1, 1, 1, 2, 2][..]), (5, &[1, 1, 1, 2, 2, 3, 3]), (10, &[1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10])]
        {
            let differences: Vec<f64> = (0..n).map(|i| f64::from(i).exp2()).collect();
            let averages = walsh_averages(&differences);
            let mut cumulative = 0;
            for (k, count) in counts.iter().enumerate() {
                cumulative += count;
                let coverage = 1.0 - f64::from(2 * cumulative) / f64::from(n).exp2();
                let interval = signed_rank(&differences, coverage).unwrap().interval.unwrap();
                let last = averages.len() - 1;
                assert_eq!(interval.coverage, coverage, "n = {n}, k = {k}");
                assert_eq!((interval.lower, interval.upper), (averages[k], averages[last - k]));
            }
        }
    }

    #[test]
    fn fewer_than_six_differences_have_no_interval_of_95_percent() {
        for n in 1..=8 {
            let differences: Vec<f64> = (0..n).map(f64::from).collect();
            let centre = signed_rank(&differences, 0.95).unwrap();
            assert_eq!(centre.interval.is_some(), n >= 6, "n = {n}");
            assert_eq!(centre.estimate, f64::from(n - 1) / 2.0);
        }
    }

    #[test]
    fn ties_and_equal_values() {
        let centre = signed_rank(&[0.25; 12], 0.95).unwrap();
        assert_eq!((centre.estimate, ends(centre.interval)), (0.25, Some((0.25, 0.25))));
        let centre = signed_rank(&[0.0, -0.0, 0.0, -0.0, 0.0, -0.0, 0.0], 0.95).unwrap();
        assert!(centre.estimate.is_sign_positive() && centre.interval.unwrap().contains(0.0));
        let tied = [11.0, 4.0, 3.0, -2.0, 13.0, 2.0, 7.0, 4.0, 3.0, -3.0, 12.0];
        let centre = signed_rank(&tied, 0.95).unwrap();
        assert_eq!((centre.estimate, ends(centre.interval)), (4.5, Some((0.5, 8.5))));
    }

    #[test]
    fn bad_input_gives_none() {
        assert_eq!(signed_rank(&[], 0.95), None);
        for confidence in NO_CONFIDENCE {
            assert_eq!(signed_rank(&MAIZE, confidence), None);
        }
        for bad in NOT_FINITE {
            assert_eq!(signed_rank(&[1.0, bad, 2.0], 0.95), None);
        }
    }

    #[test]
    fn the_widest_range_does_not_overflow() {
        let centre = signed_rank(&[f64::MIN, f64::MAX].repeat(5), 0.95).unwrap();
        assert_eq!((centre.estimate, ends(centre.interval)), (0.0, Some((f64::MIN, f64::MAX))));
        let large = [0.8 * f64::MAX, 0.9 * f64::MAX].repeat(5);
        let centre = signed_rank(&large, 0.95).unwrap();
        assert_eq!(ends(centre.interval), Some((large[0], large[1])));
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(differences in prop::collection::vec(-9i32..9, 1..120)) {
            let differences: Vec<f64> = differences.iter().map(|&d| f64::from(d) / 4.0).collect();
            let averages = walsh_averages(&differences);
            let centre = signed_rank(&differences, 0.95).unwrap();
            prop_assert_eq!(centre.estimate, median(&averages).unwrap());
            if let Some(interval) = centre.interval {
                prop_assert!(averages.contains(&interval.lower));
                prop_assert!(averages.contains(&interval.upper));
                prop_assert!(interval.contains(centre.estimate) && interval.coverage >= 0.95);
            }
        }

        #[test]
        fn a_shift_of_all_differences_shifts_the_answer(
            differences in prop::collection::vec(-1.0..1.0, 6..150), shift in -10.0..10.0,
        ) {
            let moved: Vec<f64> = differences.iter().map(|d| d + shift).collect();
            let [a, b] = [differences, moved].map(|sample| signed_rank(&sample, 0.95).unwrap());
            let (a_interval, b_interval) = (a.interval.unwrap(), b.interval.unwrap());
            prop_assert!(close(a.estimate + shift, b.estimate));
            prop_assert!(close(a_interval.lower + shift, b_interval.lower));
            prop_assert!(close(a_interval.upper + shift, b_interval.upper));
        }

        #[test]
        fn more_confidence_never_means_a_narrower_interval(
            differences in prop::collection::vec(-1.0..1.0, 8..150),
        ) {
            let at = |confidence| signed_rank(&differences, confidence).unwrap().interval.unwrap();
            let (narrow, wide) = (at(0.8), at(0.99));
            prop_assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
        }
    }
}

mod ratios {
    use super::*;

    fn rates() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec((1e3..1e9, 1e3..1e9), 6..120)
    }

    #[test]
    fn a_constant_factor_is_found_whatever_the_rounds_were_like() {
        let to = [1e6, 3e6, 2e6, 9e6, 4e6, 5e6];
        let estimate = ratio(&to.map(|rate| 1.25 * rate), &to, 0.95).unwrap();
        let interval = estimate.interval.unwrap();
        assert!(close(estimate.estimate, 1.25) && close(interval.lower, 1.25) && close(interval.upper, 1.25));
        assert_eq!(estimate.rounds, 6);
    }

    #[test]
    fn few_rounds_have_an_estimate_but_no_interval() {
        let estimate = ratio(&[2.0, 4.0], &[1.0, 2.0], 0.95).unwrap();
        assert!(close(estimate.estimate, 2.0));
        assert_eq!((estimate.interval, estimate.rounds), (None, 2));
    }

    #[test]
    fn bad_input_gives_none() {
        assert_eq!(ratio(&[], &[], 0.95), None);
        assert_eq!(ratio(&[1.0], &[1.0, 2.0], 0.95), None);
        for confidence in NO_CONFIDENCE {
            assert_eq!(ratio(&[1.0], &[1.0], confidence), None);
        }
        for bad in NOT_FINITE.into_iter().chain([0.0, -0.0, -1.0]) {
            assert_eq!(ratio(&[1.0, bad], &[1.0, 1.0], 0.95), None);
            assert_eq!(ratio(&[1.0, 1.0], &[1.0, bad], 0.95), None);
        }
        assert_eq!(ratio(&[1e300; 8], &[1e-300; 8], 0.95), None);
        assert_eq!(ratio(&[1e-300; 8], &[1e300; 8], 0.95), None);
    }

    proptest! {
        #[test]
        fn the_unit_cancels(rates in rates(), scale in 1e-6..1e6) {
            let (of, to): (Vec<_>, Vec<_>) = rates.into_iter().unzip();
            let scaled = |rates: &[f64]| rates.iter().map(|rate| rate * scale).collect::<Vec<_>>();
            let a = ratio(&of, &to, 0.95).unwrap();
            let b = ratio(&scaled(&of), &scaled(&to), 0.95).unwrap();
            let (a_interval, b_interval) = (a.interval.unwrap(), b.interval.unwrap());
            prop_assert!(close(a.estimate, b.estimate));
            prop_assert!(close(a_interval.lower, b_interval.lower));
            prop_assert!(close(a_interval.upper, b_interval.upper));
        }

        #[test]
        fn the_order_of_rounds_is_irrelevant(
            (rates, shuffled) in rates()
                .prop_flat_map(|rates| (Just(rates.clone()), Just(rates).prop_shuffle())),
        ) {
            let (of, to): (Vec<_>, Vec<_>) = rates.into_iter().unzip();
            let (shuffled_of, shuffled_to): (Vec<_>, Vec<_>) = shuffled.into_iter().unzip();
            prop_assert_eq!(ratio(&of, &to, 0.95), ratio(&shuffled_of, &shuffled_to, 0.95));
        }

        #[test]
        fn swapped_operands_give_the_inverse(rates in rates()) {
            let (of, to): (Vec<_>, Vec<_>) = rates.into_iter().unzip();
            let (a, b) = (ratio(&of, &to, 0.95).unwrap(), ratio(&to, &of, 0.95).unwrap());
            let (a_interval, b_interval) = (a.interval.unwrap(), b.interval.unwrap());
            prop_assert!(close(a.estimate * b.estimate, 1.0));
            prop_assert!(close(a_interval.lower * b_interval.upper, 1.0));
            prop_assert!(close(a_interval.upper * b_interval.lower, 1.0));
        }

        #[test]
        fn any_numbers_are_answered_without_panic_or_nan(
            rates in prop::collection::vec((hostile(), hostile()), 0..20),
            confidence in prop_oneof![9 => 0.0..1.0, 1 => prop::num::f64::ANY],
        ) {
            let (of, to): (Vec<_>, Vec<_>) = rates.into_iter().unzip();
            let ratio = ratio(&of, &to, confidence);
            let of_ratio = ratio.and_then(|ratio| ratio.interval);
            let intervals = [of_ratio, median_interval(&of, confidence)];
            let modes = match modes(&of) {
                Some(Modes::One(mode)) => vec![mode.median],
                Some(Modes::Two { lower, upper }) => vec![lower.median, upper.median],
                None => vec![],
            };
            let answers: Vec<f64> = [median(&of), spread(&of), quantile(&of, confidence)]
                .into_iter()
                .chain([ratio.map(|ratio| ratio.estimate)])
                .flatten()
                .chain(intervals.into_iter().flatten().flat_map(|i| [i.lower, i.upper, i.coverage]))
                .chain(modes)
                .collect();
            prop_assert!(answers.iter().all(|answer| answer.is_finite()), "{answers:?}");
        }
    }

    /// Mostly positive numbers of any size, now and then anything a float can be.
    fn hostile() -> impl Strategy<Value = f64> {
        let positive = prop::num::f64::POSITIVE | prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL;
        prop_oneof![50 => positive, 1 => prop::num::f64::ANY]
    }
}

mod two_modes {
    use super::*;

    /// crossbeam-channel, round trips of nine processes in microseconds.
    #[test]
    fn a_queue_that_sleeps_or_does_not_is_told_as_two() {
        let round_trips = [0.61, 45.0, 62.8, 0.60, 30.3, 0.65, 31.0, 0.58, 60.1];
        let lower = Mode { median: 0.605, count: 4 };
        let upper = Mode { median: 45.0, count: 5 };
        assert_eq!(modes(&round_trips), Some(Modes::Two { lower, upper }));
    }

    #[test]
    fn an_outlier_is_no_mode_and_hides_none() {
        let outlier = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 900.0];
        assert!(matches!(modes(&outlier), Some(Modes::One(Mode { count: 8, .. }))));
        let mut two: Vec<f64> = (0..20).map(|i| 10.0 + f64::from(i) / 10.0).collect();
        two.extend((0..20).map(|i| 40.0 + f64::from(i) / 3.0));
        two.push(1e6);
        assert!(matches!(modes(&two), Some(Modes::Two { .. })));
    }

    #[test]
    fn a_small_step_is_no_second_mode() {
        assert!(matches!(modes(&[41.0, 42.0].repeat(20)), Some(Modes::One(_))));
        assert!(matches!(modes(&[41.0, 82.0].repeat(20)), Some(Modes::Two { .. })));
    }

    #[test]
    fn few_or_equal_values_are_one_mode() {
        assert_eq!(modes(&[5.0]), Some(Modes::One(Mode { median: 5.0, count: 1 })));
        assert_eq!(modes(&[5.0; 30]), Some(Modes::One(Mode { median: 5.0, count: 30 })));
        assert!(matches!(modes(&[1.0, 1.0, 99.0]), Some(Modes::One(_))));
    }

    #[test]
    fn bad_input_gives_none() {
        assert_eq!(modes(&[]), None);
        for bad in NOT_FINITE.into_iter().chain([0.0, -1.0]) {
            assert_eq!(modes(&[1.0, bad, 2.0]), None);
        }
    }

    proptest! {
        #[test]
        fn every_value_is_counted_once(values in prop::collection::vec(1e-3..1e3, 1..100)) {
            let counted = match modes(&values).unwrap() {
                Modes::One(mode) => mode.count,
                Modes::Two { lower, upper } => {
                    prop_assert!(lower.median < upper.median);
                    lower.count + upper.count
                }
            };
            prop_assert_eq!(counted, values.len());
        }
    }
}

mod simulated {
    use super::*;

    const SAMPLES: usize = 1000;

    /// Even between 0 and 1, without 0.
    fn above_zero(rng: &mut Rng) -> f64 {
        rng.f64().max(f64::MIN_POSITIVE)
    }

    /// Standard normal.
    fn normal(rng: &mut Rng) -> f64 {
        Normal::standard().inverse_cdf(above_zero(rng))
    }

    /// The noise of fresh processes, exaggerated: normal, and in a fifth of the cases thrown off by
    /// about eight deviations, to either side.
    fn contaminated(rng: &mut Rng) -> f64 {
        let thrown = if rng.f64() < 0.2 {
            let side = if rng.bool() { 1.0 } else { -1.0 };
            -8.0 * side * above_zero(rng).ln()
        } else {
            0.0
        };
        normal(rng) + thrown
    }

    /// Rates of two queues of which the first is 1.2 times as fast, over `n` rounds.
    fn rounds(rng: &mut Rng, n: usize) -> (Vec<f64>, Vec<f64>) {
        let mut rate = |median: f64| median * (0.1 * contaminated(rng)).exp();
        (0..n).map(|_| (rate(1.2e6), rate(1.0e6))).unzip()
    }

    fn share(mut hit: impl FnMut() -> bool) -> f64 {
        (0..SAMPLES).filter(|_| hit()).count() as f64 / SAMPLES as f64
    }

    #[test]
    fn the_interval_covers_as_often_as_it_says() {
        for n in [16, 60] {
            let mut rng = Rng::with_seed(n as u64);
            let coverage = share(|| {
                let (of, to) = rounds(&mut rng, n);
                ratio(&of, &to, 0.95).unwrap().interval.unwrap().contains(1.2)
            });
            assert!((0.93..=0.97).contains(&coverage), "n = {n}: {coverage}");
        }
    }

    /// The same width around the ratio of the best blocks: a comparison of minimum times is not
    /// what it looks like.
    #[test]
    fn best_of_would_not() {
        for n in [16, 60] {
            let mut rng = Rng::with_seed(n as u64);
            let coverage = share(|| {
                let (of, to) = rounds(&mut rng, n);
                let honest = ratio(&of, &to, 0.95).unwrap();
                let best = quantile(&of, 1.0).unwrap() / quantile(&to, 1.0).unwrap();
                let true_ratio_moved_likewise = 1.2 / best * honest.estimate;
                honest.interval.unwrap().contains(true_ratio_moved_likewise)
            });
            assert!(coverage < 0.5, "n = {n}: {coverage}");
        }
    }

    #[test]
    fn the_median_interval_covers_as_often_as_it_says() {
        for n in [16, 60] {
            let mut rng = Rng::with_seed(n as u64);
            let coverage = share(|| {
                let values: Vec<f64> = (0..n).map(|_| contaminated(&mut rng)).collect();
                median_interval(&values, 0.95).unwrap().contains(0.0)
            });
            assert!((0.94..=0.99).contains(&coverage), "n = {n}: {coverage}");
        }
    }

    fn told_as_two(n: usize, value: impl Fn(&mut Rng, usize) -> f64) -> f64 {
        let mut rng = Rng::with_seed(n as u64);
        share(|| {
            let values: Vec<f64> = (0..n).map(|i| value(&mut rng, i).exp()).collect();
            matches!(modes(&values), Some(Modes::Two { .. }))
        })
    }

    #[test]
    fn noise_is_seldom_taken_for_two_modes() {
        for n in [9, 16, 60, 160] {
            for variation in [0.1, 0.2] {
                let found = told_as_two(n, |rng, _| variation * normal(rng));
                assert!(found < 0.01, "n = {n}, CV {variation}: {found}");
            }
            let found = told_as_two(n, |rng, _| 0.5 * rng.f64());
            assert!(found < 0.015, "n = {n}, flat: {found}");
        }
    }

    #[test]
    fn separated_modes_are_seldom_missed() {
        for (n, factor, least) in [(9, 10.0_f64, 0.95), (16, 5.0, 0.95), (60, 3.0, 0.95), (160, 3.0, 0.99)] {
            for every in [2, 4] {
                let found = told_as_two(n, |rng, i| {
                    let upper = if i % every == 0 { factor.ln() } else { 0.0 };
                    upper + 0.15 * normal(rng)
                });
                assert!(found > least, "n = {n}, x{factor}, 1 of {every}: {found}");
            }
        }
    }
}

mod p_values {
    use std::cmp::Ordering;

    use super::*;
    use queuebench::stats::{Differences, holm};

    /// By going through all 2^n signs.
    fn by_enumeration(differences: &[f64]) -> f64 {
        let mut order: Vec<usize> = (0..differences.len()).collect();
        order.sort_by(|a, b| differences[*a].abs().total_cmp(&differences[*b].abs()));
        let n = differences.len();
        let observed: usize = order.iter().zip(1..).filter(|(i, _)| differences[**i] > 0.0).map(|(_, rank)| rank).sum();
        let extreme = observed.min(n * (n + 1) / 2 - observed);
        let at_most = (0..1u32 << n)
            .filter(|signs| (1..=n).filter(|rank| signs >> (rank - 1) & 1 == 1).sum::<usize>() <= extreme);
        (2.0 * at_most.count() as f64 / f64::from(1u32 << n)).min(1.0)
    }

    fn p_value(differences: &[f64]) -> f64 {
        Differences::new(differences).unwrap().p_value()
    }

    /// R: `wilcox.test(before, after, paired = TRUE)` gives V = 40, p = 0.03906; of the maize, V = 96, p = 0.04126.
    #[test]
    fn of_the_published_examples() {
        let depression: Vec<f64> = BEFORE.iter().zip(AFTER).map(|(before, after)| before - after).collect();
        assert!((p_value(&depression) - 0.03906).abs() < 5e-6);
        assert!((p_value(&MAIZE) - 0.04126).abs() < 5e-6);
    }

    #[test]
    fn without_ties_it_is_what_all_signs_say() {
        let mut rng = Rng::with_seed(2);
        for n in 1..=12 {
            let differences: Vec<f64> = (0..n).map(|_| rng.f64() - 0.4).collect();
            assert!(close(p_value(&differences), by_enumeration(&differences)), "{differences:?}");
        }
    }

    /// Holm's procedure as R's `p.adjust(p, "holm")` does it.
    #[test]
    fn holm_multiplies_by_what_is_left_and_never_falls() {
        let adjusted = holm(&[0.02, 0.01, 0.04, 0.03, 0.05]);
        for (adjusted, expected) in adjusted.iter().zip([0.08, 0.05, 0.09, 0.09, 0.09]) {
            assert!(close(*adjusted, expected), "{adjusted} is not {expected}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn it_is_small_exactly_where_the_interval_excludes_zero(
            tenths in prop::collection::vec(-20i32..30, 6..40), at in 0usize..4,
        ) {
            let differences: Vec<f64> = tenths.iter().map(|tenths| f64::from(*tenths) / 10.0).collect();
            let confidence = [0.8, 0.9, 0.95, 0.99][at];
            let differences = Differences::new(&differences).unwrap();
            if let Some(interval) = differences.interval(confidence) {
                prop_assert_eq!(differences.p_value() <= 1.0 - confidence + 1e-12, !interval.contains(0.0));
                let side = if interval.lower > 0.0 { Some(Ordering::Greater) } else { None };
                let side = if interval.upper < 0.0 { Some(Ordering::Less) } else { side };
                prop_assert_eq!(differences.side(confidence), side);
            }
        }
    }
}

mod verdicts {
    use super::*;
    use queuebench::stats::Verdict;

    #[test]
    fn say_what_an_interval_says_at_a_margin() {
        let verdict = |lower, upper| Verdict::of(Interval { lower, upper, coverage: 0.95 }, 0.05).word();
        for (lower, upper, word) in [
            (0.97, 1.04, "equivalent"),
            (1.01, 1.04, "equivalent+"),
            (0.96, 0.99, "equivalent-"),
            (0.9524, 1.05, "equivalent"),
            (0.95, 1.02, "undecided"),
            (0.90, 1.20, "undecided"),
            (1.02, 1.07, "faster"),
            (0.80, 0.99, "slower"),
            (2.00, 3.00, "faster"),
        ] {
            assert_eq!(verdict(lower, upper), word, "[{lower}, {upper}]");
        }
    }

    proptest! {
        #[test]
        fn turning_a_ratio_turns_its_verdict(lower in 0.5f64..2.0, factor in 1.0f64..2.0, margin in 0.01f64..0.5) {
            let of = |lower: f64, upper: f64| Verdict::of(Interval { lower, upper, coverage: 0.95 }, margin);
            let upper = lower * factor;
            prop_assert_eq!(of(1.0 / upper, 1.0 / lower), of(lower, upper).turned());
        }
    }
}

mod changes {
    use super::*;
    use queuebench::stats::{RunEstimate, between_runs, change};

    fn known(log: f64) -> RunEstimate {
        RunEstimate { log, half_width: 0.0 }
    }

    /// With exact estimates what is left is the middle of the squares: 0.04 squared over the middle of a chi-square.
    #[test]
    fn what_runs_differ_by_is_measured_although_some_have_changed() {
        let differences = [0.01, -0.02, 0.04, -0.9, 0.7, 0.02, 0.03, -0.04, 0.6, -0.8, 0.04];
        let pairs: Vec<_> = differences.iter().map(|log| (known(0.3), known(0.3 + log))).collect();
        assert!((between_runs(&pairs).unwrap() - 0.04 / 0.454_936_4f64.sqrt()).abs() < 1e-7);
        assert_eq!(between_runs(&pairs[2..]), None, "nine are too few");
    }

    #[test]
    fn intervals_that_explain_the_differences_leave_nothing_between_runs() {
        let wide = |log| RunEstimate { log, half_width: 0.2 };
        let pairs: Vec<_> = (0..12).map(|n| (wide(0.0), wide(f64::from(n) / 100.0))).collect();
        assert_eq!(between_runs(&pairs), Some(0.0));
    }

    #[test]
    fn a_change_is_as_uncertain_as_both_runs_and_what_lies_between() {
        let (before, after) = (RunEstimate { log: 0.1, half_width: 0.03 }, RunEstimate { log: 0.3, half_width: 0.04 });
        let (log, interval) = change(before, after, 0.0);
        assert!(close(log, 0.2) && close(interval.upper - log, 0.05));
        let (_, wider) = change(before, after, 0.12 / 1.959_963_984_540_054);
        assert!(close(wider.upper - log, 0.13));
    }
}
