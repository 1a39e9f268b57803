//! A screen without a terminal.

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{App, Settings};
use crate::pipeline::Pipeline;
use crate::view::{Look, picture};

impl App {
    /// When all of the capture is read.
    pub fn having_read(mut pipeline: Pipeline, name: &str, settings: impl Into<Settings>) -> App {
        let settings = settings.into();
        let mut app = App::new(pipeline.source().clone(), name, settings.look).with(settings);
        loop {
            let mut changes = Vec::new();
            let progress = pipeline.step(&mut changes);
            let is_done = progress.is_done;
            app.apply(changes, progress);
            if is_done {
                return app;
            }
        }
    }
}

/// Reads the whole capture, presses `keys` and gives the screen of `width` by `height` cells.
pub fn screenshot(
    pipeline: Pipeline,
    name: &str,
    settings: impl Into<Settings>,
    (width, height): (u16, u16),
    keys: &[&str],
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let mut app = App::having_read(pipeline, name, settings);
    app.settle();
    app.draw(area, &mut buffer);
    for key in keys {
        app.press(key, area);
        app.settle();
        buffer.reset();
        app.draw(area, &mut buffer);
    }
    if app.has_new_work() {
        app.settle();
        buffer.reset();
        app.draw(area, &mut buffer);
    }
    buffer
}

/// A screen as a file of this name holds it: as text where that ends in `.txt`, or else as SVG.
pub fn picture_for(file: &Path, screen: &Buffer, look: Look) -> String {
    let is_text = file.extension().is_some_and(|ending| ending == "txt");
    if is_text {
        picture::text(screen)
    } else {
        picture::svg(screen, look)
    }
}
