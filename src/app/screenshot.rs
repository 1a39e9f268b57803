//! A screen without a terminal.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::App;
use crate::pipeline::Pipeline;
use crate::view::Look;

/// Reads the whole capture, presses `keys` and gives the screen of `width` by `height` cells.
pub fn screenshot(
    mut pipeline: Pipeline,
    name: &str,
    look: Look,
    (width, height): (u16, u16),
    keys: &[&str],
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let mut app = App::new(pipeline.source().clone(), name, look);
    loop {
        let mut changes = Vec::new();
        let progress = pipeline.step(&mut changes);
        let is_done = progress.is_done;
        app.apply(changes, progress);
        if is_done {
            break;
        }
    }
    app.settle();
    app.draw(area, &mut buffer);
    if app.has_new_work() {
        app.settle();
        buffer.reset();
        app.draw(area, &mut buffer);
    }
    for key in keys {
        app.press(key, area);
        app.settle();
        buffer.reset();
        app.draw(area, &mut buffer);
    }
    buffer
}
