//! The card of a piece: what became of it among all peers of the torrent, behind the selected message.

use super::super::account::hung;
use super::super::canvas::Canvas;
use super::super::{Scene, Tone};
use super::cell::Map;
use crate::export::{bytes, duration};
use crate::packet::Endpoint;
use crate::store::{Deed, EntryId, Event, Outcome, PieceDeeds, PieceLife, Receiver};
use crate::wire::PieceIndex;

/// Bytes of the blocks that clients ask for.
const BLOCK: u64 = 16 * 1024;

type Line = (String, Tone);

/// Draws what fits, and says how much does not.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, maps: &[Map<'_>; 2], piece: u32) {
    let lines = lines(
        scene,
        maps,
        piece,
        usize::from(canvas.width()).saturating_sub(2),
    );
    let height = usize::from(canvas.height());
    for (row, (text, tone)) in (0..).zip(lines.iter().take(height)) {
        canvas.text(1, row, text, *tone);
    }
    if lines.len() > height && height > 0 {
        let more = format!(" {} more lines: zoom with z z ", lines.len() - height + 1);
        canvas.right(height as u16 - 1, &more, Tone::Strong);
    }
}

fn lines(scene: &Scene<'_>, maps: &[Map<'_>; 2], piece: u32, width: usize) -> Vec<Line> {
    let mut lines = wrapped("", &title(scene, maps, piece), width, Tone::Strong);
    let Some(life) = scene.pieces.life.filter(|life| life.piece().0 == piece) else {
        return lines;
    };
    let now = maps[0].now;
    let (then, end) = (life.at(now), life.at(EntryId(u32::MAX)));
    lines.extend(announced(scene, &then, &end, now, width));
    let mut receivers: Vec<_> = end.receivers.iter().collect();
    receivers.sort_by_key(|(host, _)| letter(scene, **host).is_none());
    for (host, receiver) in receivers {
        let so_far = then.receivers.get(host);
        lines.extend(received(scene, piece, *host, so_far, receiver, now, width));
    }
    lines.extend(rest(scene, life, &end, width));
    lines
}

fn wrapped(start: &str, text: &str, width: usize, tone: Tone) -> Vec<Line> {
    let rows = hung(start, text, width);
    rows.into_iter().map(|text| (text, tone)).collect()
}

/// `Piece 17 of 28, 16 KiB from byte 278528: A has it by a have, B lacks it`
fn title(scene: &Scene<'_>, maps: &[Map<'_>; 2], piece: u32) -> String {
    let of = scene.piece_count().unwrap_or(0);
    let extent = scene
        .pieces
        .blocks
        .and_then(|blocks| blocks.extent(PieceIndex(piece)));
    let size = extent.map_or_else(String::new, |extent| {
        let mark = if metainfo(scene) { "" } else { "~" };
        format!(", {mark}{}", bytes(extent.length))
    });
    let [a, b] = [0, 1].map(|at| maps[at].has(piece).words());
    format!(
        "Piece {piece} of {}{of}{size}: A {a}, B {b}",
        scene.count_mark()
    )
}

fn metainfo(scene: &Scene<'_>) -> bool {
    let swarm = scene.connection().and_then(|it| scene.store.swarm_of(it));
    swarm.is_some_and(|swarm| swarm.metainfo().is_some())
}

