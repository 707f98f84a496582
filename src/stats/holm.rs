//! Many tests at once.

/// The p-values of a family of tests, adjusted so that those at or below a level are rejected with a probability of at
/// most that level of rejecting any true hypothesis, in the order given.
///
/// Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6 (1979).
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (step, index) in order.into_iter().enumerate() {
        largest = largest.max(p_values[index] * (p_values.len() - step) as f64);
        adjusted[index] = largest.min(1.0);
    }
    adjusted
}
