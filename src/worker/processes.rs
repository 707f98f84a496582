//! The processes of a slice: this program once more for each endpoint, started, spoken to, and gone afterwards.

use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};

use super::ENDPOINT;
use super::endpoint::{Join, Order, SLICE_AT, Said};
use super::probe::Probe;
use crate::memory::{Map, Part, Placed, sealed};
use crate::protocol::{Outcome, Report};
use crate::scenario::Scenario;
use crate::workload::slice::{Lengths, Slice, Tally, clock_ns};
use crate::workload::{Lap, join::Joining};

/// After one endpoint has died others may too, of its death; for this long it is looked who did.
const AFTERMATH: Duration = Duration::from_millis(20);
/// What an endpoint may take from closing its stdout, which a dying one does first, until it is known how it ended; on
/// a machine that is busy with other things that is longer.
const DYING: Duration = Duration::from_secs(1);

/// Endpoints in processes of their own.
pub(super) struct Processes {
    endpoints: Vec<Endpoint>,
    shared: Part,
    scenario: Scenario,
    /// What touching the queue has shown.
    pub(super) lap: Lap,
}

struct Endpoint {
    child: Child,
    /// What to call it: `producer 0`.
    name: String,
    said: Vec<u8>,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Endpoint {
    fn tell(&mut self, order: &Order) {
        let mut line = serde_json::to_vec(order).expect("orders are plain data");
        line.push(b'\n');
        // One that is gone is noticed where its answer is waited for.
        self.child.stdin.as_mut().expect("piped").write_all(&line).ok();
    }

    /// Reads what there is, and returns a line if that completes one; `None` is the end.
    fn read(&mut self) -> Option<Option<Said>> {
        let mut buffer = [0; 1 << 16];
        let bytes = self.child.stdout.as_mut().expect("piped").read(&mut buffer).unwrap_or(0);
        if bytes == 0 {
            return None;
        }
        self.said.extend_from_slice(&buffer[..bytes]);
        if !self.said.ends_with(b"\n") {
            return Some(None);
        }
        let said = std::mem::take(&mut self.said);
        let heard = |line: &[u8]| {
            serde_json::from_slice(line).unwrap_or_else(|_| Said::Failed {
                outcome: Outcome::Crashed,
                detail: format!("{} said what is no answer", self.name),
            })
        };
        // One that has answered may still fail before it is asked again: what it said last counts.
        Some(said.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).map(heard))
    }
}

impl Processes {
    /// Starts an endpoint for each of `cpus` and lets it join. `first` is what the first is told, others the same but
    /// for who they are.
    ///
    /// # Errors
    ///
    /// A report of what went wrong.
    pub(super) fn assemble(
        joining: Joining,
        scenario: Scenario,
        first: Join,
        cpus: &[Option<usize>],
    ) -> Result<Processes, Box<Report>> {
        let refused = |why: anyhow::Error| Box::new(Report::failed(Outcome::Refused, format!("{why:#}")));
        let order = super::order_of(&scenario, first.work_iterations);
        let parts = (joining.create)(&order).map_err(refused)?;
        let memory = sealed(SLICE_AT + Slice::bytes(scenario.producers, scenario.consumers))
            .map_err(|why| refused(why.into()))?;
        let shared = Part::all(Map::of(&memory).map_err(refused)?);
        let inherited: Vec<OwnedFd> = std::iter::once(memory).chain(parts).collect();
        for fd in &inherited {
            fcntl_setfd(fd, FdFlags::empty()).map_err(|why| refused(why.into()))?;
        }
        let mut processes =
            Processes { endpoints: Vec::new(), shared, scenario, lap: Lap { capacity: None, missing: 0 } };
        for index in 0..cpus.len() {
            let name = match index.checked_sub(scenario.consumers) {
                _ if scenario.threads() < scenario.producers + scenario.consumers => format!("endpoint {index}"),
                None => format!("consumer {index}"),
                Some(index) => format!("producer {index}"),
            };
            let child = start(&inherited).map_err(|why| refused(why.context(format!("cannot start {name}"))))?;
            processes.endpoints.push(Endpoint { child, name, said: Vec::new() });
        }
        // From here on only the endpoints hold the queue, as they would without us.
        drop(inherited);
        let join = |index: usize| Order::Join(Join { index, cpu: cpus[index], ..first.clone() });
        processes.endpoints[0].tell(&join(0));
        let said = processes.answers(&[0])?;
        if let [Said::Joined { capacity, missing }] = said[..] {
            processes.lap = Lap { capacity, missing };
        }
        for index in 1..cpus.len() {
            processes.endpoints[index].tell(&join(index));
        }
        processes.answers(&(1..cpus.len()).collect::<Vec<_>>())?;
        Ok(processes)
    }

