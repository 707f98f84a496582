//! How much of a run a user wants.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How many rounds, coarsely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// 3 rounds: does everything run? Says nothing about speed.
    Smoke,
    /// 30 rounds: a first look, in minutes.
    Quick,
    /// 20 to 160 rounds, until intervals are within 3 %: what a decision needs.
    #[default]
    Default,
    /// 60 to 1000 rounds, until intervals are within 1 %: what others will quote.
    Publish,
}

/// How many rounds a scenario gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Rounds before anything is looked at.
    pub pilot: u32,
    /// Rounds at most.
    pub most: u32,
    /// A queue runs no further rounds once its ratio to the leader is known to within this share either way; the width
    /// of its 95 % interval decides that, never what it holds.
    pub precision: f64,
}

/// Rounds from one look to the next.
const LOOK_EVERY: u32 = 10;

impl Extent {
    /// So many rounds, whatever comes.
    pub const fn fixed(rounds: u32) -> Extent {
        Extent { pilot: rounds, most: rounds, precision: 0.0 }
    }

    /// Whether it depends on what is measured.
    pub fn is_adaptive(self) -> bool {
        self.pilot < self.most
    }

    /// Whether it is looked at what is known before this round, counted from 0.
    pub fn looks_before(self, round: u32) -> bool {
        self.is_adaptive() && round >= self.pilot && (round - self.pilot).is_multiple_of(LOOK_EVERY)
    }
}

impl Profile {
    /// Rounds of every scenario.
    pub fn extent(self) -> Extent {
        match self {
            Profile::Smoke => Extent::fixed(3),
            Profile::Quick => Extent::fixed(30),
            Profile::Default => Extent { pilot: 20, most: 160, precision: 0.03 },
            Profile::Publish => Extent { pilot: 60, most: 1000, precision: 0.01 },
        }
    }

    /// Its name, as typed and recorded.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Smoke => "smoke",
            Profile::Quick => "quick",
            Profile::Default => "default",
            Profile::Publish => "publish",
        }
    }
}
