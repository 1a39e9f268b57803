//! Cuts the seeds of `corpus/` out of the captures of the repository: small files that hold each kind of message,
//! file and trouble once, so that a fuzzer need not invent them.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use peerscope::capture::{Reader, Source};
use peerscope::pipeline::Pipeline;
use peerscope::store::{EntryId, Store, read_raw};
use peerscope::wire::Kind;

#[allow(dead_code, reason = "only the format of the scenes is needed")]
#[path = "../checks/mod.rs"]
mod checks;

use checks::scene::{ACK, FIN, FORMS, Form, LAST_FIRST, LINKS, OTHER_END, RST, SYN, TUNNELLED};

/// Bytes of a capture's head; the reader meets a dozen frames there.
const HEAD: usize = 2500;
/// Longer frames and messages are no seeds.
const LONGEST: usize = 400;

fn main() -> io::Result<()> {
    for target in checks::CHECKS.map(|(name, _)| name) {
        let folder = root().join("fuzz/corpus").join(target);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder)?;
    }
    seed("reader", "simple_packets", &simple_packets())?;
    seed("framing", "nested", &cut(&[], &[b'l'; 100]))?;
    utp_seeds()?;
    for capture in captures()? {
        let name = capture.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&capture)?;
        reader_seeds(&name, &bytes)?;
        let frames = small_frames(&capture);
        seed("packets", &format!("{name}_frames"), &frames)?;
        let said = one_of_each(&capture);
        framing_seeds(&name, &said)?;
        packets_seeds(&name, &said)?;
    }
    Ok(())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn captures() -> io::Result<Vec<PathBuf>> {
    let files = fs::read_dir(root().join("captures"))?.map(|file| file.map(|file| file.path()));
    let mut files = files.collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|it| it == "pcap" || it == "pcapng")
    });
    files.sort();
    Ok(files)
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::write(root().join("fuzz/corpus").join(target).join(name), bytes)
}

/// The head of the file as it is, and as other machines would have written it.
fn reader_seeds(name: &str, bytes: &[u8]) -> io::Result<()> {
    let head = &bytes[..HEAD];
    seed("reader", name, head)?;
    if bytes[0] == 0xd4 {
        let mut nanos = head.to_vec();
        nanos[0] = 0x4d;
        seed("reader", &format!("{name}_nanoseconds"), &nanos)?;
        seed("reader", &format!("{name}_big_endian"), &big_endian(head))?;
        return Ok(());
    }
    // A section of the other byte order, the first one, and where the second one begins.
    let header = [0x0a, 0x0d, 0x0d, 0x0a];
    let second = bytes.windows(4).skip(4).position(|window| window == header);
    if let Some(at) = second.map(|at| at + 4) {
        let two = [
            &simple_packets(),
            whole_blocks(head),
            &bytes[at..][..HEAD / 2],
        ]
        .concat();
        seed("reader", &format!("{name}_two"), &two)?;
    }
    Ok(())
}

/// A little-endian pcap file with all words turned around.
fn big_endian(pcap: &[u8]) -> Vec<u8> {
    let turned = |word: &[u8]| word.iter().rev().copied().collect::<Vec<u8>>();
    let word = |at: usize| u32::from_le_bytes(*pcap[at..].first_chunk().unwrap()) as usize;
    let mut turn = Vec::new();
    let halves = pcap[4..8].chunks(2).flat_map(turned);
    turn.extend(turned(&pcap[..4]).into_iter().chain(halves));
    turn.extend(pcap[8..24].chunks(4).flat_map(turned));
    let mut at = 24;
    while at + 16 < pcap.len() {
        let end = (at + 16 + word(at + 8)).min(pcap.len());
        turn.extend(pcap[at..at + 16].chunks(4).flat_map(turned));
        turn.extend(&pcap[at + 16..end]);
        at = end;
    }
    turn
}

/// The blocks of a pcapng file that are there as a whole. The captures begin with little-endian or big-endian ones.
fn whole_blocks(bytes: &[u8]) -> &[u8] {
    let is_big = bytes[8] == 0x1a;
    let mut at = 0;
    while let Some(word) = bytes.get(at + 4..at + 8) {
        let word = *word.first_chunk().unwrap();
        let len = if is_big {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        };
        if at + len as usize > bytes.len() {
            break;
        }
        at += len as usize;
    }
    &bytes[..at]
}

