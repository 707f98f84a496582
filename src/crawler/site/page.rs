//! What the server says at an address.

use std::fmt::Write;

use super::{Address, CHILDREN, Kind, Own, Site};

/// An answer.
pub(super) struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub location: Option<String>,
    pub body: String,
}

/// Addresses that nobody is to ask for from here: of other hosts, of none, and what is no address at all.
const ELSEWHERE: [&str; 12] = [
    "https://example.invalid/",
    "http://user:secret@example.invalid/p/1",
    "//example.invalid/p/2",
    "http://127.0.0.1:1/p/3",
    "mailto:someone@example.invalid",
    "javascript:location=1",
    "file:///etc/passwd",
    "data:text/html,<a href=/trap/2>x</a>",
    "tel:+123",
    "http://",
    "http://[::1/p/4",
    "https:\\\\example.invalid\\p\\5",
];

/// What looks like a link to all but a parser.
const TRAPS: &str = "<!-- <a href=/trap/3>x</a> --><script>'<a href=\"/trap/4\">x</a>'</script>\
    <style>a::after{content:'<a href=/trap/5>'}</style><title><a href=/trap/6></title>\
    <textarea><a href=/trap/7></textarea><p title='<a href=/trap/8>'>";

/// As much text as makes a page of a usual size.
const FILLER: &str = "A queue holds what one has made until another takes it, and loses nothing on the way. ";

impl Site {
    pub(super) fn answer(&self, address: Address, host: &str) -> Answer {
        let n = address.page;
        let of = |kind: Kind, page: u64| Address { kind, page }.path();
        match address.kind {
            Kind::Page => self.page(n, host),
            Kind::Gone => {
                let status = [404, 410, 500][(self.draw(n, 20) % 3) as usize];
                Answer { status, content_type: "text/html", location: None, body: "<a href=/trap/9>gone</a>".into() }
            }
            Kind::First => match self.own(n) {
                Own::TwoRedirects => self.redirect(n, of(Kind::Second, n), host),
                Own::RedirectToGone => self.redirect(n, of(Kind::Gone, n), host),
                _ => self.redirect(n, of(Kind::Page, self.draw(n, 21) % self.pages), host),
            },
            Kind::Second => self.redirect(n, of(Kind::Page, self.draw(n, 22) % self.pages), host),
            Kind::Circle => self.redirect(n, of(Kind::CircleBack, n), host),
            Kind::CircleBack => self.redirect(n, of(Kind::Circle, n), host),
            Kind::Away => self.redirect(n, ELSEWHERE[(self.draw(n, 23) % 4) as usize].to_owned(), ""),
            Kind::Text => Answer {
                status: 200,
                content_type: "text/plain",
                location: None,
                body: "<a href=/trap/10>not a link</a>".into(),
            },
        }
    }

    fn redirect(&self, n: u64, to: String, host: &str) -> Answer {
        let draw = self.draw(n, 24);
        let status = [301, 302, 303, 307, 308][(draw % 5) as usize];
        let location = if host.is_empty() || draw & 64 == 0 { to } else { format!("http://{host}{to}") };
        Answer { status, content_type: "text/html", location: Some(location), body: String::new() }
    }

    fn page(&self, n: u64, host: &str) -> Answer {
        let children = (CHILDREN * n + 1..=CHILDREN * n + CHILDREN).filter(|page| *page < self.pages);
        let drawn = (0..3).map(|draw| self.draw(n, 30 + draw) % self.pages);
        let pages = children.chain(drawn).map(|page| Address { kind: Kind::Page, page });
        let own = self.own(n).kinds().first().map(|&kind| Address { kind, page: n });
        let mut body = format!("<!DOCTYPE html><html><head>{TRAPS}</head><body><h1>Page {n}</h1>");
        for (at, address) in pages.chain(own).enumerate() {
            let draw = self.draw(n, 40 + at as u64);
            mark_up(&mut body, &spelling(&address.path(), n == 0, host, draw), draw >> 8);
            body.push_str(FILLER);
        }
        let elsewhere = ELSEWHERE[(self.draw(n, 25) % ELSEWHERE.len() as u64) as usize];
        write!(body, "<a href='{elsewhere}'>elsewhere</a><a name=top>no link</a><b><i></b></body>").ok();
        Answer { status: 200, content_type: "text/html; charset=utf-8", location: None, body }
    }
}

/// One of the ways to spell the address `path` on a page, before it is marked up.
fn spelling(path: &str, on_start_page: bool, host: &str, draw: u64) -> String {
    match draw % 8 {
        0 => format!("{path}#part"),
        1 => format!("http://{host}{path}"),
        2 => format!("//{host}{path}"),
        3 => format!("HTTP://{host}{path}#"),
        4 => format!("/x/..{path}"),
        5 if on_start_page => format!(".{path}"),
        5 => format!("..{path}"),
        6 => format!("\n {path} "),
        _ => path.to_owned(),
    }
}

fn mark_up(body: &mut String, address: &str, draw: u64) {
    let address = address.replace('&', "&amp;");
    let written = match draw % 4 {
        0 => write!(body, "<A HREF='{address}'>link</A>"),
        1 if !address.contains(' ') => write!(body, "<p><a class=x href={address}>link"),
        2 => write!(body, "<map><area alt=\"<a href=/trap/11>\" href=\"{address}\"></map>"),
        _ => write!(body, "<a href=\"{address}\" id=a>link</a>"),
    };
    written.expect("a string takes everything");
}
