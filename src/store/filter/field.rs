//! What a filter can ask of an entry. Wireshark's names mean here what they mean there; the short names are those of
//! `messages --json`.

use std::borrow::Cow;
use std::net::IpAddr;

use super::value::{Datum, Type};
use crate::store::{Connection, Entry, EntryId, Store, What};
use crate::stream::{Side, Transport};
use crate::wire::{Block, Handshake, HashRange, Kind, Message, Via, id};

/// An entry that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Row<'s> {
    pub(super) store: &'s Store,
    pub(super) id: EntryId,
    pub(super) entry: &'s Entry,
}

/// Takes each value of a field.
type Take<'t> = &'t mut dyn FnMut(Datum<'_>);

/// A field.
#[derive(Clone, Copy)]
pub(super) struct Field {
    /// The short name first.
    pub(super) names: &'static [&'static str],
    pub(super) kind: Type,
    /// What it is, in a line.
    pub(super) about: &'static str,
    pub(super) each: fn(Row<'_>, Take<'_>),
}

/// All of them, in the order in which they are offered.
pub(super) const FIELDS: [Field; 43] = [
    field(
        &["type", "bittorrent.msg.name"],
        Type::Name(kinds),
        "kind of message",
        kind,
    ),
    field(
        &["bittorrent.msg.type"],
        Type::Number,
        "id of the message on the wire",
        wire_id,
    ),
    field(
        &["size", "bittorrent.msg.length"],
        Type::Number,
        "length prefix",
        size,
    ),
    field(
        &["index", "bittorrent.piece.index"],
        Type::Number,
        "piece index",
        index,
    ),
    field(
        &["begin", "bittorrent.piece.begin"],
        Type::Number,
        "offset of the block in its piece",
        begin,
    ),
    field(
        &["length", "bittorrent.piece.length"],
        Type::Number,
        "bytes of the block",
        length,
    ),
    field(
        &["port", "bittorrent.port"],
        Type::Number,
        "UDP port of a DHT node",
        dht_port,
    ),
    field(
        &["ext_id", "bittorrent.extended.id"],
        Type::Number,
        "id of an extended message",
        extended_id,
    ),
    field(
        &["ext_name", "bittorrent.extended.name"],
        Type::Text,
        "its name",
        extended_name,
    ),
    field(&["src"], Type::Endpoint, "sender", src),
    field(&["dst"], Type::Endpoint, "receiver", dst),
    field(&["addr"], Type::Endpoint, "either end", addr),
    field(&["ip.src"], Type::Endpoint, "sender, of IPv4", ip_src),
    field(&["ip.dst"], Type::Endpoint, "receiver, of IPv4", ip_dst),
    field(&["ip.addr"], Type::Endpoint, "either end, of IPv4", ip_addr),
    field(&["ipv6.src"], Type::Endpoint, "sender, of IPv6", ipv6_src),
    field(&["ipv6.dst"], Type::Endpoint, "receiver, of IPv6", ipv6_dst),
    field(
        &["ipv6.addr"],
        Type::Endpoint,
        "either end, of IPv6",
        ipv6_addr,
    ),
    field(
        &["tcp.srcport"],
        Type::Number,
        "port of the sender",
        src_port,
    ),
    field(
        &["tcp.dstport"],
        Type::Number,
        "port of the receiver",
        dst_port,
    ),
    field(
        &["tcp.port"],
        Type::Number,
        "port of either end",
        either_port,
    ),
    field(
        &["udp.srcport"],
        Type::Number,
        "port of the sender, over uTP",
        udp_src_port,
    ),
    field(
        &["udp.dstport"],
        Type::Number,
        "port of the receiver, over uTP",
        udp_dst_port,
    ),
    field(
        &["udp.port"],
        Type::Number,
        "port of either end, over uTP",
        udp_port,
    ),
    field(
        &["transport", "bittorrent.transport"],
        Type::Name(transports),
        "what carries it",
        transport,
    ),
    field(&["tcp"], Type::Flag, "it comes over TCP", over_tcp),
    field(
        &["utp", "bt-utp", "udp"],
        Type::Flag,
        "it comes over uTP",
        over_utp,
    ),
    field(
        &["bt-utp.connection_id"],
        Type::Number,
        "connection id in the sender's packets",
        utp_id,
    ),
    field(
        &["connection"],
        Type::Number,
        "number of the connection",
        connection,
    ),
    field(
        &["tcp.stream"],
        Type::Number,
        "its number among those of TCP",
        tcp_stream,
    ),
    field(
        &["client", "bittorrent.client"],
        Type::Text,
        "client of the sender",
        client,
    ),
    field(
        &["info_hash"],
        Type::Bytes,
        "torrent of the connection",
        torrent,
    ),
    field(
        &["bittorrent.info_hash"],
        Type::Bytes,
        "torrent, in handshakes alone",
        info_hash,
    ),
    field(
        &["peer_id", "bittorrent.peer_id"],
        Type::Bytes,
        "peer id, in handshakes",
        peer_id,
    ),
    field(
        &["frame", "frame.number"],
        Type::Number,
        "frame that completed it",
        frame,
    ),
    field(
        &["first_frame"],
        Type::Number,
        "frame of its first byte",
        first_frame,
    ),
    field(
        &["time", "frame.time_relative"],
        Type::Seconds,
        "seconds since the first frame",
        time,
    ),
    field(
        &["frame.time_epoch"],
        Type::Seconds,
        "seconds since 1970",
        epoch,
    ),
    field(
        &["missing"],
        Type::Number,
        "bytes of it that are not in the capture",
        missing,
    ),
    field(
        &["bytes"],
        Type::Number,
        "bytes of a stretch that is no message",
        stretch,
    ),
    field(
        &["via"],
        Type::Name(vias),
        "what came before it, where that was a key exchange",
        via,
    ),
    field(&["resync"], Type::Flag, "found by resynchronising", resync),
    field(
        &["faulty"],
        Type::Flag,
        "no message, or one that no BEP knows",
        faulty,
    ),
];

