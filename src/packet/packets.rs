//! Frames -> segments, with a memory for the fragments of datagrams.

use super::fragments::{Fragments, Settled, Whole};
use super::layer::{Carrier, End, Ends, Layer, walk};
use super::part::Part;
use super::{Checksums, Segment, Skip, link, plain, segment};
use crate::capture::{FilePosition, Frame, Verdict};

/// Finds the segments in the frames of a capture, which come in their order.
#[derive(Debug, Default)]
pub struct Packets {
    checksums: Checksums,
    pub(super) fragments: Fragments,
    /// The datagram that was put together last; a segment is borrowed from it.
    whole: Option<Whole>,
}

/// A segment, and where it is to be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The segment.
    pub segment: Segment<'a>,
    /// The first frame in the file that carried a part of it. Who reads from there on, with [`Packets`] of their own,
    /// finds it in the same frame.
    pub first: FilePosition,
}

impl Packets {
    /// No frame was seen yet.
    pub fn new(checksums: Checksums) -> Packets {
        Packets {
            checksums,
            ..Packets::default()
        }
    }

    /// The segment that a frame carries, or completes.
    pub fn segment<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Found<'a>, Skip> {
        match frame.verdict {
            Verdict::Pass => {}
            Verdict::FilteredOut => return Err(Skip::FilteredOut),
            Verdict::CannotTell => return Err(Skip::CannotFilter(frame.link)),
        }
        if let Some((carrier, part)) =
            plain::tcp(frame).filter(|_| self.checksums == Checksums::Ignored)
        {
            return Ok(Found {
                segment: segment::tcp(carrier, part, Checksums::Ignored)?,
                first: frame.position,
            });
        }
        let (layer, part) = link::first(frame.link, Part::of(frame))?;
        match walk(layer, part, self.checksums)? {
            End::Tcp(carrier, part) => Ok(Found {
                segment: segment::tcp(carrier, part, self.checksums)?,
                first: frame.position,
            }),
            End::Fragment(fragment, part) => {
                let (position, now) = (frame.position, frame.time);
                let whole = self.fragments.put(fragment, part, position, now)?;
                self.inside(whole, frame)
            }
        }
    }

    /// The segment in a datagram, which may be a tunnel with fragments in it.
    fn inside(&mut self, mut whole: Whole, frame: &Frame<'_>) -> Result<Found<'_>, Skip> {
        while let End::Fragment(fragment, part) = follow(&whole, self.checksums)? {
            let (first, now) = (whole.first, frame.time);
            whole = self.fragments.put(fragment, part, first, now)?;
        }
        let whole = self.whole.insert(whole);
        match follow(whole, self.checksums)? {
            End::Tcp(carrier, part) => Ok(Found {
                segment: segment::tcp(carrier, part, self.checksums)?,
                first: whole.first,
            }),
            End::Fragment(..) => Err(Skip::Nested),
        }
    }

    /// The capture has ended: fragments wait no more.
    pub fn finish(&mut self) {
        self.fragments.finish();
    }

    /// What became of waiting fragments since the last call.
    pub fn take_settled(&mut self) -> Settled {
        self.fragments.take_settled()
    }
}

fn follow(whole: &Whole, checksums: Checksums) -> Result<End<'_>, Skip> {
    let part = Part {
        bytes: &whole.bytes,
        cut: whole.cut,
    };
    let carrier = Carrier {
        ends: Ends::Kept(&whole.ends),
        protocol: whole.protocol,
    };
    walk(Layer::Payload(carrier), part, checksums)
}
