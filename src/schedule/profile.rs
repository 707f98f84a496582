//! How much of a run a user wants.

use clap::ValueEnum;

/// How many rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// 3 rounds: does everything run? Says nothing about speed.
    Smoke,
    /// 16 rounds: a first look, in minutes.
    Quick,
    /// 60 rounds: what a decision needs.
    #[default]
    Default,
    /// 300 rounds: what others will quote.
    Publish,
}

impl Profile {
    /// Rounds of every scenario.
    pub fn rounds(self) -> u32 {
        match self {
            Profile::Smoke => 3,
            Profile::Quick => 16,
            Profile::Default => 60,
            Profile::Publish => 300,
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
