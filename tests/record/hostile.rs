//! Texts that try to steer the terminal they are shown on.

use serde_json::json;

use crate::sample::{END, FIRST_BLOCK, RUN, SKIP, bent};

/// Control characters, every character that changes the direction of text, and those that cannot be seen.
pub const HOSTILE: &str = "\u{1b}[31mred\u{7}\r\n\t\u{0}\u{7f}\u{9b}\
    \u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\
    \u{200b}\u{feff}\u{2028}\u{2029}\u{2060}\u{ad}\u{180e}\u{fff9}\u{e0041}";

pub fn assert_harmless(shown: &impl serde::Serialize) {
    let text = serde_json::to_string(shown).unwrap();
    let hostile = |c: &char| c.is_control() || HOSTILE.contains(*c) && !c.is_ascii_graphic();
    // JSON writes the ASCII ones as escapes.
    let escaped = text.contains("\\u") || text.contains("\\r") || text.contains("\\n") || text.contains("\\t");
    assert!(!escaped && !text.chars().any(|c| hostile(&c)), "{text:?}");
}

/// Makes every text below `value` hostile; keys too, where they are data.
fn poison(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => text.insert_str(0, HOSTILE),
        serde_json::Value::Array(values) => values.iter_mut().for_each(poison),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(poison),
        _ => {}
    }
}

#[test]
fn a_blocks_detail_and_flags_are_stripped() {
    let results = bent(|lines| {
        lines[FIRST_BLOCK]["detail"] = json!(format!("{HOSTILE}came out twice"));
        lines[FIRST_BLOCK]["flags"] = json!([HOSTILE, "unsettled"]);
    });
    let blocks = results.unwrap().blocks;
    assert!(blocks[0].report.detail.as_ref().unwrap().ends_with("came out twice"));
    assert_harmless(&blocks);
}

#[test]
fn a_skips_texts_are_stripped() {
    let results = bent(|lines| {
        for field in ["scenario", "queue", "reason"] {
            lines[SKIP][field] = json!(format!("{HOSTILE}x"));
        }
    });
    assert_harmless(&results.unwrap().skips);
}

#[test]
fn every_text_of_the_first_line_is_stripped() {
    let results = bent(|lines| {
        let run = lines[RUN].as_object_mut().unwrap();
        for (field, value) in run.iter_mut() {
            // These are no texts but a kind and ids, and refused if they are bent.
            if !["type", "scenarios", "versions"].contains(&field.as_str()) {
                poison(value);
            }
        }
        run["machine"]["id"] = json!(format!("{HOSTILE}synthetic-2c2t-0000").replace("[31mred", ""));
        run["machine"]["cpu_model"] = json!(HOSTILE);
        run["topology"]["notes"] = json!([HOSTILE]);
        run.insert("workers".into(), json!({ format!("{HOSTILE}base"): HOSTILE }));
        poison(&mut run["versions"]);
    });
    let run = results.unwrap().run;
    assert!(run.machine.id.contains("synthetic"));
    assert_harmless(&run);
}

#[test]
fn the_end_lines_text_is_stripped() {
    let results = bent(|lines| lines[END]["ended"] = json!(format!("{HOSTILE}2026")));
    assert_harmless(&results.unwrap().end);
}

#[test]
fn texts_are_cut_to_what_anybody_reads() {
    let results = bent(|lines| {
        lines[FIRST_BLOCK]["detail"] = json!("x".repeat(500_000));
        lines[SKIP]["reason"] = json!("y".repeat(500_000));
    });
    let results = results.unwrap();
    assert!(results.blocks[0].report.detail.as_ref().unwrap().len() < 10_000);
    assert!(results.skips[0].reason.len() < 10_000);
}
