//! The verbs. Only this module prints; only `main` exits.

mod barometer;
mod compare;
#[cfg(feature = "crawl")]
mod crawl;
mod list;
mod machine;
mod rank;
mod report;
mod run;
mod selftest;
mod validate;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::crawler::CRAWLER_WORD;
use crate::crawler::site::{self, SITE_WORD, Site};
use crate::filter::Filter;
use crate::peers::{self, language};
use crate::pitfall;
use crate::registry::Registry;
use crate::schedule::plan::{Choice, Plan, plan};
use crate::schedule::supervise::introduction;
use crate::suite::Suite;
use crate::topology::{Topology, own_mask};
use crate::worker;
use crate::workload::spawn::{STARTED_WORD, started};

pub use barometer::barometer;

/// Exit codes, as the README lists them.
pub(crate) mod code {
    /// Something went wrong.
    pub const ERROR: u8 = 1;
    /// A cell ended in an outcome other than ok.
    pub const OUTCOME: u8 = 3;
    /// The machine is not as `--strict` wants it.
    pub const REFUSED: u8 = 4;
    /// A queue has surely become slower (`compare --fail-over`).
    pub const REGRESSION: u8 = 5;
    /// Interrupted; what was measured is kept.
    pub const INTERRUPTED: u8 = 130;
}

