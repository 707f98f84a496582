//! A core-to-core map, with its cpus in the order they lie in and its classes summed up.

use serde::Serialize;

use crate::core_to_core::{ClassFigures, classes};
use crate::record::core_to_core::CoreToCore;

/// What a cache line takes from cpu to cpu of one machine.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CoreMap {
    /// The usable cpus' numbers, near ones together.
    pub order: Vec<usize>,
    /// What two cpus share, the nearest first.
    pub classes: Vec<ClassFigures>,
    /// The map as it was measured.
    pub map: CoreToCore,
}

impl CoreMap {
    pub(super) fn of(map: CoreToCore) -> CoreMap {
        let order = map.topology.usable_by_place().into_iter().map(|cpu| cpu.id).collect();
        CoreMap { order, classes: classes(&map), map }
    }
}
