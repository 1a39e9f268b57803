//! The table as the user changed it.

use super::{Action, KEYS, Key, Table};
use crate::view::Pane;

/// Keys with a name, beside those with a character, `Ctrl-` and a character, and F1 to F12.
const NAMED: [&str; 17] = [
    "Enter",
    "Esc",
    "Tab",
    "Shift-Tab",
    "Space",
    "Up",
    "Down",
    "Left",
    "Right",
    "Home",
    "End",
    "PgUp",
    "PgDn",
    "Backspace",
    "Delete",
    "Insert",
    "*",
];
/// The way out stays.
const FIXED: &str = "quit_now";

/// Why keys cannot be bound so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBinding {
    /// No action has this name.
    #[error("there is no action `{0}`{hint}", hint = did_you_mean(.0))]
    NoAction(String),
    /// It is no name of a key.
    #[error("`{0}` is no key; write j, Ctrl-D, F5, PgDn, or two of them: z R")]
    NoKey(String),
    /// Ctrl-C always quits.
    #[error("`{FIXED}` keeps its key")]
    Fixed,
    /// Two actions have the same key.
    #[error("`{key}` would be `{one}` and `{other}`")]
    Taken {
        /// The key.
        key: String,
        /// One of them.
        one: String,
        /// The other.
        other: String,
    },
}

/// `next_pane`, `go_pieces`: how the file of the user calls it.
pub(super) fn name(action: Action) -> String {
    let words = format!("{action:?}");
    let words = words.split('\'').next().unwrap_or_default();
    let mut name = String::new();
    for char in words
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || *char == '(')
    {
        match char {
            '(' => {}
            char if char.is_ascii_uppercase() && !name.is_empty() => {
                name.push('_');
                name.push(char.to_ascii_lowercase());
            }
            char => name.push(char.to_ascii_lowercase()),
        }
    }
    name
}

fn actions() -> impl Iterator<Item = (&'static str, Action)> {
    KEYS.iter().flat_map(|key| key.actions).copied()
}

