//! From the threads' tallies to a report: does the balance hold, and what was the rate?

use crate::protocol::{Outcome, Regime, Report};
use crate::queue::{About, Capacity, Family};
use crate::scenario::Scenario;
use crate::workload::Workload;
use crate::workload::check::{Imbalance, balance};
use crate::workload::slice::{Occupancy, PUBLISH_EVERY, Side, Slice, Tally};

/// Turns what the threads saw into what is recorded.
pub fn report(scenario: &Scenario, about: &About, capacity: Option<u64>, slice: &Slice, tallies: Vec<Tally>) -> Report {
    let transfers = about.transfers;
    if slice.refused() {
        return Report::failed(Outcome::Refused, "refused (backlog): producers outran consumers by 256 MiB");
    }
    if let Some((outcome, detail)) = transfers.then(|| fault(slice, &tallies)).flatten() {
        return Report::failed(outcome, detail);
    }
    let (opened_ns, closed_ns) = slice.window_ns();
    let in_window = |side| -> f64 {
        tallies.iter().filter(|tally| tally.timing.side == side).map(|tally| tally.timing.in_window).sum()
    };
    let messages = match scenario.workload {
        // A limit hands nothing over: its slower side decides.
        Workload::Stream if !transfers => in_window(Side::Producer).min(in_window(Side::Consumer)),
        Workload::Stream | Workload::Pairs | Workload::Spawn | Workload::Wakeup | Workload::Copy => {
            in_window(Side::Consumer)
        }
        Workload::Pingpong => in_window(Side::Producer),
        Workload::Program(_) => unreachable!("programs run without slices"),
    };
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum();
    let tries = |side| {
        let tries =
            tallies.iter().filter(|tally| tally.timing.side == side).map(|tally| tally.timing.usage.failed_tries);
        tries.sum::<Option<u64>>()
    };
    let occupancy = occupancy(&tallies);
    let watched = about.family != Family::Limit && scenario.workload == Workload::Stream;
    Report {
        outcome: Outcome::Ok,
        detail: None,
        slices: Vec::new(),
        sent: Vec::new(),
        received: Vec::new(),
        messages: messages.round() as u64,
        elapsed_ns: closed_ns - opened_ns,
        settle_ns: opened_ns,
        endpoints: tallies.iter().map(|tally| tally.timing.in_window.round() as u64).collect(),
        cpu_ns: sum(|tally| tally.timing.usage.cpu_ns),
        voluntary_switches: sum(|tally| tally.timing.usage.voluntary_switches),
        involuntary_switches: sum(|tally| tally.timing.usage.involuntary_switches),
        page_faults: sum(|tally| tally.timing.usage.page_faults),
        run_delay_ns: sum(|tally| tally.timing.usage.run_delay_ns),
        full_tries: tries(Side::Producer),
        empty_tries: tries(Side::Consumer),
        capacity,
        regime: if watched { regime(scenario, occupancy) } else { None },
        mean_backlog: if watched { occupancy.total / occupancy.samples.max(1) } else { 0 },
        peak_backlog: if watched { occupancy.peak } else { 0 },
        round_trips: buckets(&tallies, |tally| &tally.round_trips),
        first: buckets(&tallies, |tally| &tally.first),
        trace: trace(&tallies),
        figures: tallies
            .iter()
            .find_map(|tally| Some(("memory_bytes".to_owned(), tally.memory_bytes?)))
            .into_iter()
            .collect(),
        flags: if slice.unsettled() { vec!["unsettled".into()] } else { Vec::new() },
    }
}

/// The outcome that voids the figures, if there is one, and what was seen of it.
fn fault(slice: &Slice, tallies: &[Tally]) -> Option<(Outcome, String)> {
    let checks = || tallies.iter().filter_map(|tally| tally.popped.as_ref());
    let first = checks().find_map(|popped| popped.faults.first.clone()).unwrap_or_default();
    let corrupted: u64 = checks().map(|popped| popped.faults.corrupted).sum();
    if corrupted > 0 {
        return Some((Outcome::Corrupted, format!("{corrupted} times; first: {first}")));
    }
    let (ends_pushed, ends_repeated) = slice.ends();
    let ends_popped: u64 = checks().map(|popped| popped.faults.ends).sum();
    let sent = tallies.iter().flat_map(|tally| tally.pushed.iter().copied());
    match balance(sent, checks().map(|popped| (popped.count, popped.sums)), [ends_pushed, ends_popped]) {
        Err(Imbalance::Lost(what)) => return Some((Outcome::Lost, what)),
        Err(Imbalance::Duplicated(what)) => return Some((Outcome::Duplicated, format!("{what}; first: {first}"))),
        Ok(()) => {}
    }
    let disordered: u64 = checks().map(|popped| popped.faults.disordered).sum();
    if disordered > 0 {
        return Some((Outcome::Reordered, format!("{disordered} times; first: {first}")));
    }
    let lost_wake_up = "a consumer slept beside a waiting message until a later one woke it (a lost wake-up)";
    ends_repeated.then(|| (Outcome::Hung, lost_wake_up.to_owned()))
}

fn occupancy(tallies: &[Tally]) -> Occupancy {
    tallies.iter().map(|tally| tally.timing.occupancy).fold(Occupancy::default(), |all, own| Occupancy {
        samples: all.samples + own.samples,
        near_empty: all.near_empty + own.near_empty,
        near_full: all.near_full + own.near_full,
        total: all.total + own.total,
        peak: all.peak.max(own.peak),
    })
}

/// `None` where counters that lag by [`PUBLISH_EVERY`] cannot tell a quarter of the capacity.
fn regime(scenario: &Scenario, occupancy: Occupancy) -> Option<Regime> {
    let lag = PUBLISH_EVERY * scenario.producers.max(scenario.consumers) as u64;
    if scenario.capacity == Capacity::Bounded(0) || scenario.capacity.lap() < 4 * lag || occupancy.samples == 0 {
        return None;
    }
    let most = |looks: u64| looks * 5 >= occupancy.samples * 4;
    Some(if most(occupancy.near_empty) {
        Regime::NearEmpty
    } else if most(occupancy.near_full) && scenario.capacity != Capacity::Unbounded {
        Regime::NearFull
    } else {
        Regime::Swinging
    })
}

fn trace(tallies: &[Tally]) -> Vec<[u64; 2]> {
    let traced = tallies.iter().map(|tally| &tally.timing.trace).find(|trace| !trace.is_empty());
    traced.into_iter().flatten().map(|note| [note.at_ns, note.count]).collect()
}

fn buckets(tallies: &[Tally], of: fn(&Tally) -> &Vec<[u64; 2]>) -> Vec<[u64; 2]> {
    tallies.iter().map(of).find(|buckets| !buckets.is_empty()).cloned().unwrap_or_default()
}
