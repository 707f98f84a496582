//! A made-up site: its pages, and everything linked from them, follow from a seed one by one, so that a million of
//! them take no memory, and what a correct crawl finds is known beforehand.
//!
//! Page `n` links to pages `6n + 1` to `6n + 6`, so that all are reachable and the first pages already keep many workers
//! busy; to pages drawn at random, which makes cycles; and to at most one thing of its own: a dead link, a redirect
//! (to a page, over two hops, to a dead link, in a circle, to another host) or what is no page. Links are spelled in
//! several ways, some point to other hosts or to what cannot be fetched, and markup that is no link looks like one.

mod page;
mod served;
mod server;

use std::time::Duration;

pub use served::{Counts, Served};
pub use server::{listen, serve};

/// The first argument of this program with which it serves a site; then pages, seed, delay in microseconds.
pub const SITE_WORD: &str = "site";

/// Pages that a page is the first to link to.
const CHILDREN: u64 = 6;

/// A site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Pages, the start page included; there are more addresses.
    pub pages: u64,
    /// What all else follows from.
    pub seed: u64,
    /// How long an answer takes on average; each takes from a half to one and a half of it.
    pub delay: Duration,
}

/// What is found at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page with links.
    Page,
    /// Nothing.
    Gone,
    /// A redirect.
    First,
    /// The second of two redirects in a row.
    Second,
    /// One half of a circle of redirects.
    Circle,
    /// The other half.
    CircleBack,
    /// A redirect to another host.
    Away,
    /// Text in which nothing is a link.
    Text,
}

impl Kind {
    const ALL: [Kind; 8] =
        [Kind::Page, Kind::Gone, Kind::First, Kind::Second, Kind::Circle, Kind::CircleBack, Kind::Away, Kind::Text];
}

/// An address of a site: what is found there, and the number of the page that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) kind: Kind,
    pub(super) page: u64,
}

impl Address {
    /// Its path, with the query if it has one.
    pub fn path(self) -> String {
        let n = self.page;
        match self.kind {
            Kind::Page if n == 0 => "/".to_owned(),
            Kind::Page if n % 7 == 5 => format!("/p/{n}?x=1&y=2"),
            Kind::Page => format!("/p/{n}"),
            Kind::Gone => format!("/gone/{n}"),
            Kind::First => format!("/r/{n}"),
            Kind::Second => format!("/q/{n}"),
            Kind::Circle => format!("/circle/{n}"),
            Kind::CircleBack => format!("/circle/{n}?back"),
            Kind::Away => format!("/away/{n}"),
            Kind::Text => format!("/text/{n}.txt"),
        }
    }
}

/// What a page links to that is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    Nothing,
    Gone,
    Redirect,
    TwoRedirects,
    RedirectToGone,
    Circle,
    Away,
    Text,
}

impl Own {
    /// Its addresses; the page links to the first.
    fn kinds(self) -> &'static [Kind] {
        match self {
            Own::Nothing => &[],
            Own::Gone => &[Kind::Gone],
            Own::Redirect => &[Kind::First],
            Own::TwoRedirects => &[Kind::First, Kind::Second],
            Own::RedirectToGone => &[Kind::First, Kind::Gone],
            Own::Circle => &[Kind::Circle, Kind::CircleBack],
            Own::Away => &[Kind::Away],
            Own::Text => &[Kind::Text],
        }
    }

    fn is_dead(self) -> bool {
        matches!(self, Own::Gone | Own::RedirectToGone | Own::Circle)
    }
}

/// What a correct crawl comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Addresses it asks for, each once.
    pub fetched: u64,
    /// The sum of the [`fnv1a`] of their paths, modulo 2^64: the same in whatever order they are found.
    pub sum: u64,
    /// Links on pages that lead to nothing.
    pub dead: u64,
}

