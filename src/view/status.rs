//! The row that says where in the conversation we are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::{cut, put, put_right};
use super::{Scene, Tone, ladder};
use crate::capture::Timestamp;
use crate::export::duration;

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let place = place(scene);
    let x = put(
        scene,
        area,
        1,
        0,
        &place,
        scene.look.style(Tone::Plain),
        buf,
    );
    let room = usize::from(area.width.saturating_sub(x + 3));
    match &scene.progress.note {
        Some(note) => put_right(
            scene,
            area,
            0,
            &cut(&format!("! {note} "), room, &scene.look.glyphs),
            scene.look.style(Tone::Warn),
            buf,
        ),
        None => put_right(
            scene,
            area,
            0,
            &cut(&absolute(scene), room, &scene.look.glyphs),
            scene.look.style(Tone::Dim),
            buf,
        ),
    }
}

/// `7/812  t=9.954120  Δ9.87 s`
fn place(scene: &Scene<'_>) -> String {
    let (Some(connection), Some(entry)) = (scene.connection(), scene.entry()) else {
        return String::new();
    };
    let entries = connection.entries();
    let at = scene.ladder.selected;
    let since = at
        .checked_sub(1)
        .map(|before| entry.time.since(scene.store.entry(entries[before]).time));
    let delta = since.map_or_else(String::new, |nanos| {
        format!("  {}{}", scene.look.glyphs.delta, duration(nanos))
    });
    format!(
        "{}/{}  t={}{delta}",
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
