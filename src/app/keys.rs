//! One table of keys: it is what keys do, what the help says and what the hints show.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

mod rebinding;

pub use rebinding::BadBinding;

use super::prompt::Asked;
use crate::export::Copied;
use crate::view::{KeyHelp, Pane};

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
    Right,
    NextPane,
    PreviousPane,
    Go(Pane),
    NextConnection,
    PreviousConnection,
    Fold,
    FoldAll,
    UnfoldAll,
    Zoom,
    Wider,
    Narrower,
    ResetSizes,
    TimeColumn,
    Kinds,
    SwapSides,
    Tag,
    ClearTags,
    SetMark(char),
    GoToMark(char),
    Partner,
    NextFinding,
    PreviousFinding,
    Span,
    NextOrder,
    NextSide,
    OnlyOpen,
    NextMode,
    Verify,
    NextOfKind,
    PreviousOfKind,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Earlier,
    Later,
    /// Asks for a line.
    Ask(Asked),
    FindNext,
    FindPrevious,
    /// Prepares a filter from the selected field: what has its value, or what has not.
    FilterWith,
    FilterWithout,
    Save,
    NextTorrent,
    PreviousTorrent,
    OtherDirection,
    Group,
    OnlyBitTorrent,
    Follow,
    Pause,
    Mouse,
    Mask,
    Copy(Copied),
    Suspend,
    Help,
    Redraw,
    Quit,
    QuitNow,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
struct Key {
    /// As the help writes them; the first is the hint's.
    names: &'static str,
    actions: &'static [(&'static str, Action)],
    about: &'static str,
    /// One or two words; empty where it is not worth a place in the hints.
    hint: &'static str,
    /// The panes that it is for; none are all.
    panes: &'static [Pane],
}

const LADDER: &[Pane] = &[Pane::Ladder];
/// What is over time.
const TIME: &[Pane] = &[Pane::Strip, Pane::Transport];
const LIST: &[Pane] = &[Pane::Connections];
const REQUESTS: &[Pane] = &[Pane::Requests];
const PIECES: &[Pane] = &[Pane::Pieces];
const TORRENT: &[Pane] = &[Pane::Torrent];
const FINDINGS: &[Pane] = &[Pane::Findings];
const EVERYWHERE: &[Pane] = &[];

