//! Captures in which TCP is wrapped in something: from the bytes of the file to messages, and back to their bytes.

mod decoding;
mod tools;

use std::io::Write;
use std::process::Command;
use std::sync::Arc;

use hex_literal::hex;

use decoding::{decoded, decoded_by};
use peerscope::capture::{Reader, Source};
use peerscope::packet::{Checksums, Fate, Packets, Skip};
use peerscope::pipeline::Pipeline;
use peerscope::store::{EntryId, Store, read_raw};
use peerscope::wire::Kind;

const ETHERNET: u32 = 1;

/// An IP packet -> the frames that carry it.
type Wrap = fn(&[u8]) -> Vec<Vec<u8>>;

/// A handshake, interested, two requests and a piece.
fn said() -> Vec<Vec<u8>> {
    let handshake = [
        b"\x13BitTorrent protocol".as_slice(),
        &[0; 8],
        &[7; 20],
        b"-LT2110-abcdefghijkl",
    ]
    .concat();
    let block: Vec<u8> = (0..16_384u32).map(|at| (at * 7 + at / 256) as u8).collect();
    let [request, next] = [0u8, 64].map(|begin| {
        let mut request = hex!("0000000d 06 00000001 00000000 00004000");
        request[11] = begin;
        request.to_vec()
    });
    let piece = [&hex!("00004009 07 00000001 00000000")[..], &block].concat();
    vec![
        handshake,
        hex!("00000001 02").to_vec(),
        request,
        next,
        piece,
    ]
}

/// The packets of one direction, from a SYN on, `mss` bytes each.
fn packets(mss: usize) -> Vec<Vec<u8>> {
    let stream = said().concat();
    let builder = || etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    let mut packets = vec![Vec::new()];
    let syn = builder().tcp(50_000, 6881, 999, 1000).syn();
    syn.write(&mut packets[0], &[]).unwrap();
    for (number, payload) in stream.chunks(mss).enumerate() {
        let seq = 1000 + (number * mss) as u32;
        let mut packet = Vec::new();
        let segment = builder().tcp(50_000, 6881, seq, 1000).ack(1);
        segment.write(&mut packet, payload).unwrap();
        // A number for its fragments.
        packet[4..6].copy_from_slice(&(number as u16).to_be_bytes());
        packet[10..12].fill(0);
        let sum = etherparse::checksum::Sum16BitWords::new().add_slice(&packet[..20]);
        packet[10..12].copy_from_slice(&sum.ones_complement().to_ne_bytes());
        packets.push(packet);
    }
    packets
}

/// A pcap file in which every frame was captured up to `snap` bytes.
fn pcap(link: u32, snap: usize, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = hex!("d4c3b2a1 0200 0400 00000000 00000000 00000400").to_vec();
    file.extend(link.to_le_bytes());
    for (number, frame) in frames.iter().enumerate() {
        let held = &frame[..frame.len().min(snap)];
        for word in [1_700_000_000, number, held.len(), frame.len()] {
            file.extend((word as u32).to_le_bytes());
        }
        file.extend(held);
    }
    file
}

fn source(capture: &[u8]) -> Source {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(capture).unwrap();
    Source::File(Arc::new(file))
}

/// An Ethernet frame; `tagged` begins with its ether type.
fn ethernet(tagged: &[u8], payload: &[u8]) -> Vec<u8> {
    [&hex!("020202020202 040404040404")[..], tagged, payload].concat()
}

