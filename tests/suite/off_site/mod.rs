//! Second shelves in another place, and how old the newest snapshot may become.

mod ages;
mod copies;
mod places;
mod restores;
