//! `run`: plan, measure, record, and a table as soon as a scenario is done.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::rank::Section;
use super::{Selection, Waits, code, count, is_broken_pipe, out, read_topology, system_root, talk};
use crate::machine::Fingerprint;
use crate::protocol::Outcome;
use crate::record::{self, Block, End, Line, Results, Run as RunLine, SCHEMA, ScenarioLine, Skip, Writer};
use crate::registry::{Entry, Registry};
use crate::schedule::contender::Contenders;
use crate::schedule::plan::{Plan, Planned};
use crate::schedule::profile::Profile;
use crate::schedule::rounds::Rounds;
use crate::schedule::supervise::Supervisor;
use crate::schedule::{self, Observer, Progress, Settings};
use crate::table::span;
use crate::toolchain::{Toolchain, version_of};
use crate::topology::Topology;
use crate::workload::work;

/// What a block takes besides its slice: starting and ending a worker.
const BLOCK_OVERHEAD_NS: u64 = 8_000_000;

/// Measure a suite and print a table for each scenario.
///
/// Every block is a worker process of its own; in each round every queue runs once, in random order. Results are
/// appended to a file block by block: Ctrl-C keeps what was measured, --resume goes on.
#[derive(Args, Clone)]
#[command(after_help = "Examples:
  queuebench run                                    suite quick, profile default
  queuebench run --suite balance --profile quick    another suite, 16 rounds
  queuebench run -q 'flume|kanal' -s 2p2c           two queues and the reference
  queuebench run -q crossbeam-queue/array+spin      a wait that is not shown by default
  queuebench run --resume results/local/FILE        go on with an interrupted run")]
pub struct Run {
    #[command(flatten)]
    selection: Selection,
    /// How much: smoke 3, quick 16, default 60, publish 300 rounds [default: default]
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<Profile>,
    /// Rounds, instead of the profile's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: Option<u32>,
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
}

impl Run {
    pub fn run(&self, registry: &Registry) -> anyhow::Result<u8> {
        let topology = read_topology();
        let machine = Fingerprint::read(&system_root(), &topology);
        let earlier = self.resume.as_deref().map(record::read).transpose()?;
        let own = match &earlier {
            Some(results) => self.as_recorded(results, &machine)?,
            None => self.clone(),
        };
        let plan = own.selection.plan(registry, &topology)?;
        let rounds = own.rounds.unwrap_or(own.profile().rounds());
        let seed = own.seed.unwrap_or_else(|| fastrand::u64(..1 << 53));
        let settings = Settings { rounds, seed, keep_going: own.keep_going };
        announce(&plan, settings, &machine, &own);
        if self.dry_run {
            return Ok(0);
        }
        let (mut writer, path, line, earlier_blocks) = match earlier {
            Some(results) => own.reopen(results, &plan, registry)?,
            None => own.start(&plan, settings, registry, machine, topology)?,
        };
        let interrupt = interrupt_pipe()?;
        let mut workers = Supervisor {
            contenders: Contenders::own(vec![own_program()?, "worker".into()]),
            deadline: Duration::from_secs(own.deadline()),
            ns_per_iteration: line.ns_per_work_iteration,
            interrupt: Some(interrupt.as_fd()),
        };
        let mut screen = Screen::new(&line, own.wide);
        let earlier_count = earlier_blocks.len() as u64;
        let summary = schedule::run(&plan, settings, earlier_blocks, &mut workers, &mut writer, &mut screen)?;
        screen.bar.finish_and_clear();
        let (blocks, interrupted) = (earlier_count + summary.blocks, summary.interrupted);
        writer.append(&Line::End(End { ended: now(), blocks, interrupted }))?;
        let path = path.display();
        if interrupted {
            talk(&format!("\ninterrupted; {blocks} blocks are kept. To go on: queuebench run --resume {path}"));
            return Ok(code::INTERRUPTED);
        }
        talk(&format!("\n{blocks} blocks in {path}. The tables again: queuebench rank {path}"));
        screen.problem.map_or(Ok(()), Err)?;
        Ok(if summary.all_ok { 0 } else { code::OUTCOME })
    }

    fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    /// In seconds.
    fn deadline(&self) -> u64 {
        self.deadline.unwrap_or(10)
    }

