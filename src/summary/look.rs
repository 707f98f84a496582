//! How a queue is drawn: the same colour, marker and dash in every chart, on the page and in the plots.
//!
//! Six colours for either theme, at least 3:1 against the background and far apart for every kind of colour vision (found by
//! search, kept by a test); a marker and a dash say the same again to who sees no colour.

use serde::Serialize;

use crate::schedule::contender::split;

/// The colours that looks speak of.
#[derive(Clone, Debug, Serialize)]
pub struct Palette {
    /// On white.
    pub light: [&'static str; 6],
    /// On `#14171a`.
    pub dark: [&'static str; 6],
    /// Of series that do not stand out: light, dark.
    pub quiet: [&'static str; 2],
    /// The markers, in order.
    pub markers: [&'static str; 6],
}

impl Default for Palette {
    fn default() -> Palette {
        Palette {
            light: ["#0e8bff", "#6a065e", "#e47717", "#1302bf", "#846694", "#ad0506"],
            dark: ["#cf9733", "#7b2ff4", "#eee617", "#77f6f8", "#66aace", "#b43844"],
            quiet: ["#8a8a8a", "#8a8a8a"],
            markers: ["circle", "square", "up", "down", "diamond", "cross"],
        }
    }
}

/// How one queue is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// Which of the palette's colours.
    pub colour: usize,
    /// Which of its markers.
    pub marker: usize,
    /// Whether the marker is hollow: the second use of a colour with a marker.
    pub hollow: bool,
    /// How its line is dashed: lengths of dashes and gaps; nothing for a solid one.
    pub dash: &'static [u32],
}

/// Every known queue without its wait. A new one goes to the end, so that the others keep their look.
const KNOWN: &[&str] = &[
    "std/mutex-deque",
    "crossbeam-queue/array",
    "rtrb/spsc",
    "flume/mpmc",
    "std/mpsc",
    "crossbeam-channel/mpmc",
    "kanal/mpmc",
    "tokio/mpsc",
    "parking_lot/mutex-deque",
    "ringbuf/spsc",
    "intree/spsc",
    "crossfire/mpmc",
    "async-channel/mpmc",
    "intree/vyukov",
    "crossbeam-queue/seg",
    "concurrent-queue/bounded",
    "loole/mpmc",
    "thingbuf/mpsc",
    "intree/spinlock-deque",
    "intree/two-lock",
    "crossfire/spsc",
    "crossfire/mpsc",
    "concurrent-queue/unbounded",
    "std/mutex-deque-waiters",
    "parking_lot/mutex-deque-fair",
    "os/pipe",
    "shm/spsc",
    "shm/mpmc",
    "os/socketpair",
    "shm/mutex-deque",
    "os/seqpacket",
    "os/tcp",
    "os/mqueue",
    "shm/spsc-one-map",
    "shm/spsc-two-maps",
    "shm/mpmc-one-map",
    "shm/mpmc-two-maps",
    "python/queue.Queue",
    "python/queue.SimpleQueue",
    "python/deque-condition",
    "python/multiprocessing.Queue",
    "python/multiprocessing.SimpleQueue",
    "python/multiprocessing.JoinableQueue",
    "python/multiprocessing.Pipe",
    "python/multiprocessing.Pipe-duplex",
    "start/thread",
    "start/fork",
    "start/posix_spawn",
    "start/fork-exec",
    "copy/move",
    "copy/bytes",
    "copy/postcard",
    "python/threading.Thread",
    "python/multiprocessing.Process-fork",
    "python/multiprocessing.Process-spawn",
    "python/multiprocessing.Process-forkserver",
    "limit/loop",
    "limit/box",
    "limit/fetch-add",
    "limit/line-transfer",
    "limit/futex-wake",
    "python/null",
];

/// How the queue of this id is drawn. One that is not known gets a place after all that are, by the letters of its id.
pub fn look_of(queue: &str) -> Look {
    let (own, build) = split(queue);
    let (base, wait) = own.rsplit_once('+').unwrap_or((own, ""));
    let known = KNOWN.iter().position(|known| *known == base);
    let letters = || base.bytes().fold(0usize, |sum, byte| (sum * 31 + usize::from(byte)) % 36);
    let at = known.unwrap_or_else(letters);
    // Every colour meets every marker once in 36, and neighbours share neither.
    let marker = (at + at / 6) % 6;
    // The waits of one queue often stand beside each other.
    let colour =
        (at + match wait {
            "spin" => 2,
            "park" => 4,
            _ => 0,
        }) % 6;
    let dash: &[u32] = match (wait, build) {
        (_, Some(_)) => &[1, 2],
        ("spin", _) => &[6, 2],
        ("park", _) => &[2, 2],
        ("yield", _) => &[8, 2, 2, 2],
        _ => &[],
    };
    Look { colour, marker, hollow: at >= 36 || known.is_none(), dash }
}
