//! Which queues of a scenario need further rounds.

use super::plan::Planned;
use super::profile::Extent;
use crate::ranking::{Logs, is_limit};
use crate::record::Block;
use crate::stats::{contest, differences};

/// The confidence of the intervals whose width is looked at, each by itself.
const CONFIDENCE: f64 = 0.95;

/// What a look at a scenario found.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// Queues that take part in the next rounds, in the plan's order: those not known well enough, with the leader and
    /// the reference they are compared with. None when all are.
    pub queues: Vec<String>,
    /// Contenders not known well enough.
    pub undecided: usize,
    /// Contenders in all.
    pub contenders: usize,
    /// Rounds after which the last of them is likely to be.
    pub rounds: u32,
}

impl Need {
    /// Before the first look: everybody, and as many rounds as the pilot has.
    pub fn pilot(planned: &Planned, extent: Extent) -> Need {
        let contenders = planned.queues.iter().filter(|queue| !is_limit(queue)).count();
        Need { queues: planned.queues.clone(), undecided: contenders, contenders, rounds: extent.pilot }
    }

    /// After the rounds that `blocks` are of. Looks at widths alone: at how well a ratio is known, not at what it is.
    pub fn look(planned: &Planned, extent: Extent, blocks: &[&Block]) -> Need {
        let logs = Logs::of(planned.scenario.workload, blocks.iter().copied()).retain(|queue| !is_limit(queue));
        let (queues, own) = logs.sound();
        let mut need = Need { queues: Vec::new(), undecided: 0, contenders: queues.len(), rounds: 0 };
        let Some(contest) = contest(&own, CONFIDENCE) else { return need };
        let wanted = extent.precision.ln_1p();
        let rounds = |at: usize| {
            let differences = differences(&own[at], &own[contest.leader])?;
            let interval = differences.interval(CONFIDENCE)?;
            let half_width = (interval.upper - interval.lower) / 2.0;
            // The width falls with the root of the rounds.
            (half_width > wanted).then(|| differences.len() as f64 * (half_width / wanted).powi(2))
        };
        let open: Vec<(&str, f64)> = (0..queues.len())
            .filter(|at| *at != contest.leader)
            .filter_map(|at| rounds(at).map(|rounds| (queues[at], rounds)))
            .collect();
        if !open.is_empty() {
            let stays = |queue: &str| {
                queue == queues[contest.leader] || queue == planned.reference || open.iter().any(|(id, _)| *id == queue)
            };
            need.queues = planned.queues.iter().filter(|queue| stays(queue)).cloned().collect();
            need.undecided = open.len();
            let most = open.iter().map(|(_, rounds)| rounds.ceil()).fold(0.0, f64::max);
            need.rounds = most.min(f64::from(extent.most)) as u32;
        }
        need
    }
}
