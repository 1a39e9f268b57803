//! The requests, one row each.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Pane, Tone, ladder};
use super::{State, View};
use crate::export::{describe, duration};
use crate::store::{Listing, Order, waited};

/// Columns of what was asked for, and of what became of it.
const WHAT: usize = 24;
const FATE: usize = 17;

pub(super) fn draw(view: &View<'_>, state: &State, canvas: &mut Canvas<'_>) {
    let Some(listing) = state.rows(view) else {
        let done = state
            .coming
            .as_ref()
            .map_or(0, |it| it.progress(view.study.ledger()));
        canvas.text(1, 0, &format!("sorting the requests: {done}%"), Tone::Dim);
        return;
    };
    header(view, state, listing, canvas);
    let mut rows = canvas.below(1);
    let height = usize::from(rows.height());
    for (row, at) in (0..).zip(state.cursor.window(height, listing.len())) {
        if let Some(number) = listing.get(at) {
            draw_row(view, number, at == state.cursor.selected, row, &mut rows);
        }
    }
    rows.scrollbar(state.cursor.offset, listing.len());
    if listing.is_empty() {
        rows.text(1, 0, "no such request", Tone::Dim);
    }
}

/// The columns; that of the requests says which they are: `12 of A open, by wait`.
fn header(view: &View<'_>, state: &State, listing: &Listing, canvas: &mut Canvas<'_>) {
    let order = match state.order {
        Order::Time => "time",
        Order::Wait => "wait",
        Order::Fate => "end",
    };
    let by = state
        .by
        .map_or_else(String::new, |by| format!(" of {}", view.name(by).0));
    let open = if state.is_open { " open" } else { "" };
    let which = format!("{}{by}{open}, by {order}", listing.len());
    let columns = format!(" {:>10} {:<4}", "time", "by");
    let x = canvas.text(0, 0, &columns, Tone::Dim);
    canvas.text(x, 0, &which, Tone::Strong);
    let columns = format!("{:<FATE$}{:>11}", "ended by", "waited");
    canvas.text(x + WHAT as u16 + 1, 0, &columns, Tone::Dim);
}

fn draw_row(view: &View<'_>, number: usize, is_selected: bool, row: u16, rows: &mut Canvas<'_>) {
    let (asked, store) = (view.asked(number), view.scene.store);
    let entry = store.entry(view.connection.entries()[asked.entry as usize]);
    let (name, tone) = view.name(asked.by);
    let glyphs = rows.look.glyphs;
    let what = describe(store, entry);
    let what = cut(what.trim_start_matches("request "), WHAT, glyphs);
    let waited = duration(waited(store, view.connection, asked, view.now));
    let end = asked
        .fate
        .entry()
        .map_or_else(String::new, |end| format!("  msg {}", end + 1));
    let text = format!(
        "{:>10} {name:<4}{what:<WHAT$} {:<FATE$}{waited:>11}{end}",
        ladder::time(view.scene, entry),
        view.fate(asked.fate),
    );
    let style = if is_selected {
        rows.look.cursor(view.scene.focus() == Pane::Requests)
    } else {
        rows.look.style(tone)
    };
    if is_selected {
        rows.text(0, row, glyphs.marker, Tone::Plain);
    }
    let width = usize::from(rows.width()).saturating_sub(2);
    let text = cut(&text, width, glyphs);
    rows.styled(1, row, &format!("{text:<width$}"), style);
}
