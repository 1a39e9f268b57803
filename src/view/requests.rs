//! The requests view.

use super::canvas::Canvas;
use super::{Scene, Tone};

/// What is chosen in it.
#[derive(Clone, Debug, Default)]
pub struct State {}

pub(super) fn draw(_: &Scene<'_>, canvas: &mut Canvas<'_>) {
    canvas.text(0, 0, " requests", Tone::Dim);
}
