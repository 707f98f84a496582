//! Who waits for whom: where threads wait, as read from `/proc`, put together with what the worker has said of its
//! locks, queues and descriptors.

use std::collections::BTreeMap;

use super::proc::{Thread, Wait};
use super::said::{At, Finding, Kind, Place, Said};

/// All that a worker has said.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Processes it has started.
    pub processes: Vec<u32>,
    /// What it came to.
    pub finding: Option<Finding>,
    places: Vec<Place>,
    ends: BTreeMap<String, Vec<String>>,
    wants: BTreeMap<String, String>,
    gone: BTreeMap<String, String>,
}

impl Heard {
    /// Takes in one line more.
    pub fn hear(&mut self, said: Said) {
        match said {
            Said::Process { pid } => self.processes.push(pid),
            Said::Place(place) => self.places.push(place),
            Said::Ends { place, by } => drop(self.ends.insert(place, by)),
            Said::Wants { thread, place } => drop(self.wants.insert(thread, place)),
            Said::Gone { thread, how } => drop(self.gone.insert(thread, how)),
            Said::Found(finding) => self.finding = Some(finding),
        }
    }

    /// Where a thread waits, if that is a place of which the worker has spoken.
    fn place_of(&self, thread: &Thread) -> Option<&Place> {
        self.places.iter().find(|place| match (thread.wait, place.at) {
            (Wait::Futex { address, .. }, At::Memory { address: first, bytes }) => {
                (first..first + bytes).contains(&address)
            }
            (Wait::Read(descriptor), At::Descriptor(own)) => descriptor == own,
            (Wait::Hidden, _) => self.wants.get(&thread.name) == Some(&place.name),
            _ => false,
        })
    }
}

/// One sentence: who waits for whom, around the circle or until somebody who will never come.
pub fn who_waits_for_whom(threads: &[Thread], heard: &Heard) -> String {
    let mut told: Vec<&str> = Vec::new();
    let mut sentences: Vec<String> = Vec::new();
    for thread in threads {
        let Some(place) = heard.place_of(thread).filter(|_| !told.contains(&thread.name.as_str())) else { continue };
        let is_told = |other: &Thread| told.contains(&other.name.as_str());
        if threads.iter().any(|other| is_told(other) && heard.place_of(other) == Some(place)) {
            told.push(&thread.name);
            sentences.push(format!("so does \"{}\"", thread.name));
        } else {
            sentences.push(chain(thread, threads, heard, &mut told));
        }
    }
    if sentences.is_empty() {
        let names: Vec<String> = threads.iter().map(|thread| format!("\"{}\"", thread.name)).collect();
        return format!("{} sleep for ever, where they have not said", names.join(", "));
    }
    sentences.join("; ")
}

fn chain<'a>(first: &'a Thread, threads: &'a [Thread], heard: &Heard, told: &mut Vec<&'a str>) -> String {
    let what = if heard.processes.is_empty() { "thread" } else { "process" };
    let mut sentence = format!("{what} \"{}\" ", first.name);
    let mut at = first;
    while let Some(place) = heard.place_of(at) {
        told.push(&at.name);
        let is_beside = |name: &&String| {
            let other = threads.iter().find(|thread| thread.name == **name);
            other.is_some_and(|other| heard.place_of(other) == Some(place))
        };
        let by = heard.ends.get(&place.name).map_or(&[][..], Vec::as_slice);
        let by: Vec<&String> = by.iter().filter(|name| !is_beside(name)).collect();
        sentence.push_str(&wait_at(place, &by));
        let Some(next) = by.first() else { break };
        let Some(thread) = threads.iter().find(|thread| thread.name == **next) else {
            let how = heard.gone.get(*next).map_or("has ended", String::as_str);
            sentence.push_str(&format!(", which {how}"));
            break;
        };
        if told.contains(&thread.name.as_str()) {
            break;
        }
        sentence.push_str(", which ");
        at = thread;
        if heard.place_of(at).is_none() {
            sentence.push_str("sleeps where it has not said");
        }
    }
    sentence
}

