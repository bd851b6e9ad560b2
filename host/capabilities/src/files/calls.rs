//! One function for each of the contract: grants are checked, then the work goes to a thread that may block.
//!
//! Owns: which calls need a tree granted for writing, and the limit on lists.
//! Never: does file work itself.
//! Read next: the module each function hands over to.

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_sandbox::capability::files::{
    Change, Copied, CopyItem, CopyMethod, Entry, FileError, Files, Handle,
};

use super::database::DatabaseItem;
use super::failures::{Answer, refused};
use super::metadata::entry_of_handle;
use super::paths::TreePath;
use super::stop::Stop;
use super::stream::{Reader, Stream, Writer, unpoisoned, wrong_kind};
use super::trees::{Tree, Writable};
use super::walk::Walker;
use super::{CallFiles, change, copy, remove, set};

/// Items in one list: keeps a call's answer small and its end near.
const ITEMS: usize = 1_024;
#[async_trait]
impl Files for CallFiles {
    fn writable(&self, tree: &str) -> Answer<bool> {
        Ok(self.tree(tree)?.is_writable())
    }

    async fn space(&self, tree: String) -> Answer<(u64, u64)> {
        let tree = self.tree(&tree)?;
        self.blocking(move |_| tree.space()).await?
    }

    async fn describe(&self, tree: String, path: Vec<u8>) -> Answer<Entry> {
        let tree = self.tree(&tree)?;
        self.blocking(move |_| entry_of_handle(&path, &tree.handle(TreePath::new(&path)?)?))
            .await?
    }

    async fn walk(&self, tree: String, path: Vec<u8>) -> Answer<Handle> {
        let tree = self.tree(&tree)?;
        self.streams.room(true)?;
        let walker = self.blocking(move |_| Walker::new(tree, &path)).await??;
        self.streams.insert(Stream::Walker(Box::new(walker)))
    }

    async fn walk_next(&self, walker: Handle, limit: u32) -> Answer<Vec<Entry>> {
        let stream = self.streams.get(walker)?;
        let next = move |stop: &_| match &mut *unpoisoned(&stream) {
            Stream::Walker(walker) => walker.next(limit, stop),
            _ => Err(wrong_kind()),
        };
        self.blocking(next).await?
    }

    async fn read(&self, tree: String, path: Vec<u8>, offset: u64) -> Answer<Handle> {
        let tree = self.tree(&tree)?;
        self.streams.room(false)?;
        let reader = self
            .blocking(move |_| Reader::new(&tree, &path, offset))
            .await??;
        self.streams.insert(Stream::Reader(reader))
    }

    async fn read_next(&self, reader: Handle, limit: u32) -> Answer<Vec<u8>> {
        let stream = self.streams.get(reader)?;
        let next = move |_: &_| match &mut *unpoisoned(&stream) {
            Stream::Reader(reader) => reader.next(limit),
            _ => Err(wrong_kind()),
        };
        self.blocking(next).await?
    }

    async fn write(&self, tree: String, path: Vec<u8>) -> Answer<Handle> {
        let tree = self.writable_tree(&tree)?;
        self.streams.room(false)?;
        let writer = self.blocking(move |_| Writer::new(&tree, &path)).await??;
        self.streams.insert(Stream::Writer(writer))
    }

    async fn write_next(&self, writer: Handle, bytes: Vec<u8>) -> Answer<()> {
        let stream = self.streams.get(writer)?;
        let next = move |_: &_| match &mut *unpoisoned(&stream) {
            Stream::Writer(writer) => writer.write(&bytes),
            _ => Err(wrong_kind()),
        };
        self.blocking(next).await?
    }

    async fn write_finish(&self, writer: Handle) -> Answer<()> {
        let stream = self.streams.get(writer)?;
        let finish = move |_: &_| match &mut *unpoisoned(&stream) {
            Stream::Writer(writer) => writer.finish(),
            _ => Err(wrong_kind()),
        };
        let finished = self.blocking(finish).await?;
        self.streams.remove(writer);
        finished
    }

    fn close(&self, handle: Handle) {
        self.streams.remove(handle);
    }

    async fn make_directory(&self, tree: String, path: Vec<u8>) -> Answer<()> {
        let tree = self.writable_tree(&tree)?;
        self.blocking(move |_| change::make_directory(&tree, &path))
            .await?
    }

    async fn symlink(&self, tree: String, path: Vec<u8>, target: Vec<u8>) -> Answer<()> {
        let tree = self.writable_tree(&tree)?;
        self.blocking(move |_| change::symlink(&tree, &path, &target))
            .await?
    }

