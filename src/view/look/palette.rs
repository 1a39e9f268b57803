//! Colours of the accents. Text and paper are always the terminal's own.

use ratatui::style::Color;

/// What the six accents are painted in. A tone names an accent; whatever it names, the palette has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    accents: Option<[Color; 6]>,
    /// Is it made for dark letters on light paper?
    is_light: bool,
}

/// In the order of [`Palette::accents`].
const NAMED: [Color; 6] = [
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
];

const fn rgb(color: u32) -> Color {
    Color::from_u32(color)
}

const fn indexed(numbers: [u8; 6]) -> [Color; 6] {
    let mut colors = [Color::Reset; 6];
    let mut at = 0;
    while at < 6 {
        colors[at] = Color::Indexed(numbers[at]);
        at += 1;
    }
    colors
}

const fn of(accents: Option<[Color; 6]>, is_light: bool) -> Palette {
    Palette { accents, is_light }
}

impl Palette {
    /// No colour: bold, dim and reverse alone.
    pub const MONOCHROME: &'static Palette = &of(None, false);
    /// The sixteen colours of the terminal, in which its own palette holds.
    pub const TERMINAL: &'static Palette = &of(Some(NAMED), false);
    /// The same for light paper, on which the usual yellow and cyan cannot be read.
    pub const LIGHT_16: &'static Palette = &of(
        Some([
            Color::Red,
            Color::Green,
            Color::Red,
            Color::Blue,
            Color::Magenta,
            Color::Blue,
        ]),
        true,
    );
    /// Of the 256, for dark paper.
    pub const DARK_256: &'static Palette = &of(Some(indexed([203, 114, 221, 75, 176, 80])), false);
    /// Of the 256, for light paper.
    pub const LIGHT_256: &'static Palette = &of(Some(indexed([124, 22, 94, 25, 90, 23])), true);
    /// Any colour, for dark paper.
    pub const DARK: &'static Palette = &of(
        Some([
            rgb(0x00ef_6b73),
            rgb(0x0098_c379),
            rgb(0x00e5_c07b),
            rgb(0x0061_afef),
            rgb(0x00d7_87d7),
            rgb(0x0056_c8d8),
        ]),
        false,
    );
    /// Any colour, for light paper.
    pub const LIGHT: &'static Palette = &of(
        Some([
            rgb(0x00b3_261e),
            rgb(0x001f_6b33),
            rgb(0x007a_5200),
            rgb(0x001f_5fa8),
            rgb(0x008a_3a9c),
            rgb(0x000b_6e7f),
        ]),
        true,
    );

    /// What an accent is painted in; `None` without colours.
    pub(super) fn paint(&self, accent: Color) -> Option<Color> {
        let at = NAMED.iter().position(|named| *named == accent);
        Some(at.map_or(accent, |at| self.accents.map_or(accent, |it| it[at])))
            .filter(|_| self.has_color())
    }

    /// Are there colours?
    pub fn has_color(&self) -> bool {
        self.accents.is_some()
    }

    /// Is it made for dark letters on light paper?
    pub fn is_light(&self) -> bool {
        self.is_light
    }
}

/// Red, green and blue of a colour, as xterm has it; `None` for those that are up to the terminal.
pub(in crate::view) fn parts(color: Color) -> Option<[u8; 3]> {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match color {
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(number @ 16..232) => {
            let cube = usize::from(number - 16);
            Some([cube / 36, cube / 6 % 6, cube % 6].map(|step| STEPS[step]))
        }
        Color::Indexed(number @ 232..) => Some([8 + 10 * (number - 232); 3]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2 has them.
    fn luminance(color: [u8; 3]) -> f64 {
        let linear = color.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        (one / other).max(other / one)
    }

    #[test]
    fn every_accent_can_be_read_on_its_paper() {
        let papers = [([255; 3], [0xee; 3]), ([0; 3], [0x28; 3])];
        for palette in [
            Palette::DARK,
            Palette::DARK_256,
            Palette::LIGHT,
            Palette::LIGHT_256,
        ] {
            let (paper, grey) = papers[usize::from(!palette.is_light())];
            for accent in NAMED {
                let ink = parts(palette.paint(accent).unwrap()).unwrap();
                let (on_paper, on_grey) = (contrast(ink, paper), contrast(ink, grey));
                assert!(
                    on_paper >= 5.0 && on_grey >= 4.5,
                    "{accent} {palette:?}: {on_paper} {on_grey}"
                );
            }
        }
    }

    #[test]
    fn the_sides_differ_in_every_palette() {
        for palette in [
            Palette::TERMINAL,
            Palette::LIGHT_16,
            Palette::DARK_256,
            Palette::LIGHT_256,
            Palette::DARK,
            Palette::LIGHT,
        ] {
            assert_ne!(palette.paint(Color::Cyan), palette.paint(Color::Magenta));
        }
    }

    #[test]
    fn on_light_paper_nothing_is_yellow() {
        let yellow = [Color::Yellow, Color::LightYellow, Color::White];
        for accent in NAMED {
            let paint = Palette::LIGHT_16.paint(accent).unwrap();
            assert!(!yellow.contains(&paint), "{accent}");
        }
    }

    #[test]
    fn without_colours_nothing_is_painted() {
        assert_eq!(Palette::MONOCHROME.paint(Color::Red), None);
        assert_eq!(Palette::MONOCHROME.paint(Color::DarkGray), None);
    }

    #[test]
    fn the_256_are_those_of_xterm() {
        assert_eq!(parts(Color::Indexed(80)), Some([95, 215, 215]));
        assert_eq!(parts(Color::Indexed(255)), Some([238; 3]));
        assert_eq!(parts(Color::Cyan), None);
    }
}
