//! `log`, and standard output and error, which become log lines.
//!
//! Owns: escaping, the limits on a line and on a call, the count of what was dropped.
//! Never: who the lines belong to: the host's half adds schedule, tenant and run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::component::{HasData, Linker};

use crate::contract::v0_1::strongroom::plugin::log as wit;
use crate::text;

/// Longest line, fields included, as written.
pub(crate) const LINE_LIMIT: usize = 64 * 1024;

/// All lines of one call: a person reads less, and a disk fills with more.
pub(crate) const CALL_LIMIT: usize = 1024 * 1024;

/// Fields of one line.
const FIELDS_LIMIT: usize = 64;

/// Longest last words that are shown with a crash.
const LAST_WORDS_LIMIT: usize = 512;

/// The host's half: takes what a call says.
pub trait Log: Send + Sync + 'static {
    /// Takes a line. Never blocks.
    fn write(&self, line: LogLine);
}

impl Log for () {
    fn write(&self, _: LogLine) {}
}

/// How serious a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual four")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// A log line of a plugin, already cut and escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How serious.
    pub level: LogLevel,
    /// One line.
    pub message: String,
    /// Pairs.
    pub fields: Vec<(String, String)>,
}

/// A standard stream of the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Becomes lines of level info.
    Out,
    /// Becomes lines of level warn: panics are written here.
    Err,
}

/// Where one call's lines go.
pub(crate) struct LogSink {
    log: Arc<dyn Log>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: usize,
    dropped: u64,
    out: Vec<u8>,
    err: Vec<u8>,
    last_words: String,
}

impl LogSink {
    /// Nothing is used yet.
    pub(crate) fn new(log: Arc<dyn Log>) -> Self {
        Self {
            log,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line.
    pub(crate) fn line(&self, level: LogLevel, message: &str, fields: &[(String, String)]) {
        self.take(&mut self.state(), fitted(level, message, fields));
    }

    /// Takes bytes of a standard stream; whole lines go on, the rest waits.
    pub(crate) fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut state = self.state();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let buffer = state.buffer(stream);
            let room = LINE_LIMIT.saturating_sub(buffer.len());
            buffer.extend(piece.iter().take(room));
            if piece.ends_with(b"\n") {
                self.flush(&mut state, stream);
            }
        }
    }

    /// Takes what waits and says what was dropped. The call is over.
    pub(crate) fn finish(&self) {
        let mut state = self.state();
        self.flush(&mut state, Stream::Out);
        self.flush(&mut state, Stream::Err);
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            let message = format!(
                "{dropped} further lines were dropped: a call may write {} KiB",
                CALL_LIMIT >> 10
            );
            self.log.write(LogLine {
                level: LogLevel::Warn,
                message,
                fields: Vec::new(),
            });
        }
    }

    /// The last line on standard error, such as a panic's message.
    pub(crate) fn last_words(&self) -> Option<String> {
        let state = self.state();
        (!state.last_words.is_empty()).then(|| state.last_words.clone())
    }

    fn flush(&self, state: &mut State, stream: Stream) {
        let bytes = std::mem::take(state.buffer(stream));
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return;
        }
        let (level, name) = match stream {
            Stream::Out => (LogLevel::Info, "stdout"),
            Stream::Err => (LogLevel::Warn, "stderr"),
        };
        let line = fitted(level, text, &[("stream".to_owned(), name.to_owned())]);
        if stream == Stream::Err && !text.starts_with("note: ") {
            state.last_words = text::cut(&line.message, LAST_WORDS_LIMIT).into_owned();
        }
        self.take(state, line);
    }

    fn take(&self, state: &mut State, line: LogLine) {
        let size = size(&line);
        if state.used + size > CALL_LIMIT {
            // From here on nothing more is taken, so that what is there has no holes.
            state.used = CALL_LIMIT;
            state.dropped += 1;
            return;
        }
        state.used += size;
        self.log.write(line);
    }
}

impl Drop for LogSink {
    fn drop(&mut self) {
        self.finish();
    }
}

impl State {
    fn buffer(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }
}

/// A line costs at least something, so that a flood of empty ones ends too.
fn size(line: &LogLine) -> usize {
    let fields = line
        .fields
        .iter()
        .map(|(name, value)| name.len() + value.len());
    line.message.len() + fields.sum::<usize>() + 16
}