fn wait_at(place: &Place, by: &[&String]) -> String {
    let by: Vec<String> = by.iter().map(|name| format!("\"{name}\"")).collect();
    let by = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
    let name = &place.name;
    match (place.kind, place.at) {
        (Kind::Lock, _) => format!("waits for lock {name} held by {by}"),
        (Kind::Queue, _) => format!("waits for room in the {name}, which {by} must empty"),
        (Kind::Barrier, _) => format!("waits at barrier {name} for {by}"),
        (Kind::Pipe, At::Descriptor(number)) => {
            format!("waits to receive through {name} (descriptor {number}) what {by} is to send")
        }
        (Kind::Pipe, At::Memory { .. }) => format!("waits to receive through {name} what {by} is to send"),
    }
}

/// What `/proc` showed of each thread.
pub fn as_seen(threads: &[Thread]) -> String {
    let seen = threads.iter().map(|thread| {
        let wait = match thread.wait {
            Wait::Futex { address, .. } => format!("futex {address:#x}"),
            Wait::Read(descriptor) => format!("reads {descriptor} ({})", target(thread.process, descriptor)),
            Wait::Child => "waits for a process".into(),
            Wait::Hidden => "syscall not readable here, taken from what it said last".into(),
            Wait::Running | Wait::Timer | Wait::Other(_) => format!("{:?}", thread.wait),
        };
        let within = if thread.wchan.is_empty() { String::new() } else { format!(" in {}", thread.wchan) };
        format!("{} asleep{within}, {wait}", thread.name)
    });
    seen.collect::<Vec<_>>().join("; ")
}

/// What a descriptor of a process is.
fn target(process: u32, descriptor: u64) -> String {
    let link = std::fs::read_link(format!("/proc/{process}/fd/{descriptor}"));
    link.map_or_else(|_| "not readable here".into(), |target| target.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::super::proc::Stat;
    use super::*;

    fn thread(name: &str, wait: Wait) -> Thread {
        let stat = Stat { state: 'S', ticks: 0 };
        Thread { process: 1, id: 1, name: name.into(), stat, switches: 0, wait, wchan: String::new() }
    }

    fn futex(address: u64) -> Wait {
        Wait::Futex { address, is_timed: false }
    }

    fn heard(kind: Kind, places: &[(&str, u64, &[&str])]) -> Heard {
        let mut heard = Heard::default();
        for (name, address, by) in places {
            let at = At::Memory { address: *address, bytes: 8 };
            heard.hear(Said::Place(Place { name: (*name).into(), kind, at }));
            let by = by.iter().map(|name| (*name).to_owned()).collect();
            heard.hear(Said::Ends { place: (*name).into(), by });
        }
        heard
    }

    #[test]
    fn a_circle_is_told_once() {
        let heard = heard(Kind::Lock, &[("A", 100, &["left"]), ("B", 200, &["right"])]);
        let threads = [thread("left", futex(204)), thread("right", futex(100))];
        let sentence = who_waits_for_whom(&threads, &heard);
        let expected = "thread \"left\" waits for lock B held by \"right\", which waits for lock A held by \"left\"";
        assert_eq!(sentence, expected);
    }

    #[test]
    fn who_has_ended_is_named_and_who_waits_beside_is_too() {
        let mut heard = heard(Kind::Barrier, &[("phase", 100, &["one", "two", "three"])]);
        let threads = [thread("one", futex(100)), thread("two", futex(104))];
        let sentence = who_waits_for_whom(&threads, &heard);
        assert_eq!(sentence, "thread \"one\" waits at barrier phase for \"three\", which has ended; so does \"two\"");
        heard.hear(Said::Gone { thread: "three".into(), how: "was killed".into() });
        assert!(who_waits_for_whom(&threads, &heard).contains("\"three\", which was killed"));
    }

    #[test]
    fn where_the_call_is_hidden_the_worker_is_believed() {
        let mut heard = heard(Kind::Lock, &[("A", 100, &["gone"])]);
        let threads = [thread("left", Wait::Hidden)];
        assert!(who_waits_for_whom(&threads, &heard).contains("have not said"));
        heard.hear(Said::Wants { thread: "left".into(), place: "A".into() });
        assert!(who_waits_for_whom(&threads, &heard).starts_with("thread \"left\" waits for lock A held by \"gone\""));
        assert!(as_seen(&threads).contains("not readable here"));
    }

    #[test]
    fn a_futex_elsewhere_is_no_place() {
        let heard = heard(Kind::Lock, &[("A", 100, &["gone"])]);
        assert!(who_waits_for_whom(&[thread("left", futex(108))], &heard).contains("have not said"));
    }
}
