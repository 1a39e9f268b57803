//! The terminal's clipboard (OSC 52). Whether the terminal takes what it is sent, it does not say.

use std::io;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;

/// Bytes that terminals take, in base64; xterm no more than these.
const MAX_SENT: usize = 100_000;
/// So many become that many.
pub(super) const MAX: usize = MAX_SENT / 4 * 3;

/// As much of a text as can be sent.
pub(super) fn cut(text: &mut String) {
    let fits = (0..=MAX).rev().find(|at| text.is_char_boundary(*at));
    if text.len() > MAX {
        text.truncate(fits.unwrap_or(0));
    }
}

/// Sends a text to the clipboard.
pub(super) fn send(text: &str) -> io::Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::Command;

    #[test]
    fn no_more_is_sent_than_terminals_take() {
        let mut text = "ü".repeat(80_000);
        cut(&mut text);
        assert_eq!(text.len(), MAX);
        let mut sent = String::new();
        CopyToClipboard::to_clipboard_from(&text)
            .write_ansi(&mut sent)
            .unwrap();
        assert!(
            sent.len() <= MAX_SENT + "\x1b]52;c;\x1b\\".len(),
            "{}",
            sent.len()
        );
    }

    #[test]
    fn a_character_is_not_cut() {
        let mut text = format!("x{}", "ü".repeat(80_000));
        cut(&mut text);
        assert_eq!(text.len(), MAX - 1);
    }
}
