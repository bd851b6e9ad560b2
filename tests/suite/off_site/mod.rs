//! Second shelves in another place, and how old the newest snapshot may become.

mod ages;
mod places;
mod restores;