/// Cut first, so that escaping costs no more than a line is worth.
fn fitted(level: LogLevel, message: &str, fields: &[(String, String)]) -> LogLine {
    let mut room = LINE_LIMIT;
    let mut fit = |text: &str| {
        let fitted = text::cut(&text::line(&text::cut(text, room)), room).into_owned();
        room = room.saturating_sub(fitted.len());
        fitted
    };
    let message = fit(message);
    let fields = fields
        .iter()
        .take(FIELDS_LIMIT)
        .map(|(name, value)| (fit(name), fit(value)));
    LogLine {
        level,
        message,
        fields: fields.collect(),
    }
}

/// The view: the call's sink.
pub(crate) struct LogView<'a>(pub(crate) &'a LogSink);

impl HasData for LogView<'static> {
    type Data<'a> = LogView<'a>;
}

impl wit::Host for LogView<'_> {
    fn write(
        &mut self,
        level: wit::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            wit::Level::Debug => LogLevel::Debug,
            wit::Level::Info | wit::Level::Other(_) => LogLevel::Info,
            wit::Level::Warn => LogLevel::Warn,
            wit::Level::Error => LogLevel::Error,
        };
        self.0.line(level, &message, &fields);
        Ok(())
    }
}

/// Links `log`.
pub(crate) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> LogView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, LogView<'static>>(linker, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<LogLine>>);

    impl Log for Kept {
        fn write(&self, line: LogLine) {
            self.0.lock().unwrap().push(line);
        }
    }

    impl Kept {
        fn lines(&self) -> Vec<LogLine> {
            self.0.lock().unwrap().clone()
        }
    }

    fn sink() -> (LogSink, Arc<Kept>) {
        let kept = Arc::new(Kept::default());
        (LogSink::new(Arc::clone(&kept) as _), kept)
    }

    #[test]
    fn a_line_is_escaped_and_cut() {
        let (sink, kept) = sink();
        sink.line(
            LogLevel::Info,
            "a\nb",
            &[("k\x1b".into(), "v\u{202e}".into())],
        );
        sink.line(
            LogLevel::Info,
            &"é".repeat(LINE_LIMIT),
            &[("k".into(), "v".into())],
        );
        sink.line(LogLevel::Info, &"\0".repeat(LINE_LIMIT), &[]);
        let lines = kept.lines();
        assert_eq!(lines[0].message, "a\\nb");
        assert_eq!(
            lines[0].fields,
            [("k\\u{1b}".to_owned(), "v\\u{202e}".to_owned())]
        );
        for line in &lines[1..] {
            assert!(size(line) <= LINE_LIMIT + 16, "{}", size(line));
        }
    }

    #[test]
    fn a_flood_ends_with_a_count() {
        let (sink, kept) = sink();
        for _ in 0..40 {
            sink.line(LogLevel::Debug, &"x".repeat(LINE_LIMIT), &[]);
        }
        sink.line(LogLevel::Debug, "small", &[]);
        sink.finish();
        sink.finish();
        let lines = kept.lines();
        assert_eq!(lines.len(), 16);
        assert_eq!(
            lines[15].message,
            "26 further lines were dropped: a call may write 1024 KiB"
        );
    }

    #[test]
    fn empty_lines_are_not_free() {
        let (sink, kept) = sink();
        for _ in 0..100_000 {
            sink.line(LogLevel::Debug, "", &[]);
        }
        assert_eq!(kept.lines().len(), CALL_LIMIT / 16);
    }

    #[test]
    fn standard_streams_become_lines() {
        let (sink, kept) = sink();
        sink.write(Stream::Out, b"half");
        sink.write(Stream::Err, b"panicked at src/lib.rs\n");
        sink.write(Stream::Err, b"note: run with RUST_BACKTRACE\n\n");
        sink.write(Stream::Out, b" a line\nand \xff more");
        assert_eq!(sink.last_words().as_deref(), Some("panicked at src/lib.rs"));
        drop(sink);
        let lines: Vec<_> = kept
            .lines()
            .into_iter()
            .map(|line| (line.level, line.message))
            .collect();
        assert_eq!(
            lines,
            [
                (LogLevel::Warn, "panicked at src/lib.rs".to_owned()),
                (LogLevel::Warn, "note: run with RUST_BACKTRACE".to_owned()),
                (LogLevel::Info, "half a line".to_owned()),
                (LogLevel::Info, "and \u{fffd} more".to_owned()),
            ]
        );
    }

    #[test]
    fn a_stream_without_line_ends_holds_one_line_only() {
        let (sink, kept) = sink();
        for _ in 0..100 {
            sink.write(Stream::Out, &[b'x'; 32 * 1024]);
        }
        sink.finish();
        assert_eq!(kept.lines().len(), 1);
        assert!(size(&kept.lines()[0]) <= LINE_LIMIT + 16);
    }
}
