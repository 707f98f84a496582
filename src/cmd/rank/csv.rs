//! The tables as comma-separated values, for spreadsheets and scripts.

use crate::summary::{Section, verdict_words};

/// Quoted where it must be, and without meaning as a formula for what opens it.
fn csv_text(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    if text.contains([',', '"']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

/// One line a row, all scenarios below each other.
pub fn csv(sections: &[Section]) -> String {
    let mut text = "scenario,unit,threads,oversubscribed,queue,outcome,blocks,failed_blocks,flags,value,value_low,value_high,mode_low,mode_high,rank_best,rank_worst,verdict,unreliable,times_slower,times_slower_low,times_slower_high,regime,\
                    cpu_ns_per_message,spread,share_of_limit,voluntary_switches_per_message,capacity,\
                    full_tries_per_message,empty_tries_per_message,detail"
        .to_owned();
    for section in sections {
        for row in &section.ranking.rows {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let ratio = row.times_slower;
            let interval = ratio.and_then(|ratio| ratio.interval);
            let cells = [
                section.ranking.scenario.clone(),
                section.ranking.unit.into(),
                section.threads.to_string(),
                section.oversubscribed.to_string(),
                csv_text(&row.queue),
                row.outcome.to_string(),
                row.blocks.to_string(),
                row.failed_blocks.to_string(),
                csv_text(&row.flags.keys().cloned().collect::<Vec<_>>().join(" ")),
                number(row.value.filter(|_| row.modes.is_none())),
                number(row.value_interval.map(|interval| interval[0])),
                number(row.value_interval.map(|interval| interval[1])),
                number(row.modes.map(|[lower, _]| lower.value)),
                number(row.modes.map(|[_, upper]| upper.value)),
                row.ranks.map_or_else(String::new, |ranks| ranks[0].to_string()),
                row.ranks.map_or_else(String::new, |ranks| ranks[1].to_string()),
                verdict_words(row),
                csv_text(row.unreliable.as_deref().unwrap_or_default()),
                number(ratio.map(|ratio| ratio.estimate)),
                number(interval.map(|interval| interval[0])),
                number(interval.map(|interval| interval[1])),
                row.regime.map_or_else(String::new, |regime| regime.to_string()),
                number(row.cpu_ns_per_message),
                number(row.spread),
                number(row.share_of_limit),
                number(row.voluntary_switches_per_message),
                row.capacity.map_or_else(String::new, |capacity| capacity.to_string()),
                number(row.failed_tries_per_message.and_then(|[full, _]| full)),
                number(row.failed_tries_per_message.and_then(|[_, empty]| empty)),
                csv_text(row.detail.as_deref().unwrap_or_default()),
            ];
            text.push('\n');
            text.push_str(&cells.join(","));
        }
    }
    text
}