fn did_you_mean(typed: &str) -> String {
    let names = actions().map(|(_, action)| name(action));
    let near = names.max_by(|a, b| {
        let nearness = |name: &str| strsim::jaro_winkler(name, typed);
        nearness(a).total_cmp(&nearness(b))
    });
    near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn is_key(typed: &str) -> bool {
    let is_one = |typed: &str| typed.chars().count() == 1 && !typed.contains(char::is_whitespace);
    let function = typed
        .strip_prefix('F')
        .and_then(|number| number.parse().ok());
    let control = typed.strip_prefix("Ctrl-");
    is_one(typed)
        || NAMED.contains(&typed)
        || matches!(function, Some(1..=12))
        || control.is_some_and(|char| is_one(char) && char.to_uppercase() == char)
}

fn is_binding(typed: &str) -> bool {
    let keys: Vec<&str> = typed.split(' ').collect();
    matches!(keys.len(), 1 | 2) && keys.iter().all(|key| is_key(key))
}

impl Table {
    /// Each action with the keys that it has wherever it is one, in the order of the help.
    pub fn bindings() -> Vec<(String, Vec<&'static str>)> {
        let mut bindings: Vec<(String, Vec<&'static str>)> = Vec::new();
        for row in KEYS {
            for (_, action) in row.actions {
                let of_row = row.actions.iter().filter(|(_, it)| it == action);
                let keys: Vec<&str> = of_row.map(|(key, _)| *key).collect();
                let name = name(*action);
                match bindings.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.retain(|key| keys.contains(key)),
                    None => bindings.push((name, keys)),
                }
            }
        }
        bindings.retain(|(name, _)| name != FIXED);
        bindings
    }

    /// The table with other keys for some actions, each named once. A fault tells which of them is wrong.
    pub fn rebound(changes: &[(String, Vec<String>)]) -> Result<Table, (usize, BadBinding)> {
        let mut rows = KEYS.to_vec();
        for (at, (name, keys)) in changes.iter().enumerate() {
            rebind(&mut rows, name, keys).map_err(|fault| (at, fault))?;
        }
        let table = Table { rows: rows.leak() };
        for (at, (name, keys)) in changes.iter().enumerate() {
            table.check(name, keys).map_err(|fault| (at, fault))?;
        }
        Ok(table)
    }

    /// Do these keys of an action mean nothing else, and begin nothing?
    fn check(&self, own: &str, keys: &[String]) -> Result<(), BadBinding> {
        for pane in Pane::ALL.map(Some).into_iter().chain([None]) {
            let rows = self.rows.iter().filter(|row| match pane {
                Some(pane) => row.panes.contains(&pane),
                None => row.panes.is_empty(),
            });
            let there: Vec<_> = rows.flat_map(|row| row.actions).collect();
            let is_here = there.iter().any(|(_, action)| name(*action) == own);
            let others = there.iter().filter(|(_, action)| name(*action) != own);
            for (taken, other) in others.filter(|_| is_here) {
                if let Some(key) = keys.iter().find(|key| overlap(key, taken)) {
                    let (key, one) = (key.clone(), own.to_owned());
                    let other = name(*other);
                    return Err(BadBinding::Taken { key, one, other });
                }
            }
        }
        Ok(())
    }
}

/// The same, or one begins the other.
fn overlap(one: &str, other: &str) -> bool {
    let begins = |short: &str, long: &str| {
        let rest = long.strip_prefix(short);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    begins(one, other) || begins(other, one)
}

/// What is made here lives as long as the program, as the table does that it stands for.
fn rebind(rows: &mut [Key], wanted: &str, keys: &[String]) -> Result<(), BadBinding> {
    if wanted == FIXED {
        return Err(BadBinding::Fixed);
    }
    if let Some(wrong) = keys.iter().find(|key| !is_binding(key)) {
        return Err(BadBinding::NoKey(wrong.clone()));
    }
    let mut is_known = false;
    for row in rows {
        let of_row = row
            .actions
            .iter()
            .find(|(_, action)| name(*action) == wanted);
        let Some((_, action)) = of_row else { continue };
        is_known = true;
        let kept = row.actions.iter().filter(|(_, it)| it != action).copied();
        let new = keys.iter().map(|key| (&*key.clone().leak(), *action));
        let actions: Vec<(&'static str, Action)> = new.chain(kept).collect();
        row.names = names(&actions).leak();
        row.actions = actions.leak();
    }
    is_known
        .then_some(())
        .ok_or_else(|| BadBinding::NoAction(wanted.to_owned()))
}

/// As the help has room for them.
fn names(actions: &[(&str, Action)]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (key, _) in actions {
        let first = key.split(' ').next().unwrap_or(key);
        if !names.contains(&first) {
            names.push(first);
        }
    }
    let mut text = names.join(" ");
    while text.chars().count() > 13 && names.pop().is_some() {
        text = names.join(" ");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Pressed;
    use super::*;

    fn rebound(action: &str, keys: &[&str]) -> Result<Table, (usize, BadBinding)> {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Table::rebound(&[(action.to_owned(), keys)])
    }

    #[test]
    fn actions_have_names() {
        assert_eq!(name(Action::NextPane), "next_pane");
        assert_eq!(name(Action::Go(Pane::Pieces)), "go_pieces");
        assert_eq!(name(Action::SetMark(' ')), "set_mark");
    }

    #[test]
    fn an_action_has_its_new_keys_and_not_its_old_ones() {
        let table = rebound("down", &["Ctrl-N", "ö"]).unwrap();
        assert_eq!(
            table.find("Ctrl-N", Pane::Hex),
            Pressed::Action(Action::Down)
        );
        assert_eq!(table.find("ö", Pane::Ladder), Pressed::Action(Action::Down));
        assert_eq!(table.find("j", Pane::Ladder), Pressed::Nothing);
        assert_eq!(table.find("k", Pane::Ladder), Pressed::Action(Action::Up));
    }

    #[test]
    fn a_sequence_can_be_bound() {
        let table = rebound("fold_all", &["Z M"]).unwrap();
        assert_eq!(table.find("Z", Pane::Ladder), Pressed::Prefix);
        assert_eq!(
            table.find("Z M", Pane::Ladder),
            Pressed::Action(Action::FoldAll)
        );
    }

    #[test]
    fn the_help_shows_the_new_keys() {
        let help = rebound("down", &["Ctrl-N"]).unwrap().help();
        assert!(help.iter().any(|row| row.keys.starts_with("Ctrl-N ")));
    }

    #[test]
    fn what_cannot_be_bound_is_said() {
        let fault = |action, keys: &[&str]| rebound(action, keys).unwrap_err().1.to_string();
        assert_eq!(
            fault("downn", &["x"]),
            "there is no action `downn`; did you mean `down`?"
        );
        assert_eq!(fault("down", &["k"]), "`k` would be `down` and `up`");
        assert!(fault("down", &["z"]).starts_with("`z` would be `down` and "));
        assert!(fault("down", &["Ctrl-n"]).starts_with("`Ctrl-n` is no key"));
        assert!(fault("down", &["ab c d"]).starts_with("`ab c d` is no key"));
        assert_eq!(fault("quit_now", &["x"]), "`quit_now` keeps its key");
    }

    #[test]
    fn binding_every_action_to_its_own_keys_changes_nothing() {
        let owned = |keys: Vec<&str>| keys.into_iter().map(str::to_owned).collect();
        let all = Table::bindings()
            .into_iter()
            .map(|(name, keys)| (name, owned(keys)));
        let table = Table::rebound(&all.collect::<Vec<_>>()).unwrap();
        for (action, keys) in Table::bindings() {
            for (key, pane) in keys
                .iter()
                .flat_map(|key| Pane::ALL.map(|pane| (*key, pane)))
            {
                let before = Table::default().find(key, pane);
                if matches!(before, Pressed::Action(it) if name(it) == action) {
                    assert_eq!(table.find(key, pane), before, "{key} {pane:?}");
                }
            }
        }
    }
}
