//! Values as words: the same in exports and on the screen.

use super::account::Udp;
use super::beside::dropped;
use super::body;
use crate::packet::{Endpoint, Skip};
use crate::store::{Connection, Entry, Protocol, Run, Store, StreamTally, Tally, What};
use crate::stream::{Closing, Direction, Missing, Side, Transport};
use crate::wire::extension::Body;
use crate::wire::{Block, Kind, Message, Method, Reason, Via, client, tribler};

/// Packets of several processors pass each other on their way into a capture: by less than this, in nanoseconds, that
/// is no fault of the file and changes nothing.
const JITTER: i64 = 100_000_000;

/// `1 packet`, `3 packets`.
pub(super) fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// `16 KiB`, `1.4 MiB`, `812 B`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let rounded = format!("{value:.1}");
    format!(
        "{} {}",
        rounded.strip_suffix(".0").unwrap_or(&rounded),
        UNITS[unit]
    )
}

/// `12.3 s`, `81 ms`, `4 min 10 s`.
pub fn duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let seconds = nanos as f64 / 1e9;
    match nanos {
        0..1_000_000 => format!("{sign}{} µs", nanos / 1000),
        1_000_000..1_000_000_000 => format!("{sign}{} ms", nanos / 1_000_000),
        1_000_000_000..60_000_000_000 => format!("{sign}{seconds:.2} s"),
        _ => format!(
            "{sign}{} min {:02} s",
            nanos / 60_000_000_000,
            nanos / 1_000_000_000 % 60
        ),
    }
}

/// How a connection ended, and by whom.
pub fn closing(connection: &Connection) -> Option<(&'static str, Side)> {
    let closed = connection.activity.closed?;
    let how = match (closed.how, connection.transport) {
        (Closing::Fin, _) => "FIN",
        (Closing::Rst, Transport::Tcp) => "RST",
        (Closing::Rst, Transport::Utp { .. }) => "RESET",
    };
    Some((how, closed.by))
}

/// Where bytes of a stream are not as they should be: `3 KiB not captured`, `12 B late`.
pub fn faults(stream: StreamTally, direction: Direction) -> impl Iterator<Item = String> {
    let counts = [
        (stream.gap, "not captured"),
        (stream.undecoded, "undecoded"),
        (direction.late, "late"),
        (stream.conflict, "in conflict"),
    ];
    let lost = u32::try_from(stream.gap_packets).unwrap_or(u32::MAX);
    let lost = (lost > 0).then(|| format!("{} not captured", counted(u64::from(lost), "packet")));
    let there = counts.into_iter().filter(|(count, _)| *count > 0);
    let there = there.map(|(count, what)| format!("{} {what}", bytes(count)));
    lost.into_iter().chain(there)
}

/// An end of a connection with its client: `10.0.0.1:6881 qBittorrent 4.6.3`.
pub fn side_words(end: &Endpoint, client: Option<&str>) -> String {
    match client {
        Some(client) => format!("{end} {client}"),
        None => end.to_string(),
    }
}

/// Why a capture shows no connection; `None` when it has some.
pub fn nothing_to_show(store: &Store) -> Option<String> {
    let tally = store.tally();
    if !store.connections().is_empty() {
        return None;
    }
    if tally.frames == 0 {
        return Some("the capture holds no packet".to_owned());
    }
    let datagrams = Udp::of(store).rows().into_iter();
    let datagrams = datagrams.filter(|(_, it)| it.frames > 0);
    let datagrams = datagrams.map(|(name, it)| format!("{} {name}", it.frames));
    let skipped = tally.skipped.iter();
    let skipped = skipped.map(|(skip, count)| format!("{count} {skip}"));
    let reasons: Vec<String> = datagrams.chain(skipped).collect();
    let (reasons, hint) = (reasons.join(", "), hint(tally));
    Some(format!("{hint}no connection among its frames: {reasons}"))
}

/// What stands where messages would.
pub fn no_messages(connection: &Connection) -> &'static str {
    match connection.protocol() {
        Protocol::Companion(companion) => companion.name(),
        Protocol::Other if connection.encryption().is_some() => {
            "hidden; --mse-keys reads it, where there is a key"
        }
        Protocol::PeerWire | Protocol::Other => "no BitTorrent handshake",
    }
}

