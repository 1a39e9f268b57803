//! Text that strangers wrote, made safe for a terminal.

/// Longest text kept of any name a peer sends, in characters.
const MAX_CHARS: usize = 128;

/// Text without anything that a terminal would obey: control characters (C0, C1), bidi marks, line and
/// paragraph separators, zero-width and tag characters. Each, and each byte that is not UTF-8, becomes `·`.
pub fn plain(bytes: &[u8]) -> String {
    plain_within(bytes, MAX_CHARS)
}

/// As [`plain`], of so many characters at most.
pub fn plain_within(bytes: &[u8], max_chars: usize) -> String {
    let mut text = String::new();
    // Four bytes is the longest character: no more can be needed of a text of megabytes.
    let bytes = &bytes[..bytes.len().min(max_chars * 4)];
    for chunk in bytes.utf8_chunks() {
        text.extend(
            chunk
                .valid()
                .chars()
                .map(|char| if is_harmless(char) { char } else { '·' }),
        );
        text.extend(chunk.invalid().iter().map(|_| '·'));
    }
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => text[..end].to_owned() + "…",
        None => text,
    }
}

fn is_harmless(char: char) -> bool {
    !char.is_control()
        && !matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_passes() {
        assert_eq!(
            plain("µTorrent 3.5 — 测试".as_bytes()),
            "µTorrent 3.5 — 测试"
        );
    }

    #[test]
    fn no_escape_sequence_survives() {
        assert_eq!(plain(b"\x1b]0;owned\x07x"), "·]0;owned·x");
        assert_eq!(plain("\u{9b}31m".as_bytes()), "·31m");
        assert_eq!(plain(b"\xff\xfeok"), "··ok");
    }

    #[test]
    fn no_bidi_mark_survives() {
        assert_eq!(plain("a\u{202e}b\u{2066}c\u{200f}".as_bytes()), "a·b·c·");
    }

    #[test]
    fn text_of_any_length_is_bounded() {
        assert_eq!(
            plain(&vec![b'a'; 10_000_000]).chars().count(),
            MAX_CHARS + 1
        );
    }
}
