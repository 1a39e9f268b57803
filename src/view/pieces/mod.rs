//! Which pieces both sides have at the selected message.

mod bar;
mod card;
mod cell;
mod difference;
mod grid;

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::look::cut;
use super::{Pane, Scene, Tone};
use crate::export::bytes;
use crate::store::{Blocks, PieceLife, Received, Verification};
use crate::swarm::Availability;
use cell::{Has, Map};
use difference::Difference;
use grid::{Distance, Geometry};

/// Rows from which on the pieces below the ladder are maps.
const SMALL_MAPS: u16 = 6;

/// What is chosen in the map of pieces.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The piece under the cursor.
    pub cursor: u32,
    mode: Mode,
    distance: Distance,
}

impl State {
    /// Does it show how many peers have a piece?
    pub fn wants_availability(&self) -> bool {
        self.mode == Mode::Availability
    }
}

/// What the map shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// What each side has.
    #[default]
    Have,
    /// What one has and the other lacks.
    Difference,
    /// How many peers have a piece.
    Availability,
}

impl Mode {
    fn next(self) -> Mode {
        match self {
            Mode::Have => Mode::Difference,
            Mode::Difference => Mode::Availability,
            Mode::Availability => Mode::Have,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Mode::Have => "have",
            Mode::Difference => "difference",
            Mode::Availability => "availability",
        }
    }

    /// Maps, one below the other, and rows of text that stand over them.
    fn maps(self) -> (u16, u16) {
        match self {
            Mode::Have => (2, 2),
            Mode::Difference => (1, 2),
            Mode::Availability => (1, 1),
        }
    }
}

/// What walks over the torrent have found, as far as they got.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Who received which blocks.
    pub blocks: Option<&'a Blocks>,
    /// Which of the pieces were right.
    pub verification: Option<&'a Verification>,
    /// What became of the piece under the cursor.
    pub life: Option<&'a PieceLife>,
    /// How many peers have each piece at the selected message.
    pub availability: Option<&'a Availability>,
}

/// What a key or a click asks of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// So many cells on.
    Cells(i64),
    /// So many rows on.
    Rows(i64),
    /// So many pages on; a half is half a page.
    HalfPages(i64),
    /// To a piece; the last if there are fewer.
    To(u32),
    /// To what is at a column and a row of the pane.
    Click(u16, u16),
    /// Fewer pieces a cell.
    Nearer,
    /// More pieces a cell.
    Farther,
    /// The next mode.
    NextMode,
}

/// The state after a wish, in a pane of this size.
pub fn granted(scene: &Scene<'_>, pane: Rect, wish: Wish) -> State {
    let mut state = scene.views.pieces.clone();
    if wish == Wish::NextMode {
        state.mode = state.mode.next();
    }
    let Some(of) = scene.piece_count().filter(|of| *of > 0) else {
        return state;
    };
    let parts = Parts::of(scene, of, pane.width, pane.height);
    let (map, cells) = (parts.geometry, i64::from(parts.geometry.cells));
    let moved = |by: i64| map.moved(state.cursor, by);
    match wish {
        Wish::Cells(by) => state.cursor = moved(by),
        Wish::Rows(by) => state.cursor = moved(by.saturating_mul(cells)),
        Wish::HalfPages(by) => {
            let half = i64::from(map.height.div_ceil(2));
            state.cursor = moved(by.saturating_mul(cells * half));
        }
        Wish::To(piece) => state.cursor = piece.min(of - 1),
        Wish::Click(column, row) => {
            let pieces = parts.at(column, row);
            state.cursor = pieces.map_or(state.cursor, |pieces| pieces.start);
        }
        Wish::Nearer => state.distance = map.zoomed(true),
        Wish::Farther => state.distance = map.zoomed(false),
        Wish::NextMode => {}
    }
    state
}

/// The piece under the cursor.
pub fn chosen(scene: &Scene<'_>) -> u32 {
    let last = scene.piece_count().unwrap_or(0).saturating_sub(1);
    scene.views.pieces.cursor.min(last)
}

/// Where things are in the pane.
#[derive(Clone, Copy, Debug)]
struct Parts {
    geometry: Geometry,
    /// Rows at which the maps begin; without a second one it is the first.
    maps: [u16; 2],
    legend: u16,
    card: u16,
}

impl Parts {
    fn of(scene: &Scene<'_>, of: u32, width: u16, height: u16) -> Parts {
        let State {
            cursor,
            mode,
            distance,
        } = scene.views.pieces;
        let (maps, texts) = mode.maps();
        let card = (height / 3).clamp(4, 20);
        let room = height.saturating_sub(1 + texts + 1 + card) / maps;
        let cursor = cursor.min(of - 1);
        let geometry = Geometry::of(of, width.saturating_sub(1), room, distance, cursor);
        let rows = geometry.rows().min(geometry.height);
        let rows = rows as u16;
        let geometry = Geometry {
            height: rows.into(),
            ..geometry
        };
        let (first, second) = match mode {
            Mode::Have => (2, 3 + rows),
            Mode::Difference => (3, 3),
            Mode::Availability => (2, 2),
        };
        let legend = second + rows;
        Parts {
            geometry,
            maps: [first, second],
            legend,
            card: legend + 1,
        }
    }

