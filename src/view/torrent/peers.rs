//! Peers by pieces: a row for each peer, and below how many have them.

use super::super::canvas::Canvas;
use super::super::flow;
use super::super::look::cut;
use super::super::{Scene, Tone};
use super::{Section, name, percent, row};
use crate::capture::Timestamp;
use crate::peer::Flow;
use crate::store::{Census, Connection, EntryId, Holding, Member, Store};
use crate::stream::Transport;

/// Rows below the peers: availability, the fewest, the rarest.
pub(super) const FOOT: u16 = 3;
/// Columns of an address, of a client's name, and of all before the bar.
const ADDRESS: usize = 15;
const CLIENT: usize = 15;
const LEFT: usize = ADDRESS + CLIENT + 6;
/// Columns behind the bar.
const RIGHT: usize = 5;
/// Connections of a peer whose flags are looked at, the newest first.
const MAX_FLAGS: usize = 64;

pub(super) fn draw(scene: &Scene<'_>, census: &Census, canvas: &mut Canvas<'_>) {
    let height = usize::from(canvas.height().saturating_sub(FOOT));
    let peers = census.roster().peers();
    let mut cursor = scene.views.torrent.peers;
    cursor.show(height, peers.len());
    let room = usize::from(canvas.width()).saturating_sub(left(scene.store) + RIGHT + 2);
    let cells = room as u32;
    for (at, peer) in (0..).zip(cursor.window(height, peers.len())) {
        let holding = census.holding(peer as u32);
        let text = words(scene, census, &peers[peer], holding, cells);
        let tone = tone(scene, census.moment(), &peers[peer], holding);
        let at = (at, peer == cursor.selected);
        row(scene, Section::Peers, at, &text, tone, canvas);
    }
    let shown = height.min(peers.len()) as u16;
    canvas
        .part(0, height as u16)
        .scrollbar(cursor.offset, peers.len());
    foot(scene, census, cells, &mut canvas.below(shown));
}

/// `10.0.0.9        Transmission 4. D . ███▇▇████▆▆██████████  90%`
fn words(
    scene: &Scene<'_>,
    census: &Census,
    peer: &Member,
    holding: &Holding,
    cells: u32,
) -> String {
    let glyphs = scene.look.glyphs;
    let address = name(peer, ADDRESS, scene);
    let client = peer.client(scene.store).unwrap_or_else(|| "?".to_owned());
    let client = cut(&client, CLIENT, glyphs);
    let flags = flags(scene, peer, census.moment());
    let (bar, share) = bar(scene, census, holding, cells);
    let width = cells as usize;
    let share = format!("{share:>4}");
    let flags_width = left(scene.store) - ADDRESS - CLIENT - 3;
    format!("{address:<ADDRESS$} {client:<CLIENT$} {flags:<flags_width$} {bar:<width$} {share}")
}

/// The column of a third flag is there where anybody has it.
fn left(store: &Store) -> usize {
    LEFT + if store.has_utp() { 2 } else { 0 }
}

/// A peer that has not begun or that has left is dim.
fn tone(scene: &Scene<'_>, moment: EntryId, peer: &Member, holding: &Holding) -> Tone {
    let now = scene.store.entry(moment).time;
    let mut open = peer.at(scene.store, moment).rev().take(MAX_FLAGS);
    let is_there = open.any(|(it, ..)| is_open(it, now));
    match holding {
        Holding::Absent => Tone::Dim,
        _ if is_there => Tone::Plain,
        _ => Tone::Dim,
    }
}

fn is_open(connection: &Connection, now: Timestamp) -> bool {
    let activity = &connection.activity;
    activity.closed.is_none() || activity.last.time >= now
}

