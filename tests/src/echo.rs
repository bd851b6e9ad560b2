//! A web server of a test's own that answers with what it was asked, and keeps it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A server on a free port of the loopback; it ends with the test's process.
#[derive(Debug)]
pub struct Echo {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    /// Starts it. `/things/redirect` answers with a redirect to itself, `/things/page` with a page of HTML,
    /// `/things/locked` as to somebody with a wrong key, `/things/broken` as one that is out of order.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .unwrap_or_else(|error| panic!("no free port: {error}"));
        let port = listener.local_addr().map_or(0, |address| address.port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || converse(&stream, &kept));
            }
        });
        Self { port, seen }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request so far, byte for byte.
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        unpoisoned(&self.seen).clone()
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers requests until the other side is done or says something that cannot be read.
fn converse(stream: &TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let answer = answer(&request);
        unpoisoned(seen).push(request);
        let mut writer = stream;
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// One request, byte for byte.
pub(crate) fn read(reader: &mut impl BufRead) -> Option<String> {
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        text.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    text.push_str(&String::from_utf8_lossy(&body));
    Some(text)
}

fn answer(request: &str) -> String {
    let authorization = request
        .lines()
        .find_map(|line| line.strip_prefix("authorization: "))
        .unwrap_or("none");
    let (status, kind, body) = if request.contains(" /things/redirect") {
        ("302 Found", "text/plain", String::new())
    } else if request.contains(" /things/locked") {
        ("401 Unauthorized", "text/plain", "who are you?".to_owned())
    } else if request.contains(" /things/broken") {
        ("503 Service Unavailable", "text/plain", "later".to_owned())
    } else if request.contains(" /things/page") {
        ("200 OK", "text/html", "<html>a page</html>".to_owned())
    } else {
        ("200 OK", "text/plain", request.to_owned())
    };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nlocation: http://127.0.0.1/elsewhere\r\n\
         set-cookie: a=b\r\nx-you-sent: {authorization}\r\n\r\n{body}",
        body.len()
    )
}
