//! A TCP segment, its length as the network knew it.

use etherparse::err::ip::LaxHeaderSliceError;
use etherparse::err::tcp::HeaderSliceError;
use etherparse::{IpNumber, LaxIpSlice, TcpSlice};

use super::{Endpoint, Skip, link};
use crate::capture::{Frame, Verdict};

/// The control bits of a segment that say something about the stream (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `seq` is the initial sequence number and counts one.
    pub syn: bool,
    /// The stream ends behind the payload.
    pub fin: bool,
    /// The connection is aborted.
    pub rst: bool,
}

/// One TCP segment. `payload` may be shorter than `len`: the snap length cut it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Sender.
    pub src: Endpoint,
    /// Receiver.
    pub dst: Endpoint,
    /// Sequence number of the first payload byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgement number, when the ACK bit is set.
    pub ack: Option<u32>,
    /// SYN, FIN, RST.
    pub flags: Flags,
    /// What was captured of the payload, without Ethernet padding.
    pub payload: &'a [u8],
    /// Bytes of payload on the wire.
    pub len: u32,
}

/// Finds the TCP segment in a frame.
pub fn parse<'a>(frame: &Frame<'a>) -> Result<Segment<'a>, Skip> {
    match frame.verdict {
        Verdict::Pass => {}
        Verdict::FilteredOut => return Err(Skip::FilteredOut),
        Verdict::CannotTell => return Err(Skip::CannotFilter(frame.link)),
    }
    let bytes = link::ip(frame.link, frame.bytes)?;
    let (ip, stopped) = LaxIpSlice::from_slice(bytes).map_err(|error| no_ip(&error))?;
    let payload = ip.payload();
    if payload.fragmented {
        return Err(Skip::Fragment);
    }
    if payload.ip_number != IpNumber::TCP {
        // An extension header that was cut has its own number.
        return Err(if stopped.is_some() {
            Skip::Cut
        } else {
            Skip::NotTcp(payload.ip_number.0)
        });
    }
    let tcp = TcpSlice::from_slice(payload.payload).map_err(|error| no_tcp(&error))?;
    // What the IP header promises and the capture does not hold was cut by the snap length, and
    // only that: a header that promises more than was on the wire lies.
    let cut = frame.original_len as usize - frame.bytes.len();
    let missing = promised(&ip)
        .map_or(cut, |len| len.saturating_sub(payload.payload.len()))
        .min(cut);
    Ok(Segment {
        src: Endpoint {
            ip: ip.source_addr(),
            port: tcp.source_port(),
        },
        dst: Endpoint {
            ip: ip.destination_addr(),
            port: tcp.destination_port(),
        },
        seq: tcp.sequence_number(),
        ack: tcp.ack().then(|| tcp.acknowledgment_number()),
        flags: Flags {
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
        },
        payload: &payload.payload[tcp.header_len()..],
        len: (payload.payload.len() - tcp.header_len() + missing) as u32,
    })
}

/// Bytes of IP payload by the length field; `None` where segmentation offload left it 0.
fn promised(ip: &LaxIpSlice<'_>) -> Option<usize> {
    match ip {
        LaxIpSlice::Ipv4(ip) => {
            let extensions = ip.extensions().auth.map_or(0, |auth| auth.slice().len());
            usize::from(ip.header().total_len()).checked_sub(ip.header().slice().len() + extensions)
        }
        LaxIpSlice::Ipv6(ip) => match usize::from(ip.header().payload_length()) {
            0 => None,
            len => len.checked_sub(ip.extensions().slice().len()),
        },
    }
}

fn no_ip(error: &LaxHeaderSliceError) -> Skip {
    match error {
        LaxHeaderSliceError::Len(_) => Skip::Cut,
        LaxHeaderSliceError::Content(_) => Skip::Malformed,
    }
}