const KEYS: &[Key] = &[
    Key {
        names: "Space",
        actions: &[("Space", Action::Fold)],
        about: "fold, unfold the run",
        hint: "fold",
        panes: LADDER,
    },
    Key {
        names: "Space t",
        actions: &[("Space", Action::Tag), ("t", Action::Tag)],
        about: "tag; Enter then merges",
        hint: "tag",
        panes: LIST,
    },
    Key {
        names: "s S",
        actions: &[("s", Action::NextOrder), ("S", Action::OtherDirection)],
        about: "sort by; largest first",
        hint: "sort",
        panes: LIST,
    },
    Key {
        names: "o",
        actions: &[("o", Action::Group)],
        about: "by torrent, transport",
        hint: "group",
        panes: LIST,
    },
    Key {
        names: "b",
        actions: &[("b", Action::OnlyBitTorrent)],
        about: "hide other protocols",
        hint: "",
        panes: LIST,
    },
    Key {
        names: "t",
        actions: &[("t", Action::Tag)],
        about: "tag the connection",
        hint: "",
        panes: LADDER,
    },
    Key {
        names: "T",
        actions: &[("T", Action::ClearTags)],
        about: "clear all tags",
        hint: "",
        panes: &[Pane::Connections, Pane::Ladder],
    },
    Key {
        names: "w",
        actions: &[("w", Action::TimeColumn)],
        about: "other times",
        hint: "times",
        panes: LADDER,
    },
    Key {
        names: "c",
        actions: &[("c", Action::Kinds)],
        about: "choose the kinds shown",
        hint: "kinds",
        panes: LADDER,
    },
    Key {
        names: "%",
        actions: &[("%", Action::Partner)],
        about: "to its partner",
        hint: "partner",
        panes: LADDER,
    },
    Key {
        names: "%",
        actions: &[("%", Action::Partner)],
        about: "to what ended it",
        hint: "its end",
        panes: REQUESTS,
    },
    Key {
        names: "a",
        actions: &[("a", Action::Span)],
        about: "as of cursor, or all",
        hint: "all",
        panes: REQUESTS,
    },
    Key {
        names: "s",
        actions: &[("s", Action::NextOrder)],
        about: "sort: time, wait, end",
        hint: "sort",
        panes: REQUESTS,
    },
    Key {
        names: "b o",
        actions: &[("b", Action::NextSide), ("o", Action::OnlyOpen)],
        about: "only A, B; only open",
        hint: "by A, B",
        panes: REQUESTS,
    },
    Key {
        names: "[ ]",
        actions: &[("[", Action::PreviousOfKind), ("]", Action::NextOfKind)],
        about: "previous, next alike",
        hint: "",
        panes: LADDER,
    },
    Key {
        names: "h l",
        actions: &[
            ("h", Action::Left),
            ("l", Action::Right),
            ("Left", Action::Left),
            ("Right", Action::Right),
        ],
        about: "to a change of state",
        hint: "change",
        panes: TIME,
    },
    Key {
        names: "+ - 0",
        actions: &[
            ("+", Action::ZoomIn),
            ("-", Action::ZoomOut),
            ("0", Action::ZoomReset),
        ],
        about: "less, more, all time",
        hint: "time",
        panes: TIME,
    },
    Key {
        names: "H L",
        actions: &[("H", Action::Earlier), ("L", Action::Later)],
        about: "earlier, later",
        hint: "move",
        panes: TIME,
    },
    Key {
        names: "Space",
        actions: &[("Space", Action::Fold)],
        about: "fold, unfold the field",
        hint: "fold",
        panes: &[Pane::Tree],
    },
    Key {
        names: "h l",
        actions: &[("h", Action::Left), ("l", Action::Right)],
        about: "fold or out, unfold",
        hint: "",
        panes: &[Pane::Tree],
    },
    Key {
        names: "h l",
        actions: &[("h", Action::Left), ("l", Action::Right)],
        about: "other byte",
        hint: "",
        panes: &[Pane::Hex],
    },
    Key {
        names: "h j k l",
        actions: &[
            ("h", Action::Left),
            ("Left", Action::Left),
            ("l", Action::Right),
            ("Right", Action::Right),
        ],
        about: "to the piece beside",
        hint: "",
        panes: PIECES,
    },
    Key {
        names: "Enter",
        actions: &[("Enter", Action::Open)],
        about: "to its field",
        hint: "field",
        panes: &[Pane::Hex],
    },
    Key {
        names: "+ -",
        actions: &[("+", Action::FilterWith), ("-", Action::FilterWithout)],
        about: "filter by this value",
        hint: "filter",
        panes: &[Pane::Tree],
    },
    Key {
        names: "Enter",
        actions: &[("Enter", Action::Open)],
        about: "to its next message",
        hint: "next",
        panes: PIECES,
    },
    Key {
        names: "x",
        actions: &[("x", Action::NextMode)],
        about: "have, differ, peers",
        hint: "mode",
        panes: PIECES,
    },
    Key {
        names: "+ -",
        actions: &[("+", Action::ZoomIn), ("-", Action::ZoomOut)],
        about: "fewer, more in a cell",
        hint: "zoom",
        panes: PIECES,
    },
    Key {
        names: "v",
        actions: &[("v", Action::Verify)],
        about: "hash what has come",
        hint: "verify",
        panes: PIECES,
    },
    Key {
        names: "x",
        actions: &[("x", Action::NextMode)],
        about: "next part of the view",
        hint: "next part",
        panes: TORRENT,
    },
    Key {
        names: "a",
        actions: &[("a", Action::Span)],
        about: "up to the cursor, all",
        hint: "all",
        panes: TORRENT,
    },
    Key {
        names: "[ ]",
        actions: &[("[", Action::PreviousTorrent), ("]", Action::NextTorrent)],
        about: "other torrent",
        hint: "torrent",
        panes: TORRENT,
    },
    Key {
        names: "Space",
        actions: &[("Space", Action::Fold)],
        about: "fold, unfold the rule",
        hint: "fold",
        panes: FINDINGS,
    },
    Key {
        names: "x",
        actions: &[("x", Action::NextMode)],
        about: "errors, warnings, all",
        hint: "how bad",
        panes: FINDINGS,
    },
    Key {
        names: "a",
        actions: &[("a", Action::Span)],
        about: "of the connection, all",
        hint: "which",
        panes: FINDINGS,
    },
    Key {
        names: "Enter l Right",
        actions: &[
            ("Enter", Action::Open),
            ("l", Action::Right),
            ("Right", Action::Right),
        ],
        about: "open what is selected",
        hint: "open",
        panes: EVERYWHERE,
    },
    Key {
        names: "Esc h Left",
        actions: &[
            ("Esc", Action::Back),
            ("h", Action::Left),
            ("Left", Action::Left),
        ],
        about: "back; Esc stops work",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "j k Down Up",
        actions: &[
            ("j", Action::Down),
            ("Down", Action::Down),
            ("k", Action::Up),
            ("Up", Action::Up),
        ],
        about: "next, previous row",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "PgDn PgUp",
        actions: &[
            ("PgDn", Action::PageDown),
            ("PgUp", Action::PageUp),
            ("Ctrl-F", Action::PageDown),
            ("Ctrl-B", Action::PageUp),
        ],
        about: "page (Ctrl-F Ctrl-B)",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "Ctrl-D Ctrl-U",
        actions: &[
            ("Ctrl-D", Action::HalfPageDown),
            ("Ctrl-U", Action::HalfPageUp),
        ],
        about: "half a page",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "g G Home End",
        actions: &[
            ("g", Action::First),
            ("Home", Action::First),
            ("G", Action::Last),
            ("End", Action::Last),
        ],
        about: "first, last row",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "Tab Shift-Tab",
        actions: &[
            ("Tab", Action::NextPane),
            ("Shift-Tab", Action::PreviousPane),
        ],
        about: "next, previous pane",
        hint: "pane",
        panes: EVERYWHERE,
    },
    Key {
        names: "1-9",
        actions: &[
            ("1", Action::Go(Pane::Connections)),
            ("2", Action::Go(Pane::Ladder)),
            ("3", Action::Go(Pane::Pieces)),
            ("4", Action::Go(Pane::Torrent)),
            ("5", Action::Go(Pane::Findings)),
            ("6", Action::Go(Pane::Account)),
            ("7", Action::Go(Pane::Requests)),
            ("8", Action::Go(Pane::Life)),
            ("9", Action::Go(Pane::Transport)),
        ],
        about: "views, as above",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "J K",
        actions: &[
            ("J", Action::NextConnection),
            ("K", Action::PreviousConnection),
        ],
        about: "other connection",
        hint: "connection",
        panes: EVERYWHERE,
    },
    Key {
        names: "/ n N",
        actions: &[
            ("/", Action::Ask(Asked::Find)),
            ("n", Action::FindNext),
            ("N", Action::FindPrevious),
        ],
        about: "find; next, previous",
        hint: "find",
        panes: EVERYWHERE,
    },
    Key {
        names: "e E",
        actions: &[("e", Action::NextFinding), ("E", Action::PreviousFinding)],
        about: "next, previous finding",
        hint: "finding",
        panes: EVERYWHERE,
    },
    Key {
        names: "f &",
        actions: &[
            ("f", Action::Ask(Asked::Filter)),
            ("&", Action::Ask(Asked::Filter)),
        ],
        about: "filter what is shown",
        hint: "filter",
        panes: EVERYWHERE,
    },
    Key {
        names: ":",
        actions: &[(":", Action::Ask(Asked::Command))],
        about: "type a command",
        hint: "command",
        panes: EVERYWHERE,
    },
    Key {
        names: "i",
        actions: &[("i", Action::SwapSides)],
        about: "swap A and B",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "m a 'a ''",
        actions: &[
            ("m *", Action::SetMark(' ')),
            ("' *", Action::GoToMark(' ')),
        ],
        about: "mark a, go to it, back",
        hint: "and a letter",
        panes: EVERYWHERE,
    },
    Key {
        names: "z z \\",
        actions: &[("z z", Action::Zoom), ("\\", Action::Zoom)],
        about: "zoom the pane",
        hint: "zoom",
        panes: EVERYWHERE,
    },
    Key {
        names: "z R",
        actions: &[("z R", Action::UnfoldAll)],
        about: "unfold all",
        hint: "unfold all",
        panes: EVERYWHERE,
    },
    Key {
        names: "z M",
        actions: &[("z M", Action::FoldAll)],
        about: "fold all",
        hint: "fold all",
        panes: EVERYWHERE,
    },
    Key {
        names: "< > =",
        actions: &[
            ("<", Action::Narrower),
            (">", Action::Wider),
            ("=", Action::ResetSizes),
        ],
        about: "size of the pane",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "Ctrl-S",
        actions: &[("Ctrl-S", Action::Save)],
        about: "save what is shown",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "F p",
        actions: &[("F", Action::Follow), ("p", Action::Pause)],
        about: "live: follow, pause",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "F2",
        actions: &[("F2", Action::Mouse)],
        about: "mouse on, off",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "y P",
        actions: &[
            ("y v", Action::Copy(Copied::Value)),
            ("y h", Action::Copy(Copied::Hex)),
            ("y j", Action::Copy(Copied::Json)),
            ("y f", Action::Copy(Copied::Filter)),
            ("P", Action::Mask),
        ],
        about: "copy (v h j f); mask",
        hint: "value, hex, JSON, Wireshark filter",
        panes: EVERYWHERE,
    },
    Key {
        names: "? F1",
        actions: &[("?", Action::Help), ("F1", Action::Help)],
        about: "this help",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "Ctrl-L Ctrl-Z",
        actions: &[("Ctrl-L", Action::Redraw), ("Ctrl-Z", Action::Suspend)],
        about: "draw anew; suspend",
        hint: "",
        panes: EVERYWHERE,
    },
    Key {
        names: "q Ctrl-C",
        actions: &[("q", Action::Quit), ("Ctrl-C", Action::QuitNow)],
        about: "quit",
        hint: "",
        panes: EVERYWHERE,
    },
];

