//! One endpoint in a process of its own: the same loops as between threads, over a queue that crosses.

use std::os::fd::OwnedFd;

use anyhow::bail;

use super::{Lap, Loop, Order, Size, Workload, in_turns, pairs, pingpong, stream, touch, wakes, wakeup};
use crate::memory::{Map, sealed};
use crate::queue::crossing::{Credit, Credited, Crossing, Parts};
use crate::queue::{Consumer, Payload, Producer, Wait, Words};

/// How the endpoints of a queue in processes of their own come to their loops.
#[derive(Clone, Copy)]
pub struct Joining {
    /// Makes what all need: the queue's descriptors, twice where messages come back over a second.
    pub create: fn(&Order) -> anyhow::Result<Vec<OwnedFd>>,
    /// Makes the endpoint of this number, consumers' first, from those; number 0 lays the queue out, so that it comes
    /// before all others.
    pub join: fn(&Order, Vec<OwnedFd>, usize) -> anyhow::Result<Joined>,
}

/// An endpoint that is ready for its slice.
pub struct Joined {
    /// What touching the queue has shown; by the first endpoint.
    pub lap: Option<Lap>,
    /// Its part.
    pub own_loop: Loop,
}

impl Joining {
    /// Of `Q` with the wait `W`.
    pub const fn of<Q: Crossing, W: Wait>() -> Joining {
        Joining { create: create::<Q>, join: join::<Q, W> }
    }
}

fn create<Q: Crossing>(order: &Order) -> anyhow::Result<Vec<OwnedFd>> {
    let one = || match order.size {
        Size::Value(8) => Q::create::<Words<1>>(order.shape),
        Size::Value(256) => Q::create::<Words<32>>(order.shape),
        other => bail!("messages of {other} do not cross"),
    };
    let mut parts = one()?.0;
    if order.workload == Workload::Pingpong {
        parts.extend(one()?.0);
    }
    if order.credit.is_some() {
        parts.push(sealed(Credit::BYTES)?);
    }
    Ok(parts)
}

fn join<Q: Crossing, W: Wait>(order: &Order, parts: Vec<OwnedFd>, index: usize) -> anyhow::Result<Joined> {
    match order.size {
        Size::Value(8) => join_sized::<Q, W, Words<1>>(order, parts, index),
        Size::Value(256) => join_sized::<Q, W, Words<32>>(order, parts, index),
        other => bail!("messages of {other} do not cross"),
    }
}

fn join_sized<Q: Crossing, W: Wait, T: Payload>(
    order: &Order,
    parts: Vec<OwnedFd>,
    index: usize,
) -> anyhow::Result<Joined> {
    match order.workload {
        Workload::Stream => streaming::<Q, W, T>(order, parts, index),
        Workload::Pairs if const { in_turns(&Q::ABOUT, T::BOXED) && Q::ABOUT.both_ends_many() } => {
            let parts = Parts(parts);
            let lap = first_lap::<Q, T>(&parts, order, index)?;
            let (mut producer, consumer) = (Q::producer::<T>(&parts)?, Q::consumer::<T>(&parts)?);
            let prefilled = lap.map_or(0, |lap| pairs::prefill(&mut producer, order, pairs::half::<Q>(order, lap)));
            let own_loop =
                pairs::both_ends_loop::<T, _, _, _>((producer, consumer), &W::new(), index, prefilled, order);
            Ok(Joined { lap, own_loop })
        }
        Workload::Pingpong => bouncing::<Q, W, T>(order, parts, index),
        Workload::Wakeup if const { wakes::<T>(&Q::ABOUT) } => {
            let parts = Parts(parts);
            let lap = first_lap::<Q, T>(&parts, order, index)?;
            let own_loop = match index {
                0 => wakeup::sleeper_loop::<T, _, _>(Q::consumer::<T>(&parts)?, &W::new()),
                _ => wakeup::waker_loop::<T, _, _>(Q::producer::<T>(&parts)?, &W::new()),
            };
            Ok(Joined { lap, own_loop })
        }
        other => bail!("{} does not do {other} between processes", Q::ABOUT.id),
    }
}

/// Lays the queue out and touches it, if this is the first endpoint.
fn first_lap<Q: Crossing, T: Payload>(parts: &Parts, order: &Order, index: usize) -> anyhow::Result<Option<Lap>> {
    if index > 0 {
        return Ok(None);
    }
    Q::lay_out::<T>(parts, order.shape)?;
    let (mut producer, mut consumer) = (Q::producer::<T>(parts)?, Q::consumer::<T>(parts)?);
    Ok(Some(touch(&mut producer, &mut consumer, order.shape)))
}

fn streaming<Q: Crossing, W: Wait, T: Payload>(
    order: &Order,
    mut parts: Vec<OwnedFd>,
    index: usize,
) -> anyhow::Result<Joined> {
    let credit = match order.credit {
        Some(window) if const { T::BYTES == 8 } => {
            let memory = parts.pop().ok_or_else(|| anyhow::anyhow!("there is no credit among the parts"))?;
            Some(Credit::at(Map::of(memory)?, window))
        }
        _ => None,
    };
    let parts = Parts(parts);
    let lap = first_lap::<Q, T>(&parts, order, index)?;
    let own_loop = match index.checked_sub(order.shape.consumers) {
        None => consuming::<T, _, W>(Q::consumer::<T>(&parts)?, credit, index, order),
        Some(index) => producing::<T, _, W>(Q::producer::<T>(&parts)?, credit, index, order),
    };
    Ok(Joined { lap, own_loop })
}

fn producing<T: Payload, P: Producer<T>, W: Wait>(end: P, credit: Option<Credit>, index: usize, order: &Order) -> Loop {
    match credit {
        Some(credit) if const { T::BYTES == 8 } => {
            stream::producer_loop::<T, _, _>(Credited::new(end, credit), &W::new(), index, order)
        }
        _ => stream::producer_loop::<T, _, _>(end, &W::new(), index, order),
    }
}

fn consuming<T: Payload, C: Consumer<T>, W: Wait>(end: C, credit: Option<Credit>, index: usize, order: &Order) -> Loop {
    match credit {
        Some(credit) if const { T::BYTES == 8 } => {
            stream::consumer_loop::<T, _, _>(Credited::new(end, credit), &W::new(), index, order)
        }
        _ => stream::consumer_loop::<T, _, _>(end, &W::new(), index, order),
    }
}

fn bouncing<Q: Crossing, W: Wait, T: Payload>(
    order: &Order,
    mut parts: Vec<OwnedFd>,
    index: usize,
) -> anyhow::Result<Joined> {
    let back = Parts(parts.split_off(parts.len() / 2));
    let there = Parts(parts);
    let laps = [first_lap::<Q, T>(&there, order, index)?, first_lap::<Q, T>(&back, order, index)?];
    let missing = laps.iter().flatten().map(|lap| lap.missing).sum();
    let own_loop = match index {
        0 => {
            pingpong::responder::<T, _, _, W>(Q::consumer::<T>(&there)?, Q::producer::<T>(&back)?, &W::new(), &W::new())
        }
        _ => {
            pingpong::initiator::<T, _, _, W>(Q::producer::<T>(&there)?, Q::consumer::<T>(&back)?, &W::new(), &W::new())
        }
    };
    Ok(Joined { lap: laps[0].map(|lap| Lap { missing, ..lap }), own_loop })
}
