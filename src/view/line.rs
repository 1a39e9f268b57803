//! The selected message in one line, or what is wrong with it.

use super::canvas::Canvas;
use super::look::cut;
use super::{Scene, Tone, findings};
use crate::store::{Connection, Entry};

/// Bytes of the message that are shown.
const BYTES: usize = 8;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let (Some(entry), Some(connection)) = (scene.entry(), scene.connection()) else {
        return;
    };
    if let Some(finding) = scene.findings_here().next() {
        let words = cut(
            &findings::sentence(finding),
            usize::from(canvas.width()).saturating_sub(2),
            scene.look.glyphs,
        );
        canvas.text(1, 0, &words, findings::tone(finding.severity));
        return;
    }
    let room = usize::from(canvas.width()).saturating_sub(BYTES * 3 + 3);
    let words = words(scene, connection, entry);
    canvas.text(1, 0, &cut(&words, room, scene.look.glyphs), Tone::Plain);
    canvas.text(room as u16 + 2, 0, &bytes(scene), Tone::Dim);
}

/// `request A>B  17 bytes  frames 104..106  seq 849405468`
fn words(scene: &Scene<'_>, connection: &Connection, entry: &Entry) -> String {
    let direction = if entry.side() == scene.sides_of(connection)[0] {
        "A>B"
    } else {
        "B>A"
    };
    let (first, last) = (entry.first_frame, entry.frame);
    let frames = if first == last {
        format!("frame {last}")
    } else {
        format!("frames {first}..{last}")
    };
    format!(
        "{} {direction}  {} bytes  {frames}  seq {}",
        entry.kind().name(),
        entry.wire_len(),
        entry.seq
    )
}

fn bytes(scene: &Scene<'_>) -> String {
    let Some(raw) = scene.raw else {
        return String::new();
    };
    let byte = |at| {
        raw.get(at)
            .map_or_else(|| "--".to_owned(), |byte| format!("{byte:02x}"))
    };
    (0..raw.bytes.len().min(BYTES))
        .map(byte)
        .collect::<Vec<_>>()
        .join(" ")
}
