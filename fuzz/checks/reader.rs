//! Any bytes as a capture file.

use peerscope::capture::{FilePosition, Frame, FrameNumber, LinkType, Reader, Source, Timestamp};

use super::print::assert_plain;
use super::{append, cut, file, some, source};

/// No record or block of either format is shorter.
const SHORTEST: usize = 12;

/// The input is the file.
pub(crate) fn check(input: &[u8]) {
    let mut reader = match Reader::new(source(input), "a capture") {
        Ok(reader) => reader,
        Err(error) => return assert_plain(&error.to_string()),
    };
    let frames = all(&mut reader, input.len());
    assert_in_order(&frames, input.len());
    assert_ended(&mut reader, input.len());
    some(&frames).for_each(|frame| assert_is_found_again(&reader, frame));
    assert_grows_alike(input, &frames);
}

/// A frame that outlives the window it was read in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    number: FrameNumber,
    position: FilePosition,
    time: Timestamp,
    link: LinkType,
    original_len: u32,
    bytes: Vec<u8>,
}

impl Seen {
    fn of(frame: &Frame<'_>) -> Seen {
        Seen {
            number: frame.number,
            position: frame.position,
            time: frame.time,
            link: frame.link,
            original_len: frame.original_len,
            bytes: frame.bytes.to_vec(),
        }
    }
}

/// The rest of the frames.
fn all(reader: &mut Reader, len: usize) -> Vec<Seen> {
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame() {
        frames.push(Seen::of(&frame));
        assert!(frames.len() <= len / SHORTEST, "more frames than records");
    }
    frames
}

/// Frames lie in the file one behind the other, so they cannot hold more bytes than it.
fn assert_in_order(frames: &[Seen], len: usize) {
    let mut free = 0;
    for (frame, number) in frames.iter().zip(1..) {
        assert_eq!(frame.number.0, number);
        assert!(frame.position.0 >= free, "{frame:?} before {free}");
        assert!(frame.original_len as usize >= frame.bytes.len());
        free = frame.position.0 + frame.bytes.len() as u64;
    }
    assert!(free <= len as u64);
}

/// The end stays the end, and what is said of it is plain.
fn assert_ended(reader: &mut Reader, len: usize) {
    let note = reader.note().cloned();
    assert!(reader.next_frame().is_none());
    assert_eq!(reader.note(), note.as_ref());
    assert_plain(&note.map(|note| note.to_string()).unwrap_or_default());
    let (read, total) = reader.progress();
    assert_eq!(total, Some(len as u64));
    assert!(read <= len as u64);
}

/// A frame is the same when it is read again from its position alone.
fn assert_is_found_again(reader: &Reader, frame: &Seen) {
    let mut again = Reader::resume(reader.source().clone(), reader.layout(), frame.position);
    let mut again = Seen::of(&again.next_frame().expect("it was there before"));
    assert_eq!(again.number, FrameNumber(1));
    again.number = frame.number;
    // A simple packet block has no time: it gets that of the frame before, which here is none.
    if again.time == Timestamp(0) {
        again.time = frame.time;
    }
    assert_eq!(again, *frame);
}

/// A file that is still being written gives the same frames in the end.
fn assert_grows_alike(input: &[u8], frames: &[Seen]) {
    let (first, rest) = cut(input);
    let file = file(first);
    let Ok(mut reader) = Reader::new(Source::File(file.clone()), "a capture") else {
        return; // the header is not there yet
    };
    let mut seen = all(&mut reader, input.len());
    append(&file, rest);
    seen.extend(all(&mut reader, input.len()));
    assert_eq!(seen, frames);
}
