//! A server that says what it is told to, on a port of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is done with a connection on which a path was asked for; afterwards it is closed.
pub type Answer = Arc<dyn Fn(&mut TcpStream) + Send + Sync>;

pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// One that does this for these paths, and knows no other.
    pub fn new(answers: impl IntoIterator<Item = (String, Answer)>) -> Server {
        let answers: Arc<HashMap<String, Answer>> = Arc::new(answers.into_iter().collect());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (answers, log) = (Arc::clone(&answers), Arc::clone(&log));
                thread::spawn(move || converse(connection.unwrap(), &answers, &log));
            }
        });
        Server { port, asked }
    }

    /// One with these pages.
    pub fn of_pages<'a>(pages: impl IntoIterator<Item = (&'a str, String)>) -> Server {
        Server::new(pages.into_iter().map(|(path, html)| (path.to_owned(), page(html))))
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// What was asked for so far, connections on which nothing was included.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn converse(mut connection: TcpStream, answers: &HashMap<String, Answer>, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
    let request = lines.next().and_then(Result::ok).unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    log.lock().unwrap().push(path.clone());
    match answers.get(&path) {
        Some(answer) => answer(&mut connection),
        None => says(&mut connection, "404 Not Found", "", ""),
    }
}

fn says(connection: &mut TcpStream, status: &str, headers: &str, body: &str) {
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
