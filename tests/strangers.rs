//! Text and bencode that strangers wrote: whatever it is, what is printed and drawn is bounded and safe.

mod decoding;
mod line;
mod packets;

use std::sync::LazyLock;

use decoding::decoded;
use line::Line;
use packets::{End, Pcap};
use peerscope::app::screenshot;
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::pipeline::Pipeline;
use peerscope::store::EntryId;
use peerscope::view::{Glyphs, Look, Palette, picture};

/// A line of text that nobody needs to be longer than this.
const MAX_LINE: usize = 4096;
/// A line of JSON, which holds more, and is read by programs.
const MAX_JSON: usize = 1 << 20;

const LOOK: Look = Look {
    palette: Palette::TERMINAL,
    glyphs: Glyphs::UNICODE,
};

/// Escape sequences, C1 controls, bidi marks, tags, a byte order mark, bytes that are no UTF-8, line ends.
const EVIL: &[u8] = b"\x1b]0;owned\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xf3\xa0\x81\x81\xef\xbb\xbf\xff\xfe\r\n\t\x08\x00\x7f";

/// Bodies of extended handshakes, and of an extension that the first of them names.
fn bodies() -> Vec<(u8, Vec<u8>)> {
    let string = |bytes: &[u8]| [format!("{}:", bytes.len()).as_bytes(), bytes].concat();
    let evil = string(EVIL);
    let long = string(&vec![b'A'; 10_000_000]);
    let long_evil = string(&EVIL.repeat(5000));
    vec![
        (
            0,
            [
                b"d1:md",
                &*evil,
                b"i7e6:ut_pexi1e11:ut_metadatai2ee1:v",
                &*evil,
                b"e",
            ]
            .concat(),
        ),
        (
            0,
            [
                b"d",
                &*evil,
                &*evil,
                b"1:md",
                &*long_evil,
                b"i9ee1:v",
                &*long_evil,
                b"e",
            ]
            .concat(),
        ),
        (0, [b"d1:v", &*long, b"e"].concat()),
        (0, [b"d1:m".to_vec(), vec![b'l'; 100_000]].concat()),
        (0, [b"d1:m".to_vec(), b"d1:a".repeat(100_000)].concat()),
        (
            0,
            [b"d".to_vec(), b"1:ai1e".repeat(100_000), b"e".to_vec()].concat(),
        ),
        (0, b"d1:v999999999999999999:abce".to_vec()),
        (
            0,
            b"d4:reqqi99999999999999999999999999999e13:metadata_sizei-1e1:v-5:abcdee".to_vec(),
        ),
        (
            0,
            [b"l".to_vec(), evil.repeat(1000), b"e".to_vec()].concat(),
        ),
        (0, evil.clone()),
        (
            1,
            [b"d5:added", &*evil, b"7:added.fli1ei-7e3:abce7:dropped1:xe"].concat(),
        ),
        (1, [b"d5:added", &*string(&vec![7; 600_000]), b"e"].concat()),
        (
            2,
            [
                b"d8:msg_typei1e5:piecei-1e10:total_sizei99999999999ee",
                EVIL,
            ]
            .concat(),
        ),
        (7, EVIL.repeat(10_000)),
        (99, EVIL.to_vec()),
    ]
}

const ENDS: [End; 2] = [
    End {
        ip: [10, 0, 0, 1],
        port: 50_000,
    },
    End {
        ip: [10, 0, 0, 2],
        port: 6881,
    },
];

/// A connection on which both sides say all of it.
fn capture() -> Vec<u8> {
    let mut peer_id = [b'-'; 20];
    peer_id.copy_from_slice(&EVIL[..20]);
    let handshake = [
        b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05",
        &[7; 20][..],
        &peer_id,
    ]
    .concat();
    let mut stream = handshake;
    for (id, body) in bodies() {
        stream.extend((body.len() as u32 + 2).to_be_bytes());
        stream.extend([20, id]);
        stream.extend(body);
    }
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let mut line = Line::open(&mut pcap, ENDS);
    for side in [0, 1] {
        stream.chunks(60_000).for_each(|part| line.say(side, part));
    }
    for side in [0, 1] {
        line.close(side);
    }
    pcap.into_inner()
}

fn reader() -> Reader {
    static CAPTURE: LazyLock<Vec<u8>> = LazyLock::new(capture);
    Reader::new(Source::Memory(&CAPTURE), "hostile").unwrap()
}

/// Nothing in it is obeyed by a terminal, or moves what stands beside it.
fn assert_safe(text: &str, longest: usize, what: &str) {
    let harmful = |char: &char| {
        char.is_control()
            || matches!(*char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || matches!(*char, '\u{e0000}'..='\u{e0fff}')
    };
    for line in text.lines() {
        let found = line.chars().find(harmful);
        assert_eq!(
            found,
            None,
            "{what}: {}",
            &line[..line.len().min(300)].escape_debug()
        );
        assert!(
            line.len() <= longest,
            "{what}: a line of {} bytes",
            line.len()
        );
    }
}

#[test]
fn what_is_printed_is_safe_and_bounded() {
    let store = decoded(reader());
    assert_eq!(store.messages(), 2 * (1 + bodies().len() as u64));
    for (format, longest) in [(Format::Text, MAX_LINE), (Format::Json, MAX_JSON)] {
        let mut out = Vec::new();
        export::messages(&store, EntryId(0), format, &mut out).unwrap();
        export::connections(&store, format, &mut out).unwrap();
        export::summary(&store, "x.pcap", &[], format, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_safe(&text, longest, &format!("{format:?}"));
    }
}

#[test]
fn json_stays_json() {
    let store = decoded(reader());
    let mut out = Vec::new();
    export::messages(&store, EntryId(0), Format::Json, &mut out).unwrap();
    for line in String::from_utf8(out).unwrap().lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["connection"], 0);
    }
}

#[test]
fn what_is_drawn_is_safe() {
    let name = String::from_utf8_lossy(EVIL);
    // The list, the ladder, and the fields and bytes of each message.
    let mut walks = vec![String::new(), "Enter".to_owned(), "6".to_owned()];
    walks.extend(
        (0..=bodies().len()).map(|at| format!("Enter g {} Enter PgDn End", "j ".repeat(at))),
    );
    for size in [(80, 24), (200, 60)] {
        for walk in &walks {
            let keys: Vec<&str> = walk.split_whitespace().collect();
            let screen = screenshot(Pipeline::new(reader()), &name, LOOK, size, &keys);
            assert_safe(&picture::text(&screen), MAX_LINE, walk);
            let strange = screen
                .content()
                .iter()
                .find(|cell| cell.symbol().chars().any(char::is_control));
            assert_eq!(strange, None, "{walk}");
        }
    }
}
