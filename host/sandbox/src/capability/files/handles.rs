//! What a guest holds of `files`: a name or a number each.
//!
//! Never: the thing itself; the host's half keeps it. Read next: `guest`.

/// Which walker, reader or writer; given by the host's half, unique within one call.
pub type Handle = u64;

/// A guest's handle on a granted tree.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Tree {
    pub(super) name: String,
}

/// A guest's handle on a walk.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Walker(pub(super) Handle);

/// A guest's handle on a file being read.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Reader(pub(super) Handle);

/// A guest's handle on a file being written.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Writer(pub(super) Handle);
