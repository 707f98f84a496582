//! `run`: plan, measure, record, and a table as soon as a scenario is done.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::rank::Section;
use super::{Selection, Waits, code, out, read_topology, system_root};
use crate::machine::Fingerprint;
use crate::protocol::Outcome;
use crate::record::{self, Block, End, Line, Results, Run as RunLine, SCHEMA, ScenarioLine, Skip, Writer};
use crate::registry::Registry;
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
    /// How much: smoke 3, quick 16, default 60, publish 300 rounds
    #[arg(long, value_enum, default_value_t = Profile::Default, value_name = "PROFILE")]
    profile: Profile,
    /// Rounds, instead of the profile's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: Option<u32>,
    /// Draw orders and lengths from this number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Seconds after which a block is given up as hung
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    deadline: u64,
    /// Go on with a queue in a scenario where it lost, hung or crashed
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
        let rounds = own.rounds.unwrap_or(own.profile.rounds());
        let seed = own.seed.unwrap_or_else(|| fastrand::u64(..1 << 53));
        let settings = Settings { rounds, seed, keep_going: own.keep_going };
        announce(&plan, settings, &machine, &own);
        if self.dry_run {
            return Ok(0);
        }
        let (mut writer, path, line, earlier_blocks) = match earlier {
            Some(results) => own.reopen(results, &plan)?,
            None => own.start(&plan, settings, registry, machine, topology)?,
        };
        let interrupt = interrupt_pipe()?;
        let mut workers = Supervisor {
            command: vec![own_program()?, "worker".into()],
            deadline: Duration::from_secs(own.deadline),
            ns_per_iteration: line.ns_per_work_iteration,
            interrupt: Some(interrupt.as_fd()),
        };
        let mut screen = Screen::new(&line, own.wide);
        let earlier_count = earlier_blocks.len() as u64;
        let summary = schedule::run(&plan, settings, earlier_blocks, &mut workers, &mut writer, &mut screen)?;
        screen.bar.finish_and_clear();
        let (blocks, interrupted) = (earlier_count + summary.blocks, summary.interrupted);
        writer.append(&Line::End(End { ended: now(), blocks, interrupted }))?;
        screen.problem.map_or(Ok(()), Err)?;
        let path = path.display();
        if interrupted {
            eprintln!("\ninterrupted; {blocks} blocks are kept. To go on: queuebench run --resume {path}");
            return Ok(code::INTERRUPTED);
        }
        eprintln!("\n{blocks} blocks in {path}. The tables again: queuebench rank {path}");
        Ok(if summary.all_ok { 0 } else { code::OUTCOME })
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
        let typed = Selection::default_suite();
        if self.selection.suite != typed && self.selection.suite != run.suite {
            return Err(differ("suite", &run.suite, &self.selection.suite));
        }
        if let Some(seed) = self.seed.filter(|seed| *seed != run.seed) {
            return Err(differ("seed", &run.seed.to_string(), &seed.to_string()));
        }
        if let Some(rounds) = self.rounds.filter(|rounds| *rounds != run.rounds) {
            return Err(differ("number of rounds", &run.rounds.to_string(), &rounds.to_string()));
        }
        for (what, typed, recorded) in [
            ("queue filter", &self.selection.queue, &run.selection.queue),
            ("scenario filter", &self.selection.scenario, &run.selection.scenario),
        ] {
            if let Some(typed) = typed.as_ref().filter(|typed| Some(*typed) != recorded.as_ref()) {
                return Err(differ(what, recorded.as_deref().unwrap_or("none"), typed));
            }
        }
        let recorded = &run.selection;
        Ok(Run {
            selection: Selection {
                suite: run.suite.clone(),
                queue: recorded.queue.clone(),
                scenario: recorded.scenario.clone(),
                cell: recorded.cell.clone(),
                waits: if recorded.all_waits { Waits::All } else { Waits::Yield },
            },
            rounds: Some(run.rounds),
            seed: Some(run.seed),
            keep_going: recorded.keep_going || self.keep_going,
            deadline: run.deadline_ns / 1_000_000_000,
            ..self.clone()
        })
    }

    fn reopen(&self, results: Results, plan: &Plan) -> anyhow::Result<Opened> {
        let planned: Vec<ScenarioLine> = plan.scenarios.iter().map(scenario_line).collect();
        if planned != results.run.scenarios {
            bail!(
                "cannot resume {}: the suite or the cpus this process may use have changed; start a new file",
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
            let suite = std::path::Path::new(&self.selection.suite).file_stem().unwrap_or_default().to_string_lossy();
            format!("results/local/{stamp}-{suite}-{}.jsonl", self.profile.name()).into()
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
        let used = |id: &String| plan.scenarios.iter().any(|planned| planned.queues.contains(id));
        let entries = registry.entries().iter().filter(|entry| used(&entry.id));
        RunLine {
            schema: SCHEMA,
            program: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            started: now(),
            suite: self.selection.suite.clone(),
            profile: self.profile.name().into(),
            rounds: settings.rounds,
            seed: settings.seed,
            selection: record::Selection {
                queue: self.selection.queue.clone(),
                scenario: self.selection.scenario.clone(),
                cell: self.selection.cell.clone(),
                all_waits: self.selection.waits == Waits::All,
                keep_going: settings.keep_going,
            },
            deadline_ns: self.deadline * 1_000_000_000,
            ns_per_work_iteration: work::calibrate(),
            machine,
            topology,
            toolchain: Toolchain::own(),
            versions: entries.map(|entry| (entry.id.clone(), version_of(&entry.id, entry.about.package))).collect(),
            scenarios: plan.scenarios.iter().map(scenario_line).collect(),
        }
    }
}

/// A file to append to, where it is, its first line, and what it holds already.
type Opened = (Writer, PathBuf, RunLine, Vec<Block>);

fn scenario_line(planned: &Planned) -> ScenarioLine {
    ScenarioLine {
        id: planned.scenario.to_string(),
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
    let block = |planned: &Planned| Rounds::mean_slice_ns(planned) + BLOCK_OVERHEAD_NS;
    let total = plan.scenarios.iter().map(|planned| block(planned) * Rounds::blocks(planned, settings.rounds));
    let seconds = total.sum::<u64>() / 1_000_000_000;
    eprintln!("machine  {}", machine.id);
    let (cells, scenarios) = (plan.cells(), plan.scenarios.len());
    let suite = &run.selection.suite;
    eprintln!(
        "plan     suite {suite}: {cells} cells in {scenarios} scenarios, {} rounds, seed {}",
        settings.rounds, settings.seed
    );
    eprintln!("         about {} (slow queues take longer); what is left out: queuebench list", span(seconds));
    if !Toolchain::own().optimised() {
        eprintln!("warning  built without optimisation: these numbers say nothing about the queues; use --release");
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
            eprintln!("{} of {} blocks, about {left} left", progress.done, progress.total);
        }
        if block.report.outcome != Outcome::Ok {
            let detail = block.report.detail.as_deref().unwrap_or_default();
            let what = format!("{}  {} in {}: {detail}", block.report.outcome, block.queue, block.scenario);
            self.bar.suspend(|| eprintln!("{what}"));
        }
    }

    fn given_up(&mut self, skip: &Skip) {
        let queue = skip.queue.as_deref().unwrap_or_default();
        self.bar.suspend(|| eprintln!("skip  {queue} in {}: {} (--keep-going runs them)", skip.scenario, skip.reason));
    }

    fn scenario(&mut self, scenario: &str, blocks: &[Block]) {
        let Some(line) = self.line.scenarios.iter().find(|line| line.id == scenario) else { return };
        let compares = self.line.profile != Profile::Smoke.name();
        let printed = Section::new(line, blocks, compares)
            .and_then(|section| self.bar.suspend(|| out(&section.table(self.wide))));
        // A closed stdout does not end a measurement; it is reported when the rest is safe on disk.
        if let Err(error) = printed {
            self.problem.get_or_insert(error);
        }
    }
}
