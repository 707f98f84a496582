//! Python's own queues, and programs. The worker is one program for every interpreter from 3.9 on.

use crate::queue::{About, Capacities, Ends, Family, Payloads, Program, Role};
use crate::scenario::{Boundary, SeenSet};

/// The worker, which is handed to the interpreter as a word of its command line: a file would be left behind by who is
/// killed.
const WORKER: &str = include_str!("worker.py");

const ABOUT: About = About {
    family: Family::Peer,
    package: None,
    payloads: Payloads::ByValue,
    exact: false,
    capacities: Capacities::BOUNDED_OR_NOT,
    ..About::MPMC
};
/// Between threads and between processes.
const CROSSES: About = About { crosses: true, ..ABOUT };
/// A pipe: one at each end.
const PIPE: About = About { producers: Ends::One, consumers: Ends::One, capacities: Capacities::BOUNDED, ..CROSSES };
const START: About = About { role: Role::Start, transfers: false, ..ABOUT };
const MAP: About = About {
    role: Role::Program(Program::Map),
    transfers: false,
    capacities: Capacities::ALL,
    payloads: Payloads::Any,
    ..CROSSES
};

/// What they declare.
pub const ABOUTS: [About; 16] = [
    About { id: "python/queue.Queue", exact: true, ..ABOUT },
    About { id: "python/queue.SimpleQueue", capacities: Capacities::UNBOUNDED, ..ABOUT },
    About { id: "python/deque-condition", exact: true, capacities: Capacities::BOUNDED, ..ABOUT },
    About { id: "python/multiprocessing.Queue", ..CROSSES },
    About { id: "python/multiprocessing.SimpleQueue", capacities: Capacities::BOUNDED, ..CROSSES },
    About { id: "python/multiprocessing.JoinableQueue", ..CROSSES },
    About { id: "python/multiprocessing.Pipe", ..PIPE },
    About { id: "python/multiprocessing.Pipe-duplex", ..PIPE },
    About { id: "python/null", family: Family::Limit, transfers: false, ..CROSSES },
    About { id: "python/threading.Thread", ..START },
    About { id: "python/multiprocessing.Process-fork", crosses: true, ..START },
    About { id: "python/multiprocessing.Process-spawn", crosses: true, ..START },
    About { id: "python/multiprocessing.Process-forkserver", crosses: true, ..START },
    About { id: "python/map", ..MAP },
    // One worker, whatever the shape: what the other is so many times as fast as.
    About { id: "python/map-serial", ..MAP },
    About { id: CRAWL_ALONE, role: Role::Program(Program::Crawl), payloads: Payloads::ByValue, ..MAP },
];
/// The crawl of one worker, which needs no queue.
const CRAWL_ALONE: &str = "python/crawl-serial";

/// How the workers of Python's crawl may know what was seen: behind one lock, or by asking its owner.
pub fn knows_seen(queue: &str, seen: SeenSet, boundary: Boundary) -> bool {
    queue == CRAWL_ALONE || seen == SeenSet::Owner || (seen == SeenSet::Mutex && boundary == Boundary::Threads)
}

/// The command that starts the worker with this interpreter.
pub fn command(interpreter: &str) -> Vec<String> {
    let interpreter = itself(interpreter).unwrap_or_else(|| interpreter.to_owned());
    // Isolated from the user's packages and variables, without the start-up files of installed packages, and leaving no
    // compiled files.
    [&interpreter, "-I", "-S", "-B", "-c", WORKER].map(str::to_owned).into()
}

/// Where an interpreter says it is: what is on PATH may be a script that finds one, which takes longer than the
/// interpreter's start.
fn itself(interpreter: &str) -> Option<String> {
    let asked = ["-I", "-S", "-c", "import sys; print(sys.executable)"];
    let said = std::process::Command::new(interpreter).args(asked).stderr(std::process::Stdio::null()).output().ok()?;
    let path = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (said.status.success() && std::path::Path::new(&path).is_file()).then_some(path)
}
