//! Values: those that are typed, and those that an entry has.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use regex::bytes::{Regex, RegexBuilder};

use super::fault::Problem;
use crate::packet::Endpoint;

/// Memory that a regular expression may take: a stranger does not write it, a slip of the finger may.
const MAX_PATTERN: usize = 1 << 20;

/// What a field of an entry holds.
#[derive(Clone, Debug)]
pub(super) enum Datum<'a> {
    Number(u64),
    Seconds(f64),
    Endpoint(Endpoint),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Flag(bool),
}

/// What a field can be compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    Number,
    Seconds,
    Endpoint,
    /// One of these, or of their numbers on the wire.
    Name(fn() -> Vec<&'static str>),
    Text,
    Bytes,
    Flag,
}

/// A value that was typed.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Number(RangeInclusive<u64>),
    Seconds(RangeInclusive<f64>),
    Endpoint { net: Net, port: Option<u16> },
    Text(String),
    Bytes(Vec<u8>),
    Flag(bool),
    Pattern(Box<Regex>),
}

/// Addresses that begin with the same bits: `10.0.0.5`, `10.0.0.0/8`, `fe80::/10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    bits: u32,
}

impl Type {
    /// For a table of fields.
    pub(super) fn name(self) -> &'static str {
        match self {
            Type::Number => "number",
            Type::Seconds => "seconds",
            Type::Endpoint => "address",
            Type::Name(_) => "name",
            Type::Text => "text",
            Type::Bytes => "bytes",
            Type::Flag => "flag",
        }
    }

    /// For an error.
    pub(super) fn wants(self) -> &'static str {
        match self {
            Type::Number => "a number, as in 17, 0x11 or 17..32,",
            Type::Seconds => "a time in seconds, as in 1.5 or 1.5..2,",
            Type::Endpoint => "an address, as in 10.0.0.5, 10.0.0.5:6881 or 10.0.0.0/8,",
            Type::Name(_) => "a name of this field",
            Type::Text => "a text",
            Type::Bytes => "bytes in hex, as in aa:bb or aabb,",
            Type::Flag => "true or false",
        }
    }

    /// Reads a value of this type.
    pub(super) fn read(self, typed: &str) -> Result<Wanted, Problem> {
        let wrong = Problem::WrongValue {
            wants: self.wants(),
        };
        let read = match self {
            Type::Number => range(typed, number).map(Wanted::Number),
            Type::Seconds => range(typed, |typed| typed.parse().ok()).map(Wanted::Seconds),
            Type::Endpoint => endpoint(typed),
            Type::Name(names) => name(typed, &names()),
            Type::Text => Some(Wanted::Text(typed.to_owned())),
            Type::Bytes => bytes(typed).map(Wanted::Bytes),
            Type::Flag => flag(typed).map(Wanted::Flag),
        };
        read.ok_or(wrong)
    }
}

/// A regular expression, upper and lower case alike, as Wireshark has it.
pub(super) fn pattern(typed: &str) -> Result<Wanted, Problem> {
    let built = RegexBuilder::new(typed)
        .case_insensitive(true)
        .unicode(true)
        .size_limit(MAX_PATTERN)
        .build();
    let last_line = |error: regex::Error| {
        let text = error.to_string();
        let line = text.lines().last().unwrap_or_default();
        line.trim_start_matches("error: ").to_owned()
    };
    match built {
        Ok(regex) => Ok(Wanted::Pattern(Box::new(regex))),
        Err(error) => Err(Problem::BadPattern(last_line(error))),
    }
}

fn range<T: Copy + PartialOrd>(
    typed: &str,
    one: impl Fn(&str) -> Option<T>,
) -> Option<RangeInclusive<T>> {
    match typed.split_once("..") {
        Some((first, last)) => Some(one(first)?..=one(last)?),
        None => one(typed).map(|value| value..=value),
    }
}

fn number(typed: &str) -> Option<u64> {
    match typed.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => typed.parse().ok(),
    }
}

/// `10.0.0.5`, `10.0.0.5:6881`, `10.0.0.0/8`, `fe80::1`, `[fe80::1]:6881`.
fn endpoint(typed: &str) -> Option<Wanted> {
    if let Ok(socket) = typed.parse::<std::net::SocketAddr>() {
        let (net, port) = (Net::of(socket.ip(), None)?, Some(socket.port()));
        return Some(Wanted::Endpoint { net, port });
    }
    let net = Net::parse(typed)?;
    Some(Wanted::Endpoint { net, port: None })
}

impl Net {
    /// `10.0.0.5` is itself alone, `10.0.0.0/8` all that begin with its first eight bits.
    pub fn parse(typed: &str) -> Option<Net> {
        let (address, bits) = match typed.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (typed, None),
        };
        Net::of(address.parse().ok()?, bits)
    }

    fn of(address: IpAddr, bits: Option<u32>) -> Option<Net> {
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Net { address, bits })
    }

    /// Is this one of them?
    pub fn holds(self, address: IpAddr) -> bool {
        let differ = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        differ >= self.bits
    }
}

