//! Frames -> segments and datagrams, with a memory for fragments.

use etherparse::IpNumber;

use super::fragments::{Came, Fragments, Settled, Whole};
use super::layer::{Carrier, End, Ends, Layer, walk};
use super::part::Part;
use super::{Checksums, Datagram, Segment, Skip, datagram, link, plain, segment};
use crate::capture::{FilePosition, Frame, FrameNumber, Verdict};

/// Finds the segments and datagrams in the frames of a capture, which come in their order.
#[derive(Debug, Default)]
pub struct Packets {
    checksums: Checksums,
    pub(super) fragments: Fragments,
    /// The datagram of IP that was put together last; what it carries is borrowed from it.
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

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A UDP datagram that is no tunnel.
    Udp(Datagram<'a>),
}

/// What a frame carries, and where that is to be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    /// A segment or a datagram.
    pub transport: Transport<'a>,
    /// As [`Found::first`].
    pub first: FilePosition,
    /// The frames whose fragments it was put together from; none where it came in one.
    pub parts: &'a [FrameNumber],
}

impl<'a> Carried<'a> {
    fn of(
        transport: Result<Transport<'a>, Skip>,
        first: FilePosition,
        parts: &'a [FrameNumber],
    ) -> Result<Carried<'a>, Skip> {
        transport.map(|transport| Carried {
            transport,
            first,
            parts,
        })
    }
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
    #[inline]
    pub fn segment<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Found<'a>, Skip> {
        let Carried {
            transport, first, ..
        } = self.carried(frame)?;
        match transport {
            Transport::Tcp(segment) => Ok(Found { segment, first }),
            Transport::Udp(_) => Err(Skip::NotTcp(IpNumber::UDP.0)),
        }
    }

    /// The segment or datagram that a frame carries, or completes.
    #[inline]
    pub fn carried<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Carried<'a>, Skip> {
        match frame.verdict {
            Verdict::Pass => {}
            Verdict::FilteredOut => return Err(Skip::FilteredOut),
            Verdict::CannotTell => return Err(Skip::CannotFilter(frame.link)),
        }
        if let Some((carrier, part)) =
            plain::carried(frame).filter(|_| self.checksums == Checksums::Ignored)
        {
            let transport = match carrier.protocol {
                IpNumber::TCP => tcp(carrier, part, Checksums::Ignored),
                _ => udp(carrier, part),
            };
            return Carried::of(transport, frame.position, &[]);
        }
        let (layer, part) = link::first(frame.link, Part::of(frame))?;
        match walk(layer, part, self.checksums)? {
            End::Tcp(carrier, part) => {
                Carried::of(tcp(carrier, part, self.checksums), frame.position, &[])
            }
            End::Udp(carrier, part) => Carried::of(udp(carrier, part), frame.position, &[]),
            End::Fragment(fragment, part) => {
                let came = Came {
                    first: frame.position,
                    frames: &[frame.number],
                };
                let whole = self.fragments.put(fragment, part, came, frame.time)?;
                self.inside(whole, frame)
            }
        }
    }

    /// What is in a datagram of IP, which may be a tunnel with fragments in it.
    fn inside(&mut self, mut whole: Whole, frame: &Frame<'_>) -> Result<Carried<'_>, Skip> {
        while let End::Fragment(fragment, part) = follow(&whole, self.checksums)? {
            let came = Came {
                first: whole.first,
                frames: &whole.frames,
            };
            whole = self.fragments.put(fragment, part, came, frame.time)?;
        }
        let (checksums, whole) = (self.checksums, &*self.whole.insert(whole));
        match follow(whole, checksums)? {
            End::Tcp(carrier, part) => {
                Carried::of(tcp(carrier, part, checksums), whole.first, &whole.frames)
            }
            End::Udp(carrier, part) => Carried::of(udp(carrier, part), whole.first, &whole.frames),
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

fn tcp<'a>(
    carrier: Carrier<'_>,
    part: Part<'a>,
    checksums: Checksums,
) -> Result<Transport<'a>, Skip> {
    segment::tcp(carrier, part, checksums).map(Transport::Tcp)
}

fn udp<'a>(carrier: Carrier<'_>, part: Part<'a>) -> Result<Transport<'a>, Skip> {
    datagram::udp(carrier, part).map(Transport::Udp)
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
