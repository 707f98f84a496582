//! `run`: plan, measure, record, and a table as soon as a scenario is done.

mod builds;
pub(super) mod pitfalls;
mod resume;
mod screen;

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;

use super::{Selection, code, read_topology, system_root, talk};
use crate::machine::{Fingerprint, Level, checks};
use crate::peers::language;
use crate::ranking::MARGIN;
use crate::record::{self, Block, End, Line, METHOD, Run as RunLine, SCHEMA, ScenarioLine, Writer};
use crate::registry::{Entry, Registry};
use crate::schedule::contender::{Contender, Contenders, split};
use crate::schedule::plan::{Plan, Planned};
use crate::schedule::profile::{Extent, Profile};
use crate::schedule::rounds::round_ns;
use crate::schedule::supervise::Supervisor;
use crate::schedule::{self, Settings};
use crate::table::{count, percent, percentage, span};
use crate::toolchain::{Toolchain, build_of, version_of};
use crate::topology::Topology;
use crate::workload::work;
use builds::Build;
use screen::Screen;

/// Measure a suite and print a table for each scenario.
///
/// Every block is a worker process of its own; in each round every queue runs once, in random order. Results are
/// appended to a file block by block: Ctrl-C keeps what was measured, --resume goes on.
///
/// The suite pitfalls measures nothing: it shows what goes wrong in concurrent programs, beside what fixes it. It takes
/// -q and -s, which both filter by the pitfall's id, and --dry-run; other options are refused.
#[derive(Args, Clone, Default)]
#[command(after_help = "Examples:
  queuebench run                                    suite quick, profile default
  queuebench run --budget 10m                       as well as ten minutes allow
  queuebench run --suite balance --profile quick    another suite, a first look
  queuebench run -q 'flume|kanal' -s 2p2c           two queues and the reference
  queuebench run -q crossbeam-queue/array+spin      a wait that is not shown by default
  queuebench run -q mycrate --worker base=PATH      mycrate beside the build of it at PATH
  queuebench run --resume results/local/FILE        go on with an interrupted run
  queuebench run --suite pitfalls                   no measurement: what goes wrong, what fixes it")]
pub struct Run {
    #[command(flatten)]
    selection: Selection,
    /// How much: smoke 3, quick 30, default 20 to 160, publish 60 to 1000 rounds [default: default]
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<Profile>,
    /// So many rounds, instead of the profile's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(record::MOST_ROUNDS)))]
    rounds: Option<u32>,
    /// Queues run until their ratio to the leader is known to within this [default: 3%; profile publish: 1%]
    #[arg(long, value_name = "PERCENT", value_parser = percent, conflicts_with = "rounds")]
    precision: Option<f64>,
    /// Rates that differ by less are called equivalent
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "5%")]
    margin: f64,
    /// Take no longer than this in all, as 90s or 10m; divided among the scenarios
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    budget: Option<Duration>,
    /// Let another build take part: its queues run in the same rounds, as queue@NAME
    #[arg(long = "worker", value_name = "NAME=PATH")]
    builds: Vec<Build>,
    /// Measure only if nothing that queuebench machine shows spoils numbers
    #[arg(long)]
    strict: bool,
    /// Draw orders and lengths from this number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Seconds after which a block is given up as hung [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    deadline: Option<u64>,
    /// Go on with a queue in a scenario where a block of it ended in another outcome than ok
    #[arg(long)]
    keep_going: bool,
    /// Write results here instead of results/local/
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Go on with this file; plan, seed and rounds are taken from it
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    resume: Option<PathBuf>,
    /// Print all columns, however wide
    #[arg(long)]
    wide: bool,
    /// Print the plan and stop
    #[arg(long)]
    dry_run: bool,
    /// Print progress only.
    #[arg(skip)]
    quiet: bool,
    /// What the Python worker says it is.
    #[arg(skip)]
    python: Option<String>,
}

