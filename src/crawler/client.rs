//! Fetches one address at a time from one site, and from no other host.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, Response, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Error};
use url::{Host, Url};

use super::found::Reason;
use super::resolver::Remembering;
use super::rules::Progress;

/// Who asks.
pub(super) const USER_AGENT: &str = concat!("queuebench/", env!("CARGO_PKG_VERSION"));

/// Of what is not read the rest of so much is, so that the connection can be used again.
const MOST_DRAINED: u64 = 64 << 10;

/// Whose certificates are trusted instead of those that Mozilla trusts: what `SSL_CERT_FILE` names, as other programs
/// have it.
///
/// # Errors
///
/// When it names nobody.
pub(crate) fn trusted() -> Result<Option<RootCerts>, String> {
    let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) else { return Ok(None) };
    let pem = std::fs::read(&file).map_err(|why| format!("cannot read SSL_CERT_FILE={}: {why}", file.display()))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() {
        return Err(format!("SSL_CERT_FILE={} holds no certificate in PEM", file.display()));
    }
    Ok(Some(certificates.into()))
}

/// What came of fetching an address.
pub enum Answer {
    /// A page that may have links.
    Html {
        /// Its bytes, up to where it was cut.
        html: Vec<u8>,
        /// Whether there is more.
        cut: bool,
    },
    /// A page in this encoding, which was not asked for.
    Encoded(String),
    /// Something else that is there.
    Other,
    /// It is elsewhere: an address, relative or not, as the server spelled it.
    Redirect(String),
    /// It is not there, for this reason.
    Failed(Reason),
}

/// A client with a connection of its own, which follows no redirect by itself.
pub struct Client {
    agent: Agent,
    timeout: Duration,
    most_bytes: u64,
}

impl Client {
    /// For the site of `start`. What an answer takes longer than `timeout` is given up, of a page no more than
    /// `most_bytes` are read.
    pub fn new(start: &Url, timeout: Duration, most_bytes: u64) -> Client {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // Who does not say it is sent whatever the server likes.
            .accept_encoding("identity")
            .user_agent(USER_AGENT)
            .timeout_global(Some(timeout));
        // Reading them takes milliseconds, which nobody pays who needs none.
        if start.scheme() == "https"
            // Who is to be believed instead of Mozilla, and cannot be read, is nobody.
            && let Some(roots) = trusted().unwrap_or_else(|_| Some(Vec::new().into()))
        {
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        if is_loopback(start) {
            // Whatever proxy is set: it would be asked for its own loopback.
            config = config.proxy(None);
        }
        let agent = Agent::with_parts(config.build(), DefaultConnector::default(), Remembering::default());
        Client { agent, timeout, most_bytes }
    }

    /// What is at `address`, which is one of the site's.
    pub fn fetch(&mut self, address: &str) -> Answer {
        self.answer(address)
            .and_then(|answer| self.read(answer))
            .unwrap_or_else(|why| Answer::Failed(Reason::Server(self.reason(&why))))
    }

    fn answer(&self, address: &str) -> Result<Response<Body>, Error> {
        match self.agent.get(address).call() {
            // A server may close a connection in the moment it is used again; a second one tells that from a failure.
            Err(why) if was_closed(&why) => self.agent.get(address).call(),
            answer => answer,
        }
    }

    /// Fetches on a thread of its own, and leaves the answer once the crawl is to stop: a client that waits for a name,
    /// a connection or an answer can be stopped by nothing but its timeout.
    pub(super) fn apart(mut self, progress: &Progress) -> impl FnMut(&str) -> Option<Answer> + Send {
        let (ask, asked) = channel::<String>();
        let (answer, answers) = channel();
        thread::spawn(move || asked.into_iter().try_for_each(|address| answer.send(self.fetch(&address))));
        move |address| {
            ask.send(address.to_owned()).expect("it listens as long as it may be asked");
            progress.wait_for(&answers)
        }
    }

    fn read(&self, answer: Response<Body>) -> Result<Answer, Error> {
        let (head, body) = answer.into_parts();
        let status = head.status;
        if status.is_redirection()
            && let Some(location) = head.headers.get(header::LOCATION)
        {
            drain(body);
            return Ok(Answer::Redirect(String::from_utf8_lossy(location.as_bytes()).into_owned()));
        }
        if !status.is_success() {
            drain(body);
            return Ok(Answer::Failed(Reason::Site(status.to_string())));
        }
        if !is_html(&head.headers) {
            drain(body);
            return Ok(Answer::Other);
        }
        if let Some(encoding) = encoding(&head.headers) {
            drain(body);
            return Ok(Answer::Encoded(encoding));
        }
        let mut html = Vec::new();
        // A byte more tells a page that is longer from one that ends there.
        body.into_reader().take(self.most_bytes.saturating_add(1)).read_to_end(&mut html)?;
        let cut = html.len() as u64 > self.most_bytes;
        html.truncate(self.most_bytes as usize);
        Ok(Answer::Html { html, cut })
    }

    /// Text that is there, up to `most` bytes; else the status, or the reason why there is none.
    pub(super) fn text(&mut self, address: &str, most: u64) -> Result<Text, String> {
        let answer = self.answer(address).map_err(|why| self.reason(&why))?;
        let (head, body) = answer.into_parts();
        if head.status.is_redirection()
            && let Some(location) = head.headers.get(header::LOCATION)
        {
            return Ok(Text::Elsewhere(String::from_utf8_lossy(location.as_bytes()).into_owned()));
        }
        if !head.status.is_success() {
            return Ok(Text::Status(head.status.as_u16()));
        }
        if encoding(&head.headers).is_some() {
            return Ok(Text::Unreadable);
        }
        let mut text = Vec::new();
        let read = body.into_reader().take(most).read_to_end(&mut text);
        read.map_err(|why| self.reason(&why.into()))?;
        Ok(Text::Is(String::from_utf8_lossy(&text).into_owned()))
    }

    fn reason(&self, why: &Error) -> String {
        match why {
            Error::Timeout(_) => format!("no end of the answer within {}", humantime::format_duration(self.timeout)),
            // A body's end is read through std's interface, which has no timeouts of its own.
            Error::Io(why) => match why.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
                Some(inner) => self.reason(inner),
                None if why.kind() == ErrorKind::UnexpectedEof => "the server closed the connection early".to_owned(),
                None => why.to_string(),
            },
            other => other.to_string(),
        }
    }
}

/// What [`Client::text`] found.
pub(super) enum Text {
    Is(String),
    Elsewhere(String),
    Status(u16),
    /// It is in an encoding that was not asked for.
    Unreadable,
}

/// Whether `address` names this machine.
pub fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn was_closed(why: &Error) -> bool {
    const CLOSED: [ErrorKind; 3] = [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof, ErrorKind::BrokenPipe];
    matches!(why, Error::Io(why) if CLOSED.contains(&why.kind()))
}

fn is_html(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str()) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "text/html" || kind == "application/xhtml+xml"
}

/// What is to be undone before a body can be read.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut all = all.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase());
    all.find(|encoding| !["", "identity"].contains(&encoding.as_str()))
}

fn drain(body: Body) {
    // What fails here costs a new connection, no more.
    std::io::copy(&mut body.into_reader().take(MOST_DRAINED), &mut std::io::sink()).ok();
}
