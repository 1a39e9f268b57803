//! The steps of a connection from its SYN to its end, with the delays between them.

mod head;
mod steps;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::look::cut;
use super::{Cursor, Pane, Scene, Tone, ladder};
use crate::export::duration;
use crate::store::{Choked, Connection, Life, choked_while_interested};
use crate::stream::{ConnectionId, Side};
use steps::{Mark, Row, Timeline};

/// Row of the first step in the pane.
pub const FIRST_ROW: usize = head::HEIGHT as usize + 1;
/// Connections of one slice of the search for the one that was choked longest.
const CONNECTIONS: usize = 20_000;

/// What is chosen in it, and what was computed for that.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The chosen step.
    pub cursor: Cursor,
    connection: Option<ConnectionId>,
    life: Life,
    longest: Longest,
}

/// Who was choked longest while it was interested, among so many connections of a store of so many entries.
#[derive(Clone, Copy, Debug, Default)]
struct Longest {
    looked_at: usize,
    entries: usize,
    found: Option<(ConnectionId, Side, Choked)>,
}

impl Longest {
    /// False when all connections were looked at. Once the capture has grown it begins anew.
    fn step(&mut self, scene: &Scene<'_>) -> bool {
        let connections = scene.store.connections();
        if self.looked_at >= connections.len() && self.entries < scene.store.len() {
            *self = Longest {
                looked_at: 0,
                entries: scene.store.len(),
                found: self.found,
            };
        }
        let some = connections.iter().skip(self.looked_at).take(CONNECTIONS);
        for connection in some {
            for side in Side::BOTH {
                let choked = choked_while_interested(connection, side);
                let total = |it: Option<Choked>| it.map_or(0, |it| it.total);
                if total(choked) > total(self.found.map(|it| it.2)) {
                    self.found = choked.map(|it| (connection.id, side, it));
                }
            }
            self.looked_at += 1;
        }
        self.looked_at < connections.len()
    }
}

impl State {
    /// Does a slice of what the view needs; false when there is no more to do.
    pub fn work(&mut self, scene: &Scene<'_>) -> bool {
        let has_more = self.longest.step(scene);
        let Some(connection) = scene.connection() else {
            return has_more;
        };
        if self.connection != Some(connection.id) {
            *self = State {
                connection: Some(connection.id),
                longest: self.longest,
                ..State::default()
            };
        }
        self.life.step(scene.store, connection) || has_more
    }
}

/// The message of the chosen step, by its number in the conversation from 0: what Enter leads to.
pub fn target(scene: &Scene<'_>) -> Option<u32> {
    let timeline = timeline(scene)?;
    timeline.rows.get(scene.views.life.cursor.selected)?.target
}

fn timeline(scene: &Scene<'_>) -> Option<Timeline> {
    let state = &scene.views.life;
    let connection = scene.connection()?;
    (state.connection == Some(connection.id)).then(|| Timeline::of(scene, state, connection))
}

/// Number of steps.
pub fn len(scene: &Scene<'_>) -> usize {
    timeline(scene).map_or(0, |timeline| timeline.rows.len())
}

/// Rows of the list, and how many a pane of this size shows.
pub fn list_size(scene: &Scene<'_>, pane: Rect) -> (usize, usize) {
    let Some(timeline) = timeline(scene) else {
        return (0, 1);
    };
    let below = head::HEIGHT + 1 + foot(&timeline, pane.width).len() as u16;
    let height = usize::from(pane.height.saturating_sub(below).max(1));
    (timeline.rows.len(), height)
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(connection) = scene.connection() else {
        return ladder::waiting(scene, canvas);
    };
    let Some(timeline) = timeline(scene) else {
        canvas.text(1, 0, "looking for the steps", Tone::Dim);
        return;
    };
    head::draw(scene, connection, canvas);
    let foot = foot(&timeline, canvas.width());
    let list = canvas
        .height()
        .saturating_sub(head::HEIGHT + foot.len() as u16);
    draw_list(scene, &timeline, &mut canvas.below(head::HEIGHT), list);
    for (row, line) in (head::HEIGHT + list..).zip(foot) {
        canvas.text(1, row, &line, Tone::Dim);
    }
}

