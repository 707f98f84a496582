//! Which queue for these needs: the best set again among the queues that wait as wanted, by speed or by cost.

use serde::Serialize;

use super::headline::{COST, SPEED, sentence};
use super::places::Field;
use super::{Context, Logs, Mode, Ranking, Ratio, Row};
use crate::record::Block;
use crate::scenario::Scenario;
use crate::schedule::contender::split;
use crate::stats::Verdict;

/// What matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// The scenario's figure: messages per second, or the time of a round trip.
    Speed,
    /// Cpu time of all endpoints per message.
    Cpu,
}

/// How the endpoints of the queues that are asked for may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WaitNeed {
    /// However they do.
    Any,
    /// By their own blocking calls, or parked: whoever waits long gives its cpu away.
    Sleeps,
    /// By yielding.
    Yield,
    /// By spinning.
    Spin,
}

impl WaitNeed {
    /// All, the widest first.
    pub const ALL: [WaitNeed; 4] = [WaitNeed::Any, WaitNeed::Sleeps, WaitNeed::Yield, WaitNeed::Spin];

    /// Whether a queue waits so, by its id.
    pub fn allows(self, queue: &str) -> bool {
        let wait = split(queue).0.rsplit_once('+').map(|(_, wait)| wait);
        match self {
            WaitNeed::Any => true,
            WaitNeed::Sleeps => !matches!(wait, Some("spin" | "yield")),
            WaitNeed::Yield => wait == Some("yield"),
            WaitNeed::Spin => wait == Some("spin"),
        }
    }
}

/// The best set among the queues that wait as wanted.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer {
    /// How they may wait.
    pub wait: WaitNeed,
    /// What they are compared by.
    pub matter: Matter,
    /// The answer in a sentence that does not say of how many; none where fewer than two are compared.
    pub sentence: Option<String>,
    /// The unit of the candidates' values.
    pub unit: &'static str,
    /// How many were compared.
    pub queues: usize,
    /// Those that may be the best.
    pub best: Vec<Candidate>,
    /// The first that surely is not.
    pub runner_up: Option<Candidate>,
}

/// A queue of an answer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Candidate {
    /// Its id.
    pub queue: String,
    /// Median over blocks, in the answer's unit.
    pub value: Option<f64>,
    /// The median's interval.
    pub value_interval: Option<[f64; 2]>,
    /// The two speeds it runs at, where it has two.
    pub modes: Option<[Mode; 2]>,
    /// Cpu time per message, in nanoseconds.
    pub cpu_ns_per_message: Option<f64>,
    /// How many times worse than the best, with the interval that holds whichever of the best set that is.
    pub times_worse: Option<Ratio>,
    /// What that says.
    pub verdict: Option<Verdict>,
    /// Why it is not to be relied on.
    pub unreliable: Option<String>,
}

/// The unit of what a message costs.
const COST_UNIT: &str = "ns of cpu per message";

/// The answers for every wait, by speed and by cost. `ranking` is that of the same blocks.
pub fn answers(scenario: &Scenario, blocks: &[Block], context: &Context, ranking: &Ranking) -> Vec<Answer> {
    let signals = context.signals(scenario, blocks);
    let mut all = Vec::new();
    for matter in [Matter::Speed, Matter::Cpu] {
        let logs = match matter {
            Matter::Speed => Logs::of(scenario.workload, blocks),
            Matter::Cpu => Logs::of_cost(blocks),
        };
        let field = Field::new(logs, blocks, &signals);
        for wait in WaitNeed::ALL {
            if (matter, wait) == (Matter::Speed, WaitNeed::Any) {
                // That is the ranking itself, which took its time.
                all.push(answer(wait, matter, ranking));
                continue;
            }
            let mut among = Ranking { rows: rows_of(ranking, matter, wait), ..ranking.clone() };
            field.clone().retain(|queue| wait.allows(queue)).seat(&mut among);
            // Limits are no part of an answer, but what they forbid stays forbidden.
            if let Some(limit) = ranking.the_loop(scenario).filter(|_| matter == Matter::Speed) {
                among.rows.iter_mut().for_each(|row| row.hold_against(limit));
            }
            all.push(answer(wait, matter, &among));
        }
    }
    all
}

/// The contenders among the rows, with what is compared as their value and nothing said of it yet.
fn rows_of(ranking: &Ranking, matter: Matter, wait: WaitNeed) -> Vec<Row> {
    let contenders = ranking.rows.iter().filter(|row| !row.limit && wait.allows(&row.queue)).cloned();
    let bare = |mut row: Row| {
        (row.times_slower, row.ranks, row.verdict) = (None, None, None);
        (row.may_be_best, row.unreliable) = (false, None);
        if matter == Matter::Cpu {
            (row.value, row.value_interval, row.modes) = (row.cpu_ns_per_message, row.cpu_interval, None);
        }
        row
    };
    contenders.map(bare).collect()
}

fn answer(wait: WaitNeed, matter: Matter, among: &Ranking) -> Answer {
    let (words, unit) = if matter == Matter::Speed { (&SPEED, among.unit) } else { (&COST, COST_UNIT) };
    let candidate = |row: &Row| Candidate {
        queue: row.queue.clone(),
        value: row.value,
        value_interval: row.value_interval,
        modes: row.modes,
        cpu_ns_per_message: row.cpu_ns_per_message,
        times_worse: row.times_slower,
        verdict: row.verdict,
        unreliable: row.unreliable.clone(),
    };
    let with_value: Vec<&Row> = among.rows.iter().filter(|row| row.value.is_some() && !row.limit).collect();
    if let [only] = with_value[..] {
        let sentence = format!("{} is the only one measured, so nothing is compared", only.queue);
        let best = vec![candidate(only)];
        return Answer { wait, matter, sentence: Some(sentence), unit, queues: 1, best, runner_up: None };
    }
    let compared: Vec<&Row> = with_value.into_iter().filter(|row| row.times_slower.is_some()).collect();
    Answer {
        wait,
        matter,
        sentence: sentence(among, words, false),
        unit,
        queues: compared.len(),
        best: compared.iter().filter(|row| row.may_be_best).map(|row| candidate(row)).collect(),
        runner_up: compared.iter().find(|row| !row.may_be_best).map(|row| candidate(row)),
    }
}
