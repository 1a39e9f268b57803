//! Message stream encryption: what it hides, and who gives it up.

use std::ops::RangeInclusive;

use crate::findings::scene::{Ending, Raise, SECOND};
use crate::findings::{Code, Spot};
use crate::store::{Connection, Protocol, SideFacts, StreamTally};
use crate::wire::Method;

/// The first flight of a key exchange: the key, its pad, and perhaps the next step.
const FLIGHT: RangeInclusive<u64> = 96..=1200;
/// Who refuses encryption hangs up at once.
const REFUSED: i64 = 5 * SECOND;
/// A later connection is no second attempt.
const AGAIN: i64 = 60 * SECOND;
/// Attempts between the encrypted and the plain one: over another transport, from another port.
const MAX_BETWEEN: usize = 4;

pub(super) fn judge(ending: &Ending<'_>, out: &mut Raise<'_>) {
    match ending.connection.encryption() {
        Some(it) => {
            let spot = it.ya.map_or(ending.connection.first.into(), Spot::from);
            let by = it.initiator;
            match ending.store.method(ending.connection).unwrap_or(it.method) {
                Method::Possible => out.say(
                    Code::MsePossible,
                    by,
                    spot,
                    format_args!("it begins like a key exchange"),
                ),
                Method::Mse => out.say(
                    Code::MseConfirmed,
                    by,
                    spot,
                    format_args!("a key exchange, and what follows it is hidden"),
                ),
                Method::MseRc4 => out.say(
                    Code::MseConfirmed,
                    by,
                    spot,
                    format_args!("a key exchange, and RC4 behind it, which was decrypted"),
                ),
                Method::MsePlaintext => out.say(
                    Code::MsePlaintextSelected,
                    by,
                    spot,
                    format_args!("a key exchange, and plaintext behind it"),
                ),
            }
        }
        None => downgrade(ending, out),
    }
}

/// An attempt that looked encrypted came to nothing, and this one is plain.
fn downgrade(ending: &Ending<'_>, out: &mut Raise<'_>) {
    let (store, connection) = (ending.store, ending.connection);
    let (opener, has_handshake) = (connection.opener(), |side| {
        let facts = connection.facts(side);
        facts.is_some_and(SideFacts::has_handshake)
    });
    if !has_handshake(opener) {
        return;
    }
    let earlier = |it: &&Connection| store.earlier_attempt(it);
    let attempts = std::iter::successors(store.earlier_attempt(connection), earlier);
    let is_recent = |it: &&Connection| connection.first.time.since(it.activity.last.time) <= AGAIN;
    // What was said on one between them was the second attempt.
    let is_nothing = |it: &&Connection| is_recent(it) && !it.is_bittorrent();
    let mut before = attempts.take(MAX_BETWEEN).take_while(is_nothing);
    if let Some(refused) = before.find(|it| is_refused(it)) {
        let number = refused.id;
        let words = format_args!(
            "connection {number} of the same peers began encrypted and was refused, this one is plain"
        );
        out.say(Code::MseDowngrade, opener, connection.first.into(), words);
    }
}

/// The opener sent what may be a key; the other said nothing and hung up.
fn is_refused(connection: &Connection) -> bool {
    let tally = |side| {
        connection
            .facts(side)
            .map_or_else(StreamTally::default, |it| it.stream)
    };
    let (sent, answer) = (tally(connection.opener()), tally(!connection.opener()));
    let activity = &connection.activity;
    let is_silent = answer.undecoded + answer.encrypted + answer.gap == 0;
    connection.protocol() == Protocol::Other
        && is_silent
        && sent.gap == 0
        && FLIGHT.contains(&(sent.undecoded + sent.encrypted))
        && activity.closed.is_some()
        && activity.last.time.since(connection.first.time) <= REFUSED
}
