//! The record of a core-to-core map: a file of one JSON line, apart from results files, and with a schema of its own.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::read::{ReadError, open, scrub};
use super::write::new_file;
use crate::machine::Fingerprint;
use crate::topology::{Cpu, Placement, Topology};

/// The schema this program writes and the newest it reads.
pub const SCHEMA: u32 = 1;

/// What the line's `type` says.
const TYPE: &str = "core-to-core";
/// Bytes of the largest file that is read: a sample of a machine of thousands of cpus stays below.
const LARGEST_FILE: u64 = 8 << 20;
/// Pairs of the largest map: both ways between the most cpus that are measured without sampling, and as much again.
const MOST_PAIRS: usize = 8192;
/// Cpus of the largest machine: as many as a kernel can be built for.
const MOST_CPUS: usize = 8192;
/// Repetitions of a pair.
const MOST_REPETITIONS: u32 = 10_000;
/// Nanoseconds of the longest round trip.
const LONGEST_NS: u64 = 1_000_000_000;

/// A core-to-core map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "core-to-core")]
pub struct CoreToCore {
    /// The file's schema.
    pub schema: u32,
    /// The program that measured.
    pub program: String,
    /// Its version.
    pub version: String,
    /// When it started, in UTC, RFC 3339.
    pub started: String,
    /// The seed the order, and the sample if it is one, were drawn from.
    pub seed: u64,
    /// The machine.
    pub machine: Fingerprint,
    /// Its cpus and what they share.
    pub topology: Topology,
    /// Whether some pairs of usable cpus only were measured, because there are too many.
    pub sampled: bool,
    /// How often each pair was measured.
    pub repetitions: u32,
    /// What a line takes, by the cpu that leads, then by the one that answers.
    pub pairs: Vec<CorePair>,
}

/// What a line takes from one cpu to another and back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CorePair {
    /// The cpu that leads: the line lies in the memory next to it.
    pub from: usize,
    /// The cpu that answers.
    pub to: usize,
    /// What they are to each other: `smt`, `same-l2`, `same-l3`, `cross-l3` or `cross-node`.
    pub class: Placement,
    /// The median over the repetitions; null if in most of them there was no answer in time.
    pub round_trip_ns: Option<u64>,
    /// The lower end of the median's 95 % interval; null if there were too few repetitions for one.
    pub low_ns: Option<u64>,
    /// The upper end; null also if the interval reaches to repetitions without an answer.
    pub high_ns: Option<u64>,
    /// Repetitions in which there was no answer in time; they count as longer than all others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: u32,
    /// Why there is no median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl CoreToCore {
    /// The line, without its end.
    ///
    /// # Errors
    ///
    /// When a number cannot be written as JSON.
    pub fn line(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Writes a new file.
    ///
    /// # Errors
    ///
    /// When there is one already, or the place cannot be written to.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let line = self.line()? + "\n";
        let written = place(path)?.write_all(line.as_bytes());
        written.with_context(|| format!("cannot write {}; make room, or name another file with -o", path.display()))
    }
}

/// Whether a map could be written to `path`; leaves nothing there, so that one who stops meanwhile has no empty file.
///
/// # Errors
///
/// As [`CoreToCore::write`].
pub fn try_place(path: &Path) -> anyhow::Result<()> {
    drop(place(path)?);
    std::fs::remove_file(path).with_context(|| format!("cannot write {}; name another file with -o", path.display()))
}

fn place(path: &Path) -> anyhow::Result<File> {
    new_file(path, "name another file with -o")
}

