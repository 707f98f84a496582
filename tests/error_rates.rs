//! Do the estimators keep their promises? Simulated with fixed seeds, on made-up noise like that of measured queues and on
//! recorded noise; and estimators that do not keep them must fail the same tests.

use fastrand::Rng;
use queuebench::proof::{self, groups};
use queuebench::ranking::Logs;
use queuebench::record;
use queuebench::stats::{Contest, Differences, Interval, contest, signed_rank};
use queuebench::workload::Workload;
use statrs::distribution::{ContinuousCDF, Normal};

/// Slices of each block, for what takes slices for blocks.
const SLICES: usize = 8;
/// Comparisons simulated for each figure.
const TRIALS: usize = 1000;

fn normal(rng: &mut Rng) -> f64 {
    Normal::standard().inverse_cdf(rng.f64().clamp(1e-12, 1.0 - 1e-12))
}

/// How log rates of blocks scatter.
#[derive(Clone, Copy, Debug)]
enum Noise {
    /// Normal.
    Calm,
    /// One block in ten is up to several times slower.
    Disturbed,
    /// A block runs at one of two speeds, three to one.
    TwoSpeeds,
}

impl Noise {
    const ALL: [Noise; 3] = [Noise::Calm, Noise::Disturbed, Noise::TwoSpeeds];

    /// The log rates of a block's slices: the process is a draw, its slices agree.
    fn block(self, rng: &mut Rng) -> [f64; SLICES] {
        let process = match self {
            Noise::Calm => 0.1 * normal(rng),
            Noise::Disturbed if rng.f64() < 0.1 => 0.1 * normal(rng) - rng.f64(),
            Noise::Disturbed => 0.1 * normal(rng),
            Noise::TwoSpeeds => 0.05 * normal(rng) + if rng.bool() { 1.1 } else { 0.0 },
        };
        std::array::from_fn(|_| process + 0.03 * normal(rng))
    }
}

/// Two queues over rounds, with the log of their true ratio; both drift along.
struct Rounds {
    of: Vec<[f64; SLICES]>,
    to: Vec<[f64; SLICES]>,
}

impl Rounds {
    fn simulate(noise: Noise, log_ratio: f64, rounds: usize, rng: &mut Rng) -> Rounds {
        let mut drift = 0.0;
        let (mut of, mut to) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            drift += 0.02 * normal(rng);
            of.push(noise.block(rng).map(|log| log + drift + log_ratio));
            to.push(noise.block(rng).map(|log| log + drift));
        }
        Rounds { of, to }
    }
}

fn mean(slices: &[f64; SLICES]) -> f64 {
    slices.iter().sum::<f64>() / SLICES as f64
}

type Estimator = fn(&Rounds) -> Option<Interval>;

/// Ours: a figure a block, a difference a round.
fn ours(rounds: &Rounds) -> Option<Interval> {
    let differences: Vec<f64> = rounds.of.iter().zip(&rounds.to).map(|(of, to)| mean(of) - mean(to)).collect();
    signed_rank(&differences, 0.95)?.interval
}

/// Every slice as if it were a block.
fn slices_as_if_independent(rounds: &Rounds) -> Option<Interval> {
    let slices = rounds.of.as_flattened().iter().zip(rounds.to.as_flattened());
    signed_rank(&slices.map(|(of, to)| of - to).collect::<Vec<_>>(), 0.95)?.interval
}

/// The best block of each, and what the second best says of how sure that is.
fn the_minimum(rounds: &Rounds) -> Option<Interval> {
    let best_two = |blocks: &[[f64; SLICES]]| {
        let mut best: Vec<f64> = blocks.iter().map(mean).collect();
        best.sort_by(f64::total_cmp);
        (best[best.len() - 1], best[best.len() - 2])
    };
    let (of, to) = (best_two(&rounds.of), best_two(&rounds.to));
    let half_width = 1.96 * (of.0 - of.1).hypot(to.0 - to.1);
    Some(Interval { lower: of.0 - to.0 - half_width, upper: of.0 - to.0 + half_width, coverage: 0.95 })
}

/// In how many of the trials the interval holds the truth.
fn covered(estimator: Estimator, noise: Noise, rounds: usize) -> f64 {
    let mut rng = Rng::with_seed(rounds as u64);
    let truth = 0.05f64.ln_1p();
    let hits = (0..TRIALS).filter(|_| {
        let simulated = Rounds::simulate(noise, truth, rounds, &mut rng);
        estimator(&simulated).is_some_and(|interval| interval.contains(truth))
    });
    hits.count() as f64 / TRIALS as f64
}