/// `P` where one of its connections goes over uTP and is not over.
fn mark(scene: &Scene<'_>, peer: &Member, moment: EntryId) -> &'static str {
    let now = scene.store.entry(moment).time;
    let mut connections = peer.at(scene.store, moment).rev().take(MAX_FLAGS);
    let is_utp = connections.any(|(it, ..)| it.transport != Transport::Tcp && is_open(it, now));
    if is_utp { " P" } else { "" }
}

/// What it may get and give, by the best of its connections, and how.
fn flags(scene: &Scene<'_>, peer: &Member, moment: EntryId) -> String {
    let mut best = [Flow::Unknown; 2];
    for (connection, side, ordinal) in peer.at(scene.store, moment).rev().take(MAX_FLAGS) {
        let turns = connection.turns();
        let behind = turns.partition_point(|turn| turn.entries as usize <= ordinal + 1);
        let Some(turn) = turns[..behind].last() else {
            continue;
        };
        let flows = [side, !side].map(|side| turn.flow[side.index()]);
        for (best, flow) in best.iter_mut().zip(flows) {
            if rank(flow) > rank(*best) {
                *best = flow;
            }
        }
    }
    let mark = mark(scene, peer, moment);
    format!(
        "{} {}{mark}",
        flow::letter(best[0], 0),
        flow::letter(best[1], 1)
    )
}

fn rank(flow: Flow) -> u8 {
    match flow {
        Flow::Unknown => 0,
        Flow::Idle => 1,
        Flow::Allowed => 2,
        Flow::Wanted => 3,
        Flow::Open => 4,
    }
}

fn bar(scene: &Scene<'_>, census: &Census, holding: &Holding, cells: u32) -> (String, String) {
    let glyphs = scene.look.glyphs;
    let (Some(of), Holding::Pieces(set)) = (census.piece_count(), holding) else {
        let words = match holding {
            Holding::Absent => "begins later",
            Holding::Unkept => "no room for its pieces",
            _ => {
                return (
                    glyphs.unknown.repeat(cells as usize),
                    glyphs.unknown.to_owned(),
                );
            }
        };
        return (cut(words, cells as usize, glyphs), String::new());
    };
    let bar = spans(cells, of).map(|range| {
        let (have, all) = (u64::from(set.count(range.clone())), range.len() as u64);
        glyphs.levels[level(have, all)]
    });
    let share = percent(u64::from(set.len()), u64::from(of));
    (bar.collect(), share)
}

/// The pieces of each cell. A piece wider than a cell fills several.
fn spans(cells: u32, of: u32) -> impl Iterator<Item = std::ops::Range<u32>> {
    let edge = move |cell: u32| (u64::from(cell) * u64::from(of) / u64::from(cells)) as u32;
    (0..cells).map(move |cell| edge(cell)..edge(cell + 1).max(edge(cell) + 1))
}

/// From none, 0, to all, 7; nothing else is either.
fn level(part: u64, all: u64) -> usize {
    match part {
        0 => 0,
        part if part >= all => 7,
        part => 1 + (part * 6 / all).min(5) as usize,
    }
}

/// How many peers have the pieces of each cell: on the average, and at least; and the rarest pieces.
fn foot(scene: &Scene<'_>, census: &Census, cells: u32, canvas: &mut Canvas<'_>) {
    let Some(of) = census.piece_count() else {
        return;
    };
    let glyphs = scene.look.glyphs;
    let availability = census.availability();
    let peers = census.counts().peers as u64;
    let average = spans(cells, of).map(|range| {
        let all = range.len() as u64 * peers;
        glyphs.levels[level(availability.sum(range), all)]
    });
    let average: String = average.collect();
    let least = spans(cells, of).map(|range| digit(availability.least(range)));
    let least: String = least.collect();
    let x = left(scene.store) as u16 + 1;
    canvas.text(1, 0, &format!("available, of {peers} peers"), Tone::Plain);
    canvas.text(x, 0, &average, Tone::Strong);
    canvas.text(1, 1, "at the rarest piece of a cell", Tone::Dim);
    canvas.text(x, 1, &least, Tone::Plain);
    let room = usize::from(canvas.width()).saturating_sub(2);
    canvas.text(1, 2, &cut(&rarest(census), room, glyphs), Tone::Plain);
}

/// A hexadecimal digit, as rtorrent's list of chunks; `+` where one is not enough.
pub(super) fn digit(count: u32) -> char {
    char::from_digit(count, 16).unwrap_or('+')
}

/// `rarest p412 at 1  p17..20 at 2`
pub(super) fn rarest(census: &Census) -> String {
    let rarest = census.survey().rarest();
    let words = rarest.iter().map(|rare| {
        let pieces = match rare.last - rare.first {
            0 => format!("p{}", rare.first),
            _ => format!("p{}..{}", rare.first, rare.last),
        };
        let peers = match rare.peers {
            0 => "nobody".to_owned(),
            1 => "1 peer".to_owned(),
            peers => format!("{peers} peers"),
        };
        format!("  {pieces} {peers}")
    });
    words.fold("rarest".to_owned(), |all, word| all + &word)
}