    /// The options a file was started with; what is typed beside `--resume` must not contradict them.
    fn as_recorded(&self, results: &Results, machine: &Fingerprint) -> anyhow::Result<Run> {
        let (run, path) = (&results.run, results.path.display());
        let finished = results.end.as_ref().is_some_and(|end| !end.interrupted);
        if finished {
            bail!("{path} is complete; see it with: queuebench rank {path}");
        }
        let differ = |what: &str, theirs: &str, ours: &str| {
            anyhow::anyhow!(
                "cannot resume {path}: its {what} is {theirs}, not {ours}; start a new file without --resume"
            )
        };
        if run.machine.id != machine.id {
            return Err(differ("machine", &run.machine.id, &machine.id));
        }
        if run.version != env!("CARGO_PKG_VERSION") {
            return Err(differ("queuebench", &run.version, env!("CARGO_PKG_VERSION")));
        }
        if run.toolchain != Toolchain::own() {
            return Err(differ("toolchain", &format!("{:?}", run.toolchain), &format!("{:?}", Toolchain::own())));
        }
        let (typed, recorded) = (&self.selection, &run.selection);
        let none = || "none".to_owned();
        let filter = |filter: &Option<String>| filter.clone().unwrap_or_else(none);
        let waits = |all| if all { "all" } else { "yield" }.to_owned();
        let deadline = run.deadline_ns / 1_000_000_000;
        for (what, typed, recorded) in [
            ("suite", typed.suite.clone(), run.suite.clone()),
            ("profile", self.profile.map(|profile| profile.name().to_owned()), run.profile.clone()),
            ("number of rounds", self.rounds.map(|rounds| rounds.to_string()), run.rounds.to_string()),
            ("seed", self.seed.map(|seed| seed.to_string()), run.seed.to_string()),
            ("deadline", self.deadline.map(|seconds| seconds.to_string()), deadline.to_string()),
            ("queue filter", typed.queue.clone(), filter(&recorded.queue)),
            ("scenario filter", typed.scenario.clone(), filter(&recorded.scenario)),
            ("cell filter", typed.cell.clone(), filter(&recorded.cell)),
            ("waits", typed.waits.map(|typed| waits(typed == Waits::All)), waits(recorded.all_waits)),
        ] {
            if let Some(typed) = typed.filter(|typed| *typed != recorded) {
                return Err(differ(what, &recorded, &typed));
            }
        }
        Ok(Run {
            selection: Selection {
                suite: Some(run.suite.clone()),
                queue: recorded.queue.clone(),
                scenario: recorded.scenario.clone(),
                cell: recorded.cell.clone(),
                waits: recorded.all_waits.then_some(Waits::All),
            },
            rounds: Some(run.rounds),
            seed: Some(run.seed),
            keep_going: recorded.keep_going || self.keep_going,
            deadline: Some(deadline),
            ..self.clone()
        })
    }

    fn reopen(&self, results: Results, plan: &Plan, registry: &Registry) -> anyhow::Result<Opened> {
        let planned: Vec<ScenarioLine> = plan.scenarios.iter().map(scenario_line).collect();
        if planned != results.run.scenarios {
            bail!(
                "cannot resume {}: the suite or the cpus this process may use have changed; start a new file",
                results.path.display()
            );
        }
        let versions = by_id(plan, registry, |entry| version_of(&entry.id, entry.about.package));
        if let Some((id, now)) = versions.iter().find(|(id, now)| results.run.versions.get(*id) != Some(now)) {
            let then = results.run.versions.get(id).map_or("unknown", String::as_str);
            bail!(
                "cannot resume {}: its {id} is {then}, not {now}; start a new file without --resume",
                results.path.display()
            );
        }
        let writer = Writer::resume(&results.path, results.resumable)?;
        Ok((writer, results.path, results.run, results.blocks))
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
            started: now(),
            suite: self.selection.suite().to_owned(),
            profile: self.profile().name().into(),
            rounds: settings.rounds,
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
            versions: by_id(plan, registry, |entry| version_of(&entry.id, entry.about.package)),
            families: by_id(plan, registry, |entry| entry.about.family.to_string()),
            scenarios: plan.scenarios.iter().map(scenario_line).collect(),
        }
    }
}

/// A file to append to, where it is, its first line, and what it holds already.
type Opened = (Writer, PathBuf, RunLine, Vec<Block>);

