//! Lies that a real server is made to tell. None of them ever ends in "verified".

mod at_google;