impl Run {
    pub fn run(&self, registry: &Registry) -> anyhow::Result<u8> {
        if self.selection.suite() == pitfalls::SUITE {
            return self.pitfalls();
        }
        let started = Instant::now();
        let topology = read_topology();
        let machine = Fingerprint::read(&system_root(), &topology);
        let earlier = self.resume.as_deref().map(record::read).transpose()?;
        let mut own = match &earlier {
            Some(results) => self.as_recorded(results, &machine)?,
            None => self.clone(),
        };
        let mut plan = own.selection.plan(registry, &topology)?;
        let mut contenders = builds::join(&mut plan, &own.builds, own_program()?, &own.selection.choice()?)?;
        if plan.scenarios.iter().flat_map(|planned| &planned.queues).any(|queue| language(queue).is_some()) {
            let (command, said) = own.selection.python().map_err(anyhow::Error::msg)?;
            contenders = contenders.with("python", Contender { command, extra_iterations: 0 });
            own.python = Some(said);
        }
        let settings = own.settings()?;
        announce(&plan, settings, &machine, &own);
        if let Some(Err(why)) = own.selection.found_python.get()
            && plan.skips.iter().any(|skip| skip.reason == *why)
        {
            talk(&format!("left out  Python's: {why}"));
        }
        if self.dry_run {
            return Ok(0);
        }
        if spoiled(&topology, own.strict) {
            return Ok(code::REFUSED);
        }
        let opened = match earlier {
            Some(results) => own.reopen(results, &plan, registry)?,
            None => own.start(&plan, settings, registry, machine, topology)?,
        };
        own.measure(opened, &plan, contenders, settings, started)
    }

    /// Measures what is missing of an opened file.
    fn measure(
        &self,
        opened: Opened,
        plan: &Plan,
        contenders: Contenders,
        settings: Settings,
        started: Instant,
    ) -> anyhow::Result<u8> {
        let (mut writer, path, line, earlier) = opened;
        let interrupt = interrupt_pipe()?;
        let deadline = Duration::from_secs(self.deadline());
        let mut workers =
            Supervisor::new(contenders, deadline, line.ns_per_work_iteration, started).until(interrupt.as_fd());
        let mut screen = Screen::new(&line, self.margin, self.wide, !self.quiet);
        let earlier_count = earlier.len() as u64;
        let summary = schedule::run(plan, settings, earlier, &mut workers, &mut writer, &mut screen)?;
        let (blocks, interrupted) = (earlier_count + summary.blocks, summary.interrupted);
        writer.append(&Line::End(End { ended: now(), blocks, interrupted }))?;
        let printed = screen.finish();
        let path = path.display();
        if interrupted {
            let go_on = if self.quiet { String::new() } else { format!(" To go on: queuebench run --resume {path}") };
            talk(&format!("\ninterrupted; {blocks} blocks are kept.{go_on}"));
            return Ok(code::INTERRUPTED);
        }
        if !self.quiet {
            talk(&format!("\n{blocks} blocks in {path}. The tables again: queuebench rank {path}"));
        }
        printed?;
        Ok(if summary.all_ok { 0 } else { code::OUTCOME })
    }

