//! The row that says where in the conversation we are.

use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::look::cut;
use super::{Live, Pane, Scene, Tone, ladder};
use crate::capture::Timestamp;
use crate::export::duration;

/// Columns that the place has beside whatever else.
const PLACE: usize = 40;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let (text, tone) = right_half(scene);
    // A note is long; where no message is looked at, it has the row.
    let is_note_alone = tone == Tone::Warn && scene.focus() == Pane::Connections;
    let place = if is_note_alone || scene.focus() == Pane::Account {
        String::new()
    } else {
        place(scene)
    };
    let width = usize::from(canvas.width());
    let fits = place.width() + text.width() + 3 <= width;
    // A filter may be long: it gives way to what is wrong or was just said, and the time of day to it.
    let text = match tone {
        Tone::Dim if !fits && !scene.filter.is_empty() => String::new(),
        _ => text,
    };
    let room = width.saturating_sub(text.width() + 3).max(PLACE);
    let x = canvas.text(1, 0, &cut(&place, room, scene.look.glyphs), Tone::Plain);
    let room = usize::from(canvas.width().saturating_sub(x + 1));
    canvas.right(0, &cut(&text, room, scene.look.glyphs), tone);
}

/// What is wrong, or what is being captured, or when the selected message was.
fn right_half(scene: &Scene<'_>) -> (String, Tone) {
    let live = scene.live.as_ref();
    if live.is_some_and(|live| live.asks_to_quit) {
        return (
            "! the packets are not kept (-w FILE keeps them): q again to quit ".to_owned(),
            Tone::Warn,
        );
    }
    if let Some(notice) = scene.notice {
        return (format!("{notice} "), Tone::Strong);
    }
    if let Some(note) = &scene.progress.note {
        return (format!("! {note} "), Tone::Warn);
    }
    match live.map(|live| (live, live.control.fault())) {
        Some((_, Some(fault))) => (format!("! {fault} "), Tone::Warn),
        Some((live, None)) => captured(live),
        None if scene.progress.is_open_ended && is_waited_for(scene) => {
            (format!("reading {}: more may come ", scene.name), Tone::Dim)
        }
        None if let Some(percent) = scene.judging => (format!("judging {percent} % "), Tone::Dim),
        None if scene.focus() == Pane::Account => (String::new(), Tone::Dim),
        None => (absolute(scene), Tone::Dim),
    }
}

/// True where a capture that comes through a pipe is looked at as a whole.
fn is_waited_for(scene: &Scene<'_>) -> bool {
    !scene.progress.is_done && (scene.focus() == Pane::Connections || scene.entry().is_none())
}

fn captured(live: &Live<'_>) -> (String, Tone) {
    let (kernel, interface) = live.control.dropped();
    let tone = if kernel + interface > 0 {
        Tone::Warn
    } else {
        Tone::Dim
    };
    let (captured, rate) = (live.control.captured(), live.rate);
    (
        format!(
            "captured {captured}, {rate}/s  dropped {kernel} by kernel, {interface} by interface "
        ),
        tone,
    )
}

/// `7/812  t=9.954120  Δ9.87 s`
fn place(scene: &Scene<'_>) -> String {
    let (Some(connection), Some(entry), Some(at)) =
        (scene.connection(), scene.entry(), scene.ordinal())
    else {
        return String::new();
    };
    let entries = connection.entries();
    let since = at
        .checked_sub(1)
        .map(|before| entry.time.since(scene.store.entry(entries[before]).time));
    let delta = since.map_or_else(String::new, |nanos| {
        format!("  {}{}", scene.look.glyphs.delta, duration(nanos))
    });
    let filter = match scene.filter {
        "" => String::new(),
        filter => format!("  filter {filter}"),
    };
    format!(
        "{}/{}  t={}{delta}{filter}",
        at + 1,
        entries.len(),
        ladder::time(scene, entry)
    )
}

fn absolute(scene: &Scene<'_>) -> String {
    scene
        .entry()
        .and_then(|entry| utc(entry.time))
        .map_or_else(String::new, |time| format!("{time} "))
}

/// `2026-11-23 03:06:25.281585 UTC`
pub(super) fn utc(time: Timestamp) -> Option<String> {
    let time = jiff::Timestamp::from_nanosecond(i128::from(time.0)).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S.%6f UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_microseconds() {
        assert_eq!(
            utc(Timestamp::from_parts(1_795_403_585, 281_585_000)).as_deref(),
            Some("2026-11-23 03:13:05.281585 UTC")
        );
    }
}
