//! Who lets the other wait.

use super::Both;
use super::ledger::{How, Open, Past};
use super::refusals::STORM;
use crate::findings::Code;
use crate::findings::scene::{Raise, SECOND, Scene};
use crate::peer::Choke;
use crate::store::Connection;
use crate::stream::Side;
use crate::wire::Block;

/// A request that is next in turn is answered within this (libtorrent gives up on it then).
const PATIENCE: i64 = 60 * SECOND;
/// Behind a choke or a cancel the answer is no more than a reject: it takes no time.
const LONG_PATIENCE: i64 = 120 * SECOND;

impl Both {
    /// One who has let the other wait speaks of something else. Messages follow each other whole: no block was on its way
    /// meanwhile.
    pub(super) fn wait(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let now = scene.now();
        self.storm(scene, out);
        let ledger = &self.asker(!scene.by).ledger;
        let first = ledger.first();
        let first = first.filter(|(_, since)| now.since(*since) > PATIENCE);
        let first = first.map(|(open, since)| (*open, now.since(since)));
        let withdrawn = ledger.first_withdrawn();
        let withdrawn = withdrawn.filter(|it| now.since(it.spot.time) > LONG_PATIENCE);
        let withdrawn = withdrawn.filter(|it| it.how == How::Cancelled).copied();
        if let Some((open, waited)) = first {
            self.late(scene, open, waited, out);
        }
        if let Some(past) = withdrawn
            && scene.talk.has_fast()
        {
            self.never_rejected(scene, past, out);
        }
    }

    fn storm(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        use crate::wire::Kind::{Choke, Reject};
        let refusals = &mut self.asker(!scene.by).refusals;
        if !refusals.is_stormy() || matches!(scene.entry.kind(), Choke | Reject) {
            return;
        }
        if let Some((spot, rejects)) = refusals.storm() {
            out.say(
                Code::RejectStorm,
                scene.by,
                spot,
                format_args!(
                    "{rejects} requests were rejected within {} s without a choke",
                    STORM / SECOND
                ),
            );
        }
    }

    /// The request that is next in turn waits for long.
    fn late(&mut self, scene: &Scene<'_>, open: Open, waited: i64, out: &mut Raise<'_>) {
        let (giver, seconds) = (scene.by, waited / SECOND);
        let choke = scene.talk.peer(giver).choke;
        let is_owed = choke == Choke::Choking
            && scene.talk.has_fast()
            && scene.hears(giver)
            && waited > LONG_PATIENCE;
        let asker = self.asker(!giver);
        let is_granted = asker.grants.may_be(open.block.index);
        let Block { index, begin, .. } = open.block;
        if choke == Choke::Unchoked && asker.ledger.tell_first(Code::RequestNoAnswer) {
            let waiting = asker.ledger.open();
            out.say(
                Code::RequestNoAnswer,
                giver,
                open.spot,
                format_args!("piece {index} at {begin} was next in turn for {seconds} s, and {waiting} requests wait"),
            );
        } else if is_owed && !is_granted && asker.ledger.tell_first(Code::RequestUnansweredFast) {
            let waiting = asker.ledger.open();
            out.say(
                Code::RequestUnansweredFast,
                giver,
                open.spot,
                format_args!("piece {index} at {begin} was neither given nor rejected in {seconds} s of choke, like {waiting} requests in all"),
            );
        }
    }

    /// A cancelled request still has its piece or its reject coming (BEP 6).
    fn never_rejected(&mut self, scene: &Scene<'_>, past: Past, out: &mut Raise<'_>) {
        let asker = self.asker(!scene.by);
        if is_old_transmission(scene.connection, scene.by)
            || !asker.ledger.is_whole(scene.now())
            || !asker.is_first(Code::RequestUnansweredFast)
        {
            return;
        }
        let Block { index, begin, .. } = past.block;
        out.suspect(
            Code::RequestUnansweredFast,
            scene.by,
            past.spot,
            format_args!(
                "piece {index} at {begin} was cancelled, and neither given nor rejected in {} s",
                LONG_PATIENCE / SECOND
            ),
        );
    }
}

/// Transmission before 4.0 never rejects what was cancelled, and says so nowhere.
fn is_old_transmission(connection: &Connection, side: Side) -> bool {
    let name = connection.client(side).unwrap_or_default();
    let version = name.strip_prefix("Transmission ").unwrap_or_default();
    version.starts_with(|first: char| ('0'..'4').contains(&first))
}
