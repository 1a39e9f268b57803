//! The distributed hash table: bencoded queries and answers (BEP 5, BEP 32).

use super::recent::Recent;
use super::{Companion, Lesson, compact4, compact6, endpoint};
use crate::packet::{Datagram, Endpoint};
use crate::wire::InfoHash;
use crate::wire::bencode::{Node, Value, parse};

/// Queries for peers that are remembered: a busy node has some hundred under way.
const ROOM: usize = 4096;
/// How messages begin that the snap length cut: a query, libtorrent's first ones with `bs`, an answer, an error; with
/// BEP 42's address or without it.
const BEGINNINGS: [&[u8]; 6] = [
    b"d1:ad2:id20:",
    b"d1:ad2:bsi1e2:id20:",
    b"d1:rd2:id20:",
    b"d1:eli20",
    b"d2:ip6:",
    b"d2:ip18:",
];

/// Which torrent was asked for: the answer does not say.
#[derive(Debug, Default)]
pub(super) struct Queries {
    asked: Recent<Query, InfoHash, ROOM>,
}

/// Who asked whom, and the transaction.
type Query = ([Endpoint; 2], Transaction);

/// At most eight bytes; clients take two or four.
type Transaction = (usize, [u8; 8]);

impl Queries {
    pub(super) fn recognise(&mut self, datagram: &Datagram<'_>) -> Option<Vec<Lesson>> {
        let text = datagram.payload;
        let [b'd', b'1' | b'2', ..] = text else {
            return None;
        };
        let message = Message::read(text);
        match message {
            Some(message) => Some(self.learn(&message, datagram)),
            None if datagram.is_whole() => None,
            None => BEGINNINGS
                .iter()
                .any(|it| text.starts_with(it))
                .then(Vec::new),
        }
    }

    fn learn(&mut self, message: &Message<'_>, datagram: &Datagram<'_>) -> Vec<Lesson> {
        let (src, dst) = (datagram.src, datagram.dst);
        let lesson = |hash, peers| vec![Lesson::new(Companion::Dht, hash, peers)];
        match message.kind {
            Kind::Query { name, info_hash } => {
                let Some(hash) = info_hash else {
                    return Vec::new();
                };
                if let (b"get_peers", Some(transaction)) = (name, message.transaction()) {
                    self.asked.put(([src, dst], transaction), hash);
                }
                let port = (name == b"announce_peer").then(|| message.listens(src.port));
                let peer = port.flatten().and_then(|port| endpoint(src.ip, port));
                lesson(hash, peer.into_iter().collect())
            }
            Kind::Answer => {
                let transaction = message.transaction();
                let asked = transaction.and_then(|it| self.asked.get(([dst, src], it)).copied());
                asked.map_or_else(Vec::new, |hash| lesson(hash, message.values()))
            }
            Kind::Error => Vec::new(),
        }
    }
}

/// A message as far as it is of interest.
struct Message<'t> {
    text: &'t [u8],
    root: Node,
    kind: Kind<'t>,
}

enum Kind<'t> {
    Query {
        name: &'t [u8],
        info_hash: Option<InfoHash>,
    },
    Answer,
    Error,
}

