//! What a TCP connection is that is not of peers, by the first bytes of its streams.

use memchr::memmem;

use super::http_tracker::{self, GET, Request};
use super::{Companion, Lesson, tls};
use crate::packet::Endpoint;
use crate::stream::Side;
use crate::wire::InfoHash;

/// Bytes of a request whose first line has not ended. Trackers are asked in some four hundred.
const MAX_REQUEST: usize = 4 << 10;
/// Bytes of a ClientHello; the longest name keys of two kilobytes.
const MAX_HELLO: usize = 4 << 10;
/// Bytes of an answer: a thousand peers and their headers.
const MAX_ANSWER: usize = 16 << 10;

/// What was heard of a connection so far. Of one that does not begin as a request or a TLS handshake nothing is kept.
#[derive(Debug, Default)]
pub struct Beginning {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Unheard,
    /// Nothing of ours, or all was learned.
    Past,
    Asking(Box<Asking>),
    Answering(Box<Answering>),
    /// An answer has ended, and the connection may be used again.
    Idle(Side),
    Hello(Box<(Side, Vec<u8>)>),
}

/// The first line of a request.
#[derive(Debug)]
struct Asking {
    client: Side,
    line: Vec<u8>,
    /// True when the connection is a tracker's already.
    is_known: bool,
}

#[derive(Debug)]
struct Answering {
    client: Side,
    request: Request,
    answer: Vec<u8>,
}

/// What a connection turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its protocol.
    pub companion: Companion,
    learned: Learned,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Learned {
    Request(Side, Request),
    Lessons(Vec<Lesson>),
    Server(Side, InfoHash),
}

impl Heard {
    /// What it teaches, of a connection between these ends.
    pub fn lessons(self, ends: [Endpoint; 2]) -> Vec<Lesson> {
        match self.learned {
            Learned::Request(client, request) => request.lessons(Some(ends[client.index()].ip)),
            Learned::Lessons(lessons) => lessons,
            Learned::Server(side, hash) => {
                vec![Lesson::new(self.companion, hash, vec![ends[side.index()]])]
            }
        }
    }
}

impl Beginning {
    /// The next bytes of one side.
    #[inline]
    pub fn data(&mut self, side: Side, bytes: &[u8]) -> Option<Heard> {
        match self.state {
            State::Past => None,
            _ => self.hear(side, bytes),
        }
    }

    /// Bytes of one side are missing: what they are the middle of is not known.
    pub fn gap(&mut self, side: Side) {
        self.state = match std::mem::take(&mut self.state) {
            State::Answering(it) => State::Idle(it.client),
            State::Asking(it) if it.client == side && it.is_known => State::Idle(side),
            State::Unheard | State::Asking(_) | State::Hello(_) => State::Past,
            state => state,
        };
    }

    /// Nothing more comes.
    pub fn end(&mut self) -> Option<Heard> {
        match std::mem::replace(&mut self.state, State::Past) {
            State::Answering(it) => it.finished(),
            State::Hello(hello) => greeted(hello.0, &hello.1),
            _ => None,
        }
    }

    fn hear(&mut self, side: Side, bytes: &[u8]) -> Option<Heard> {
        match &mut self.state {
            State::Unheard => self.begin(side, bytes, false),
            State::Asking(it) if it.client == side => {
                append(&mut it.line, bytes, MAX_REQUEST);
                self.asked()
            }
            State::Answering(it) if it.client != side => {
                let is_full = append(&mut it.answer, bytes, MAX_ANSWER);
                self.answered(is_full)
            }
            // Requests that do not wait for their answers: which is whose is not followed.
            State::Answering(_) if bytes.starts_with(GET) => self.end(),
            State::Idle(client) if *client == side && bytes.starts_with(GET) => {
                self.begin(side, bytes, true)
            }
            State::Hello(hello) if hello.0 == side => {
                append(&mut hello.1, bytes, MAX_HELLO);
                self.hello()
            }
            _ => None,
        }
    }

