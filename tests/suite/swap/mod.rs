//! The swap of a provider: rehearsed beside the old one, cut over, returned, and never an old snapshot in wrong hands.

mod clouds;
mod planned;
mod through_the_binary;
mod under_way;
