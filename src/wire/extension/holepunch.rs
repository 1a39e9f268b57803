//! `ut_holepunch` (BEP 55): two peers behind NAT meet through a third.

use std::net::{IpAddr, SocketAddr};

use super::fixed::Fixed;
use super::{At, Fault, FaultKind, Field, field};

/// Names of the error codes, from 1.
pub const HOLEPUNCH_ERRORS: [&str; 4] = ["no such peer", "not connected", "no support", "no self"];

/// Names of the types, from 0.
const TYPES: [&str; 3] = ["rendezvous", "connect", "error"];
/// The type that carries an error.
const ERROR: u8 = 2;

/// Whom to meet, or why not.
///
/// ```text
///  |type|addr_type| address: 4 or 16 bytes | port | err_code: left out by libtorrent and BiglyBT, but in errors |
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holepunch {
    /// 0 rendezvous, 1 connect, 2 error.
    pub msg_type: Option<At<u8>>,
    /// The other peer.
    pub addr: Option<At<SocketAddr>>,
    /// 0 where there is none.
    pub err_code: Option<At<u32>>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Holepunch {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Holepunch {
        let mut fixed = Fixed::read(payload);
        let msg_type = fixed.u8();
        let addr = addr(&mut fixed);
        let is_error = msg_type.as_ref().is_some_and(|it| it.value == ERROR);
        let is_over = fixed.at() == payload.len() && !is_error;
        let err_code = if addr.is_none() || is_over {
            None
        } else {
            fixed.u32()
        };
        if let Some(it) = msg_type.as_ref().filter(|it| it.value > ERROR) {
            fixed.note(it.range.start, FaultKind::Unassigned("type"));
        }
        let mut holepunch = Holepunch {
            msg_type,
            addr,
            err_code,
            faults: fixed.end(),
        };
        holepunch.judge_error();
        holepunch
    }

    /// An error of an unknown number.
    fn judge_error(&mut self) {
        let known = HOLEPUNCH_ERRORS.len() as u32;
        if let Some(it) = self.err_code.as_ref().filter(|it| it.value > known) {
            self.faults.push(Fault {
                at: it.range.start,
                kind: FaultKind::Unassigned("err_code"),
            });
        }
    }

    /// The name of its type.
    pub fn kind(&self) -> Option<&'static str> {
        let number = self.msg_type.as_ref()?.value;
        TYPES.get(usize::from(number)).copied()
    }

    /// The name of its error, if it is one.
    pub fn error(&self) -> Option<&'static str> {
        let number = self.err_code.as_ref()?.value as usize;
        HOLEPUNCH_ERRORS.get(number.checked_sub(1)?).copied()
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let named = |at: &At<u32>, name, words: Option<&str>| {
            let value = words.map_or(at.value.to_string(), |it| format!("{} ({it})", at.value));
            Field::new(0, name, value, at.range.clone())
        };
        let msg_type = self.msg_type.clone().map(|it| it.map(u32::from));
        field::present([
            msg_type.map(|it| named(&it, "type", self.kind())),
            self.addr.as_ref().map(|addr| addr.field("address")),
            self.err_code
                .as_ref()
                .map(|it| named(it, "err_code", self.error())),
        ])
    }
}

fn addr(fixed: &mut Fixed<'_>) -> Option<At<SocketAddr>> {
    let family = fixed.u8()?;
    let ip = match family.value {
        0 => fixed.array::<4>()?.map(IpAddr::from),
        1 => fixed.array::<16>()?.map(IpAddr::from),
        _ => {
            fixed.note(family.range.start, FaultKind::Unassigned("addr_type"));
            return None;
        }
    };
    let port = fixed.u16()?;
    Some(At {
        value: SocketAddr::new(ip.value, port.value),
        range: family.range.start..port.range.end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn the_error_code_may_be_left_out() {
        let short = Holepunch::read(&hex!("01 00 01020304 1ae1"));
        assert_eq!(short.kind(), Some("connect"));
        assert_eq!(short.addr.unwrap().value.to_string(), "1.2.3.4:6881");
        assert_eq!((short.err_code, short.faults), (None, vec![]));
        let long = Holepunch::read(&hex!("00 00 01020304 1ae1 00000000"));
        assert_eq!((long.kind(), long.error()), (Some("rendezvous"), None));
        assert_eq!((long.err_code.unwrap().value, long.faults), (0, vec![]));
    }

    #[test]
    fn an_error_has_a_name_and_needs_its_code() {
        let v6 = hex!("02 01 fd770000000000000000000000000001 1ae1 00000002");
        let error = Holepunch::read(&v6);
        assert_eq!(
            (error.kind(), error.error()),
            (Some("error"), Some("not connected"))
        );
        assert_eq!(error.addr.unwrap().value.to_string(), "[fd77::1]:6881");
        let cut = Holepunch::read(&v6[..20]);
        assert_eq!(cut.faults[0].kind, FaultKind::Short);
    }

    #[test]
    fn what_has_no_meaning_is_noted() {
        let kinds = |bytes: &[u8]| Holepunch::read(bytes).faults[0].kind;
        assert_eq!(
            kinds(&hex!("00 07 01020304")),
            FaultKind::Unassigned("addr_type")
        );
        assert_eq!(
            kinds(&hex!("09 00 01020304 1ae1")),
            FaultKind::Unassigned("type")
        );
        assert_eq!(
            kinds(&hex!("02 00 01020304 1ae1 00000009")),
            FaultKind::Unassigned("err_code")
        );
    }
}
