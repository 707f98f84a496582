//! `cargo bench`'s second target: the suite quick, with whatever words cargo and criterion's users pass.

use std::process::ExitCode;

use super::main_with;
use crate::registry::Registry;

/// Criterion's flags that take a value of their own.
const WITH_VALUE: [&str; 15] = [
    "--color",
    "--colour",
    "--save-baseline",
    "--baseline",
    "--baseline-lenient",
    "--load-baseline",
    "--sample-size",
    "--warm-up-time",
    "--measurement-time",
    "--nresamples",
    "--noise-threshold",
    "--confidence-level",
    "--significance-level",
    "--plotting-backend",
    "--output-format",
];

/// What a `cargo bench` or `cargo test --benches` asks of the barometer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    filter: Option<String>,
    /// Cargo passes `--bench` when it benches and nothing when it tests.
    bench: bool,
    /// Criterion is only to list, to profile or to look at a saved baseline.
    nothing: bool,
    own: Vec<String>,
}

impl Asked {
    fn parse(words: impl IntoIterator<Item = String>) -> Asked {
        let mut asked = Asked::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => asked.bench = true,
                "--test" => asked.bench = false,
                "--list" => asked.nothing = true,
                "--load-baseline" | "--profile-time" => {
                    asked.nothing = true;
                    words.next();
                }
                "--rounds" | "--profile" | "--seed" | "--suite" | "--waits" => {
                    asked.own.push(word);
                    asked.own.extend(words.next());
                }
                flag if WITH_VALUE.contains(&flag) => {
                    words.next();
                }
                flag if flag.starts_with('-') => {}
                _ => asked.filter = Some(word),
            }
        }
        asked
    }

    fn words(self) -> Vec<String> {
        let mut words = vec!["run".to_owned()];
        if !self.own.iter().any(|word| word == "--profile") {
            words.extend(["--profile".into(), if self.bench { "quick" } else { "smoke" }.into()]);
        }
        if !self.bench {
            let scratch = std::env::temp_dir().join(format!("queuebench-{}.jsonl", std::process::id()));
            words.extend(["--rounds".into(), "1".into(), "-o".into(), scratch.display().to_string()]);
        }
        words.extend(self.filter.into_iter().flat_map(|filter| ["--cell".into(), filter]));
        words.extend(self.own);
        words
    }
}

/// Runs the suite quick as `cargo bench` wants it: profile quick when benching, one round when testing.
pub fn barometer(registry: &Registry) -> ExitCode {
    let asked = Asked::parse(std::env::args().skip(1));
    if asked.nothing {
        return ExitCode::SUCCESS;
    }
    main_with(registry, asked.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Asked {
        Asked::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn criterions_flags_are_not_taken_for_a_filter() {
        let asked = asked(&["--save-baseline", "main", "--noplot", "--sample-size", "20", "flume", "--bench"]);
        assert_eq!(asked.filter.as_deref(), Some("flume"));
        assert!(asked.bench && !asked.nothing);
    }

    #[test]
    fn without_bench_it_is_a_test() {
        assert!(asked(&[]).words().contains(&"smoke".to_owned()));
        assert!(asked(&["--bench"]).words().contains(&"quick".to_owned()));
        assert!(asked(&["--load-baseline", "main", "--bench"]).nothing);
    }
}
