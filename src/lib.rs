//! peerscope shows what BitTorrent peers say to each other.
//!
//! The tree is the line of flow; a module may name only what stands to its left:
//!
//! ```text
//! capture -> packet -> stream -> wire -> peer -> swarm -> store -> pipeline -> export | view -> app -> main
//! ```

pub mod capture;
pub mod export;
pub mod packet;
pub mod peer;
pub mod pipeline;
pub mod store;
pub mod stream;
pub mod swarm;
pub mod wire;
