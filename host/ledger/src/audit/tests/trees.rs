//! The tree, against the library's own functions.

use super::super::key::open_checkpoint;
use super::super::tree::{TILE_HEIGHT, TileCutter, paths};
use super::*;
use tlog_tiles::{Hash, HashReader, Tile, record_hash, stored_hashes, tree_hash};

/// Every hash in the order of the library.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[*index as usize])
            .collect())
    }
}

fn stored(entries: &[Vec<u8>]) -> Stored {
    let mut all = Stored(Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let hashes = stored_hashes(index as u64, entry, &all).unwrap();
        all.0.extend(hashes);
    }
    all
}

#[test]
fn the_right_edge_has_the_roots_that_the_library_computes() {
    let log = Log::new(700);
    let stored = stored(&log.entries);
    let mut edge = RightEdge::default();
    assert_eq!(edge.root(), tree_hash(0, &stored).unwrap());
    for (index, entry) in log.entries.iter().enumerate() {
        edge.append(entry);
        assert_eq!(
            edge.root(),
            tree_hash(index as u64 + 1, &stored).unwrap(),
            "{index}"
        );
        let again = RightEdge::from_bytes(edge.size(), &edge.to_bytes()).unwrap();
        assert_eq!(again, edge);
    }
    assert_eq!(
        RightEdge::from_bytes(edge.size() + 1, &edge.to_bytes()),
        None
    );
    assert_eq!(
        RightEdge::from_bytes(edge.size(), &edge.to_bytes()[1..]),
        None
    );
}

#[test]
fn tiles_are_those_of_the_library() {
    // 65 537 leaves reach the third level.
    for size in [
        1, 2, 255, 256, 257, 511, 512, 513, 600, 65_535, 65_536, 65_537_u64,
    ] {
        let leaves: Vec<Vec<u8>> = (0..size).map(|leaf| leaf.to_be_bytes().to_vec()).collect();
        let stored = stored(&leaves);
        let mut cutter = TileCutter::default();
        let mut tiles: Vec<_> = leaves
            .iter()
            .flat_map(|leaf| cutter.append(record_hash(leaf)))
            .collect();
        tiles.extend(cutter.finish());
        let mut ours: BTreeMap<String, Vec<u8>> = tiles
            .into_iter()
            .map(|tile| (tile.path, tile.bytes))
            .collect();
        for tile in Tile::new_tiles(TILE_HEIGHT, 0, size) {
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            assert_eq!(
                ours.remove(&path),
                Some(tile.read_data(&stored).unwrap()),
                "{path} of {size}"
            );
        }
        assert!(ours.is_empty(), "{:?} of {size}", ours.keys());
    }
}

#[test]
fn paths_are_those_of_the_specification() {
    assert_eq!(paths(0), Vec::<String>::new());
    assert_eq!(paths(1), ["tile/0/000.p/1", "tile/entries/000.p/1"]);
    assert_eq!(
        paths(256),
        ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]
    );
    assert_eq!(
        paths(257),
        [
            "tile/0/000",
            "tile/0/001.p/1",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/1"
        ]
    );
    let many = paths(256 * 1_234_068);
    assert!(many.iter().any(|path| path == "tile/0/x001/x234/067"));
    assert!(many.iter().any(|path| path == "tile/entries/x001/x234/067"));
    assert!(many.iter().any(|path| path == "tile/1/x004/820.p/148"));
}

#[test]
fn a_checkpoint_is_a_signed_note_of_the_logs_own_name() {
    let log = Log::new(3);
    let state = log.state(3);
    let lines: Vec<&str> = state.checkpoint.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!((lines[1], lines[3]), ("3", ""));
    assert!(lines[4].starts_with(&format!("— {} ", lines[0])));
    assert!(state.verifier.starts_with(&format!("{}+", lines[0])));
    let head = open_checkpoint(state.checkpoint.as_bytes(), &state.verifier).unwrap();
    assert_eq!((head.size, hex(&head.root.0)), (3, state.root));
    assert!(
        open_checkpoint(state.checkpoint.as_bytes(), &Log::new(0).key.verifier())
            .unwrap_err()
            .contains("not signed by")
    );
    assert!(
        open_checkpoint(state.checkpoint.as_bytes(), "nonsense")
            .unwrap_err()
            .contains("verifier key")
    );
    let twice = format!("{}{}\n", state.checkpoint, lines[4]);
    assert!(
        open_checkpoint(twice.as_bytes(), &state.verifier)
            .unwrap_err()
            .contains("more than")
    );
}

#[test]
fn a_key_is_the_same_when_it_is_read_again() {
    let log = Log::new(1);
    let again = AuditKey::read(log.folder.path()).unwrap().unwrap();
    assert_eq!(again.verifier(), log.key.verifier());
    assert_eq!(
        again.checkpoint(1, tlog_tiles::EMPTY_HASH).unwrap(),
        log.key.checkpoint(1, tlog_tiles::EMPTY_HASH).unwrap()
    );
    assert_ne!(Log::new(0).key.verifier(), log.key.verifier());
}
