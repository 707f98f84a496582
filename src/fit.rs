//! What fits: which queue can run which scenario, whatever the machine. It follows from what the queue declares.

use crate::queue::{About, Capacity, Ends, Family, Payloads, Program, Role};
use crate::scenario::{Boundary, Scenario};
use crate::topology::Placement;
use crate::workload::{Size, Workload, in_turns};

/// Why nobody can run this queue in this scenario, whatever the machine. Workers ask too: what they are told to run
/// need not come from a plan.
pub fn misfit(about: &About, scenario: &Scenario) -> Option<String> {
    let why = wrong_role(about, scenario.workload);
    if let Some(why) = why.or_else(|| wrong_side(about, scenario)).or_else(|| wrong_shape(scenario)) {
        return Some(why.into());
    }
    let is_queue = matches!(about.role, Role::Queue | Role::WakeupBound);
    is_queue.then(|| unfit(about, scenario)).flatten()
}

/// What no loop is made for.
fn wrong_shape(scenario: &Scenario) -> Option<&'static str> {
    let (producers, consumers) = (scenario.producers, scenario.consumers);
    match scenario.workload {
        Workload::Program(_) if producers != consumers => Some("every worker of a program is both, as in 4p4c"),
        Workload::Program(Program::Crawl) if scenario.site.is_none() => Some("a crawl needs a site=...x...ms"),
        Workload::Program(Program::Crawl) => {
            (scenario.placement != Placement::Free).then_some("the workers of a crawl are not pinned: they wait")
        }
        _ if scenario.site.is_some() => Some("only a crawl goes through a site"),
        Workload::Stream | Workload::Program(_) => None,
        Workload::Pairs => (producers != consumers).then_some("every thread of pairs holds one end of each side"),
        _ => ((producers, consumers) != (1, 1)).then_some("this workload has one producer and one consumer"),
    }
}

/// What is measured of some is nothing that others have.
fn wrong_role(about: &About, workload: Workload) -> Option<&'static str> {
    match (workload, about.role) {
        (Workload::Spawn, Role::Start) | (Workload::Copy, Role::Copy) | (Workload::Wakeup, Role::WakeupBound) => None,
        (Workload::Wakeup, Role::Queue) if about.crosses && about.family == Family::Process => None,
        (Workload::Stream | Workload::Pairs | Workload::Pingpong, Role::Queue) => None,
        (Workload::Program(Program::Crawl), Role::Queue) => None,
        (Workload::Program(program), Role::Program(own)) if program == own => None,
        (Workload::Program(_), _) => Some("is no way to write this program"),
        (_, Role::Program(_)) => Some("is a whole program"),
        (Workload::Spawn, _) => Some("starts nothing"),
        (Workload::Copy, _) => Some("is measured between two threads"),
        (Workload::Wakeup, Role::Queue) => Some("wake-ups are measured of queues that cross between processes"),
        (_, Role::WakeupBound) => Some("bounds wake-ups only"),
        (_, Role::Start) => Some("is a way to start something, no queue"),
        _ => Some("is a way to move a message, no queue"),
    }
}

/// What lives on the other side of the boundary, or cannot be limited by credit.
fn wrong_side(about: &About, scenario: &Scenario) -> Option<&'static str> {
    match (scenario.boundary, about.role) {
        (Boundary::Processes, Role::Copy) => Some("moves messages within one thread"),
        (Boundary::Processes, Role::Start) if !about.crosses => Some("starts a thread"),
        (Boundary::Threads, Role::Start) if about.crosses => Some("starts a process"),
        (Boundary::Processes, Role::Queue | Role::Program(_)) if !about.crosses => Some("lives in one process"),
        _ if scenario.credit == 0 => None,
        _ if about.family != Family::Process || !about.crosses => Some("takes no credit"),
        _ if scenario.workload != Workload::Stream || scenario.size != Size::Value(8) => {
            Some("credit is given for streams of 8 bytes")
        }
        _ => None,
    }
}

/// What a queue is not made for.
fn unfit(about: &About, scenario: &Scenario) -> Option<String> {
    let one = |ends: Ends, side: &str| (ends == Ends::One).then(|| format!("takes one {side} only"));
    if !about.producers.allow(scenario.producers) {
        return one(about.producers, "producer");
    }
    if !about.consumers.allow(scenario.consumers) {
        return one(about.consumers, "consumer");
    }
    if !about.capacities.allow(scenario.capacity) {
        return Some(match scenario.capacity {
            Capacity::Bounded(0) => "has no rendezvous".into(),
            Capacity::Bounded(_) => "has no bound".into(),
            Capacity::Unbounded => "is bounded".into(),
        });
    }
    let boxed = scenario.size == Size::Boxed;
    match about.payloads {
        Payloads::ByValue if boxed && about.family == Family::Limit => {
            return Some("bounds messages by value; boxed ones have limit/box".into());
        }
        Payloads::ByValue if boxed => return Some("a box cannot cross: its pointer means nothing elsewhere".into()),
        Payloads::Boxed if !boxed => return Some("bounds boxed messages only".into()),
        _ => {}
    }
    if matches!(scenario.workload, Workload::Pairs | Workload::Pingpong) && !in_turns(about, boxed) {
        let reason =
            if boxed { "boxed messages are measured in a stream" } else { "is no queue: nothing comes back out" };
        return Some(reason.into());
    }
    if scenario.workload == Workload::Program(Program::Crawl) {
        return unfit_for_a_crawl(about, scenario).map(str::to_owned);
    }
    if scenario.workload == Workload::Pairs {
        if !about.both_ends_many() {
            return Some("every thread of pairs holds both ends, so it must take several of each".into());
        }
        if scenario.capacity.lap() < 2 * scenario.threads() as u64 {
            return Some("pairs needs room for two messages a thread".into());
        }
    }
    None
}

/// Why workers cannot find their way through this queue.
fn unfit_for_a_crawl(about: &About, scenario: &Scenario) -> Option<&'static str> {
    if !about.transfers {
        return Some("is no queue: nothing comes back out");
    }
    if !about.both_ends_many() {
        return Some("every worker of a crawl holds both ends, so it must take several of each");
    }
    if scenario.size != Size::Value(256) {
        return Some("a crawl sends addresses, in messages of 256B");
    }
    (scenario.capacity == Capacity::Bounded(0)).then_some("a worker cannot meet itself")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Capacities;

    #[test]
    fn a_crawl_has_a_site_and_pins_nobody() {
        let about = About { capacities: Capacities::ALL, ..About::MPMC };
        let why = |id: &str| misfit(&about, &id.parse().unwrap());
        let is_said = |id, what| why(id).is_some_and(|why: String| why.contains(what));
        assert_eq!(why("crawl/2p2c/1/256B/site=10x8ms/seen=mutex/free"), None);
        assert!(is_said("crawl/2p2c/1/256B/site=10x8ms/seen=mutex/same-cpu", "not pinned"));
        assert!(is_said("crawl/2p2c/1/256B/free", "needs a site"));
        assert!(is_said("crawl/2p2c/0/256B/site=10x8ms/seen=mutex/free", "cannot meet itself"));
    }
}
