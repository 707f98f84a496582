//! A worker of a crawl whose workers are processes.

use super::endpoint::inherited;
use crate::crawler::processes::{self, Crosses};
use crate::orphan::die_with_parent;
use crate::queue::crossing::{Crossing, Parts};
use crate::queue::{Capacity, Queue, Wait};
use crate::registry::{Visitor, visit_builtin};

/// Serves the process that started this one with [`CRAWLER_WORD`](crate::crawler::CRAWLER_WORD) and these words, which
/// name the descriptors of the queue's parts.
///
/// # Errors
///
/// When that process is gone, or says what it should not.
pub fn serve(words: &[&str]) -> anyhow::Result<()> {
    die_with_parent()?;
    let parts = words.iter().map(|word| inherited(word)).collect::<anyhow::Result<_>>()?;
    processes::serve(&Parts(parts), |id, capacity| {
        let mut search = Search { id, capacity, found: None };
        visit_builtin(&mut search);
        search.found
    })
}

/// Looks for the queue of this id with this capacity.
struct Search<'a> {
    id: &'a str,
    capacity: Capacity,
    found: Option<Crosses>,
}

impl Visitor for Search<'_> {
    fn visit<Q: Queue, W: Wait>(&mut self) {}

    fn visit_crossing<Q: Crossing, W: Wait>(&mut self) {
        let is_it = |crosses: &Crosses| crosses.id == self.id && crosses.capacities.allow(self.capacity);
        let crosses = Crosses::of::<Q, W>().filter(is_it);
        self.found = self.found.take().or(crosses);
    }
}
