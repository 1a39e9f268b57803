//! What a terminal can show, by what it says of itself in the environment.
//!
//! It is not asked for its background (OSC 11): an answer that comes late, as over a slow line, would be read as keys.

use super::{Glyphs, Look, Palette};

/// Colours to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own; where it says that its paper is light, those for light paper.
    #[default]
    Auto,
    /// The terminal's own sixteen.
    Terminal,
    /// Bright, for dark paper.
    Dark,
    /// Dark, for light paper.
    Light,
    /// None.
    Monochrome,
}

/// How many colours there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// As many as the terminal has, and none where `NO_COLOR` is set.
    #[default]
    Auto,
    /// As many as the terminal has.
    Always,
    /// None.
    Never,
    /// Sixteen.
    Sixteen,
    /// 256.
    Indexed,
    /// All.
    True,
}

/// What the user wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Which colours.
    pub theme: Theme,
    /// How many.
    pub depth: Depth,
    /// ASCII alone, whatever the terminal has.
    pub is_ascii: bool,
}

impl Theme {
    /// All, by their names.
    pub const NAMES: [(&'static str, Theme); 5] = [
        ("auto", Theme::Auto),
        ("terminal", Theme::Terminal),
        ("dark", Theme::Dark),
        ("light", Theme::Light),
        ("monochrome", Theme::Monochrome),
    ];
}

impl Depth {
    /// All, by their names.
    pub const NAMES: [(&'static str, Depth); 6] = [
        ("auto", Depth::Auto),
        ("always", Depth::Always),
        ("never", Depth::Never),
        ("16", Depth::Sixteen),
        ("256", Depth::Indexed),
        ("truecolor", Depth::True),
    ];
}

impl Look {
    /// What a wish is on the terminal of these variables.
    pub fn of(wish: Wish, variable: impl Fn(&str) -> Option<String>) -> Look {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_plain = wish.is_ascii || !has_utf8(&variable) || is_console(&variable);
        Look {
            palette: palette(wish, &variable),
            glyphs: if is_plain {
                Glyphs::ASCII
            } else {
                Glyphs::UNICODE
            },
        }
    }
}

fn palette(wish: Wish, variable: &impl Fn(&str) -> Option<String>) -> &'static Palette {
    let depth = match wish.depth {
        // <https://no-color.org>: the variable counts when it is not empty; what was typed counts more.
        Depth::Auto if variable("NO_COLOR").is_some() => Depth::Never,
        Depth::Auto | Depth::Always => depth(variable),
        depth => depth,
    };
    let theme = match wish.theme {
        Theme::Auto if is_light(variable) => Theme::Light,
        Theme::Auto => Theme::Terminal,
        theme => theme,
    };
    match (theme, depth) {
        (Theme::Monochrome, _) | (_, Depth::Never) => Palette::MONOCHROME,
        (Theme::Light, Depth::True) => Palette::LIGHT,
        (Theme::Light, Depth::Indexed) => Palette::LIGHT_256,
        (Theme::Light, _) => Palette::LIGHT_16,
        (Theme::Dark, Depth::True) => Palette::DARK,
        (Theme::Dark, Depth::Indexed) => Palette::DARK_256,
        (Theme::Dark | Theme::Terminal | Theme::Auto, _) => Palette::TERMINAL,
    }
}

/// `COLORTERM` is inherited by what runs inside the terminal: GNU screen, and a tmux that calls itself screen, pass
/// such colours on wrongly. Apple's terminal draws them wrongly itself.
fn depth(variable: &impl Fn(&str) -> Option<String>) -> Depth {
    let name = variable("TERM").unwrap_or_default();
    let is_inside = name.starts_with("screen");
    let is_apple = variable("TERM_PROGRAM").is_some_and(|it| it == "Apple_Terminal");
    let says = variable("COLORTERM").is_some_and(|it| it == "truecolor" || it == "24bit");
    if name == "dumb" {
        Depth::Never
    } else if (says && !is_inside && !is_apple) || name.ends_with("-direct") {
        Depth::True
    } else if name.contains("256color") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}

/// `15;0`, `0;default;15`: the last is the paper. 7 and the bright ones but 8 are light.
fn is_light(variable: &impl Fn(&str) -> Option<String>) -> bool {
    let colors = variable("COLORFGBG").unwrap_or_default();
    let paper = colors.rsplit(';').next().and_then(|it| it.parse().ok());
    matches!(paper, Some(7u8 | 9..=15))
}

/// Where no locale is named, the terminal decides.
fn has_utf8(variable: &impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    locale.is_none_or(|locale| locale.to_uppercase().replace('-', "").contains("UTF8"))
}

/// The console of Linux, whose font lacks our lines.
fn is_console(variable: &impl Fn(&str) -> Option<String>) -> bool {
    variable("TERM").is_some_and(|terminal| terminal == "linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(theme: Theme, depth: Depth, environment: &str) -> Look {
        let wish = Wish {
            theme,
            depth,
            is_ascii: false,
        };
        let pairs: Vec<(&str, &str)> = environment
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='))
            .collect();
        Look::of(wish, |name| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    fn dark(environment: &str) -> &'static Palette {
        look(Theme::Dark, Depth::Auto, environment).palette
    }

    #[test]
    fn a_terminal_shows_as_many_colours_as_it_says() {
        assert_eq!(
            dark("TERM=xterm-256color COLORTERM=truecolor"),
            Palette::DARK
        );
        assert_eq!(dark("TERM=xterm-256color"), Palette::DARK_256);
        assert_eq!(dark("TERM=xterm"), Palette::TERMINAL);
        assert_eq!(dark("TERM=dumb"), Palette::MONOCHROME);
        assert_eq!(dark("TERM=xterm-direct"), Palette::DARK);
    }

    #[test]
    fn what_a_multiplexer_inherits_is_not_believed() {
        assert_eq!(
            dark("TERM=screen-256color COLORTERM=truecolor"),
            Palette::DARK_256
        );
        assert_eq!(dark("TERM=screen COLORTERM=24bit"), Palette::TERMINAL);
        assert_eq!(
            dark("TERM=tmux-256color COLORTERM=truecolor"),
            Palette::DARK
        );
        assert_eq!(
            dark("TERM=xterm-256color COLORTERM=truecolor TERM_PROGRAM=Apple_Terminal"),
            Palette::DARK_256
        );
    }

    #[test]
    fn light_paper_has_its_own_colours() {
        let auto = |environment| look(Theme::Auto, Depth::Auto, environment).palette;
        assert_eq!(auto("TERM=xterm COLORFGBG=0;default;15"), Palette::LIGHT_16);
        assert_eq!(
            auto("TERM=xterm-256color COLORFGBG=0;7"),
            Palette::LIGHT_256
        );
        assert_eq!(
            auto("TERM=xterm-256color COLORFGBG=15;0"),
            Palette::TERMINAL
        );
        assert_eq!(auto("TERM=xterm-256color COLORFGBG=7;8"), Palette::TERMINAL);
        assert_eq!(auto("TERM=xterm-256color"), Palette::TERMINAL);
    }

    #[test]
    fn what_is_typed_counts_more_than_the_environment() {
        let typed = |depth, environment| look(Theme::Dark, depth, environment).palette;
        assert_eq!(typed(Depth::Auto, "NO_COLOR=1"), Palette::MONOCHROME);
        assert_eq!(typed(Depth::Always, "NO_COLOR=1"), Palette::TERMINAL);
        assert_eq!(typed(Depth::True, "TERM=dumb"), Palette::DARK);
        assert_eq!(
            typed(Depth::Never, "COLORTERM=truecolor"),
            Palette::MONOCHROME
        );
        assert_eq!(
            look(Theme::Monochrome, Depth::True, "").palette,
            Palette::MONOCHROME
        );
    }

    #[test]
    fn lines_are_drawn_where_there_is_a_font_for_them() {
        let glyphs = |environment| look(Theme::Auto, Depth::Auto, environment).glyphs;
        assert_eq!(glyphs("LANG=C.UTF-8 TERM=xterm"), Glyphs::UNICODE);
        assert_eq!(glyphs("LANG=C TERM=xterm"), Glyphs::ASCII);
        assert_eq!(glyphs("LANG=C.UTF-8 TERM=linux"), Glyphs::ASCII);
    }
}
