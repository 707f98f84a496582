//! Does a program keep the worker protocol? Every promise of PROTOCOL.md that can be seen from outside, tried on it:
//! through the scheduler's own conversation where it has one, word by word where it has not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::child::{Stop, Worker};
use super::contender::{Contender, Contenders};
use super::plan::Cell;
use super::rounds::BlockOrder;
use super::supervise::{
    INTRODUCTION, Supervisor, VERIFIED_MESSAGES, checked, introduced, lengths, readied, unexpected, verified,
};
use super::{Ended, Workers};
use crate::peers::language;
use crate::protocol::{Answer, Command, Manner, Outcome, Prepare, Report};
use crate::record::{check_queue_id, printable};
use crate::scenario::Scenario;
use crate::topology::own_mask;
use crate::workload::Workload;

/// The queue that a worker is asked for which lists none: this program's own has it.
const USUAL_QUEUE: &str = "std/mutex-deque";
/// What a queue may be ready for; the first it is ready for is what it is examined in.
const SCENARIOS: [&str; 21] = [
    "stream/1p1c/1024/8B/free",
    "stream/1p1c/unbounded/8B/free",
    "stream/1p1c/1024/8B/processes/free",
    "spawn/1p1c/1/8B/free",
    "spawn/1p1c/1/8B/processes/free",
    "counter/1p1c/1/8B/free",
    "counter/1p1c/1/8B/processes/free",
    "lookup/1p1c/1/8B/free",
    "lookup/1p1c/1/8B/processes/free",
    "finish/1p1c/1/8B/free",
    "finish/1p1c/1/8B/processes/free",
    "recover/1p1c/1/8B/free",
    "recover/1p1c/1/8B/processes/free",
    "barrier/1p1c/1/8B/free",
    "barrier/1p1c/1/8B/processes/free",
    "print/1p1c/1/8B/free",
    "print/1p1c/1/8B/processes/free",
    "map/1p1c/1/8B/free",
    "map/1p1c/1/8B/processes/free",
    "crawl/1p1c/1024/256B/site=20x0ms/seen=mutex/free",
    "crawl/1p1c/1024/256B/site=20x0ms/seen=owner/processes/free",
];
/// Where a crawl is said to begin that does not: one that does has a site of its own, in a whole block.
const NOWHERE: &str = "http://127.0.0.1:1/";
/// Settling and window of a slice, unless the worker wants more.
const LENGTHS_NS: [u64; 2] = [20_000_000, 50_000_000];
/// What a worker may take to exit, and what it started to be gone.
const EXIT: Duration = Duration::from_secs(1);

/// One promise, tried.
#[derive(Clone, Debug)]
pub struct Check {
    /// Which.
    pub name: String,
    /// What a worker is expected to do.
    pub expected: &'static str,
    /// What it did.
    pub found: Found,
}

/// How a worker kept a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// As expected; what it said.
    Ok(String),
    /// Not; what it said or did instead.
    Failed(String),
    /// It could not be tried, and why.
    Skipped(String),
}

/// What was seen of a promise that was kept; else why the conversation stopped.
type Seen = Result<Found, Stop>;

fn fine(seen: impl Into<String>) -> Seen {
    Ok(Found::Ok(seen.into()))
}

fn skipped(why: impl Into<String>) -> Seen {
    Ok(Found::Skipped(why.into()))
}

fn wrong(said: impl Into<String>) -> Stop {
    Stop::Outcome(Outcome::Crashed, said.into())
}

/// A worker's examination.
pub struct Examination<'a> {
    /// The worker: a program and its arguments.
    command: Vec<String>,
    /// What it may take for each answer.
    patience: Duration,
    /// Is told of every check.
    tell: &'a mut dyn FnMut(&Check),
    all_ok: bool,
}

/// What a worker is examined in.
#[derive(Clone)]
struct Subject {
    queue: String,
    scenario: Scenario,
    manner: Manner,
}

