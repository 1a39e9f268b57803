//! Segments in any order, of any kind, as a capture: what is told of them adds up.

use peerscope::capture::{FrameNumber, Reader, Source, Timestamp};
use peerscope::packet::{Checksums, Packets};
use peerscope::peer::Talk;
use peerscope::pipeline::Pipeline;
use peerscope::store::{Change, Connection, Entry, EntryId, Raw, Store, What, read_raw};
use peerscope::stream::{Direction, FrameRef, SeqNumber, Side, Transport};
use peerscope::wire::companion::Companion;
use peerscope::wire::{Decoded, Framer, Handshake, Kind, Message};

use super::print::{assert_prints, json};
use super::{append, cut, file, scene, some, source};

/// The input is a scene: see [`scene`].
pub(crate) fn check(input: &[u8]) {
    holds_for(&scene::capture(input));
}

/// All that holds for a capture with a frame a millisecond.
pub(super) fn holds_for(capture: &[u8]) {
    let source = source(capture);
    let frames = Frames::of(&source);
    let (store, changes) = decoded(Pipeline::new(reader(&source)));
    assert_counts(&store, &frames);
    for connection in store.connections() {
        for side in Side::BOTH {
            assert_adds_up(&store, connection, side);
        }
    }
    assert_states(&store, &changes);
    assert_readable(&store, &source);
    assert_prints(&store);
    assert_grows_alike(capture, &store);
    let pipeline = Pipeline::new(reader(&source)).with(Checksums::Verified);
    assert_counts(&decoded(pipeline).0, &frames);
}

fn reader(source: &Source) -> Reader {
    Reader::new(source.clone(), "a scene").expect("a scene has a header")
}

/// What a capture holds before anybody understands it.
struct Frames {
    count: u64,
    bytes: u64,
}

impl Frames {
    fn of(source: &Source) -> Frames {
        let (mut count, mut bytes, mut is_whole) = (0, 0, true);
        let (mut reader, mut packets) = (reader(source), Packets::default());
        while let Some(frame) = reader.next_frame() {
            let captured = frame.bytes.len();
            let is_cut = captured < frame.original_len as usize;
            (count, bytes) = (count + 1, bytes + captured as u64);
            is_whole &= !is_cut;
            if let Ok(found) = packets.segment(&frame) {
                assert!(found.first <= frame.position);
                let missing = found.segment.len as usize - found.segment.payload.len();
                assert!(missing == 0 || !is_whole);
            }
        }
        Frames { count, bytes }
    }
}

fn decoded(mut pipeline: Pipeline) -> (Store, Vec<Change>) {
    let (mut store, mut changes) = (Store::default(), Vec::new());
    while !pipeline.step(&mut changes).is_done {}
    changes
        .iter()
        .for_each(|change| store.apply(change.clone()));
    (store, changes)
}

/// A capture that is still being written tells the same in the end.
fn assert_grows_alike(capture: &[u8], whole: &Store) {
    let (first, rest) = cut(capture);
    let file = file(first);
    let Ok(reader) = Reader::new(Source::File(file.clone()), "a scene") else {
        return; // the header is not there yet
    };
    let (mut pipeline, mut store, mut changes) =
        (Pipeline::following(reader), Store::default(), Vec::new());
    while !pipeline.step(&mut changes).is_waiting {}
    append(&file, rest);
    while !pipeline.step(&mut changes).is_waiting {}
    pipeline.let_end();
    while !pipeline.step(&mut changes).is_done {}
    changes.into_iter().for_each(|change| store.apply(change));
    assert_eq!(told(&json(&store)), told(&json(whole)));
}

/// All that is printed. What is found late is put in order within a batch, and a capture that grows has other batches:
/// then the messages are the same, but for the names that an earlier one gave them, and who was the first to say
/// something may not be.
fn told(json: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = json.lines().collect();
    if json.contains("\"resync\":true") {
        lines.retain(|line| line.starts_with("{\"frame\""));
        let nameless = |line: &mut &str| {
            let end = line.find(",\"ext_id\"").unwrap_or(line.len());
            *line = &line[..end];
        };
        lines.iter_mut().for_each(nameless);
        lines.sort_unstable();
    }
    lines
}

/// Each frame carried a segment or a datagram or was skipped with a reason; each segment belongs to a connection, and
/// what belongs to a connection over uTP is counted as that.
fn assert_counts(store: &Store, frames: &Frames) {
    let tally = store.tally();
    assert_eq!((tally.frames, tally.bytes), (frames.count, frames.bytes));
    let skipped: u64 = tally.skipped.values().sum();
    let named = tally.datagrams.values().map(|count| count.frames);
    let datagrams = named.sum::<u64>() + tally.other_udp.frames;
    assert_eq!(tally.frames, tally.segments + datagrams + skipped);
    let (tcp, utp): (Vec<_>, Vec<_>) = store
        .connections()
        .iter()
        .partition(|it| it.transport == Transport::Tcp);
    let segments = |of: &[&Connection]| -> u64 {
        let segments = of.iter().map(|it| u64::from(it.activity.segments));
        segments.sum()
    };
    assert_eq!(segments(&tcp), tally.segments);
    let of_utp = tally.datagrams.get(&Companion::Utp);
    assert!(segments(&utp) <= of_utp.map_or(0, |count| count.frames));
}

