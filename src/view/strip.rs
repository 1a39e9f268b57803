//! The state over time.

use super::canvas::Canvas;
use super::{Scene, flow};

/// What is chosen in it.
#[derive(Clone, Debug, Default)]
pub struct State {}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    flow::draw(scene, canvas);
}
