//! How a connection ended, and what it left unsaid.

use super::{Opening, Rest};
use crate::findings::scene::{Ending, Raise, SECOND};
use crate::findings::{Code, Spot};
use crate::stream::{Closing, Evidence, Side};
use crate::wire::Kind;

/// Bytes of a handshake, and of one up to the info hash: a tracker's check of a port sends no more.
const HANDSHAKE: u64 = 68;
const WITHOUT_PEER_ID: u64 = 48;
/// A public key of MSE, and up to 512 bytes of padding.
const KEY: std::ops::RangeInclusive<u64> = 96..=608;
/// Who closes a connection later than this without a word may have waited for the other.
const UNUSED: i64 = 30 * SECOND;

/// A connection was made with a peer, and nobody said a word.
pub(super) fn unused(ending: &Ending<'_>, out: &mut Raise<'_>) {
    let connection = ending.connection;
    let established = connection.segments().syn_ack;
    let (Some(established), Some(closed)) = (established, connection.activity.closed) else {
        return;
    };
    let payload = |side| connection.activity.direction(side).payload;
    let is_silent = ending.entries == 0 && Side::BOTH.iter().all(|side| payload(*side) == 0);
    let lasted = ending.end().since(established.time);
    if is_silent && lasted <= UNUSED && is_to_peer(ending) {
        let milliseconds = lasted / (SECOND / 1000);
        out.say(
            Code::HandshakeNever,
            closed.by,
            ending.last,
            format_args!("closed {milliseconds} ms behind the SYN-ACK without a word"),
        );
    }
}

/// Its SYN was seen, and others show that a peer listens where it went.
fn is_to_peer(ending: &Ending<'_>) -> bool {
    let (opener, evidence) = ending.connection.opener;
    let listener = ending.connection.real_end(!opener);
    evidence == Evidence::Syn && ending.store.is_peer(&listener)
}

impl Opening {
    /// What the bytes of a side end with.
    pub(super) fn left(&self, side: Side, ending: &Ending<'_>, out: &mut Raise<'_>) {
        match self.streams[side.index()].rest {
            Rest::Nothing => {}
            Rest::Foreign { spot, bytes } => foreign(side, (spot, bytes), ending, out),
            Rest::Cut { spot, kind, bytes } => cut(side, spot, (kind, bytes), ending, out),
        }
    }

    /// A RST in the middle of an exchange.
    pub(super) fn reset(&self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let Some(closed) = ending.connection.activity.closed else {
            return;
        };
        let is_whole = Side::BOTH
            .iter()
            .all(|side| ending.hears(*side) || self.is_cut(*side));
        if closed.how != Closing::Rst || !is_whole {
            return;
        }
        let open = |side| ending.talk.peer(side).requests.len();
        let asked: usize = Side::BOTH.iter().map(|side| open(*side)).sum();
        let is_cut = Side::BOTH.iter().any(|side| self.is_cut(*side));
        if asked > 0 || is_cut {
            let message = if is_cut {
                ", in the middle of a message"
            } else {
                ""
            };
            out.say(
                Code::ConnectionReset,
                closed.by,
                ending.last,
                format_args!("reset with {asked} requests open{message}"),
            );
        }
    }

    fn is_cut(&self, side: Side) -> bool {
        matches!(self.streams[side.index()].rest, Rest::Cut { .. })
    }
}

/// A stream that began with something else.
fn foreign(side: Side, (spot, bytes): (Spot, u64), ending: &Ending<'_>, out: &mut Raise<'_>) {
    let connection = ending.connection;
    let is_explained = connection.companion.is_some() || connection.encryption().is_some();
    if is_explained || !is_to_peer(ending) {
        return;
    }
    let words = if KEY.contains(&bytes) {
        "as many as begin a key exchange, and nothing came of it"
    } else {
        "of another protocol where a peer of BitTorrent listens"
    };
    out.say(
        Code::NotBitTorrent,
        side,
        spot,
        format_args!("{bytes} bytes, {words}"),
    );
}

/// A message whose rest will never come.
fn cut(
    side: Side,
    spot: Spot,
    (kind, bytes): (Kind, u64),
    ending: &Ending<'_>,
    out: &mut Raise<'_>,
) {
    let activity = &ending.connection.activity;
    let (Some(closed), 0) = (activity.closed, activity.direction(side).held) else {
        return;
    };
    // The other's FIN takes nobody's word away: what would follow may not be in the capture.
    let is_over = closed.by == side || closed.how == Closing::Rst;
    if kind == Kind::Handshake && (WITHOUT_PEER_ID..HANDSHAKE).contains(&bytes) {
        out.say(
            Code::HandshakePartial,
            side,
            spot,
            format_args!("the connection ended behind {bytes} of {HANDSHAKE} bytes of a handshake"),
        );
    } else if is_over {
        let name = kind.name();
        let how = match closed.how {
            Closing::Fin => "FIN",
            Closing::Rst => "RST",
        };
        out.say(
            Code::MessageIncomplete,
            closed.by,
            spot,
            format_args!("a {how} behind {bytes} bytes of a message ({name})"),
        );
    }
}
