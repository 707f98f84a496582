//! Several machines beside each other: what a message takes on each, the ratio to each one's own reference and limit, and
//! which differences hold on all of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{AbsentKind, Machine, Section};
use crate::comparison::{LeftOut, comparable, obstacle};
use crate::protocol::Outcome;
use crate::ranking::{CONFIDENCE, PairRow, Ratio, Row, all_pairs};
use crate::record::Run;
use crate::scenario::Scenario;
use crate::stats::{Verdict, differences};

/// Several machines.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SideBySide {
    /// Their ids, in the order of the columns.
    pub machines: Vec<String>,
    /// The scenarios that two of them at least have.
    pub scenarios: Vec<Beside>,
    /// What could not be joined, and the key that differs.
    pub left_out: Vec<LeftOut>,
}

/// A scenario on several machines.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Beside {
    /// Its id.
    pub scenario: String,
    /// The queue that ratios are taken to.
    pub reference: String,
    /// Each machine's position in the summary's scenarios, in the order of the machines; null where it has none.
    pub sections: Vec<Option<usize>>,
    /// The queues of any of them, in the order of the first machine.
    pub rows: Vec<OnMachines>,
    /// Pairs of queues of which the same one is surely faster wherever both are known.
    pub agreements: usize,
    /// Those pairs, by the faster one, in the order of the first machine.
    pub agreed: Vec<Agreed>,
    /// Pairs that are undecided or equivalent on one machine at least.
    pub open: usize,
    /// Pairs of which one is surely faster here and the other there.
    pub reversals: Vec<Reversal>,
    /// What there is to see, in a sentence.
    pub finding: String,
}

/// A queue on several machines.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OnMachines {
    /// Its id.
    pub queue: String,
    /// Whether it is a bound.
    pub limit: bool,
    /// In the order of the machines; null where it has no figure.
    pub on: Vec<Option<OnMachine>>,
    /// Why it has none, in the same order; null where it has one.
    pub without: Vec<Option<Without>>,
}

/// Why a queue has no figure: what its blocks ended in, or that it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Without {
    /// A block of it ended in this.
    Failed(Outcome),
    /// It has no block.
    Absent(AbsentKind),
}

/// A queue on one machine.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OnMachine {
    /// Nanoseconds per message or round trip, in the middle.
    pub ns: f64,
    /// The interval of that median.
    pub ns_interval: Option<[f64; 2]>,
    /// How many times the reference's rate, on the same machine; none of the reference itself.
    pub times_reference: Option<Ratio>,
    /// Its rate over that of the loop without a queue, on the same machine.
    pub share_of_limit: Option<f64>,
    /// The best and the worst rank it may have there.
    pub ranks: Option<[usize; 2]>,
    /// Whether it may be the best there.
    pub may_be_best: bool,
    /// Why its figure is not to be relied on.
    pub unreliable: Option<String>,
}

/// A queue that is surely faster than others wherever both are known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Agreed {
    /// The queue.
    pub faster: String,
    /// The others.
    pub than: Vec<String>,
}

/// Two queues whose order depends on the machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reversal {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// Machines on which the one is surely faster.
    pub one_faster_on: Vec<String>,
    /// Machines on which the other is.
    pub other_faster_on: Vec<String>,
}

/// Of the scenarios of several machines; `None` where there is one only.
pub(super) fn side_by_side(sections: &[Section], machines: &[Machine], runs: &[Run]) -> Option<SideBySide> {
    if machines.len() < 2 {
        return None;
    }
    let ids: Vec<String> = machines.iter().map(|machine| machine.id.clone()).collect();
    // In the order the first machine ran them.
    let mut by_scenario: Vec<(Scenario, Vec<usize>)> = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        match by_scenario.iter_mut().find(|(scenario, _)| *scenario == section.scenario) {
            Some((_, members)) => members.push(at),
            None => by_scenario.push((section.scenario, vec![at])),
        }
    }
    let (mut scenarios, mut left_out) = (Vec::new(), Vec::new());
    for (_, members) in by_scenario {
        let own = |at: &usize| sections[members[0]].machine == sections[*at].machine;
        if members.iter().all(own) {
            continue;
        }
        // Whoever can be joined with most of the others is what the rest is held against.
        let joined = |base: &usize| join(*base, &members, sections, &ids, runs);
        let candidates: Vec<Joined> = members.iter().map(joined).collect();
        let most = candidates.iter().map(Joined::machines).max().unwrap_or_default();
        let Some(best) = candidates.into_iter().find(|candidate| candidate.machines() == most) else { continue };
        left_out.extend(best.left_out);
        if most > 1 {
            scenarios.push(beside(best.chosen, sections, &ids));
        }
    }
    Some(SideBySide { machines: ids, scenarios, left_out })
}

