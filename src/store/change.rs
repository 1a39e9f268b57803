//! What the store is told.

use std::collections::HashMap;
use std::sync::Arc;

use super::Tally;
use crate::capture::{FrameNumber, Layout, Timestamp};
use crate::packet::Endpoint;
use crate::stream::{
    Activity, ConnectionId, Evidence, FrameRef, Landmark, Mark, Missing, Moment, SeqNumber, Side,
    Transport,
};
use crate::swarm::Metainfo;
use crate::wire::companion::{Heard, Lesson};
use crate::wire::{Decoded, Encryption, Found, Message, Place, Reason, StreamKey, Via};

/// One thing that the capture taught. Changes are made by the pipeline and may cross a thread on their way.
#[derive(Clone, Debug)]
pub enum Change {
    /// The first frame of a connection; connections come in the order of their numbers.
    Opened {
        /// Its number.
        connection: ConnectionId,
        /// What carries it.
        transport: Transport,
        /// Its ends, `A` first.
        ends: [Endpoint; 2],
        /// Who opened it.
        opener: (Side, Evidence),
        /// Its first frame.
        first: FrameRef,
    },
    /// The SYN of a connection came behind its first frame.
    OpenedBy {
        /// Of which connection.
        connection: ConnectionId,
        /// Whose.
        side: Side,
        /// In which frame.
        at: Moment,
    },
    /// A segment came of which a connection's life tells.
    Marked {
        /// Of which connection.
        connection: ConnectionId,
        /// What it is.
        mark: Mark,
        /// In which frame.
        at: Moment,
    },
    /// A message, or a stretch that is none.
    Said(Box<Record>),
    /// From here on the messages of one side are not understood.
    Lost {
        /// Of which connection.
        connection: ConnectionId,
        /// Whose.
        side: Side,
    },
    /// A connection is of a protocol that goes with the peer wire protocol.
    Heard {
        /// Which one.
        connection: ConnectionId,
        /// What it is, and what it teaches.
        heard: Box<Heard>,
    },
    /// A datagram named a torrent and peers of it.
    Learned(Box<Lesson>),
    /// What is known of a connection's encryption; `None` when it has none after all.
    Encryption {
        /// Of which connection.
        connection: ConnectionId,
        /// What is known now.
        encryption: Option<Box<Encryption>>,
    },
    /// From here on what one side sends can be decrypted again.
    Key {
        /// Of which connection.
        connection: ConnectionId,
        /// Whose.
        side: Side,
        /// With this.
        key: Box<StreamKey>,
    },
    /// From here on what one side sends over uTP can be read again.
    Landmark {
        /// Of which connection.
        connection: ConnectionId,
        /// Whose.
        side: Side,
        /// Where.
        landmark: Landmark,
    },
    /// Segments were seen.
    Activity {
        /// Of which connection.
        connection: ConnectionId,
        /// Its counts of now.
        activity: Activity,
    },
    /// The frame counts of now.
    Tally(Box<Tally>),
    /// The capture has another section or interface.
    Layout(Arc<Layout>),
    /// Who may see who it is; it comes before all else.
    Privacy(Privacy),
    /// What the user knows of torrents; it comes first.
    Torrents(Vec<Arc<Metainfo>>),
}

impl Change {
    /// What one side of a connection said, or what stands in its place, up to the frame `now`.
    pub fn of(connection: ConnectionId, side: Side, decoded: Decoded, now: FrameRef) -> Change {
        let record = |at, place, what| Record::new(connection, side, at, place, what);
        Change::Said(Box::new(match decoded {
            Decoded::Lost => return Change::Lost { connection, side },
            Decoded::Key(key) => {
                return Change::Key {
                    connection,
                    side,
                    key,
                };
            }
            Decoded::Encryption(encryption) => {
                return Change::Encryption {
                    connection,
                    encryption,
                };
            }
            Decoded::Message(framed) => {
                let completed = match framed.found {
                    Found::InOrder => now,
                    Found::Resynchronised(completed) | Found::Settled(completed) => completed,
                };
                Record {
                    size: framed.size,
                    missing: framed.missing,
                    found: framed.found,
                    via: framed.via,
                    ..record(completed, framed.place, What::Message(framed.message))
                }
            }
            Decoded::Gap {
                bytes,
                missing,
                place,
                last,
            } => record(last, place, What::Gap { bytes, missing }),
            Decoded::Undecoded(stretch) => {
                let bytes = stretch.bytes;
                let what = match stretch.reason {
                    Reason::Encrypted => What::Encrypted { bytes },
                    reason => What::Undecoded { bytes, reason },
                };
                Record {
                    missing: stretch.missing,
                    ..record(stretch.last, stretch.place, what)
                }
            }
        }))
    }

    /// Bytes were sent again with other content. The first ones are those that were decoded; the place is that of the
    /// others, to be looked at.
    pub fn conflict(
        connection: ConnectionId,
        side: Side,
        seq: SeqNumber,
        bytes: u64,
        now: FrameRef,
    ) -> Change {
        let place = Place {
            seq,
            first_frame: now.number,
            position: now.position,
        };
        let what = What::Conflict { bytes };
        Change::Said(Box::new(Record::new(connection, side, now, place, what)))
    }
}

/// Is it shown who the peers are, and what they exchange?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// As it is.
    #[default]
    Open,
    /// Under aliases.
    Masked,
}

