//! A wire to a server that swallows an answer when it is told to: what was asked is done, and nobody hears of it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A relay on a free port of the loopback; it ends with the test's process.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    /// A part of the request whose answer is swallowed next.
    next: Arc<Mutex<Option<String>>>,
}

impl Relay {
    /// Starts it, before the server at this address (`127.0.0.1:PORT`).
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    #[track_caller]
    pub fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .unwrap_or_else(|error| panic!("no free port: {error}"));
        let port = listener.local_addr().map_or(0, |address| address.port());
        let next = Arc::new(Mutex::new(None));
        let (server, shared) = (server.to_owned(), Arc::clone(&next));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, shared) = (server.clone(), Arc::clone(&shared));
                thread::spawn(move || relay(&client, &server, &shared));
            }
        });
        Self { port, next }
    }

    /// Where it is: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The answer to the next request that holds this (`POST /volumes`) does not arrive: the connection ends instead.
    pub fn swallow(&self, request: &str) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.to_owned());
    }

    /// Whether there was such a request.
    #[must_use]
    pub fn swallowed(&self) -> bool {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.is_none()
    }
}

/// Carries bytes both ways until one side is done.
fn relay(client: &TcpStream, server: &str, next: &Mutex<Option<String>>) {
    let Ok(server) = TcpStream::connect(server) else {
        return;
    };
    let (Ok(mut from), Ok(mut to)) = (server.try_clone(), client.try_clone()) else {
        return;
    };
    let silent = Arc::new(AtomicBool::new(false));
    let hushed = Arc::clone(&silent);
    thread::spawn(move || {
        carry(&mut from, &mut to, |_| !hushed.load(Ordering::SeqCst));
        to.shutdown(Shutdown::Both).ok();
    });
    let (mut from, mut to) = (client, &server);
    carry(&mut from, &mut to, |bytes| {
        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |part: &String| {
            let mut windows = bytes.windows(part.len());
            windows.any(|window| window == part.as_bytes())
        };
        if next.as_ref().is_some_and(holds) {
            *next = None;
            silent.store(true, Ordering::SeqCst);
        }
        true
    });
    server.shutdown(Shutdown::Both).ok();
}

fn carry(from: &mut impl Read, to: &mut impl Write, mut passes: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        if !passes(bytes) || to.write_all(bytes).is_err() {
            return;
        }
    }
}
