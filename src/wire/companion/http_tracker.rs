//! Trackers over HTTP (BEP 3, 7, 23; scrapes of BEP 48).

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memmem;

use super::{Companion, Lesson, compact4, compact6, endpoint, hex_byte};
use crate::packet::Endpoint;
use crate::wire::InfoHash;
use crate::wire::bencode::{Node, Value, parse};

/// How a request begins.
pub(super) const GET: &[u8] = b"GET ";
/// Torrents of a scrape that are looked at; the line has room for some sixty.
const MAX_HASHES: usize = 64;

/// What a client asks of a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// One, or several in a scrape.
    pub(super) hashes: Vec<InfoHash>,
    /// Where the client listens, as an announce says.
    pub(super) port: Option<u16>,
}

impl Request {
    /// Reads the first line of a request: `GET /announce?info_hash=%12… HTTP/1.1`. A web seed (BEP 17) is asked for
    /// pieces.
    pub(super) fn read(line: &[u8]) -> Option<Request> {
        let target = line.strip_prefix(GET)?.split(|byte| *byte == b' ').next()?;
        let question = memchr::memchr(b'?', target)?;
        let (path, query) = (&target[..question], &target[question + 1..]);
        let hashes = values(query, b"info_hash").take(MAX_HASHES);
        let hashes: Option<Vec<_>> = hashes
            .map(|it| Some(InfoHash((*it).try_into().ok()?)))
            .collect();
        let hashes = hashes.filter(|hashes| !hashes.is_empty())?;
        let port =
            values(query, b"port").find_map(|port| std::str::from_utf8(&port).ok()?.parse().ok());
        let has_id = values(query, b"peer_id").any(|id| id.len() == 20);
        let is_scrape = memmem::find(path, b"scrape").is_some() && !has_id;
        let is_announce = has_id && port.is_some() && values(query, b"piece").next().is_none();
        (is_scrape || is_announce).then_some(Request { hashes, port })
    }

    /// What the request itself teaches; an announce comes from a peer.
    pub(super) fn lessons(&self, client: Option<IpAddr>) -> Vec<Lesson> {
        let peer = client
            .zip(self.port)
            .and_then(|(ip, port)| endpoint(ip, port));
        let peers: Vec<_> = peer.into_iter().collect();
        let lesson = |hash: &_| Lesson::new(Companion::HttpTracker, *hash, peers.clone());
        self.hashes.iter().map(lesson).collect()
    }
}

/// The values of a parameter.
fn values<'q>(query: &'q [u8], name: &'static [u8]) -> impl Iterator<Item = Cow<'q, [u8]>> {
    let pairs = query.split(|byte| *byte == b'&');
    pairs.filter_map(move |pair| Some(decoded(pair.strip_prefix(name)?.strip_prefix(b"=")?)))
}

/// Without percent signs (RFC 3986 section 2.1).
fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let [first, others @ ..] = rest {
        let coded = others.first_chunk().filter(|_| *first == b'%');
        let byte = coded.and_then(|digits| hex_byte(*digits));
        bytes.push(byte.unwrap_or(*first));
        rest = &others[if byte.is_some() { 2 } else { 0 }..];
    }
    Cow::Owned(bytes)
}

/// The body of an answer, when all of it is there, or when no more will come.
pub(super) fn body(answer: &[u8], is_all: bool) -> Option<Cow<'_, [u8]>> {
    let end = memmem::find(answer, b"\r\n\r\n")? + 4;
    let (head, body) = answer.split_at(end);
    let header = |name: &[u8]| {
        let mut lines = head.split(|byte| *byte == b'\n');
        lines.find_map(|line| {
            let (found, value) = line.split_at_checked(name.len())?;
            found
                .eq_ignore_ascii_case(name)
                .then_some(value.trim_ascii())
        })
    };
    if header(b"transfer-encoding:").is_some() {
        // Chunks are only counted when the last one seems to be there.
        let is_end = is_all || body.ends_with(b"0\r\n\r\n");
        return is_end.then(|| Cow::Owned(joined(body)));
    }
    let len =
        header(b"content-length:").and_then(|len| std::str::from_utf8(len).ok()?.parse().ok());
    let is_end = is_all || len.is_some_and(|len: usize| body.len() >= len);
    is_end.then_some(Cow::Borrowed(body))
}

