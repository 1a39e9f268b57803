//! A connection that begins like a key exchange: what is learned of it from what can be read behind.

use super::cipher::Cipher;
use super::exchange::Exchange;
use super::keys::Keys;
use super::{Encryption, Method, Via};
use crate::stream::{FrameRef, Missing, SeqNumber, Side};
use crate::wire::framing::{Decoded, Found, Framed, Reason};

/// What is believed of the connection; a conversation without a beginning may look like a key exchange, too.
#[derive(Debug)]
pub(in crate::wire) struct Veil {
    initiator: Side,
    encryption: Option<Encryption>,
    ciphers: [Option<Cipher>; 2],
    /// Bytes of each side that have passed, the missing ones too.
    passed: [u64; 2],
    /// Sides of which packets are missing, and nobody knows how many bytes.
    has_hole: [bool; 2],
    /// The first bytes of both sides, while a secret may still come.
    heads: Option<Box<[Vec<u8>; 2]>>,
    /// What was known when it was last looked for.
    tried: u32,
    /// How many secrets were known then.
    secrets: usize,
    /// What is read now was held, and has come before what was read last.
    pub(in crate::wire) is_late: bool,
}

impl Veil {
    pub(in crate::wire) fn new(encryption: Encryption) -> Veil {
        Veil {
            initiator: encryption.initiator,
            encryption: Some(encryption),
            ciphers: [None, None],
            passed: [0; 2],
            has_hole: [false; 2],
            heads: None,
            tried: 0,
            secrets: 0,
            is_late: false,
        }
    }

    /// Keeps what it takes to find the secret later.
    pub(in crate::wire) fn keep(&mut self, heads: [Vec<u8>; 2], keys: &Keys) {
        (self.tried, self.secrets) = (keys.version(), keys.secrets());
        self.heads = Some(Box::new(heads));
    }

    /// The exchange, if what was learned since tells its secret. What has passed is not read again.
    pub(in crate::wire) fn retry(&mut self, keys: &Keys) -> Option<Exchange> {
        let heads = self.heads.as_deref()?;
        if self.tried == keys.version() || keys.is_empty() || !self.is_closed() {
            return None;
        }
        let has_secret = self.method() == Some(Method::Mse);
        let is_hopeless = !has_secret && self.secrets == keys.secrets();
        (self.tried, self.secrets) = (keys.version(), keys.secrets());
        if is_hopeless {
            return None;
        }
        let exchange = Exchange::find(keys, heads)?;
        exchange.directions.as_ref()?;
        self.heads = None;
        Some(exchange)
    }

    /// True when nothing of it can be read.
    fn is_closed(&self) -> bool {
        matches!(self.method(), Some(Method::Possible | Method::Mse))
    }

    /// The secret is known: both sides are read from where they are.
    pub(in crate::wire) fn open(&mut self, exchange: &Exchange) {
        for side in Side::BOTH {
            let layout = exchange.layout(side);
            let passed = self.passed[side.index()];
            let layout = layout.filter(|_| !self.has_hole[side.index()]);
            self.ciphers[side.index()] = layout.map(|layout| Cipher::new(layout, passed));
        }
        if let Some(encryption) = &mut self.encryption {
            encryption.method = match exchange.directions {
                None => Method::Mse,
                Some(_) if exchange.is_plaintext() => Method::MsePlaintext,
                Some(_) => Method::MseRc4,
            };
        }
    }

    /// Bytes of a key exchange before the conversation of a side, if that is known.
    pub(in crate::wire) fn payload(&self, side: Side) -> Option<u64> {
        self.ciphers[side.index()].as_ref()?.payload
    }

    pub(in crate::wire) fn can_read(&self, side: Side) -> bool {
        self.ciphers[side.index()].is_some()
    }

    pub(in crate::wire) fn initiator(&self) -> Side {
        self.initiator
    }

    /// The next bytes of a side, decrypted where that is possible, and with what they can be decrypted again.
    pub(in crate::wire) fn data(
        &mut self,
        side: Side,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) -> Option<Vec<u8>> {
        self.passed[side.index()] += bytes.len() as u64;
        let cipher = self.ciphers[side.index()].as_mut()?;
        let key = cipher.key(seq, at);
        key.into_iter()
            .for_each(|key| out(Decoded::Key(Box::new(key))));
        Some(cipher.decrypt(seq, bytes))
    }

    pub(in crate::wire) fn gap(
        &mut self,
        side: Side,
        (seq, len, missing): (SeqNumber, u64, Missing),
    ) {
        self.passed[side.index()] += len;
        if let Missing::Packets(_) = missing {
            // How far the key stream has gone on nobody knows, and nobody will.
            self.ciphers[side.index()] = None;
            self.has_hole[side.index()] = true;
        }
        if let Some(cipher) = &mut self.ciphers[side.index()] {
            cipher.skip(seq, len);
        }
    }

    /// What is to be told of it now.
    pub(in crate::wire) fn told(&self) -> Decoded {
        Decoded::Encryption(self.encryption.map(Box::new))
    }

    /// Hands on what was decoded of a side, with what it says of the encryption before it.
    pub(in crate::wire) fn pass(
        &mut self,
        side: Side,
        mut decoded: Decoded,
        now: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        match &mut decoded {
            Decoded::Message(framed) => {
                if self.learn(framed, now) {
                    out(self.told());
                }
                framed.via = self.via(side, framed);
                if self.is_late && framed.found == Found::InOrder {
                    framed.found = Found::Settled(now);
                }
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

    fn via(&self, side: Side, framed: &Framed) -> Option<Via> {
        match (self.method()?, &self.ciphers[side.index()]) {
            (Method::MsePlaintext | Method::MseRc4, Some(cipher)) => {
                Some(cipher.via(framed.place.seq))
            }
            (Method::MsePlaintext, None) => Some(Via::MsePlaintext),
            _ => None,
        }
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
        let is_unproven = encryption.method == Method::Possible;
        let at = match framed.found {
            Found::Resynchronised(_) if is_unproven => {
                self.encryption = None;
                return true;
            }
            Found::InOrder => now,
            Found::Settled(at) | Found::Resynchronised(at) => at,
        };
        if matches!(encryption.method, Method::Possible | Method::Mse) {
            encryption.method = Method::MsePlaintext;
        }
        encryption.reached(at)
    }
}