    fn begin(&mut self, side: Side, bytes: &[u8], is_known: bool) -> Option<Heard> {
        if begins(bytes, GET) {
            self.state = State::Asking(Box::new(Asking {
                client: side,
                line: start(bytes, MAX_REQUEST),
                is_known,
            }));
            self.asked()
        } else if begins(bytes, tls::HANDSHAKE) {
            self.state = State::Hello(Box::new((side, start(bytes, MAX_HELLO))));
            self.hello()
        } else {
            self.state = State::Past;
            None
        }
    }

    /// When the first line of a request is there.
    fn asked(&mut self) -> Option<Heard> {
        let State::Asking(asking) = &self.state else {
            return None;
        };
        let (client, line, is_known) = (asking.client, &asking.line, asking.is_known);
        let is_over = line.len() >= MAX_REQUEST || !begins(line, GET);
        let end = memmem::find(line, b"\r\n").or_else(|| is_over.then_some(0))?;
        let Some(request) = Request::read(&line[..end]) else {
            self.state = if is_known {
                State::Idle(client)
            } else {
                State::Past
            };
            return None;
        };
        self.state = State::Answering(Box::new(Answering {
            client,
            request: request.clone(),
            answer: Vec::new(),
        }));
        Some(Heard {
            companion: Companion::HttpTracker,
            learned: Learned::Request(client, request),
        })
    }

    /// When the answer is there, or as much as is kept.
    fn answered(&mut self, is_full: bool) -> Option<Heard> {
        let State::Answering(it) = &self.state else {
            return None;
        };
        let answer = http_tracker::body(&it.answer, is_full)?;
        let heard = it.lessons(&answer);
        self.state = State::Idle(it.client);
        heard
    }

    /// When all of the first record is there.
    fn hello(&mut self) -> Option<Heard> {
        let State::Hello(hello) = &self.state else {
            return None;
        };
        let (side, bytes) = (hello.0, &hello.1);
        let is_whole = tls::record_len(bytes).is_some_and(|len| bytes.len() >= len);
        let may_go_on = begins(bytes, tls::HANDSHAKE) && bytes.len() < MAX_HELLO;
        if may_go_on && !is_whole {
            return None;
        }
        let heard = greeted(side, bytes);
        self.state = State::Past;
        heard
    }
}

impl Answering {
    /// With what there is.
    fn finished(&self) -> Option<Heard> {
        self.lessons(&http_tracker::body(&self.answer, true)?)
    }

    /// The peers of an announce; a scrape, which is for several torrents, names none.
    fn lessons(&self, body: &[u8]) -> Option<Heard> {
        let [info_hash] = self.request.hashes[..] else {
            return None;
        };
        let peers = http_tracker::peers(body);
        let lesson = Lesson::new(Companion::HttpTracker, info_hash, peers);
        (!lesson.peers.is_empty()).then(|| Heard {
            companion: lesson.source,
            learned: Learned::Lessons(vec![lesson]),
        })
    }
}

/// A client names a server by a torrent: that is a peer.
fn greeted(client: Side, hello: &[u8]) -> Option<Heard> {
    let hash = tls::torrent(hello)?;
    Some(Heard {
        companion: Companion::SslTorrent,
        learned: Learned::Server(!client, hash),
    })
}

/// True when `bytes` begin with `start`, as far as they are there.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(byte, wanted)| byte == wanted)
}

fn start(bytes: &[u8], max: usize) -> Vec<u8> {
    bytes[..bytes.len().min(max)].to_vec()
}

/// True when there was not room for all.
fn append(kept: &mut Vec<u8>, bytes: &[u8], max: usize) -> bool {
    let room = max.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    room < bytes.len()
}

#[cfg(test)]
mod tests {
    use super::super::tls::tests::hello;
    use super::*;
    use proptest::prelude::*;

    const REQUEST: &[u8] = b"GET /announce?info_hash=%24%c0%d0%7cw%5b%bbw%afd_jJp%a7%10%ab%24%5b%99&peer_id=-TR3000-u28prwuxaul4&port=6881 HTTP/1.1\r\nHost: t\r\n\r\n";
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nd8:intervali9e5:peers6:axje.ue";
    const HASH: &str = "24c0d07c775bbb77af645f6a4a70a710ab245b99";

