//! The terminal: taken, given back whatever happens, and watched for its end.

use std::io::{self, Write};

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{execute, queue};
use ratatui::DefaultTerminal;
use ratatui::layout::Rect;

use super::App;

/// The terminal while the screen is open. Dropping it gives the terminal back.
pub(super) struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, and a panic hook that gives both back.
    pub(super) fn open() -> io::Result<Screen> {
        // Under NO_COLOR crossterm 0.29 turns each colour command into a full reset, which would take the reverse of
        // the selection with it. Our look leaves colours out itself; this keeps crossterm out of it.
        crossterm::style::force_color_output(true);
        let screen = Screen {
            terminal: ratatui::try_init()?,
        };
        let restore_and_report = std::panic::take_hook();
        let drawing = std::thread::current().id();
        std::panic::set_hook(Box::new(move |panic| {
            // Elsewhere a panic ends what that thread did; the screen goes on and says so.
            if std::thread::current().id() == drawing {
                restore_and_report(panic);
            }
        }));
        Ok(screen)
    }

    pub(super) fn size(&self) -> io::Result<Rect> {
        let size = self.terminal.size()?;
        Ok(Rect::new(0, 0, size.width, size.height))
    }

    /// Draws what has changed, as one update where the terminal knows such.
    pub(super) fn draw(&mut self, app: &mut App) -> io::Result<()> {
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        self.terminal
            .draw(|frame| app.draw(frame.area(), frame.buffer_mut()))?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// Draws every cell again. Not by `Terminal::clear`, which waits for an answer of the terminal that the
    /// input thread would get.
    pub(super) fn redraw(&mut self, app: &mut App) -> io::Result<()> {
        self.terminal.resize(self.size()?)?;
        self.draw(app)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = ratatui::try_restore();
        let _ = io::stdout().flush();
    }
}
