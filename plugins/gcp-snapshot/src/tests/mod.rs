//! The plugin's logic against answers as Google gives them.
