//! A connection that begins like a key exchange: what is learned of it from what can be read behind.

use super::{Encryption, Method, Via};
use crate::stream::{FrameRef, Side};
use crate::wire::framing::{Decoded, Found, Framed, Reason};

/// What is believed of the connection; a conversation without a beginning may look like a key exchange, too.
#[derive(Debug)]
pub(in crate::wire) struct Veil {
    initiator: Side,
    encryption: Option<Encryption>,
}

impl Veil {
    pub(in crate::wire) fn new(encryption: Encryption) -> Veil {
        Veil {
            initiator: encryption.initiator,
            encryption: Some(encryption),
        }
    }

    pub(in crate::wire) fn initiator(&self) -> Side {
        self.initiator
    }

    /// What is to be told of it now.
    pub(in crate::wire) fn told(&self) -> Decoded {
        Decoded::Encryption(self.encryption.map(Box::new))
    }

    /// Hands on what was decoded, with what it says of the encryption before it.
    pub(in crate::wire) fn pass(
        &mut self,
        mut decoded: Decoded,
        now: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        match &mut decoded {
            Decoded::Message(framed) => {
                if self.learn(framed, now) {
                    out(self.told());
                }
                framed.via = self.encryption.and_then(|known| known.method.via());
            }
            Decoded::Undecoded(stretch) => match (stretch.reason, self.method()) {
                (Reason::Encrypted, None) => stretch.reason = Reason::NotBitTorrent,
                (Reason::BeforeMessages, Some(Method::MsePlaintext | Method::MseRc4)) => {
                    stretch.reason = Reason::Encrypted;
                }
                _ => {}
            },
            _ => {}
        }
        out(decoded);
    }

    fn method(&self) -> Option<Method> {
        self.encryption.map(|encryption| encryption.method)
    }

    /// True when a message tells something new: where it is the first behind the exchange, plaintext was selected;
    /// where only a chain of messages was found somewhere, there was no exchange.
    fn learn(&mut self, framed: &Framed, now: FrameRef) -> bool {
        let Some(encryption) = &mut self.encryption else {
            return false;
        };
        let is_unproven = matches!(encryption.method, Method::Possible | Method::Mse);
        let at = match framed.found {
            Found::Resynchronised(_) if is_unproven => {
                self.encryption = None;
                return true;
            }
            Found::InOrder => now,
            Found::Settled(at) | Found::Resynchronised(at) => at,
        };
        if is_unproven {
            encryption.method = Method::MsePlaintext;
        }
        encryption.reached(at)
    }
}

impl Method {
    fn via(self) -> Option<Via> {
        match self {
            Method::Possible | Method::Mse => None,
            Method::MsePlaintext => Some(Via::MsePlaintext),
            Method::MseRc4 => Some(Via::MseRc4),
        }
    }
}