/// What one direction carried is its stream, or was sent again, came too late, or is stray.
fn assert_adds_up(store: &Store, connection: &Connection, side: Side) {
    let Direction {
        payload,
        duplicate,
        late,
        stray,
        held,
        snapped,
    } = connection.activity.direction(side);
    assert_eq!(held, 0);
    let stream = connection.facts(side).cloned().unwrap_or_default().stream;
    let captured = stream.decoded + stream.undecoded + stream.encrypted;
    let new = payload
        .checked_sub(duplicate + late + stray)
        .expect("no more is sent again than was sent");
    assert_eq!(captured + snapped, new);
    let entries = connection
        .entries()
        .iter()
        .map(|id| (*id, store.entry(*id)));
    let of_side = entries.filter(|(_, entry)| entry.side() == side);
    let rows = of_side.map(|(id, entry)| stretch(store, id, entry));
    assert_eq!(rows.sum::<u64>(), stream.total());
}

/// Bytes of the stream that an entry stands for.
fn stretch(store: &Store, id: EntryId, entry: &Entry) -> u64 {
    let missing = store.missing(id);
    match store.what(entry) {
        What::Undecoded { bytes, .. } | What::Encrypted { bytes } => bytes + missing,
        What::Gap { bytes, .. } => bytes,
        // Counted where they came first.
        What::Conflict { .. } => 0,
        What::Message(_) => {
            assert!(missing <= entry.wire_len());
            entry.wire_len()
        }
    }
}

/// The state at each entry is what a replay of all that was told gives.
fn assert_states(store: &Store, changes: &[Change]) {
    let mut talks = vec![(0, Talk::default()); store.connections().len()];
    let assert_same = |connection: &Connection, (entries, talk): &(usize, Talk)| {
        // Each of the first, then some.
        if *entries > 0 && (*entries < 32 || entries.is_multiple_of(17)) {
            assert_eq!(store.talk_at(connection.id, entries - 1), *talk);
        }
    };
    for change in changes {
        match change {
            Change::Said(record) => {
                let at = record.connection;
                let told = &mut talks[at.0 as usize];
                assert_same(store.connection(at), told);
                told.0 += 1;
                if let What::Message(message) = &record.what {
                    told.1.apply(record.side, message);
                }
            }
            Change::Lost { connection, side } => talks[connection.0 as usize].1.lose(*side),
            _ => {}
        }
    }
    for (connection, told) in store.connections().iter().zip(&talks) {
        assert_same(connection, told);
        assert_eq!(connection.entries().len(), told.0);
        let now = connection.now().cloned().unwrap_or_default();
        assert_eq!(now, told.1);
    }
}

/// The bytes of an entry can be read again, and say the same again where all of them are there.
fn assert_readable(store: &Store, source: &Source) {
    let entries: Vec<_> = store.entries(EntryId(0)).collect();
    for &(id, entry) in some(&entries) {
        let raw = read_raw(store, source, id).expect("the layout is known");
        assert_eq!(raw.total, entry.wire_len());
        assert_eq!(raw.bytes.len() as u64, raw.total.min(1 << 20));
        if let What::Message(message) = store.what(entry)
            && store.missing(id) == 0
        {
            let is_there = (0..raw.bytes.len()).all(|at| raw.get(at).is_some());
            assert!(is_there, "bytes of {message:?} are not found again");
            assert_says(&raw.bytes, &message);
            assert_frames(entry, &raw);
        }
    }
}

/// Of an extended message the store has what stands before its bulk, or nothing.
fn assert_says(bytes: &[u8], message: &Message) {
    let mut framer = Framer::default();
    let mut heard = Vec::new();
    let mut hear = |bytes: &[u8]| {
        framer.data(SeqNumber(0), bytes, FrameRef::default(), &mut |decoded| {
            heard.push(decoded);
        });
    };
    if message.kind() != Kind::Handshake {
        hear(&Handshake::default().to_bytes());
    }
    hear(bytes);
    let Some(Decoded::Message(again)) = heard.pop() else {
        panic!("{message:?} is no message again");
    };
    match (&again.message, message) {
        (Message::Extended { payload: sent, .. }, Message::Extended { payload: kept, .. }) => {
            assert!(sent.starts_with(kept), "{message:?}");
        }
        (said, message) => assert_eq!(said, message),
    }
}

/// The frames that brought a message are those between the one with its first byte and the one that completed it. A
/// scene has a frame a millisecond, so the time of each tells its number.
fn assert_frames(entry: &Entry, raw: &Raw) {
    let assert_time = |number: FrameNumber, time: Timestamp| {
        assert_eq!(u64::from(number.0 - 1) * 1_000_000, time.0);
    };
    assert_time(entry.frame, entry.time);
    assert!(raw.frames.is_sorted_by_key(|frame| frame.number));
    for frame in &raw.frames {
        assert!(frame.number <= entry.frame);
        assert_time(frame.number, frame.time);
    }
    let first = raw.frames.iter().find(|frame| frame.range.start == 0);
    assert_eq!(first.map(|frame| frame.number), Some(entry.first_frame));
}
