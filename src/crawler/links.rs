//! The links of a page.

use std::collections::HashSet;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use url::{Position, Url};

/// What a page links to.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Paths on its own site, each once.
    pub own: Vec<String>,
    /// Addresses elsewhere, or of what cannot be fetched.
    pub elsewhere: u64,
    /// Whether there are more than were to be read.
    pub cut: bool,
}

/// The path of an address on the site of `start`, with its query; `None` when it is elsewhere. Names and passwords in
/// it end here.
pub(super) fn own_path(address: &Url, start: &Url) -> Option<String> {
    let own = address.origin() == start.origin() && address.has_host();
    own.then(|| address[Position::BeforePath..Position::AfterQuery].to_owned())
}

/// Reads the page at `address`, as far as `most` links.
pub(super) fn links(html: &[u8], address: &Url, most: usize) -> Links {
    let mut reader =
        Reader { address: address.clone(), base: None, known: HashSet::new(), found: Links::default(), most };
    let (mut tag, mut attribute) = (Tag::Other, Attribute::Other);
    let (mut target, mut is_hint) = (Vec::new(), false);
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                tag = Tag::of(name);
                target.clear();
                is_hint = false;
            }
            CallbackEvent::AttributeName { name } => attribute = Attribute::of(name),
            CallbackEvent::AttributeValue { value } => match attribute {
                // Of an attribute that is there twice the first counts.
                Attribute::Href | Attribute::Src if !target.is_empty() => {}
                Attribute::Href if matches!(tag, Tag::Href | Tag::Base) => target.extend_from_slice(value),
                Attribute::Src if tag == Tag::Src => target.extend_from_slice(value),
                Attribute::Rel => is_hint = value.split(u8::is_ascii_whitespace).any(is_connection_hint),
                _ => {}
            },
            CallbackEvent::CloseStartTag { .. } if !target.is_empty() && !is_hint => {
                reader.read(tag, &String::from_utf8_lossy(&target));
                target.clear();
            }
            _ => {}
        }
        None
    });
    // Or what scripts and comments quote would count.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    reader.found
}

/// Whether a link's relation only says that a host will be talked to.
fn is_connection_hint(word: &[u8]) -> bool {
    [&b"preconnect"[..], b"dns-prefetch"].iter().any(|hint| word.eq_ignore_ascii_case(hint))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Base,
    Href,
    Src,
    Other,
}

impl Tag {
    fn of(name: &[u8]) -> Tag {
        match name {
            b"base" => Tag::Base,
            b"a" | b"area" | b"link" => Tag::Href,
            b"img" | b"script" | b"iframe" | b"frame" | b"source" | b"embed" | b"audio" | b"video" => Tag::Src,
            _ => Tag::Other,
        }
    }
}

#[derive(Clone, Copy)]
enum Attribute {
    Href,
    Src,
    Rel,
    Other,
}

impl Attribute {
    fn of(name: &[u8]) -> Attribute {
        match name {
            b"href" => Attribute::Href,
            b"src" => Attribute::Src,
            b"rel" => Attribute::Rel,
            _ => Attribute::Other,
        }
    }
}

struct Reader {
    address: Url,
    /// What relative addresses are relative to, once the page has said so.
    base: Option<Url>,
    known: HashSet<String>,
    found: Links,
    most: usize,
}

impl Reader {
    fn read(&mut self, tag: Tag, target: &str) {
        if self.found.cut {
            return;
        }
        let joined = self.base.as_ref().unwrap_or(&self.address).join(target);
        match joined {
            Ok(joined) if tag == Tag::Base => {
                self.base.get_or_insert(joined);
            }
            Ok(joined) => match own_path(&joined, &self.address) {
                Some(path) if self.known.contains(&path) => {}
                Some(_) if self.found.own.len() == self.most => self.found.cut = true,
                Some(path) => {
                    self.known.insert(path.clone());
                    self.found.own.push(path);
                }
                None => self.found.elsewhere += 1,
            },
            Err(_) => self.found.elsewhere += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> (Vec<String>, u64) {
        let links = links(html.as_bytes(), &Url::parse("http://host.test/a/b?c").unwrap(), 5);
        (links.own, links.elsewhere)
    }

    #[test]
    fn links_are_what_a_browser_would_follow() {
        let cases = [
            ("<a href=x>", vec!["/a/x"], 0),
            ("<A HREF='../y?q=1&amp;r=2#f'>", vec!["/y?q=1&r=2"], 0),
            ("<!-- <a href=1> --><script>'<a href=2>'</script><title><a href=3></title>", vec![], 0),
            ("<a href=//host.test/z><a href=http://HOST.test:80/z><a href=' /z\n'>", vec!["/z"], 0),
            ("<a href=https://host.test/z><a href=http://host.test:81/z><a href=//other.test/z>", vec![], 3),
            ("<a href=http://host.test@other.test/><a href=http://n:p@host.test/z>", vec!["/z"], 1),
            ("<a href=mailto:x@host.test><a href=javascript:x><a href=file:///z><a href='http://['>", vec![], 4),
            ("<base href=/b/><base href=/c/><a href=x>", vec!["/b/x"], 0),
            ("<base href=http://other.test><a href=x>", vec![], 1),
            (
                "<img src=i.png alt=x><img href=no><a src=no><link rel='x Preconnect' href=/n><link href=/s>",
                vec!["/a/i.png", "/s"],
                0,
            ),
            (
                "<a href=1><a href=2><a href=3><a href=4><a href=5><a href=6>",
                vec!["/a/1", "/a/2", "/a/3", "/a/4", "/a/5"],
                0,
            ),
            ("<a href=\\\\other.test\\x><a href='\tht\ntp://other.test'><a href=", vec![], 2),
            ("<a href=first href=second>", vec!["/a/first"], 0),
            ("<a href=''><a href><a name=x><a", vec![], 0),
        ];
        for (html, own, elsewhere) in cases {
            assert_eq!(found(html), (own.iter().map(|path| (*path).to_owned()).collect(), elsewhere), "{html}");
        }
    }
}