/// Whether an estimator's intervals hold what they should in at least 93 % of the trials, whatever the noise.
fn keeps_its_promise(estimator: Estimator) -> Result<(), String> {
    for noise in Noise::ALL {
        for rounds in [12, 20, 60] {
            let covered = covered(estimator, noise, rounds);
            if covered < 0.93 {
                return Err(format!("{covered} of the intervals hold the truth with {rounds} rounds, {noise:?}"));
            }
        }
    }
    Ok(())
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    keeps_its_promise(ours).unwrap();
}

#[test]
fn broken_estimators_are_found_out() {
    for (name, estimator) in
        [("slices as if independent", slices_as_if_independent as Estimator), ("the minimum", the_minimum)]
    {
        assert!(keeps_its_promise(estimator).is_err(), "{name} keeps its promise");
    }
}

/// The stopping rule of profile default: looks after 20 rounds and every 10, stops by width, at 160 at the latest.
fn stopped_by_width(noise: Noise, log_ratio: f64, rng: &mut Rng) -> Option<Interval> {
    let all = Rounds::simulate(noise, log_ratio, 160, rng);
    let mut interval = None;
    for rounds in (20..=160).step_by(10) {
        let so_far = Rounds { of: all.of[..rounds].to_vec(), to: all.to[..rounds].to_vec() };
        interval = ours(&so_far);
        if interval.is_some_and(|interval| interval.upper - interval.lower <= 2.0 * 0.03f64.ln_1p()) {
            break;
        }
    }
    interval
}

#[test]
fn stopping_by_width_keeps_coverage_and_false_alarms() {
    for noise in Noise::ALL {
        let mut rng = Rng::with_seed(11);
        let (mut covered, mut alarms) = (0, 0);
        for _ in 0..TRIALS {
            let truth = 0.04f64.ln_1p();
            covered += usize::from(stopped_by_width(noise, truth, &mut rng).is_some_and(|i| i.contains(truth)));
            alarms += usize::from(stopped_by_width(noise, 0.0, &mut rng).is_some_and(|i| !i.contains(0.0)));
        }
        assert!(covered as f64 >= 0.93 * TRIALS as f64, "{noise:?}: {covered}");
        assert!(alarms as f64 <= 0.07 * TRIALS as f64, "{noise:?}: {alarms}");
    }
}

#[test]
fn stopping_as_soon_as_something_is_significant_would_not_keep_them() {
    let mut rng = Rng::with_seed(12);
    let alarms = (0..TRIALS).filter(|_| {
        let all = Rounds::simulate(Noise::Calm, 0.0, 160, &mut rng);
        let so_far = |rounds: usize| Rounds { of: all.of[..rounds].to_vec(), to: all.to[..rounds].to_vec() };
        (20..=160).step_by(10).any(|rounds| ours(&so_far(rounds)).is_some_and(|interval| !interval.contains(0.0)))
    });
    let alarms = alarms.count();
    assert!(alarms > TRIALS * 12 / 100, "{alarms} of {TRIALS}: it would do no harm");
}

/// Queues whose logs centre at these values, over so many rounds.
fn field(centres: &[f64], rounds: usize, rng: &mut Rng) -> Vec<Vec<Option<f64>>> {
    let noise = |centre: &f64, rng: &mut Rng| Some(centre + 0.1 * normal(rng));
    centres.iter().map(|centre| (0..rounds).map(|_| noise(centre, rng)).collect()).collect()
}

fn contested(centres: &[f64], rounds: usize, rng: &mut Rng) -> Contest {
    contest(&field(centres, rounds, rng), 0.95).unwrap()
}

#[test]
fn of_equal_queues_hardly_ever_one_is_called_slower() {
    let mut rng = Rng::with_seed(3);
    let trials = 400;
    let wrong = (0..trials).filter(|_| {
        let contest = contested(&[0.0; 8], 20, &mut rng);
        contest.standings.iter().any(|standing| standing.interval.is_some_and(|interval| interval.upper < 0.0))
    });
    let wrong = wrong.count();
    assert!(wrong <= trials * 6 / 100, "{wrong} of {trials} tables have a false 'slower'");
}

