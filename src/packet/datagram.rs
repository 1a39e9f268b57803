//! A UDP datagram, its length as the network knew it.

use super::layer::Carrier;
use super::part::Part;
use super::{Endpoint, Skip};

/// One UDP datagram. `payload` may be shorter than `len`: the snap length cut it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Sender.
    pub src: Endpoint,
    /// Receiver.
    pub dst: Endpoint,
    /// What was captured of the payload, without Ethernet padding.
    pub payload: &'a [u8],
    /// Bytes of payload on the wire.
    pub len: u32,
}

impl Datagram<'_> {
    /// True when the snap length cut nothing.
    pub fn is_whole(&self) -> bool {
        self.payload.len() == self.len as usize
    }
}

/// Bytes of the header.
const HEADER: usize = 8;

/// Reads a UDP header (RFC 768). A length that cannot be, as offload leaves it, says nothing. The checksum is not
/// looked at: no message is made of what a datagram says.
pub(super) fn udp<'a>(carrier: Carrier<'_>, part: Part<'a>) -> Result<Datagram<'a>, Skip> {
    let rest = part.behind(HEADER)?;
    let payload = match usize::from(part.u16(4)?).checked_sub(HEADER) {
        Some(len) => rest.within(len),
        None => rest,
    };
    let [src, dst] = carrier.ends.addresses();
    let end = |ip, port| Endpoint { ip, port };
    Ok(Datagram {
        src: end(src, part.u16(0)?),
        dst: end(dst, part.u16(2)?),
        payload: payload.bytes,
        len: payload.len() as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::super::scene::{ethernet, frame, outer4, outer6, udp};
    use super::super::{Carried, Packets, Transport};
    use crate::capture::LinkType;
    use hex_literal::hex;

    fn said(link: LinkType, bytes: &[u8], cut: u32) -> String {
        let mut frame = frame(1, link, bytes);
        frame.original_len += cut;
        let mut packets = Packets::default();
        match packets.carried(&frame) {
            Ok(Carried {
                transport: Transport::Udp(it),
                ..
            }) => format!(
                "{}>{} {} {}",
                it.src,
                it.dst,
                String::from_utf8_lossy(it.payload),
                it.len
            ),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_datagram_is_found_behind_ip_and_behind_links() {
        let bytes = udp(6771, b"hello");
        let v4 = "1.1.1.1:50000>2.2.2.2:6771 hello 5";
        assert_eq!(said(LinkType::RAW, &outer4(17, &bytes), 0), v4);
        let v6 = "[1::1]:50000>[2::2]:6771 hello 5";
        assert_eq!(said(LinkType::RAW, &outer6(17, &bytes), 0), v6);
        let padded = [&outer4(17, &bytes)[..], &[0; 13]].concat();
        let tagged = ethernet(&hex!("8100 0007 0800"), &padded);
        assert_eq!(said(LinkType::ETHERNET, &tagged, 0), v4);
        let tunnel = outer4(41, &outer6(17, &bytes));
        assert_eq!(said(LinkType::RAW, &tunnel, 0), v6);
    }

    #[test]
    fn what_the_snap_length_cut_is_part_of_its_length() {
        let bytes = outer4(17, &udp(6771, b"hello"));
        let cut = &bytes[..bytes.len() - 2];
        let said = said(LinkType::RAW, cut, 2);
        assert_eq!(said, "1.1.1.1:50000>2.2.2.2:6771 hel 5");
    }

    #[test]
    fn a_datagram_may_come_in_fragments() {
        let whole = udp(6771, b"0123456789abcdef");
        let part = |flags: u16, payload: &[u8]| {
            let mut bytes = outer4(17, payload);
            bytes[6..8].copy_from_slice(&flags.to_be_bytes());
            bytes
        };
        let mut packets = Packets::default();
        let first = part(0x2000, &whole[..16]);
        assert!(packets.carried(&frame(1, LinkType::RAW, &first)).is_err());
        let last = part(2, &whole[16..]);
        let last = frame(2, LinkType::RAW, &last);
        let Ok(Transport::Udp(datagram)) = packets.carried(&last).map(|it| it.transport) else {
            panic!("the second fragment makes it whole");
        };
        assert_eq!(datagram.payload, b"0123456789abcdef");
    }
}
