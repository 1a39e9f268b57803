//! One table of keys: it is what keys do, what the help says and what the hints show.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::view::KeyHelp;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfPageUp,
    HalfPageDown,
    First,
    Last,
    Open,
    Back,
    Left,
    NextPane,
    PreviousPane,
    Connections,
    Ladder,
    Account,
    NextConnection,
    PreviousConnection,
    Follow,
    Pause,
    Help,
    Redraw,
    Quit,
    QuitNow,
}

/// A row of the table.
struct Key {
    /// As the help writes them; the first is the hint's.
    names: &'static str,
    actions: &'static [(&'static str, Action)],
    about: &'static str,
    hint: &'static str,
}

const KEYS: [Key; 13] = [
    Key {
        names: "Enter l",
        actions: &[
            ("Enter", Action::Open),
            ("l", Action::Open),
            ("Right", Action::Open),
        ],
        about: "open: connection, then messages, then fields and bytes",
        hint: "open",
    },
    Key {
        names: "Esc h",
        actions: &[
            ("Esc", Action::Back),
            ("h", Action::Left),
            ("Left", Action::Left),
        ],
        about: "back; Esc also stops reading the capture",
        hint: "",
    },
    Key {
        names: "j k Down Up",
        actions: &[
            ("j", Action::Down),
            ("Down", Action::Down),
            ("k", Action::Up),
            ("Up", Action::Up),
        ],
        about: "next and previous row",
        hint: "",
    },
    Key {
        names: "PgDn PgUp",
        actions: &[
            ("PgDn", Action::PageDown),
            ("PgUp", Action::PageUp),
            ("Ctrl-F", Action::PageDown),
            ("Ctrl-B", Action::PageUp),
        ],
        about: "page down and up; Ctrl-F and Ctrl-B, too",
        hint: "",
    },
    Key {
        names: "Ctrl-D Ctrl-U",
        actions: &[
            ("Ctrl-D", Action::HalfPageDown),
            ("Ctrl-U", Action::HalfPageUp),
        ],
        about: "half a page down and up",
        hint: "",
    },
    Key {
        names: "g G Home End",
        actions: &[
            ("g", Action::First),
            ("Home", Action::First),
            ("G", Action::Last),
            ("End", Action::Last),
        ],
        about: "first and last row",
        hint: "first/last",
    },
    Key {
        names: "Tab Shift-Tab",
        actions: &[
            ("Tab", Action::NextPane),
            ("Shift-Tab", Action::PreviousPane),
        ],
        about: "next and previous pane",
        hint: "pane",
    },
    Key {
        names: "1 2 6",
        actions: &[
            ("1", Action::Connections),
            ("2", Action::Ladder),
            ("6", Action::Account),
        ],
        about: "connections; ladder, its messages; account of all bytes",
        hint: "",
    },
    Key {
        names: "J K",
        actions: &[
            ("J", Action::NextConnection),
            ("K", Action::PreviousConnection),
        ],
        about: "next and previous connection",
        hint: "connection",
    },
    Key {
        names: "F p",
        actions: &[("F", Action::Follow), ("p", Action::Pause)],
        about: "live: follow the newest message (G, too); hold the screen",
        hint: "",
    },
    Key {
        names: "? F1",
        actions: &[("?", Action::Help), ("F1", Action::Help)],
        about: "this help",
        hint: "",
    },
    Key {
        names: "Ctrl-L",
        actions: &[("Ctrl-L", Action::Redraw)],
        about: "draw the screen anew",
        hint: "",
    },
    Key {
        names: "q Ctrl-C",
        actions: &[("q", Action::Quit), ("Ctrl-C", Action::QuitNow)],
        about: "quit",
        hint: "",
    },
];

/// The rows of the help.
pub(super) fn help() -> Vec<KeyHelp> {
    KEYS.iter()
        .map(|key| KeyHelp {
            keys: key.names,
            about: key.about,
            hint: key.hint,
        })
        .collect()
}

/// What the key of this name does.
pub(super) fn action(name: &str) -> Option<Action> {
    KEYS.iter()
        .flat_map(|key| key.actions)
        .find(|(key, _)| *key == name)
        .map(|(_, action)| *action)
}

/// The name of a pressed key, as the table has it. Releases have none: some terminals report them, too.
pub(super) fn name(event: &KeyEvent) -> Option<String> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(char) if control => format!("Ctrl-{}", char.to_ascii_uppercase()),
        KeyCode::Char(char) => char.to_string(),
        KeyCode::BackTab => "Shift-Tab".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::F(number) => format!("F{number}"),
        code => format!("{code:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        let mut names: Vec<&str> = KEYS
            .iter()
            .flat_map(|key| key.actions)
            .map(|(name, _)| *name)
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn keys_are_named_as_the_table_has_them() {
        let named =
            |code, modifiers| name(&KeyEvent::new(code, modifiers)).and_then(|name| action(&name));
        assert_eq!(
            named(KeyCode::Char('j'), KeyModifiers::NONE),
            Some(Action::Down)
        );
        assert_eq!(
            named(KeyCode::Char('G'), KeyModifiers::SHIFT),
            Some(Action::Last)
        );
        assert_eq!(
            named(KeyCode::Char('d'), KeyModifiers::CONTROL),
            Some(Action::HalfPageDown)
        );
        assert_eq!(
            named(KeyCode::Enter, KeyModifiers::NONE),
            Some(Action::Open)
        );
        assert_eq!(
            named(KeyCode::BackTab, KeyModifiers::SHIFT),
            Some(Action::PreviousPane)
        );
        assert_eq!(named(KeyCode::Char('x'), KeyModifiers::NONE), None);
    }

    #[test]
    fn the_help_fits_80x24() {
        assert!(
            KEYS.len() + 1 + 6 + 2 <= 22,
            "the overlay leaves the first and the last row free"
        );
    }
}
