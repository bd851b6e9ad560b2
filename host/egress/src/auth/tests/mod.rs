//! Each scheme against a server.
