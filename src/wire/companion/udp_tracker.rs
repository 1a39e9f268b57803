//! Trackers in datagrams (BEP 15, options of BEP 41 behind an announce).

use super::recent::Recent;
use super::{Companion, Lesson, compact4, compact6, endpoint};
use crate::packet::{Datagram, Endpoint};
use crate::wire::InfoHash;

/// Begins the first request to any tracker.
const PROTOCOL_ID: u64 = 0x0417_2710_1980;
/// Requests, and pairs of client and tracker, that are remembered. A client with a thousand torrents has as many.
const ROOM: usize = 4096;
/// Torrents in a scrape: 74 fill a datagram.
const MAX_SCRAPED: u32 = 74;

const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

/// A client and its tracker.
type Ends = [Endpoint; 2];

/// What was asked of which tracker: an answer is known by its transaction.
#[derive(Debug, Default)]
pub(super) struct Trackers {
    known: Recent<Ends, (), ROOM>,
    asked: Recent<(Ends, u32), Asked, ROOM>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Connect,
    Announce(InfoHash),
    Scrape,
}

impl Trackers {
    pub(super) fn recognise(&mut self, datagram: &Datagram<'_>) -> Option<Vec<Lesson>> {
        self.request(datagram).or_else(|| self.answer(datagram))
    }

    fn request(&mut self, datagram: &Datagram<'_>) -> Option<Vec<Lesson>> {
        let bytes = datagram.payload;
        let ends = [datagram.src, datagram.dst];
        let (action, transaction) = (u32_at(bytes, 8)?, u32_at(bytes, 12)?);
        let (asked, lessons) = match action {
            CONNECT => (connect(datagram)?, Vec::new()),
            ANNOUNCE => {
                let lesson = announce(datagram, self.known.get(ends).is_some())?;
                (Asked::Announce(lesson.info_hash), vec![lesson])
            }
            SCRAPE => (Asked::Scrape, self.scrape(datagram)?),
            _ => return None,
        };
        self.known.put(ends, ());
        self.asked.put((ends, transaction), asked);
        Some(lessons)
    }

    /// A number and hashes: too little to be known by but from who has spoken to a tracker.
    fn scrape(&mut self, datagram: &Datagram<'_>) -> Option<Vec<Lesson>> {
        let hashes = datagram.len.checked_sub(16)?;
        let fits = hashes.is_multiple_of(20) && (1..=MAX_SCRAPED).contains(&(hashes / 20));
        self.known
            .get([datagram.src, datagram.dst])
            .filter(|()| fits)?;
        let hashes = datagram.payload.get(16..)?.as_chunks().0.iter();
        let lesson = |hash: &_| Lesson::new(Companion::UdpTracker, InfoHash(*hash), Vec::new());
        Some(hashes.map(lesson).collect())
    }

    fn answer(&mut self, datagram: &Datagram<'_>) -> Option<Vec<Lesson>> {
        let bytes = datagram.payload;
        let (action, transaction) = (u32_at(bytes, 0)?, u32_at(bytes, 4)?);
        if action > ERROR {
            return None;
        }
        let ends = [datagram.dst, datagram.src];
        let asked = *self.asked.get((ends, transaction))?;
        let (is_v6, len) = (datagram.src.ip.is_ipv6(), datagram.len);
        match (action, asked) {
            (CONNECT, Asked::Connect) if len >= 16 => Some(Vec::new()),
            (ANNOUNCE, Asked::Announce(info_hash)) if len >= 20 => {
                let peers = bytes.get(20..).unwrap_or_default();
                let peers = if is_v6 {
                    compact6(peers)
                } else {
                    compact4(peers)
                };
                Some(vec![Lesson::new(Companion::UdpTracker, info_hash, peers)])
            }
            (SCRAPE, Asked::Scrape) => (len % 12 == 8).then(Vec::new),
            (ERROR, _) => Some(Vec::new()),
            _ => None,
        }
    }
}

fn connect(datagram: &Datagram<'_>) -> Option<Asked> {
    let id = datagram.payload.first_chunk().copied()?;
    (datagram.len == 16 && u64::from_be_bytes(id) == PROTOCOL_ID).then_some(Asked::Connect)
}

