//! The steps as rows, in the order of time.

use super::super::Scene;
use super::State;
use crate::capture::FrameNumber;
use crate::export::{
    after_words, close_reason, closing, continues_words, describe, duration, goes_on_words,
    then_words,
};
use crate::store::{Choked, Connection, Step, Taken, choked_while_interested};
use crate::stream::{ConnectionId, Evidence, Moment, Side, Transport};

/// How sure a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It was taken.
    Sure,
    /// It was seen here; words before it are missing.
    About,
    /// It comes behind the selected message.
    Later,
}

/// A step.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) at: Moment,
    pub(super) by: Option<Side>,
    pub(super) what: String,
    pub(super) mark: Mark,
    pub(super) target: Option<u32>,
}

/// All steps that were seen, and what was not.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    pub(super) rows: Vec<Row>,
    pub(super) absent_word: &'static str,
    pub(super) absent: Vec<String>,
    pub(super) unknown: Vec<String>,
}

/// A conversation, as of its selected message.
struct Seen<'a> {
    scene: &'a Scene<'a>,
    state: &'a State,
    connection: &'a Connection,
    /// Number of the selected message, and its frame.
    now: (u32, FrameNumber),
}

impl Timeline {
    pub(super) fn of(scene: &Scene<'_>, state: &State, connection: &Connection) -> Timeline {
        let frame = scene.selected.map(|id| scene.store.entry(id).frame);
        let now = scene.ordinal().unwrap_or(0) as u32;
        let seen = Seen {
            scene,
            state,
            connection,
            now: (now, frame.unwrap_or(FrameNumber(u32::MAX))),
        };
        let is_whole = scene.progress.is_done && state.life.walked() >= connection.entries().len();
        let mut timeline = Timeline {
            absent_word: if is_whole {
                "never in this capture:"
            } else {
                "not so far:"
            },
            ..Timeline::default()
        };
        seen.relations(&mut timeline);
        seen.opening(&mut timeline);
        seen.encryption(&mut timeline);
        for side in scene.sides() {
            seen.said(&mut timeline, side);
            seen.choked(&mut timeline, side);
            seen.complete(&mut timeline, side);
        }
        timeline.rows.push(seen.end());
        timeline
            .rows
            .sort_by_key(|row| (row.at.time, row.at.number));
        timeline
    }
}

