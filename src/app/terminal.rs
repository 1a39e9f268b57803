//! The terminal: taken, given back whatever happens, and watched for its end.

use std::io::{self, Write};

use crossterm::cursor::Show;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::DefaultTerminal;
use ratatui::layout::Rect;

use super::App;

/// Clicks, drags and the wheel, with coordinates of any size. Not every motion (1003): that floods a slow line.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// What is pasted comes as one text, not as keys.
const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";

/// The terminal while the screen is open. Dropping it gives the terminal back.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    has_mouse: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, and a panic hook that gives both back.
    pub(super) fn open(has_mouse: bool) -> io::Result<Screen> {
        // Under NO_COLOR crossterm 0.29 turns each colour command into a full reset, which would take the reverse of
        // the selection with it. Our look leaves colours out itself; this keeps crossterm out of it.
        crossterm::style::force_color_output(true);
        let mut screen = Screen {
            terminal: ratatui::try_init()?,
            has_mouse,
        };
        screen.listen_to_mouse(has_mouse)?;
        write(PASTE_ON)?;
        let restore_and_report = std::panic::take_hook();
        let drawing = std::thread::current().id();
        std::panic::set_hook(Box::new(move |panic| {
            // Elsewhere a panic ends what that thread did; the screen goes on and says so.
            if std::thread::current().id() == drawing {
                let _ = write(MOUSE_OFF).and(write(PASTE_OFF));
                restore_and_report(panic);
            }
        }));
        Ok(screen)
    }

    /// Asks for clicks, or no longer.
    pub(super) fn listen_to_mouse(&mut self, is_on: bool) -> io::Result<()> {
        self.has_mouse = is_on;
        write(if is_on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Gives the terminal back for a while.
    pub(super) fn give_back() -> io::Result<()> {
        write(MOUSE_OFF).and(write(PASTE_OFF))?;
        execute!(io::stdout(), LeaveAlternateScreen, Show)?;
        disable_raw_mode()
    }

    /// Takes the terminal again, whoever had it and whatever became of it, and draws every cell.
    pub(super) fn take_again(&mut self, app: &mut App) -> io::Result<()> {
        // What is raw for crossterm may not be raw any more.
        disable_raw_mode()?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        self.listen_to_mouse(self.has_mouse)?;
        write(PASTE_ON)?;
        self.redraw(app)
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

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write(MOUSE_OFF).and(write(PASTE_OFF));
        let _ = ratatui::try_restore();
        let _ = io::stdout().flush();
    }
}
