//! From figures to positions: logarithmic axes for rates and times, with marks at round numbers.

/// An axis over figures that are all above zero.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// A logarithmic axis that holds all of `values` with room around them, drawn from `from` to `to`; `None` where no
    /// value can stand on one.
    pub fn log(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Scale> {
        let sound = values.filter(|value| value.is_finite() && *value > 0.0);
        let range = sound.fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let (low, high) = range?;
        // A twentieth at either end, and never so little that noise fills the axis.
        let room = (high / low).powf(0.05).max(1.1);
        Some(Scale { low: low / room, high: high * room, from, to })
    }

    /// One around 1, as far to either side as the value that lies farthest from it.
    pub fn around_one(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Scale> {
        let farthest =
            values.filter(|value| value.is_finite() && *value > 0.0).map(|value| value.ln().abs()).fold(0.0, f64::max);
        Scale::log([(-farthest).exp(), farthest.exp()].into_iter(), from, to)
    }

    /// Where a figure stands.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + share * (self.to - self.from)
    }

    /// Round numbers on the axis: at least two, and no more than fit.
    pub fn ticks(&self) -> Vec<f64> {
        let candidates = [&[1.0][..], &[1.0, 3.0], &[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]];
        let all = candidates.iter().map(|steps| self.round_numbers(steps));
        let mut last = Vec::new();
        for ticks in all {
            last = ticks;
            if last.len() >= 3 {
                break;
            }
        }
        match last.len() {
            0 | 1 => self.fine_numbers(),
            // Decades of decades: every third is enough.
            11.. => last.into_iter().step_by(3).collect(),
            _ => last,
        }
    }

    fn round_numbers(&self, steps: &[f64]) -> Vec<f64> {
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let all = decades.flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
        all.filter(|tick| (self.low..=self.high).contains(tick)).collect()
    }

    /// Where the axis spans so little that no round number lies on it: even steps.
    fn fine_numbers(&self) -> Vec<f64> {
        let raw = (self.high - self.low) / 4.0;
        let power = 10f64.powf(raw.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= raw).unwrap_or(raw);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|at| at as f64 * step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_lie_on_the_axis() {
        for (low, high) in [(1.0, 1e6), (3e6, 150e6), (41.0, 44.0), (1.0, 1.0), (0.97, 1.02), (1e-3, 5e8)] {
            let scale = Scale::log([low, high].into_iter(), 0.0, 100.0).unwrap();
            let ticks = scale.ticks();
            assert!((2..=12).contains(&ticks.len()), "{low} {high}: {ticks:?}");
            assert!(ticks.iter().all(|tick| (0.0..=100.0).contains(&scale.at(*tick))), "{low} {high}: {ticks:?}");
        }
    }

    #[test]
    fn every_value_lies_inside_and_nothing_makes_an_axis_of_nothing() {
        let scale = Scale::log([3.0, 700.0].into_iter(), 200.0, 10.0).unwrap();
        assert!(scale.at(3.0) < 200.0 && scale.at(700.0) > 10.0);
        assert!(Scale::log([f64::NAN, 0.0, f64::INFINITY].into_iter(), 0.0, 1.0).is_none());
        let ratios = Scale::around_one([0.5, 1.2].into_iter(), 0.0, 100.0).unwrap();
        assert!((ratios.at(1.0) - 50.0).abs() < 1e-9);
    }
}
