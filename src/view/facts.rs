//! What is known of the selected connection as a whole.

use super::canvas::Canvas;
use super::look::cut;
use super::{Scene, Tone};
use crate::export::{
    bytes, close_reason, duration, end_words, faults, method_words, no_messages, relations,
    torrent_name,
};
use crate::store::{Connection, Store, choked_while_interested};
use crate::stream::{Direction, Evidence, Side, Transport};

/// Columns of a torrent's name: the number of pieces stays in sight behind it.
const NAME_WIDTH: usize = 24;

type Line = (String, Tone);

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(connection) = scene.connection() else {
        return;
    };
    for (row, (text, tone)) in (0..).zip(lines(scene, connection)) {
        let text = cut(
            &text,
            usize::from(canvas.width()).saturating_sub(1),
            scene.look.glyphs,
        );
        canvas.text(1, row, &text, tone);
    }
}

fn lines(scene: &Scene<'_>, connection: &Connection) -> Vec<Line> {
    let [a, b] = scene.sides();
    let opener = if connection.opener() == a { "A" } else { "B" };
    let mut lines = vec![(
        format!(
            "#{}{}  {}",
            connection.id,
            wrong(scene, connection),
            torrent(scene, connection)
        ),
        Tone::Strong,
    )];
    let (first, last) = fate(scene.store, connection, a);
    lines.extend(first);
    for (side, (name, tone)) in [a, b].into_iter().zip([("A", Tone::A), ("B", Tone::B)]) {
        lines.push((format!("{name} {}", connection.end(side)), tone));
        lines.push((format!("  {}", client(connection, side)), tone));
        lines.push((said(connection, side), Tone::Plain));
    }
    let over = match connection.transport {
        Transport::Tcp => String::new(),
        Transport::Utp { id } => format!(" over uTP, id {id}"),
    };
    lines.push((
        format!("{opener} opened it{over}: {}", evidence(connection)),
        Tone::Plain,
    ));
    lines.extend(encryption(scene.store, connection));
    lines.extend(last);
    lines.extend(lost(connection));
    lines
}

/// ` E3 W1`: how many errors and warnings.
fn wrong(scene: &Scene<'_>, connection: &Connection) -> String {
    let counts = scene.findings.of_connection(connection.id);
    let words = [("E", counts.errors), ("W", counts.warnings)];
    let words = words.into_iter().filter(|(_, count)| *count > 0);
    let words = words.map(|(letter, count)| format!(" {letter}{count}"));
    words.collect::<Vec<_>>().concat()
}

/// How it ended. What who hung up says of that is a diagnosis, and stands first, as does another connection in its place.
fn fate(store: &Store, connection: &Connection, a: Side) -> (Vec<Line>, Option<Line>) {
    let name = |side| if side == a { "A" } else { "B" }.to_owned();
    let end = end_words(connection, name);
    let end = end.unwrap_or_else(|| "not closed in this capture".to_owned());
    let lasted = duration(connection.activity.last.time.since(connection.first.time));
    let relations: Vec<String> = relations(store, connection).collect();
    let relations = relations.join("; ");
    match close_reason(connection) {
        Some(_) => {
            let end = (format!("! {end}, lasted {lasted}"), Tone::Warn);
            let relations = (!relations.is_empty()).then_some((relations, Tone::Plain));
            ([end].into_iter().chain(relations).collect(), None)
        }
        None if relations.is_empty() => {
            let end = (format!("lasted {lasted}, {end}"), Tone::Plain);
            (Vec::new(), Some(end))
        }
        None => {
            let words = format!("{relations}; lasted {lasted}, {end}");
            (vec![(words, Tone::Plain)], None)
        }
    }
}

fn torrent(scene: &Scene<'_>, connection: &Connection) -> String {
    let Some(info_hash) = connection.info_hash() else {
        let words = if connection.is_bittorrent() {
            "handshake not in the capture"
        } else {
            no_messages(connection)
        };
        return words.to_owned();
    };
    let hash = info_hash.to_string();
    let pieces = scene.piece_count().map_or_else(String::new, |count| {
        format!("  {}{count} pieces", scene.count_mark())
    });
    match torrent_name(scene.store, connection) {
        Some(name) => {
            let name = cut(name, NAME_WIDTH, scene.look.glyphs);
            format!("{name}  {}…{pieces}", &hash[..8])
        }
        None => format!("{}…{}{pieces}", &hash[..8], &hash[36..]),
    }
}

fn client(connection: &Connection, side: Side) -> String {
    connection
        .client(side)
        .unwrap_or("client unknown")
        .to_owned()
}

fn said(connection: &Connection, side: Side) -> String {
    let facts = connection.facts(side).cloned().unwrap_or_default();
    let choked = choked_while_interested(connection, side);
    let choked = choked.map_or_else(String::new, |it| {
        let (total, longest) = (duration(it.total), duration(it.longest));
        format!(", choked while interested {total}, at most {longest}")
    });
    format!(
        "  {} messages, {} of blocks{choked}",
        facts.messages,
        bytes(facts.payload_bytes)
    )
}

fn evidence(connection: &Connection) -> &'static str {
    match connection.opener.1 {
        Evidence::Syn => "it sent the SYN",
        Evidence::Handshake => "it spoke first, no SYN captured",
        Evidence::Ids => "by its connection id, no SYN captured",
        Evidence::Guess => "a guess by the port, no SYN captured",
    }
}

/// How it is hidden, and how long it took to agree on that.
fn encryption(store: &Store, connection: &Connection) -> Option<Line> {
    let known = connection.encryption()?;
    let words = method_words(store.method(connection)?);
    let took = known.ya.zip(known.payload);
    let took = took.map_or_else(String::new, |(from, to)| {
        format!(", after {}", duration(to.time.since(from.time)))
    });
    Some((format!("{words}{took}"), Tone::Plain))
}

/// Of both sides. What came twice is no fault by itself.
fn lost(connection: &Connection) -> Option<Line> {
    let mut both = Direction::default();
    for side in Side::BOTH {
        both += connection.activity.direction(side);
    }
    let mut words: Vec<String> = faults(connection.stream(), both).collect();
    let (mark, tone) = if words.is_empty() {
        ("", Tone::Plain)
    } else {
        ("! ", Tone::Warn)
    };
    let encrypted = connection.stream().encrypted;
    if encrypted > 0 {
        words.push(format!("{} encrypted", bytes(encrypted)));
    }
    if both.duplicate > 0 {
        words.push(format!("{} sent again", bytes(both.duplicate)));
    }
    (!words.is_empty()).then(|| (format!("{mark}{}", words.join(", ")), tone))
}
