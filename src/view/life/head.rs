//! Of both directions: how long it took until data came, and how long who wanted them was choked.

use super::super::canvas::Canvas;
use super::super::connections::heading;
use super::super::look::cut;
use super::super::{Scene, Tone, ladder};
use super::{choked_words, letter};
use crate::capture::Timestamp;
use crate::export::duration;
use crate::peer::{Flow, Talk};
use crate::store::{Choked, Connection, Step, choked_while_interested};
use crate::stream::Side;

/// Rows of it.
pub(super) const HEIGHT: u16 = 6;

pub(super) fn draw(scene: &Scene<'_>, connection: &Connection, canvas: &mut Canvas<'_>) {
    title(scene, connection, canvas);
    for (at, (side, tone)) in (0..).zip(scene.sides().into_iter().zip([Tone::A, Tone::B])) {
        let row = 1 + 2 * at;
        let [one, other] = [side, !side].map(|side| letter(scene, connection, side));
        let text = format!("{one} from {other}  {}", opening(scene, connection, side));
        line(canvas, row, &text, tone);
        let [so_far, in_all] = choked(scene, connection, side);
        let x = line(canvas, row + 1, &so_far, Tone::Plain);
        canvas.text(x, row + 1, &in_all, Tone::Dim);
    }
    let (text, tone) = longest(scene);
    line(canvas, 5, &text, tone);
}

fn line(canvas: &mut Canvas<'_>, row: u16, text: &str, tone: Tone) -> u16 {
    let room = usize::from(canvas.width()).saturating_sub(2);
    canvas.text(1, row, &cut(text, room, canvas.look.glyphs), tone)
}

fn title(scene: &Scene<'_>, connection: &Connection, canvas: &mut Canvas<'_>) {
    let (walked, all) = (scene.views.life.life.walked(), connection.entries().len());
    let x = canvas.text(1, 0, &format!("{} life  ", heading(connection)), Tone::Dim);
    let text = match scene.ordinal().zip(scene.now()) {
        Some((ordinal, now)) => {
            let time = ladder::time_at(scene, now);
            format!("up to message {}, t={time}", ordinal + 1)
        }
        None => "nothing was said".to_owned(),
    };
    canvas.text(x, 0, &text, Tone::Strong);
    let hint = if walked < all {
        format!(" looked at {}% ", walked * 100 / all.max(1))
    } else {
        format!(" {} comes later ", scene.look.glyphs.dotted)
    };
    canvas.right(0, &hint, Tone::Dim);
}

/// `interested, 41 ms, unchoked, 300 µs, request, 40 ms, piece`: what `side` gets.
fn opening(scene: &Scene<'_>, connection: &Connection, side: Side) -> String {
    let life = &scene.views.life.life;
    let steps = [
        ("interested", side, Step::Interested),
        ("unchoked", !side, Step::Unchoke),
        ("request", side, Step::Request),
        ("piece", !side, Step::Piece),
    ];
    let now = scene.ordinal().unwrap_or(0) as u32;
    let seen = steps.into_iter().filter_map(|(word, by, step)| {
        let entry = life.taken(by, step).entry().filter(|it| *it <= now)?;
        let id = connection.entries().get(entry as usize)?;
        Some((scene.store.entry(*id).time, entry, word))
    });
    let mut seen: Vec<(Timestamp, u32, &str)> = seen.collect();
    seen.sort_by_key(|(time, entry, _)| (*time, *entry));
    let mut words = String::new();
    for (at, (time, _, word)) in seen.iter().enumerate() {
        if let Some((before, ..)) = at.checked_sub(1).map(|before| seen[before]) {
            words.push_str(&format!(" +{} ", duration(time.since(before))));
        }
        words.push_str(word);
    }
    if words.is_empty() {
        "nothing that leads to data was seen so far".to_owned()
    } else {
        words
    }
}

/// So far, and what is known of the whole capture where that is more.
fn choked(scene: &Scene<'_>, connection: &Connection, side: Side) -> [String; 2] {
    let now = scene.ordinal().unwrap_or(0);
    let life = &scene.views.life.life;
    let so_far = life.choked(scene.store, connection, side, now);
    let all = choked_while_interested(connection, side);
    let words = match so_far {
        Some(so_far) => format!("  choked while interested {}", choked_words(so_far)),
        None => not_choked(scene, side).to_owned(),
    };
    let total = |it: Option<Choked>| it.map_or(0, |it| it.total);
    let more = match all {
        Some(all) if total(Some(all)) > total(so_far) => {
            format!("; in all {}", duration(all.total))
        }
        _ => String::new(),
    };
    [words, more]
}

fn not_choked(scene: &Scene<'_>, side: Side) -> &'static str {
    let is_known = |talk: &Talk| talk.flow_to(side) != Flow::Unknown;
    if scene.talk.is_none_or(is_known) {
        "  not choked while interested"
    } else {
        "  ~ unknown whether it was choked, or interested"
    }
}

/// The one of all connections.
fn longest(scene: &Scene<'_>) -> (String, Tone) {
    let Some((id, side, choked)) = scene.views.life.longest.found else {
        return ("nobody was choked while interested".to_owned(), Tone::Dim);
    };
    let connection = scene.store.connection(id);
    let name = letter(scene, connection, side);
    let end = connection.end(side);
    let (total, longest) = (duration(choked.total), duration(choked.longest));
    let text =
        format!("most choked in this capture: #{id} {name} {end}, {total}, longest {longest}");
    (text, Tone::Strong)
}
