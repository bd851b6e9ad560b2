//! Walking, reading and writing, piece by piece.

use std::io::{self, BufRead, Read, Write};

use crate::files::{BATCH, CHUNK, Entry, Error, backend};

/// Bytes fetched or collected before the host is asked again.
const BUFFER: usize = 256 << 10;

/// The entries beneath a directory, in batches.
pub struct Walker(backend::Walker);

impl Walker {
    pub(crate) fn new(walker: backend::Walker) -> Self {
        Self(walker)
    }

    /// The next entries, at most 1 024; empty at the end.
    pub fn next_batch(&mut self) -> Result<Vec<Entry>, Error> {
        self.0.next(BATCH as u32)
    }
}

/// Reads a file; buffered.
pub struct Reader {
    inner: backend::Reader,
    buffer: Vec<u8>,
    position: usize,
}

impl Reader {
    pub(crate) fn new(inner: backend::Reader) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            position: 0,
        }
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.buffer.len() {
            self.buffer = self.inner.read(BUFFER as u32).map_err(to_io)?;
            self.position = 0;
        }
        Ok(self.buffer.get(self.position..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.position = self.buffer.len().min(self.position + amount);
    }
}

impl Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.buffer.len() && bytes.len() < BUFFER {
            // A short read (a file's first bytes) fetches no more than it was asked for.
            self.buffer = self.inner.read(bytes.len().max(1) as u32).map_err(to_io)?;
            self.position = 0;
        }
        let taken = self.fill_buf()?.read(bytes)?;
        self.consume(taken);
        Ok(taken)
    }
}

/// Writes a new file; buffered. Dropped without [`Writer::finish`], the file may stay incomplete.
pub struct Writer {
    inner: backend::Writer,
    buffer: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(inner: backend::Writer) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
        }
    }

    /// Appends.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.send()?;
        }
        Ok(())
    }

    /// Flushes to disk and closes.
    pub fn finish(mut self) -> Result<(), Error> {
        self.send()?;
        self.inner.finish()
    }

    fn send(&mut self) -> Result<(), Error> {
        for chunk in self.buffer.chunks(CHUNK) {
            self.inner.write(chunk)?;
        }
        self.buffer.clear();
        Ok(())
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map_err(to_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send().map_err(to_io)
    }
}

fn to_io(error: Error) -> io::Error {
    let kind = match &error {
        Error::NotFound => io::ErrorKind::NotFound,
        Error::Permission | Error::ReadOnly => io::ErrorKind::PermissionDenied,
        Error::Full => io::ErrorKind::StorageFull,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.words())
}