    /// Measures a plan made elsewhere into `path`, or what is missing there; prints progress only.
    ///
    /// # Errors
    ///
    /// When the file is another run's, or cannot be written to.
    pub fn planned(
        path: &Path,
        suite: &str,
        plan: &Plan,
        contenders: Contenders,
        extent: Extent,
        registry: &Registry,
    ) -> anyhow::Result<u8> {
        let selection = Selection { suite: Some(suite.to_owned()), ..Selection::default() };
        let run = Run { selection, output: Some(path.to_owned()), quiet: true, margin: MARGIN, ..Run::default() };
        let topology = read_topology();
        let machine = Fingerprint::read(&system_root(), &topology);
        let settings = Settings { extent, ..run.settings()? };
        if !path.exists() {
            let opened = run.start(plan, settings, registry, machine, topology)?;
            return run.measure(opened, plan, contenders, settings, Instant::now());
        }
        let results = record::read(path)?;
        if results.end.as_ref().is_some_and(|end| !end.interrupted) {
            return Ok(0);
        }
        let settings = Settings { seed: results.run.seed, extent: results.run.extent(), ..settings };
        let opened = run.as_recorded(&results, &machine)?.reopen(results, plan, registry)?;
        run.measure(opened, plan, contenders, settings, Instant::now())
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let usual = self.profile().extent();
        let extent = match (self.rounds, self.precision) {
            (Some(rounds), _) => Extent::fixed(rounds),
            (None, Some(precision)) if usual.is_adaptive() => Extent { precision, ..usual },
            (None, Some(_)) => anyhow::bail!(
                "profile {} has a fixed number of rounds; --precision goes with --profile default or publish",
                self.profile().name()
            ),
            (None, None) => usual,
        };
        Ok(Settings {
            extent,
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1 << 53)),
            keep_going: self.keep_going,
            budget_ns: self.budget.map(|budget| budget.as_nanos() as u64),
        })
    }

    fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    /// In seconds.
    fn deadline(&self) -> u64 {
        self.deadline.unwrap_or(10)
    }

    fn start(
        &self,
        plan: &Plan,
        settings: Settings,
        registry: &Registry,
        machine: Fingerprint,
        topology: Topology,
    ) -> anyhow::Result<Opened> {
        let path = self.output.clone().unwrap_or_else(|| {
            let stamp = now().replace(['-', ':'], "");
            let suite = std::path::Path::new(self.selection.suite()).file_stem().unwrap_or_default().to_string_lossy();
            format!("results/local/{stamp}-{suite}-{}.jsonl", self.profile().name()).into()
        });
        // Made before the file, which would stay empty if the run were killed meanwhile.
        let line = self.run_line(plan, settings, registry, machine, topology);
        let mut writer = Writer::create(&path)?;
        writer.append(&Line::Run(Box::new(line.clone())))?;
        for skip in &plan.skips {
            writer.append(&Line::Skip(skip.clone()))?;
        }
        Ok((writer, path, line, Vec::new()))
    }

    /// Every queue's version; that of another build is its own business, and it says who it is.
    fn versions(&self, plan: &Plan, registry: &Registry) -> BTreeMap<String, String> {
        let mut versions = by_id(plan, registry, |entry| version_of(&entry.id, entry.about.package));
        if let Some(said) = &self.python {
            let of_python = versions.iter_mut().filter(|(queue, _)| language(queue).is_some());
            of_python.for_each(|(_, version)| version.clone_from(said));
        }
        for (name, said) in self.builds.iter().map(Build::said) {
            let of_build = versions.iter_mut().filter(|(queue, _)| split(queue).1 == Some(&name));
            of_build.for_each(|(_, version)| *version = format!("as built into {said}"));
        }
        versions
    }

    fn run_line(
        &self,
        plan: &Plan,
        settings: Settings,
        registry: &Registry,
        machine: Fingerprint,
        topology: Topology,
    ) -> RunLine {
        RunLine {
            schema: SCHEMA,
            program: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            build: std::env::current_exe().map_or_else(|_| String::new(), |program| build_of(&program)),
            method: METHOD,
            margin: self.margin,
            started: now(),
            suite: self.selection.suite().to_owned(),
            profile: self.profile().name().into(),
            rounds: settings.extent.most,
            pilot: Some(settings.extent.pilot),
            precision: settings.extent.precision,
            budget_ns: settings.budget_ns,
            seed: settings.seed,
            selection: record::Selection {
                queue: self.selection.queue.clone(),
                scenario: self.selection.scenario.clone(),
                cell: self.selection.cell.clone(),
                all_waits: self.selection.all_waits(),
                keep_going: settings.keep_going,
            },
            deadline_ns: self.deadline() * 1_000_000_000,
            ns_per_work_iteration: work::calibrate(),
            machine,
            topology,
            toolchain: Toolchain::own(),
            workers: self.builds.iter().map(Build::said).collect(),
            versions: self.versions(plan, registry),
            families: by_id(plan, registry, |entry| entry.about.family.to_string()),
            scenarios: plan.scenarios.iter().map(scenario_line).collect(),
        }
    }
}

