//! Whose build of a queue runs its blocks: `flume/mpmc` this program's, `flume/mpmc@base` that of the worker `base`.

use std::collections::BTreeMap;

use crate::peers::language;

/// How the blocks of one contender are run.
#[derive(Clone, Debug)]
pub struct Contender {
    /// The worker: a program and its arguments.
    pub command: Vec<String>,
    /// Iterations of work each side does for a message on top of the scenario's: a slow-down made on purpose.
    pub extra_iterations: u32,
}

/// The contenders of a run.
#[derive(Clone, Debug)]
pub struct Contenders {
    own: Contender,
    named: BTreeMap<String, Contender>,
}

impl Contenders {
    /// Only this program's queues, run by the worker `command`.
    pub fn own(command: Vec<String>) -> Contenders {
        Contenders { own: Contender { command, extra_iterations: 0 }, named: BTreeMap::new() }
    }

    /// With one more, which runs the queues whose id ends in `@name`, or those of the language `name`.
    #[must_use]
    pub fn with(mut self, name: &str, contender: Contender) -> Contenders {
        self.named.insert(name.to_owned(), contender);
        self
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// Who runs `queue`, and what its worker calls it; `None` for a name nobody has.
    pub fn of<'a>(&self, queue: &'a str) -> Option<(&Contender, &'a str)> {
        match split(queue) {
            (id, None) => match language(id) {
                Some(language) => self.named.get(language).map(|contender| (contender, id)),
                None => Some((&self.own, id)),
            },
            (id, Some(name)) => self.named.get(name).map(|contender| (contender, id)),
        }
    }
}

/// A queue's id as its worker knows it, and the contender's name if it has one.
pub fn split(queue: &str) -> (&str, Option<&str>) {
    queue.split_once('@').map_or((queue, None), |(id, name)| (id, Some(name)))
}
