//! What goes wrong, on purpose: each pitfall of concurrent programs in a broken form, which must be seen to go wrong,
//! beside its corrected form, which must not. Every form runs in a worker process of its own, under a watchdog.
//!
//! A broken form is certain to go wrong, not likely: barriers and handshakes force the unlucky order where timing
//! would decide. It says so in [`Pitfall::certain`].

mod circular_wait;
mod duplicate_fetches;
mod hand_lock;
mod hang;
mod lock_order;
mod lost_updates;
mod missing_party;
mod never_released;
mod not_shared;
mod one_big_lock;
mod party;
mod proc;
mod receive_first;
mod said;
mod watch;

use std::io;

pub use said::Finding;
pub use watch::{Ending, Watchdog, Watched};

/// The first argument of this program with which it runs one form; the pitfall and the form follow.
pub const WORD: &str = "pitfall";

/// One pitfall, both forms of it.
#[derive(Clone, Copy, Debug)]
pub struct Pitfall {
    /// What it is called.
    pub id: &'static str,
    /// The rows of the course note that it shows.
    pub rows: &'static [&'static str],
    /// How the broken form must be seen to go wrong.
    pub symptom: Symptom,
    /// Why it goes wrong every time.
    pub certain: &'static str,
    /// What happens, in a sentence.
    pub happened: &'static str,
    /// What fixes it, in a sentence.
    pub fix: &'static str,
    run: fn(Form) -> Finding,
}

/// How going wrong shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// It ends with a wrong result.
    Wrong,
    /// It never ends.
    Hang,
}

/// The two forms of a pitfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Goes wrong.
    Broken,
    /// Does not.
    Corrected,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Form::Broken => "broken",
            Form::Corrected => "corrected",
        }
    }
}

/// All of them, the mildest first.
pub const PITFALLS: [Pitfall; 11] = [
    not_shared::PITFALL,
    lost_updates::PITFALL,
    duplicate_fetches::PITFALL,
    one_big_lock::PITFALL,
    never_released::EARLY_RETURN,
    never_released::PANIC,
    never_released::KILLED,
    receive_first::PITFALL,
    lock_order::PITFALL,
    circular_wait::PITFALL,
    missing_party::PITFALL,
];

/// What became of both forms.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Of the form that must go wrong.
    pub broken: Watched,
    /// Of the form that must not.
    pub corrected: Watched,
}

impl Pitfall {
    /// Runs both forms, one after the other; `None` when the user wants to stop.
    ///
    /// # Errors
    ///
    /// When no worker can be started.
    pub fn show(&self, watchdog: &Watchdog<'_>) -> io::Result<Option<Shown>> {
        let mut forms = [Form::Broken, Form::Corrected];
        if watchdog.is_swapped {
            forms.reverse();
        }
        let Some(broken) = watchdog.watch(self, forms[0])? else { return Ok(None) };
        Ok(watchdog.watch(self, forms[1])?.map(|corrected| Shown { broken, corrected }))
    }

    /// Whether the broken form went wrong in the way it must.
    pub fn is_caught(&self, shown: &Shown) -> bool {
        match self.symptom {
            Symptom::Wrong => matches!(shown.broken.ending, Ending::Wrong(_)),
            Symptom::Hang => matches!(shown.broken.ending, Ending::Hang { .. }),
        }
    }
}

impl Shown {
    /// Whether the corrected form did what it should.
    pub fn is_clean(&self) -> bool {
        matches!(self.corrected.ending, Ending::Right(_))
    }
}

/// Is one form of a pitfall: the other side of [`Watchdog::watch`].
///
/// # Errors
///
/// When there is no such form, or the parent is gone.
pub fn serve(words: &[String]) -> anyhow::Result<()> {
    crate::orphan::die_with_parent()?;
    let [id, word] = words else { anyhow::bail!("which form of which pitfall?") };
    let pitfall = PITFALLS.iter().find(|pitfall| pitfall.id == *id);
    let form = [Form::Broken, Form::Corrected].into_iter().find(|form| form.word() == word);
    let (Some(pitfall), Some(form)) = (pitfall, form) else { anyhow::bail!("there is no pitfall {id}, {word}") };
    said::say(&said::Said::Found((pitfall.run)(form)));
    Ok(())
}
