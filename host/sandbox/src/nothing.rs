//! An outside half with nothing behind it: for `describe`, which gets no grants.
//!
//! Owns: a no to everything. Read next: `outside`.

use async_trait::async_trait;

use crate::outside::{
    Change, Copied, CopyItem, Entry, FileError, Handle, HttpError, HttpRequest, HttpResponse,
    LogLine, Outside, Progress, StateError, StateValue,
};

/// Grants nothing.
#[derive(Debug, Default)]
pub(crate) struct Nothing {
    #[cfg(test)]
    lines: std::sync::Mutex<Vec<LogLine>>,
}

#[cfg(test)]
impl Nothing {
    /// What was logged so far.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap().clone()
    }
}

type Files<T> = Result<T, FileError>;

const NO: FileError = FileError::NotFound;

fn no_state<T>() -> Result<T, StateError> {
    Err(StateError::NotGranted)
}

#[async_trait]
impl Outside for Nothing {
    fn log(&self, _line: LogLine) {
        #[cfg(test)]
        self.lines.lock().unwrap().push(_line);
    }

    fn progress(&self, _progress: Progress) {}

    async fn state_get(&self, _key: String) -> Result<Option<StateValue>, StateError> {
        no_state()
    }

    async fn state_set(
        &self,
        _key: String,
        _bytes: Vec<u8>,
        _expected: Option<u64>,
    ) -> Result<u64, StateError> {
        no_state()
    }

    async fn state_delete(&self, _key: String, _expected: u64) -> Result<(), StateError> {
        no_state()
    }

    async fn http(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::Denied("nothing is granted".into()))
    }

    fn tree_writable(&self, _tree: &str) -> Files<bool> {
        Err(NO)
    }

    async fn space(&self, _tree: String) -> Files<(u64, u64)> {
        Err(NO)
    }

    async fn describe(&self, _tree: String, _path: Vec<u8>) -> Files<Entry> {
        Err(NO)
    }

    async fn walk(&self, _tree: String, _path: Vec<u8>) -> Files<Handle> {
        Err(NO)
    }

    async fn walk_next(&self, _walker: Handle, _limit: u32) -> Files<Vec<Entry>> {
        Err(NO)
    }

    async fn read(&self, _tree: String, _path: Vec<u8>, _offset: u64) -> Files<Handle> {
        Err(NO)
    }

    async fn read_next(&self, _reader: Handle, _limit: u32) -> Files<Vec<u8>> {
        Err(NO)
    }

    async fn write(&self, _tree: String, _path: Vec<u8>) -> Files<Handle> {
        Err(NO)
    }

    async fn write_next(&self, _writer: Handle, _bytes: Vec<u8>) -> Files<()> {
        Err(NO)
    }

    async fn write_finish(&self, _writer: Handle) -> Files<()> {
        Err(NO)
    }

    fn close(&self, _handle: Handle) {}

    async fn make_directory(&self, _tree: String, _path: Vec<u8>) -> Files<()> {
        Err(NO)
    }

    async fn symlink(&self, _tree: String, _path: Vec<u8>, _target: Vec<u8>) -> Files<()> {
        Err(NO)
    }

    async fn link(&self, _tree: String, items: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<Files<()>> {
        vec![Err(NO); items.len()]
    }

    async fn copy(&self, _from: String, _to: String, items: Vec<CopyItem>) -> Vec<Files<Copied>> {
        vec![Err(NO); items.len()]
    }

    async fn digest(&self, _tree: String, paths: Vec<Vec<u8>>) -> Vec<Files<(u64, [u8; 32])>> {
        vec![Err(NO); paths.len()]
    }

    async fn set(&self, _tree: String, items: Vec<Change>) -> Vec<Files<()>> {
        vec![Err(NO); items.len()]
    }

    async fn rename(&self, _tree: String, _old: Vec<u8>, _new: Vec<u8>) -> Files<()> {
        Err(NO)
    }

    async fn remove(&self, _tree: String, _path: Vec<u8>) -> Files<()> {
        Err(NO)
    }

    async fn remove_all(&self, _tree: String, _path: Vec<u8>) -> Files<u64> {
        Err(NO)
    }

    async fn sync(&self, _tree: String) -> Files<()> {
        Err(NO)
    }
}