impl<'t> Message<'t> {
    /// Only what has a kind, a transaction, and what its kind asks for.
    fn read(text: &'t [u8]) -> Option<Message<'t>> {
        let root = parse(text).root?;
        let string = |key: &[u8]| root.get(text, key)?.bytes(text);
        string(b"t")?;
        let inner = |dict: &[u8], key: &[u8]| root.get(text, dict)?.get(text, key)?.bytes(text);
        let has_id = |dict| inner(dict, b"id").is_some_and(|id| id.len() == 20);
        let kind = match string(b"y")? {
            b"q" if has_id(b"a") => Kind::Query {
                name: string(b"q")?,
                info_hash: inner(b"a", b"info_hash").and_then(hash),
            },
            b"r" if has_id(b"r") => Kind::Answer,
            b"e" if matches!(root.get(text, b"e")?.value, Value::List(_)) => Kind::Error,
            _ => return None,
        };
        Some(Message { text, root, kind })
    }

    fn transaction(&self) -> Option<Transaction> {
        let bytes = self.root.get(self.text, b"t")?.bytes(self.text)?;
        let mut transaction = [0; 8];
        transaction.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some((bytes.len(), transaction))
    }

    /// The port of who announces, which may be the one that the datagram came from.
    fn listens(&self, from: u16) -> Option<u16> {
        let said = |key: &[u8]| self.root.get(self.text, b"a")?.get(self.text, key)?.int();
        match said(b"implied_port") {
            Some(implied) if implied != 0 => Some(from),
            _ => u16::try_from(said(b"port")?).ok(),
        }
    }

    /// Strings of 6 or, in BEP 32, 18 bytes.
    fn values(&self) -> Vec<Endpoint> {
        let answer = self.root.get(self.text, b"r");
        let values = answer.and_then(|answer| answer.get(self.text, b"values"));
        let Some(Value::List(values)) = values.map(|node| &node.value) else {
            return Vec::new();
        };
        let peers = values.iter().filter_map(|node| node.bytes(self.text));
        peers
            .flat_map(|peer| match peer.len() {
                6 => compact4(peer),
                18 => compact6(peer),
                _ => Vec::new(),
            })
            .collect()
    }
}

fn hash(bytes: &[u8]) -> Option<InfoHash> {
    bytes.try_into().ok().map(InfoHash)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::datagrams::tests::{Words, datagram, there};
    use super::*;

    // The examples of BEP 5.
    pub(in super::super) const PING: &[u8] =
        b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
    const PONG: &[u8] = b"d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re";
    const ERROR: &[u8] = b"d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee";
    const GET_PEERS: &[u8] = b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe";
    const VALUES: &[u8] =
        b"d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re";
    const ANNOUNCE: &[u8] = b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe";
    const HASH: &str = "6d6e6f707172737475767778797a313233343536";

    #[test]
    fn queries_answers_and_errors_are_known() {
        for message in [PING, PONG, ERROR] {
            assert_eq!(Words::default().of(datagram(message)), "DHT");
        }
    }

    #[test]
    fn the_answer_to_get_peers_teaches_peers_of_what_was_asked_for() {
        let mut words = Words::default();
        assert_eq!(words.of(datagram(GET_PEERS)), format!("DHT {HASH}"));
        let peers = "97.120.106.101:11893 105.100.104.116:28269";
        assert_eq!(words.of(there(VALUES)), format!("DHT {HASH} {peers}"));
        assert_eq!(
            words.of(datagram(VALUES)),
            "DHT",
            "who asked does not answer"
        );
    }

    #[test]
    fn values_of_bep_32_have_18_bytes() {
        let answer = [
            &b"d1:rd2:id20:abcdefghij01234567896:valuesl18:"[..],
            &hex_literal::hex!("fd770000000000000000000000000002 1ae1"),
            b"ee1:t2:aa1:y1:re",
        ]
        .concat();
        let mut words = Words::default();
        words.of(datagram(GET_PEERS));
        assert_eq!(
            words.of(there(&answer)),
            format!("DHT {HASH} [fd77::2]:6881")
        );
    }

    #[test]
    fn who_announces_itself_is_a_peer_at_its_port_or_the_one_it_sends_from() {
        let own = format!("DHT {HASH} 10.0.0.1:6881");
        assert_eq!(Words::default().of(datagram(ANNOUNCE)), own);
        let text = String::from_utf8_lossy(ANNOUNCE);
        let implied = text.replace("4:port", "12:implied_porti1e4:port");
        let own = format!("DHT {HASH} 10.0.0.1:50000");
        assert_eq!(Words::default().of(datagram(implied.as_bytes())), own);
    }

    #[test]
    fn a_message_that_was_cut_is_known_by_its_beginning_only_then() {
        let whole = datagram(&GET_PEERS[..40]);
        assert_eq!(Words::default().of(whole), "other");
        let cut = Datagram { len: 95, ..whole };
        assert_eq!(Words::default().of(cut), "DHT");
    }

    #[test]
    fn other_bencoded_text_is_none() {
        for text in [
            &b"d1:y1:qe"[..],
            b"d1:ad2:id3:abce1:q4:ping1:t2:aa1:y1:qe",
            b"d1:t2:aa1:y1:re",
            b"de",
        ] {
            assert_eq!(Words::default().of(datagram(text)), "other");
        }
    }
}