const fn field(
    names: &'static [&'static str],
    kind: Type,
    about: &'static str,
    each: fn(Row<'_>, Take<'_>),
) -> Field {
    Field {
        names,
        kind,
        about,
        each,
    }
}

/// The field of this name, upper or lower case.
pub(super) fn named(name: &str) -> Option<&'static Field> {
    let is = |field: &&Field| {
        field
            .names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    FIELDS.iter().find(is)
}

/// Names of all kinds of entries.
pub(super) fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.name()).collect()
}

fn kind(row: Row<'_>, take: Take<'_>) {
    take(Datum::Text(Cow::Borrowed(row.entry.kind().name())));
}

fn wire_id(row: Row<'_>, take: Take<'_>) {
    if let Some(id) = id_of(row) {
        take(Datum::Number(u64::from(id)));
    }
}

fn id_of(row: Row<'_>) -> Option<u8> {
    let known = |id: &u8| Kind::of(*id) == row.entry.kind();
    match row.entry.kind() {
        Kind::Unknown => match row.store.real_what(row.entry) {
            What::Message(Message::Unknown { id } | Message::Malformed { id, .. }) => Some(id),
            _ => None,
        },
        _ => (id::CHOKE..=id::HASH_REJECT).find(known),
    }
}

fn size(row: Row<'_>, take: Take<'_>) {
    if row.entry.kind().is_message() {
        take(Datum::Number(u64::from(row.entry.size)));
    }
}

/// What it says, of the kinds that take no memory to unpack.
fn message(row: Row<'_>) -> Option<Message> {
    let is_small = matches!(
        row.entry.kind(),
        Kind::Have
            | Kind::Suggest
            | Kind::AllowedFast
            | Kind::Port
            | Kind::Request
            | Kind::Piece
            | Kind::Cancel
            | Kind::Reject
            | Kind::HashRequest
            | Kind::Hashes
            | Kind::HashReject
    );
    match is_small.then(|| row.store.real_what(row.entry)) {
        Some(What::Message(message)) => Some(message),
        _ => None,
    }
}

fn block(row: Row<'_>) -> Option<Block> {
    match message(row)? {
        Message::Request(block)
        | Message::Piece(block)
        | Message::Cancel(block)
        | Message::Reject(block) => Some(block),
        _ => None,
    }
}

fn hashes(row: Row<'_>) -> Option<HashRange> {
    match message(row)? {
        Message::HashRequest(range) | Message::Hashes(range) | Message::HashReject(range) => {
            Some(range)
        }
        _ => None,
    }
}