/// What to type, where an option left everything out: first, because a screen may be narrow.
fn hint(tally: &Tally) -> &'static str {
    let has = |skips: &[Skip]| skips.iter().any(|skip| tally.skipped.contains_key(skip));
    if has(&[
        Skip::IpChecksum,
        Skip::TcpChecksum,
        Skip::TcpChecksumUnfinished,
    ]) {
        "try it without --checksum: "
    } else if has(&[Skip::FilteredOut]) {
        "-f lets no TCP through (behind VLAN tags write `vlan and ...`): "
    } else {
        ""
    }
}

/// What makes less of a capture than it could be, other than that it could not be read to its end.
pub fn notes(store: &Store) -> impl Iterator<Item = String> {
    dropped(store).into_iter().chain(out_of_order(store))
}

/// Frames that do not stand in the order of their times, and what to do about it.
fn out_of_order(store: &Store) -> Option<String> {
    let Tally { late, behind, .. } = *store.tally();
    let are = if late == 1 { "frame is" } else { "frames are" };
    (behind >= JITTER).then(|| {
        let most = duration(behind);
        format!("{late} {are} older than the one before, by up to {most}; `reordercap IN OUT` puts them in order")
    })
}

/// Behind what a message was read.
pub fn via_words(via: Via) -> &'static str {
    match via {
        Via::MsePlaintext => "an MSE key exchange, in plaintext",
        Via::MseRc4 => "MSE, decrypted RC4",
    }
}

/// How a connection hides what it says.
pub fn method_words(method: Method) -> &'static str {
    match method {
        Method::Possible => "possible MSE: begins like its key exchange",
        Method::Mse => "encrypted (MSE)",
        Method::MsePlaintext => "MSE, then plaintext",
        Method::MseRc4 => "MSE, RC4 decrypted",
    }
}

/// What an entry says, in the words of the field.
pub fn describe(store: &Store, entry: &Entry) -> String {
    match store.what(entry) {
        What::Message(message) => message_words(store, entry, &message),
        What::Gap {
            bytes: count,
            missing: Missing::Lost,
        } => format!("gap: {} not captured", bytes(count)),
        What::Gap {
            bytes: count,
            missing: Missing::Snapped,
        } => format!("gap: {} cut by the snap length", bytes(count)),
        What::Gap {
            missing: Missing::Packets(count),
            ..
        } => format!("gap: {} not captured", counted(u64::from(count), "packet")),
        What::Conflict { bytes: count } => {
            format!("conflict: {} sent again with other content", bytes(count))
        }
        What::Encrypted { bytes: count } => format!("encrypted, {}", bytes(count)),
        What::Undecoded {
            bytes: count,
            reason,
        } => {
            let protocol = store.connection(entry.connection).protocol();
            let words = match (reason, protocol) {
                (Reason::NotBitTorrent, Protocol::Companion(it)) => it.name().to_owned(),
                (reason, _) => reason_words(reason),
            };
            format!("{words}, {}", bytes(count))
        }
    }
}

fn message_words(store: &Store, entry: &Entry, message: &Message) -> String {
    let name = name(entry.kind());
    match message {
        Message::Handshake(handshake) => {
            let hash = handshake.info_hash.to_string();
            let client = client(&handshake.peer_id).unwrap_or_else(|| "unknown client".to_owned());
            format!("{name} {}…{} {client}", &hash[..4], &hash[38..])
        }
        Message::Have(index) | Message::Suggest(index) | Message::AllowedFast(index) => {
            format!("{name} p{index}")
        }
        Message::Bitfield(bitfield) => {
            let ones: u32 = bitfield.iter().map(|byte| byte.count_ones()).sum();
            format!("{name} {ones} pieces, {} bytes", bitfield.len())
        }
        Message::Request(block)
        | Message::Cancel(block)
        | Message::Reject(block)
        | Message::Piece(block) => {
            format!("{name} {}", block_words(block))
        }
        Message::Port(port) => format!("{name} {port}"),
        Message::Extended { id, payload } => {
            let (extension, total) = (store.extension(entry), entry.body_len());
            let said = Body::read(extension, payload, total);
            body::words(extension, *id, &said, total)
        }
        Message::HashRequest(range) | Message::Hashes(range) | Message::HashReject(range) => {
            format!(
                "{name} layer {} {}..{} proof {}",
                range.base,
                range.index,
                u64::from(range.index) + u64::from(range.length),
                range.proof
            )
        }
        Message::Azureus(said) => format!("{name} {said}"),
        Message::Unknown { id } => match tribler(*id) {
            Some(name) => format!("Tribler {name} (id {id})"),
            None => format!("unknown message id {id}"),
        },
        Message::Malformed { fault, .. } => {
            format!("{name} malformed: length {}, {fault}", entry.size)
        }
        Message::Unread(_) => format!("{name} (not captured)"),
        _ => name.to_owned(),
    }
}

