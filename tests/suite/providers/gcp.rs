//! `gcp-snapshot` against the fake of Compute Engine that Google's own documents hold to account.