/// Whether the file's first line begins as that of a map does; the rest may be anything.
pub fn is_core_to_core(path: &Path) -> bool {
    let mut beginning = Vec::new();
    // Opened only where it is a plain file: a pipe could be read but once.
    if !path.is_file() || File::open(path).and_then(|file| file.take(64).read_to_end(&mut beginning)).is_err() {
        return false;
    }
    beginning.retain(|byte| !byte.is_ascii_whitespace());
    beginning.starts_with(format!(r#"{{"type":"{TYPE}""#).as_bytes())
}

/// Reads the map at `path`, which may come from a stranger.
///
/// # Errors
///
/// When it is no map, is of a newer schema, or holds what no map does.
pub fn read(path: &Path) -> Result<CoreToCore, ReadError> {
    let mut text = Vec::new();
    let input = open(path, LARGEST_FILE, "write one: queuebench machine --probe -o FILE")?;
    let error = |why: String| ReadError::new(path, Some(1), why);
    // The size of what is no plain file is not known beforehand.
    let length = input.take(LARGEST_FILE + 1).read_to_end(&mut text);
    if length.map_err(|why| error(format!("cannot be read: {why}")))? as u64 > LARGEST_FILE {
        return Err(error(format!("longer than {LARGEST_FILE} bytes; no core-to-core map is")));
    }
    let value = serde_json::from_slice(&text).map_err(|why| {
        // An empty file has no first line.
        ReadError::new(path, Some(why.line().max(1)), format!("not the line of a core-to-core map: {why}"))
    })?;
    let map = parse(value).map_err(error)?;
    check(&map).map_err(error)?;
    Ok(map)
}

/// Field by field, so that what is wrong can be named.
fn parse(mut value: Value) -> Result<CoreToCore, String> {
    check_schema(&value)?;
    scrub(&mut value);
    let Value::Object(mut fields) = value else { return Err("no object".into()) };
    let pairs: Vec<Value> = take(&mut fields, "pairs")?;
    if pairs.len() > MOST_PAIRS {
        return Err(format!("pairs: {} of them; no map has more than {MOST_PAIRS}", pairs.len()));
    }
    let pair = |(at, pair)| CorePair::deserialize(pair).map_err(|why| format!("pairs[{at}]: {why}"));
    Ok(CoreToCore {
        schema: take(&mut fields, "schema")?,
        program: take(&mut fields, "program")?,
        version: take(&mut fields, "version")?,
        started: take(&mut fields, "started")?,
        seed: take(&mut fields, "seed")?,
        machine: take(&mut fields, "machine")?,
        topology: take(&mut fields, "topology")?,
        sampled: take(&mut fields, "sampled")?,
        repetitions: take(&mut fields, "repetitions")?,
        pairs: pairs.iter().enumerate().map(pair).collect::<Result<_, _>>()?,
    })
}

fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<T, String> {
    let value = fields.remove(name).ok_or_else(|| format!("{name} is missing"))?;
    serde_json::from_value(value).map_err(|why| format!("{name}: {why}"))
}

/// Before the rest is looked at: a newer schema may have changed anything else.
fn check_schema(value: &Value) -> Result<(), String> {
    if value.get("type").and_then(Value::as_str) != Some(TYPE) {
        return Err(format!("no core-to-core map: its type is not '{TYPE}'"));
    }
    match value.get("schema").and_then(Value::as_u64) {
        Some(newer) if newer > u64::from(SCHEMA) => Err(format!(
            "schema {newer} is newer than the {SCHEMA} this queuebench reads; update it: git pull && cargo install --path ."
        )),
        Some(1..) => Ok(()),
        _ => Err("schema: no core-to-core map has that".into()),
    }
}

fn check(map: &CoreToCore) -> Result<(), String> {
    if humantime::parse_rfc3339(&map.started).is_err() {
        return Err(format!("started: '{}' is no time as in 2026-01-02T03:04:05Z", map.started));
    }
    if !(1..=MOST_REPETITIONS).contains(&map.repetitions) {
        return Err(format!("repetitions: {}; there are from 1 to {MOST_REPETITIONS}", map.repetitions));
    }
    let cpus = usable_cpus(&map.topology)?;
    let mut seen = HashSet::new();
    for (at, pair) in map.pairs.iter().enumerate() {
        let checked = check_cpus(pair, &cpus).and_then(|()| check_figures(pair, map.repetitions));
        checked.map_err(|why| format!("pairs[{at}].{why}"))?;
        if !seen.insert((pair.from, pair.to)) {
            return Err(format!("pairs[{at}].to: from {} to {} is there already", pair.from, pair.to));
        }
    }
    let all = cpus.len() * cpus.len().saturating_sub(1);
    if !map.sampled && map.pairs.len() != all {
        let (there, cpus) = (map.pairs.len(), cpus.len());
        return Err(format!("pairs: {there} of them, but {cpus} usable cpus have {all}, and sampled is false"));
    }
    Ok(())
}

/// The topology's usable cpus by their numbers.
fn usable_cpus(topology: &Topology) -> Result<HashMap<usize, &Cpu>, String> {
    if topology.cpus.len() > MOST_CPUS {
        return Err(format!("topology: {} cpus; no kernel has more than {MOST_CPUS}", topology.cpus.len()));
    }
    let mut numbers = HashSet::new();
    match topology.cpus.iter().find(|cpu| !numbers.insert(cpu.id)) {
        Some(cpu) => Err(format!("topology: cpu {} is there twice", cpu.id)),
        None => Ok(topology.usable().map(|cpu| (cpu.id, cpu)).collect()),
    }
}

fn check_cpus(pair: &CorePair, cpus: &HashMap<usize, &Cpu>) -> Result<(), String> {
    let cpu = |field: &str, id: usize| {
        cpus.get(&id).ok_or_else(|| format!("{field}: cpu {id} is no usable cpu of the file's topology"))
    };
    let (from, to) = (cpu("from", pair.from)?, cpu("to", pair.to)?);
    if pair.from == pair.to {
        return Err(format!("to: cpu {} is no pair with itself", pair.to));
    }
    match from.nearness(to) {
        class if class == pair.class => Ok(()),
        class => Err(format!("class: {}, but in the file's topology they are {class}", pair.class)),
    }
}

fn check_figures(pair: &CorePair, repetitions: u32) -> Result<(), String> {
    let figures = [("round_trip_ns", pair.round_trip_ns), ("low_ns", pair.low_ns), ("high_ns", pair.high_ns)];
    for (field, ns) in figures {
        if ns.is_some_and(|ns| !(1..=LONGEST_NS).contains(&ns)) {
            return Err(format!("{field}: {}; it takes from 1 to {LONGEST_NS} ns", ns.unwrap_or_default()));
        }
    }
    if pair.unanswered > repetitions {
        return Err(format!("unanswered: {} of {repetitions} repetitions", pair.unanswered));
    }
    let Some(median) = pair.round_trip_ns else {
        return match pair {
            CorePair { low_ns: None, high_ns: None, why: Some(_), .. } => Ok(()),
            CorePair { why: None, .. } => Err("round_trip_ns: null without a reason (why)".into()),
            _ => Err("round_trip_ns: null with an interval".into()),
        };
    };
    if pair.low_ns.is_some_and(|low| low > median) {
        return Err(format!("low_ns: above the median of {median} ns"));
    }
    if pair.high_ns.is_some_and(|high| high < median) {
        return Err(format!("high_ns: below the median of {median} ns"));
    }
    Ok(())
}
