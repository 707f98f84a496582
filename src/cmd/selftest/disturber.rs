//! A process that gets in the way, as neighbours do: bursts of random length on one cpu.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use fastrand::Rng;
use rustix::time::{ClockId, clock_gettime};

use crate::orphan::die_with_parent;
use crate::topology::pin;

/// A burst lasts from 5 to 200 ms.
const BURST_MS: std::ops::Range<u64> = 5..200;
/// The share of time it takes of the cpu: anew for each burst.
const DUTY: std::ops::Range<f64> = 0.1..0.5;

/// The word this program is started with to be one.
pub const WORD: &str = "disturb";

/// A disturber that runs until it is dropped.
pub struct Disturber(Child);

impl Disturber {
    /// Disturbs `cpu`.
    pub fn start(program: &str, cpu: usize) -> anyhow::Result<Disturber> {
        let child = Command::new(program).args([WORD, &cpu.to_string()]).stdin(Stdio::null()).spawn();
        child.map(Disturber).context("cannot start a process that disturbs")
    }
}

impl Disturber {
    /// Whether it has ended before it was to.
    pub fn is_gone(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Disturber {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Disturbs until killed, or until the parent is gone.
pub fn disturb(cpu: Option<&str>) -> anyhow::Result<()> {
    die_with_parent()?;
    let cpu = cpu.and_then(|cpu| cpu.parse().ok()).context("which cpu?")?;
    pin(cpu).map_err(anyhow::Error::msg)?;
    let mut rng = Rng::new();
    loop {
        let burst = Duration::from_millis(rng.u64(BURST_MS));
        let duty = DUTY.start + (DUTY.end - DUTY.start) * rng.f64();
        // Of its own cpu time: beside a busy thread it takes the more of the clock's.
        let since = cpu_time();
        while cpu_time() - since < burst {
            std::hint::spin_loop();
        }
        std::thread::sleep(burst.mul_f64(1.0 / duty - 1.0));
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