fn no_tcp(error: &HeaderSliceError) -> Skip {
    match error {
        HeaderSliceError::Len(_) => Skip::Cut,
        HeaderSliceError::Content(_) => Skip::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FilePosition, FrameNumber, LinkType, Timestamp};
    use etherparse::{PacketBuilder, SingleVlanHeader, VlanId};

    const TEN: &[u8] = b"0123456789";

    fn frame(link: LinkType, bytes: &[u8]) -> Frame<'_> {
        Frame {
            number: FrameNumber(1),
            position: FilePosition(0),
            time: Timestamp(0),
            link,
            original_len: bytes.len() as u32,
            bytes,
            verdict: Verdict::Pass,
        }
    }

    fn tcp4() -> Vec<u8> {
        let mut bytes = Vec::new();
        let builder =
            PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        builder
            .tcp(6881, 51413, 1000, 500)
            .ack(77)
            .write(&mut bytes, TEN)
            .unwrap();
        bytes
    }

    #[test]
    fn an_ethernet_frame_gives_its_segment() {
        let bytes = tcp4();
        let segment = parse(&frame(LinkType::ETHERNET, &bytes)).unwrap();
        assert_eq!(segment.src.to_string(), "10.0.0.1:6881");
        assert_eq!(segment.dst.to_string(), "10.0.0.2:51413");
        assert_eq!(
            (segment.seq, segment.ack, segment.payload, segment.len),
            (1000, Some(77), TEN, 10)
        );
    }

    #[test]
    fn ethernet_padding_is_no_payload() {
        let mut bytes = tcp4();
        bytes.extend([0; 20]);
        assert_eq!(
            parse(&frame(LinkType::ETHERNET, &bytes)).unwrap().payload,
            TEN
        );
    }

    #[test]
    fn what_the_snap_length_cut_is_counted_not_lost() {
        let bytes = tcp4();
        let cut = Frame {
            original_len: bytes.len() as u32,
            ..frame(LinkType::ETHERNET, &bytes[..bytes.len() - 7])
        };
        let segment = parse(&cut).unwrap();
        assert_eq!((segment.payload, segment.len), (&TEN[..3], 10));
    }

    #[test]
    fn an_ip_length_that_lies_promises_nothing() {
        let mut bytes = tcp4();
        bytes[16..18].copy_from_slice(&1500u16.to_be_bytes());
        assert_eq!(parse(&frame(LinkType::ETHERNET, &bytes)).unwrap().len, 10);
    }

    #[test]
    fn an_ip_length_of_zero_is_segmentation_offload() {
        let mut bytes = tcp4();
        bytes[16..18].copy_from_slice(&[0, 0]);
        let segment = parse(&frame(LinkType::ETHERNET, &bytes)).unwrap();
        assert_eq!((segment.payload, segment.len), (TEN, 10));
    }

    #[test]
    fn vlan_tags_and_ipv6_extension_headers_are_stepped_over() {
        let mut ip = Vec::new();
        let builder = PacketBuilder::ipv6([1; 16], [2; 16], 64);
        builder.tcp(1, 2, 3, 4).write(&mut ip, TEN).unwrap();
        // A destination options header of 8 bytes between IPv6 and TCP.
        ip[6] = 60;
        ip.splice(40..40, [6, 0, 1, 4, 0, 0, 0, 0]);
        ip[4..6].copy_from_slice(&38u16.to_be_bytes());
        let tag = |id: u16, next| SingleVlanHeader {
            vlan_id: VlanId::try_new(id).unwrap(),
            ether_type: next,
            ..Default::default()
        };
        let mut bytes = vec![0; 12];
        bytes.extend([0x88, 0xa8]);
        bytes.extend(tag(100, etherparse::EtherType::VLAN_TAGGED_FRAME).to_bytes());
        bytes.extend(tag(77, etherparse::EtherType::IPV6).to_bytes());
        bytes.extend(ip);
        let segment = parse(&frame(LinkType::ETHERNET, &bytes)).unwrap();
        assert_eq!(
            (segment.payload, segment.len, segment.src.ip.is_ipv6()),
            (TEN, 10, true)
        );
    }

    #[test]
    fn cooked_and_raw_frames_give_the_same_segment() {
        let ethernet = tcp4();
        let expected = parse(&frame(LinkType::ETHERNET, &ethernet)).unwrap();
        let with = |link, header: &[u8]| {
            let bytes = [header, &ethernet[14..]].concat();
            assert_eq!(parse(&frame(link, &bytes)).unwrap(), expected, "{link}");
        };
        with(LinkType::RAW, &[]);
        with(LinkType::NULL, &[2, 0, 0, 0]);
        with(
            LinkType::LINUX_SLL,
            &[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0],
        );
        with(
            LinkType::LINUX_SLL2,
            &[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0],
        );
    }

    #[test]
    fn everything_else_is_a_skip_with_its_reason() {
        let mut udp = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([1; 4], [2; 4], 9)
            .udp(1, 2)
            .write(&mut udp, TEN)
            .unwrap();
        let skip = |link, bytes: &[u8]| parse(&frame(link, bytes)).unwrap_err();
        assert_eq!(skip(LinkType::ETHERNET, &udp), Skip::NotTcp(17));
        assert_eq!(
            skip(
                LinkType::ETHERNET,
                &[&[0; 12][..], &[0x88, 0xcc], &[0; 40]].concat()
            ),
            Skip::NotIp(0x88cc)
        );
        assert_eq!(skip(LinkType(195), &udp), Skip::Link(LinkType(195)));
        assert_eq!(skip(LinkType::RAW, &[0xff; 40]), Skip::Malformed);
        let mut fragment = tcp4();
        fragment[20] |= 0x20; // more fragments
        assert_eq!(skip(LinkType::ETHERNET, &fragment), Skip::Fragment);
    }

    #[test]
    fn a_frame_cut_at_any_byte_never_panics() {
        let bytes = tcp4();
        for len in 0..bytes.len() {
            let cut = Frame {
                original_len: bytes.len() as u32,
                ..frame(LinkType::ETHERNET, &bytes[..len])
            };
            match parse(&cut) {
                Ok(segment) => assert_eq!(segment.len, 10),
                Err(skip) => assert_eq!(skip, Skip::Cut, "cut at {len}"),
            }
        }
    }
}
