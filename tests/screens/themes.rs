//! Colours: each theme paints the same things, and all of them without words of its own.

use insta::assert_snapshot;
use peerscope::view::{Glyphs, Look, Palette};
use ratatui::style::Color;

use super::Screen;

const PALETTES: [(&str, &Palette); 6] = [
    ("light_16", Palette::LIGHT_16),
    ("dark_256", Palette::DARK_256),
    ("light_256", Palette::LIGHT_256),
    ("dark", Palette::DARK),
    ("light", Palette::LIGHT),
    ("monochrome", Palette::MONOCHROME),
];

fn screen(palette: &'static Palette) -> Screen {
    let look = Look {
        palette,
        glyphs: Glyphs::UNICODE,
    };
    Screen::of("choke_dance.pcap", look).after("Enter z R j*20")
}

#[test]
fn each_theme_paints_in_its_own_colours() {
    for (name, palette) in PALETTES {
        let screen = screen(palette);
        let mut colors: Vec<Color> = screen.buffer.content.iter().map(|cell| cell.fg).collect();
        colors.sort_by_key(|color| format!("{color:?}"));
        colors.dedup();
        // Letters in the order in which colours are met, so that a picture shows who has which.
        let letter = |color: Color| {
            let at = colors.iter().position(|it| *it == color).unwrap_or(0);
            match color {
                Color::Reset => ' ',
                _ => char::from(b'a' + at as u8),
            }
        };
        let legend: Vec<String> = colors
            .iter()
            .filter(|color| **color != Color::Reset)
            .map(|color| format!("{} {color:?}", letter(*color)))
            .collect();
        let picture = screen.picture(|cell| letter(cell.fg).to_string());
        assert_snapshot!(
            format!("theme_{name}"),
            format!("{}\n\n{picture}", legend.join("\n"))
        );
    }
}

#[test]
fn no_theme_says_anything_else() {
    let said = screen(Palette::TERMINAL).text();
    for (name, palette) in PALETTES {
        assert_eq!(screen(palette).text(), said, "{name}");
    }
}

#[test]
fn the_selection_is_reversed_in_every_theme() {
    let reversed = screen(Palette::TERMINAL).reversed();
    assert!(!reversed.is_empty());
    for (name, palette) in PALETTES {
        assert_eq!(screen(palette).reversed(), reversed, "{name}");
    }
}
