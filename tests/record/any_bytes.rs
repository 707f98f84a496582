//! Any bytes at all: no panic, and an error that can be shown.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::sample::{lines, read, text};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(2), failure_persistence: None, ..ProptestConfig::default() }
}

/// Reads; what comes of it, error or results, must be fit to be shown.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    match read(bytes) {
        Ok(results) => {
            prop_assert!(results.resumable <= results.whole && results.whole <= bytes.len() as u64);
            for planned in &results.run.scenarios {
                let of_it = results.blocks.iter().filter(|block| block.scenario == planned.id).cloned();
                let ranking = queuebench::ranking::rank(
                    &planned.id.parse().unwrap(),
                    &of_it.collect::<Vec<_>>(),
                    &queuebench::ranking::Context {
                        families: &results.run.families,
                        margin: 0.05,
                        oversubscribed: false,
                    },
                );
                serde_json::to_string(&ranking).unwrap();
            }
        }
        Err(error) => prop_assert!(!error.to_string().chars().any(char::is_control), "{:?}", error.to_string()),
    }
    Ok(())
}

/// One thing done to a file, at a place given as a share of its length.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(f64, u8),
    Truncate(f64),
    Remove(f64, usize),
    Insert(f64, Vec<u8>),
    /// Copies a piece to another place.
    Splice(f64, usize, f64),
    /// Replaces a number by another.
    Renumber(f64, u64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = || 0.0..1.0f64;
    let number = prop_oneof![Just(0), Just(u64::MAX), Just(1 << 53), any::<u64>()];
    prop_oneof![
        (place(), 1..=255u8).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        place().prop_map(Mutation::Truncate),
        (place(), 1..200usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (place(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (place(), 1..400usize, place()).prop_map(|(from, length, to)| Mutation::Splice(from, length, to)),
        (place(), number).prop_map(|(at, number)| Mutation::Renumber(at, number)),
    ]
}

fn apply(mut bytes: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    let length = bytes.len();
    let place = |share: f64| ((length as f64 * share) as usize).min(length.saturating_sub(1));
    match *mutation {
        _ if bytes.is_empty() => {}
        Mutation::Flip(at, bits) => bytes[place(at)] ^= bits,
        Mutation::Truncate(at) => bytes.truncate(place(at)),
        Mutation::Remove(at, length) => drop(bytes.drain(place(at)..(place(at) + length).min(bytes.len()))),
        Mutation::Insert(at, ref inserted) => drop(bytes.splice(place(at)..place(at), inserted.iter().copied())),
        Mutation::Splice(from, length, to) => {
            let piece = bytes[place(from)..(place(from) + length).min(bytes.len())].to_vec();
            bytes.splice(place(to)..place(to), piece);
        }
        Mutation::Renumber(at, number) => {
            let is_digit = |byte: &u8| byte.is_ascii_digit();
            if let Some(start) = bytes[place(at)..].iter().position(is_digit).map(|offset| place(at) + offset) {
                let end = bytes[start..].iter().position(|byte| !is_digit(byte)).map_or(bytes.len(), |n| start + n);
                bytes.splice(start..end, number.to_string().into_bytes());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        survives(&bytes)?;
    }

    #[test]
    fn arbitrary_bytes_behind_a_right_first_line_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        survives(&[text(&lines()[..1]).as_bytes(), &bytes].concat())?;
    }

    #[test]
    fn arbitrary_text_in_place_of_a_line_does_no_harm(line in "\\PC{0,200}", at in 0..8usize) {
        let mut lines: Vec<String> = lines().iter().map(ToString::to_string).collect();
        lines.insert(at.min(lines.len()), line);
        survives((lines.join("\n") + "\n").as_bytes())?;
    }

    #[test]
    fn a_file_bent_in_one_place_or_in_five_does_no_harm(mutations in prop::collection::vec(mutation(), 1..6)) {
        let bytes = mutations.iter().fold(text(&lines()).into_bytes(), apply);
        survives(&bytes)?;
    }
}
