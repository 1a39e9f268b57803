//! Figures of both directions as of the selected message, and how the connection ended.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Tone, ladder};
use super::Picture;
use crate::export::{bytes, closing, duration};
use crate::store::{Scale, TransportFigures};
use crate::stream::Side;

/// Columns of the names of the figures.
const NAME: u16 = 12;
/// Rows that are no figures: title, directions, end.
const OTHERS: u16 = 3;
/// Above so many microseconds in queues, LEDBAT sends less (RFC 6817, BEP 29).
pub(super) const TARGET: u32 = 100_000;

/// A figure of both directions.
struct Row {
    name: &'static str,
    words: [String; 2],
    /// Where there is no room, the least important go first.
    rank: u8,
}

/// Draws it; gives the rows it took.
pub(super) fn draw(picture: &Picture<'_>, rows: u16, canvas: &mut Canvas<'_>) -> u16 {
    title(picture, canvas);
    directions(picture, canvas);
    let mut shown = figures(picture);
    while shown.len() > usize::from(rows.saturating_sub(OTHERS)) {
        let least = shown.iter().map(|row| row.rank).min();
        shown.retain(|row| Some(row.rank) != least);
    }
    for (at, row) in (2..).zip(&shown) {
        canvas.text(1, at, row.name, Tone::Dim);
        let tones = [Tone::A, Tone::B];
        for (direction, words) in row.words.iter().enumerate() {
            column(canvas, direction, at, words, tones[direction]);
        }
    }
    end(picture, rows - 1, canvas);
    rows
}

/// Writes into the column of a direction.
fn column(canvas: &mut Canvas<'_>, direction: usize, row: u16, words: &str, tone: Tone) {
    let half = canvas.width().saturating_sub(NAME + 2) / 2;
    let room = usize::from(half).saturating_sub(1);
    let x = NAME + 2 + half * direction as u16;
    canvas.text(x, row, &cut(words, room, canvas.look.glyphs), tone);
}

fn title(picture: &Picture<'_>, canvas: &mut Canvas<'_>) {
    let (scene, connection) = (picture.scene, picture.connection);
    let name = connection.transport.name();
    let x = canvas.text(
        1,
        0,
        &format!("#{} transport {name}  ", connection.id),
        Tone::Dim,
    );
    let text = match scene.ordinal().zip(scene.now()) {
        Some((ordinal, now)) => {
            let time = ladder::time_at(scene, now);
            format!("up to message {}, t={time}", ordinal + 1)
        }
        None => "all of it: nothing was said".to_owned(),
    };
    canvas.text(x, 0, &text, Tone::Strong);
    canvas.right(0, &hint(picture), Tone::Dim);
}

/// How far the reading is, and what was left out.
fn hint(picture: &Picture<'_>) -> String {
    let tracing = picture.tracing;
    if !tracing.has_caught_up() {
        let (read, all) = tracing.progress(picture.scene.store);
        return format!(" read {}% ", u64::from(read) * 100 / u64::from(all));
    }
    match tracing.course().sparseness() {
        Some(of) => format!(" about: 1 of {of} packets "),
        None => String::new(),
    }
}

fn directions(picture: &Picture<'_>, canvas: &mut Canvas<'_>) {
    for (direction, sender) in picture.senders().into_iter().enumerate() {
        let name = ["A>B", "B>A"][direction];
        let end = picture.connection.end(sender);
        let tone = [Tone::A, Tone::B][direction];
        column(canvas, direction, 1, &format!("{name} from {end}"), tone);
    }
}

fn figures(picture: &Picture<'_>) -> Vec<Row> {
    let all = picture.figures();
    let unknown = picture.scene.look.glyphs.unknown;
    let row = |name, rank, words: &dyn Fn(usize) -> Option<String>| Row {
        name,
        words: [0, 1].map(|at| words(at).unwrap_or_else(|| unknown.to_owned())),
        rank,
    };
    let mut rows = vec![
        row("sent", 9, &|at| Some(sent(&all[at]))),
        row("sizes", 1, &|at| Some(sizes(picture, at))),
        row("round trip", 8, &|at| round_trip(&all[at])),
        row("again", 7, &|at| Some(again(&all[at]))),
        row("in flight", 4, &|at| in_flight(&all[at])),
        row("window", 3, &|at| window(picture, &all, at)),
        row("selective", 2, &|at| Some(selective(&all, at))),
    ];
    if picture.is_utp() {
        rows.insert(3, row("queueing", 6, &|at| queueing(&all[at])));
    }
    rows
}

/// `123 packets, 1.2 MiB, 2 keep-alives`
fn sent(figures: &TransportFigures) -> String {
    let plural = if figures.packets == 1 { "" } else { "s" };
    let (packets, payload) = (figures.packets, bytes(figures.bytes));
    let sent = format!("{packets} packet{plural}, {payload}");
    match figures.keep_alives {
        0 => sent,
        1 => sent + ", 1 keep-alive",
        more => format!("{sent}, {more} keep-alives"),
    }
}

