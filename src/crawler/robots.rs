//! What a site asks crawlers not to fetch: its robots.txt, by RFC 9309.
//!
//! Read once into rules: the crate there is for it reads the whole file anew for every address.

use std::time::Duration;

use url::{Position, Url};

use super::client::{Client, Text};

/// Bytes of a robots.txt that are read; the RFC asks for no less.
const MOST_BYTES: u64 = 500 << 10;
/// Redirects of a robots.txt that are followed, likewise.
const MOST_HOPS: usize = 5;
/// The longest time between requests that a site is granted: one that wants nobody says so.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);
/// What groups call us.
const PRODUCT: &str = "queuebench";

/// The rules that hold for this program.
#[derive(Clone, Debug, Default)]
pub struct Robots {
    /// Patterns, and whether what matches may be fetched.
    rules: Vec<(String, bool)>,
    /// The time that is to pass between requests, if the site asks for one.
    pub crawl_delay: Option<Duration>,
}

impl Robots {
    /// Asks the site of `start`. One that has no robots.txt forbids nothing, one that fails to say forbids everything.
    ///
    /// # Errors
    ///
    /// Why the site cannot be reached.
    pub fn ask(client: &mut Client, start: &Url) -> Result<Robots, String> {
        let mut address = start.join("/robots.txt").map_err(|why| why.to_string())?;
        for _ in 0..=MOST_HOPS {
            match client.text(address.as_str(), MOST_BYTES)? {
                Text::Is(text) => return Ok(Robots::parse(&text)),
                Text::Status(500..) | Text::Unreadable => {
                    return Ok(Robots { rules: vec![("/".to_owned(), false)], crawl_delay: None });
                }
                Text::Status(_) => break,
                Text::Elsewhere(to) => match address.join(&to) {
                    Ok(to) if to.origin() == start.origin() => address = to,
                    _ => break,
                },
            }
        }
        Ok(Robots::default())
    }

    /// Reads a robots.txt: the groups that name this program, else those for all.
    pub fn parse(text: &str) -> Robots {
        let (mut named, mut general) = (None, Robots::default());
        let (mut in_named, mut in_general, mut in_rules) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                if in_rules {
                    (in_named, in_general, in_rules) = (false, false, false);
                }
                in_named |= value.to_ascii_lowercase().split('/').next() == Some(PRODUCT);
                in_general |= value == "*";
                if in_named {
                    named.get_or_insert_with(Robots::default);
                }
                continue;
            }
            in_rules |= ["allow", "disallow", "crawl-delay"].contains(&key.as_str());
            if in_named {
                named.get_or_insert_with(Robots::default).rule(&key, value);
            }
            if in_general {
                general.rule(&key, value);
            }
        }
        named.unwrap_or(general)
    }

    fn rule(&mut self, key: &str, value: &str) {
        match key {
            "allow" | "disallow" if !value.is_empty() => self.rules.push((normal(value), key == "allow")),
            "crawl-delay" => {
                let seconds = value.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
                self.crawl_delay =
                    seconds.map(|seconds| Duration::from_secs_f64(seconds.min(LONGEST_DELAY.as_secs_f64())));
            }
            _ => {}
        }
    }

    /// Whether this path may be fetched: the longest pattern that matches decides, and of equals the one that allows.
    pub fn allows(&self, path: &str) -> bool {
        let matching = self.rules.iter().filter(|(pattern, _)| matches(pattern, path));
        matching.max_by_key(|(pattern, allows)| (pattern.len(), *allows)).is_none_or(|(_, allows)| *allows)
    }
}

/// The pattern with what needs it percent-encoded, as paths are.
fn normal(pattern: &str) -> String {
    let joined = Url::parse("http://host/").and_then(|base| base.join(pattern));
    match joined {
        Ok(url) if pattern.starts_with('/') && !pattern.contains("/.") && !pattern.starts_with("//") => {
            url[Position::BeforePath..Position::AfterQuery].to_owned()
        }
        _ => pattern.to_owned(),
    }
}

/// Whether `pattern`, in which `*` is anything and a last `$` the end, is how `path` begins. The leftmost place for each
/// part is as good as any, so nothing is tried twice.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
    }
    match last {
        None => !to_end || rest.is_empty(),
        Some(part) if to_end => rest.ends_with(part),
        Some(part) => rest.contains(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_matching_pattern_decides() {
        let robots = Robots::parse(
            "\u{feff}User-Agent: *\nDisallow: /private\nAllow: /private/open # a comment\nDisallow: /*.gif$\n\
             Disallow:\nDisallow: /same\nAllow: /same\ndisallow: /a*b*c$\nDisallow: /caf\u{e9}\nCrawl-delay: 0.5",
        );
        for path in ["/", "/private/open/x", "/x.gif?", "/same", "/abcd", "/axbxcx", "/PRIVATE"] {
            assert!(robots.allows(path), "{path}");
        }
        for path in ["/private", "/private/x", "/privateer", "/x.gif", "/abc", "/axbbxcc", "/caf%C3%A9"] {
            assert!(!robots.allows(path), "{path}");
        }
        assert_eq!(robots.crawl_delay, Some(Duration::from_millis(500)));
        let delays = ["1e19", "inf", "0", "-1", "NaN", "soon"];
        let delays = delays.map(|delay| Robots::parse(&format!("User-agent: *\nCrawl-delay: {delay}")).crawl_delay);
        assert_eq!(delays, [Some(LONGEST_DELAY), Some(LONGEST_DELAY), None, None, None, None]);
    }

    #[test]
    fn a_group_of_our_own_is_the_only_one() {
        let text = "User-agent: other\nDisallow: /\n\nUser-agent: QueueBench/2\nUser-agent: third\nDisallow: /mine\n\
                    User-agent: *\nDisallow: /all";
        let robots = Robots::parse(text);
        assert!(robots.allows("/all") && robots.allows("/") && !robots.allows("/mine"));
        assert!(Robots::parse("nonsense\n:\nDisallow: /early\nUser-agent: *").allows("/early"));
    }
}
