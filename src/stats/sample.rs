//! The gate every sample passes.

/// The values in ascending order; `None` for an empty sample or one with a NaN or an infinity.
pub(super) fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

/// Whether every value is finite and above zero, as a rate or a duration must be.
pub(super) fn all_positive(values: &[f64]) -> bool {
    values.iter().all(|&value| value.is_finite() && value > 0.0)
}
