//! peerscope shows what BitTorrent peers say to each other.
//!
//! The tree is the line of flow; a module may name only what stands to its left:
//!
//! ```text
//! capture -> packet -> stream -> wire -> peer -> swarm -> store -> pipeline -> export | view -> app -> main
//! ```

pub mod capture;
pub mod packet;
