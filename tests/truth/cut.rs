//! Captures of which much is missing: begun in the middle, or snapped after a few bytes of each packet.

use std::collections::BTreeMap;
use std::ops::Range;

use peerscope::capture::{Reader, Source};
use peerscope::packet::Packets;
use peerscope::store::{Entry, EntryId, Store, What};
use serde_json::Value;

use super::{messages, number, read, rows, snapped, store, store_of, text};

/// What one row says of itself, without its place.
fn said(row: &Value) -> String {
    let [index, begin, length] = ["index", "begin", "length"].map(|key| &row[key]);
    format!("{} {index} {begin} {length}", text(&row["type"]))
}

fn by_direction(rows: &[Value], say: impl Fn(&Value) -> String) -> BTreeMap<String, Vec<String>> {
    let mut directions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        directions.entry(direction(row)).or_default().push(say(row));
    }
    directions
}

fn direction(row: &Value) -> String {
    format!("{} > {}", text(&row["src"]), text(&row["dst"]))
}

/// All that lies wholly in the capture, at its frames, and nothing else.
#[test]
fn a_capture_from_the_middle_gives_all_that_is_whole_in_it() {
    let truth = rows(&read("midstream.truth.jsonl"));
    let truth = by_direction(&truth, |row| {
        format!("{} in {} to {}", said(row), row["frame0"], row["frame"])
    });
    let ours = by_direction(&messages(&store("midstream")), |row| {
        format!(
            "{} in {} to {}",
            said(row),
            row["first_frame"],
            row["frame"]
        )
    });
    assert_eq!(ours, truth);
}

/// What the peers logged lies one behind the other from the first sequence number on, so it is known of each message
/// whether its head was captured. The one extended message of a direction whose length the log lacks fills the rest.
#[test]
fn a_snapped_capture_gives_every_message_whose_head_is_in_it() {
    let captured = captured(read("truncated_snaplen.pcap"));
    let mut ours = by_direction(&messages(&store("truncated_snaplen")), said);
    // A head of five bytes with the rest cut says of which type it is, and no more.
    let is_read = |said: &String| !said.starts_with("request null");
    ours.values_mut().for_each(|said| said.retain(is_read));
    let mut truth = BTreeMap::<String, Vec<Value>>::new();
    for row in rows(&read("truncated_snaplen.truth.jsonl")) {
        truth.entry(direction(&row)).or_default().push(row);
    }
    let mut found = 0;
    for (direction, logged) in &truth {
        let stream = &captured[direction];
        let mut begin = 0;
        let rest = stream.len() - logged.iter().filter_map(wire_len).sum::<usize>();
        let mut expected = Vec::new();
        for row in logged {
            if stream.holds(begin..begin + head_len(row)) {
                expected.push(said(row));
            }
            begin += wire_len(row).unwrap_or(rest);
        }
        assert_eq!(ours[direction], expected, "{direction}");
        found += expected.len();
    }
    assert_eq!((found, truth.values().map(Vec::len).sum()), (79, 171));
}

/// Bytes on the wire; not known of extended messages.
fn wire_len(row: &Value) -> Option<usize> {
    match row["type"].as_str()? {
        "handshake" => Some(68),
        "piece" => Some(13 + number(&row["length"]) as usize),
        "request" => Some(17),
        "have" | "allowed_fast" => Some(9),
        "extended" => None,
        _ => Some(5),
    }
}

/// Bytes by which a message is known.
fn head_len(row: &Value) -> usize {
    match row["type"].as_str() {
        Some("handshake") => 20,
        Some("piece") => 13,
        Some("extended") => 5,
        _ => wire_len(row).unwrap(),
    }
}

/// However little was kept of each packet: what is told is what the whole capture tells, and of the messages whose heads
/// were kept hardly any lacks.
#[test]
fn any_snap_length_gives_the_messages_whose_heads_it_spares() {
    let (mut lacks, mut all) = (0, 0);
    for name in ["choke_dance", "tcp_lossy", "loopback", "v2_hybrid"] {
        let whole = read(&format!("{name}.pcap"));
        let truth = told(&store_of(whole.clone()));
        for snap_len in [70, 80, 96, 120, 200, 600] {
            let cut = snapped(&whole, snap_len);
            let ours = told(&store_of(cut.clone()));
            for place in ours.keys() {
                let kind = |entry: &Entry| entry.kind().name();
                let is_unread = kind(&ours[place]) == "unknown";
                assert!(
                    is_unread || kind(&ours[place]) == kind(&truth[place]),
                    "{name} {snap_len} {place:?}"
                );
            }
            let captured = captured(cut);
            let spared = truth.iter().filter(|((direction, seq), entry)| {
                let begin = captured[direction].offset(*seq);
                let head = entry.wire_len().min(17) as usize;
                captured[direction].holds(begin..begin + head)
            });
            for (place, _) in spared {
                all += 1;
                lacks += usize::from(!ours.contains_key(place));
            }
        }
    }
    // 82 of 7,094 when this was written, most of them where 14 bytes of each payload are left.
    assert!(lacks * 50 < all, "{lacks} of {all}");
}

/// The messages of a capture, by direction and sequence number.
fn told(store: &Store) -> BTreeMap<(String, u32), Entry> {
    let entries = store.entries(EntryId(0));
    let messages = entries.filter(|(_, entry)| matches!(store.what(entry), What::Message(_)));
    let place = |entry: &Entry| {
        let connection = store.connection(entry.connection);
        let [src, dst] = [entry.side(), !entry.side()].map(|side| connection.end(side));
        (format!("{src} > {dst}"), entry.seq.0)
    };
    messages.map(|(_, entry)| (place(entry), *entry)).collect()
}

/// Which bytes of one direction were captured. Offsets count from the byte behind the SYN.
#[derive(Default)]
struct Captured {
    first: u32,
    ranges: Vec<Range<usize>>,
    len: usize,
}

impl Captured {
    fn offset(&self, seq: u32) -> usize {
        seq.wrapping_sub(self.first) as usize
    }

    fn len(&self) -> usize {
        self.len
    }

    fn holds(&self, range: Range<usize>) -> bool {
        let held = |at| self.ranges.iter().any(|range| range.contains(&at));
        range.into_iter().all(held)
    }
}

fn captured(capture: Vec<u8>) -> BTreeMap<String, Captured> {
    let mut reader = Reader::new(Source::Memory(capture.leak()), "memory").unwrap();
    let (mut packets, mut directions) = (Packets::default(), BTreeMap::<String, Captured>::new());
    while let Some(frame) = reader.next_frame() {
        let Ok(found) = packets.segment(&frame) else {
            continue;
        };
        let segment = found.segment;
        let direction = format!("{} > {}", segment.src, segment.dst);
        let captured = directions.entry(direction).or_default();
        if segment.flags.syn {
            captured.first = segment.seq.wrapping_add(1);
        } else if segment.len > 0 {
            let begin = captured.offset(segment.seq);
            captured.ranges.push(begin..begin + segment.payload.len());
            captured.len = captured.len.max(begin + segment.len as usize);
        }
    }
    directions
}
