//! Which cells exist: scenarios of a suite on this machine, and of each the queues that can join.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::filter::Filter;
use crate::fit::misfit;
use crate::peers::{language, python};
use crate::queue::{Family, Role, Rung, Spin, Wait};
use crate::record::Skip;
use crate::registry::{Entry, Registry};
use crate::scenario::{self, Scenario, WorkNs};
use crate::suite::{Field, Wanted};
use crate::topology::Topology;
use crate::workload::Workload;

/// The wait of queues with `try_` operations only that is shown by default: it gives way where threads share a
/// cpu and never sleeps, so it favours neither of the other two.
pub const DEFAULT_WAIT: &str = "+yield";

/// What a user wants to see of a suite.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `-q`
    pub queue: Option<Filter>,
    /// `-s`
    pub scenario: Option<Filter>,
    /// On `scenario/queue`.
    pub cell: Option<Filter>,
    /// Every wait.
    pub all_waits: bool,
    /// Languages that are not to be had here, and why.
    pub absent: BTreeMap<&'static str, String>,
}

/// What will run, and what will not.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order they run.
    pub scenarios: Vec<Planned>,
    /// What does not run, and why.
    pub skips: Vec<Skip>,
}

/// A scenario with its queues.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The scenario.
    pub scenario: Scenario,
    /// What the suite calls it.
    pub label: String,
    /// Words it can be found by: rows of the course.
    pub tags: Vec<String>,
    /// A cpu for each thread, consumers' first.
    pub cpus: Vec<Option<usize>>,
    /// Threads that run at once.
    pub threads: usize,
    /// Cpus the process may use, for threads that are not pinned.
    pub usable_cpus: usize,
    /// The queues that join, by id.
    pub queues: Vec<String>,
    /// Those of them that A/A pairs are made of; limits are not.
    pub repeatable: Vec<String>,
    /// The queue that is in every round.
    pub reference: String,
}

/// One scenario with one queue, as a worker is told.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The scenario.
    pub scenario: Scenario,
    /// The queue's id.
    pub queue: String,
    /// A cpu for each thread, consumers' first.
    pub cpus: Vec<Option<usize>>,
}

impl Planned {
    /// A scenario with one queue, for who runs blocks one at a time.
    pub fn alone(scenario: &Scenario, queue: &str, cpus: Vec<Option<usize>>, usable_cpus: usize) -> Planned {
        Planned {
            scenario: *scenario,
            label: scenario.to_string(),
            tags: Vec::new(),
            cpus,
            threads: scenario.threads(),
            usable_cpus,
            queues: vec![queue.to_owned()],
            repeatable: Vec::new(),
            reference: queue.to_owned(),
        }
    }

    /// What the suite calls it, where that is not its id.
    pub fn name(&self) -> Option<&str> {
        Some(self.label.as_str()).filter(|label| *label != self.scenario.to_string())
    }

    /// Cpus the threads run on.
    pub fn cpus_used(&self) -> usize {
        let mut pinned: Vec<usize> = self.cpus.iter().copied().flatten().collect();
        pinned.sort_unstable();
        pinned.dedup();
        if pinned.is_empty() { self.usable_cpus } else { pinned.len() }
    }

    /// Whether threads outnumber the cpus they run on.
    pub fn oversubscribed(&self) -> bool {
        self.threads > self.cpus_used()
    }

    /// The cell of one of its queues.
    pub fn cell(&self, queue: &str) -> Cell {
        Cell { scenario: self.scenario, queue: queue.to_owned(), cpus: self.cpus.clone() }
    }
}

impl Plan {
    /// Scenarios that run in the same rounds, as ranges: those that differ by the boundary only and follow each other.
    pub fn groups(&self) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        for (position, planned) in self.scenarios.iter().enumerate() {
            let is_across = position > 0 && self.scenarios[position - 1].scenario.across() == planned.scenario;
            match groups.last_mut() {
                Some(group) if is_across && group.len() == 1 => group.end += 1,
                _ => groups.push(position..position + 1),
            }
        }
        groups
    }

    /// Cells in all.
    pub fn cells(&self) -> usize {
        self.scenarios.iter().map(|planned| planned.queues.len()).sum()
    }
}

