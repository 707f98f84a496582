//! A run of two queues that are always there, on a suite of one scenario that every machine can run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use queuebench::record::{self, Results};
use queuebench::registry::Registry;
use queuebench::schedule::plan::{Choice, plan};
use queuebench::schedule::rounds::draw;
use queuebench::suite::Suite;
use queuebench::topology::{Topology, own_mask};
use tempfile::TempDir;

const SUITE: &str = r#"
description = "One scenario without pins"
[[scenario]]
workload = "stream"
shape = "1p1c"
capacity = 1024
payload = "8B"
placement = "free"
"#;
const QUEUES: &str = "^std/mpsc$";
const ROUNDS: u32 = 4;
/// Blocks of such a run: two queues, and one of them twice, in each round.
pub const BLOCKS: usize = 12;

/// Nothing takes this long, on however busy a machine.
pub const AGES: Duration = Duration::from_secs(120);

pub struct SmallRun {
    folder: TempDir,
    seed: u64,
}

impl SmallRun {
    pub fn new(seed: u64) -> SmallRun {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("suite.toml"), SUITE).unwrap();
        SmallRun { folder, seed }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("run.jsonl")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_queuebench"));
        command.current_dir(self.folder.path()).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    pub fn start(&self) -> Child {
        let (rounds, seed) = (ROUNDS.to_string(), self.seed.to_string());
        let words = ["run", "--suite", "suite.toml", "-q", QUEUES, "--rounds", &rounds, "--seed", &seed];
        self.command(&words).args(["-o", "run.jsonl"]).spawn().unwrap()
    }

    pub fn resume(&self) -> Child {
        self.command(&["run", "--resume", "run.jsonl"]).spawn().unwrap()
    }

    pub fn read(&self) -> Results {
        record::read(&self.file()).unwrap()
    }

    /// The file up to where a resumed run continues: what must never change again.
    pub fn kept(&self) -> Vec<u8> {
        let bytes = std::fs::read(self.file()).unwrap();
        bytes[..self.read().resumable as usize].to_vec()
    }

    /// Whether the file has a first line; without one there is nothing to resume.
    pub fn has_begun(&self) -> bool {
        std::fs::read(self.file()).is_ok_and(|bytes| bytes.contains(&b'\n'))
    }

    /// Waits until so many blocks are in the file, or until the run has ended.
    pub fn wait_for(&self, blocks: usize, run: &mut Child) {
        let started = Instant::now();
        while blocks_in(&self.file()) < blocks && run.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < AGES, "{blocks} blocks never came");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Asserts that the file is whole, and holds every block of the plan once and in order.
    pub fn assert_complete(&self) {
        let validate = self.command(&["validate", "run.jsonl"]).output().unwrap();
        assert!(validate.status.success(), "{}", String::from_utf8_lossy(&validate.stderr));
        let results = self.read();
        let end = results.end.as_ref().expect("it has an end line");
        assert_eq!((end.blocks, end.interrupted), (BLOCKS as u64, false));
        let there: Vec<_> = results.blocks.iter().map(|block| block.key()).collect();
        let planned = self.planned();
        assert_eq!(there, planned.iter().map(|(s, q, r, n)| (s.as_str(), q.as_str(), *r, *n)).collect::<Vec<_>>());
    }

    fn planned(&self) -> Vec<(String, String, u32, u32)> {
        let topology = Topology::read(Path::new("/"), Some(&own_mask()));
        let suite = Suite::load(self.folder.path().join("suite.toml").to_str().unwrap()).unwrap();
        let queue = Some(queuebench::filter::Filter::new(QUEUES).unwrap());
        let choice = Choice { queue, ..Choice::default() };
        let plan = plan(&suite.on(&topology).unwrap(), &Registry::builtin(), &topology, &choice).unwrap();
        let planned = &plan.scenarios[0];
        let id = planned.scenario.to_string();
        let orders = (0..ROUNDS).flat_map(|round| draw(planned, 0, self.seed, round, &planned.queues));
        orders.map(|order| (id.clone(), order.queue, order.round, order.repeat)).collect()
    }
}

fn blocks_in(file: &Path) -> usize {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter(|line| line.starts_with(r#"{"type":"block""#)).count()
}

/// Waits for the end; its exit code, if it has one, and what it said.
pub fn ended(run: Child) -> (Option<i32>, String) {
    let output = run.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}
