//! Local service discovery: torrents and a port, called into the local network (BEP 14).

use super::{Companion, Lesson, endpoint, from_hex};
use crate::packet::Datagram;

/// The first line, and no other protocol's.
const FIRST_LINE: &[u8] = b"BT-SEARCH * HTTP/1.1\r\n";

pub(super) fn recognise(datagram: &Datagram<'_>) -> Option<Vec<Lesson>> {
    let headers = datagram.payload.strip_prefix(FIRST_LINE)?;
    let values = |name| headers.split(|byte| *byte == b'\n').filter_map(value(name));
    let port = values("Port").find_map(|port| std::str::from_utf8(port).ok()?.parse().ok());
    let peer = port.and_then(|port| endpoint(datagram.src.ip, port));
    let peers: Vec<_> = peer.into_iter().collect();
    let hashes = values("Infohash").filter_map(from_hex);
    let lesson = |hash| Lesson::new(Companion::LocalDiscovery, hash, peers.clone());
    Some(hashes.map(lesson).collect())
}

/// The value of a line, if it is the header of that name.
fn value(name: &str) -> impl Fn(&[u8]) -> Option<&[u8]> {
    move |line| {
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        found
            .eq_ignore_ascii_case(name.as_bytes())
            .then_some(value.trim_ascii())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::datagrams::tests::{Words, datagram};

    pub(in super::super) const SEARCH: &[u8] =
        b"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n\
          Infohash: 24C0D07C775BBB77AF645F6A4A70A710AB245B99\r\n\
          infohash: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\ncookie: 7c5c0ffe\r\n\r\n\r\n";

    #[test]
    fn each_torrent_of_a_search_can_be_had_at_its_port() {
        let peer = "10.0.0.1:6881";
        let (one, other) = ("24c0d07c775bbb77af645f6a4a70a710ab245b99", "aa".repeat(20));
        assert_eq!(
            Words::default().of(datagram(SEARCH)),
            format!("local discovery {one} {peer}; local discovery {other} {peer}")
        );
    }

    #[test]
    fn a_search_for_other_services_is_none() {
        let search = b"M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n";
        assert_eq!(Words::default().of(datagram(search)), "other");
        let text = b"BT-SEARCH * HTTP/1.1\r\nInfohash: short\r\n:\r\n\r\n";
        assert_eq!(Words::default().of(datagram(text)), "local discovery");
    }
}
