//! The kernel's two spellings of a set of cpus: lists (`0-3,8`) and masks (`00000000,00008080`).

use std::collections::BTreeSet;

/// A set of cpu numbers.
pub(super) type CpuSet = BTreeSet<usize>;

/// Larger numbers are garbage: no kernel can be built for more than 8192 cpus.
const CPU_LIMIT: usize = 1 << 16;

/// Reads `0-3,8`; `None` if the text is no such list, or an empty one.
pub(super) fn parse_list(text: &str) -> Option<CpuSet> {
    let mut cpus = CpuSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if first > last || last >= CPU_LIMIT {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

/// Reads `0000,00000080,00000000`: hexadecimal words of 32 cpus, the highest first.
pub(super) fn parse_mask(text: &str) -> Option<CpuSet> {
    let digits: Vec<u32> = text.chars().rev().filter(|&c| c != ',').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    if digits.is_empty() || digits.len() * 4 > CPU_LIMIT {
        return None;
    }
    let cpus = digits
        .iter()
        .enumerate()
        .flat_map(|(place, digit)| (0..4).filter(move |bit| digit >> bit & 1 == 1).map(move |bit| place * 4 + bit));
    Some(cpus.collect())
}

/// Writes cpu numbers as the kernel does: `0-3,8`. Order and repetition do not matter.
pub fn ranges(cpus: impl IntoIterator<Item = usize>) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for cpu in cpus.into_iter().collect::<CpuSet>() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == cpu => *last = cpu,
            _ => runs.push((cpu, cpu)),
        }
    }
    let written = runs.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set<const N: usize>(cpus: [usize; N]) -> Option<CpuSet> {
        Some(CpuSet::from(cpus))
    }

    #[test]
    fn lists() {
        assert_eq!(parse_list("0-3,8"), set([0, 1, 2, 3, 8]));
        assert_eq!(parse_list("7"), set([7]));
        for garbage in ["", "3-1", "a", "1,,2", "-1", "1-", "0-99999999999", "0-4294967295", "1 2", "0x3"] {
            assert_eq!(parse_list(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn masks() {
        assert_eq!(parse_mask("3"), set([0, 1]));
        assert_eq!(parse_mask("00000000,00008080"), set([7, 15]));
        assert_eq!(parse_mask("0000,00000080,00000000"), set([39]));
        assert_eq!(parse_mask("80000000,00000000,00000000,00000000"), set([127]));
        assert_eq!(parse_mask("0"), set([]));
        for garbage in ["", "xyz", "1 2", "-1", &"f".repeat(20_000)] {
            assert_eq!(parse_mask(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn ranges_are_compact() {
        assert_eq!(ranges([8, 0, 1, 3, 2, 3]), "0-3,8");
        assert_eq!(ranges([4, 6]), "4,6");
        assert_eq!(ranges([]), "");
    }
}