impl Subject {
    fn prepare(&self) -> Prepare {
        prepared(&self.queue, &self.scenario)
    }

    fn is_crawl(&self) -> bool {
        self.scenario.site.is_some()
    }

    fn is_stream(&self) -> bool {
        self.scenario.workload == Workload::Stream
    }

    /// The command with something else in it.
    fn altered(&self, fields: &Value) -> Value {
        let mut command = serde_json::to_value(Command::Prepare(self.prepare())).expect("commands are plain data");
        for (name, value) in fields.as_object().into_iter().flatten() {
            command[name] = value.clone();
        }
        command
    }

    fn slice(&self) -> Command {
        let [settle_ns, window_ns] = lengths(&self.manner, LENGTHS_NS[0], LENGTHS_NS[1]);
        Command::Slice { settle_ns, window_ns, traced: false }
    }
}

impl<'a> Examination<'a> {
    /// Of the worker that `command` starts; `tell` is told of every check.
    pub fn new(command: Vec<String>, tell: &'a mut dyn FnMut(&Check)) -> Examination<'a> {
        Examination { command, patience: INTRODUCTION, tell, all_ok: true }
    }

    /// With less time for each answer than the scheduler gives.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Examination<'a> {
        self.patience = patience;
        self
    }

    /// Tries everything, on `queue` or on the first that the worker says it has. Whether all was as expected.
    pub fn run(mut self, queue: Option<&str>) -> bool {
        let Some(manner) = self.hello() else { return false };
        let first = manner.queues.first().map_or(USUAL_QUEUE, String::as_str);
        let queue = queue.unwrap_or(first).to_owned();
        self.queues(&manner, &queue);
        let Some(scenario) = self.ready(&queue) else { return false };
        let subject = Subject { queue, scenario, manner };
        self.block(&subject);
        self.several(&subject);
        self.pinned(&subject);
        self.unknown_fields(&subject);
        self.refusals(&subject);
        self.endings(&subject);
        self.scheduled(&subject);
        self.all_ok
    }

    fn tell(&mut self, name: &str, expected: &'static str, seen: Seen) -> bool {
        let found = seen.unwrap_or_else(|stop| {
            Found::Failed(match stop {
                Stop::Outcome(_, detail) => printable(&detail),
                Stop::Interrupted => "interrupted".into(),
            })
        });
        let is_ok = !matches!(found, Found::Failed(_));
        self.all_ok &= is_ok;
        (self.tell)(&Check { name: name.to_owned(), expected, found });
        is_ok
    }

    /// A conversation with a worker of its own, which has said hello.
    fn with_worker<T>(&self, talk: impl FnOnce(&mut Worker) -> Result<T, Stop>) -> Result<T, Stop> {
        let started = Worker::start(&self.command, Instant::now() + self.patience, None);
        let mut worker = started.map_err(|why| wrong(format!("it cannot be started: {why}")))?;
        let seen = introduced(&mut worker).and_then(|_| {
            worker.allow(self.patience);
            talk(&mut worker)
        });
        worker.dismiss();
        seen
    }

    /// A check with a worker of its own.
    fn check(&mut self, name: &str, expected: &'static str, talk: impl FnOnce(&mut Worker) -> Seen) {
        let seen = self.with_worker(talk);
        self.tell(name, expected, seen);
    }

    fn hello(&mut self) -> Option<Manner> {
        let expected = "hello before all else, in this version of the protocol, within 10 s of the start";
        let started = Worker::start(&self.command, Instant::now() + self.patience, None);
        let said = started.map_err(|why| wrong(format!("it cannot be started: {why}"))).and_then(|mut worker| {
            let said = introduced(&mut worker);
            worker.dismiss();
            said
        });
        match said {
            Ok((program, manner)) => {
                self.tell("hello", expected, fine(program));
                Some(manner)
            }
            Err(stop) => {
                self.tell("hello", expected, Err(stop));
                None
            }
        }
    }

