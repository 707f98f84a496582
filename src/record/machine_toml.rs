//! What people say of a machine whose results they contribute: the file `machine.toml` in `results/<machine>/`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::{Spanned, Value};

use super::read::{ReadError, open, printable};

/// What the file is called.
pub const NAME: &str = "machine.toml";
/// What is to be written into it.
pub const EXAMPLE: &str = r#"name = "What people call it" and notes = "what a reader should know of it""#;

/// Bytes of the largest file that is read.
const LARGEST_FILE: u64 = 16 << 10;
/// Characters of the longest name: it is the head of a column.
const LONGEST_NAME: usize = 120;
/// Characters of the longest notes: a few sentences.
const LONGEST_NOTES: usize = 500;

/// What people say of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineToml {
    /// What they call it.
    pub name: String,
    /// What a reader of its figures should know.
    pub notes: String,
    /// Who contributed them, if that is to be known.
    pub contributor: Option<String>,
}

/// Whether the file is one by its name.
pub fn is_machine_toml(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == NAME)
}

/// The folder that a file is in, by its true path: what is typed may be relative.
pub fn folder_of(file: &Path) -> Option<PathBuf> {
    Some(file.canonicalize().ok()?.parent()?.to_owned())
}

/// What is said of the machine that a results file is of. A folder speaks of a machine if it is named after it: a file of
/// another one is not to go by its name.
///
/// # Errors
///
/// When there is a machine.toml and it cannot be read.
pub fn beside(results: &Path, machine: &str) -> Result<Option<MachineToml>, ReadError> {
    let is_named = |folder: &PathBuf| folder.file_name().is_some_and(|name| name == machine);
    let file = folder_of(results).filter(is_named).map(|folder| folder.join(NAME));
    file.filter(|file| file.is_file()).map(|file| read(&file)).transpose()
}

/// Reads the machine.toml at `path`, which may come from a stranger.
///
/// # Errors
///
/// When it is no TOML, lacks a field, or says too much.
pub fn read(path: &Path) -> Result<MachineToml, ReadError> {
    let mut text = String::new();
    let input = open(path, LARGEST_FILE, &format!("write it: {EXAMPLE}"))?;
    let error = |line, why| ReadError::new(path, line, why);
    // The size of what is no plain file is not known beforehand.
    let length = input.take(LARGEST_FILE + 1).read_to_string(&mut text);
    if length.map_err(|why| error(None, format!("cannot be read: {why}")))? as u64 > LARGEST_FILE {
        return Err(error(None, format!("longer than {LARGEST_FILE} bytes; no {NAME} is")));
    }
    let line_at = |at: usize| Some(1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count());
    let fields: BTreeMap<String, Spanned<Value>> = toml::from_str(&text)
        .map_err(|why| error(why.span().and_then(|span| line_at(span.start)), why.message().to_owned()))?;
    let field = |name: &str, longest: usize| match fields.get(name) {
        None => Ok(None),
        Some(value) => checked(value.get_ref(), longest)
            .map(Some)
            .map_err(|why| error(line_at(value.span().start), format!("{name}: {why}"))),
    };
    let needed = |name: &str, text: Option<String>| {
        text.ok_or_else(|| error(None, format!("{name}: is missing; write {EXAMPLE}")))
    };
    Ok(MachineToml {
        name: needed("name", field("name", LONGEST_NAME)?)?,
        notes: needed("notes", field("notes", LONGEST_NOTES)?)?,
        contributor: field("contributor", LONGEST_NAME)?,
    })
}

/// The value as a line of text that may be shown.
fn checked(value: &Value, longest: usize) -> Result<String, String> {
    let text = value.as_str().ok_or_else(|| format!("is a text, in quotes, not: {}", value.type_str()))?;
    let words: Vec<String> = text.split_whitespace().map(printable).filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    match text.chars().count() {
        0 => Err("says nothing".into()),
        length if length > longest => Err(format!("{length} characters; it has {longest} at most")),
        _ => Ok(text),
    }
}
