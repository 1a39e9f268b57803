//! Rows of both directions over time.

use super::super::Tone;
use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::strip::graph::{Bar, draw_bars, most};
use super::super::strip::{LABEL, widths};
use super::Picture;
use super::head::{TARGET, micros, offered};
use super::parts::{Graph, Parts};
use crate::export::bytes;
use crate::store::{Span, TransportFigures};

/// What the rows of one direction are drawn from.
struct Direction<'a> {
    picture: &'a Picture<'a>,
    /// 0 where A sends.
    at: usize,
    /// What the packets of each cell come to; `None` where they were not read yet.
    cells: Vec<Option<Span>>,
    figures: TransportFigures,
}

/// Draws those of both directions; gives the rows they took.
pub(super) fn draw(picture: &Picture<'_>, parts: &Parts, canvas: &mut Canvas<'_>) -> u16 {
    let spans: Vec<_> = (0..picture.axis.cells)
        .map(|cell| picture.cell(cell))
        .collect();
    let figures = picture.figures();
    let mut row = 0;
    for (at, sender) in picture.senders().into_iter().enumerate() {
        let of_sender = spans.iter().map(|it| it.map(|both| both[sender.index()]));
        let direction = Direction {
            picture,
            at,
            cells: of_sender.collect(),
            figures: figures[at],
        };
        for graph in &parts.graphs {
            let tall = match graph {
                Graph::Again => 1,
                _ => parts.tall,
            };
            direction.draw(*graph, &mut canvas.part(row, tall));
            row += tall;
        }
    }
    row
}

impl Direction<'_> {
    fn tone(&self) -> Tone {
        [Tone::A, Tone::B][self.at]
    }

    fn draw(&self, graph: Graph, canvas: &mut Canvas<'_>) {
        let last = canvas.height().saturating_sub(1);
        canvas.text(0, last, ["A>B", "B>A"][self.at], self.tone());
        let words = match graph {
            Graph::Again => {
                self.draw_rare(canvas);
                self.rare()
            }
            _ => self.draw_graph(graph, canvas),
        };
        let (cells, right) = widths(canvas.width());
        let words = cut(&words, usize::from(right) - 1, canvas.look.glyphs);
        canvas.text(LABEL + cells + 1, last, &words, Tone::Dim);
    }

    /// Gives the words behind it.
    fn draw_graph(&self, graph: Graph, canvas: &mut Canvas<'_>) -> String {
        let cells = self.cells.iter();
        let bars: Vec<Bar> = cells.map(|cell| bar(graph, cell.as_ref())).collect();
        let most = most(&bars);
        // A full bar of queueing is no less than what is too much.
        let full = match graph {
            Graph::Queueing => most.max(TARGET.into()),
            _ => most,
        };
        let axis = &self.picture.axis;
        let tone = |cell, value| match graph {
            _ if axis.is_ahead(cell) => Tone::Dim,
            Graph::Queueing if value > u64::from(TARGET) => Tone::Warn,
            _ => self.tone(),
        };
        draw_bars(&bars, full, canvas.height(), tone, canvas);
        self.words(graph, most, canvas.width())
    }

    /// `trip 41 ms, max 90 ms`: now, and the highest in sight.
    fn words(&self, graph: Graph, most: u64, width: u16) -> String {
        let highest = match graph {
            Graph::RoundTrip | Graph::Queueing => micros(most as u32),
            _ => bytes(most),
        };
        let figures = &self.figures;
        let (name, now) = match graph {
            Graph::RoundTrip => {
                let trips = figures.round_trips;
                ("trip", (trips.count > 0).then(|| micros(trips.last)))
            }
            Graph::Queueing => ("queue", figures.queueing.map(micros)),
            Graph::InFlight => ("flight", figures.in_flight.map(|it| bytes(it.into()))),
            Graph::Window => {
                let by = !self.picture.senders()[self.at];
                let now = offered(self.picture, figures, by);
                return format!("window {}", now.as_deref().unwrap_or("~"));
            }
            Graph::Again => ("", None),
        };
        let now = format!("{name} {}", now.as_deref().unwrap_or("~"));
        let room = usize::from(widths(width).1) - 1;
        let all = [format!("{now}, max {highest}"), format!("{now}, {highest}")];
        let fits = |words: &String| most > 0 && words.chars().count() <= room;
        all.into_iter().find(fits).unwrap_or(now)
    }

    /// How often packets were sent again in each cell, else where the other side had no room, or a probe.
    fn draw_rare(&self, canvas: &mut Canvas<'_>) {
        for (cell, span) in (0..).zip(&self.cells) {
            let (glyph, tone) = match span {
                None => (canvas.look.glyphs.unknown.to_owned(), Tone::Dim),
                Some(span) => (rare(span), Tone::Warn),
            };
            let tone = if self.picture.axis.is_ahead(cell) {
                Tone::Dim
            } else {
                tone
            };
            canvas.text(LABEL + cell, 0, &glyph, tone);
        }
    }

    /// `again 3, 4.2 KiB`
    fn rare(&self) -> String {
        let figures = &self.figures;
        let mut words = match figures.again {
            0 => "again 0".to_owned(),
            again => format!("again {again}, {}", bytes(figures.again_bytes)),
        };
        if figures.zero_windows > 0 {
            words.push_str(&format!(", z {}", figures.zero_windows));
        }
        if figures.keep_alives > 0 {
            words.push_str(&format!(", k {}", figures.keep_alives));
        }
        words
    }
}

fn rare(span: &Span) -> String {
    match (span.again, span.zero_windows, span.keep_alives) {
        (again @ 1..=9, ..) => again.to_string(),
        (10.., ..) => "+".to_owned(),
        (0, 1.., _) => "z".to_owned(),
        (0, 0, 1..) => "k".to_owned(),
        (0, 0, 0) => " ".to_owned(),
    }
}

fn bar(graph: Graph, cell: Option<&Span>) -> Bar {
    let Some(span) = cell else {
        return Bar::Unknown;
    };
    let (value, without) = match graph {
        Graph::RoundTrip => (span.round_trip, Bar::Nothing),
        Graph::Queueing => (span.queueing, Bar::Nothing),
        Graph::InFlight => (span.in_flight, Bar::Unknown),
        Graph::Window => (span.window, Bar::Unknown),
        Graph::Again => (None, Bar::Nothing),
    };
    value.map_or(without, |value| Bar::Of(value.into()))
}

pub(super) fn legend(picture: &Picture<'_>, canvas: &mut Canvas<'_>) {
    let queue = if picture.is_utp() {
        "   queue: time above the least delay of two minutes"
    } else {
        ""
    };
    let lines = [
        format!("trip: from data to its acknowledgement where the capture was made{queue}"),
        "flight: sent and not acknowledged   window: what the receiver has room for".to_owned(),
        "again: sent once more, + ten or more   z no room   k keep-alive   dim: to come".to_owned(),
    ];
    let room = usize::from(canvas.width()).saturating_sub(2);
    for (row, line) in (1..).zip(lines) {
        let line = cut(&line, room, canvas.look.glyphs);
        canvas.text(1, row, &line, Tone::Dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_again_is_told_before_the_rest() {
        let span = |again, zero_windows, keep_alives| Span {
            again,
            zero_windows,
            keep_alives,
            ..Span::default()
        };
        let told = [(3, 1, 0), (12, 0, 0), (0, 1, 1), (0, 0, 1), (0, 0, 0)];
        let told = told.map(|(again, zero, alive)| rare(&span(again, zero, alive)));
        assert_eq!(told, ["3", "+", "z", "k", " "]);
    }
}
