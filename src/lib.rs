//! peerscope shows what BitTorrent peers say to each other.
//!
//! The tree is the line of flow; a module may name only what stands to its left:
//!
//! ```text
//! capture -> packet -> stream -> wire -> peer -> swarm -> store -> findings -> pipeline -> export -> view -> app
//! ```
//!
//! - [`capture`]: frames with a time and a place in a file;
//! - [`packet`]: a frame -> a TCP segment or a UDP datagram, or the reason there is none;
//! - [`stream`]: segments -> bytes in order, and gaps;
//! - [`wire`]: bytes -> messages, and what goes with them: trackers, the DHT;
//! - [`peer`]: what two peers know and owe each other;
//! - [`swarm`]: one torrent across connections;
//! - [`store`]: the record, and the state at any message;
//! - [`findings`]: what is wrong in the record, in words;
//! - [`pipeline`]: all of these in their order, on one page;
//! - [`export`]: the record as text and JSON;
//! - [`view`]: the record as a picture;
//! - [`app`]: keys in, screens out.
//!
//! Below `app` nothing opens, prints or asks a clock, but for [`capture`], which reads.

pub mod app;
pub mod capture;
pub mod export;
pub mod findings;
pub mod packet;
pub mod peer;
pub mod pipeline;
pub mod store;
pub mod stream;
pub mod swarm;
pub mod view;
pub mod wire;