    /// Those it says it has, each asked for.
    fn queues(&mut self, manner: &Manner, queue: &str) {
        let expected = "ids of queues, each once, each ready for some scenario or refused with a detail";
        if manner.queues.is_empty() {
            self.tell("queues", expected, skipped(format!("it lists none; asked for {queue}")));
            return;
        }
        let patience = self.patience;
        self.check("queues", expected, |worker| {
            for (index, id) in manner.queues.iter().enumerate() {
                check_queue_id(id).map_err(wrong)?;
                if id.contains('@') {
                    return Err(wrong(format!("'{}': what follows an @ is a worker's name", printable(id))));
                }
                if manner.queues[..index].contains(id) {
                    return Err(wrong(format!("{id} is listed twice")));
                }
                worker.allow(patience);
                first_ready(worker, id).map_err(|stop| preceded(id, stop))?;
            }
            if !manner.queues.iter().any(|id| id == queue) {
                return Err(wrong(format!("{} is not among the {} it lists", printable(queue), manner.queues.len())));
            }
            fine(format!("{} listed, all of them are there", manner.queues.len()))
        });
    }

    /// The scenario it is examined in.
    fn ready(&mut self, queue: &str) -> Option<Scenario> {
        let expected = "ready for a stream from one producer to one consumer";
        let found = self.with_worker(|worker| first_ready(worker, queue));
        let ready = found.as_ref().ok().copied();
        let seen = found.and_then(|scenario| fine(format!("{queue} in {scenario}")));
        self.tell("prepare", expected, seen);
        ready
    }

    /// What the scheduler asks of a block, one thing after the other, and `bye`.
    fn block(&mut self, subject: &Subject) {
        let Ok(mut worker) = Worker::start(&self.command, Instant::now() + self.patience, None) else { return };
        if let Err(stop) = introduced(&mut worker) {
            self.tell("hello again", "as the first time", Err(stop));
        }
        self.verify(&mut worker, subject, "verify");
        let slices = if subject.manner.slices.unwrap_or(1) > 1 { 2 } else { 1 };
        for name in ["slice", "second slice"].into_iter().take(slices) {
            self.slice(&mut worker, subject, name);
        }
        self.ending(&mut worker, true, "bye");
        worker.dismiss();
    }

    fn verify(&mut self, worker: &mut Worker, subject: &Subject, name: &str) {
        let expected = "each message once, and those of a producer in its order at each consumer";
        if !subject.manner.verifies || !subject.is_stream() {
            let why = if subject.is_stream() { "it says it checks every timed message" } else { "no stream" };
            self.tell(name, expected, skipped(why));
            return;
        }
        worker.allow(self.patience);
        let seen = readied(worker, &subject.prepare()).and_then(|ready| match ready {
            Ok(_) => verified(worker, &subject.prepare()),
            Err(report) => Ok(Some(report)),
        });
        let seen = seen.and_then(|report| match report {
            Some(report) => Err(wrong(described(&report))),
            None => fine(format!("{VERIFIED_MESSAGES} messages, {}", subject.scenario)),
        });
        self.tell(name, expected, seen);
    }

    fn slice(&mut self, worker: &mut Worker, subject: &Subject, name: &str) {
        let expected = "a report of outcome ok, possible, in balance, of a window as long as was asked for";
        if subject.is_crawl() {
            self.tell(name, expected, skipped("a crawl is its own window"));
            return;
        }
        worker.allow(self.patience);
        let seen = readied(worker, &subject.prepare()).and_then(|ready| match ready {
            Err(report) => Err(wrong(format!("instead of ready: {}", described(&report)))),
            Ok(_) => {
                let since = Instant::now();
                worker.say(&subject.slice());
                reported(worker, subject, since)
            }
        });
        self.tell(name, expected, seen);
    }