/// What was not seen: never said, or perhaps among what is not in the capture.
fn foot(timeline: &Timeline, width: u16) -> Vec<String> {
    let lists = [
        (timeline.absent_word, &timeline.absent),
        ("~ unknown, not all was captured:", &timeline.unknown),
    ];
    let lists = lists.into_iter().filter(|(_, steps)| !steps.is_empty());
    lists
        .flat_map(|(word, steps)| wrapped(word, steps, usize::from(width).saturating_sub(2)))
        .collect()
}

/// `word one, two,` and the rest below it.
fn wrapped(word: &str, steps: &[String], width: usize) -> Vec<String> {
    let mut lines = vec![word.to_owned()];
    for (at, step) in steps.iter().enumerate() {
        let comma = if at + 1 < steps.len() { "," } else { "" };
        let Some(line) = lines.last_mut() else { break };
        if line.len() + step.len() + 2 > width {
            lines.push(format!("   {step}{comma}"));
        } else {
            line.push_str(&format!(" {step}{comma}"));
        }
    }
    lines
}

fn draw_list(scene: &Scene<'_>, timeline: &Timeline, canvas: &mut Canvas<'_>, height: u16) {
    let room = what_width(canvas.width());
    let header = format!(
        " {:>10} {:>11}{:>11}  {:<3}{:<room$}{:>7}",
        "time", "from start", "from last", "by", "step", "frame"
    );
    canvas.text(0, 0, &header, Tone::Dim);
    let height = usize::from(height.saturating_sub(1));
    let cursor = scene.views.life.cursor;
    for (row, at) in (1..).zip(cursor.window(height, timeline.rows.len())) {
        let before = at.checked_sub(1).map(|before| &timeline.rows[before]);
        let is_selected = at == cursor.selected;
        draw_row(
            scene,
            (&timeline.rows[at], before),
            is_selected,
            row,
            canvas,
        );
    }
}

fn draw_row(
    scene: &Scene<'_>,
    (step, before): (&Row, Option<&Row>),
    is_selected: bool,
    row: u16,
    canvas: &mut Canvas<'_>,
) {
    let glyphs = canvas.look.glyphs;
    let width = usize::from(canvas.width()).saturating_sub(1);
    let room = what_width(canvas.width());
    let text = cut(&words(scene, step, before, room), width, glyphs);
    let [a, _] = scene.sides();
    let style = match (is_selected, step.mark, step.by) {
        (true, ..) => scene.look.cursor(scene.focus() == Pane::Life),
        (false, Mark::Later, _) => scene.look.style(Tone::Dim),
        (false, _, Some(by)) => scene.look.style(if by == a { Tone::A } else { Tone::B }),
        (false, _, None) => scene.look.style(Tone::Plain),
    };
    let mark = match step.mark {
        _ if is_selected => glyphs.marker,
        Mark::Later => glyphs.dotted,
        Mark::Sure | Mark::About => " ",
    };
    canvas.text(0, row, mark, Tone::Plain);
    canvas.styled(1, row, &format!("{text:<width$}"), style);
}

/// Columns of the step itself: what the others leave.
fn what_width(width: u16) -> usize {
    usize::from(width).saturating_sub(47).max(12)
}

/// `  9.954120    9.954 s    9.871 s  B unchoke                   22`
fn words(scene: &Scene<'_>, step: &Row, before: Option<&Row>, room: usize) -> String {
    let [a, _] = scene.sides();
    let name = step.by.map_or("", |by| if by == a { "A" } else { "B" });
    let about = if step.mark == Mark::About { "~" } else { "" };
    let what = cut(&format!("{about}{}", step.what), room, scene.look.glyphs);
    let first = scene.connection().map_or(step.at.time, |it| it.first.time);
    let start = duration(step.at.time.since(first));
    let delay = before.map(|it| duration(step.at.time.since(it.at.time)));
    let delay = delay.unwrap_or_default();
    let time = ladder::time_at(scene, step.at.time);
    let frame = step.at.number.to_string();
    format!("{time:>10} {start:>11}{delay:>11}  {name:<3}{what:<room$}{frame:>7}")
}

/// How long a side was choked while it was interested, and where the longest stretch of it began.
fn choked_words(choked: Choked) -> String {
    let times = match choked.stretches {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    format!(
        "{}, {times}, longest {} from msg {}",
        duration(choked.total),
        duration(choked.longest),
        choked.since + 1
    )
}

fn letter(scene: &Scene<'_>, connection: &Connection, side: Side) -> &'static str {
    if side == scene.sides_of(connection)[0] {
        "A"
    } else {
        "B"
    }
}
