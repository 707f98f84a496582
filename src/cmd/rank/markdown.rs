//! The tables as markdown, for pages and issues.

use super::table::{WIDE_HEADS, cells};
use crate::summary::Section;
use crate::table::markdown_text;

/// A table for each scenario.
pub fn markdown(sections: &[Section], wide: bool) -> String {
    let mut text = String::new();
    for section in sections {
        let head = section.value_head();
        let wide_heads = if wide { WIDE_HEADS.map(|head| format!("{head} | ")).concat() } else { String::new() };
        let sentence =
            section.headline.as_deref().map_or_else(String::new, |text| format!("\n{}\n", markdown_text(text)));
        let heads = format!("| rank | queue | {head} | times slower | verdict | ran | cpu/message | {wide_heads}|");
        let rules = if wide { "---:|".repeat(WIDE_HEADS.len()) } else { String::new() };
        text.push_str(&format!(
            "\n{}\n{sentence}\n{heads}\n|---|---|---:|---:|---|---|---:|{rules}---|\n",
            section.title()
        ));
        for row in &section.ranking.rows {
            let mut cells = cells(section, row, wide);
            if let Some(remarks) = cells.last_mut() {
                *remarks = markdown_text(remarks);
            }
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        for note in section.notes(false) {
            text.push_str(&format!("\n{}\n", markdown_text(&note)));
        }
    }
    text.trim().to_owned()
}