/// Puts the changes from `first` on in the order of the frames that completed what they tell: messages that were found by a chain behind
/// them come late. What is told of one side stays in its order.
pub fn put_in_order(changes: &mut Vec<Change>, first: usize) {
    let is_late =
        |change: &Change| matches!(change, Change::Said(record) if record.found != Found::InOrder);
    if !changes[first..].iter().any(is_late) {
        return;
    }
    let batch = changes.split_off(first);
    let mut keyed: Vec<_> = keys(&batch).into_iter().zip(batch).collect();
    keyed.sort_by_key(|(key, _)| *key);
    changes.extend(keyed.into_iter().map(|(_, change)| change));
}

/// For each change the frame it belongs to, and never a later one than what is told of the same side behind it, or than
/// that of the next connection.
fn keys(changes: &[Change]) -> Vec<FrameNumber> {
    let mut earliest = HashMap::new();
    let mut next_opened = FrameNumber(u32::MAX);
    let mut keys: Vec<FrameNumber> = changes
        .iter()
        .rev()
        .map(|change| {
            let last = FrameNumber(u32::MAX);
            let (connection, sides, frame) = match change {
                Change::Said(record) => (record.connection, &[record.side][..], record.frame),
                Change::Lost { connection, side } => (*connection, &[*side][..], last),
                Change::Opened {
                    connection, first, ..
                } => (*connection, &Side::BOTH[..], first.number),
                Change::OpenedBy { connection, .. }
                | Change::Encryption { connection, .. }
                | Change::Key { connection, .. } => (*connection, &Side::BOTH[..], last),
                Change::Activity { .. }
                | Change::Landmark { .. }
                | Change::Marked { .. }
                | Change::Heard { .. }
                | Change::Learned(_)
                | Change::Tally(_)
                | Change::Layout(_)
                | Change::Privacy(_)
                | Change::Torrents(_) => return last,
            };
            let behind = sides
                .iter()
                .filter_map(|side| earliest.get(&(connection, *side)));
            let mut key = behind.copied().fold(frame, FrameNumber::min);
            // Connections come in the order of their numbers, which is not always that of their first frames.
            if matches!(change, Change::Opened { .. }) {
                key = key.min(next_opened);
                next_opened = key;
            }
            for side in sides {
                earliest.insert((connection, *side), key);
            }
            key
        })
        .collect();
    keys.reverse();
    keys
}

/// One row of the conversation.
#[derive(Clone, Debug)]
pub struct Record {
    /// Of which connection.
    pub connection: ConnectionId,
    /// Who sent it.
    pub side: Side,
    /// When its last byte was seen in order.
    pub time: Timestamp,
    /// The frame that completed it.
    pub frame: FrameNumber,
    /// Where it begins.
    pub place: Place,
    /// Its length prefix; 68 for a handshake.
    pub size: u32,
    /// Bytes of it that are not in the capture.
    pub missing: u64,
    /// How its first byte was found.
    pub found: Found,
    /// Behind what it was read.
    pub via: Option<Via>,
    /// Had its sender acknowledged the last word of the other side that takes back what this is about? See
    /// [`super::Entry::has_heard`].
    pub has_heard: bool,
    /// What it is.
    pub what: What,
}

impl Record {
    /// Of nothing but bytes that are there, found in order.
    fn new(connection: ConnectionId, side: Side, at: FrameRef, place: Place, what: What) -> Record {
        Record {
            connection,
            side,
            time: at.time,
            frame: at.number,
            place,
            size: 0,
            missing: 0,
            found: Found::InOrder,
            via: None,
            has_heard: false,
            what,
        }
    }
}

/// A message, or what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message.
    Message(Message),
    /// Bytes that are not in the capture.
    Gap {
        /// How many.
        bytes: u64,
        /// Why.
        missing: Missing,
    },
    /// Bytes that were sent once more with another content. Those that came first were decoded.
    Conflict {
        /// How many are not the same.
        bytes: u64,
    },
    /// Bytes that are no message.
    Undecoded {
        /// How many.
        bytes: u64,
        /// Why.
        reason: Reason,
    },
    /// Bytes of a key exchange, or of what it hides.
    Encrypted {
        /// How many.
        bytes: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(side: Side, frame: u32, found: Found) -> Change {
        let at = FrameRef {
            number: FrameNumber(frame),
            ..FrameRef::default()
        };
        let what = What::Message(Message::Choke);
        let record = Record::new(ConnectionId(0), side, at, Place::default(), what);
        Change::Said(Box::new(Record { found, ..record }))
    }

    #[test]
    fn what_was_found_late_goes_where_it_belongs_and_a_loss_stays_before_it() {
        let lost = Change::Lost {
            connection: ConnectionId(0),
            side: Side::B,
        };
        let late = Found::Resynchronised(FrameRef::default());
        let mut changes = vec![
            said(Side::A, 3, Found::InOrder),
            lost,
            said(Side::A, 9, Found::InOrder),
            said(Side::B, 4, late),
            said(Side::B, 9, late),
        ];
        put_in_order(&mut changes, 0);
        let words = changes.into_iter().map(|change| match change {
            Change::Said(record) => format!("{:?}{}", record.side, record.frame),
            _ => "lost".to_owned(),
        });
        let words: Vec<String> = words.collect();
        assert_eq!(words, ["A3", "lost", "B4", "A9", "B9"]);
    }
}