fn number(value: Option<u32>, take: Take<'_>) {
    if let Some(value) = value {
        take(Datum::Number(u64::from(value)));
    }
}

fn index(row: Row<'_>, take: Take<'_>) {
    let alone = match message(row) {
        Some(Message::Have(index) | Message::Suggest(index) | Message::AllowedFast(index)) => {
            Some(index.0)
        }
        _ => None,
    };
    number(
        alone.or_else(|| block(row).map(|block| block.index.0)),
        &mut *take,
    );
    number(hashes(row).map(|range| range.index), take);
}

fn begin(row: Row<'_>, take: Take<'_>) {
    number(block(row).map(|block| block.begin), take);
}

fn length(row: Row<'_>, take: Take<'_>) {
    number(block(row).map(|block| block.length), &mut *take);
    number(hashes(row).map(|range| range.length), take);
}

fn dht_port(row: Row<'_>, take: Take<'_>) {
    if let Some(Message::Port(port)) = message(row) {
        take(Datum::Number(u64::from(port)));
    }
}

fn extended_id(row: Row<'_>, take: Take<'_>) {
    if row.entry.kind() == Kind::Extended
        && let What::Message(Message::Extended { id, .. }) = row.store.real_what(row.entry)
    {
        take(Datum::Number(u64::from(id)));
    }
}

fn extended_name(row: Row<'_>, take: Take<'_>) {
    if let Some(name) = row.store.extension(row.entry) {
        take(Datum::Text(Cow::Borrowed(name)));
    }
}

fn of(row: Row<'_>) -> &Connection {
    row.store.connection(row.entry.connection)
}

/// What an end is, and what it is called under the mask: people ask for both.
fn each_end(row: Row<'_>, side: Side, is_of: fn(&IpAddr) -> bool, take: Take<'_>) {
    let (real, shown) = (of(row).real_end(side), *of(row).end(side));
    if is_of(&real.ip) {
        take(Datum::Endpoint(real));
        if shown != real {
            take(Datum::Endpoint(shown));
        }
    }
}

fn src(row: Row<'_>, take: Take<'_>) {
    each_end(row, row.entry.side(), |_| true, take);
}

fn dst(row: Row<'_>, take: Take<'_>) {
    each_end(row, !row.entry.side(), |_| true, take);
}

fn addr(row: Row<'_>, take: Take<'_>) {
    src(row, &mut *take);
    dst(row, take);
}

fn ip_src(row: Row<'_>, take: Take<'_>) {
    each_end(row, row.entry.side(), IpAddr::is_ipv4, take);
}

fn ip_dst(row: Row<'_>, take: Take<'_>) {
    each_end(row, !row.entry.side(), IpAddr::is_ipv4, take);
}

fn ip_addr(row: Row<'_>, take: Take<'_>) {
    ip_src(row, &mut *take);
    ip_dst(row, take);
}

fn ipv6_src(row: Row<'_>, take: Take<'_>) {
    each_end(row, row.entry.side(), IpAddr::is_ipv6, take);
}

fn ipv6_dst(row: Row<'_>, take: Take<'_>) {
    each_end(row, !row.entry.side(), IpAddr::is_ipv6, take);
}

fn ipv6_addr(row: Row<'_>, take: Take<'_>) {
    ipv6_src(row, &mut *take);
    ipv6_dst(row, take);
}

fn is_over_tcp(row: Row<'_>) -> bool {
    of(row).transport == Transport::Tcp
}

/// A message has no port of the other transport.
fn port(row: Row<'_>, side: Side, is_there: bool, take: Take<'_>) {
    if is_there {
        take(Datum::Number(u64::from(of(row).real_end(side).port)));
    }
}

fn src_port(row: Row<'_>, take: Take<'_>) {
    port(row, row.entry.side(), is_over_tcp(row), take);
}

fn dst_port(row: Row<'_>, take: Take<'_>) {
    port(row, !row.entry.side(), is_over_tcp(row), take);
}

fn either_port(row: Row<'_>, take: Take<'_>) {
    src_port(row, &mut *take);
    dst_port(row, take);
}

fn udp_src_port(row: Row<'_>, take: Take<'_>) {
    port(row, row.entry.side(), !is_over_tcp(row), take);
}