/// A scenario's sections that stand beside one of them, and those that cannot.
struct Joined {
    chosen: Vec<Option<usize>>,
    left_out: Vec<LeftOut>,
}

impl Joined {
    fn machines(&self) -> usize {
        self.chosen.iter().flatten().count()
    }
}

fn join(base: usize, members: &[usize], sections: &[Section], ids: &[String], runs: &[Run]) -> Joined {
    let mut joined = Joined { chosen: vec![None; ids.len()], left_out: Vec::new() };
    let column = |at: usize| ids.iter().position(|id| *id == sections[at].machine);
    for at in std::iter::once(base).chain(members.iter().copied().filter(|at| *at != base)) {
        let Some(column) = column(at) else { continue };
        let why = match joined.chosen[column] {
            Some(_) => Some("this machine has it twice; one file of it counts".to_owned()),
            None => differing_key(&sections[base], &sections[at], runs),
        };
        match why {
            Some(reason) => {
                let scenario = format!("{} on {}", sections[at].ranking.scenario, sections[at].machine);
                joined.left_out.push(LeftOut { scenario, queue: None, reason });
            }
            None => joined.chosen[column] = Some(at),
        }
    }
    joined
}

/// Why two machines' figures of one scenario cannot stand side by side.
fn differing_key(base: &Section, other: &Section, runs: &[Run]) -> Option<String> {
    let (one, two) = (&runs[base.pool], &runs[other.pool]);
    if let Some((key, one, two)) = obstacle(one, two) {
        return Some(format!("{key} differs: {one} and {two}"));
    }
    if !(base.compares && other.compares) {
        return Some("a smoke run: its few rounds say nothing".into());
    }
    let line = |run: &'_ Run, section: &Section| {
        run.scenarios.iter().find(|line| line.id == section.ranking.scenario).cloned()
    };
    // A later run of a pool may have scenarios that its first has not; what makes them unlike is in the section, too.
    match (line(one, base), line(two, other)) {
        (Some(one), Some(two)) => comparable(&one, &two, false).err(),
        _ if base.reference != other.reference => {
            Some(format!("the reference differs: {} and {}", base.reference, other.reference))
        }
        _ => None,
    }
}

fn beside(chosen: Vec<Option<usize>>, sections: &[Section], machines: &[String]) -> Beside {
    let on: Vec<Option<&Section>> = chosen.iter().map(|at| at.map(|at| &sections[at])).collect();
    let present: Vec<(&str, &Section)> =
        machines.iter().zip(&on).filter_map(|(id, section)| Some((id.as_str(), (*section)?))).collect();
    let mut queues: Vec<(&str, bool)> = Vec::new();
    for row in present.iter().flat_map(|(_, section)| &section.ranking.rows) {
        if !queues.iter().any(|(known, _)| *known == row.queue) {
            queues.push((&row.queue, row.limit));
        }
    }
    queues.sort_by_key(|(_, limit)| *limit);
    let row = |(queue, limit): &(&str, bool)| OnMachines {
        queue: (*queue).to_owned(),
        limit: *limit,
        on: on.iter().map(|section| on_machine((*section)?, queue)).collect(),
        without: on.iter().map(|section| without(*section, queue)).collect(),
    };
    let Orders { agreed, open, reversals } = orders(&present);
    let faster_ones = queues.iter().map(|(queue, _)| *queue);
    let agreed: Vec<Agreed> = faster_ones.filter_map(|queue| Agreed::of(queue, &agreed)).collect();
    let mut beside = Beside {
        scenario: present[0].1.ranking.scenario.clone(),
        reference: present[0].1.reference.clone(),
        sections: chosen,
        rows: queues.iter().map(row).collect(),
        agreements: agreed.iter().map(|agreed| agreed.than.len()).sum(),
        agreed,
        open,
        reversals,
        finding: String::new(),
    };
    beside.finding = finding(&beside, &present);
    beside
}

