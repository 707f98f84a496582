//! A server that says what it is told to, on a port of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is heard and said on, encrypted or not.
pub trait Connection: Read + Write {}

impl<C: Read + Write> Connection for C {}

/// What is done with a connection on which a path was asked for; afterwards it is closed.
pub type Answer = Arc<dyn Fn(&mut dyn Connection) + Send + Sync>;

/// What TLS begins with, the kind of a handshake's record; what is asked plainly begins with a letter.
const HANDSHAKE: u8 = 22;

pub struct Server {
    port: u16,
    site: Arc<Site>,
}

struct Site {
    answers: HashMap<String, Answer>,
    tls: Option<Arc<ServerConfig>>,
    asked: Mutex<Vec<String>>,
}

impl Server {
    /// One that does this for these paths, and knows no other.
    pub fn new(answers: impl IntoIterator<Item = (String, Answer)>) -> Server {
        Server::start(TcpListener::bind("127.0.0.1:0").unwrap(), answers, None)
    }

    /// One with these pages.
    pub fn of_pages<'a>(pages: impl IntoIterator<Item = (&'a str, String)>) -> Server {
        Server::new(pages.into_iter().map(|(path, html)| (path.to_owned(), page(html))))
    }

    /// One at a port that is open already. With `tls` it speaks that on the same port, and is a proxy to itself.
    pub fn start(
        listener: TcpListener,
        answers: impl IntoIterator<Item = (String, Answer)>,
        tls: Option<Arc<ServerConfig>>,
    ) -> Server {
        let port = listener.local_addr().unwrap().port();
        let site = Arc::new(Site { answers: answers.into_iter().collect(), tls, asked: Mutex::default() });
        let served = Arc::clone(&site);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let site = Arc::clone(&served);
                thread::spawn(move || site.serve(connection.unwrap()));
            }
        });
        Server { port, site }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// What was asked for so far, connections on which nothing was included. What was encrypted begins with `tls:`.
    pub fn asked(&self) -> Vec<String> {
        self.site.asked.lock().unwrap().clone()
    }
}

impl Site {
    fn serve(&self, mut plain: TcpStream) {
        let mut first = [0];
        match &self.tls {
            Some(tls) if plain.peek(&mut first).is_ok() && first == [HANDSHAKE] => {
                let mut encrypted = StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), plain);
                self.converse(&mut encrypted, "tls:");
                encrypted.conn.send_close_notify();
                encrypted.flush().ok();
            }
            tls => {
                let is_tunnel = self.converse(&mut plain, "");
                if is_tunnel && tls.is_some() {
                    self.serve(plain);
                }
            }
        }
    }

    /// Answers what is asked; whether that was for a tunnel, which is open now.
    fn converse(&self, connection: &mut dyn Connection, how: &str) -> bool {
        let mut lines = BufReader::new(&mut *connection).lines();
        let request = lines.next().and_then(Result::ok).unwrap_or_default();
        let mut words = request.split(' ');
        let (verb, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
        self.asked.lock().unwrap().push(format!("{how}{path}"));
        match self.answers.get(path) {
            _ if verb == "CONNECT" => return connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_ok(),
            Some(answer) => answer(connection),
            None => says(connection, "404 Not Found", "", ""),
        }
        false
    }
}

fn says(connection: &mut dyn Connection, status: &str, headers: &str, body: &str) {
    let length = body.len();
    // A client that has seen enough is welcome to go.
    write!(connection, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .ok();
}

pub fn page(html: impl Into<String>) -> Answer {
    of_type("text/html", html)
}

pub fn of_type(kind: &str, body: impl Into<String>) -> Answer {
    let (headers, body) = (format!("Content-Type: {kind}\r\n"), body.into());
    Arc::new(move |connection| says(connection, "200 OK", &headers, &body))
}

pub fn redirect(to: impl Into<String>) -> Answer {
    let headers = format!("Location: {}\r\n", to.into());
    Arc::new(move |connection| says(connection, "302 Found", &headers, ""))
}

pub fn status(status: &'static str) -> Answer {
    Arc::new(move |connection| says(connection, status, "", ""))
}

/// Nothing, until the client goes.
pub fn hang() -> Answer {
    Arc::new(|connection| drop(connection.read_to_end(&mut Vec::new())))
}

/// These bytes, and no more.
pub fn raw(bytes: &'static [u8]) -> Answer {
    Arc::new(move |connection| drop(connection.write_all(bytes)))
}