/// `request ×240  p18..32  3.8 MiB`
pub fn run_words(run: &Run) -> String {
    let mut words = format!("{} ×{}", run.kind.name().replace('_', " "), run.count);
    match run.sum.pieces {
        [low, high] if low == high => words.push_str(&format!("  p{low}")),
        [low, high] if low < high => words.push_str(&format!("  p{low}..{high}")),
        _ => {}
    }
    if run.sum.bytes > 0 {
        words.push_str(&format!("  {}", bytes(run.sum.bytes)));
    }
    words
}

/// Piece, offset, length: `p17 +16384 16 KiB`.
fn block_words(block: &Block) -> String {
    format!(
        "p{} +{} {}",
        block.index,
        block.begin,
        bytes(u64::from(block.length))
    )
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::KeepAlive => "keep-alive",
        Kind::NotInterested => "not interested",
        Kind::HaveAll => "have all",
        Kind::HaveNone => "have none",
        Kind::AllowedFast => "allowed fast",
        Kind::HashRequest => "hash request",
        Kind::HashReject => "hash reject",
        kind => kind.name(),
    }
}

/// Why bytes are no message.
pub(super) fn reason_words(reason: Reason) -> String {
    match reason {
        Reason::NotBitTorrent => "not BitTorrent, or encrypted".to_owned(),
        Reason::WrongName => "a handshake with a wrong name of the protocol".to_owned(),
        Reason::BeforeMessages => "before the first message that was found".to_owned(),
        Reason::CutShort(kind) => format!("{} cut short by the end", name(kind)),
        Reason::ImpossibleLength => "undecoded: impossible length prefix".to_owned(),
        Reason::GapOverHeader => "undecoded behind a gap".to_owned(),
        Reason::Encrypted => "encrypted".to_owned(),
    }
}

/// Why bytes are no message, for programs.
pub(super) fn reason_code(reason: Reason) -> &'static str {
    match reason {
        Reason::NotBitTorrent | Reason::WrongName => "not_bittorrent",
        Reason::BeforeMessages => "before_messages",
        Reason::CutShort(_) => "cut_short",
        Reason::ImpossibleLength => "impossible_length",
        Reason::GapOverHeader => "gap_over_header",
        Reason::Encrypted => "encrypted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(16384), "16 KiB");
        assert_eq!(bytes(1_500_000), "1.4 MiB");
        assert_eq!(bytes(1024 * 1024 - 1), "1 MiB");
        assert_eq!(bytes(u64::MAX), "16384 PiB");
    }

    #[test]
    fn only_the_faults_that_there_are_are_told() {
        let words = |stream, direction| faults(stream, direction).collect::<Vec<_>>().join(", ");
        assert_eq!(words(StreamTally::default(), Direction::default()), "");
        let stream = StreamTally {
            gap: 2048,
            conflict: 3,
            ..StreamTally::default()
        };
        let direction = Direction {
            late: 12,
            duplicate: 99,
            ..Direction::default()
        };
        assert_eq!(
            words(stream, direction),
            "2 KiB not captured, 12 B late, 3 B in conflict"
        );
        let stream = StreamTally {
            gap_packets: 1,
            ..StreamTally::default()
        };
        assert_eq!(words(stream, Direction::default()), "1 packet not captured");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(900), "0 µs");
        assert_eq!(duration(81_000_000), "81 ms");
        assert_eq!(duration(-12_345_000_000), "-12.35 s");
        assert_eq!(duration(250_000_000_000), "4 min 10 s");
    }
}
