//! `cargo bench`'s second target: the suite quick, with whatever words cargo and criterion's users pass.

use std::path::Path;
use std::process::ExitCode;

use super::main_with;
use crate::registry::Registry;

/// Criterion's flags that take a value of their own.
const WITH_VALUE: [&str; 19] = [
    "-b",
    "-c",
    "-s",
    "--format",
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

/// Those with which criterion measures nothing, or nothing that it keeps.
const WITHOUT_MEASURING: [&str; 2] = ["--load-baseline", "--profile-time"];

/// Ours, each with a value, that `run` takes as they are.
const OWN: [&str; 6] = ["--rounds", "--profile", "--seed", "--suite", "--waits", "--deadline"];

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
            // `--flag=value` is one word and needs no look at the next.
            if let Some((flag, _)) = word.split_once('=').filter(|(flag, _)| flag.starts_with('-')) {
                asked.nothing |= WITHOUT_MEASURING.contains(&flag);
                asked.own.extend(OWN.contains(&flag).then_some(word));
                continue;
            }
            match word.as_str() {
                "--bench" => asked.bench = true,
                "--test" => asked.bench = false,
                "--list" => asked.nothing = true,
                flag if WITHOUT_MEASURING.contains(&flag) => {
                    asked.nothing = true;
                    words.next();
                }
                flag if OWN.contains(&flag) => {
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

    /// What `run` is to be told, with a file to write to when it is a test.
    fn words(self, scratch: &Path) -> Vec<String> {
        let mut words = vec!["run".to_owned()];
        if !self.own.iter().any(|word| word.starts_with("--profile")) {
            words.extend(["--profile".into(), if self.bench { "quick" } else { "smoke" }.into()]);
        }
        if !self.bench {
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
    let scratch = std::env::temp_dir().join(format!("queuebench-{}.jsonl", std::process::id()));
    let code = main_with(registry, asked.words(&scratch));
    std::fs::remove_file(scratch).ok();
    code
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

    fn words(words: &[&str]) -> String {
        asked(words).words(Path::new("scratch")).join(" ")
    }

    #[test]
    fn nor_are_their_values_whichever_way_they_are_written() {
        for flags in ["-b main", "-s main", "-c always", "--format terse", "--color=always", "--save-baseline=main"] {
            let flags: Vec<&str> = flags.split(' ').chain(["flume", "--bench"]).collect();
            assert_eq!(asked(&flags).filter.as_deref(), Some("flume"), "{flags:?}");
        }
    }

    #[test]
    fn our_own_flags_are_handed_on_whichever_way_they_are_written() {
        assert_eq!(words(&["--rounds=4", "--bench"]), "run --profile quick --rounds=4");
        assert_eq!(words(&["--rounds", "4", "--bench"]), "run --profile quick --rounds 4");
        assert_eq!(words(&["--profile=default", "--bench"]), "run --profile=default");
    }

    #[test]
    fn without_bench_it_is_a_test() {
        assert_eq!(words(&[]), "run --profile smoke --rounds 1 -o scratch");
        assert_eq!(words(&["--bench", "flume"]), "run --profile quick --cell flume");
        assert!(asked(&["--load-baseline", "main", "--bench"]).nothing);
        assert!(asked(&["--load-baseline=main", "--bench"]).nothing);
    }
}