/// The rows of the help.
pub fn help() -> Vec<KeyHelp> {
    Table::default().help()
}

/// All keys and sequences of the table, each once: `j`, `z R`, `m *` for any letter behind `m`.
pub fn key_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = KEYS
        .iter()
        .flat_map(|key| key.actions)
        .map(|(name, _)| *name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the keys pressed so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// They mean this.
    Action(Action),
    /// They begin something: this is what may follow.
    Prefix,
    /// Nothing.
    Nothing,
}

/// The table as it is used: [`KEYS`], or what the user made of it.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    rows: &'static [Key],
}

impl Default for Table {
    fn default() -> Table {
        Table { rows: KEYS }
    }
}

impl Table {
    /// The rows of the help.
    pub(super) fn help(self) -> Vec<KeyHelp> {
        let rows = self.rows.iter();
        rows.map(|key| KeyHelp {
            keys: key.names,
            about: key.about,
            hint: key.hint,
            panes: key.panes,
            is_sequence: key.actions[0].0.contains(' '),
        })
        .collect()
    }

    /// What keys mean in a pane: `j`, or a sequence, `z R`. Keys of the pane come before those of all.
    pub(super) fn find(self, typed: &str, pane: Pane) -> Pressed {
        let rows = self.in_order(pane);
        let mut actions = rows.flat_map(|key| key.actions);
        if let Some((_, action)) = actions.clone().find(|(name, _)| *name == typed) {
            return Pressed::Action(*action);
        }
        if let Some((first, last)) = typed.split_once(' ')
            && let [letter] = last.chars().collect::<Vec<_>>()[..]
            && let Some((_, action)) = actions
                .clone()
                .find(|(name, _)| name.strip_suffix(" *") == Some(first))
        {
            return Pressed::Action(with_letter(*action, letter));
        }
        let begins = |name: &str| {
            name.strip_prefix(typed)
                .is_some_and(|rest| rest.starts_with(' '))
        };
        if actions.any(|(name, _)| begins(name)) {
            Pressed::Prefix
        } else {
            Pressed::Nothing
        }
    }