fn udp_dst_port(row: Row<'_>, take: Take<'_>) {
    port(row, !row.entry.side(), !is_over_tcp(row), take);
}

fn udp_port(row: Row<'_>, take: Take<'_>) {
    udp_src_port(row, &mut *take);
    udp_dst_port(row, take);
}

fn transports() -> Vec<&'static str> {
    [Transport::Tcp, Transport::Utp { id: 0 }]
        .map(Transport::name)
        .to_vec()
}

fn transport(row: Row<'_>, take: Take<'_>) {
    take(Datum::Text(Cow::Borrowed(of(row).transport.name())));
}

fn over_tcp(row: Row<'_>, take: Take<'_>) {
    take(Datum::Flag(is_over_tcp(row)));
}

fn over_utp(row: Row<'_>, take: Take<'_>) {
    take(Datum::Flag(!is_over_tcp(row)));
}

fn utp_id(row: Row<'_>, take: Take<'_>) {
    number(of(row).utp_id(row.entry.side()).map(u32::from), take);
}

fn tcp_stream(row: Row<'_>, take: Take<'_>) {
    number(row.store.tcp_stream(of(row)), take);
}

fn connection(row: Row<'_>, take: Take<'_>) {
    take(Datum::Number(u64::from(row.entry.connection.0)));
}

fn client(row: Row<'_>, take: Take<'_>) {
    if let Some(client) = of(row).client(row.entry.side()) {
        take(Datum::Text(Cow::Borrowed(client)));
    }
}

fn torrent(row: Row<'_>, take: Take<'_>) {
    let known = [of(row).real_info_hash(), of(row).info_hash()];
    for info_hash in known.iter().flatten() {
        take(Datum::Bytes(Cow::Borrowed(&info_hash.0)));
    }
}

fn info_hash(row: Row<'_>, take: Take<'_>) {
    for handshake in handshakes(row) {
        take(Datum::Bytes(Cow::Borrowed(&handshake.info_hash.0)));
    }
}

fn peer_id(row: Row<'_>, take: Take<'_>) {
    for handshake in handshakes(row) {
        take(Datum::Bytes(Cow::Borrowed(&handshake.peer_id.0)));
    }
}

/// What a handshake is, and what is shown of it.
fn handshakes(row: Row<'_>) -> Vec<Handshake> {
    let said = match row.entry.kind() {
        Kind::Handshake => vec![row.store.real_what(row.entry), row.store.what(row.entry)],
        _ => Vec::new(),
    };
    let handshake = |what| match what {
        What::Message(Message::Handshake(handshake)) => Some(*handshake),
        _ => None,
    };
    said.into_iter().filter_map(handshake).collect()
}

fn frame(row: Row<'_>, take: Take<'_>) {
    take(Datum::Number(u64::from(row.entry.frame.0)));
}

fn first_frame(row: Row<'_>, take: Take<'_>) {
    take(Datum::Number(u64::from(row.entry.first_frame.0)));
}

fn time(row: Row<'_>, take: Take<'_>) {
    let start = row.store.tally().start.unwrap_or(row.entry.time);
    take(Datum::Seconds(row.entry.time.since(start) as f64 / 1e9));
}

fn epoch(row: Row<'_>, take: Take<'_>) {
    take(Datum::Seconds(row.entry.time.0 as f64 / 1e9));
}

fn missing(row: Row<'_>, take: Take<'_>) {
    match row.store.missing(row.id) {
        0 => {}
        missing => take(Datum::Number(missing)),
    }
}

fn stretch(row: Row<'_>, take: Take<'_>) {
    if !row.entry.kind().is_message() {
        take(Datum::Number(row.entry.wire_len()));
    }
}

fn vias() -> Vec<&'static str> {
    [Via::MsePlaintext, Via::MseRc4].map(Via::name).to_vec()
}

fn via(row: Row<'_>, take: Take<'_>) {
    if let Some(via) = row.entry.via() {
        take(Datum::Text(Cow::Borrowed(via.name())));
    }
}

fn resync(row: Row<'_>, take: Take<'_>) {
    take(Datum::Flag(row.entry.is_resynchronised()));
}

fn faulty(row: Row<'_>, take: Take<'_>) {
    take(Datum::Flag(row.entry.is_faulty()));
}
