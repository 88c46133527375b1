//! What the surroundings and files from elsewhere can do to the program: signals, links, spoilt bytes, full disks, long
//! messages.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../program/mod.rs"]
mod program;

mod full;
mod links;
mod messages;
mod signals;
mod spoilt;
mod starts;
mod threads;
