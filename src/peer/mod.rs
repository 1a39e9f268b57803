//! What two peers know and owe each other at one moment of their conversation.

mod ledger;
mod pieces;
mod requests;
mod talk;
mod waiting;

pub use ledger::{Asked, Fate, Ledger};
pub use pieces::{Announced, Pieces};
pub use requests::{MAX_OUTSTANDING, Requests};
pub use talk::{Choke, Flow, Interest, Peer, Talk};