/// An interface with a snap length of 6, a frame of 4 bytes and one of 8, both without a time of their own.
fn simple_packets() -> Vec<u8> {
    let words: [u32; 23] = [
        0x0a0d_0d0a,
        28,
        0x1a2b_3c4d,
        1,
        u32::MAX,
        u32::MAX,
        28, //
        1,
        20,
        101,
        6,
        20, //
        3,
        20,
        4,
        0x4500_0000,
        20, //
        3,
        24,
        8,
        0x4500_0000,
        0,
        24,
    ];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The first small frames of a capture, as they are.
fn small_frames(capture: &Path) -> Vec<u8> {
    let mut reader = Reader::open(capture).unwrap();
    let mut scene = Vec::new();
    while let Some(frame) = reader.next_frame() {
        let link = LINKS.iter().position(|link| *link == frame.link);
        if frame.bytes.len() <= LONGEST {
            let link = link.unwrap_or(LINKS.len() - 1) as u8;
            scene.extend(step(link, Form::Raw, 0, 0, 0, frame.bytes));
        }
        if scene.len() > HEAD {
            break;
        }
    }
    scene
}

/// One frame of a scene, see `checks/scene.rs`.
fn step(link: u8, form: Form, flags: u8, snapped: u8, seq: usize, payload: &[u8]) -> Vec<u8> {
    let form = FORMS.iter().position(|it| *it == form).unwrap() as u8;
    let mut step = vec![link, form, flags, snapped];
    step.extend((seq as u16).to_be_bytes());
    step.extend([0, 0]);
    step.extend((payload.len() as u16).to_be_bytes());
    step.extend(payload);
    step
}

/// The first short message of each kind, as bytes. Pieces and hashes are made short.
fn one_of_each(capture: &Path) -> BTreeMap<Kind, Vec<u8>> {
    let reader = Reader::open(capture).unwrap();
    let source: Source = reader.source().clone();
    let store = decoded(reader);
    let mut said = BTreeMap::new();
    for (id, entry) in store.entries(EntryId(0)) {
        let kind = entry.kind();
        if said.contains_key(&kind) || matches!(kind, Kind::Gap | Kind::Undecoded) {
            continue;
        }
        let mut bytes = read_raw(&store, &source, id).unwrap().bytes;
        if matches!(kind, Kind::Piece | Kind::Hashes) && store.missing(id) == 0 {
            bytes.truncate(100);
            let size = bytes.len() as u32 - 4;
            bytes[..4].copy_from_slice(&size.to_be_bytes());
        }
        if bytes.len() <= LONGEST {
            said.insert(kind, bytes);
        }
    }
    said
}

fn decoded(reader: Reader) -> Store {
    let (mut pipeline, mut store, mut changes) =
        (Pipeline::new(reader), Store::default(), Vec::new());
    while !pipeline.step(&mut changes).is_done {}
    changes.into_iter().for_each(|change| store.apply(change));
    store
}

/// Handshake first: so the kinds are ordered.
fn stream(said: &BTreeMap<Kind, Vec<u8>>) -> Vec<u8> {
    said.values().flatten().copied().collect()
}

/// All kinds in one stream: whole, in pieces, with gaps in and between messages; and each extended message alone.
fn framing_seeds(name: &str, said: &BTreeMap<Kind, Vec<u8>>) -> io::Result<()> {
    let stream = stream(said);
    let lost = 0x8000;
    let pieces = [68, 1, 3, 9, 30, 5, 5, 100];
    let in_body = [within_longest(said), lost | 4, 2, 60];
    let in_header = [68 + 2, lost | 2];
    let far = [68 + 5, 0xc000 | 40];
    for (how, cuts) in [
        ("whole", &[][..]),
        ("pieces", &pieces),
        ("gap_in_body", &in_body),
        ("gap_in_header", &in_header),
        ("gap_of_more", &far),
    ] {
        seed("framing", &format!("{name}_{how}"), &cut(cuts, &stream))?;
    }
    if let Some(extended) = said.get(&Kind::Extended) {
        // Without its length, its id and the id of the extension: bencode.
        seed(
            "framing",
            &format!("{name}_bencode"),
            &cut(&[], &extended[6..]),
        )?;
    }
    Ok(())
}

/// Where a gap meets the longest message behind its header.
fn within_longest(said: &BTreeMap<Kind, Vec<u8>>) -> u16 {
    let longest = said.iter().skip(1).max_by_key(|(_, bytes)| bytes.len());
    let longest = longest.map_or(Kind::Handshake, |(kind, _)| *kind);
    let before = said.range(..longest).map(|(_, bytes)| bytes.len());
    before.sum::<usize>() as u16 + 20
}

fn cut(cuts: &[u16], stream: &[u8]) -> Vec<u8> {
    let mut input = vec![cuts.len() as u8];
    input.extend(cuts.iter().flat_map(|cut| cut.to_be_bytes()));
    input.extend(stream);
    input
}

/// All kinds in one stream: in order, with both ends and the ports used again, out of order and twice, with a segment
/// lost and one snapped, and in fragments on other links.
fn packets_seeds(name: &str, said: &BTreeMap<Kind, Vec<u8>>) -> io::Result<()> {
    let stream = stream(said);
    let segments: Vec<Segment<'_>> = stream.chunks(LEN).enumerate().collect();
    let in_order = in_order(&segments, stream.len());
    for (how, scene) in [
        (
            "both_ends",
            [in_order.clone(), other_end_and_again(&stream)].concat(),
        ),
        ("reversed", [reversed(&segments), in_order.clone()].concat()),
        ("in_order", in_order),
        ("holes", holes(&segments)),
        ("overlaps", overlaps(&stream).concat()),
        (
            "overlaps_reversed",
            [syn(), turned(overlaps(&stream))].concat(),
        ),
        ("data_in_syn", step(0, Form::Tcp4, SYN, 0, 0, &stream)),
        ("fragments", fragments(&segments)),
        ("tunnels", tunnels(&segments)),
    ] {
        seed("packets", &format!("{name}_{how}"), &scene)?;
    }
    Ok(())
}

/// Bytes of a segment.
const LEN: usize = 90;

/// Its number, and its payload.
type Segment<'a> = (usize, &'a [u8]);

