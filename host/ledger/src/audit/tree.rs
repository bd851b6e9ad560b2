//! The Merkle tree, grown at its right edge only: no earlier leaf is ever read again to append one.

use tlog_tiles::{EMPTY_HASH, HASH_SIZE, Hash, Tile, node_hash, record_hash};

/// Leaves below one hash of a full tile: 2 to the power of this.
pub(crate) const TILE_HEIGHT: u8 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub(crate) const TILE_WIDTH: usize = 1 << TILE_HEIGHT;

/// The roots of the perfect subtrees of a tree, largest first: all that appending needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RightEdge {
    size: u64,
    roots: Vec<Hash>,
}

impl RightEdge {
    /// Takes up a stored edge; `None` if the bytes are no edge of a tree of that size.
    pub(crate) fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let chunks = bytes.chunks_exact(HASH_SIZE);
        if !chunks.remainder().is_empty() || chunks.len() != size.count_ones() as usize {
            return None;
        }
        let roots = chunks
            .map(|chunk| chunk.try_into().map(Hash))
            .collect::<Result<_, _>>()
            .ok()?;
        Some(Self { size, roots })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.roots.iter().flat_map(|root| root.0).collect()
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends the leaf of an entry and returns its hash.
    pub(crate) fn append(&mut self, entry: &[u8]) -> Hash {
        let leaf = record_hash(entry);
        self.append_leaf(leaf);
        leaf
    }

    pub(crate) fn append_leaf(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one of the size is a perfect subtree that the new leaf completes to a larger one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(left, hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    pub(crate) fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev().copied();
        let Some(last) = roots.next() else {
            return EMPTY_HASH;
        };
        roots.fold(last, |right, left| node_hash(left, right))
    }
}

/// A tile with its bytes.
#[derive(Debug)]
pub(crate) struct FilledTile {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// Cuts a growing tree into tiles: full ones as they fill, partial ones at the end.
#[derive(Debug, Default)]
pub(crate) struct TileCutter {
    /// For each level: how many full tiles are cut, and the hashes of the one that fills.
    levels: Vec<(u64, Vec<u8>)>,
}

impl TileCutter {
    /// Adds a leaf hash; returns the tiles that became full.
    pub(crate) fn append(&mut self, leaf: Hash) -> Vec<FilledTile> {
        let mut full = Vec::new();
        let mut carried = Some(leaf);
        let mut level = 0;
        while let Some(hash) = carried.take() {
            if level == self.levels.len() {
                self.levels
                    .push((0, Vec::with_capacity(TILE_WIDTH * HASH_SIZE)));
            }
            let Some((cut, filling)) = self.levels.get_mut(level) else {
                break;
            };
            filling.extend_from_slice(&hash.0);
            if filling.len() == TILE_WIDTH * HASH_SIZE {
                let bytes = std::mem::replace(filling, Vec::with_capacity(TILE_WIDTH * HASH_SIZE));
                carried = Some(Tile::subtree_hash(&bytes));
                full.push(FilledTile {
                    path: tile_path(level, *cut, TILE_WIDTH),
                    bytes,
                });
                *cut += 1;
            }
            level += 1;
        }
        full
    }

    /// The partial tiles of the tree as it is.
    pub(crate) fn finish(self) -> Vec<FilledTile> {
        let partial = self
            .levels
            .into_iter()
            .enumerate()
            .filter(|(_, (_, bytes))| !bytes.is_empty());
        partial
            .map(|(level, (cut, bytes))| FilledTile {
                path: tile_path(level, cut, bytes.len() / HASH_SIZE),
                bytes,
            })
            .collect()
    }
}

/// `tile/<level>/<index>[.p/<width>]`: the library's path without the height, which tlog-tiles fixes at 8.
fn tile_path(level: usize, index: u64, width: usize) -> String {
    published(tile(
        u8::try_from(level).unwrap_or(u8::MAX),
        index,
        width,
        false,
    ))
}

/// `tile/entries/<index>[.p/<width>]`.
pub(crate) fn bundle_path(index: u64, width: usize) -> String {
    published(tile(0, index, width, true)).replacen("/data/", "/entries/", 1)
}

fn tile(level: u8, index: u64, width: usize, data: bool) -> Tile {
    Tile::new(
        TILE_HEIGHT,
        level,
        index,
        u32::try_from(width).unwrap_or(u32::MAX),
        data,
    )
}

fn published(tile: Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

/// Every tile and bundle of a tree of that size, by path.
pub(crate) fn paths(size: u64) -> Vec<String> {
    let tiles = Tile::new_tiles(TILE_HEIGHT, 0, size);
    let mut paths: Vec<String> = tiles.iter().copied().map(published).collect();
    for tile in tiles.iter().filter(|tile| tile.level() == 0) {
        paths.push(bundle_path(tile.level_index(), tile.width() as usize));
    }
    paths
}
