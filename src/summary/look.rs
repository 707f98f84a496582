//! How a queue is drawn: the same colour, marker and dash in every chart, on the page and in the plots.
//!
//! Six colours for either theme, at least 3:1 against the background and far apart for every kind of colour vision (found by
//! search, kept by a test); a marker and a dash say the same again to who sees no colour.

use serde::Serialize;

use crate::schedule::contender::split;

/// The colours that looks speak of.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    "crawl/serial",
    "counter/mutex",
    "counter/robust-mutex",
    "counter/spin",
    "counter/file-lock",
    "counter/fetch-add",
    "counter/sharded",
    "counter/owner",
    "counter/unsynchronised",
    "barrier/std",
    "barrier/spin",
    "barrier/futex",
    "barrier/pthread",
    "finish/join",
    "finish/sentinel",
    "finish/close",
    "print/locked",
    "print/one-write",
    "print/unsynchronised",
    "map/serial",
    "map/parallel",
    "python/map",
    "python/map-serial",
    "python/crawl-serial",
    "lookup/unlocked",
    "lookup/rwlock",
    "lookup/mutex",
    "lookup/robust-mutex",
    "recover/guard",
    "recover/poison",
    "recover/robust",
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

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [f64; 3];

    /// Linear light of a colour as `#0e8bff`.
    fn linear(hex: &str) -> Rgb {
        [1, 3, 5].map(|at| {
            let share = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [Rgb; 3], [x, y, z]: Rgb) -> Rgb {
        matrix.map(|[a, b, c]| a * x + b * y + c * z)
    }

    /// WCAG 2.2, contrast ratio.
    fn contrast(one: &str, other: &str) -> f64 {
        let luminance =
            |hex| linear(hex).iter().zip([0.2126, 0.7152, 0.0722]).map(|(light, share)| light * share).sum::<f64>();
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Ottosson, "A perceptual color space for image processing" (2020).
    fn oklab(light: Rgb) -> Rgb {
        let cones = times(
            [
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            light.map(|share| share.max(0.0)),
        );
        times(
            [
                [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// Everybody, and full protanopia, deuteranopia and tritanopia: Machado, Oliveira & Fernandes, "A Physiologically-based
    /// Model for Simulation of Color Vision Deficiency", IEEE Transactions on Visualization and Computer Graphics 15 (2009).
    const VISIONS: [[Rgb; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];

    #[test]
    fn colours_stand_out_from_the_page_and_from_each_other_however_one_sees() {
        let palette = Palette::default();
        for (colours, page) in [(palette.light, "#ffffff"), (palette.dark, "#14171a")] {
            for (at, colour) in colours.iter().enumerate() {
                // WCAG 2.2, 1.4.11: graphics need 3:1.
                assert!(contrast(colour, page) >= 3.0, "{colour} on {page}: {}", contrast(colour, page));
                for other in &colours[at + 1..] {
                    for vision in VISIONS {
                        let seen = |hex| oklab(times(vision, linear(hex)));
                        let apart: f64 = seen(colour).iter().zip(seen(other)).map(|(a, b)| (a - b).powi(2)).sum();
                        assert!(apart.sqrt() > 0.15, "{colour} and {other}: {}", apart.sqrt());
                    }
                }
            }
        }
    }

    #[test]
    fn known_queues_differ_in_colour_marker_or_filling() {
        let looks: Vec<Look> = KNOWN.iter().map(|queue| look_of(queue)).collect();
        for (at, look) in looks.iter().enumerate() {
            assert!(!looks[..at].contains(look) || at >= 72, "{} looks like another", KNOWN[at]);
        }
        assert_ne!(look_of("rtrb/spsc+spin"), look_of("rtrb/spsc+yield"));
        assert_eq!(look_of("rtrb/spsc+spin").marker, look_of("rtrb/spsc+park").marker);
    }
}