#[test]
fn the_best_set_holds_the_best_and_ranks_hold_the_ranks() {
    let centres = [0.0, -0.02, -0.05, -0.1, -0.3];
    let mut rng = Rng::with_seed(4);
    let trials = 400;
    let (mut without_best, mut wrong_ranks, mut missed) = (0, 0, 0);
    for _ in 0..trials {
        let contest = contested(&centres, 30, &mut rng);
        without_best += usize::from(!contest.standings[0].may_be_best);
        let is_outside = |(at, standing): (usize, &queuebench::stats::Standing)| {
            !(standing.ranks.0..=standing.ranks.1).contains(&(at + 1))
        };
        wrong_ranks += usize::from(contest.standings.iter().enumerate().any(is_outside));
        let distance_is_missed = |(at, standing): (usize, &queuebench::stats::Standing)| {
            !standing.interval.is_some_and(|interval| interval.contains(centres[at]))
        };
        missed += usize::from(contest.standings.iter().enumerate().any(distance_is_missed));
    }
    for (what, wrong) in [("best sets", without_best), ("rank ranges", wrong_ranks), ("distances", missed)] {
        assert!(wrong <= trials * 6 / 100, "{wrong} of {trials} {what} are wrong");
    }
}

#[test]
fn a_better_queue_is_found_to_be_better() {
    let contest = contested(&[0.0, -0.5, -0.6], 20, &mut Rng::with_seed(5));
    assert_eq!((contest.leader, &contest.order[..1]), (0, &[0][..]));
    assert!(contest.standings[0].may_be_best && !contest.standings[1].may_be_best);
    assert_eq!(contest.standings[0].ranks, (1, 1));
}

/// A recorded self-test: real blocks of one queue run as two.
fn recorded() -> Logs {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded-selftest/calm.jsonl");
    let results = record::read(std::path::Path::new(path)).unwrap();
    Logs::of(Workload::Stream, &results.blocks)
}

#[test]
fn intervals_hold_on_recorded_noise_as_well() {
    let logs = recorded();
    let (queues, _) = logs.sound();
    let twins: Vec<&str> = queues.iter().copied().filter(|queue| queue.ends_with("@same")).collect();
    assert!(twins.len() >= 4, "{queues:?}");
    for twin in twins {
        let pool = groups(logs.get(twin), logs.get(twin.trim_end_matches("@same")), 1).concat();
        let truth = Differences::new(&pool).unwrap().estimate();
        let mut rng = Rng::with_seed(6);
        let hits = (0..TRIALS).filter(|_| {
            let drawn: Vec<f64> = (0..20).map(|_| pool[rng.usize(..pool.len())]).collect();
            signed_rank(&drawn, 0.95).unwrap().interval.unwrap().contains(truth)
        });
        let covered = hits.count() as f64 / TRIALS as f64;
        assert!(covered >= 0.93, "{twin}: {covered}");
    }
}

#[test]
fn the_allowance_of_false_alarms_is_the_binomials() {
    // P(X > 15 | 200, 5 %) = 0.044, P(X > 14) = 0.078.
    assert_eq!((proof::allowed(200), proof::allowed(1)), (15, 1));
    // Clopper and Pearson's lower limit at 95 %, one-sided, of 19 in 20 is 78.4 %; of 20 in 20 it is 0.05^(1/20).
    assert!((proof::at_least(19, 20) - 0.784).abs() < 5e-4);
    assert!((proof::at_least(20, 20) - 0.05f64.powf(0.05)).abs() < 1e-9);
    assert_eq!(proof::at_least(0, 20), 0.0);
}

#[test]
fn power_and_cost_are_those_of_normal_noise() {
    let mut rng = Rng::with_seed(8);
    let pool: Vec<f64> = (0..4000).map(|_| 0.1 * normal(&mut rng)).collect();
    // z = 0.03 / (0.1 / sqrt(100)) = 3 for the mean; the signed rank is 0.977 as efficient.
    let power = proof::power(&pool, -0.03, 100, proof::COMPARISONS).unwrap();
    assert!((power.found - 0.84).abs() < 0.04 && power.wrong == 0.0, "{power:?}");
    let rounds = proof::rounds_for(&pool, 0.03).unwrap();
    assert!((rounds / (1.96 * 0.1 / 0.03f64.ln_1p()).powi(2) / 1.047 - 1.0).abs() < 0.08, "{rounds}");
    assert!((proof::scatter(&pool).unwrap() - 0.1).abs() < 0.005);
}
