//! Reads results files. They come from strangers: sizes are bounded, ids are checked, text is stripped of control
//! characters before anybody sees it.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::core_to_core::is_core_to_core;
use super::seen::Seen;
use super::{Block, End, Line, Run, SCHEMA, Skip};
use crate::protocol::Report;
use crate::scenario::Scenario;

/// Bytes of the longest line that is read. A block of ping-pong with every bucket filled stays below.
const LONGEST_LINE: u64 = 1 << 20;
/// Lines of the longest file that is read.
const MOST_LINES: usize = 2_000_000;
/// Where to get what can be read.
const WRITTEN_BY: &str = "results files are written by: queuebench run -o FILE";
/// Bytes of the largest file that is read.
const LARGEST_FILE: u64 = 512 << 20;

/// A results file, read and checked.
#[derive(Debug)]
pub struct Results {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its first line.
    pub run: Run,
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// What did not run.
    pub skips: Vec<Skip>,
    /// Its last line, if the run came to its end.
    pub end: Option<End>,
    /// Bytes up to the last whole line; less than the file's size when a killed run left a torn one.
    pub whole: u64,
    /// Bytes up to the last line before `end`, where a resumed run continues.
    pub resumable: u64,
}

/// Why a results file was not accepted.
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    line: Option<usize>,
    why: String,
}

impl ReadError {
    pub(super) fn new(path: &Path, line: Option<usize>, why: String) -> ReadError {
        ReadError { path: path.to_owned(), line, why }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        // The reason may quote the file.
        write!(f, ": {}", printable(&self.why))
    }
}

impl std::error::Error for ReadError {}

/// Reads the results file at `path`.
///
/// # Errors
///
/// When it is no results file, is of a newer schema, or holds what no run writes. A torn last line is no error.
pub fn read(path: &Path) -> Result<Results, ReadError> {
    let error = |line, why: String| ReadError::new(path, line, why);
    let file = open(path, LARGEST_FILE, "list yours: ls results/*/*.jsonl")?;
    let mut reader = Reader { path, input: BufReader::new(file), number: 0, whole: 0 };
    let run = match reader.next_line()? {
        Some(Line::Run(run)) => *run,
        Some(_) => {
            return Err(error(Some(1), format!("no results file: it does not start with a run line; {WRITTEN_BY}")));
        }
        None => return Err(error(None, format!("no results file: it has no whole line; {WRITTEN_BY}"))),
    };
    let mut seen = check_run(&run).and_then(|()| Seen::plan(&run)).map_err(|why| error(Some(1), why))?;
    let mut results = Results {
        path: path.to_owned(),
        run,
        blocks: Vec::new(),
        skips: Vec::new(),
        end: None,
        whole: 0,
        resumable: reader.whole,
    };
    while let Some(line) = reader.next_line()? {
        if results.end.is_some() {
            return Err(error(Some(reader.number), "lines follow the end line".into()));
        }
        match line {
            Line::Run(_) => return Err(error(Some(reader.number), "a second run line; split the file".into())),
            Line::Block(block) => {
                let checked = check_block(&block).and_then(|()| seen.block(&block, &results.run));
                checked.map_err(|why| error(Some(reader.number), why))?;
                results.blocks.push(clean_block(*block));
            }
            Line::Skip(skip) => {
                seen.skip().map_err(|why| error(Some(reader.number), why))?;
                results.skips.push(clean_skip(skip));
            }
            Line::End(end) => results.end = Some(End { ended: printable(&end.ended), ..end }),
        }
        if results.end.is_none() {
            results.resumable = reader.whole;
        }
    }
    results.whole = reader.whole;
    check_count(&results).map_err(|why| error(None, why))?;
    Ok(results)
}

