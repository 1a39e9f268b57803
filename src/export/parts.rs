//! The account for people: columns of sums, the same in the text of `summary` and on the screen.

use super::account::{Account, Bytes, Datagrams, Frames};
use super::words::bytes;
use crate::store::Store;
use crate::wire::Kind;
use crate::wire::companion::Companion;

/// A column of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What is summed up.
    pub title: &'static str,
    /// From the first addend to the sum, and what belongs beside it.
    pub rows: Vec<Row>,
}

/// A row of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it does to the sum.
    pub role: Role,
    /// Its name.
    pub name: &'static str,
    /// Frames, bytes, or messages.
    pub count: u64,
    /// What they are; may be empty.
    pub about: String,
}

/// What a row does to the sum of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first addend.
    First,
    /// It is added.
    Plus,
    /// It is taken away.
    Minus,
    /// It is the sum of those above.
    Sum,
    /// It is counted elsewhere, or is something else.
    Beside,
}

impl Role {
    /// Before the name.
    pub fn sign(self) -> char {
        match self {
            Role::First | Role::Beside => ' ',
            Role::Plus => '+',
            Role::Minus => '-',
            Role::Sum => '=',
        }
    }
}

impl Part {
    fn new(title: &'static str) -> Part {
        let rows = Vec::new();
        Part { title, rows }
    }

    fn row(mut self, role: Role, name: &'static str, count: u64, about: &str) -> Part {
        self.rows.push(Row {
            role,
            name,
            count,
            about: about.to_owned(),
        });
        self
    }

    /// A row that says nothing where there is none of it.
    fn if_any(self, role: Role, name: &'static str, count: u64, about: &str) -> Part {
        match count {
            0 => self,
            count => self.row(role, name, count, about),
        }
    }
}

/// The account as of now.
pub fn parts(store: &Store) -> [Part; 4] {
    let account = Account::of(store);
    [
        frames(&account.frames),
        streams(&account.bytes),
        payload(&account.bytes, &account.frames),
        messages(&account, store),
    ]
}

fn frames(frames: &Frames) -> Part {
    let mut part = Part::new("Frames").row(Role::First, "TCP segments", frames.tcp, "");
    for (name, Datagrams { frames, bytes: len }) in frames.udp.rows() {
        let about = format!("{} of payload", bytes(len));
        part = part.if_any(Role::Plus, name, frames, &about);
    }
    for (reason, count) in &frames.skipped {
        part = part.row(Role::Plus, "skipped", *count, reason);
    }
    let captured = format!("{} captured", bytes(frames.frame_bytes));
    part.row(Role::Sum, "frames", frames.frames, &captured)
        .if_any(
            Role::Beside,
            "damaged blocks",
            frames.damaged_blocks,
            "stepped over",
        )
        .if_any(
            Role::Beside,
            "cut frames",
            frames.cut_frames,
            "by the snap length",
        )
        .if_any(
            Role::Beside,
            "late frames",
            frames.late_frames,
            "older than the one before",
        )
}

fn streams(bytes: &Bytes) -> Part {
    let Bytes {
        other_protocol,
        undecoded,
        conflict,
        ..
    } = *bytes;
    Part::new("Stream bytes")
        .row(Role::First, "decoded", bytes.decoded, "peer wire messages")
        .if_any(
            Role::Plus,
            "HTTP tracker",
            bytes.http_tracker,
            "announces, scrapes",
        )
        .if_any(
            Role::Plus,
            "SSL torrent",
            bytes.ssl_torrent,
            "TLS named by a torrent",
        )
        .row(
            Role::Plus,
            "other protocol",
            other_protocol,
            "no BitTorrent message",
        )
        .row(
            Role::Plus,
            "undecoded",
            undecoded,
            "in BitTorrent connections",
        )
        .if_any(
            Role::Plus,
            "encrypted",
            bytes.encrypted,
            "or a key exchange (MSE)",
        )
        .row(Role::Plus, "gap", bytes.gap, "not in the capture")
        .row(Role::Sum, "stream", bytes.stream, "")
        .if_any(
            Role::Beside,
            "lost packets",
            bytes.gap_packets,
            "of uTP, of unknown length",
        )
        .if_any(
            Role::Beside,
            "conflict",
            conflict,
            "sent again with other content",
        )
}

fn payload(bytes: &Bytes, frames: &Frames) -> Part {
    let under_way = bytes.under_way();
    let carriers = match frames.udp.utp.frames {
        0 => "of all TCP segments",
        _ => "of all segments and uTP packets",
    };
    Part::new("Payload of segments")
        .row(Role::First, "stream", bytes.stream, "as above")
        .row(Role::Minus, "gap", bytes.gap, "not in the capture")
        .if_any(
            Role::Plus,
            "snapped",
            bytes.snapped,
            "gaps by the snap length",
        )
        .row(
            Role::Plus,
            "sent again",
            bytes.duplicate,
            "counted once above",
        )
        .if_any(Role::Plus, "late", bytes.late, "their place was given up")
        .if_any(Role::Plus, "stray", bytes.stray, "far from their stream")
        .if_any(Role::Plus, "held", bytes.held, "waiting behind a hole")
        .if_any(
            Role::Plus,
            "under way",
            under_way,
            "in messages not whole yet",
        )
        .row(Role::Sum, "payload", bytes.payload, carriers)
}

