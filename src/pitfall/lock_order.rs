//! Two threads take the same two locks, in opposite order.

use std::sync::{Barrier, Mutex};

use super::party::parties;
use super::said::{At, Finding, Kind, say_ends, say_place, say_wants};
use super::{Form, Pitfall, Symptom};

/// See the module.
pub const PITFALL: Pitfall = Pitfall {
    id: "lock-order",
    rows: &["S18", "S30"],
    symptom: Symptom::Hang,
    certain: "a barrier after the first lock; without it they would meet there once in a while, in production",
    happened: "Each thread holds one lock and wants the other's, and neither gives up what it holds.",
    fix: "One order of all locks that everybody keeps: who wants A and B takes A first, always.",
    run,
};

const TRANSFERS: u64 = 1000;

fn run(form: Form) -> Finding {
    let locks = [Mutex::new(TRANSFERS), Mutex::new(TRANSFERS)];
    say_place("A", Kind::Lock, At::memory(&locks[0]), &[]);
    say_place("B", Kind::Lock, At::memory(&locks[1]), &[]);
    let meet = Barrier::new(2);
    parties(&["left", "right"], |name| {
        let (from, to) = if name == "left" { (0, 1) } else { (1, 0) };
        if form == Form::Broken {
            opposite(name, &locks, [from, to], &meet);
        }
        meet.wait();
        for _ in 0..TRANSFERS {
            let [mut a, mut b] = locks.each_ref().map(|lock| lock.lock().expect("nobody panics"));
            let (source, target) = if from == 0 { (&mut a, &mut b) } else { (&mut b, &mut a) };
            **source -= 1;
            **target += 1;
        }
    });
    let [a, b] = locks.map(|lock| lock.into_inner().expect("nobody panics"));
    let evidence = format!("{TRANSFERS} transfers each way under both locks; A holds {a}, B holds {b}");
    Finding { is_wrong: [a, b] != [TRANSFERS; 2], evidence }
}

/// Takes one lock, and when the other thread has taken its own, wants that.
fn opposite(name: &str, locks: &[Mutex<u64>; 2], order: [usize; 2], meet: &Barrier) {
    let names = ["A", "B"];
    let _first = locks[order[0]].lock().expect("nobody panics");
    say_ends(names[order[0]], &[name]);
    meet.wait();
    say_wants(name, names[order[1]]);
    let _second = locks[order[1]].lock().expect("nobody panics");
}
