//! Two peers that encrypt: the key exchange and RC4 written again from its description, and what they say.

use num_bigint::BigUint;
use sha1::{Digest, Sha1};

pub(crate) const TORRENT: [u8; 20] = [0x5a; 20];
const P: &[u8] = b"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22\
    514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563";

/// Numbers that are the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(256) as u8).collect()
    }
}

/// Where the initiator puts its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ia {
    /// Behind the key exchange.
    None,
    /// Into the third step.
    Before,
    /// It is announced there, and sent when the fourth has come.
    After,
}

/// How two peers meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) pads: [usize; 4],
    pub(crate) ia: Ia,
    pub(crate) is_plaintext: bool,
}

/// What was sent, and what it means.
pub(crate) struct Talk {
    /// In order: by the initiator, or not, and the bytes.
    pub(crate) flights: Vec<(bool, Vec<u8>)>,
    /// Messages of each side with their offset in its stream.
    pub(crate) said: [Vec<(usize, Vec<u8>)>; 2],
    /// Bytes of each stream before its first message.
    pub(crate) hidden: [usize; 2],
    pub(crate) public: [Vec<u8>; 2],
    pub(crate) private: [Vec<u8>; 2],
    pub(crate) secret: Vec<u8>,
}

struct Rc4([u8; 256], u8, u8);

impl Rc4 {
    fn new(key: &[u8]) -> Rc4 {
        let mut s: Vec<u8> = (0..=255).collect();
        let mut j = 0_usize;
        for i in 0..256 {
            j = (j + usize::from(s[i]) + usize::from(key[i % key.len()])) % 256;
            s.swap(i, j);
        }
        let mut rc4 = Rc4(s.try_into().unwrap(), 0, 0);
        rc4.of(&[0; 1024]);
        rc4
    }

    fn of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut next = || {
            self.1 = self.1.wrapping_add(1);
            self.2 = self.2.wrapping_add(self.0[usize::from(self.1)]);
            self.0.swap(self.1.into(), self.2.into());
            let sum = self.0[usize::from(self.1)].wrapping_add(self.0[usize::from(self.2)]);
            self.0[usize::from(sum)]
        };
        bytes.iter().map(|byte| byte ^ next()).collect()
    }
}

fn power(base: &[u8], exponent: &[u8]) -> Vec<u8> {
    let p = BigUint::parse_bytes(P, 16).unwrap();
    let number = BigUint::from_bytes_be(base).modpow(&BigUint::from_bytes_be(exponent), &p);
    let bytes = number.to_bytes_be();
    [vec![0; 96 - bytes.len()], bytes].concat()
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    Sha1::digest(parts.concat()).to_vec()
}

fn message(id: u8, body: &[u8]) -> Vec<u8> {
    [&(1 + body.len() as u32).to_be_bytes()[..], &[id], body].concat()
}

fn handshake(name: &[u8; 20]) -> Vec<u8> {
    let start = b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05";
    [&start[..], &TORRENT, name].concat()
}

fn words(numbers: [u32; 3]) -> Vec<u8> {
    numbers.into_iter().flat_map(u32::to_be_bytes).collect()
}

fn extended() -> Vec<u8> {
    message(20, b"\0d1:md6:ut_pexi1ee1:v4:teste")
}

/// Turns of a conversation: who, and what.
fn conversation(random: &mut Random) -> Vec<(bool, Vec<Vec<u8>>)> {
    let mut turns = vec![
        (
            false,
            vec![
                handshake(b"-LT2110-bbbbbbbbbbbb"),
                extended(),
                message(14, b""),
            ],
        ),
        (true, vec![extended(), message(15, b""), message(2, b"")]),
        (false, vec![message(1, b"")]),
    ];
    for index in 0..6 {
        let requests = (0..2).map(|half| message(6, &words([index, half << 14, 1 << 14])));
        turns.push((true, requests.collect()));
        let mut piece = |half: u32| {
            let block = random.bytes(1 << 14);
            message(7, &[&words([index, half << 14, 0])[..8], &block].concat())
        };
        turns.push((false, vec![piece(0), piece(1)]));
        turns.push((true, vec![message(4, &index.to_be_bytes())]));
    }
    turns
}

impl Talk {
    pub(crate) fn new(manner: Manner, random: &mut Random) -> Talk {
        let private = [random.bytes(20), random.bytes(20)];
        let public = [power(&[2], &private[0]), power(&[2], &private[1])];
        let secret = power(&public[1], &private[0]);
        let [mut to_r, mut to_i] =
            [b"keyA", b"keyB"].map(|name| Rc4::new(&hash(&[name, &secret, &TORRENT])));
        let [pad_a, pad_b, pad_c, pad_d] = manner.pads.map(|len| random.bytes(len));
        let hello = handshake(b"-qB4520-aaaaaaaaaaaa");
        let select = if manner.is_plaintext { 1_u32 } else { 2 };
        let proof = hash(&[b"req2", &TORRENT]).into_iter();
        let proof = proof.zip(hash(&[b"req3", &secret])).map(|(a, b)| a ^ b);
        let pad = |number: u32, pad: &[u8]| {
            let len = (pad.len() as u16).to_be_bytes();
            [&[0; 8], &number.to_be_bytes()[..], &len, pad].concat()
        };
        let ia_len: u16 = if manner.ia == Ia::None { 0 } else { 68 };
        let mut third = [hash(&[b"req1", &secret]), proof.collect()].concat();
        third.extend(to_r.of(&pad(3, &pad_c)));
        third.extend(to_r.of(&ia_len.to_be_bytes()));
        let mut talk = Talk {
            flights: vec![
                (true, [&public[0][..], &pad_a].concat()),
                (false, [&public[1][..], &pad_b].concat()),
                (true, third),
            ],
            said: Default::default(),
            hidden: [0; 2],
            public,
            private,
            secret,
        };
        if manner.ia == Ia::Before {
            talk.say(true, &hello, &mut to_r, false);
        }
        talk.flights.push((false, to_i.of(&pad(select, &pad_d))));
        if manner.ia != Ia::Before {
            let in_clear = manner.is_plaintext && manner.ia == Ia::None;
            talk.say(true, &hello, &mut to_r, in_clear);
        }
        for (is_initiator, messages) in conversation(random) {
            for message in messages {
                let key = if is_initiator { &mut to_r } else { &mut to_i };
                talk.say(is_initiator, &message, key, manner.is_plaintext);
            }
        }
        talk
    }

    fn sent(&self, is_initiator: bool) -> usize {
        let own = self.flights.iter().filter(|(by, _)| *by == is_initiator);
        own.map(|(_, bytes)| bytes.len()).sum()
    }

    fn say(&mut self, is_initiator: bool, message: &[u8], key: &mut Rc4, is_plaintext: bool) {
        let side = usize::from(!is_initiator);
        let offset = self.sent(is_initiator);
        if self.said[side].is_empty() {
            self.hidden[side] = offset;
        }
        self.said[side].push((offset, message.to_vec()));
        let bytes = if is_plaintext {
            message.to_vec()
        } else {
            key.of(message)
        };
        match self.flights.last_mut() {
            Some((by, flight)) if *by == is_initiator => flight.extend(bytes),
            _ => self.flights.push((is_initiator, bytes)),
        }
    }
}