impl Seen<'_> {
    fn letter(&self, side: Side) -> &'static str {
        super::letter(self.scene, self.connection, side)
    }

    /// A segment; Enter leads to the first message behind it.
    fn segment(&self, at: Moment, by: Option<Side>, what: impl Into<String>) -> Row {
        let entries = self.connection.entries();
        let frame = |id: &crate::store::EntryId| self.scene.store.entry(*id).frame;
        let next = entries.partition_point(|id| frame(id) < at.number);
        let next = next.min(entries.len().saturating_sub(1)) as u32;
        Row {
            at,
            by,
            what: what.into(),
            mark: if at.number > self.now.1 {
                Mark::Later
            } else {
                Mark::Sure
            },
            target: (!entries.is_empty()).then_some(next),
        }
    }

    fn message(&self, entry: u32, by: Side, what: impl Into<String>, is_sure: bool) -> Option<Row> {
        let id = self.connection.entries().get(entry as usize)?;
        let entry_at = self.scene.store.entry(*id);
        let at = Moment {
            number: entry_at.frame,
            time: entry_at.time,
        };
        Some(Row {
            at,
            by: Some(by),
            what: what.into(),
            mark: match is_sure {
                _ if entry > self.now.0 => Mark::Later,
                true => Mark::Sure,
                false => Mark::About,
            },
            target: Some(entry),
        })
    }

    /// SYN and SYN/ACK, as far as they were captured.
    fn opening(&self, timeline: &mut Timeline) {
        let (opener, evidence) = self.connection.opener;
        let segments = self.connection.segments();
        let answer = match self.connection.transport {
            Transport::Tcp => "SYN/ACK",
            Transport::Utp { .. } => "answer to the SYN",
        };
        let first = Moment::from(self.connection.first);
        let is_syn_ack = segments.syn_ack.is_some_and(|at| at.number == first.number);
        let is_syn = evidence == Evidence::Syn && segments.syn.is_none() && !is_syn_ack;
        let syn = segments.syn.or(is_syn.then_some(first));
        match syn {
            Some(at) => timeline.rows.push(self.segment(at, Some(opener), "SYN")),
            None => timeline.unknown.push("SYN".to_owned()),
        }
        if syn.is_none() && !is_syn_ack && segments.continues.is_none() {
            let text = "first frame, joined in the middle";
            timeline.rows.push(self.segment(first, None, text));
        }
        match segments.syn_ack {
            Some(at) => timeline.rows.push(self.segment(at, Some(!opener), answer)),
            // Where the SYN was captured and nothing was said, none came.
            None if syn.is_some() && self.connection.entries().is_empty() => {
                timeline.absent.push(answer.to_owned());
            }
            None => timeline.unknown.push(answer.to_owned()),
        }
    }

    /// What came of another connection, and what becomes of this one.
    fn relations(&self, timeline: &mut Timeline) {
        let (store, connection) = (self.scene.store, self.connection);
        let opener = Some(connection.opener());
        let first = |id: ConnectionId| Moment::from(store.connection(id).first);
        let after = store.after_utp(connection).map(after_words);
        let after = after.map(|words| (first(connection.id), opener, words));
        let then = store.then_tcp(connection);
        let then = then.map(|tcp| (first(tcp), opener, then_words(tcp)));
        let continues = continues_words(store, connection);
        let continues = continues.map(|words| (first(connection.id), None, words));
        let goes_on = store
            .goes_on(connection)
            .zip(goes_on_words(store, connection));
        let goes_on = goes_on.map(|(id, words)| (first(id), None, words));
        let told = [after, then, continues, goes_on].into_iter().flatten();
        let rows = told.map(|(at, by, words)| self.segment(at, by, words));
        timeline.rows.extend(rows);
    }

    fn encryption(&self, timeline: &mut Timeline) {
        let Some(known) = self.connection.encryption() else {
            return;
        };
        let (one, other) = (known.initiator, !known.initiator);
        let steps = [
            (known.ya, one, "MSE key"),
            (known.yb, other, "MSE key"),
            (known.step3, one, "MSE proof of the torrent"),
            (known.step4, other, "MSE choice of the cipher"),
        ];
        for (at, by, what) in steps {
            timeline
                .rows
                .extend(at.map(|at| self.segment(at, Some(by), what)));
        }
    }

    fn said(&self, timeline: &mut Timeline, side: Side) {
        if !self.connection.is_bittorrent() {
            return;
        }
        for step in Step::ALL {
            let name = format!("{} {}", self.letter(side), name(step));
            match self.state.life.taken(side, step) {
                Taken::At(entry) => {
                    timeline
                        .rows
                        .extend(self.message(entry, side, self.what(step, entry), true));
                }
                Taken::About(entry) => {
                    timeline
                        .rows
                        .extend(self.message(entry, side, self.what(step, entry), false));
                }
                // There is no last one where there is no first.
                _ if step == Step::LastPiece => {}
                Taken::Never => timeline.absent.push(name),
                Taken::Unknown => timeline.unknown.push(name),
            }
        }
    }

    /// The message in the words of the ladder, and which one of its kind it is.
    fn what(&self, step: Step, entry: u32) -> String {
        let store = self.scene.store;
        let Some(id) = self.connection.entries().get(entry as usize) else {
            return String::new();
        };
        let words = describe(store, store.entry(*id));
        match step {
            Step::Pieces => words,
            Step::Handshake => match self.connection.client(store.entry(*id).side()) {
                Some(client) => format!("handshake, {client}"),
                None => "handshake".to_owned(),
            },
            Step::ExtendedHandshake => "extended handshake".to_owned(),
            Step::LastPiece => format!("last {words}"),
            _ => format!("first {words}"),
        }
    }

    /// The longest stretch, of those up to the selected message.
    fn choked(&self, timeline: &mut Timeline, side: Side) {
        let (store, now) = (self.scene.store, self.now.0 as usize);
        let so_far = self.state.life.choked(store, self.connection, side, now);
        let choked = so_far.or_else(|| choked_while_interested(self.connection, side));
        if let Some(Choked { longest, since, .. }) = choked {
            let what = format!("longest choke: {}", duration(longest));
            timeline.rows.extend(self.message(since, side, what, true));
        }
    }

    fn complete(&self, timeline: &mut Timeline, side: Side) {
        let Some(count) = self.scene.piece_count() else {
            return;
        };
        if let Some(entry) = self.state.life.complete(side, count) {
            let mark = self.scene.count_mark();
            let what = format!("has all {mark}{count} pieces");
            timeline.rows.extend(self.message(entry, side, what, true));
        }
    }

    fn end(&self) -> Row {
        let at = self.connection.segments().close;
        if let (Some((how, by)), Some(at)) = (closing(self.connection), at) {
            let reason = close_reason(self.connection);
            let reason = reason.map_or_else(String::new, |it| format!("{it}: "));
            return self.segment(at, Some(by), format!("{reason}{how} ends it"));
        }
        let what = if self.scene.progress.is_done {
            "last frame: not closed in this capture"
        } else {
            "last frame so far"
        };
        self.segment(self.connection.activity.last, None, what)
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Handshake => "handshake",
        Step::ExtendedHandshake => "extended handshake",
        Step::Pieces => "bitfield",
        Step::Interested => "interested",
        Step::Unchoke => "unchoke",
        Step::Request => "request",
        Step::Piece => "piece",
        Step::LastPiece => "last piece",
        Step::Have => "have",
    }
}