/// Which synchronized queue should I use? Measures queues and channels: pinned, every message checked, in
/// interleaved fresh processes, recorded.
#[derive(Parser)]
#[command(name = "queuebench", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:
  queuebench run                              the suite quick, a table for each scenario
  queuebench run -q 'flume|kanal' -s 2p2c     two queues, scenarios with two producers and consumers
  queuebench rank results/local/*.jsonl       the tables again, from files
  queuebench rank FILE --for 2p2c,bounded     which queue for me?
  queuebench report results/local/*.jsonl     a page of all of it
  queuebench compare BEFORE AFTER             what has changed
  queuebench run --suite apps                 whole programs: does the queue matter to them?
  queuebench run --suite pitfalls             what goes wrong in concurrent programs, on purpose
  queuebench crawl URL                        the dead links of a site
  queuebench machine                          what this machine is, and what spoils numbers on it")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    List(list::List),
    Run(run::Run),
    Rank(rank::Rank),
    Report(report::Report),
    Compare(compare::Compare),
    Machine(machine::Machine),
    Selftest(selftest::Selftest),
    #[cfg(feature = "crawl")]
    Crawl(crawl::Crawl),
    Validate(validate::Validate),
    /// Print a completion script.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What part of a suite is meant; the same on every verb.
#[derive(Args, Clone, Default)]
struct Selection {
    /// Suite by name (see: list suites) or a .toml file [default: quick]
    #[arg(long, value_name = "SUITE")]
    suite: Option<String>,
    /// Only queues whose id matches this regular expression, or contains it as it stands
    #[arg(short = 'q', long, value_name = "RE")]
    queue: Option<String>,
    /// Only scenarios whose id matches this regular expression, or contains it as it stands; or a row of the course, as S09
    #[arg(short = 's', long, value_name = "RE")]
    scenario: Option<String>,
    /// Only cells whose `scenario/queue` matches this regular expression
    #[arg(long, value_name = "RE", hide = true)]
    cell: Option<String>,
    /// The interpreter that runs Python's queues [default: python3 on PATH]
    #[arg(long, value_name = "PATH")]
    python: Option<String>,
    /// What came of looking for it.
    #[arg(skip)]
    found_python: OnceCell<Result<(Vec<String>, String), String>>,
    /// Which waits of queues that have only try_ operations [default: yield]
    #[arg(long, value_enum, value_name = "WAITS")]
    waits: Option<Waits>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Waits {
    /// One: +yield
    Yield,
    /// +spin, +yield and +park
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Markdown,
}

/// For what is no table of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlainFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Where the machine's files are read from: `/`, or below `QUEUEBENCH_SYSROOT`.
fn system_root() -> PathBuf {
    std::env::var_os("QUEUEBENCH_SYSROOT").map_or_else(|| "/".into(), PathBuf::from)
}

fn read_topology() -> Topology {
    Topology::read(&system_root(), Some(&own_mask()))
}

impl Selection {
    fn suite(&self) -> &str {
        self.suite.as_deref().unwrap_or("quick")
    }

    fn all_waits(&self) -> bool {
        self.waits == Some(Waits::All)
    }

    fn choice(&self) -> anyhow::Result<Choice> {
        let filter = |text: &Option<String>| text.as_deref().map(Filter::new).transpose();
        Ok(Choice {
            queue: filter(&self.queue)?,
            scenario: filter(&self.scenario)?,
            cell: filter(&self.cell)?,
            all_waits: self.all_waits(),
            absent: BTreeMap::new(),
        })
    }

    fn plan(&self, registry: &Registry, topology: &Topology) -> anyhow::Result<Plan> {
        let suite = Suite::load(self.suite())?;
        let wanted = suite.on(topology).map_err(|why| anyhow::anyhow!("the suite {}: {why}", self.suite()))?;
        let mut choice = self.choice()?;
        let names_one =
            |filter: &Filter| registry.entries().iter().any(|e| language(&e.id).is_some() && filter.matches(&e.id));
        // An interpreter is started only where one is wanted.
        if wanted.iter().any(|wanted| wanted.peers) || choice.queue.as_ref().is_some_and(names_one) {
            choice.absent.extend(self.python().err().map(|why| ("python", why)));
        }
        plan(&wanted, registry, topology, &choice)
    }

    /// The command of the Python worker, and what it says it is. The interpreter is started for that once.
    fn python(&self) -> Result<(Vec<String>, String), String> {
        self.found_python.get_or_init(|| self.find_python()).clone()
    }

    fn find_python(&self) -> Result<(Vec<String>, String), String> {
        let interpreter = self.python.as_deref().unwrap_or("python3");
        let command = peers::python::command(interpreter);
        let said = introduction(&command).map_err(|why| match self.python {
            Some(_) => format!("{interpreter} runs no Python worker: {why}"),
            None => format!("no Python from 3.9 on is on PATH as python3 ({why}); name one with --python PATH"),
        })?;
        Ok((command, said))
    }
}

/// Runs the command line of this process with the queues of `registry`, or serves blocks on stdin and stdout where
/// it was started to.
pub fn main(registry: &Registry) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [worker::WORKER, selftest::TWINS_WORD] => return finish(worker::serve(&Registry::twins()).map(|()| 0)),
        [worker::WORKER, ..] => return finish(worker::serve(registry).map(|()| 0)),
        [worker::ENDPOINT, ..] => return finish(worker::endpoint::serve(registry, &words[1..]).map(|()| 0)),
        [pitfall::WORD, ..] => return finish(pitfall::serve(&words[1..]).map(|()| 0)),
        [STARTED_WORD, ref stays @ ..] => return finish(started(!stays.is_empty()).map(|()| 0).map_err(Into::into)),
        [SITE_WORD, ref site @ ..] => return finish(serve_site(site).map(|()| 0)),
        #[cfg(feature = "crawl")]
        [CRAWLER_WORD, ref parts @ ..] => return finish(worker::crawler::serve(parts).map(|()| 0)),
        [selftest::DISTURB_WORD, ref cpu @ ..] => return finish(selftest::disturb(cpu.first().copied()).map(|()| 0)),
        _ => {}
    }
    match Cli::try_parse() {
        Ok(cli) => finish(dispatch(cli.verb, registry)),
        Err(error) => usage(&error),
    }
}

/// Runs a verb given as words, as [`main`] would.
pub fn main_with<I: IntoIterator<Item = String>>(registry: &Registry, words: I) -> ExitCode {
    match Cli::try_parse_from(std::iter::once("queuebench".to_owned()).chain(words)) {
        Ok(cli) => finish(dispatch(cli.verb, registry)),
        Err(error) => usage(&error),
    }
}

/// Serves the made-up site that `words` describe.
fn serve_site(words: &[&str]) -> anyhow::Result<()> {
    crate::orphan::die_with_parent()?;
    Ok(site::serve(Site::from_words(words)?)?)
}

/// Prints a usage error, or help, where it belongs.
fn usage(error: &clap::Error) -> ExitCode {
    error.print().ok();
    ExitCode::from(error.exit_code() as u8)
}

/// Whether this process was started to serve blocks or a part of one; programs with a registry of their own ask this first.
pub fn is_worker() -> bool {
    let words = [
        worker::WORKER,
        worker::ENDPOINT,
        STARTED_WORD,
        SITE_WORD,
        CRAWLER_WORD,
        pitfall::WORD,
        selftest::DISTURB_WORD,
    ];
    std::env::args().nth(1).is_some_and(|word| words.contains(&word.as_str()))
}

fn dispatch(verb: Verb, registry: &Registry) -> anyhow::Result<u8> {
    match verb {
        Verb::List(list) => list.run(registry),
        Verb::Run(run) => run.run(registry),
        Verb::Rank(rank) => rank.run(),
        Verb::Report(report) => report.run(),
        Verb::Compare(compare) => compare.run(),
        Verb::Machine(machine) => machine.run(),
        Verb::Selftest(selftest) => selftest.run(registry),
        #[cfg(feature = "crawl")]
        Verb::Crawl(crawl) => crawl.run(),
        Verb::Validate(validate) => validate.run(),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "queuebench", &mut script);
            out(String::from_utf8_lossy(&script).trim_end()).map(|()| 0)
        }
    }
}

fn finish(result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("{}: {error:#}", style("error", "\u{1b}[1;31m"));
            ExitCode::from(code::ERROR)
        }
    }
}

/// Says something on stderr; one that is closed does not end a measurement.
fn talk(text: &str) {
    use std::io::Write;
    writeln!(anstream::stderr(), "{text}").ok();
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Styled text; anstream takes the style away where it is not wanted.
fn style(text: &str, code: &str) -> String {
    format!("{code}{text}\u{1b}[0m")
}

/// Writes data to stdout; a reader that has gone away is no failure of ours.
fn out(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(writeln!(anstream::stdout(), "{text}")?)
}