    fn ends() -> [Endpoint; 2] {
        ["10.0.0.1", "10.0.0.2"].map(|ip| Endpoint {
            ip: ip.parse().unwrap(),
            port: 8080,
        })
    }

    fn words(heard: Option<Heard>) -> Vec<String> {
        let Some(heard) = heard else {
            return Vec::new();
        };
        let lesson = |lesson: Lesson| {
            let peers: Vec<String> = lesson.peers.iter().map(ToString::to_string).collect();
            format!(
                "{} {} {}",
                lesson.source.name(),
                lesson.info_hash,
                peers.join(" ")
            )
        };
        heard.lessons(ends()).into_iter().map(lesson).collect()
    }

    /// What is heard of bytes that come in pieces of `step`.
    fn heard(said: &[(Side, &[u8])], step: usize) -> Vec<String> {
        let mut beginning = Beginning::default();
        let mut all = Vec::new();
        for (side, bytes) in said {
            for piece in bytes.chunks(step) {
                all.extend(words(beginning.data(*side, piece)));
            }
        }
        all.extend(words(beginning.end()));
        all
    }

    #[test]
    fn an_announce_and_its_answer_teach_in_pieces_of_any_size() {
        let said = [(Side::A, REQUEST), (Side::B, ANSWER)];
        let own = format!("HTTP tracker {HASH} 10.0.0.1:6881");
        let others = format!("HTTP tracker {HASH} 97.120.106.101:11893");
        for step in [1, 7, 64, 4096] {
            assert_eq!(heard(&said, step), [&own[..], &others], "{step}");
        }
        let twice = [said, said].concat();
        assert_eq!(heard(&twice, 4096), [&own[..], &others, &own, &others]);
    }

    #[test]
    fn what_is_missing_of_an_answer_teaches_nothing_but_the_next_one_does() {
        let mut beginning = Beginning::default();
        assert!(beginning.data(Side::A, REQUEST).is_some());
        beginning.data(Side::B, &ANSWER[..50]);
        beginning.gap(Side::B);
        assert_eq!(beginning.data(Side::B, &ANSWER[60..]), None);
        assert!(beginning.data(Side::A, REQUEST).is_some());
        assert!(beginning.data(Side::B, ANSWER).is_some());
    }

    #[test]
    fn of_requests_that_do_not_wait_no_answer_is_believed() {
        let mut beginning = Beginning::default();
        assert!(beginning.data(Side::A, REQUEST).is_some());
        assert_eq!(beginning.data(Side::A, REQUEST), None);
        assert_eq!(beginning.data(Side::B, ANSWER), None);
    }

    #[test]
    fn a_server_that_is_named_by_a_hash_is_a_peer() {
        let hello = hello(HASH.as_bytes());
        for step in [1, 5, 1000] {
            let server = format!("SSL torrent {HASH} 10.0.0.2:8080");
            assert_eq!(heard(&[(Side::A, &hello)], step), [server]);
        }
    }

    #[test]
    fn of_other_connections_nothing_is_kept() {
        let page = [&b"GET /"[..], &[b'a'; 10_000]].concat();
        let request = b"GET /index.html?a=b HTTP/1.1\r\n\r\n";
        for bytes in [
            &page[..],
            request,
            b"\x13BitTorrent protocol",
            &hello(b"example.org"),
        ] {
            let mut beginning = Beginning::default();
            for piece in bytes.chunks(100) {
                assert_eq!(beginning.data(Side::A, piece), None);
            }
            assert!(matches!(beginning.state, State::Past));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            pieces in proptest::collection::vec((any::<bool>(), 0..200usize, 0..60usize, any::<u8>()), 0..12)
        ) {
            let mut beginning = Beginning::default();
            let all = [REQUEST, ANSWER, REQUEST].concat();
            for (is_a, at, len, damage) in pieces {
                let side = if is_a { Side::A } else { Side::B };
                let mut piece = all[at..at + len].to_vec();
                piece.push(damage);
                beginning.data(side, &piece);
                if damage == 0 {
                    beginning.gap(side);
                }
            }
            beginning.end();
        }
    }
}