    /// What a cache line takes now from the first endpoint to the last and back, in nanoseconds.
    pub(super) fn probe(&mut self) -> Result<Option<u64>, Box<Report>> {
        let last = self.endpoints.len() - 1;
        Placed::<Probe>::at(self.shared.clone()).reset();
        self.endpoints[last].tell(&Order::Probe { leads: false });
        self.endpoints[0].tell(&Order::Probe { leads: true });
        let said = self.answers(&[0, last])?;
        Ok(said.into_iter().find_map(|said| if let Said::Probed { line_ns } = said { line_ns } else { None }))
    }

    /// Runs one slice to its end.
    pub(super) fn run(mut self, lengths: Lengths) -> Result<(Slice, Vec<Tally>), Box<Report>> {
        let origin_ns = clock_ns();
        for endpoint in &mut self.endpoints {
            endpoint.tell(&Order::Start { origin_ns, lengths });
        }
        let said = self.answers(&(0..self.endpoints.len()).collect::<Vec<_>>())?;
        let tallies = said.into_iter().map(|said| match said {
            Said::Finished(tally) => Ok(*tally),
            _ => Err(Box::new(Report::failed(Outcome::Crashed, "an endpoint spoke out of turn"))),
        });
        let tallies = tallies.collect::<Result<Vec<_>, _>>()?;
        let memory = self.shared.from(SLICE_AT);
        let Scenario { producers, consumers, .. } = self.scenario;
        Ok((Slice::in_memory(&memory, origin_ns, lengths, producers, consumers), tallies))
    }

    /// One answer of each of these endpoints, in their order; of the others it is only noticed when they die.
    fn answers(&mut self, of: &[usize]) -> Result<Vec<Said>, Box<Report>> {
        let mut answers: Vec<Option<Said>> = of.iter().map(|_| None).collect();
        while answers.iter().any(Option::is_none) {
            for index in self.readable(None) {
                match self.endpoints[index].read() {
                    None => return Err(self.death(index)),
                    Some(Some(Said::Failed { outcome, detail })) => {
                        return Err(Box::new(Report::failed(outcome, detail)));
                    }
                    Some(Some(said)) => {
                        if let Some(at) = of.iter().position(|asked| *asked == index) {
                            answers[at] = Some(said);
                        }
                    }
                    Some(None) => {}
                }
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// The endpoints that have said something, or died, within this time.
    fn readable(&self, within: Option<&Timespec>) -> Vec<usize> {
        let fds = self.endpoints.iter().map(|endpoint| endpoint.child.stdout.as_ref().expect("piped").as_fd());
        let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        poll(&mut fds, within).ok();
        (0..fds.len()).filter(|index| !fds[*index].revents().is_empty()).collect()
    }

    /// How the endpoint ended that said no more; rather one that was killed than one that did not survive that, and
    /// rather one that has said why it goes than one that does not know.
    fn death(&mut self, first: usize) -> Box<Report> {
        let since = Instant::now();
        let mut last_words = None;
        while since.elapsed() < AFTERMATH || (since.elapsed() < DYING && !self.has_ended(first)) {
            std::thread::sleep(Duration::from_millis(1));
            let deaths = self.endpoints.iter_mut().filter_map(|endpoint| {
                let signal = endpoint.child.try_wait().ok().flatten()?.signal()?;
                Some((signal, &endpoint.name))
            });
            if let Some((signal, name)) = deaths.into_iter().find(|(signal, _)| *signal != libc::SIGABRT) {
                return Box::new(Report::failed(Outcome::Crashed, format!("{name} was killed by signal {signal}")));
            }
            last_words = last_words.or_else(|| self.last_words());
        }
        if let Some(report) = last_words {
            return report;
        }
        let endpoint = &mut self.endpoints[first];
        let status = endpoint.child.try_wait().ok().flatten();
        let how = status.map_or_else(|| "closed its stdout".to_owned(), |status| format!("ended: {status}"));
        Box::new(Report::failed(Outcome::Crashed, format!("{} {how}", endpoint.name)))
    }

    fn has_ended(&mut self, index: usize) -> bool {
        self.endpoints[index].child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// What an endpoint has said that cannot go on, if one has.
    fn last_words(&mut self) -> Option<Box<Report>> {
        self.readable(Some(&Timespec::default())).into_iter().find_map(|index| match self.endpoints[index].read() {
            Some(Some(Said::Failed { outcome, detail })) => Some(Box::new(Report::failed(outcome, detail))),
            _ => None,
        })
    }
}

/// Starts this program as an endpoint that inherits these descriptors.
fn start(inherited: &[OwnedFd]) -> anyhow::Result<Child> {
    let numbers = inherited.iter().map(|fd| fd.as_raw_fd().to_string());
    let child = Command::new("/proc/self/exe")
        .arg(ENDPOINT)
        .args(numbers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}