fn tcp(flags: u8, snapped: u8, (number, payload): Segment<'_>) -> Vec<u8> {
    step(0, Form::Tcp4, flags, snapped, 1 + number * LEN, payload)
}

fn syn() -> Vec<u8> {
    step(0, Form::Tcp4, SYN, 0, 0, &[])
}

fn in_order(segments: &[Segment<'_>], len: usize) -> Vec<u8> {
    let middle = segments.iter().flat_map(|it| tcp(ACK, 0, *it)).collect();
    [syn(), middle, step(0, Form::Tcp4, FIN, 0, 1 + len, &[])].concat()
}

fn other_end_and_again(stream: &[u8]) -> Vec<u8> {
    let handshake = &stream[..68];
    let steps = [
        step(0, Form::Tcp4, SYN | ACK | OTHER_END, 0, 0, &[]),
        step(0, Form::Tcp6, OTHER_END, 0, 1, handshake),
        step(0, Form::Tcp4, OTHER_END, 0, 1, handshake),
        step(0, Form::Tcp4, OTHER_END | RST, 0, 69, &[]),
        step(0, Form::Tcp4, SYN, 0, 900, &[]),
        step(0, Form::Tcp4, 0, 0, 901, handshake),
    ];
    steps.concat()
}

fn reversed(segments: &[Segment<'_>]) -> Vec<u8> {
    let segments = segments.iter().rev().flat_map(|it| tcp(ACK, 0, *it));
    syn().into_iter().chain(segments).collect()
}

fn holes(segments: &[Segment<'_>]) -> Vec<u8> {
    let kept = segments.iter().filter(|(number, _)| number % 3 != 2);
    let kept = kept.flat_map(|it| tcp(ACK, if it.0 == 1 { 20 } else { 0 }, *it));
    syn().into_iter().chain(kept).collect()
}

fn turned(mut steps: Vec<Vec<u8>>) -> Vec<u8> {
    steps.reverse();
    steps.concat()
}

/// The last third of each segment is sent again with the next one.
fn overlaps(stream: &[u8]) -> Vec<Vec<u8>> {
    let starts = (0..stream.len()).step_by(LEN * 2 / 3);
    let segments = starts.map(|at| {
        let payload = &stream[at..(at + LEN).min(stream.len())];
        step(0, Form::Tcp4, ACK, 0, 1 + at, payload)
    });
    segments.collect()
}

fn fragments(segments: &[Segment<'_>]) -> Vec<u8> {
    let segments = segments.iter().flat_map(|(number, payload)| {
        let (link, form) = match number % 4 {
            0 => (1, Form::Fragments4),
            1 => (6, Form::Tcp4),
            2 => (7, Form::Fragments4),
            _ => (4, Form::Tcp4),
        };
        let flags = if number % 2 == 0 {
            ACK
        } else {
            ACK | LAST_FIRST
        };
        step(link, form, flags, 0, 1 + number * LEN, payload)
    });
    segments.collect()
}

/// Each segment in the next tunnel and on the next link, every third one in fragments.
fn tunnels(segments: &[Segment<'_>]) -> Vec<u8> {
    let segments = segments.iter().flat_map(|(number, payload)| {
        let tunnel = (*number as u8 % 8) << 4 | TUNNELLED;
        let link = (*number % (LINKS.len() - 1)) as u8;
        let form = match number % 6 {
            2 => Form::Fragments4,
            4 => Form::Tcp6,
            5 => Form::Fragments6,
            _ => Form::Tcp4,
        };
        step(tunnel | link, form, ACK, 0, 1 + number * LEN, payload)
    });
    segments.collect()
}

/// A conversation over uTP: in order, out of order with selective acknowledgements, with a packet that is lost and
/// acknowledged, with a reset of the old version and data behind the end, and from the middle with one that comes again
/// longer.
fn utp_seeds() -> io::Result<()> {
    let handshake = [&b"\x13BitTorrent protocol"[..], &[7; 48]].concat();
    let have = [0, 0, 0, 5, 4, 0, 0, 0, 9];
    let syn = [
        datagram(4, 4, [1, 0], 0x10, &[]),
        datagram(0x12, 4, [9, 1], 0, &[]),
    ]
    .concat();
    let greeting = [
        datagram(0, 5, [2, 8], 0, &handshake[..40]),
        datagram(0x40, 5, [3, 8], 0, &handshake[40..]),
        datagram(0x10, 4, [9, 3], 0, &handshake),
    ];
    let haves = [4, 5, 6].map(|seq| datagram(0, 5, [seq, 9], 0, &have));
    let end = [
        datagram(1, 5, [7, 9], 0x20, &have),
        datagram(0x17, 5, [0, 0], 0, &[]),
        datagram(0x18, 4, [9, 7], 0, &handshake),
    ];
    let in_order = [syn.clone(), greeting.concat(), haves.concat(), end.concat()].concat();
    seed("utp", "in_order", &in_order)?;
    let [first, second, third] = &haves;
    let selecting = datagram(0x12, 4, [10, 4], 0x02, &[]);
    let reordered = [third, &selecting, second, first, second].map(Vec::as_slice);
    let reordered = [syn.clone(), greeting.concat(), reordered.concat()].concat();
    seed("utp", "reordered", &reordered)?;
    let acknowledged = datagram(0x12, 4, [10, 6], 0, &[]);
    let lossy = [
        syn,
        greeting.concat(),
        acknowledged,
        datagram(0, 5, [7, 9], 0, &have),
    ]
    .concat();
    seed("utp", "lossy", &lossy)?;
    let longer = datagram(0, 5, [6, 9], 0, &[have, have].concat());
    let answers = [5, 6, 7].map(|ack| datagram(0x10, 4, [ack + 5, ack], 0, &have));
    let middle = [haves.concat(), answers.concat(), longer].concat();
    seed("utp", "middle", &middle)
}

/// One datagram, see `checks/utp.rs`.
fn datagram(what: u8, id: u8, [seq, ack]: [u16; 2], extensions: u8, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![what, id, 0];
    let clock = u16::from_be_bytes([extensions, 7]);
    for number in [seq, ack, clock, payload.len() as u16] {
        datagram.extend(number.to_be_bytes());
    }
    datagram.extend(payload);
    datagram
}