/// Opens a file from a stranger for reading, if it is not too large; `instead` says what to type where there is none.
pub(super) fn open(path: &Path, largest: u64, instead: &str) -> Result<File, ReadError> {
    let error = |why| ReadError::new(path, None, why);
    if path.is_dir() {
        return Err(error("cannot be read: it is a folder; name the files in it".into()));
    }
    let file = File::open(path).map_err(|why| error(format!("cannot be read: {why}; {instead}")))?;
    let size = file.metadata().map(|data| if data.is_file() { data.len() } else { 0 }).unwrap_or(0);
    if size > largest {
        return Err(error(format!("{size} bytes; files of this kind of more than {largest} are not read")));
    }
    Ok(file)
}

/// How a block's line begins as this program writes it.
const BLOCK_BEGINS: &[u8] = br#"{"type":"block","#;

/// A block's own fields. They are read apart from its report's, which stand beside them: in one go, whatever has no name of
/// its own would first be kept as it is, at three times the time.
#[derive(Deserialize)]
struct Circumstances {
    scenario: String,
    queue: String,
    round: u32,
    repeat: u32,
    position: u32,
    ready_ns: u64,
    wall_ns: u64,
    steal_ticks: u64,
    #[serde(default)]
    line_ns: Option<u64>,
    #[serde(default)]
    waited_ns: u64,
    #[serde(default)]
    away_ns: Option<u64>,
}

fn block_of(text: &[u8]) -> serde_json::Result<Block> {
    let Circumstances {
        scenario,
        queue,
        round,
        repeat,
        position,
        ready_ns,
        wall_ns,
        steal_ticks,
        line_ns,
        waited_ns,
        away_ns,
    } = serde_json::from_slice(text)?;
    let report = serde_json::from_slice(text)?;
    Ok(Block {
        scenario,
        queue,
        round,
        repeat,
        position,
        ready_ns,
        wall_ns,
        steal_ticks,
        line_ns,
        waited_ns,
        away_ns,
        report,
    })
}