fn messages(account: &Account, store: &Store) -> Part {
    let kinds = store.totals().kinds();
    let (messages, others): (Vec<_>, Vec<_>) = kinds.partition(|(kind, _)| kind.is_message());
    let mut part = Part::new("Messages");
    let roles = std::iter::once(Role::First).chain(std::iter::repeat(Role::Plus));
    for (role, (kind, count)) in roles.zip(messages) {
        part = part.row(role, kind.name(), count, "");
    }
    let torrents = match account.torrents {
        1 => "of 1 torrent".to_owned(),
        several => format!("of {several} torrents"),
    };
    let all = format!("of {} connections", account.connections);
    part = part
        .row(Role::Sum, "messages", account.messages, &torrents)
        .row(
            Role::Beside,
            "speak BitTorrent",
            account.bittorrent_connections as u64,
            &all,
        )
        .if_any(
            Role::Beside,
            "peers named",
            account.named.peers as u64,
            &named(store),
        );
    for (kind, count) in others {
        part = part.row(Role::Beside, kind.name(), count, stretches(kind));
    }
    part
}

/// `for 2 torrents, by HTTP tracker, DHT`
fn named(store: &Store) -> String {
    let sightings = store.sightings();
    let mut words = match sightings.with_peers() {
        1 => "for 1 torrent".to_owned(),
        several => format!("for {several} torrents"),
    };
    let by = Companion::ALL
        .into_iter()
        .filter(|it| sightings.sources().has(*it));
    let by: Vec<&str> = by.map(Companion::name).collect();
    words.push_str(", by ");
    words.push_str(&by.join(", "));
    match sightings.unkept() {
        0 => words,
        _ => words + "; more than are kept",
    }
}

/// What an entry is that is no message.
fn stretches(kind: Kind) -> &'static str {
    match kind {
        Kind::Gap => "stretches not captured",
        Kind::Undecoded => "stretches of no message",
        Kind::Encrypted => "stretches that hide them",
        _ => "stretches sent in two ways",
    }
}

#[cfg(test)]
mod tests {
    use super::super::account::Udp;
    use super::*;

    fn text(part: &Part) -> String {
        let row = |row: &Row| format!("{} {} {}", row.role.sign(), row.name, row.count);
        let rows: Vec<String> = part.rows.iter().map(row).collect();
        rows.join("\n")
    }

    /// Whether the rows above a sum make it.
    fn adds_up(part: &Part) -> bool {
        let mut sum = 0;
        part.rows.iter().all(|row| {
            match row.role {
                Role::First | Role::Plus => sum += row.count,
                Role::Minus => sum -= row.count,
                Role::Sum => return sum == row.count,
                Role::Beside => {}
            }
            true
        })
    }

    /// A snapped stream with everything in it.
    const EVERYTHING: Bytes = Bytes {
        payload: 100 - (30 - 10) + 5 + 6 + 7 + 8 + 9,
        duplicate: 5,
        late: 6,
        stray: 7,
        held: 8,
        stream: 100,
        decoded: 50,
        gap: 30,
        gap_packets: 2,
        snapped: 10,
        undecoded: 5,
        http_tracker: 4,
        ssl_torrent: 3,
        other_protocol: 8,
        encrypted: 0,
        conflict: 3,
    };

    #[test]
    fn each_column_adds_up_to_its_sum() {
        assert!(adds_up(&streams(&EVERYTHING)));
        let payload = payload(&EVERYTHING, &frames_of(0));
        assert!(adds_up(&payload), "{}", text(&payload));
        assert_eq!(
            text(&payload),
            "  stream 100\n- gap 30\n+ snapped 10\n+ sent again 5\n+ late 6\n+ stray 7\n+ held 8\n\
             + under way 9\n= payload 115"
        );
    }

    #[test]
    fn what_there_is_none_of_is_left_out_but_for_the_main_rows() {
        let none = Bytes::default();
        assert_eq!(
            text(&streams(&none)),
            "  decoded 0\n+ other protocol 0\n+ undecoded 0\n+ gap 0\n= stream 0"
        );
        assert_eq!(
            text(&payload(&none, &frames_of(0))),
            "  stream 0\n- gap 0\n+ sent again 0\n= payload 0"
        );
    }

    /// Frames, of which so many carried uTP.
    fn frames_of(utp: u64) -> Frames {
        Frames {
            start: None,
            end: None,
            frames: 16 + utp,
            frame_bytes: 2048,
            tcp: 7,
            udp: Udp {
                dht: Datagrams {
                    frames: 4,
                    bytes: 300,
                },
                utp: Datagrams {
                    frames: utp,
                    bytes: 20 * utp,
                },
                ..Udp::default()
            },
            skipped: [("ARP".to_owned(), 2), ("UDP".to_owned(), 3)].into(),
            damaged_blocks: 1,
            cut_frames: 0,
            late_frames: 0,
        }
    }

    #[test]
    fn packets_of_utp_stand_beside_the_segments() {
        let [with, without] = [5, 0].map(frames_of);
        assert!(text(&frames(&with)).contains("+ uTP 5\n"));
        let about = |frames| {
            let rows = payload(&EVERYTHING, frames).rows;
            rows.last().unwrap().about.clone()
        };
        assert_eq!(about(&with), "of all segments and uTP packets");
        assert_eq!(about(&without), "of all TCP segments");
    }

    #[test]
    fn frames_are_segments_and_what_was_skipped() {
        let frames = frames(&frames_of(0));
        assert!(adds_up(&frames));
        assert_eq!(
            text(&frames),
            "  TCP segments 7\n+ DHT 4\n+ skipped 2\n+ skipped 3\n= frames 16\n  damaged blocks 1"
        );
    }
}
