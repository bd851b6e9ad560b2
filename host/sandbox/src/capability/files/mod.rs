//! `files`: granted trees by name.
//!
//! Owns: the guest's handles, the limits on lists and chunks. Never: a path's meaning, a file, a grant: those are the
//! outside half's. Read next: `convert` (the same words on both sides), `outside`.

mod convert;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings::strongroom::plugin::files as wit;
use crate::ending::Stop;
use crate::instance::Guest;
use crate::outside::{Change, CopyItem, FileError, Handle, Outside};

use convert::{all, each};

/// Items of one call, so that the host answers within a moment and the lists stay small.
const ITEMS_LIMIT: usize = 1_024;

/// Bytes of one read or write.
const CHUNK_LIMIT: u32 = 1024 * 1024;

/// A guest's handle on a granted tree.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Tree {
    name: String,
}

/// A guest's handle on a walk.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Walker(Handle);

/// A guest's handle on a file being read.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Reader(Handle);

/// A guest's handle on a file being written.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Writer(Handle);

/// The view: the outside half and the call's handles.
pub(crate) struct FilesView<'a> {
    outside: &'a Arc<dyn Outside>,
    table: &'a mut ResourceTable,
}

/// Names the view for the linker.
pub(crate) struct Files;

impl HasData for Files {
    type Data<'a> = FilesView<'a>;
}

/// An answer of the contract inside an answer of the engine, whose errors end the call.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl FilesView<'_> {
    fn name(&self, tree: &Resource<Tree>) -> wasmtime::Result<String> {
        Ok(self.table.get(tree)?.name.clone())
    }

    fn opened<T: Send + 'static>(
        &mut self,
        handle: Result<Handle, FileError>,
        wrap: fn(Handle) -> T,
    ) -> Answer<Resource<T>> {
        match handle {
            Ok(handle) => Ok(Ok(self
                .table
                .push(wrap(handle))
                .inspect_err(|_| self.outside.close(handle))?)),
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
        match self.outside.tree_writable(&name) {
            Ok(_) => Ok(Ok(self.table.push(Tree { name })?)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    fn writable(&mut self, tree: Resource<Tree>) -> wasmtime::Result<bool> {
        Ok(self
            .outside
            .tree_writable(&self.table.get(&tree)?.name)
            .unwrap_or(false))
    }

    async fn space(&mut self, tree: Resource<Tree>) -> Answer<(u64, u64)> {
        Ok(self
            .outside
            .space(self.name(&tree)?)
            .await
            .map_err(Into::into))
    }

    async fn describe(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<wit::Entry> {
        Ok(self
            .outside
            .describe(self.name(&tree)?, path)
            .await
            .map(Into::into)
            .map_err(Into::into))
    }

    async fn walk(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<Resource<Walker>> {
        let handle = self.outside.walk(self.name(&tree)?, path).await;
        self.opened(handle, Walker)
    }

    async fn read(
        &mut self,
        tree: Resource<Tree>,
        path: Vec<u8>,
        offset: u64,
    ) -> Answer<Resource<Reader>> {
        let handle = self.outside.read(self.name(&tree)?, path, offset).await;
        self.opened(handle, Reader)
    }

    async fn write(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<Resource<Writer>> {
        let handle = self.outside.write(self.name(&tree)?, path).await;
        self.opened(handle, Writer)
    }

    async fn make_directory(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<()> {
        Ok(self
            .outside
            .make_directory(self.name(&tree)?, path)
            .await
            .map_err(Into::into))
    }

    async fn symlink(
        &mut self,
        tree: Resource<Tree>,
        path: Vec<u8>,
        target: Vec<u8>,
    ) -> Answer<()> {
        Ok(self
            .outside
            .symlink(self.name(&tree)?, path, target)
            .await
            .map_err(Into::into))
    }

    async fn link(
        &mut self,
        tree: Resource<Tree>,
        items: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> wasmtime::Result<Vec<Result<(), wit::Error>>> {
        bounded("link", items.len())?;
        Ok(each(self.outside.link(self.name(&tree)?, items).await))
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
            self.outside
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
        let digests = self.outside.digest(self.name(&tree)?, paths).await;
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
        Ok(each(self.outside.set(self.name(&tree)?, items).await))
    }

    async fn rename(&mut self, tree: Resource<Tree>, old: Vec<u8>, new: Vec<u8>) -> Answer<()> {
        Ok(self
            .outside
            .rename(self.name(&tree)?, old, new)
            .await
            .map_err(Into::into))
    }

    async fn remove(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<()> {
        Ok(self
            .outside
            .remove(self.name(&tree)?, path)
            .await
            .map_err(Into::into))
    }

    async fn remove_all(&mut self, tree: Resource<Tree>, path: Vec<u8>) -> Answer<u64> {
        Ok(self
            .outside
            .remove_all(self.name(&tree)?, path)
            .await
            .map_err(Into::into))
    }

    async fn sync(&mut self, tree: Resource<Tree>) -> Answer<()> {
        Ok(self
            .outside
            .sync(self.name(&tree)?)
            .await
            .map_err(Into::into))
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
        Ok(self
            .outside
            .walk_next(handle, limit)
            .await
            .map(all)
            .map_err(Into::into))
    }

    fn drop(&mut self, walker: Resource<Walker>) -> wasmtime::Result<()> {
        self.outside.close(self.table.delete(walker)?.0);
        Ok(())
    }
}

impl wit::HostReader for FilesView<'_> {
    async fn read(&mut self, reader: Resource<Reader>, limit: u32) -> Answer<Vec<u8>> {
        let handle = self.table.get(&reader)?.0;
        match within(limit, CHUNK_LIMIT) {
            Ok(limit) => Ok(self
                .outside
                .read_next(handle, limit)
                .await
                .map_err(Into::into)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn drop(&mut self, reader: Resource<Reader>) -> wasmtime::Result<()> {
        self.outside.close(self.table.delete(reader)?.0);
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
        Ok(self
            .outside
            .write_next(handle, bytes)
            .await
            .map_err(Into::into))
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> Answer<()> {
        let handle = self.table.get(&writer)?.0;
        Ok(self.outside.write_finish(handle).await.map_err(Into::into))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.outside.close(self.table.delete(writer)?.0);
        Ok(())
    }
}

/// Links `files`.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, Files>(linker, |guest| FilesView {
        outside: &guest.outside,
        table: &mut guest.table,
    })
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