    fn at(&self, column: u16, row: u16) -> Option<Range<u32>> {
        let height = self.geometry.height as u16;
        let map = self
            .maps
            .iter()
            .find(|first| (**first..**first + height).contains(&row))?;
        self.geometry.at(column, row - map)
    }
}

/// Below the ladder: bars, or maps where there is room for them.
pub(super) fn draw_bars(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(of) = scene
        .piece_count()
        .filter(|_| canvas.height() >= SMALL_MAPS)
    else {
        return bar::draw(scene, canvas);
    };
    let rows = canvas.height() / 2;
    for (at, name) in ["A has", "B has"].into_iter().enumerate() {
        let Some(map) = maps(scene, at) else { return };
        let mut part = canvas.below(rows * at as u16);
        let mut part = part.above(rows);
        part.text(0, 0, name, map.tone);
        part.right(0, &bar::words(scene, at), Tone::Plain);
        let mut below = part.below(1);
        grid::draw_small(&mut below.without_right(1), &map, of);
    }
}

/// What A or B has, by its place.
fn maps<'a>(scene: &Scene<'a>, at: usize) -> Option<Map<'a>> {
    let side = scene.sides()[at];
    let known = scene.pieces;
    let host = scene.connection()?.host(side);
    Some(Map {
        pieces: &scene.talk?.peer(side).pieces,
        before: scene.talk_before.map(|talk| &talk.peer(side).pieces),
        came: known
            .blocks
            .and_then(|it| it.of(host))
            .map(Received::moments),
        checked: known.verification.and_then(|it| it.moments(host)),
        now: scene.selected?,
        tone: [Tone::A, Tone::B][at],
    })
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let (Some(a), Some(b)) = (maps(scene, 0), maps(scene, 1)) else {
        canvas.text(
            1,
            0,
            "No message is selected: no side has said anything.",
            Tone::Dim,
        );
        return;
    };
    let Some(of) = scene.piece_count().filter(|of| *of > 0) else {
        bar::draw(scene, canvas);
        canvas.text(
            1,
            3,
            "How many pieces there are is not known: name the torrent with --torrent.",
            Tone::Dim,
        );
        return;
    };
    let (maps, state) = ([a, b], &scene.views.pieces);
    let parts = Parts::of(scene, of, canvas.width(), canvas.height());
    title(scene, canvas, &parts);
    match state.mode {
        Mode::Have => (0..2).for_each(|at| draw_side(scene, canvas, &parts, &maps, at)),
        Mode::Difference => draw_difference(scene, canvas, &parts, &maps),
        Mode::Availability => draw_availability(scene, canvas, &parts),
    }
    legend(canvas, &parts, state.mode);
    card::draw(scene, &mut canvas.below(parts.card), &maps, chosen(scene));
}

/// `Pieces 28 × 16 KiB  dance  at 9.954120  have  1 a cell  verified 12 of 112`
fn title(scene: &Scene<'_>, canvas: &mut Canvas<'_>, parts: &Parts) {
    let swarm = scene.connection().and_then(|it| scene.store.swarm_of(it));
    let metainfo = swarm.and_then(|swarm| swarm.metainfo());
    let length = metainfo
        .and_then(|it| it.piece_length)
        .map_or_else(String::new, |it| format!(" of {}", bytes(it)));
    let name = swarm.and_then(|swarm| swarm.name()).unwrap_or("");
    let (mode, step) = (scene.views.pieces.mode.words(), parts.geometry.step);
    let text = format!(
        " Pieces {}{}{length}  {name}",
        scene.count_mark(),
        parts.geometry.of
    );
    let right = format!("{}{mode}  {step} a cell ", progress(scene));
    let room = usize::from(canvas.width()).saturating_sub(right.len() + 1);
    let text = cut(&text, room, canvas.look.glyphs);
    canvas.text(0, 0, &text, Tone::Strong);
    canvas.right(0, &right, Tone::Plain);
}

fn progress(scene: &Scene<'_>) -> String {
    let walked = scene
        .pieces
        .blocks
        .map_or(100, |it| it.walk().percent(scene.store));
    let (done, of) = scene
        .pieces
        .verification
        .map_or((0, 0), Verification::progress);
    match (walked, done < of) {
        (..100, _) => format!("blocks {walked}%  "),
        (_, true) => format!("hashed {done}/{of}: Esc stops  "),
        (_, false) => String::new(),
    }
}