    /// More than one endpoint a side, where the queue has that: whose end marks go astray is seen here.
    fn several(&mut self, subject: &Subject) {
        let scenario = Scenario { producers: 2, consumers: 2, ..subject.scenario };
        let subject = Subject { scenario, ..subject.clone() };
        let refusal = self.with_worker(|worker| Ok(readied(worker, &subject.prepare())?.err()));
        match refusal {
            Ok(None) if subject.is_stream() => {}
            Ok(refusal) => {
                let why = refusal.map_or("no stream".into(), |report| described(&report));
                self.tell("two producers, two consumers", "ready or refused", skipped(printable(&why)));
                return;
            }
            Err(stop) => {
                self.tell("two producers, two consumers", "ready or refused", Err(stop));
                return;
            }
        }
        let Ok(mut worker) = Worker::start(&self.command, Instant::now() + self.patience, None) else { return };
        if let Err(stop) = introduced(&mut worker) {
            self.tell("hello again", "as the first time", Err(stop));
        }
        self.verify(&mut worker, &subject, "verify, two producers and consumers");
        self.slice(&mut worker, &subject, "slice, two producers and consumers");
        worker.dismiss();
    }

    /// Cpus it is told, and what a cache line takes between them if it says so.
    fn pinned(&mut self, subject: &Subject) {
        let expected = "a thread on each of the cpus, and `line` in answer to `probe` if ready had a line_ns";
        let mask = own_mask();
        let (Some(first), Some(last)) = (mask.first().copied(), mask.last().copied()) else { return };
        let cpus: Vec<Option<usize>> = [Some(first), Some(last)].into_iter().take(subject.scenario.threads()).collect();
        self.check("cpus", expected, |worker| {
            if first == last || cpus.len() < 2 {
                return skipped("there is one cpu, or one thread");
            }
            let line_ns = match readied(worker, &Prepare { cpus: cpus.clone(), ..subject.prepare() })? {
                Err(report) => return skipped(described(&report)),
                Ok(line_ns) => line_ns,
            };
            let pinned = worker.pinned();
            if let Some(missing) = [first, last].into_iter().find(|cpu| !pinned.contains(cpu)) {
                return Err(wrong(format!(
                    "it is ready, and no thread of its process group runs on cpu {missing} alone"
                )));
            }
            let Some(line_ns) = line_ns else { return fine(format!("pinned to {first} and {last}, no line_ns")) };
            worker.say(&Command::Probe);
            match worker.answer()? {
                Answer::Line { .. } => fine(format!("pinned to {first} and {last}, a line takes {line_ns} ns")),
                answer => Err(unexpected(&answer)),
            }
        });
    }

    /// A parent of the same version may say more.
    fn unknown_fields(&mut self, subject: &Subject) {
        let expected = "fields that it does not know are passed over";
        self.check("unknown fields", expected, |worker| {
            worker.say_line(&subject.altered(&json!({ "mood": { "today": ["good"] } })).to_string());
            match worker.answer()? {
                Answer::Ready { .. } if subject.is_crawl() => return fine("ready"),
                Answer::Ready { .. } => {}
                Answer::Report(report) => return Err(wrong(described(&report))),
                answer => return Err(unexpected(&answer)),
            }
            let mut slice = serde_json::to_value(subject.slice()).expect("commands are plain data");
            slice["weather"] = json!(null);
            let since = Instant::now();
            worker.say_line(&slice.to_string());
            reported(worker, subject, since)
        });
    }

