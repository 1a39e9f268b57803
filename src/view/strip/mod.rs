//! Who may send to whom, over time: a letter for each span, and on the same axis the requests in flight and the bytes
//! of blocks. What comes behind the selected message is dim.
//!
//! ```text
//! A<B ~....ddddddDDDDDDDDDDDdddd  D open      12 in flight
//! req ▁▁▁▁▁▁▁▁▁▁▁▂▅▇▇█▇▃▁▁▁▁▁▁▁▁                  most 16
//! →A  ...                                        the same for B<A, and an axis with a caret at now
//! ```

pub(super) mod axis;
mod columns;
pub(super) mod graph;
mod letters;
mod parts;
mod window;

pub use columns::{Column, columns};
pub use window::{MIN_SPAN, Motion, State, TimeWindow};

use axis::Axis;
use letters::Letters;
use parts::Part;

use super::Scene;
use super::canvas::Canvas;
use crate::capture::Timestamp;
use crate::store::EntryId;

/// Columns of `A<B `.
pub(super) const LABEL: u16 = 4;
/// Columns of `D unwanted  4096 in flight `.
const NARROW: u16 = 27;
/// As wide, the words of both sides stand behind the letters, and from the second on the oldest request.
const WIDE: [u16; 2] = [120, 180];
/// Columns of `D  A not interested, B choke unknown  4096 in flight `.
const WORDS: u16 = 53;
/// Columns of `, oldest p100000 +16760832`.
const OLDEST: u16 = 26;

/// What a strip is drawn from.
struct Picture<'a> {
    scene: &'a Scene<'a>,
    columns: Vec<Column>,
    axis: Axis,
}

/// Cells, and columns of the words behind them.
pub(super) fn widths(width: u16) -> (u16, u16) {
    let right = match width {
        _ if width >= WIDE[1] => WORDS + OLDEST,
        _ if width >= WIDE[0] => WORDS,
        _ => NARROW,
    };
    (width.saturating_sub(LABEL + 1 + right), right)
}

/// The time of the conversation, and where the selected message stands in it.
pub fn times(scene: &Scene<'_>) -> Option<(TimeWindow, Timestamp)> {
    let (study, ordinal) = (scene.study?, scene.ordinal()? as u32);
    let is_reached = ordinal < study.known();
    let now = if is_reached {
        study.time(scene.store, ordinal)
    } else {
        scene.now()?
    };
    Some((TimeWindow::whole(scene.store, study)?, now))
}

/// The message for a column of the pane: the last change of the state in it, or else its first message, or the one
/// before.
pub fn entry_at(scene: &Scene<'_>, width: u16, column: u16) -> Option<EntryId> {
    let cell = column.checked_sub(LABEL)?;
    let (cells, _) = widths(width);
    let (whole, now) = times(scene)?;
    let window = scene.views.strip.window(whole, now);
    let columns = columns(scene.store, scene.study?, window, cells);
    let range = &columns.get(usize::from(cell))?.entries;
    let connection = scene.connection()?;
    let turns = connection.turns();
    let behind = turns.partition_point(|turn| turn.entries <= range.end);
    let turn = turns[..behind].last().map(|turn| turn.entries);
    let at = match turn.filter(|entries| *entries > range.start) {
        Some(entries) => entries - 1,
        None if range.is_empty() => range.start.saturating_sub(1),
        None => range.start,
    };
    connection.entries().get(at as usize).copied()
}

impl<'a> Picture<'a> {
    fn of(scene: &'a Scene<'a>, cells: u16) -> Option<Picture<'a>> {
        let (whole, now) = times(scene)?;
        let window = scene.views.strip.window(whole, now);
        let study = scene.study?;
        let axis = Axis {
            window,
            whole,
            now,
            cells,
        };
        let mut columns = columns(scene.store, study, window, cells);
        // The cell of now tells of now, not of what comes later in it.
        if let Some(caret) = axis.caret()
            && let Some(last) = scene.ordinal().filter(|it| *it < study.known() as usize)
        {
            let column = &mut columns[usize::from(caret)];
            *column = columns::as_of(scene.store, study, column, last as u32);
        }
        Some(Picture {
            scene,
            columns,
            axis,
        })
    }
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(talk) = scene.talk else { return };
    let (cells, _) = widths(canvas.width());
    let picture = Picture::of(scene, cells);
    let mut row = 0;
    for (part, height) in parts::of(canvas.height()) {
        let mut canvas = canvas.below(row);
        match part {
            Part::Letters(direction) => {
                let letters = Letters {
                    scene,
                    talk,
                    direction,
                    cells,
                };
                letters::draw(&letters, picture.as_ref(), &mut canvas);
            }
            Part::Graph(graph) => {
                picture
                    .iter()
                    .for_each(|it| graph::draw(it, graph, height, &mut canvas));
            }
            Part::Axis => {
                let start = scene.store.tally().start;
                picture
                    .iter()
                    .for_each(|it| axis::draw(&it.axis, start, &mut canvas));
            }
            Part::Legend => letters::legend(&mut canvas),
        }
        row += height;
    }
}