/// One of four events, a torrent and a port; or, when these were cut, to a tracker that is known.
fn announce(datagram: &Datagram<'_>, is_known: bool) -> Option<Lesson> {
    let bytes = datagram.payload;
    let info_hash = InfoHash(bytes.get(16..)?.first_chunk().copied()?);
    if datagram.len < 98 || info_hash == InfoHash::default() {
        return None;
    }
    let port = bytes.get(96..).and_then(|rest| rest.first_chunk().copied());
    let peer = match (u32_at(bytes, 80), port.map(u16::from_be_bytes)) {
        (Some(0..=3), Some(port)) if port != 0 => endpoint(datagram.src.ip, port),
        (None | Some(0..=3), None) if is_known => None,
        _ => return None,
    };
    let peers = peer.into_iter().collect();
    Some(Lesson::new(Companion::UdpTracker, info_hash, peers))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let rest = bytes.get(at..)?;
    rest.first_chunk().copied().map(u32::from_be_bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::datagrams::tests::{Words, datagram, there};
    use super::*;
    use hex_literal::hex;

    pub(in super::super) const CONNECT: [u8; 16] = hex!("0000041727101980 00000000 a1b2c3d4");
    const CONNECTED: [u8; 16] = hex!("00000000 a1b2c3d4 1122334455667788");
    const ANNOUNCE: [u8; 98] = hex!(
        "1122334455667788 00000001 0badcafe"
        "24c0d07c775bbb77af645f6a4a70a710ab245b99 2d4c54323131302d6162636465666768696a6b6c"
        "0000000000000000 0000000000040305 0000000000000000 00000002 00000000 deadbeef ffffffff 1ae1"
    );
    const ANNOUNCED: [u8; 32] =
        hex!("00000001 0badcafe 00000708 00000001 00000002 0a4d0003 1ae1 0a4d0004 c8d5");
    const HASH: &str = "24c0d07c775bbb77af645f6a4a70a710ab245b99";

    #[test]
    fn an_announce_teaches_its_sender_and_its_answer_the_others() {
        let mut words = Words::default();
        assert_eq!(words.of(datagram(&CONNECT)), "UDP tracker");
        assert_eq!(words.of(there(&CONNECTED)), "UDP tracker");
        let own = format!("UDP tracker {HASH} 10.0.0.1:6881");
        assert_eq!(words.of(datagram(&ANNOUNCE)), own);
        let others = format!("UDP tracker {HASH} 10.77.0.3:6881 10.77.0.4:51413");
        assert_eq!(words.of(there(&ANNOUNCED)), others);
    }

    #[test]
    fn an_answer_without_a_request_is_none() {
        let mut words = Words::default();
        assert_eq!(words.of(there(&ANNOUNCED)), "other");
        words.of(datagram(&ANNOUNCE));
        let other = hex!("00000001 0badcaff 00000708 00000001 00000002");
        assert_eq!(words.of(there(&other)), "other");
        assert_eq!(words.of(datagram(&ANNOUNCED)), "other", "it asks itself");
    }

    #[test]
    fn an_error_and_a_scrape_belong_to_who_asked() {
        let scrape = [
            &hex!("1122334455667788 00000002 00000007")[..],
            &[0xaa; 20],
            &[0xbb; 20],
        ]
        .concat();
        let mut words = Words::default();
        assert_eq!(words.of(datagram(&scrape)), "other");
        words.of(datagram(&CONNECT));
        let [a, b] = ["aa", "bb"].map(|byte| byte.repeat(20));
        let both = format!("UDP tracker {a}; UDP tracker {b}");
        assert_eq!(words.of(datagram(&scrape)), both);
        let scraped = [&hex!("00000002 00000007")[..], &[0; 24]].concat();
        assert_eq!(words.of(there(&scraped)), "UDP tracker");
        let error = [&hex!("00000003 00000007")[..], b"no such torrent"].concat();
        assert_eq!(words.of(there(&error)), "UDP tracker");
    }

    #[test]
    fn an_announce_with_options_or_cut_is_one_and_a_broken_one_is_not() {
        let options = [&ANNOUNCE[..], &hex!("02 09"), b"/announce"].concat();
        let own = format!("UDP tracker {HASH} 10.0.0.1:6881");
        assert_eq!(Words::default().of(datagram(&options)), own);
        let mut no_event = ANNOUNCE;
        no_event[80] = 1;
        assert_eq!(Words::default().of(datagram(&no_event)), "other");
        let cut = Datagram {
            len: 98,
            ..datagram(&ANNOUNCE[..54])
        };
        let mut words = Words::default();
        assert_eq!(words.of(cut), "other");
        words.of(datagram(&CONNECT));
        assert_eq!(words.of(cut), format!("UDP tracker {HASH}"));
    }
}
