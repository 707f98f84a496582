//! The queues' places in a contest, and what makes a verdict unreliable.

use super::disturbed::Signals;
use super::{CONFIDENCE, Logs, Ranking, Ratio, Row, is_limit};
use crate::record::Block;
use crate::stats::{Contest, Interval, Verdict, contest};

/// A cell of which more than this share of the rounds was disturbed is unreliable.
const MOST_DISTURBED: f64 = 0.3;

/// What the queues of a scenario are compared by: all their rounds, and those that nothing disturbed.
#[derive(Clone)]
pub(super) struct Field {
    logs: Logs,
    steady: Option<Logs>,
}

impl Field {
    /// Of all queues; limits are no contenders.
    pub(super) fn new(logs: Logs, blocks: &[Block], signals: &Signals) -> Field {
        let logs = logs.retain(|queue| !is_limit(queue));
        Field { steady: signals.left_out(blocks, &logs), logs }
    }

    /// Only these queues.
    pub(super) fn retain(self, wanted: impl Fn(&str) -> bool) -> Field {
        let steady = self.steady.map(|steady| steady.retain(&wanted));
        Field { logs: self.logs.retain(&wanted), steady }
    }

    /// Puts the rows in their order, and says of each what it is beside the best.
    pub(super) fn seat(&self, ranking: &mut Ranking) {
        let places = Places::of(&self.logs);
        let steady = self.steady.as_ref().map(Places::of);
        ranking.rows.sort_by_cached_key(|row| (row.limit, places.order_of(&row.queue), row.queue.clone()));
        let best_regime = ranking.rows.first().filter(|row| !row.limit).and_then(|row| row.regime);
        let (margin, withheld) = (ranking.margin, ranking.equivalence_withheld);
        for row in ranking.rows.iter_mut().filter(|row| !row.limit) {
            places.judge(row, margin, withheld);
            row.other_regime = row.regime.is_some() && best_regime.is_some() && row.regime != best_regime;
            row.unreliable = unreliable(row, steady.as_ref(), margin, withheld);
        }
    }
}

/// The queues' places in a contest of all of them.
struct Places<'a> {
    queues: Vec<&'a str>,
    contest: Option<Contest>,
}

impl<'a> Places<'a> {
    /// Only of queues that ran in rounds with the leader: of others, measured in other runs, nothing can be said.
    fn of(logs: &'a Logs) -> Places<'a> {
        let (mut queues, mut logs) = logs.sound();
        let mut all = contest(&logs, CONFIDENCE);
        if let Some(contest) = all.take_if(|contest| contest.standings.iter().any(|standing| standing.rounds == 0)) {
            let mut met = contest.standings.iter().map(|standing| standing.rounds > 0);
            let mut also_met = met.clone();
            queues.retain(|_| met.next() == Some(true));
            logs.retain(|_| also_met.next() == Some(true));
            all = crate::stats::contest(&logs, CONFIDENCE);
        }
        Places { queues, contest: all }
    }

    /// First who may be the best, then the others, each best first; those without a figure last.
    fn order_of(&self, queue: &str) -> (bool, usize) {
        let place = self.contest.as_ref().and_then(|contest| {
            let place = contest.order.iter().position(|at| self.queues[*at] == queue)?;
            Some((!contest.standings[contest.order[place]].may_be_best, place))
        });
        place.unwrap_or((true, usize::MAX))
    }

    fn judge(&self, row: &mut Row, margin: f64, withheld: bool) {
        let Some(contest) = &self.contest else { return };
        let Some(at) = self.queues.iter().position(|queue| *queue == row.queue) else { return };
        // Who is alone is compared with nobody.
        if self.queues.len() < 2 {
            return;
        }
        let standing = &contest.standings[at];
        row.may_be_best = standing.may_be_best;
        row.ranks = Some([standing.ranks.0, standing.ranks.1]);
        let slower = |log: f64| (-log).exp();
        row.times_slower = standing.estimate.map(|estimate| Ratio {
            estimate: slower(estimate),
            interval: standing.interval.map(|interval| [slower(interval.upper), slower(interval.lower)]),
            rounds: standing.rounds,
        });
        let is_sole_best = contest.standings.iter().filter(|standing| standing.may_be_best).count() == 1;
        row.verdict = match standing.interval {
            _ if at == contest.leader && is_sole_best => None,
            Some(interval) => Some(verdict(interval, margin, withheld)),
            None => Some(Verdict::Undecided),
        };
    }
}

/// What an interval of a log ratio says.
pub(super) fn verdict(interval: Interval, margin: f64, withheld: bool) -> Verdict {
    let verdict = Verdict::of(interval.exp(), margin);
    if withheld && verdict.is_equivalent() { Verdict::Undecided } else { verdict }
}

/// Why a row's verdict is not to be relied on: too many of its rounds were disturbed, or it hangs on them.
fn unreliable(row: &Row, steady: Option<&Places>, margin: f64, withheld: bool) -> Option<String> {
    let share = row.disturbed.values().sum::<usize>() as f64 / row.blocks.max(1) as f64;
    if share > MOST_DISTURBED {
        return Some(format!("{:.0} % of its blocks were disturbed", share * 100.0));
    }
    let mut without = row.clone();
    steady?.judge(&mut without, margin, withheld);
    let differs = without.verdict != row.verdict;
    differs.then(|| {
        let words = |verdict: Option<Verdict>| verdict.map_or("best", Verdict::word);
        format!("{}, but {} without the disturbed rounds", words(row.verdict), words(without.verdict))
    })
}