fn letter(scene: &Scene<'_>, host: Endpoint) -> Option<&'static str> {
    let connection = scene.connection()?;
    let [a, b] = scene.sides().map(|side| connection.host(side) == host);
    match (a, b) {
        (true, _) => Some("A "),
        (_, true) => Some("B "),
        _ => None,
    }
}

/// A peer by its address; the ends of the selected connection also by their letters.
fn name(scene: &Scene<'_>, host: Endpoint) -> String {
    let letter = letter(scene, host).unwrap_or("");
    match host.port {
        0 => format!("{letter}{}", host.ip),
        _ => format!("{letter}{host}"),
    }
}

fn at(scene: &Scene<'_>, id: EntryId) -> String {
    let time = super::super::ladder::time(scene, scene.store.entry(id));
    format!("{} s", time.trim())
}

/// Who has it, since when and by which words.
fn announced(
    scene: &Scene<'_>,
    then: &PieceDeeds,
    end: &PieceDeeds,
    now: EntryId,
    width: usize,
) -> Vec<Line> {
    let words = |event: &Event| {
        let how = match event.deed {
            Deed::Bitfield => "bitfield",
            Deed::HaveAll => "have_all",
            _ => "have",
        };
        format!("{} {how} {}", name(scene, event.from), at(scene, event.id))
    };
    let list = |events: Vec<&Event>| events.into_iter().map(words).collect::<Vec<_>>().join(", ");
    let mut lines = match then.holders.as_slice() {
        [] => vec![("announced by nobody yet".to_owned(), Tone::Plain)],
        holders => wrapped(
            "announced  ",
            &list(holders.iter().collect()),
            width,
            Tone::Plain,
        ),
    };
    let later: Vec<&Event> = end.holders.iter().filter(|event| event.id > now).collect();
    if !later.is_empty() {
        lines.extend(wrapped("    later  ", &list(later), width, Tone::Dim));
    }
    lines
}

/// What one peer asked for and got, and how that goes on.
fn received(
    scene: &Scene<'_>,
    piece: u32,
    host: Endpoint,
    then: Option<&Receiver>,
    end: &Receiver,
    now: EntryId,
    width: usize,
) -> Vec<Line> {
    let blocks = scene.pieces.blocks;
    let length = blocks
        .and_then(|it| it.extent(PieceIndex(piece)))
        .map(|it| it.length);
    let start = format!("{}  ", name(scene, host));
    let verdict = verdict(scene, piece, host, now);
    let words = |receiver: &Receiver| sentence(scene, receiver, length);
    let mut lines = match then {
        Some(then) => {
            let text = [Some(words(then)), verdict]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("; ");
            wrapped(&start, &text, width, Tone::Plain)
        }
        None => Vec::new(),
    };
    if then != Some(end) {
        lines.extend(wrapped(
            &start,
            &format!("later: {}", words(end)),
            width,
            Tone::Dim,
        ));
    }
    lines.extend(culprits(scene, piece, host, now, width));
    lines
}

/// `12/16 blocks came (9 from .9, 3 from .14), 16 asked for, 1 again, 2 cancelled, 1 rejected, 57 ms`
fn sentence(scene: &Scene<'_>, receiver: &Receiver, length: Option<u64>) -> String {
    let of = length.map_or_else(String::new, |length| format!("/{}", length.div_ceil(BLOCK)));
    let mut parts = vec![format!(
        "{}{of} blocks came{}",
        receiver.blocks.len(),
        by(scene, &receiver.got)
    )];
    let asked: u32 = receiver.asked.values().sum();
    parts.push(format!(
        "{asked} asked for{}",
        by(scene, &receiver.asked).replace("from", "of")
    ));
    let counts = [
        (receiver.duplicates, "came again"),
        (receiver.cancelled, "cancelled"),
        (receiver.rejected, "rejected"),
    ];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    parts.extend(some.map(|(count, what)| format!("{count} {what}")));
    if let Some(took) = receiver.took() {
        parts.push(format!(
            "{} from the first request to the last block",
            duration(took)
        ));
    }
    parts.join(", ")
}

fn by(scene: &Scene<'_>, counts: &std::collections::BTreeMap<Endpoint, u32>) -> String {
    let words = counts.iter().map(|(host, count)| match counts.len() {
        1 => format!("from {}", name(scene, *host)),
        _ => format!("{count} from {}", name(scene, *host)),
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join(", "))
    }
}

/// What its bytes hash to, if they were looked at and were there by now.
fn verdict(scene: &Scene<'_>, piece: u32, host: Endpoint, now: EntryId) -> Option<String> {
    let found = scene
        .pieces
        .verification?
        .verdict(host, PieceIndex(piece))?;
    let outcome = match found.at(now) {
        Some(Outcome::Verified) if found.again.is_some() => "verified, after it had failed",
        Some(outcome) => outcome.words(),
        None => return None,
    };
    Some(outcome.to_owned())
}

/// Who sent the blocks of a piece that failed: those that were wrong, if others took their place, or else all.
fn culprits(
    scene: &Scene<'_>,
    piece: u32,
    host: Endpoint,
    now: EntryId,
    width: usize,
) -> Vec<Line> {
    let found = scene
        .pieces
        .verification
        .and_then(|it| it.verdict(host, PieceIndex(piece)));
    let Some(found) = found.filter(|it| it.first.0 == Outcome::Failed && it.first.1 <= now) else {
        return Vec::new();
    };
    let mut senders: Vec<String> = Vec::new();
    let blocks = scene.pieces.blocks.and_then(|it| it.of(host));
    let all = blocks.map_or(&[][..], |it| it.blocks(PieceIndex(piece)));
    let suspects: Vec<EntryId> = match found.wrong.as_slice() {
        [] => all.iter().map(|got| got.first).collect(),
        wrong => wrong.to_vec(),
    };
    for id in &suspects {
        let entry = scene.store.entry(*id);
        let sender = scene.store.connection(entry.connection).host(entry.side());
        let sender = name(scene, sender);
        if !senders.contains(&sender) {
            senders.push(sender);
        }
    }
    let text = match found.wrong.len() {
        0 => format!(
            "wrong bytes among {} blocks of {}",
            suspects.len(),
            senders.join(", ")
        ),
        1 => format!("1 wrong block, of {}", senders.join(", ")),
        count => format!("{count} wrong blocks, of {}", senders.join(", ")),
    };
    wrapped("  ! ", &text, width, Tone::Warn)
}

fn rest(scene: &Scene<'_>, life: &PieceLife, end: &PieceDeeds, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let percent = life.walk().percent(scene.store);
    if percent < 100 {
        lines.push((
            format!("looking through the torrent: {percent}%"),
            Tone::Dim,
        ));
    } else if end.receivers.is_empty() {
        lines.push((
            "nobody asks for it or gives it in this capture".to_owned(),
            Tone::Dim,
        ));
    }
    if life.beyond() > 0 {
        let text = format!("{} messages about it were too many to keep", life.beyond());
        lines.extend(wrapped("! ", &text, width, Tone::Warn));
    }
    lines
}
