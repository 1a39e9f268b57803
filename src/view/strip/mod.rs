//! Who may send to whom, over time: a letter for each span, requests in flight and bytes of blocks on the same axis.

mod columns;
mod window;

pub use columns::{Column, columns};
pub use window::{MIN_SPAN, Motion, State, TimeWindow};

use super::canvas::Canvas;
use super::{Scene, flow};

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    flow::draw(scene, canvas);
}
