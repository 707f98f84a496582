//! The field: every built-in queue, one line each, in the order tables fall back to.

use crate::queue::{Blocking, Park, Queue, Spin, Wait, Yield, adapters};

/// Something done once for every registered queue, with its types in hand.
pub trait Visitor {
    /// `Q` with the wait its endpoints use.
    fn visit<Q: Queue, W: Wait>(&mut self);
}

/// A queue with blocking calls of its own: one entry.
pub fn blocking<Q: Queue>(visitor: &mut impl Visitor) {
    visitor.visit::<Q, Blocking>();
}

/// A queue with `try_` operations only: one entry a wait.
pub fn try_only<Q: Queue>(visitor: &mut impl Visitor) {
    visitor.visit::<Q, Spin>();
    visitor.visit::<Q, Yield>();
    visitor.visit::<Q, Park>();
}

/// Shows `visitor` every built-in queue. Types that differ by capacity only share an id.
#[rustfmt::skip]
pub fn visit_builtin(visitor: &mut impl Visitor) {
    #[cfg(feature = "crossbeam-queue")] try_only::<adapters::crossbeam_queue::Array>(visitor);
    #[cfg(feature = "crossbeam-queue")] try_only::<adapters::crossbeam_queue::Seg>(visitor);
    #[cfg(feature = "flume")] blocking::<adapters::flume::Mpmc>(visitor);
}