/// Plans `wanted` on a machine with the queues of `registry`.
///
/// # Errors
///
/// When a filter matches nothing; says what to type instead.
pub fn plan(wanted: &[Wanted], registry: &Registry, topology: &Topology, choice: &Choice) -> anyhow::Result<Plan> {
    let mut plan = Plan::default();
    for wanted in wanted {
        let scenario = &wanted.scenario;
        if choice.scenario.as_ref().is_some_and(|filter| !wanted.is_meant(filter)) {
            continue;
        }
        let seated = match seat(scenario, topology) {
            Ok(seated) => seated,
            Err(reason) => {
                plan.skips.push(Skip { scenario: wanted.label.clone(), queue: None, reason });
                continue;
            }
        };
        let same = |planned: &&Planned| same_on_this_machine(planned, scenario, &seated);
        if let Some(earlier) = plan.scenarios.iter().find(same) {
            let reason = format!("comes to the same on this machine as {}", earlier.scenario);
            plan.skips.push(Skip { scenario: wanted.label.clone(), queue: None, reason });
            continue;
        }
        fill(&mut plan, wanted, scenario, seated, registry, topology, choice);
    }
    if plan.scenarios.is_empty() {
        anyhow::bail!(nothing_matches(wanted, registry, choice, &plan));
    }
    Ok(plan)
}

/// A cpu for each thread of `scenario`, consumers' first.
///
/// # Errors
///
/// Why this machine lacks the placement.
pub fn seat(scenario: &Scenario, topology: &Topology) -> Result<Vec<Option<usize>>, String> {
    let (producers, consumers) = scenario.seats();
    let seats = topology.place(scenario.placement, producers, consumers)?;
    Ok(seats.consumers.into_iter().chain(seats.producers).collect())
}

/// Whether two scenarios differ by the word for their placement only, and that word means the same cpus here.
fn same_on_this_machine(planned: &Planned, scenario: &Scenario, cpus: &[Option<usize>]) -> bool {
    Scenario { placement: scenario.placement, ..planned.scenario } == *scenario && planned.cpus == cpus
}

fn fill(
    plan: &mut Plan,
    wanted: &Wanted,
    scenario: &Scenario,
    cpus: Vec<Option<usize>>,
    registry: &Registry,
    topology: &Topology,
    choice: &Choice,
) {
    let mut planned = Planned {
        scenario: *scenario,
        label: wanted.label.clone(),
        tags: wanted.tags.clone(),
        cpus,
        threads: scenario.threads(),
        usable_cpus: topology.usable_cpus().len(),
        queues: Vec::new(),
        repeatable: Vec::new(),
        reference: wanted.reference.clone(),
    };
    let id = scenario.to_string();
    let able: Vec<(&Entry, Option<String>)> =
        entries_for(registry, scenario).map(|entry| (entry, obstacle(entry, &planned, choice))).collect();
    let chosen = |entry: &Entry| {
        let cell = format!("{id}/{}", entry.id);
        choice.queue.as_ref().is_none_or(|filter| filter.matches(&entry.id))
            && choice.cell.as_ref().is_none_or(|filter| filter.matches(&cell))
    };
    // A filter that names no queue with the usual wait is meant for the others.
    let filtered = choice.queue.is_some() || choice.cell.is_some();
    let usual_named = able.iter().any(|(entry, _)| chosen(entry) && is_usual(entry));
    let asked_for = choice.all_waits || (filtered && !usual_named);
    let waits = Waits { all: asked_for || wanted.all_waits, spin: asked_for || !planned.oversubscribed() };
    let mut skips = Vec::new();
    for (entry, obstacle) in &able {
        if !chosen(entry) {
            continue;
        }
        match obstacle.clone().or_else(|| left_out(entry, wanted, filtered, waits)) {
            Some(reason) => skips.push(Skip { scenario: id.clone(), queue: Some(entry.id.clone()), reason }),
            None => planned.queues.push(entry.id.clone()),
        }
    }
    if !planned.queues.is_empty() {
        add_reference(&mut planned, &able);
        let contends = |queue: &&String| {
            registry.find(queue, scenario.capacity).is_some_and(|entry| entry.about.family != Family::Limit)
        };
        planned.repeatable = planned.queues.iter().filter(contends).cloned().collect();
        if planned.repeatable.is_empty() && !filtered {
            plan.skips.push(Skip { scenario: id, queue: None, reason: "no queue can join it".into() });
        } else {
            plan.scenarios.push(planned);
        }
    }
    plan.skips.extend(skips);
}

/// One entry for each id: where an id has a type for bounds and one for none, the one that fits.
fn entries_for<'a>(registry: &'a Registry, scenario: &Scenario) -> impl Iterator<Item = &'a Entry> {
    let capacity = scenario.capacity;
    registry.entries().iter().filter(move |entry| match registry.find(&entry.id, capacity) {
        Some(fitting) => std::ptr::eq(fitting, *entry),
        None => registry.entries().iter().find(|other| other.id == entry.id).is_some_and(|o| std::ptr::eq(o, *entry)),
    })
}

fn is_usual(entry: &Entry) -> bool {
    entry.wait.is_empty() || entry.wait == DEFAULT_WAIT
}

