//! What each pane does with an action before its general meaning applies.

mod connections;
mod findings;
mod hex;
mod life;
mod pieces;
mod requests;
mod strip;
mod torrent;
mod transport;
mod tree;

pub(super) use pieces::Pieces;
pub(super) use transport::Tracings;

/// Did the pane know what to do?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It did it.
    Yes,
    /// What the action means everywhere is to be done.
    No,
}