/// Whether a line that is no JSON was meant to be the first of a results file.
fn is_meant_as_run(text: &[u8]) -> bool {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let wanted = br#""type":"run""#;
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// What is wrong with the line, and in which field. The line is read once more, field by field, which only one that is
/// refused anyway is worth.
fn with_field(text: &[u8], why: &serde_json::Error) -> String {
    #[derive(Deserialize)]
    struct KindOnly {
        r#type: String,
    }
    let kind = serde_json::from_slice(text).map_or_else(|_| String::new(), |KindOnly { r#type }| r#type);
    let found = match kind.as_str() {
        "run" => field_of::<Run>(text),
        "block" => field_of::<Circumstances>(text).or_else(|| field_of::<Report>(text)),
        "skip" => field_of::<Skip>(text),
        "end" => field_of::<End>(text),
        // No JSON to its end: as far as it goes.
        _ => field_of::<serde_json::Value>(text),
    };
    found.unwrap_or_else(|| why.to_string())
}

/// Where a line cannot be read as a `T`, and why.
fn field_of<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Option<String> {
    let mut input = serde_json::Deserializer::from_slice(text);
    let why = serde_path_to_error::deserialize::<_, T>(&mut input).err()?;
    let path = why.path().to_string();
    // Neither the line as a whole nor a place between two fields has a name.
    let is_named = !matches!(path.as_str(), "." | "?");
    Some(if is_named { format!("{path}: {}", why.inner()) } else { why.inner().to_string() })
}

struct Reader<'a> {
    path: &'a Path,
    input: BufReader<File>,
    number: usize,
    whole: u64,
}

impl Reader<'_> {
    /// The next whole line; `None` at the end or at a torn last line.
    fn next_line(&mut self) -> Result<Option<Line>, ReadError> {
        let mut text = Vec::new();
        let limited = (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut text);
        self.number += 1;
        let length = limited.map_err(|why| self.error(format!("cannot be read: {why}")))? as u64;
        if text.last() != Some(&b'\n') {
            return if length == LONGEST_LINE {
                Err(self.error(format!("longer than {LONGEST_LINE} bytes; no run writes that")))
            } else {
                Ok(None)
            };
        }
        if self.number > MOST_LINES {
            return Err(self.error(format!("more than {MOST_LINES} lines; split the file")));
        }
        self.whole += length;
        let line = match self.number {
            1 => self.first_line(&text)?,
            _ if text.starts_with(BLOCK_BEGINS) => block_of(&text).map(|block| Line::Block(Box::new(block))),
            _ => serde_json::from_slice(&text),
        };
        match line {
            Ok(line) => Ok(Some(line)),
            Err(why) => Err(self.error(format!("not a line of a results file: {}", with_field(&text, &why)))),
        }
    }

    /// The run line, whose texts may be shown wherever they are.
    fn first_line(&self, text: &[u8]) -> Result<serde_json::Result<Line>, ReadError> {
        self.check_schema(text)?;
        Ok(serde_json::from_slice(text).and_then(|mut value| {
            scrub(&mut value);
            Line::deserialize(value)
        }))
    }

    /// Before the rest of the first line is looked at: a newer schema may have changed anything else.
    fn check_schema(&self, text: &[u8]) -> Result<(), ReadError> {
        #[derive(Deserialize)]
        struct SchemaOnly {
            schema: Option<u64>,
        }
        if is_core_to_core(self.path) {
            return Err(self.error(
                "a core-to-core map, which holds no queue's figures; check it with queuebench validate".into(),
            ));
        }
        match serde_json::from_slice::<SchemaOnly>(text) {
            Ok(SchemaOnly { schema: Some(newer) }) if newer > u64::from(SCHEMA) => Err(self.error(format!(
                "schema {newer} is newer than the {SCHEMA} this queuebench reads; update it: git pull && cargo install --path ."
            ))),
            Ok(SchemaOnly { schema: Some(1..) }) => Ok(()),
            Err(why) if is_meant_as_run(text) => {
                Err(self.error(format!("not a line of a results file: {}", with_field(text, &why))))
            }
            _ => Err(self.error(format!("no results file: its first line is no run line with a schema; {WRITTEN_BY}"))),
        }
    }

    fn error(&self, why: String) -> ReadError {
        ReadError { path: self.path.to_owned(), line: Some(self.number), why }
    }
}

/// What `run --rounds` takes at most.
pub(crate) const MOST_ROUNDS: u32 = 10_000;

/// Ids in the first line, which blocks are then held against.
fn check_run(run: &Run) -> Result<(), String> {
    const MOST_SCENARIOS: usize = 1_000;
    if run.scenarios.len() > MOST_SCENARIOS {
        return Err(format!("scenarios: {} of them; no run has more than {MOST_SCENARIOS}", run.scenarios.len()));
    }
    if run.rounds > MOST_ROUNDS {
        return Err(format!("rounds: {}; no run has more than {MOST_ROUNDS}", run.rounds));
    }
    if !(run.margin > 0.0 && run.margin <= 10.0) {
        return Err(format!("margin: {} is no share above 0 and up to 10", run.margin));
    }
    check_machine_id(&run.machine.id).map_err(|why| format!("machine.id: {why}"))?;
    for (at, planned) in run.scenarios.iter().enumerate() {
        planned.id.parse::<Scenario>().map_err(|why| format!("scenarios[{at}].id: {why}"))?;
        check_queue_id(&planned.reference).map_err(|why| format!("scenarios[{at}].reference: {why}"))?;
    }
    let ids = [("versions", run.versions.keys()), ("families", run.families.keys())];
    for (field, mut ids) in ids {
        ids.try_for_each(|id| check_queue_id(id)).map_err(|why| format!("{field}: {why}"))?;
    }
    Ok(())
}

/// A machine's id is the name of its folder below `results/`, too.
fn check_machine_id(id: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if id.is_empty() || id.len() > 100 || !id.chars().all(allowed) || id.starts_with('.') {
        return Err(format!("'{}' is no machine's id", id.chars().take(100).collect::<String>()));
    }
    Ok(())
}

/// Whether as many blocks are there as the end line says.
fn check_count(results: &Results) -> Result<(), String> {
    let there = results.blocks.len() as u64;
    match &results.end {
        Some(end) if end.blocks != there => {
            Err(format!("its end line counts {} blocks, but {there} are there", end.blocks))
        }
        _ => Ok(()),
    }
}

/// What no block of a real run holds.
fn check_block(block: &Block) -> Result<(), String> {
    check_queue_id(&block.queue).map_err(|why| format!("queue: {why}"))?;
    if block.wall_ns > 24 * LONGEST_WINDOW_NS {
        return Err(format!("wall_ns: a block of {} ns is no block", block.wall_ns));
    }
    check_report(&block.report, Duration::from_nanos(block.wall_ns))
}

const LONGEST_WINDOW_NS: u64 = 3_600_000_000_000;

/// What no report of a real worker holds.
pub(crate) fn check_report(report: &Report, wall: Duration) -> Result<(), String> {
    // What a rate implies of time must have passed on the parent's clock, too.
    if u128::from(report.settle_ns) + u128::from(report.elapsed_ns) > wall.as_nanos() {
        return Err(format!(
            "settle_ns, elapsed_ns: settling and window of more time than the {} ns its block took",
            wall.as_nanos()
        ));
    }
    if report.elapsed_ns > LONGEST_WINDOW_NS {
        return Err(format!("elapsed_ns: a window of {} ns is no window", report.elapsed_ns));
    }
    if report.messages > report.elapsed_ns.saturating_mul(100) {
        return Err(format!("messages, elapsed_ns: {} in {} ns is no rate", report.messages, report.elapsed_ns));
    }
    if report.figures.len() > Report::MOST_FIGURES {
        return Err(format!("figures: more than {}", Report::MOST_FIGURES));
    }
    let is_name = |name: &str| name.len() <= 40 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if let Some(name) = report.figures.keys().find(|name| !is_name(name)) {
        let name: String = name.chars().take(40).collect();
        return Err(format!("figures: '{}' is no name of a figure", printable(&name)));
    }
    if report.outcome == crate::protocol::Outcome::Ok && report.elapsed_ns == 0 {
        return Err("elapsed_ns: outcome ok without a window".into());
    }
    Ok(())
}

/// Queue ids are shown everywhere and become parts of other names.
pub(crate) fn check_queue_id(id: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/+-_.@".contains(c);
    if id.is_empty() || id.len() > 100 || !id.chars().all(allowed) || id.contains("..") || id.starts_with('/') {
        return Err(format!("'{}' is no queue id", printable(&id.chars().take(100).collect::<String>())));
    }
    Ok(())
}

/// Without control and direction-changing characters, and not longer than anyone wants to read.
pub(crate) fn printable(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| !hostile(*c)).take(2000).collect()
}

fn clean_block(mut block: Block) -> Block {
    block.report = clean_report(block.report);
    block
}

/// With texts that may be shown.
pub(crate) fn clean_report(mut report: Report) -> Report {
    report.detail = report.detail.as_deref().map(printable);
    for flag in &mut report.flags {
        *flag = printable(flag);
    }
    report
}

fn clean_skip(skip: Skip) -> Skip {
    Skip {
        scenario: printable(&skip.scenario),
        queue: skip.queue.as_deref().map(printable),
        reason: printable(&skip.reason),
    }
}

/// Makes every text of a line one that may be shown.
pub(super) fn scrub(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = printable(text),
        serde_json::Value::Array(values) => values.iter_mut().for_each(scrub),
        serde_json::Value::Object(fields) => {
            fields.values_mut().for_each(scrub);
            // A worker's name is a key.
            if fields.keys().any(|key| printable(key) != *key) {
                *fields = std::mem::take(fields).into_iter().map(|(key, value)| (printable(&key), value)).collect();
            }
        }
        _ => {}
    }
}