    /// What may follow: `z zoom  R unfold all  M fold all`.
    pub(super) fn continuations(self, typed: &str, pane: Pane) -> String {
        let mut words = Vec::new();
        for key in self.in_order(pane) {
            // Of several sequences in a row each has its own hint.
            let hints = key.hint.split(", ").chain(std::iter::repeat(key.hint));
            for ((name, _), hint) in key.actions.iter().zip(hints) {
                if let Some(next) = name
                    .strip_prefix(typed)
                    .and_then(|rest| rest.strip_prefix(' '))
                {
                    words.push(match next {
                        "*" => hint.to_owned(),
                        next => format!("{next} {hint}"),
                    });
                }
            }
        }
        format!("{typed}-  {}", words.join("  "))
    }

    fn in_order(self, pane: Pane) -> impl Iterator<Item = &'static Key> + Clone {
        let of_pane = self
            .rows
            .iter()
            .filter(move |key| key.panes.contains(&pane));
        of_pane.chain(self.rows.iter().filter(|key| key.panes.is_empty()))
    }
}

fn with_letter(action: Action, letter: char) -> Action {
    match action {
        Action::SetMark(_) => Action::SetMark(letter),
        Action::GoToMark(_) => Action::GoToMark(letter),
        action => action,
    }
}

/// The name of a pressed key, as the table has it. Releases have none: some terminals report them, too.
pub(super) fn name(event: &KeyEvent) -> Option<String> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(char) if control => format!("Ctrl-{}", char.to_ascii_uppercase()),
        KeyCode::Char(char) if event.modifiers.contains(KeyModifiers::ALT) => format!("Alt-{char}"),
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(char) => char.to_string(),
        KeyCode::BackTab => "Shift-Tab".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::F(number) => format!("F{number}"),
        code if control => format!("Ctrl-{code:?}"),
        code => format!("{code:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        for pane in Pane::ALL.map(Some).into_iter().chain([None]) {
            let rows = KEYS.iter().filter(|key| match pane {
                Some(pane) => key.panes.contains(&pane),
                None => key.panes.is_empty(),
            });
            let mut names: Vec<&str> = rows
                .flat_map(|key| key.actions)
                .map(|(name, _)| *name)
                .collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{pane:?}");
        }
    }

    #[test]
    fn what_begins_a_sequence_means_nothing_alone() {
        for (name, _) in KEYS.iter().flat_map(|key| key.actions) {
            if let Some((first, _)) = name.split_once(' ') {
                for pane in Pane::ALL {
                    assert_eq!(
                        Table::default().find(first, pane),
                        Pressed::Prefix,
                        "{first}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_key_of_a_pane_comes_before_one_of_all() {
        let of = |pane| Table::default().find("Space", pane);
        assert_eq!(of(Pane::Ladder), Pressed::Action(Action::Fold));
        assert_eq!(of(Pane::Connections), Pressed::Action(Action::Tag));
        assert_eq!(of(Pane::Hex), Pressed::Nothing);
    }

    #[test]
    fn two_columns_of_the_help_fit_80_columns() {
        for key in KEYS {
            assert!(key.names.len() <= 13, "{}", key.names);
            assert!(key.about.len() <= 22, "{}", key.about);
        }
    }

    #[test]
    fn sequences_are_found() {
        let of = |typed| Table::default().find(typed, Pane::Ladder);
        assert_eq!(of("z"), Pressed::Prefix);
        assert_eq!(of("z R"), Pressed::Action(Action::UnfoldAll));
        assert_eq!(of("m a"), Pressed::Action(Action::SetMark('a')));
        assert_eq!(of("' '"), Pressed::Action(Action::GoToMark('\'')));
        assert_eq!(of("m Down"), Pressed::Nothing);
    }

    #[test]
    fn what_may_follow_is_told() {
        let told = Table::default().continuations("z", Pane::Ladder);
        assert_eq!(told, "z-  z zoom  R unfold all  M fold all");
        let told = Table::default().continuations("y", Pane::Tree);
        assert_eq!(told, "y-  v value  h hex  j JSON  f Wireshark filter");
    }

    #[test]
    fn keys_are_named_as_the_table_has_them() {
        let named = |code, modifiers| name(&KeyEvent::new(code, modifiers)).unwrap();
        assert_eq!(named(KeyCode::Char('j'), KeyModifiers::NONE), "j");
        assert_eq!(named(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(named(KeyCode::Char('d'), KeyModifiers::CONTROL), "Ctrl-D");
        assert_eq!(named(KeyCode::Char(' '), KeyModifiers::NONE), "Space");
        assert_eq!(named(KeyCode::Char('b'), KeyModifiers::ALT), "Alt-b");
        assert_eq!(named(KeyCode::Left, KeyModifiers::CONTROL), "Ctrl-Left");
        assert_eq!(named(KeyCode::Enter, KeyModifiers::NONE), "Enter");
        assert_eq!(named(KeyCode::BackTab, KeyModifiers::SHIFT), "Shift-Tab");
    }
}