/// Something of every queue that a plan runs.
fn by_id(plan: &Plan, registry: &Registry, of: impl Fn(&Entry) -> String) -> BTreeMap<String, String> {
    let runs = |entry: &&Entry| plan.scenarios.iter().any(|planned| planned.queues.contains(&entry.id));
    registry.entries().iter().filter(runs).map(|entry| (entry.id.clone(), of(entry))).collect()
}

fn scenario_line(planned: &Planned) -> ScenarioLine {
    ScenarioLine {
        id: planned.scenario.to_string(),
        name: planned.name().map(str::to_owned),
        reference: planned.reference.clone(),
        threads: planned.threads,
        cpus: planned.cpus.clone(),
        oversubscribed: planned.oversubscribed(),
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}

fn own_program() -> anyhow::Result<String> {
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

/// Says what will run and how long it takes, before it does.
fn announce(plan: &Plan, settings: Settings, machine: &Fingerprint, run: &Run) {
    let time_of = |planned: &Planned| {
        let block = Rounds::mean_slice_ns(planned) + BLOCK_OVERHEAD_NS;
        block * Rounds::blocks(planned, settings.rounds)
    };
    talk(&format!("machine  {}", machine.id));
    let (cells, scenarios) = (count(plan.cells(), "cell"), count(plan.scenarios.len(), "scenario"));
    let (suite, rounds) = (run.selection.suite(), count(settings.rounds as usize, "round"));
    talk(&format!("plan     suite {suite}: {cells} in {scenarios}, {rounds}, seed {}", settings.seed));
    for planned in &plan.scenarios {
        let queues = count(planned.queues.len(), "queue");
        let time = span(time_of(planned) / 1_000_000_000);
        talk(&format!("         {:<44} {queues:>9}  {time:>6}", planned.scenario.to_string()));
    }
    let seconds = plan.scenarios.iter().map(time_of).sum::<u64>() / 1_000_000_000;
    talk(&format!("         about {} (slow queues take longer); what is left out: queuebench list", span(seconds)));
    if !Toolchain::own().optimised() {
        talk("warning  built without optimisation: these numbers say nothing about the queues; use --release");
    }
}

/// The terminal: progress on stderr between blocks, tables on stdout as scenarios end.
struct Screen<'a> {
    line: &'a RunLine,
    wide: bool,
    bar: ProgressBar,
    quiet_until: Instant,
    problem: Option<anyhow::Error>,
}

impl<'a> Screen<'a> {
    fn new(line: &'a RunLine, wide: bool) -> Screen<'a> {
        // No ticker and no drawing thread: nothing is drawn while a slice runs.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(4));
        bar.set_style(ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}").expect("the template is a constant"));
        Screen { line, wide, bar, quiet_until: Instant::now(), problem: None }
    }
}

impl Observer for Screen<'_> {
    fn block(&mut self, block: &Block, progress: Progress) {
        self.bar.set_length(progress.total);
        let left = span(progress.left_ns / 1_000_000_000);
        self.bar.set_position(progress.done);
        self.bar.set_message(format!("{left} left  {}  {}", block.scenario, block.queue));
        if self.bar.is_hidden() && self.quiet_until.elapsed() > Duration::from_secs(30) {
            self.quiet_until = Instant::now();
            talk(&format!("{} of {} blocks, about {left} left", progress.done, progress.total));
        }
        if block.report.outcome != Outcome::Ok {
            let detail = block.report.detail.as_deref().unwrap_or_default();
            let what = format!("{}  {} in {}: {detail}", block.report.outcome, block.queue, block.scenario);
            self.bar.suspend(|| talk(&what));
        }
    }

    fn given_up(&mut self, skip: &Skip) {
        let queue = skip.queue.as_deref().unwrap_or_default();
        let what = format!("skip  {queue} in {}: {} (--keep-going runs them)", skip.scenario, skip.reason);
        self.bar.suspend(|| talk(&what));
    }

    fn scenario(&mut self, scenario: &str, blocks: &[Block]) {
        let Some(line) = self.line.scenarios.iter().find(|line| line.id == scenario) else { return };
        let printed = Section::new(self.line, line, blocks)
            .and_then(|section| self.bar.suspend(|| out(&section.table(self.wide))));
        // A stdout that fails does not end a measurement; it is reported when the rest is safe on disk. One that is
        // closed has been read as far as anybody wanted.
        if let Err(error) = printed
            && !is_broken_pipe(&error)
        {
            self.problem.get_or_insert(error);
        }
    }
}
