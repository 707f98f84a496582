//! What an interval is.

/// A two-sided confidence interval, both ends included, in the unit of the values it was computed
/// from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The upper end; never below [`lower`](Self::lower).
    pub upper: f64,
    /// The probability with which such an interval covers the true value, as a fraction. A
    /// distribution-free interval ends at observed values, so it covers at least as often as was
    /// asked for, in general more often.
    pub coverage: f64,
}

impl Interval {
    /// Whether `value` lies within the interval. A ratio whose interval does not contain 1 is a
    /// difference.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }

    /// Half of its length.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.upper - self.lower) / 2.0
    }

    /// Of the ratio whose log this is one of.
    #[must_use]
    pub fn exp(self) -> Interval {
        Interval { lower: self.lower.exp(), upper: self.upper.exp(), ..self }
    }
}

/// The probability left to each side of a two-sided interval; `None` unless `0 < confidence < 1`.
pub(super) fn tail(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then_some((1.0 - confidence) / 2.0)
}