/// A file to append to, where it is, its first line, and what it holds already.
type Opened = (Writer, PathBuf, RunLine, Vec<Block>);

/// Something of every queue that a plan runs; other builds of a queue have what its entry here has.
fn by_id(plan: &Plan, registry: &Registry, of: impl Fn(&Entry) -> String) -> BTreeMap<String, String> {
    let planned = plan.scenarios.iter().flat_map(|planned| &planned.queues);
    let entry = |queue: &String| registry.entries().iter().find(|entry| entry.id == split(queue).0);
    planned.filter_map(|queue| Some((queue.clone(), of(entry(queue)?)))).collect()
}

fn scenario_line(planned: &Planned) -> ScenarioLine {
    ScenarioLine {
        id: planned.scenario.to_string(),
        name: planned.name().map(str::to_owned),
        tags: planned.tags.clone(),
        reference: planned.reference.clone(),
        threads: planned.threads,
        cpus: planned.cpus.clone(),
        oversubscribed: planned.oversubscribed(),
    }
}

pub(super) fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}

pub(super) fn own_program() -> anyhow::Result<String> {
    let program = std::env::current_exe().context("cannot find this program to start workers with")?;
    program.into_os_string().into_string().map_err(|name| anyhow::anyhow!("{} is no text", name.display()))
}

/// A pipe that becomes readable when the user wants to stop.
fn interrupt_pipe() -> anyhow::Result<std::io::PipeReader> {
    let (reader, writer) = std::io::pipe()?;
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(reader)
}

/// Says what spoils numbers on this machine and what to type against it; whether nothing is to be measured for it.
fn spoiled(topology: &Topology, strict: bool) -> bool {
    let mut spoils = checks(&system_root(), topology);
    spoils.retain(|check| check.level == Level::Warning);
    let word = if strict { "refused" } else { "warning" };
    for check in &spoils {
        let remedy = check.remedy.as_ref().map_or_else(String::new, |remedy| format!("\n         try: {remedy}"));
        talk(&format!("{word}  {}: {}{remedy}", check.name, check.finding));
    }
    if strict && !spoils.is_empty() {
        talk("nothing was measured; without --strict it would be, with these flaws");
    }
    strict && !spoils.is_empty()
}

/// Says what will run and how long it takes, before it does.
fn announce(plan: &Plan, settings: Settings, machine: &Fingerprint, run: &Run) {
    let Extent { pilot, most, precision } = settings.extent;
    let time = |rounds: u32, round_ns: u64| span(u64::from(rounds) * round_ns / 1_000_000_000);
    let times = |round_ns| match settings.extent.is_adaptive() {
        true => format!("{} to {}", time(pilot, round_ns), time(most, round_ns)),
        false => time(most, round_ns),
    };
    talk(&format!("machine  {}", machine.id));
    let (cells, scenarios) = (count(plan.cells(), "cell"), count(plan.scenarios.len(), "scenario"));
    let rounds = match settings.extent.is_adaptive() {
        true => format!("{pilot} to {most} rounds, until known to within {}", percentage(precision)),
        false => count(most as usize, "round"),
    };
    let suite = run.selection.suite();
    talk(&format!("plan     suite {suite}: {cells} in {scenarios}, {rounds}, seed {}", settings.seed));
    for planned in &plan.scenarios {
        let queues = count(planned.queues.len(), "queue");
        let times = times(round_ns(planned));
        talk(&format!("         {:<52} {queues:>9}  {times:>16}", planned.scenario.to_string()));
    }
    let all = plan.scenarios.iter().map(round_ns).sum::<u64>();
    let budget =
        run.budget.map_or_else(String::new, |budget| format!(", but no longer than {}", span(budget.as_secs())));
    talk(&format!(
        "         about {}{budget} (slow queues take longer); what is left out: queuebench list",
        times(all)
    ));
    if !Toolchain::own().optimised() {
        talk("warning  built without optimisation: these numbers say nothing about the queues; use --release");
    }
}
