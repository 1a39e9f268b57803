//! What a capture says once it is decoded.

use std::io::Write;
use std::sync::Arc;

use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::store::{self, Connection, EntryId, Store, What};
use peerscope::stream::{ConnectionId, Missing, Side, Transport};
use serde_json::Value;

use crate::datagrams::Capture;
use crate::decoding::decoded;

pub(crate) struct Heard {
    source: Source,
    pub(crate) store: Store,
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) size: u32,
    pub(crate) what: What,
    pub(crate) missing: u64,
}

impl Heard {
    pub(crate) fn of(capture: Capture) -> Heard {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&capture.into_inner()).unwrap();
        Heard::read(Reader::new(Source::File(Arc::new(file)), "test").unwrap())
    }

    pub(crate) fn read(reader: Reader) -> Heard {
        Heard {
            source: reader.source().clone(),
            store: decoded(reader),
        }
    }

    pub(crate) fn connection(&self, number: u32) -> &Connection {
        self.store.connection(ConnectionId(number))
    }

    /// The numbers of those over uTP, in order.
    pub(crate) fn over_utp(&self) -> Vec<u32> {
        let connections = self.store.connections().iter();
        let utp = connections.filter(|it| it.transport != Transport::Tcp);
        utp.map(|it| it.id.0).collect()
    }

    /// The entries of a side.
    fn entries(&self, number: u32, side: Side) -> impl Iterator<Item = EntryId> {
        let entries = self.connection(number).entries().iter().copied();
        entries.filter(move |id| self.store.entry(*id).side() == side)
    }

    /// The messages of a side.
    pub(crate) fn told(&self, number: u32, side: Side) -> Vec<Told> {
        let told = self.entries(number, side).map(|id| {
            let entry = self.store.entry(id);
            Told {
                size: entry.size,
                what: self.store.what(entry),
                missing: self.store.missing(id),
            }
        });
        told.filter(|told| matches!(told.what, What::Message(_)))
            .collect()
    }

    /// The bytes of each message of a side as they are read from the capture again.
    pub(crate) fn bytes(&self, number: u32, side: Side) -> Vec<Vec<u8>> {
        let is_message =
            |id: &EntryId| matches!(self.store.what(self.store.entry(*id)), What::Message(_));
        let messages = self.entries(number, side).filter(is_message);
        let bytes = |id| {
            let raw = store::read_raw(&self.store, &self.source, id).unwrap();
            (0..raw.bytes.len())
                .map_while(|at| raw.get(at))
                .collect::<Vec<u8>>()
        };
        messages.map(bytes).collect()
    }

    /// The frames that brought a message of a side are told in order.
    pub(crate) fn assert_frames_are_in_order(&self, number: u32, side: Side) {
        for id in self.entries(number, side) {
            let raw = store::read_raw(&self.store, &self.source, id).unwrap();
            assert!(raw.frames.is_sorted_by_key(|frame| frame.number));
        }
    }

    /// Everything that is told of a connection, a word for each entry: `A have 7`, `B gap of 3 packets`.
    pub(crate) fn words(&self, number: u32) -> Vec<String> {
        let of_it = |row: &Value| row["connection"] == number;
        let src = self.connection(number).end(Side::A).to_string();
        let rows = self.rows().into_iter().filter(of_it);
        let word = |row: Value| {
            let side = if row["src"] == src.as_str() { 'A' } else { 'B' };
            format!("{side} {}", said(&row))
        };
        rows.map(word).collect()
    }

    /// What `messages --json` prints.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let mut out = Vec::new();
        export::messages(&self.store, EntryId(0), Format::Json, &mut out).unwrap();
        values(&out)
    }

    /// What `summary --json` prints.
    pub(crate) fn account(&self) -> Value {
        let mut out = Vec::new();
        export::summary(&self.store, "test", &[], Format::Json, &mut out).unwrap();
        values(&out).remove(0)
    }

    /// Packets that the capture lacks of a side.
    pub(crate) fn lost_packets(&self, number: u32, side: Side) -> u32 {
        let lost =
            self.entries(number, side)
                .map(|id| match self.store.what(self.store.entry(id)) {
                    What::Gap {
                        missing: Missing::Packets(count),
                        ..
                    } => count,
                    _ => 0,
                });
        lost.sum()
    }

    /// Every frame is a segment, a datagram or skipped; every byte of a stream was carried, and is told of or counted.
    pub(crate) fn assert_it_adds_up(&self, frames: u32) {
        let account = self.account();
        assert_eq!(account["frames"], frames);
        for connection in self.store.connections() {
            for side in Side::BOTH {
                let direction = connection.activity.direction(side);
                let facts = connection.facts(side).cloned().unwrap_or_default();
                let stream = facts.stream;
                let told = stream.decoded + stream.undecoded + stream.encrypted;
                let no_stream = direction.duplicate + direction.late + direction.stray;
                let all = told + direction.snapped + no_stream + direction.held;
                assert_eq!(direction.payload, all, "{direction:?} {stream:?}");
                assert_eq!(direction.held, 0);
            }
        }
    }
}

fn said(row: &Value) -> String {
    let kind = row["type"].as_str().unwrap().to_owned();
    match (&row["packets"], &row["index"], &row["bytes"]) {
        (Value::Number(count), ..) => format!("{kind} of {count} packets"),
        (_, Value::Number(index), _) => format!("{kind} {index}"),
        (.., Value::Number(bytes)) => format!("{kind} of {bytes} bytes"),
        _ => kind,
    }
}

fn values(lines: &[u8]) -> Vec<Value> {
    let rows = serde_json::Deserializer::from_slice(lines).into_iter();
    rows.collect::<Result<_, _>>().unwrap()
}