    async fn link(&self, tree: String, items: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<Answer<()>> {
        let count = items.len();
        let tree = within_limit(count).and_then(|()| self.writable_tree(&tree));
        self.list(count, tree, move |tree, stop| {
            change::link(tree, &items, stop)
        })
        .await
    }

    async fn copy(&self, from: String, to: String, items: Vec<CopyItem>) -> Vec<Answer<Copied>> {
        let count = items.len();
        let trees =
            within_limit(count).and_then(|()| Ok((self.tree(&from)?, self.writable_tree(&to)?)));
        let (from, to) = match trees {
            Ok(trees) => trees,
            Err(error) => return same_for_all(count, error),
        };
        let plain: Vec<_> = items
            .iter()
            .filter(|item| item.method == CopyMethod::Bytes)
            .cloned()
            .collect();
        let ends = Ok((Arc::clone(&from), to.clone()));
        let copied = self
            .list(plain.len(), ends, move |(from, to), stop| {
                copy::copy(from, to, &plain, stop)
            })
            .await;
        let mut copied = copied.into_iter();
        let mut answers = Vec::with_capacity(count);
        for item in &items {
            answers.push(match item.method {
                CopyMethod::Bytes => copied.next().unwrap_or(Err(FileError::NotFound)),
                CopyMethod::Sqlite => self.copy_database(&from, &to, item).await,
                CopyMethod::Unknown => Err(FileError::Refused(
                    "this host knows no such way to copy".to_owned(),
                )),
            });
        }
        answers
    }

    async fn digest(&self, tree: String, paths: Vec<Vec<u8>>) -> Vec<Answer<(u64, [u8; 32])>> {
        let count = paths.len();
        let tree = within_limit(count).and_then(|()| self.tree(&tree));
        self.list(count, tree, move |tree, stop| {
            copy::digest(tree, &paths, stop)
        })
        .await
    }

    async fn set(&self, tree: String, items: Vec<Change>) -> Vec<Answer<()>> {
        let count = items.len();
        let tree = within_limit(count).and_then(|()| self.writable_tree(&tree));
        self.list(count, tree, move |tree, stop| set::set(tree, &items, stop))
            .await
    }

    async fn rename(&self, tree: String, old: Vec<u8>, new: Vec<u8>) -> Answer<()> {
        let tree = self.writable_tree(&tree)?;
        self.blocking(move |_| change::rename(&tree, &old, &new))
            .await?
    }

    async fn remove(&self, tree: String, path: Vec<u8>) -> Answer<()> {
        let tree = self.writable_tree(&tree)?;
        self.blocking(move |_| change::remove(&tree, &path)).await?
    }

    async fn remove_all(&self, tree: String, path: Vec<u8>) -> Answer<u64> {
        let tree = self.writable_tree(&tree)?;
        self.blocking(move |stop| remove::remove_all(&tree, &path, stop))
            .await?
    }

    async fn sync(&self, tree: String) -> Answer<()> {
        // Nothing was written in a dry run, or through a tree granted for reading.
        if self.dry_run.is_on() {
            return Ok(());
        }
        let tree = match self.writable_tree(&tree) {
            Err(FileError::ReadOnly) => return Ok(()),
            tree => tree?,
        };
        self.blocking(move |_| tree.sync()).await?
    }
}

impl CallFiles {
    /// Works through a list; if nothing could be done, every item says why.
    async fn list<T, R, W>(&self, count: usize, tree: Answer<T>, work: W) -> Vec<Answer<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
        W: FnOnce(&T, &Stop) -> Vec<Answer<R>> + Send + 'static,
    {
        let done = match tree {
            Ok(tree) => self.blocking(move |stop| work(&tree, stop)).await,
            Err(error) => Err(error),
        };
        done.unwrap_or_else(|error| same_for_all(count, error))
    }

    async fn copy_database(
        &self,
        from: &Arc<Tree>,
        to: &Writable,
        item: &CopyItem,
    ) -> Answer<Copied> {
        let (from, to, item) = (Arc::clone(from), to.clone(), item.clone());
        let prepared = self
            .blocking(move |_| DatabaseItem::prepare(&from, &to, &item))
            .await??;
        self.databases
            .copy(&prepared.source, &prepared.destination)
            .await
            .map_err(FileError::Database)?;
        self.blocking(move |stop| prepared.finish(stop)).await?
    }
}

fn within_limit(items: usize) -> Answer<()> {
    if items > ITEMS {
        Err(refused("more than 1 024 items in one list"))
    } else {
        Ok(())
    }
}

fn same_for_all<R>(count: usize, error: FileError) -> Vec<Answer<R>> {
    std::iter::repeat_with(|| Err(error.clone()))
        .take(count)
        .collect()
}
