//! Message stream encryption (MSE, or PE): the key exchange that hides a conversation from who looks for it.
//!
//! ```text
//!  1  I > R   Ya, PadA                                             96 + 0..512, looks random
//!  2  R > I   Yb, PadB                                             96 + 0..512, looks random
//!  3  I > R   H("req1", S), H("req2", SKEY) xor H("req3", S)       20 + 20, looks random
//!             ENC(VC, crypto_provide, len(PadC), PadC, len(IA))    RC4
//!             ENC(IA)                                              RC4, whatever is selected
//!  4  R > I   ENC(VC, crypto_select, len(PadD), PadD)              RC4
//!  5  both    the conversation                                     RC4, or plaintext, as selected
//! ```

mod cipher;
mod exchange;
mod keys;
mod looks;
mod opening;
mod rc4;
mod secret;
mod veil;

pub use cipher::StreamKey;
pub use keys::Keys;

pub(super) use exchange::Exchange;
pub(super) use opening::{Opening, Verdict, is_plaintext};
pub(super) use veil::Veil;

use crate::stream::{FrameRef, Moment, Side};

/// Bytes of a public key, and of the secret S.
pub(super) const Y_LEN: usize = 96;
/// Bytes of a pad at most.
pub(super) const MAX_PAD: usize = 512;
/// Where the plaintext of a stream may begin: behind a key and the shortest fourth step, up to behind all pads and a
/// handshake as IA.
pub(super) const CLEAR_FROM: u64 = 110;
pub(super) const CLEAR_UPTO: u64 = 1244;

/// How a connection hides what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// It begins like a key exchange, and nothing proves that it is one.
    Possible,
    /// It is a key exchange; what was selected is not known.
    Mse,
    /// Only the key exchange itself is encrypted.
    MsePlaintext,
    /// All of it is encrypted with RC4.
    MseRc4,
}

impl Method {
    /// The name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Method::Possible => "possible-mse",
            Method::Mse => "mse",
            Method::MsePlaintext => "mse-plaintext",
            Method::MseRc4 => "mse-rc4",
        }
    }
}

/// Behind what a message was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// A key exchange that selected plaintext.
    MsePlaintext,
    /// RC4, which was decrypted.
    MseRc4,
}

impl Via {
    /// The name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Via::MsePlaintext => Method::MsePlaintext.name(),
            Via::MseRc4 => Method::MseRc4.name(),
        }
    }
}

/// The encryption of a connection: what it is, and the frames in which its steps begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// What is known of it.
    pub method: Method,
    /// Who began.
    pub initiator: Side,
    /// The initiator's public key.
    pub ya: Option<Moment>,
    /// The other's.
    pub yb: Option<Moment>,
    /// The initiator's proof that it knows the torrent.
    pub step3: Option<Moment>,
    /// What the other has selected.
    pub step4: Option<Moment>,
    /// The first message that was read behind it.
    pub payload: Option<Moment>,
}

impl Encryption {
    /// Nothing is known of it but this.
    pub(super) fn new(method: Method, initiator: Side) -> Encryption {
        Encryption {
            method,
            initiator,
            ya: None,
            yb: None,
            step3: None,
            step4: None,
            payload: None,
        }
    }

    /// A message was read behind it, which `at` completed. True for the first.
    pub(super) fn reached(&mut self, at: FrameRef) -> bool {
        self.payload
            .replace(self.payload.unwrap_or(at.into()))
            .is_none()
    }
}
