//! What `-q`, `-s` and the filter on `scenario/queue` mean, on every verb.

use anyhow::Context;
use regex::Regex;

/// Matches ids by regular expression, or by the text itself: ids contain `+`, which an expression would take for
/// a repetition.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    expression: Regex,
}

impl Filter {
    /// # Errors
    ///
    /// When `text` is no regular expression.
    pub fn new(text: &str) -> anyhow::Result<Filter> {
        let expression = Regex::new(text).with_context(|| {
            format!("'{text}' is no regular expression; to look for the text itself, type '{}'", regex::escape(text))
        })?;
        Ok(Filter { text: text.to_owned(), expression })
    }

    /// Whether `id` is meant.
    pub fn matches(&self, id: &str) -> bool {
        id.contains(&self.text) || self.expression.is_match(id)
    }

    /// Whether a scenario is meant, by its id, its name, or one of its tags as it stands.
    pub fn matches_scenario(&self, id: &str, name: Option<&str>, tags: &[String]) -> bool {
        self.matches(id) || name.is_some_and(|name| self.matches(name)) || tags.contains(&self.text)
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_typed_as_it_stands_matches_although_plus_means_something_else() {
        let filter = Filter::new("crossbeam-queue/array+spin").unwrap();
        assert!(filter.matches("crossbeam-queue/array+spin"));
        assert!(!filter.matches("crossbeam-queue/array+yield"));
    }

    #[test]
    fn an_expression_is_an_expression() {
        let filter = Filter::new("^(flume|kanal)/").unwrap();
        assert!(filter.matches("kanal/mpmc") && !filter.matches("async-channel/mpmc"));
        assert!(Filter::new("(").is_err());
    }
}
