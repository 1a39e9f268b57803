//! Which pieces both sides have at the selected message.

mod bar;

pub(super) use bar::draw as draw_bars;

use super::canvas::Canvas;
use super::{Scene, Tone};

/// What is chosen in the map of pieces.
#[derive(Clone, Debug, Default)]
pub struct State {}

pub(super) fn draw(_: &Scene<'_>, canvas: &mut Canvas<'_>) {
    canvas.text(0, 0, " Pieces", Tone::Dim);
}