fn on_machine(section: &Section, queue: &str) -> Option<OnMachine> {
    let row: &Row = section.ranking.rows.iter().find(|row| row.queue == queue)?;
    let value = row.value?;
    let is_reference = queue == section.reference;
    let ratio = || {
        let differences = differences(section.logs.get(queue), section.logs.get(&section.reference))?;
        Some(Ratio::of(&differences, CONFIDENCE))
    };
    let ns = |value: f64| if section.scenario.workload.is_timed() { value } else { 1e9 / value };
    Some(OnMachine {
        ns: ns(value),
        ns_interval: row.value_interval.map(|[low, high]| [ns(low).min(ns(high)), ns(low).max(ns(high))]),
        times_reference: if is_reference || row.limit { None } else { ratio() },
        share_of_limit: row.share_of_limit,
        ranks: row.ranks,
        may_be_best: row.may_be_best,
        unreliable: row.unreliable.clone(),
    })
}

fn without(section: Option<&Section>, queue: &str) -> Option<Without> {
    let not_measured = Without::Absent(AbsentKind::NotMeasured);
    let Some(section) = section else { return Some(not_measured) };
    match section.ranking.rows.iter().find(|row| row.queue == queue) {
        Some(row) if row.value.is_some() => None,
        Some(row) if row.outcome != Outcome::Ok => Some(Without::Failed(row.outcome)),
        Some(_) => Some(not_measured),
        None => Some(Without::Absent(section.why_absent(queue))),
    }
}

impl Agreed {
    /// Of the pairs, the faster one first; none where it is faster than nobody.
    fn of(queue: &str, pairs: &[(String, String)]) -> Option<Agreed> {
        let than: Vec<String> =
            pairs.iter().filter(|(faster, _)| faster == queue).map(|(_, slower)| slower.clone()).collect();
        (!than.is_empty()).then(|| Agreed { faster: queue.to_owned(), than })
    }
}

/// What becomes of the order of two queues from machine to machine.
#[derive(Default)]
struct Orders {
    /// Pairs in one order everywhere, the faster one first.
    agreed: Vec<(String, String)>,
    open: usize,
    reversals: Vec<Reversal>,
}

fn orders(present: &[(&str, &Section)]) -> Orders {
    // What is surely faster than what, on which machines; the pair's ids in order.
    let mut verdicts: BTreeMap<(String, String), Vec<(&str, Verdict)>> = BTreeMap::new();
    for (machine, section) in present {
        for PairRow { of, to, verdict, unreliable, .. } in all_pairs(&section.logs, &section.ranking) {
            let verdict = if unreliable { Verdict::Undecided } else { verdict };
            let (key, verdict) = if of < to { ((of, to), verdict) } else { ((to, of), verdict.turned()) };
            verdicts.entry(key).or_default().push((machine, verdict));
        }
    }
    let mut orders = Orders::default();
    for ((one, other), said) in verdicts.into_iter().filter(|(_, said)| said.len() > 1) {
        let on = |wanted: Verdict| -> Vec<String> {
            said.iter().filter(|(_, verdict)| *verdict == wanted).map(|(machine, _)| (*machine).to_owned()).collect()
        };
        let (one_faster_on, other_faster_on) = (on(Verdict::Faster), on(Verdict::Slower));
        if !one_faster_on.is_empty() && !other_faster_on.is_empty() {
            orders.reversals.push(Reversal { one, other, one_faster_on, other_faster_on });
        } else if one_faster_on.len() == said.len() {
            orders.agreed.push((one, other));
        } else if other_faster_on.len() == said.len() {
            orders.agreed.push((other, one));
        } else {
            orders.open += 1;
        }
    }
    orders
}

fn finding(beside: &Beside, present: &[(&str, &Section)]) -> String {
    let best = |(machine, section): &(&str, &Section)| {
        let best: Vec<&str> =
            section.ranking.rows.iter().filter(|row| row.may_be_best).map(|row| row.queue.as_str()).collect();
        let named = if best.len() > 3 { format!("{} queues", best.len()) } else { best.join(" or ") };
        format!("on {machine} {}", if named.is_empty() { "nothing is decided".into() } else { named })
    };
    let pairs = beside.agreements + beside.open + beside.reversals.len();
    format!(
        "May be the best: {}. Pairs of queues: {pairs}; in the same order on every machine: {}; reversed: {}; open on one at least: {}.",
        present.iter().map(best).collect::<Vec<_>>().join("; "),
        beside.agreements,
        beside.reversals.len(),
        beside.open
    )
}