/// An IPv4 header from 1.1.1.1 to 2.2.2.2, in Ethernet.
fn carried(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = hex!("45000000 00000000 40000000 01010101 02020202");
    header[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
    header[9] = protocol;
    ethernet(&hex!("0800"), &[&header, payload].concat())
}

fn gre(ip: &[u8]) -> Vec<Vec<u8>> {
    vec![carried(47, &[&hex!("2000 0800 00000007")[..], ip].concat())]
}

fn vxlan(ip: &[u8]) -> Vec<Vec<u8>> {
    let inner = ethernet(&hex!("0800"), ip);
    let len = (16 + inner.len() as u16).to_be_bytes();
    let header = [
        &hex!("c350 12b5")[..],
        &len,
        &hex!("0000 08000000 00000700"),
    ]
    .concat();
    vec![carried(17, &[header, inner].concat())]
}

/// IPv4 in IPv6 in IPv4.
fn six_in_four(ip: &[u8]) -> Vec<Vec<u8>> {
    let mut header =
        hex!("60000000 00000440 00010000000000000000000000000001 00020000000000000000000000000002");
    header[4..6].copy_from_slice(&(ip.len() as u16).to_be_bytes());
    vec![carried(41, &[&header, ip].concat())]
}

fn mpls(ip: &[u8]) -> Vec<Vec<u8>> {
    vec![ethernet(&hex!("8100 0064 8847 00010040 00020140"), ip)]
}

fn pppoe(ip: &[u8]) -> Vec<Vec<u8>> {
    let len = (2 + ip.len() as u16).to_be_bytes();
    vec![ethernet(
        &[&hex!("8864 1100 0001")[..], &len, &hex!("0021")].concat(),
        ip,
    )]
}

/// Fragments of at most 400 bytes, the last one first.
fn fragments(ip: &[u8]) -> Vec<Vec<u8>> {
    let (header, payload) = ip.split_at(20);
    let count = payload.chunks(400).count();
    let pieces = payload.chunks(400).enumerate().map(|(number, piece)| {
        let mut bytes = [header, piece].concat();
        let len = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
        let field = (number * 50) as u16 | u16::from(number + 1 < count) << 13;
        bytes[6..8].copy_from_slice(&field.to_be_bytes());
        ethernet(&hex!("0800"), &bytes)
    });
    pieces.rev().collect()
}

/// A tunnel whose packets do not fit through and come in fragments.
fn fragmented_gre(ip: &[u8]) -> Vec<Vec<u8>> {
    let outer = &mut gre(ip)[0][14..];
    outer[4..6].copy_from_slice(&ip[4..6]);
    fragments(outer)
}

const WRAPS: [(&str, Wrap); 7] = [
    ("gre", gre),
    ("vxlan", vxlan),
    ("six_in_four", six_in_four),
    ("mpls", mpls),
    ("pppoe", pppoe),
    ("fragments", fragments),
    ("fragmented_gre", fragmented_gre),
];

fn wrapped(mss: usize, wrap: Wrap) -> Vec<Vec<u8>> {
    packets(mss)
        .iter()
        .flat_map(|packet| wrap(packet))
        .collect()
}

fn frames_add_up(store: &Store) {
    let tally = store.tally();
    let skipped: u64 = tally.skipped.values().sum();
    let named: u64 = tally.datagrams.values().map(|it| it.frames).sum();
    assert_eq!(
        tally.frames,
        tally.segments + named + tally.other_udp.frames + skipped,
        "{:?}",
        tally.skipped
    );
}

#[test]
fn messages_in_tunnels_and_fragments_are_found_and_read_again() {
    for (name, wrap) in WRAPS {
        let source = source(&pcap(ETHERNET, 65_535, &wrapped(1200, wrap)));
        let store = decoded(Reader::new(source.clone(), name).unwrap());
        let raw = |entry| read_raw(&store, &source, EntryId(entry)).unwrap().bytes;
        let again: Vec<_> = (0..store.len() as u32).map(raw).collect();
        assert!(again == said(), "{name}: {} messages", store.len());
        let connection = &store.connections()[0];
        assert_eq!(
            connection.end(peerscope::stream::Side::A).to_string(),
            "10.0.0.1:50000",
            "{name}"
        );
        frames_add_up(&store);
    }
}

#[test]
fn a_message_in_fragments_is_in_the_frames_that_completed_its_segments() {
    let source = source(&pcap(ETHERNET, 65_535, &wrapped(1200, fragments)));
    let store = decoded(Reader::new(source.clone(), "fragments").unwrap());
    // 15 packets; all but the SYN and the last have four fragments: 1220 bytes, 400 each.
    let (piece, entry) = (EntryId(4), store.entry(EntryId(4)));
    assert_eq!((entry.first_frame.0, entry.frame.0), (5, 56));
    let frames = read_raw(&store, &source, piece).unwrap().frames;
    let numbers: Vec<u32> = frames.iter().map(|frame| frame.number.0).collect();
    assert_eq!(numbers[..3], [5, 9, 13]);
    let fate = Skip::Fragment(Fate::PutTogether);
    let tally = store.tally();
    assert_eq!(
        tally.skipped.get(&fate),
        Some(&(tally.frames - tally.segments))
    );
}

#[test]
fn a_fragment_that_was_lost_is_a_gap_and_its_sisters_are_counted() {
    let mut frames = wrapped(1200, fragments);
    frames.remove(19);
    let store = decoded(Reader::new(source(&pcap(ETHERNET, 65_535, &frames)), "hole").unwrap());
    let never = Skip::Fragment(Fate::NeverWhole);
    assert_eq!(store.tally().skipped.get(&never), Some(&3));
    assert_eq!((store.messages(), store.missing(EntryId(4))), (5, 1200));
    frames_add_up(&store);
}

#[test]
fn a_snap_length_cuts_tunnels_and_fragments_as_it_cuts_anything() {
    for (name, wrap) in WRAPS {
        let source = source(&pcap(ETHERNET, 300, &wrapped(1200, wrap)));
        let store = decoded(Reader::new(source, name).unwrap());
        assert_eq!(store.messages(), 5, "{name}");
        assert!(store.missing(EntryId(4)) > 12_000, "{name}");
        frames_add_up(&store);
    }
}

fn verified(capture: &[u8]) -> Store {
    let reader = Reader::new(source(capture), "checksums").unwrap();
    decoded_by(Pipeline::new(reader).with(Checksums::Verified))
}

#[test]
fn a_damaged_segment_is_left_out_where_checksums_are_verified() {
    let mut frames = wrapped(1200, |ip| vec![ethernet(&hex!("0800"), ip)]);
    let damaged = frames[3]
        .iter()
        .map(|byte| byte ^ u8::from(*byte == 7))
        .collect();
    frames.insert(3, damaged);
    let store = verified(&pcap(ETHERNET, 65_535, &frames));
    assert_eq!(store.tally().skipped.get(&Skip::TcpChecksum), Some(&1));
    assert_eq!((store.messages(), store.missing(EntryId(4))), (5, 0));
    frames_add_up(&store);
}

#[test]
fn a_damaged_segment_that_was_left_out_is_in_conflict_with_none() {
    let mut frames = wrapped(1200, |ip| vec![ethernet(&hex!("0800"), ip)]);
    let damaged = frames[3].iter().map(|byte| byte ^ u8::from(*byte == 7));
    let damaged = damaged.collect();
    let again = frames[3].clone();
    frames.splice(3..3, [damaged, again]);
    let store = verified(&pcap(ETHERNET, 65_535, &frames));
    assert_eq!(store.tally().skipped.get(&Skip::TcpChecksum), Some(&1));
    let kinds = store.entries(EntryId(0)).map(|(_, entry)| entry.kind());
    assert_eq!(kinds.filter(|kind| *kind == Kind::Conflict).count(), 0);
}

#[test]
fn where_every_checksum_is_wrong_offload_is_named() {
    let mut frames = wrapped(1200, |ip| vec![ethernet(&hex!("0800"), ip)]);
    frames.iter_mut().for_each(|frame| frame[50..52].fill(0));
    let store = verified(&pcap(ETHERNET, 65_535, &frames));
    let note = peerscope::export::nothing_to_show(&store).unwrap();
    assert!(note.starts_with("try it without --checksum: "), "{note}");
    assert!(note.contains("15 TCP checksum wrong"), "{note}");
}

/// The frame in which each segment is found, and the bytes of its payload.
fn tshark(capture: &[u8]) -> Vec<(u32, usize)> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(capture).unwrap();
    let mut command = Command::new("tshark");
    command
        .arg("-r")
        .arg(file.path())
        .args(["-Y", "tcp.len > 0"]);
    let fields = ["frame.number", "tcp.len"].map(|field| ["-e", field]);
    let output = command
        .args(["-T", "fields"])
        .args(fields.concat())
        .output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let line = |line: &str| {
        let (number, len) = line.split_once('\t').unwrap();
        (number.parse().unwrap(), len.trim().parse().unwrap())
    };
    text.lines().map(line).collect()
}

#[test]
fn tshark_finds_the_same_segments_in_the_same_frames() {
    if !tools::is_there(&["tshark", "-v"], "tshark") {
        return println!("skipped: there is no tshark and it cannot be installed");
    }
    for (name, wrap) in WRAPS {
        let capture = pcap(ETHERNET, 65_535, &wrapped(1200, wrap));
        let mut reader = Reader::new(source(&capture), name).unwrap();
        let (mut packets, mut found) = (Packets::default(), Vec::new());
        while let Some(frame) = reader.next_frame() {
            if let Ok(it) = packets.segment(&frame).map(|found| found.segment)
                && !it.payload.is_empty()
            {
                found.push((frame.number.0, it.payload.len()));
            }
        }
        assert_eq!(found, tshark(&capture), "{name}");
    }
}