/// `Not Interested`, `not_interested` and `not-interested` are one.
fn name(typed: &str, names: &[&'static str]) -> Option<Wanted> {
    let plain = |name: &str| name.to_ascii_lowercase().replace([' ', '-'], "_");
    let known = names.iter().find(|name| plain(name) == plain(typed))?;
    Some(Wanted::Text((*known).to_owned()))
}

fn bytes(typed: &str) -> Option<Vec<u8>> {
    let digits = typed.replace([':', '-'], "");
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn flag(typed: &str) -> Option<bool> {
    match typed.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

impl Datum<'_> {
    /// Is it what was typed, or within it?
    pub(super) fn is(&self, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Datum::Number(number), Wanted::Number(range)) => range.contains(number),
            (Datum::Seconds(seconds), Wanted::Seconds(range)) => range.contains(seconds),
            (Datum::Endpoint(end), Wanted::Endpoint { net, port }) => {
                net.holds(end.ip) && port.is_none_or(|port| port == end.port)
            }
            (Datum::Text(text), Wanted::Text(wanted)) => text.eq_ignore_ascii_case(wanted),
            (Datum::Bytes(bytes), Wanted::Bytes(wanted)) => **bytes == wanted[..],
            (Datum::Flag(flag), Wanted::Flag(wanted)) => flag == wanted,
            (Datum::Text(text), Wanted::Pattern(pattern)) => pattern.is_match(text.as_bytes()),
            (Datum::Bytes(bytes), Wanted::Pattern(pattern)) => pattern.is_match(bytes),
            _ => false,
        }
    }

    /// Does it stand below the value that was typed, or above it? Within a range is neither.
    pub(super) fn order(&self, wanted: &Wanted) -> Option<Ordering> {
        match (self, wanted) {
            (Datum::Number(number), Wanted::Number(range)) => beside(number, range),
            (Datum::Seconds(seconds), Wanted::Seconds(range)) => beside(seconds, range),
            _ => None,
        }
    }

    /// Does it hold what was typed somewhere?
    pub(super) fn contains(&self, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Datum::Text(text), Wanted::Text(wanted)) => {
                text.to_lowercase().contains(&wanted.to_lowercase())
            }
            (Datum::Bytes(bytes), Wanted::Bytes(wanted)) => {
                memchr::memmem::find(bytes, wanted).is_some()
            }
            _ => false,
        }
    }
}

fn beside<T: PartialOrd>(value: &T, range: &RangeInclusive<T>) -> Option<Ordering> {
    let (below, above) = (
        value.partial_cmp(range.start())?,
        value.partial_cmp(range.end())?,
    );
    Some(if below.is_lt() {
        below
    } else if above.is_gt() {
        above
    } else {
        Ordering::Equal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(datum: &Datum<'_>, kind: Type, typed: &str) -> bool {
        datum.is(&kind.read(typed).unwrap())
    }

    fn end(text: &str) -> Datum<'static> {
        let socket: std::net::SocketAddr = text.parse().unwrap();
        Datum::Endpoint(Endpoint {
            ip: socket.ip(),
            port: socket.port(),
        })
    }

    #[test]
    fn numbers_are_decimal_hex_or_a_range() {
        let seventeen = Datum::Number(17);
        for typed in ["17", "0x11", "17..32", "1..17"] {
            assert!(is(&seventeen, Type::Number, typed), "{typed}");
        }
        assert!(!is(&seventeen, Type::Number, "18..32"));
        assert!(Type::Number.read("x").is_err() && Type::Number.read("1..").is_err());
    }

    #[test]
    fn an_address_may_leave_the_port_or_the_last_bits_open() {
        for typed in ["10.0.0.5", "10.0.0.5:80", "10.0.0.0/8", "0.0.0.0/0"] {
            assert!(is(&end("10.0.0.5:80"), Type::Endpoint, typed), "{typed}");
        }
        assert!(!is(&end("10.0.0.5:80"), Type::Endpoint, "10.0.0.5:81"));
        assert!(is(&end("[fe80::1]:80"), Type::Endpoint, "fe80::/16"));
        assert!(!is(&end("[fe80::1]:80"), Type::Endpoint, "0.0.0.0/0"));
        assert!(Type::Endpoint.read("10.0.0.0/33").is_err());
    }

    #[test]
    fn bytes_are_hex_with_or_without_colons() {
        let bytes = Datum::Bytes(Cow::Borrowed(&[0xaa, 0xbb, 0xcc]));
        assert!(is(&bytes, Type::Bytes, "aabbcc") && is(&bytes, Type::Bytes, "AA:bb:cc"));
        assert!(bytes.contains(&Type::Bytes.read("bb:cc").unwrap()));
        assert!(Type::Bytes.read("aab").is_err() && Type::Bytes.read("zz").is_err());
    }

    #[test]
    fn a_pattern_is_bounded_and_its_fault_is_one_line() {
        assert!(matches!(
            pattern("a{1000}{1000}{1000}"),
            Err(Problem::BadPattern(_))
        ));
        let Err(Problem::BadPattern(words)) = pattern("(") else {
            panic!()
        };
        assert_eq!(words, "unclosed group");
    }
}