    /// What it cannot do it says, and lives on.
    fn refusals(&mut self, subject: &Subject) {
        let id = subject.scenario.to_string();
        let nobody = json!({ "scenario": id.replace("1p1c", "1p0c"), "consumers": 0, "cpus": [null] });
        let surf =
            json!({ "scenario": id.replacen(&subject.scenario.workload.to_string(), "surf", 1), "workload": "surf" });
        for (name, fields) in [
            ("unknown queue", json!({ "queue": "no/such-queue" })),
            ("no consumer", nobody),
            ("unknown workload", surf),
            ("too few cpus", json!({ "cpus": [] })),
            ("too many cpus", json!({ "cpus": [null, null, null] })),
        ] {
            // What is started inherits all the cpus there are.
            if subject.is_stream() || !name.contains("cpus") {
                self.refusal(name, &subject.altered(&fields), subject);
            }
        }
        let slice = serde_json::to_value(subject.slice()).expect("commands are plain data");
        self.refusal("slice before prepare", &slice, subject);
        if subject.manner.verifies {
            self.refusal("verify before prepare", &json!({ "type": "verify", "messages": 10 }), subject);
        }
    }

    fn refusal(&mut self, name: &str, command: &Value, subject: &Subject) {
        let expected = "a report of outcome refused with a detail, and then ready for what it has";
        self.check(name, expected, |worker| {
            worker.say_line(&command.to_string());
            let detail = match worker.answer()? {
                Answer::Report(report) if report.outcome == Outcome::Refused => report.detail.unwrap_or_default(),
                Answer::Report(report) => return Err(wrong(described(&report))),
                Answer::Ready { .. } => return Err(wrong("it says it is ready for that")),
                answer => return Err(unexpected(&answer)),
            };
            if detail.trim().is_empty() {
                return Err(wrong("it refused without a detail"));
            }
            match readied(worker, &subject.prepare())? {
                Ok(_) => fine(printable(&detail)),
                Err(report) => Err(wrong(format!("after that it is ready for nothing: {}", described(&report)))),
            }
        });
    }

    /// Ends other than that after a slice: of one that waits for its slice.
    fn endings(&mut self, subject: &Subject) {
        for (by_bye, name) in [(true, "bye when ready"), (false, "end of stdin when ready")] {
            let Ok(mut worker) = Worker::start(&self.command, Instant::now() + self.patience, None) else { return };
            let ready = introduced(&mut worker).and_then(|_| readied(&mut worker, &subject.prepare()));
            match ready {
                Ok(_) => self.ending(&mut worker, by_bye, name),
                Err(stop) => _ = self.tell(name, "ready", Err(stop)),
            }
            worker.dismiss();
        }
    }

    fn ending(&mut self, worker: &mut Worker, by_bye: bool, name: &str) {
        let since = Instant::now();
        worker.allow(EXIT);
        if by_bye {
            worker.say(&Command::Bye);
        } else {
            worker.hang_up();
        }
        let exited = worker.exit();
        let took = since.elapsed().as_millis();
        let seen = exited.and_then(|code| match code {
            0 => fine(format!("exited with 0 after {took} ms")),
            code => Err(wrong(format!("it exited with {code}"))),
        });
        if !self.tell(name, "an exit with 0 within 1 s", seen) {
            return;
        }
        let said = String::from_utf8_lossy(&worker.unheard()[..worker.unheard().len().min(80)]).into_owned();
        let seen = match said.is_empty() {
            true => fine("nothing else was said"),
            false => Err(wrong(format!("it also said: {}", said.trim_end()))),
        };
        self.tell(&format!("stdout until {name}"), "nothing but one line for each answer", seen);
        let mut left = worker.group();
        while !left.is_empty() && since.elapsed() < EXIT {
            std::thread::sleep(Duration::from_millis(5));
            left = worker.group();
        }
        let seen = match left.is_empty() {
            true => fine("nothing"),
            false => Err(wrong(format!("{} of its processes are still there", left.len()))),
        };
        self.tell(&format!("left behind after {name}"), "nothing of its process group, 1 s after it was told", seen);
    }