/// Why a queue cannot join a scenario.
fn obstacle(entry: &Entry, planned: &Planned, choice: &Choice) -> Option<String> {
    let (about, scenario) = (&entry.about, &planned.scenario);
    if let Some(why) = misfit(about, scenario) {
        return Some(why);
    }
    let waits = matches!(about.role, Role::Queue | Role::WakeupBound);
    if waits && planned.oversubscribed() && !about.oversubscribes {
        return Some("does not give way, and threads outnumber cpus here".into());
    }
    let language = language(&entry.id)?;
    let has_work = scenario.work != WorkNs::default();
    let knows_seen = |site: scenario::Site| python::knows_seen(&entry.id, site.seen, scenario.boundary);
    let reasons = [
        (has_work, "does no work beside its queue"),
        (!scenario.site.is_none_or(knows_seen), "has a seen-set with an owner, or between threads behind one lock"),
    ];
    let why = || reasons.into_iter().find(|(applies, _)| *applies).map(|(_, why)| why.into());
    choice.absent.get(language).cloned().or_else(why)
}

/// Which waits join beside the usual one.
#[derive(Clone, Copy)]
struct Waits {
    all: bool,
    /// Not by default where threads outnumber cpus: a spinning thread burns the time its peer needs.
    spin: bool,
}

/// Why a queue that could join does not.
fn left_out(entry: &Entry, wanted: &Wanted, filtered: bool, waits: Waits) -> Option<String> {
    let (about, workload) = (&entry.about, wanted.scenario.workload);
    let is_transport = about.family == Family::Process && about.rung.is_none_or(|rung| rung == Rung::SharedKey);
    let is_peer = language(&entry.id).is_some();
    let joins = match wanted.field {
        _ if is_peer => wanted.peers,
        _ if matches!(about.role, Role::Program(_)) => true,
        Field::All if about.role != Role::Queue || workload == Workload::Wakeup => true,
        Field::All => about.family != Family::Process,
        Field::Representatives => about.representative,
        Field::RepresentativesAndRings => about.representative || about.family == Family::Ring,
        Field::Transports => is_transport,
        Field::Ladder => about.rung.is_some() || is_transport,
    };
    if !joins && !filtered {
        let is_of_the_boundary = is_peer || is_transport || about.rung.is_some();
        let why = match (is_of_the_boundary, workload.program()) {
            (true, Some(_)) => "this scenario runs none of its kind; name the queue with -q to add it",
            (true, None) => "the suite boundary has it; name the queue with -q to add it here",
            (false, _) => "this scenario runs one or two of each family; name the queue with -q to add it",
        };
        return Some(why.into());
    }
    if waits.all && !waits.spin && entry.wait == Spin::SUFFIX {
        return Some("spins where threads outnumber cpus; add --waits all".into());
    }
    (!is_usual(entry) && !waits.all).then(|| format!("{DEFAULT_WAIT} is shown by default; add --waits all"))
}

/// Puts the reference queue first in line, or names another where it cannot join.
fn add_reference(planned: &mut Planned, able: &[(&Entry, Option<String>)]) {
    let can_join = |id: &str| able.iter().any(|(entry, obstacle)| entry.id == id && obstacle.is_none());
    if !can_join(&planned.reference) {
        let stand_in = able.iter().find(|(entry, obstacle)| {
            obstacle.is_none() && entry.about.family != Family::Limit && planned.queues.contains(&entry.id)
        });
        planned.reference = stand_in.map_or_else(|| planned.queues[0].clone(), |(entry, _)| entry.id.clone());
    }
    if !planned.queues.contains(&planned.reference) {
        planned.queues.insert(0, planned.reference.clone());
    }
}

fn nothing_matches(wanted: &[Wanted], registry: &Registry, choice: &Choice, plan: &Plan) -> String {
    if let Some(filter) = &choice.scenario
        && !wanted.iter().any(|wanted| wanted.is_meant(filter))
    {
        return format!(
            "no scenario of the suite matches '{}'; see: queuebench list scenarios, with the same --suite",
            filter.text()
        );
    }
    if let Some(filter) = &choice.queue
        && !registry.entries().iter().any(|entry| filter.matches(&entry.id))
    {
        return format!("no queue matches '{}'; see: queuebench list queues", filter.text());
    }
    // That a language is not there is what can be mended.
    let can_be_mended = |skip: &&Skip| choice.absent.values().any(|why| *why == skip.reason);
    if let Some(skip) = plan.skips.iter().find(can_be_mended).or(plan.skips.first()) {
        let what = skip.queue.as_deref().unwrap_or("the scenario");
        return format!("nothing is left to run; {what} in {}: {}", skip.scenario, skip.reason);
    }
    let cell = choice.cell.as_ref().map_or("", Filter::text);
    format!("no cell scenario/queue matches '{cell}'; see: queuebench list")
}
