//! The steps of a conversation: the rows of a ladder.

use super::Step;
use crate::export::words::{describe, duration, run_words, side_words};
use crate::store::{Connection, EntryId, Line, Rows, Scope, Store};
use crate::stream::{Side, Transport};

/// The sides of a connection with their clients, A first.
pub fn sides(connection: &Connection, [a, b]: [Side; 2]) -> [String; 2] {
    let words = |side, name| {
        let client = connection.client(side);
        let words = side_words(connection.end(side), client);
        match connection.transport {
            Transport::Tcp => format!("{name} {words}"),
            Transport::Utp { .. } => format!("{name} {words}, uTP"),
        }
    };
    [words(a, "A"), words(b, "B")]
}

/// What the rows of a ladder tell. `side_a` says which side of a connection is A.
pub fn steps<'s>(
    store: &'s Store,
    rows: &'s Rows,
    side_a: impl Fn(&Connection) -> Side + 's,
) -> impl Iterator<Item = Step> + 's {
    let step = move |row| match rows.line(row)? {
        Line::Silence(nanos) => Some(Step::Silence {
            lasted: duration(nanos),
        }),
        Line::Entry(id) => Some(said(store, rows, id, &side_a, None)),
        Line::Run(run, first, _) => Some(said(store, rows, first, &side_a, Some(run_words(&run)))),
    };
    (0..rows.len()).filter_map(step)
}

fn said(
    store: &Store,
    rows: &Rows,
    id: EntryId,
    side_a: &impl Fn(&Connection) -> Side,
    label: Option<String>,
) -> Step {
    let entry = store.entry(id);
    let connection = store.connection(entry.connection);
    let since = entry.time.since(store.tally().start.unwrap_or(entry.time)) as f64 / 1e9;
    let missing = store.missing(id);
    let alone = || match missing {
        0 => describe(store, entry),
        missing => format!("{}, {missing} bytes not captured", describe(store, entry)),
    };
    let label = label.unwrap_or_else(alone);
    Step::Said {
        time: format!("{since:.6}"),
        from_a: entry.side() == side_a(connection),
        label: match rows.choice().scope {
            Scope::One(_) => label,
            Scope::Merged(_) => format!("#{} {label}", connection.id),
        },
        is_fault: entry.is_faulty() || missing > 0,
    }
}