    /// A block as a run has it.
    fn scheduled(&mut self, subject: &Subject) {
        let own = Contender { command: self.command.clone(), extra_iterations: 0 };
        let mut contenders = Contenders::own(self.command.clone());
        if let Some(language) = language(&subject.queue) {
            contenders = contenders.with(language, own);
        }
        let mut workers = Supervisor::new(contenders, self.patience, 1.0, Instant::now());
        let [settle_ns, window_ns] = LENGTHS_NS;
        let queue = subject.queue.clone();
        let order = BlockOrder { queue, round: 0, repeat: 0, position: 0, settle_ns, window_ns, traced: false };
        let Prepare { queue, cpus, .. } = subject.prepare();
        let seen = match workers.run(&order, &Cell { scenario: subject.scenario, queue, cpus }) {
            Ended::Reported { report, wall_ns, .. } if report.outcome == Outcome::Ok => {
                fine(format!("{} messages, {} ms in all", report.messages, wall_ns / 1_000_000))
            }
            Ended::Reported { report, .. } => Err(wrong(described(&report))),
            Ended::Interrupted => Err(Stop::Interrupted),
        };
        self.tell("a whole block", "what the scheduler takes for one, within its deadline", seen);
    }
}

fn prepared(queue: &str, scenario: &Scenario) -> Prepare {
    let site = scenario.site.map(|_| NOWHERE.to_owned());
    Prepare { site, ..Prepare::new(queue, scenario, vec![None; scenario.threads()], [0, 0]) }
}

/// The first scenario that the worker is ready for with this queue.
fn first_ready(worker: &mut Worker, queue: &str) -> Result<Scenario, Stop> {
    let mut refusal = String::new();
    for id in SCENARIOS {
        let scenario: Scenario = id.parse().expect("it is one");
        match readied(worker, &prepared(queue, &scenario))? {
            Ok(_) => return Ok(scenario),
            Err(report) if report.outcome != Outcome::Refused => {
                return Err(wrong(format!("{id}: {}", described(&report))));
            }
            Err(report) if refusal.is_empty() => refusal = format!("{id}: {}", described(&report)),
            Err(_) => {}
        }
    }
    Err(wrong(refusal))
}

/// The report of a slice that was ordered at `since`, held against what was asked for.
fn reported(worker: &mut Worker, subject: &Subject, since: Instant) -> Seen {
    let report = match worker.answer()? {
        Answer::Report(report) => report,
        answer => return Err(unexpected(&answer)),
    };
    if report.outcome != Outcome::Ok {
        return Err(wrong(described(&report)));
    }
    // One that need not say what was sent may say so all the same.
    let must_balance = subject.manner.verifies || !report.sent.is_empty();
    let received = report.received.iter().fold(0u64, |sum, received| sum.saturating_add(received.count));
    let is_counted = must_balance && subject.is_stream();
    let report = checked(report, &subject.prepare(), must_balance, since.elapsed())?;
    let Command::Slice { settle_ns, window_ns, .. } = subject.slice() else { unreachable!("it is a slice") };
    let Report { messages, elapsed_ns, settle_ns: settled_ns, ref endpoints, .. } = *report;
    let threads = subject.scenario.threads();
    let faults = [
        (elapsed_ns < window_ns, format!("a window of {elapsed_ns} ns, {window_ns} were asked for")),
        (settled_ns < settle_ns, format!("settled for {settled_ns} ns, {settle_ns} were asked for")),
        (messages == 0, "no message in the window".into()),
        (is_counted && messages > received.saturating_add(1), format!("{messages} in the window, {received} in all")),
        (!endpoints.is_empty() && endpoints.len() != threads, format!("{} endpoints of {threads}", endpoints.len())),
    ];
    match faults.into_iter().find(|(is_so, _)| *is_so) {
        Some((_, what)) => Err(wrong(what)),
        None => fine(format!("{messages} messages in {:.1} ms", elapsed_ns as f64 / 1e6)),
    }
}

fn described(report: &Report) -> String {
    format!("{}: {}", report.outcome, printable(report.detail.as_deref().unwrap_or("no detail")))
}

fn preceded(what: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Outcome(outcome, detail) => Stop::Outcome(outcome, format!("{what}: {detail}")),
        Stop::Interrupted => Stop::Interrupted,
    }
}
