//! A site in a process of its own, from the outside.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::server::COUNTS_PATH;
use super::{SITE_WORD, Site};

/// What a server was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests for addresses of the site.
    pub requests: u64,
    /// Addresses that were asked for.
    pub addresses: u64,
    /// Addresses that were asked for more than once.
    pub repeated: u64,
    /// Requests for what is no address of the site.
    pub unknown: u64,
}

/// A site that is served by a process of its own, which ends with this value.
pub struct Served {
    child: Child,
    host: String,
}

impl Served {
    /// Starts `program`, which serves sites as this one does.
    ///
    /// # Errors
    ///
    /// When it cannot be started or has no address to say.
    pub fn by(program: &Path, site: Site) -> io::Result<Served> {
        let Site { pages, seed, delay } = site;
        let mut child = Command::new(program)
            .arg(SITE_WORD)
            .args([pages.to_string(), seed.to_string(), delay.as_micros().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line)?;
        let served = Served { child, host: line.trim().to_owned() };
        if served.host.is_empty() {
            Err(io::Error::other("the site's server ended before it served"))
        } else {
            Ok(served)
        }
    }

    /// The address of the start page.
    pub fn address(&self) -> String {
        format!("http://{}/", self.host)
    }

    /// What it was asked for so far.
    ///
    /// # Errors
    ///
    /// When it no longer answers.
    pub fn counts(&self) -> io::Result<Counts> {
        let mut connection = TcpStream::connect(&self.host)?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(connection, "GET {COUNTS_PATH} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host)?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).map_err(io::Error::other)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
