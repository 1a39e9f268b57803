//! How well the packets of a connection went: of both directions the delays, what was sent again, what was on its way
//! and how much there was room for, in figures as of the selected message, and over the same time as the strip.
//!
//! ```text
//! #0 transport tcp  up to message 21, t=9.954
//!                A>B from 10.0.0.2:51413         B>A from 10.0.0.3:6881
//! round trip     41 ms, 39 ms to 90 ms           310 µs, 20 µs to 40 ms
//! A>B ▁▁▂▂▁▃▇▃▂  round trip 41 ms, max 90 ms
//! A>B    1  2    again 3, 4.2 KiB
//! ```

mod graphs;
mod head;
mod parts;

use super::canvas::Canvas;
use super::strip::axis::{self, Axis};
use super::strip::{self, TimeWindow, widths};
use super::{Scene, Tone, ladder};
use crate::capture::{FrameNumber, Timestamp};
use crate::store::{Connection, Span, Tracing, TransportFigures};
use crate::stream::{Side, Transport};
use parts::Parts;

/// What the view is drawn from.
struct Picture<'a> {
    scene: &'a Scene<'a>,
    connection: &'a Connection,
    tracing: &'a Tracing,
    /// The frame of the selected message; none behind the last one, to which all that follows belongs.
    until: Option<FrameNumber>,
    /// Packets up to it.
    packets: usize,
    axis: Axis,
}

/// The time of the connection, and where the selected message stands in it. Where nothing was said, its packets have
/// all of it.
pub fn times(scene: &Scene<'_>) -> Option<(TimeWindow, Timestamp)> {
    if scene.selected.is_some() {
        return strip::times(scene);
    }
    let connection = scene.connection()?;
    let (first, last) = (connection.first.time, connection.activity.last.time);
    let span = last.since(first).max(0) as u64;
    Some((
        TimeWindow::new(first, span.saturating_add(1)),
        last.max(first),
    ))
}

impl<'a> Picture<'a> {
    fn of(scene: &'a Scene<'a>, width: u16) -> Option<Picture<'a>> {
        let connection = scene.connection()?;
        let tracing = scene.tracing?;
        let (whole, now) = times(scene)?;
        let course = tracing.course();
        let last = connection.entries().last().copied();
        let selected = scene.selected.filter(|id| Some(*id) != last);
        let until = selected.map(|id| scene.store.entry(id).frame);
        let packets = until.map_or(course.len(), |frame| course.until_frame(frame));
        let axis = Axis {
            window: scene.views.strip.window(whole, now),
            whole,
            now,
            cells: widths(width).0,
        };
        Some(Picture {
            scene,
            connection,
            tracing,
            until,
            packets,
            axis,
        })
    }

    fn is_utp(&self) -> bool {
        matches!(self.connection.transport, Transport::Utp { .. })
    }

    /// Who sends, A first.
    fn senders(&self) -> [Side; 2] {
        self.scene.sides()
    }

    /// What is known of each direction at the selected message.
    fn figures(&self) -> [TransportFigures; 2] {
        let figures = self.tracing.course().figures(self.packets);
        self.senders().map(|side| figures[side.index()])
    }

    /// Packets before a cell. What came before the first message is in the first of all, and what came behind the
    /// last one in the last.
    fn before(&self, cell: u16) -> usize {
        let course = self.tracing.course();
        let (window, whole) = (self.axis.window, self.axis.whole);
        let edge = |window: TimeWindow, cell| window.edge(cell, self.axis.cells);
        let is_first = cell == 0 && window.start() == whole.start();
        let cells = self.axis.cells;
        if is_first {
            0
        } else if cell == cells && edge(window, cells) == edge(whole, cells) {
            course.len()
        } else {
            course.until(self.axis.edge(cell))
        }
    }

    /// What the packets of a cell come to, by the side that sends; `None` where they were not read yet. The cell of
    /// the selected message ends with it.
    fn cell(&self, cell: u16) -> Option<[Span; 2]> {
        let course = self.tracing.course();
        let [from, to] = [cell, cell + 1].map(|edge| self.before(edge));
        let is_read = course.latest() >= Some(self.axis.edge(cell));
        if !is_read && !self.tracing.has_caught_up() {
            return None;
        }
        let to = if self.axis.caret() == Some(cell) {
            to.min(self.packets).max(from)
        } else {
            to
        };
        let mut spans = course.span(from..to);
        // What nobody changed is as it was.
        if spans
            .iter()
            .any(|it| it.in_flight.is_none() || it.window.is_none())
        {
            let before = course.figures(from);
            for (span, before) in spans.iter_mut().zip(before) {
                span.in_flight = span.in_flight.or(before.in_flight);
                span.window = span.window.or(before.window);
            }
        }
        Some(spans)
    }
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    if scene.connection().is_none() {
        return ladder::waiting(scene, canvas);
    }
    let Some(picture) = Picture::of(scene, canvas.width()) else {
        canvas.text(1, 0, "reading the packets again", Tone::Dim);
        return;
    };
    let parts = Parts::of(canvas.height(), picture.is_utp());
    let head = head::draw(&picture, parts.head, canvas);
    let mut row = head + graphs::draw(&picture, &parts, &mut canvas.below(head));
    let start = scene.store.tally().start;
    axis::draw(&picture.axis, start, &mut canvas.below(row));
    row += 1;
    if parts.has_legend {
        graphs::legend(&picture, &mut canvas.below(row));
    }
}
