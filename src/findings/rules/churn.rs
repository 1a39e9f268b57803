//! One host that connects to the same peer again and again.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::capture::Timestamp;
use crate::findings::scene::{Raise, SECOND};
use crate::findings::{Code, Spot};
use crate::packet::Endpoint;
use crate::store::{Connection, Store};

/// Connections in a minute that are too many.
const MANY: u32 = 5;
const MINUTE: i64 = 60 * SECOND;

/// The connections of two hosts that came one after the other.
#[derive(Debug)]
struct Row {
    /// When the first of this minute began.
    since: Timestamp,
    count: u32,
    /// When the last one was over; none where it was not closed.
    over: Option<Timestamp>,
}

/// Walks over all connections of peers. Those that stand beside each other are no churn: there may be several clients
/// behind one address.
pub(super) fn judge(store: &Store, out: &mut Raise<'_>) {
    let mut rows: HashMap<(IpAddr, Endpoint), Row> = HashMap::new();
    for connection in store.connections().iter().filter(|it| it.is_bittorrent()) {
        let opener = connection.opener();
        let pair = (connection.real_end(opener).ip, connection.real_end(!opener));
        let began = connection.first.time;
        let row = rows.entry(pair).or_insert(Row {
            since: began,
            count: 0,
            over: Some(began),
        });
        row.take(connection);
        if row.count > MANY {
            let (count, seconds) = (row.count, began.since(row.since) as f64 / SECOND as f64);
            out.on(connection.id).say(
                Code::ConnectionChurn,
                opener,
                Spot::from(connection.first),
                format_args!(
                    "it connects to the same peer for the {count}th time in {seconds:.1} s, each time when the one \
                     before was closed"
                ),
            );
            // One finding for a row.
            row.count = 0;
        }
    }
}

impl Row {
    fn take(&mut self, connection: &Connection) {
        let began = connection.first.time;
        let follows = self.over.is_some_and(|over| began.since(over) > 0);
        if !follows || self.count == 0 || began.since(self.since) > MINUTE {
            (self.since, self.count) = (began, 0);
        }
        self.count += 1;
        let is_closed = connection.activity.closed.is_some();
        self.over = is_closed.then_some(connection.activity.last.time);
    }
}