impl Site {
    /// The site that the words after [`SITE_WORD`] describe.
    ///
    /// # Errors
    ///
    /// When they are not those of [`Served`].
    pub fn from_words(words: &[&str]) -> anyhow::Result<Site> {
        let numbers: Result<Vec<u64>, _> = words.iter().map(|word| word.parse()).collect();
        match numbers.as_deref() {
            Ok(&[pages, seed, delay_us]) if pages > 0 => {
                Ok(Site { pages, seed, delay: Duration::from_micros(delay_us) })
            }
            _ => anyhow::bail!("type: queuebench {SITE_WORD} PAGES SEED DELAY_US"),
        }
    }

    /// All addresses that a correct crawl asks for.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        let site = *self;
        (0..self.pages).flat_map(move |page| {
            let kinds = std::iter::once(&Kind::Page).chain(site.own(page).kinds());
            kinds.map(move |&kind| Address { kind, page })
        })
    }

    /// The links that lead to nothing, each with the page it stands on.
    pub fn dead(&self) -> impl Iterator<Item = (Address, Address)> {
        let site = *self;
        (0..self.pages).filter(move |page| site.own(*page).is_dead()).map(move |page| {
            let dead = Address { kind: site.own(page).kinds()[0], page };
            (dead, Address { kind: Kind::Page, page })
        })
    }

    /// What a correct crawl comes to.
    pub fn truth(&self) -> Truth {
        let (fetched, sum) = self
            .addresses()
            .fold((0, 0u64), |(count, sum), address| (count + 1, sum.wrapping_add(fnv1a(address.path().as_bytes()))));
        Truth { fetched, sum, dead: self.dead().count() as u64 }
    }

    /// The address with this path, if there is one.
    pub(super) fn find(&self, path: &str) -> Option<Address> {
        let digits = path.trim_start_matches(|c: char| !c.is_ascii_digit());
        let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let page = if path == "/" { 0 } else { digits.parse().ok()? };
        let belongs = |kind: &Kind| *kind == Kind::Page || self.own(page).kinds().contains(kind);
        let mut addresses = Kind::ALL.into_iter().filter(belongs).map(|kind| Address { kind, page });
        addresses.find(|address| page < self.pages && address.path() == path)
    }

    /// What page `page` links to that is its own.
    pub(super) fn own(&self, page: u64) -> Own {
        match self.draw(page, 0) % 32 {
            0..=2 => Own::Gone,
            3..=4 => Own::Redirect,
            5 => Own::TwoRedirects,
            6 => Own::RedirectToGone,
            7 => Own::Circle,
            8 => Own::Away,
            9 => Own::Text,
            _ => Own::Nothing,
        }
    }

    /// Draw number `draw` of page `page`: the output function of SplitMix64 over all three.
    pub(super) fn draw(&self, page: u64, draw: u64) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut bits =
            (self.seed ^ page.wrapping_mul(STEP)).wrapping_add((draw + 1).wrapping_mul(STEP).rotate_left(17));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// How long the answer at `address` takes.
    pub(super) fn delay_of(&self, address: Address) -> Duration {
        let part = (self.draw(address.page, 1 + address.kind as u64) >> 32) as f64 / 2f64.powi(32);
        self.delay.mul_f64(0.5 + part)
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo; RFC 9923): a line in any language.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_address_is_found_by_its_path_and_nothing_else_is() {
        let site = Site { pages: 500, seed: 3, delay: Duration::ZERO };
        for address in site.addresses() {
            assert_eq!(site.find(&address.path()), Some(address));
        }
        for path in ["/p/0", "/p/500", "/p/5", "/p/4?x=1&y=2", "/trap/3", "", "/p/", "/p/01", "/p/99999999999999999999"]
        {
            assert_eq!(site.find(path), None, "{path}");
        }
    }

    #[test]
    fn a_large_site_has_everything() {
        let site = Site { pages: 2000, seed: 7, delay: Duration::ZERO };
        for kind in Kind::ALL {
            assert!(site.addresses().any(|address| address.kind == kind), "{kind:?}");
        }
    }
}
