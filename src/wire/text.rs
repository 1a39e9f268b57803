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
    // Four bytes is the longest character: no more can be needed of a text of megabytes. One more tells that it was cut.
    let bytes = &bytes[..bytes.len().min((max_chars + 1) * 4)];
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

/// Neither a control (Cc), nor a format character (Cf), nor a separator of lines (Zl, Zp), nor of private use
/// (Co), nor one that a terminal may ignore (`Default_Ignorable_Code_Point`). Accents are text and stay.
fn is_harmless(char: char) -> bool {
    !char.is_control()
        && !matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;
    use std::time::{Duration, Instant};

    use unicode_width::UnicodeWidthChar;

    use super::*;

    /// Unicode's own lists: `General_Category` and `Default_Ignorable_Code_Point`, side by side as they are published.
    const CONTROL: [RangeInclusive<u32>; 2] = [0..=0x1f, 0x7f..=0x9f];
    const FORMAT: [RangeInclusive<u32>; 21] = [
        0xad..=0xad,
        0x600..=0x605,
        0x61c..=0x61c,
        0x6dd..=0x6dd,
        0x70f..=0x70f,
        0x890..=0x891,
        0x8e2..=0x8e2,
        0x180e..=0x180e,
        0x200b..=0x200f,
        0x202a..=0x202e,
        0x2060..=0x2064,
        0x2066..=0x206f,
        0xfeff..=0xfeff,
        0xfff9..=0xfffb,
        0x110bd..=0x110bd,
        0x110cd..=0x110cd,
        0x13430..=0x1343f,
        0x1bca0..=0x1bca3,
        0x1d173..=0x1d17a,
        0xe0001..=0xe0001,
        0xe0020..=0xe007f,
    ];
    const LINE_AND_PARAGRAPH: [RangeInclusive<u32>; 1] = [0x2028..=0x2029];
    const PRIVATE_USE: [RangeInclusive<u32>; 3] =
        [0xe000..=0xf8ff, 0xf_0000..=0xf_fffd, 0x10_0000..=0x10_fffd];
    const DEFAULT_IGNORABLE: [RangeInclusive<u32>; 17] = [
        0xad..=0xad,
        0x34f..=0x34f,
        0x61c..=0x61c,
        0x115f..=0x1160,
        0x17b4..=0x17b5,
        0x180b..=0x180f,
        0x200b..=0x200f,
        0x202a..=0x202e,
        0x2060..=0x206f,
        0x3164..=0x3164,
        0xfe00..=0xfe0f,
        0xfeff..=0xfeff,
        0xffa0..=0xffa0,
        0xfff0..=0xfff8,
        0x1bca0..=0x1bca3,
        0x1d173..=0x1d17a,
        0xe0000..=0xe0fff,
    ];
    /// The last two of a plane are no characters; of the planes of private use they go with the rest.
    const NO_CHARACTERS: [RangeInclusive<u32>; 2] = [0xf_fffe..=0xf_ffff, 0x10_fffe..=0x10_ffff];

    fn is_listed(char: char) -> bool {
        let lists: [&[RangeInclusive<u32>]; 6] = [
            &CONTROL,
            &FORMAT,
            &LINE_AND_PARAGRAPH,
            &PRIVATE_USE,
            &DEFAULT_IGNORABLE,
            &NO_CHARACTERS,
        ];
        let holds = |range: &RangeInclusive<u32>| range.contains(&u32::from(char));
        lists.iter().any(|list| list.iter().any(holds))
    }

    #[test]
    fn each_byte_alone_is_itself_or_a_dot() {
        for byte in 0..=255u8 {
            let is_text = matches!(byte, b' '..=b'~');
            let shown = if is_text { char::from(byte) } else { '·' };
            assert_eq!(plain(&[byte]), shown.to_string(), "{byte:#x}");
        }
    }

    #[test]
    fn each_character_passes_unless_unicode_lists_it() {
        for char in '\0'..=char::MAX {
            let text = plain(char.encode_utf8(&mut [0; 4]).as_bytes());
            let shown = if is_listed(char) { '·' } else { char };
            assert!(text.chars().eq([shown]), "{:#x}", u32::from(char));
            assert!(shown.width().is_some(), "{:#x}", u32::from(char));
        }
    }

    #[test]
    fn ten_megabytes_take_no_time() {
        let texts = ["a", "\u{1f600}", "\u{202e}", "e\u{301}"]
            .map(|text| text.repeat(10_000_000 / text.len()));
        let start = Instant::now();
        for text in &texts {
            assert_eq!(plain(text.as_bytes()).chars().count(), MAX_CHARS + 1);
        }
        assert_eq!(
            plain(&vec![0xff; 10_000_000]).chars().count(),
            MAX_CHARS + 1
        );
        assert!(start.elapsed() < Duration::from_millis(500));
    }

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
