//! Which queues of a scenario need further rounds.

use std::collections::BTreeSet;

use super::contender::split;
use super::plan::Planned;
use super::profile::Extent;
use crate::ranking::{CONFIDENCE, Logs, is_limit};
use crate::record::Block;
use crate::stats::{contest, differences};

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
        // Rounds until a pair is known well enough; none when it is.
        let rounds = |one: usize, other: usize| {
            let needed = differences(&own[one], &own[other])
                .and_then(|pair| Some((pair.needed_for(wanted, CONFIDENCE)?, pair.len())));
            match needed {
                Some((needed, there)) => (needed > there as f64).then_some(needed),
                None => Some(f64::from(extent.most)),
            }
        };
        let at = |queue: &str| queues.iter().position(|other| *other == queue);
        let mut open: Vec<(&str, f64)> = Vec::new();
        for one in 0..queues.len() {
            // Beside the leader; and another build beside the queue itself, which is what it takes part for.
            let own_build = split(queues[one]).1.and_then(|_| at(split(queues[one]).0));
            for other in [Some(contest.leader), own_build].into_iter().flatten().filter(|other| *other != one) {
                if let Some(rounds) = rounds(one, other) {
                    open.extend([(queues[one], rounds), (queues[other], rounds)]);
                }
            }
        }
        if !open.is_empty() {
            let stays = |queue: &str| {
                queue == queues[contest.leader] || queue == planned.reference || open.iter().any(|(id, _)| *id == queue)
            };
            need.queues = planned.queues.iter().filter(|queue| stays(queue)).cloned().collect();
            let undecided: BTreeSet<&str> = open.iter().map(|(queue, _)| *queue).collect();
            need.undecided = undecided.iter().filter(|queue| **queue != queues[contest.leader]).count();
            let most = open.iter().map(|(_, rounds)| rounds.ceil()).fold(0.0, f64::max);
            need.rounds = most.min(f64::from(extent.most)) as u32;
        }
        need
    }
}