/// Chunks as one (RFC 9112 section 7.1), as far as they hold together.
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(end) = memmem::find(body, b"\r\n") {
        let digits = body[..end].split(|byte| *byte == b';').next();
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let len = digits.and_then(|it| usize::from_str_radix(it.trim(), 16).ok());
        let rest = &body[end + 2..];
        match len {
            None | Some(0) => break,
            Some(len) => {
                let len = len.min(rest.len());
                bytes.extend_from_slice(&rest[..len]);
                body = rest.get(len + 2..).unwrap_or_default();
            }
        }
    }
    bytes
}

/// The peers that a tracker names: six bytes each (BEP 23), 18 (BEP 7), or dictionaries (BEP 3).
pub(super) fn peers(text: &[u8]) -> Vec<Endpoint> {
    let Some(root) = parse(text).root else {
        return Vec::new();
    };
    let mut peers = match root.get(text, b"peers").map(|node| (&node.value, node)) {
        Some((Value::List(items), _)) => items.iter().filter_map(|it| listed(it, text)).collect(),
        Some((_, node)) => compact4(node.bytes(text).unwrap_or_default()),
        None => Vec::new(),
    };
    let six = root.get(text, b"peers6").and_then(|node| node.bytes(text));
    peers.extend(compact6(six.unwrap_or_default()));
    peers
}

/// A name instead of an address says nothing about a capture.
fn listed(peer: &Node, text: &[u8]) -> Option<Endpoint> {
    let ip = peer.get(text, b"ip")?.bytes(text)?;
    let port = peer.get(text, b"port")?.int()?;
    let ip = std::str::from_utf8(ip).ok()?.parse().ok()?;
    endpoint(ip, u16::try_from(port).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "24c0d07c775bbb77af645f6a4a70a710ab245b99";

    fn read(line: &str) -> Option<(String, Option<u16>)> {
        let request = Request::read(line.as_bytes())?;
        let hashes = request.hashes.iter().map(ToString::to_string);
        Some((hashes.collect::<Vec<_>>().join(" "), request.port))
    }

    #[test]
    fn an_announce_has_a_torrent_an_id_and_a_port() {
        let line = "GET /announce?info_hash=%24%C0%d0%7cw%5B%BBw%AFd_jJp%A7%10%AB%24%5B%99\
                    &peer_id=-TR3000-u28prwuxaul4&port=6881&left=0 HTTP/1.1";
        assert_eq!(read(line), Some((HASH.to_owned(), Some(6881))));
        assert_eq!(read(&line.replace("peer_id", "id")), None);
        assert_eq!(read(&line.replace("%24", "")), None);
        assert_eq!(read(&line.replace("left", "piece")), None, "a web seed");
        assert_eq!(read(&line.replace("GET", "POST")), None);
    }

    #[test]
    fn a_scrape_may_be_for_several() {
        let [a, b] = ["a".repeat(20), "b".repeat(20)];
        let line = format!("GET /scrape.php?info_hash={a}&info_hash={b} HTTP/1.0");
        let hashes = format!("{} {}", "61".repeat(20), "62".repeat(20));
        assert_eq!(read(&line), Some((hashes, None)));
        assert_eq!(read(&line.replace("scrape", "search")), None);
    }

    fn named(answer: &[u8]) -> Vec<String> {
        let body = body(answer, false).unwrap_or_default();
        peers(&body).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn peers_come_compact_or_in_a_list() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n";
        let compact = [&head[..], b"d8:intervali9e5:peers6:axje.ue"].concat();
        assert_eq!(named(&compact), ["97.120.106.101:11893"]);
        assert!(named(&compact[..compact.len() - 1]).is_empty());
        let head = b"HTTP/1.0 200 OK\r\ncontent-length:68\r\n\r\n";
        let list = b"d5:peersld2:ip9:10.77.0.24:porti6881eed2:ip7:fd77::24:porti6882eeee";
        assert_eq!(
            named(&[&head[..], list, b"\n"].concat()),
            ["10.77.0.2:6881", "[fd77::2]:6882"]
        );
    }

    #[test]
    fn an_answer_may_come_in_chunks() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                        12\r\nd8:intervali9e5:pe\r\nC;x=y\r\ners6:axje.ue\r\n0\r\n\r\n";
        assert_eq!(named(chunked), ["97.120.106.101:11893"]);
        assert!(named(&chunked[..chunked.len() - 5]).is_empty());
    }

    #[test]
    fn what_has_no_length_ends_with_its_stream() {
        let answer = b"HTTP/1.0 200 OK\r\n\r\nd5:peers6:axje.u6:peers60:e";
        assert_eq!(body(answer, false), None);
        let body = body(answer, true).unwrap();
        assert_eq!(peers(&body).len(), 1);
        assert!(peers(b"<html>").is_empty());
    }
}
