//! A key exchange whose secret is known: where each part of it ends, and what was selected.

use super::keys::Keys;
use super::rc4::Rc4;
use super::secret::{Number, Secret};
use super::{MAX_PAD, Y_LEN};
use crate::stream::Side;

/// The verification constant: as many zeros.
const VC: usize = 8;
/// The two hashes of the third step.
const HASHES: usize = 40;
/// `crypto_select`: the rest is plaintext.
const PLAINTEXT: u32 = 1;

/// An exchange, as far as its bytes are there.
#[derive(Debug)]
pub(in crate::wire) struct Exchange {
    pub(in crate::wire) initiator: Side,
    /// The keys; none while the torrent is not known.
    pub(in crate::wire) directions: Option<[Direction; 2]>,
}

/// One direction of it, [`Side`] is the index.
#[derive(Debug)]
pub(in crate::wire) struct Direction {
    key: [u8; 20],
    /// Where its key stream begins, if that is known.
    from: Option<usize>,
    /// Where its conversation begins, the initiator's with IA.
    payload: Option<usize>,
    /// Where IA ends.
    ia_end: usize,
    /// What the initiator offers, or the other selects.
    crypto: u32,
}

/// What of a direction's stream is encrypted, and where the conversation begins.
#[derive(Debug)]
pub(in crate::wire) struct Layout {
    pub(in crate::wire) rc4: Rc4,
    pub(in crate::wire) from: u64,
    pub(in crate::wire) until: Option<u64>,
    pub(in crate::wire) payload: Option<u64>,
}

impl Exchange {
    /// The exchange that the first bytes of both sides are, if the log holds its secret.
    pub(in crate::wire) fn find(keys: &Keys, heads: &[Vec<u8>; 2]) -> Option<Exchange> {
        let of = |initiator: Side| {
            let (own, other) = (&heads[initiator.index()], &heads[(!initiator).index()]);
            let (secret, at) = secret(keys, own, other)?;
            let proof = own.get(at + 20..at + HASHES)?;
            let mut torrents = keys.torrents();
            let torrent = torrents.find(|torrent| secret.proof(torrent)[..] == *proof);
            let directions = torrent.map(|torrent| {
                let i = Direction::third(secret.key_a(torrent), own, at + HASHES);
                let r = Direction::fourth(secret.key_b(torrent), other);
                if initiator == Side::A { [i, r] } else { [r, i] }
            });
            Some(Exchange {
                initiator,
                directions,
            })
        };
        Side::BOTH.into_iter().find_map(of)
    }

    /// True when both directions are known up to their conversations.
    pub(in crate::wire) fn is_whole(&self) -> bool {
        let is_whole = |direction: &Direction| direction.payload.is_some();
        self.directions
            .as_ref()
            .is_some_and(|both| both.iter().all(is_whole))
    }

    /// True when plaintext was selected. Where that cannot be seen, the only one that was offered was.
    pub(in crate::wire) fn is_plaintext(&self) -> bool {
        let Some(directions) = &self.directions else {
            return false;
        };
        let [offer, selected] = [self.initiator, !self.initiator].map(|it| &directions[it.index()]);
        match selected.payload {
            Some(_) => selected.crypto == PLAINTEXT,
            None => offer.crypto == PLAINTEXT,
        }
    }

    /// What of one side is encrypted; `None` where that is not known.
    pub(in crate::wire) fn layout(&self, side: Side) -> Option<Layout> {
        let direction = &self.directions.as_ref()?[side.index()];
        let from = direction.from?;
        let until = if side == self.initiator {
            direction.ia_end
        } else {
            direction.payload.unwrap_or(0)
        };
        Some(Layout {
            rc4: Rc4::new(&direction.key),
            from: from as u64,
            until: self.is_plaintext().then_some(until.max(from) as u64),
            payload: direction.payload.map(|at| at as u64),
        })
    }
}

/// The secret of an exchange that `own` began, and where the third step begins.
fn secret(keys: &Keys, own: &[u8], other: &[u8]) -> Option<(Secret, usize)> {
    let windows = || {
        let rest = own.get(Y_LEN..).unwrap_or_default();
        rest.windows(20).take(MAX_PAD + 1).zip(Y_LEN..)
    };
    let listed = windows().find_map(|(window, at)| Some((keys.secret(window)?.clone(), at)));
    listed.or_else(|| {
        let (ya, yb): (&Number, &Number) = (own.first_chunk()?, other.first_chunk()?);
        let of = |public, other| Some(Secret::of(keys.exponent(public)?, other));
        let secret = of(ya, yb).or_else(|| of(yb, ya))?;
        let req1 = secret.req1();
        let (_, at) = windows().find(|(window, _)| *window == req1)?;
        Some((secret, at))
    })
}

impl Direction {
    /// `ENC(VC, crypto_provide, len(PadC), PadC, len(IA)), ENC(IA)`, from its first byte on.
    fn third(key: [u8; 20], head: &[u8], from: usize) -> Direction {
        let mut direction = Direction {
            key,
            from: Some(from),
            payload: None,
            ia_end: 0,
            crypto: 0,
        };
        let mut reader = Reader::at(&key, head, from);
        if let Some((crypto, ia)) = reader.selection().zip(reader.length()) {
            direction.crypto = crypto;
            direction.payload = Some(reader.at);
            direction.ia_end = reader.at + ia;
        }
        direction
    }

    /// `ENC(VC, crypto_select, len(PadD), PadD)`: it begins where the constant stands.
    fn fourth(key: [u8; 20], head: &[u8]) -> Direction {
        let mut constant = [0; VC];
        Rc4::new(&key).apply(&mut constant);
        let rest = head.get(Y_LEN..).unwrap_or_default();
        let mut windows = rest.windows(VC).take(MAX_PAD + 1);
        let from = windows.position(|window| window == constant);
        let mut direction = Direction {
            key,
            from: from.map(|at| Y_LEN + at),
            payload: None,
            ia_end: 0,
            crypto: 0,
        };
        if let Some(from) = direction.from {
            let mut reader = Reader::at(&key, head, from);
            if let Some(crypto) = reader.selection() {
                direction.crypto = crypto;
                direction.payload = Some(reader.at);
            }
        }
        direction
    }
}

/// Reads encrypted numbers.
struct Reader<'a> {
    rc4: Rc4,
    head: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn at<'a>(key: &[u8; 20], head: &'a [u8], at: usize) -> Reader<'a> {
        let rc4 = Rc4::new(key);
        Reader { rc4, head, at }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = *self.head.get(self.at..)?.first_chunk::<N>()?;
        self.rc4.apply(&mut bytes);
        self.at += N;
        Some(bytes)
    }

    fn length(&mut self) -> Option<usize> {
        self.take().map(u16::from_be_bytes).map(usize::from)
    }

    /// The constant, what is offered or selected, and a pad.
    fn selection(&mut self) -> Option<u32> {
        if self.take()? != [0; VC] {
            return None;
        }
        let crypto = self.take().map(u32::from_be_bytes)?;
        let pad = self.length().filter(|len| *len <= MAX_PAD)?;
        self.head.get(..self.at + pad)?;
        self.rc4.skip(pad as u64);
        self.at += pad;
        Some(crypto)
    }
}
