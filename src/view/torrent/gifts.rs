//! Who gave what to whom, and what of it was in vain.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Scene, Tone};
use super::{Section, name, percent, row};
use crate::export::bytes;
use crate::store::{Exchange, Gift};

const ADDRESS: usize = 15;

pub(super) fn draw(scene: &Scene<'_>, exchange: &Exchange, canvas: &mut Canvas<'_>) {
    canvas.text(1, 0, &title(), Tone::Dim);
    let total = exchange.total();
    let rows = &mut canvas.below(1);
    let height = usize::from(rows.height()).saturating_sub(1);
    let (gifts, peers) = (exchange.gifts(), exchange.roster().peers());
    let mut cursor = scene.views.torrent.gifts;
    cursor.show(height, gifts.len());
    let window = cursor.window(height, gifts.len());
    let shown = gifts.iter().skip(window.start).take(window.len());
    for (at, ((from, to), gift)) in (0..).zip(shown) {
        let names = [from, to].map(|peer| name(&peers[*peer as usize], ADDRESS, scene));
        let text = words(scene, &names, gift, total);
        let tone = if is_in_vain(gift) {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let at = (at, cursor.offset + usize::from(at) == cursor.selected);
        row(scene, Section::Exchange, at, &text, tone, rows);
    }
    let end = (height.min(gifts.len())) as u16;
    rows.part(0, height as u16)
        .scrollbar(cursor.offset, gifts.len());
    let words = cut(
        &sum(total),
        usize::from(rows.width()).saturating_sub(2),
        scene.look.glyphs,
    );
    rows.text(1, end, &words, Tone::Strong);
}

fn is_in_vain(gift: &Gift) -> bool {
    gift.again.blocks + gift.unasked.blocks > 0
}

fn title() -> String {
    format!(
        "{:<ADDRESS$}   {:<ADDRESS$} {:>9} {:>6} {:>4} {:>14} {:>7}",
        "from", "to", "bytes", "blocks", "part", "received again", "unasked"
    )
}

/// `10.77.0.2       → 10.77.0.4         448 KiB     28   33%     16 KiB   3%       0`
fn words(scene: &Scene<'_>, [from, to]: &[String; 2], gift: &Gift, total: Gift) -> String {
    let again = match gift.again.bytes {
        0 => String::new(),
        again => format!("{} {:>3}", bytes(again), percent(again, gift.all.bytes)),
    };
    let unasked = match gift.unasked.blocks {
        0 => String::new(),
        unasked => unasked.to_string(),
    };
    format!(
        "{from:<ADDRESS$} {} {to:<ADDRESS$} {:>9} {:>6} {:>4} {again:>14} {unasked:>7}",
        scene.look.glyphs.to,
        bytes(gift.all.bytes),
        gift.all.blocks,
        percent(gift.all.bytes, total.all.bytes),
    )
}

/// `all 4.3 MiB in 280 blocks; again 16 KiB (0%); 2 unasked, 1 after it was taken back`
fn sum(total: Gift) -> String {
    let mut text = format!(
        "all {} in {} blocks",
        bytes(total.all.bytes),
        total.all.blocks
    );
    let again = percent(total.again.bytes, total.all.bytes);
    match total.again.blocks {
        0 if total.unwatched.blocks == 0 => text += "; none received again",
        _ => text += &format!("; {} ({again}) received again", bytes(total.again.bytes)),
    }
    let others = [
        (total.unasked.blocks, "unasked"),
        (total.taken_back.blocks, "after it was taken back"),
        (total.unsure.blocks, "perhaps unasked: words are missing"),
        (total.unwatched.blocks, "not watched: there are too many"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        text += &format!("; {count} {what}");
    }
    text
}
