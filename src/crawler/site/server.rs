//! The server of a site: HTTP/1.1 on the loopback, a thread a connection.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;

use super::page::Answer;
use super::{Counts, Kind, Site};

/// Where the server says what it was asked for.
pub(super) const COUNTS_PATH: &str = "/-/counts";

/// Bytes of a request; who sends more is no client of ours.
const LONGEST_REQUEST: usize = 16 << 10;

/// Serves `site` in this process until stdin ends, which it does when the parent is gone. The first line on stdout is
/// the address.
///
/// # Errors
///
/// When the loopback has no port left, or nobody reads the address.
pub fn serve(site: Site) -> io::Result<()> {
    let address = listen(site)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{address}")?;
    stdout.flush()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    Ok(())
}

/// Serves `site` from threads of this process, for as long as it lives.
///
/// # Errors
///
/// When the loopback has no port left.
pub fn listen(site: Site) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let state = Arc::new(State::new(site, address.to_string()));
    thread::spawn(move || {
        for connection in listener.incoming() {
            let state = Arc::clone(&state);
            // A connection that cannot be served is closed, and the client says so.
            let served = connection.and_then(|connection| {
                connection.set_nodelay(true)?;
                thread::Builder::new().stack_size(128 << 10).spawn(move || state.converse(connection))
            });
            if served.is_err() {
                thread::sleep(std::time::Duration::from_millis(10));
            }
        }
    });
    Ok(address)
}

struct State {
    site: Site,
    host: String,
    requests: AtomicU64,
    unknown: AtomicU64,
    /// How often each address was asked for: eight bytes a page.
    asked: Vec<AtomicU8>,
}

impl State {
    fn new(site: Site, host: String) -> State {
        let addresses = site.pages as usize * Kind::ALL.len();
        let asked = (0..addresses).map(|_| AtomicU8::new(0)).collect();
        State { site, host, requests: AtomicU64::new(0), unknown: AtomicU64::new(0), asked }
    }

    /// Answers request after request until the client has no more.
    fn converse(&self, mut connection: TcpStream) -> io::Result<()> {
        let mut received = Vec::new();
        while let Some((path, last)) = next_request(&mut connection, &mut received)? {
            let answer = self.answer(&path);
            connection.write_all(&encoded(&answer, last))?;
            if last {
                break;
            }
        }
        Ok(())
    }

    fn answer(&self, path: &str) -> Answer {
        if path == COUNTS_PATH {
            let body = serde_json::to_string(&self.counts()).expect("numbers");
            return Answer { status: 200, content_type: "application/json", location: None, body };
        }
        if let Some(address) = self.site.find(path) {
            self.requests.fetch_add(1, Ordering::Relaxed);
            let index = address.kind as usize * self.site.pages as usize + address.page as usize;
            self.asked[index].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1)).ok();
            let delay = self.site.delay_of(address);
            if !delay.is_zero() {
                thread::sleep(delay);
            }
            return self.site.answer(address, &self.host);
        }
        // Every crawler asks for this one, and a site need not have it.
        if path != "/robots.txt" {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
        Answer { status: 404, content_type: "text/plain", location: None, body: String::new() }
    }

    fn counts(&self) -> Counts {
        let asked = || self.asked.iter().map(|count| count.load(Ordering::Relaxed));
        Counts {
            requests: self.requests.load(Ordering::Relaxed),
            addresses: asked().filter(|count| *count > 0).count() as u64,
            repeated: asked().filter(|count| *count > 1).count() as u64,
            unknown: self.unknown.load(Ordering::Relaxed),
        }
    }
}

/// The path of the next request, and whether the client wants no answer after this one; `None` when there is no more.
fn next_request(connection: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<(String, bool)>> {
    let end = loop {
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        let mut buffer = [0; 4096];
        let bytes = connection.read(&mut buffer)?;
        if bytes == 0 || received.len() > LONGEST_REQUEST {
            return Ok(None);
        }
        received.extend_from_slice(&buffer[..bytes]);
    };
    let head: Vec<u8> = received.drain(..end + 4).collect();
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some("GET"), Some(path), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Ok(None);
    };
    let closes = |line: &str| line.to_ascii_lowercase().replace(' ', "") == "connection:close";
    let last = version != "HTTP/1.1" || lines.any(closes);
    Ok(Some((path.to_owned(), last)))
}

fn encoded(answer: &Answer, last: bool) -> Vec<u8> {
    let Answer { status, content_type, location, body } = answer;
    let mut head = format!("HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
    if let Some(location) = location {
        write!(head, "Location: {location}\r\n").expect("a string takes everything");
    }
    if last {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    head.push_str(body);
    head.into_bytes()
}
