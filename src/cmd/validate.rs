//! `validate`: is this a results file?

use std::path::PathBuf;

use clap::Args;

use super::{code, out};
use crate::record;
use crate::table::count;

/// Check results files: are they whole, of a schema this program reads, and free of what no run writes?
#[derive(Args)]
#[command(after_help = "Example:
  queuebench validate results/*/*.jsonl")]
pub struct Validate {
    /// Results files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Validate {
    pub fn run(&self) -> anyhow::Result<u8> {
        let mut worst = 0;
        for file in &self.files {
            match record::read(file) {
                Ok(results) => {
                    let ended = match &results.end {
                        None => format!("; not ended: queuebench run --resume {}", file.display()),
                        Some(end) if end.interrupted => {
                            format!("; interrupted: queuebench run --resume {}", file.display())
                        }
                        Some(_) => String::new(),
                    };
                    let blocks = count(results.blocks.len(), "block");
                    let scenarios = count(results.run.scenarios.len(), "scenario");
                    out(&format!("{}: ok, {blocks}, {scenarios}{ended}", file.display()))?;
                }
                Err(error) => {
                    anstream::eprintln!("error: {error}");
                    worst = code::ERROR;
                }
            }
        }
        Ok(worst)
    }
}
