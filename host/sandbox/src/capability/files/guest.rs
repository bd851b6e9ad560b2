//! The guest's half of `files`.
//!
//! Owns: the guest's handles, the limits on lists and chunks, and that no tree opens without a grant.

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use super::convert::{all, each};
use super::handles::{Handle, Reader, Tree, Walker, Writer};
use super::{Change, CopyItem, FileError, Files};
use crate::capability::Stop;
use crate::contract::v0_1::strongroom::plugin::files as wit;

/// Items of one call, so that the host answers within a moment and the lists stay small.
const ITEMS_LIMIT: usize = 1_024;

/// Bytes of one read or write.
const CHUNK_LIMIT: u32 = 1024 * 1024;

/// The view: the host's half, where it is granted, and the call's handles.
pub(crate) struct FilesView<'a> {
    pub(crate) files: Option<&'a dyn Files>,
    pub(crate) table: &'a mut ResourceTable,
}

impl HasData for FilesView<'static> {
    type Data<'a> = FilesView<'a>;
}

/// An answer of the contract inside an answer of the engine, whose errors end the call.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

fn answer<A, B: From<A>>(answered: Result<A, FileError>) -> Answer<B> {
    Ok(answered.map(Into::into).map_err(Into::into))
}

impl<'a> FilesView<'a> {
    /// The host's half. Without it no tree is ever opened, so nothing else can be asked for.
    fn files(&self) -> wasmtime::Result<&'a dyn Files> {
        let missing = || Stop::Breach("it used a tree that it was not granted".to_owned());
        Ok(self.files.ok_or_else(missing)?)
    }

    fn name(&self, tree: &Resource<Tree>) -> wasmtime::Result<String> {
        Ok(self.table.get(tree)?.name.clone())
    }

    fn opened<T: Send + 'static>(
        &mut self,
        handle: Result<Handle, FileError>,
        wrap: fn(Handle) -> T,
    ) -> Answer<Resource<T>> {
        match handle {
            Ok(handle) => Ok(Ok(self.table.push(wrap(handle))?)),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

/// Lists have no error of their own in the contract, so a list that is too long ends the call.
fn bounded(function: &str, items: usize) -> wasmtime::Result<()> {
    if items > ITEMS_LIMIT {
        return Err(Stop::Breach(format!(
            "it gave `{function}` {items} items, {ITEMS_LIMIT} are allowed"
        ))
        .into());
    }
    Ok(())
}

/// A number of entries or bytes asked for at once.
fn within(asked: u32, most: u32) -> Result<u32, wit::Error> {
    if asked == 0 || asked > most {
        return Err(wit::Error::Refused(format!(
            "{asked} at once were asked for, 1 to {most} are allowed"
        )));
    }
    Ok(asked)
}

impl wit::Host for FilesView<'_> {}

impl wit::HostTree for FilesView<'_> {
    fn open(&mut self, name: String) -> Answer<Resource<Tree>> {
        let granted = (self.files).map_or(Err(FileError::NotFound), |files| files.writable(&name));
        match granted {
            Ok(_) => Ok(Ok(self.table.push(Tree { name })?)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    fn writable(&mut self, tree: Resource<Tree>) -> wasmtime::Result<bool> {
        let name = &self.table.get(&tree)?.name;
        Ok(self.files()?.writable(name).unwrap_or(false))
    }

    async fn space(&mut self, tree: Resource<Tree>) -> Answer<(u64, u64)> {
        answer(self.files()?.space(self.name(&tree)?).await)
    }

    async fn describe(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<wit::Entry> {
        answer(self.files()?.describe(self.name(&tree)?, path).await)
    }

    async fn walk(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<Resource<Walker>> {
        let handle = self.files()?.walk(self.name(&tree)?, path).await;
        self.opened(handle, Walker)
    }

    async fn read(
        &mut self,
        tree: Resource<Tree>,
        path: Vec<u8>,
        offset: u64,
    ) -> Answer<Resource<Reader>> {
        let handle = self.files()?.read(self.name(&tree)?, path, offset).await;
        self.opened(handle, Reader)
    }

    async fn write(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<Resource<Writer>> {
        let handle = self.files()?.write(self.name(&tree)?, path).await;
        self.opened(handle, Writer)
    }

    async fn make_directory(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<()> {
        answer(self.files()?.make_directory(self.name(&tree)?, path).await)
    }

    async fn symlink(
        &mut self,
        tree: Resource<Tree>,
        path: Vec<u8>,
        target: Vec<u8>,
    ) -> Answer<()> {
        answer(self.files()?.symlink(self.name(&tree)?, path, target).await)
    }

    async fn link(
        &mut self,
        tree: Resource<Tree>,
        items: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> wasmtime::Result<Vec<Result<(), wit::Error>>> {
        bounded("link", items.len())?;
        Ok(each(self.files()?.link(self.name(&tree)?, items).await))
    }

    async fn copy(
        &mut self,
        tree: Resource<Tree>,
        to: Resource<Tree>,
        items: Vec<wit::CopyItem>,
    ) -> wasmtime::Result<Vec<Result<wit::Copied, wit::Error>>> {
        bounded("copy", items.len())?;
        let items = all::<_, CopyItem>(items);
        Ok(each(
            self.files()?
                .copy(self.name(&tree)?, self.name(&to)?, items)
                .await,
        ))
    }

    async fn digest(
        &mut self,
        tree: Resource<Tree>,
        paths: Vec<Vec<u8>>,
    ) -> wasmtime::Result<Vec<Result<(u64, Vec<u8>), wit::Error>>> {
        bounded("digest", paths.len())?;
        let digests = self.files()?.digest(self.name(&tree)?, paths).await;
        Ok(digests
            .into_iter()
            .map(|item| {
                item.map(|(size, hash)| (size, hash.to_vec()))
                    .map_err(Into::into)
            })
            .collect())
    }

    async fn set(
        &mut self,
        tree: Resource<Tree>,
        items: Vec<wit::Change>,
    ) -> wasmtime::Result<Vec<Result<(), wit::Error>>> {
        bounded("set", items.len())?;
        let items = all::<_, Change>(items);
        Ok(each(self.files()?.set(self.name(&tree)?, items).await))
    }

    async fn rename(&mut self, tree: Resource<Tree>, old: Vec<u8>, new: Vec<u8>) -> Answer<()> {
        answer(self.files()?.rename(self.name(&tree)?, old, new).await)
    }

    async fn remove(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<()> {
        answer(self.files()?.remove(self.name(&tree)?, path).await)
    }

    async fn remove_all(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<u64> {
        answer(self.files()?.remove_all(self.name(&tree)?, path).await)
    }

    async fn sync(&mut self, tree: Resource<Tree>) -> Answer<()> {
        answer(self.files()?.sync(self.name(&tree)?).await)
    }

    fn drop(&mut self, tree: Resource<Tree>) -> wasmtime::Result<()> {
        Ok(self.table.delete(tree).map(drop)?)
    }
}

impl wit::HostWalker for FilesView<'_> {
    async fn next(&mut self, walker: Resource<Walker>, limit: u32) -> Answer<Vec<wit::Entry>> {
        let handle = self.table.get(&walker)?.0;
        let limit = match within(limit, ITEMS_LIMIT as u32) {
            Ok(limit) => limit,
            Err(error) => return Ok(Err(error)),
        };
        let entries = self.files()?.walk_next(handle, limit).await;
        Ok(entries.map(all).map_err(Into::into))
    }

    fn drop(&mut self, walker: Resource<Walker>) -> wasmtime::Result<()> {
        self.files()?.close(self.table.delete(walker)?.0);
        Ok(())
    }
}

impl wit::HostReader for FilesView<'_> {
    async fn read(&mut self, reader: Resource<Reader>, limit: u32) -> Answer<Vec<u8>> {
        let handle = self.table.get(&reader)?.0;
        match within(limit, CHUNK_LIMIT) {
            Ok(limit) => answer(self.files()?.read_next(handle, limit).await),
            Err(error) => Ok(Err(error)),
        }
    }

    fn drop(&mut self, reader: Resource<Reader>) -> wasmtime::Result<()> {
        self.files()?.close(self.table.delete(reader)?.0);
        Ok(())
    }
}

impl wit::HostWriter for FilesView<'_> {
    async fn write(&mut self, writer: Resource<Writer>, bytes: Vec<u8>) -> Answer<()> {
        let handle = self.table.get(&writer)?.0;
        if bytes.len() > CHUNK_LIMIT as usize {
            let why = format!(
                "{} bytes at once were given, {CHUNK_LIMIT} are allowed",
                bytes.len()
            );
            return Ok(Err(wit::Error::Refused(why)));
        }
        answer(self.files()?.write_next(handle, bytes).await)
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> Answer<()> {
        let handle = self.table.get(&writer)?.0;
        answer(self.files()?.write_finish(handle).await)
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.files()?.close(self.table.delete(writer)?.0);
        Ok(())
    }
}

/// Links `files`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> FilesView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, FilesView<'static>>(linker, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_chunks_have_their_limits() {
        assert!(bounded("copy", 1_024).is_ok());
        let error = bounded("copy", 1_025).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it gave `copy` 1025 items, 1024 are allowed"
        );
        assert!(within(1, 5).is_ok() && within(5, 5).is_ok());
        assert!(matches!(within(0, 5), Err(wit::Error::Refused(_))));
        assert!(matches!(within(6, 5), Err(wit::Error::Refused(_))));
    }
}