fn cursor(scene: &Scene<'_>) -> (u32, Style) {
    (
        chosen(scene),
        scene.look.cursor(scene.focus() == Pane::Pieces),
    )
}

fn draw_side(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    parts: &Parts,
    maps: &[Map<'_>; 2],
    at: usize,
) {
    let map = &maps[at];
    let row = parts.maps[at] - 1;
    let x = canvas.text(1, row, ["A", "B"][at], map.tone);
    let end = scene
        .connection()
        .map(|it| it.end(scene.sides()[at]).to_string());
    canvas.text(x + 1, row, &end.unwrap_or_default(), Tone::Plain);
    let right = format!(
        "{}{}",
        checked(map, parts.geometry.of),
        bar::words(scene, at)
    );
    canvas.right(row, &right, Tone::Plain);
    let geometry = parts.geometry;
    let look = canvas.look;
    let mut canvas = canvas.below(parts.maps[at]);
    grid::draw(&mut canvas, geometry, cursor(scene), |pieces| {
        map.cell(pieces, look)
    });
}

/// What is known of its pieces beyond its words.
fn checked(map: &Map<'_>, of: u32) -> String {
    let tally = map.tally(0..of);
    let counts = [
        (tally.later, "by have"),
        (tally.some, "begun"),
        (tally.whole, "came whole"),
        (tally.verified, "verified"),
        (tally.failed, "failed"),
    ];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = some
        .map(|(count, what)| format!("{count} {what}  "))
        .collect();
    words.concat()
}

fn draw_difference(scene: &Scene<'_>, canvas: &mut Canvas<'_>, parts: &Parts, maps: &[Map<'_>; 2]) {
    let of = parts.geometry.of;
    for (row, (text, tone)) in (1..).zip(difference::sentences(scene, maps, of)) {
        canvas.text(1, row, &text, tone);
    }
    let whole = Difference::of(maps, 0..of);
    canvas.right(1, &format!("both {} ", whole.both), Tone::Plain);
    canvas.right(2, &format!("neither {} ", whole.neither), Tone::Plain);
    let (look, is_unknown) = (canvas.look, maps.iter().any(Map::is_unknown));
    let mut canvas = canvas.below(parts.maps[0]);
    grid::draw(&mut canvas, parts.geometry, cursor(scene), |pieces| {
        if is_unknown {
            (look.glyphs.unknown, look.style(Tone::Dim))
        } else {
            Difference::of(maps, pieces).cell(look)
        }
    });
}

fn draw_availability(scene: &Scene<'_>, canvas: &mut Canvas<'_>, parts: &Parts) {
    let look = canvas.look;
    let availability = scene.pieces.availability;
    let text = match availability {
        Some(_) => "Peers that have each piece, by what they said so far",
        None => "Peers that have each piece: being counted",
    };
    canvas.text(1, 1, text, Tone::Plain);
    let mut canvas = canvas.below(parts.maps[0]);
    grid::draw(&mut canvas, parts.geometry, cursor(scene), |pieces| {
        let peers = availability.map(|it| it.least(pieces));
        let tone = if peers == Some(0) {
            Tone::Warn
        } else {
            Tone::Plain
        };
        (digit(peers, look.glyphs.unknown), look.style(tone))
    });
}

fn digit(peers: Option<u32>, unknown: &'static str) -> &'static str {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    peers.map_or(unknown, |peers| {
        DIGITS.get(peers as usize).copied().unwrap_or("+")
    })
}

fn legend(canvas: &mut Canvas<'_>, parts: &Parts, mode: Mode) {
    let (glyphs, row) = (canvas.look.glyphs, parts.legend);
    let text = match mode {
        Mode::Have if parts.geometry.step == 1 => {
            let words = Has::ALL.map(|(has, word)| format!("{} {word}", has.glyph(glyphs)));
            words.join("  ")
        }
        Mode::Have => {
            let levels = [
                glyphs.levels[0],
                glyphs.levels[7],
                Has::Failed.glyph(glyphs),
            ];
            let [none, all, failed] = levels;
            format!(
                "{none} none  {all} all  {failed} one failed  bold: have, whole  underlined: verified"
            )
        }
        Mode::Difference => {
            let [none, all] = [Has::Nothing.glyph(glyphs), glyphs.levels[7]];
            format!("A B only there  a b some only there  x both ways  {all} both  {none} neither")
        }
        Mode::Availability => {
            "0 to 9 peers, + more; of a cell of several pieces the rarest counts".to_owned()
        }
    };
    let mut x = 1;
    for word in text.split("  ") {
        x = canvas.text(x, row, word, Tone::Dim) + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_peers_than_a_digit_holds_are_a_plus() {
        let digits = [None, Some(0), Some(9), Some(10), Some(u32::MAX)];
        assert_eq!(
            digits.map(|peers| digit(peers, "~")),
            ["~", "0", "9", "+", "+"]
        );
    }
}