fn sizes(picture: &Picture<'_>, direction: usize) -> String {
    let sender = picture.senders()[direction];
    let sizes = picture.tracing.course().sizes(sender, picture.packets);
    let Some((middle, most)) = sizes else {
        return "no payload".to_owned();
    };
    format!("median {middle}, max {most}")
}

/// `41 ms, 39 ms to 90 ms`: smoothed, and from the shortest to the longest.
fn round_trip(figures: &TransportFigures) -> Option<String> {
    let trips = figures.round_trips;
    let smoothed = duration(trips.smoothed()? as i64);
    let [least, most] = [trips.least, trips.most].map(micros);
    Some(format!("{smoothed}, {least} to {most}"))
}

pub(super) fn micros(micros: u32) -> String {
    duration(i64::from(micros) * 1000)
}

fn queueing(figures: &TransportFigures) -> Option<String> {
    let [now, most] = [figures.queueing?, figures.most_queueing].map(micros);
    Some(format!("{now}, max {most}, target {}", micros(TARGET)))
}

/// `3, 4.2 KiB, 0.2%, 1 needless, 2 late`
fn again(figures: &TransportFigures) -> String {
    let mut words = "none".to_owned();
    if figures.again > 0 {
        let share = percent(figures.again, figures.packets);
        words = format!("{}, {}, {share}", figures.again, bytes(figures.again_bytes));
    }
    for (count, what) in [(figures.needless, "needless"), (figures.late, "late")] {
        if count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    words
}

fn in_flight(figures: &TransportFigures) -> Option<String> {
    let [now, most] = [figures.in_flight?, figures.most_in_flight].map(|it| bytes(it.into()));
    Some(format!("{now}, max {most}"))
}

/// What the receiver has room for, and how often that was nothing.
fn window(picture: &Picture<'_>, all: &[TransportFigures; 2], direction: usize) -> Option<String> {
    let figures = &all[direction];
    let mut words = offered(picture, figures, !picture.senders()[direction])?;
    if figures.zero_windows > 0 {
        words.push_str(&format!(", {} times zero", figures.zero_windows));
    }
    Some(words)
}

/// `64 KiB`, `~501, scale ~`
pub(super) fn offered(
    picture: &Picture<'_>,
    figures: &TransportFigures,
    by: Side,
) -> Option<String> {
    let window = figures.window?;
    Some(match picture.tracing.scale(by) {
        Scale::Bytes => bytes(window.into()),
        Scale::Unknown if window == 0 => bytes(0),
        Scale::Unknown => format!("~{window}, scale ~"),
    })
}

/// `3 of 120 acks, 1.2% of data`: what the other side acknowledged behind holes.
fn selective(all: &[TransportFigures; 2], direction: usize) -> String {
    let (figures, other) = (&all[direction], &all[1 - direction]);
    if figures.selective == 0 {
        return "none".to_owned();
    }
    let (acks, of) = (figures.selective, other.packets);
    let share = percent(figures.selected, figures.arrived());
    format!("{acks} of {of} acks, {share} of data")
}

fn percent(part: u64, all: u64) -> String {
    let share = part as f64 * 100.0 / all.max(1) as f64;
    match part {
        0 => "0%".to_owned(),
        _ if share < 0.1 => "<0.1%".to_owned(),
        _ => format!("{share:.1}%"),
    }
}

/// `closed by A, FIN, t=12.300: upload to upload (6)`; what is yet to come is dim.
fn end(picture: &Picture<'_>, row: u16, canvas: &mut Canvas<'_>) {
    let (scene, connection) = (picture.scene, picture.connection);
    let room = usize::from(canvas.width()).saturating_sub(2);
    let Some((how, by)) = closing(connection) else {
        canvas.text(1, row, "not closed in this capture", Tone::Dim);
        return;
    };
    let close = connection.segments().close;
    let is_ahead = close.is_some_and(|close| Some(close.number) > picture.until);
    let is_ahead = is_ahead && picture.until.is_some();
    let who = if by == picture.senders()[0] { "A" } else { "B" };
    let mut words = format!("closed by {who}, {how}");
    if let Some(close) = close {
        words.push_str(&format!(", t={}", ladder::time_at(scene, close.time)));
    }
    let reason = connection.activity.closed.and_then(|closed| closed.reason);
    if let Some(reason) = reason {
        words.push_str(&format!(": {reason}"));
    }
    let (words, tone) = if is_ahead {
        (format!("later {words}"), Tone::Dim)
    } else {
        (words, Tone::Strong)
    };
    canvas.text(1, row, &cut(&words, room, canvas.look.glyphs), tone);
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_small_share_is_not_none() {
        assert_eq!(percent(0, 10), "0%");
        assert_eq!(percent(1, 100_000), "<0.1%");
        assert_eq!(percent(1, 3), "33.3%");
    }
}
