//! Payloads of extended messages: what is wrong with their form, and what some of them say.

use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::wire::bencode::FaultKind as Bencode;
use crate::wire::extension::{Body, DontHave, Fault, FaultKind, Holepunch, KNOWN};

pub(super) fn judge(scene: &Scene<'_>, body: &Body, out: &mut Raise<'_>) {
    form(scene, body, out);
    match body {
        Body::DontHave(it) => donthave(scene, it, out),
        Body::Holepunch(it) => holepunch(scene, it, out),
        _ => {}
    }
}

/// Each rule is broken once by a message, however many faults it has.
fn form(scene: &Scene<'_>, body: &Body, out: &mut Raise<'_>) {
    let faults = body.faults();
    let code = |fault: &Fault| rule(fault.kind, body);
    for (at, fault) in faults.iter().enumerate() {
        let Some(broken) = code(fault) else { continue };
        if !faults[..at]
            .iter()
            .any(|before| code(before) == Some(broken))
        {
            let (name, kind, byte) = (name(scene, body), fault.kind, fault.at);
            let words = format_args!("{name}: {kind}, at byte {byte} of its payload");
            out.say(broken, scene.by, scene.spot(), words);
        }
    }
}

/// The rule that a fault breaks, if it is not judged with more knowledge elsewhere.
fn rule(fault: FaultKind, body: &Body) -> Option<Code> {
    use Bencode::{DoubleKey, LeadingZero, UnsortedKey};
    Some(match fault {
        FaultKind::Bencode(UnsortedKey | DoubleKey | LeadingZero) => Code::BencodeNoncanonical,
        FaultKind::Type(_) | FaultKind::Unassigned(_) => Code::TypeSurprise,
        FaultKind::NotAnId => Code::ExtendedIdInvalid,
        FaultKind::Uneven(_) => Code::PexUneven,
        FaultKind::Flags(_) => Code::PexFlagsLength,
        FaultKind::Empty | FaultKind::DataLength { .. } => return None,
        FaultKind::Bencode(_)
        | FaultKind::NotADictionary
        | FaultKind::Missing(_)
        | FaultKind::Short
        | FaultKind::Trailing => match body {
            Body::Handshake(_) => Code::ExtendedHandshakeBad,
            // Nobody says what the payload of an extension that is not known should be.
            Body::Dictionary(..) => return None,
            _ => Code::ExtendedBodyBad,
        },
    })
}

/// Names that a stranger has made up are not repeated.
fn name(scene: &Scene<'_>, body: &Body) -> &'static str {
    if let Body::Handshake(_) = body {
        return "the extended handshake";
    }
    let name = scene.store.extension(scene.entry);
    let known = KNOWN.into_iter().find(|known| Some(*known) == name);
    known.unwrap_or("its dictionary")
}

fn donthave(scene: &Scene<'_>, said: &DontHave, out: &mut Raise<'_>) {
    let (Some(index), Some((pieces, _))) = (&said.index, scene.ground.pieces) else {
        return;
    };
    let index = index.value;
    if index < pieces {
        return;
    }
    let (code, spot) = (Code::DonthaveOutOfRange, scene.spot());
    match scene.ground.exact_pieces() {
        Some(pieces) => out.say(
            code,
            scene.by,
            spot,
            format_args!("piece {index} of a torrent of {pieces} pieces"),
        ),
        None => out.suspect(
            code,
            scene.by,
            spot,
            format_args!("piece {index} of a torrent that seems to have {pieces} pieces"),
        ),
    }
}

fn holepunch(scene: &Scene<'_>, said: &Holepunch, out: &mut Raise<'_>) {
    let Some(kind) = said.kind() else { return };
    if kind != "error" {
        if said.addr.is_some() && said.err_code.is_none() {
            let words = format_args!("a {kind} message without err_code");
            out.say(Code::HolepunchTruncated, scene.by, scene.spot(), words);
        }
        return;
    }
    let number = said.err_code.as_ref().map_or(0, |it| it.value);
    let error = said.error().unwrap_or("unknown error");
    let words = format_args!("error {number}: {error}");
    out.say(Code::HolepunchError, scene.by, scene.spot(), words);
}
