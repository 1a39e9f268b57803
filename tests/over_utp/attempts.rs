//! A capture of raw IP in which a peer tries two others over uTP, and then over TCP.

const HERE: ([u8; 4], u16) = ([10, 0, 0, 1], 6881);
const SYN: u8 = 2;
const ACK: u8 = 16;
const UTP_RESET: u8 = 0x31;
const UTP_SYN: u8 = 0x41;

type End = ([u8; 4], u16);

/// Of 10.0.0.2 nothing comes; 10.0.0.3 refuses uTP and is asked by the DHT from the same port. Both take TCP.
pub(crate) fn capture() -> Vec<u8> {
    let [silent, refusing] = [2, 3].map(|host| ([10, 0, 0, host], 6881));
    let mut pcap = Pcap::new();
    for second in [0, 3] {
        pcap.udp(second, (HERE, silent), &utp(UTP_SYN, second, 65535, 100));
        pcap.udp(second, (HERE, refusing), &utp(UTP_SYN, second, 300, 7));
    }
    let ping = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
    pcap.udp(4, (refusing, HERE), ping);
    pcap.udp(4, (refusing, HERE), &utp(UTP_RESET, 4, 300, 1));
    for (second, there) in [(6, silent), (7, refusing)] {
        let from = (HERE.0, 40001);
        pcap.tcp(second, (from, there), (0, 0, SYN), &[]);
        pcap.tcp(second, (there, from), (0, 1, SYN | ACK), &[]);
        pcap.tcp(second, (from, there), (1, 1, ACK), &hello());
        pcap.tcp(second, (there, from), (1, 69, ACK), &hello());
    }
    pcap.0
}

fn hello() -> Vec<u8> {
    [
        &b"\x13BitTorrent protocol"[..],
        &[0; 8],
        &[0x3b; 20],
        b"-TR4060-abcdefghijkl",
    ]
    .concat()
}

/// A header of version 1 (BEP 29) without extensions; the sender's clock is that of the capture.
fn utp(kind: u8, second: u32, id: u16, seq: u16) -> Vec<u8> {
    let mut packet = vec![kind, 0];
    packet.extend(id.to_be_bytes());
    packet.extend((second * 1_000_000 + 1).to_be_bytes());
    packet.extend([0, 0, 0, 0, 0, 0x10, 0, 0]);
    packet.extend(seq.to_be_bytes());
    packet.extend([0, 0]);
    packet
}

struct Pcap(Vec<u8>);

impl Pcap {
    fn new() -> Pcap {
        let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.extend(65_535_u32.to_le_bytes());
        file.extend(101_u32.to_le_bytes());
        Pcap(file)
    }

    fn udp(&mut self, second: u32, ends: (End, End), payload: &[u8]) {
        let mut datagram = ports(ends);
        datagram.extend((8 + payload.len() as u16).to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(payload);
        self.packet(second, ends, 17, &datagram);
    }

    fn tcp(
        &mut self,
        second: u32,
        ends: (End, End),
        (seq, ack, flags): (u32, u32, u8),
        payload: &[u8],
    ) {
        let mut segment = ports(ends);
        segment.extend(seq.to_be_bytes());
        segment.extend(ack.to_be_bytes());
        segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(payload);
        self.packet(second, ends, 6, &segment);
    }

    fn packet(&mut self, second: u32, (src, dst): (End, End), protocol: u8, payload: &[u8]) {
        let len = 20 + payload.len();
        for field in [1_795_403_585 + second, 0, len as u32, len as u32] {
            self.0.extend(field.to_le_bytes());
        }
        self.0.extend([0x45, 0]);
        self.0.extend((len as u16).to_be_bytes());
        self.0.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
        for (address, _) in [src, dst] {
            self.0.extend(address);
        }
        self.0.extend(payload);
    }
}

fn ports((src, dst): (End, End)) -> Vec<u8> {
    [src.1.to_be_bytes(), dst.1.to_be_bytes()].concat()
}
