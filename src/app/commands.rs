//! One table of commands: what can be typed behind `:`, and what it means. The verbs are those of the command line.

use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use super::keys::Action;
use super::prompt::{fault, offered};
use crate::export::Sought;
use crate::findings::catalogue::RULES;
use crate::findings::{Code, Rule};
use crate::store::filter::{Filter, Net};
use crate::view::{Fault, Offer, Pane};

/// A name that is so far from a known one was not meant to be it.
const MAX_SLIPS: usize = 2;

/// What was typed, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// What a key does, too.
    Do(Action),
    /// Show what it lets pass; all, if it is empty.
    Filter(String),
    /// Go to the next one of these.
    Find(String),
    /// Go to the message of this number in its conversation, from 1.
    Entry(u64),
    /// Go to the first message that this frame completed, or one behind it.
    Frame(u64),
    /// Go to the first message so many seconds after the first frame.
    Time(f64),
    /// Go to a connection.
    Connection(u64),
    /// Go to the next message about a piece.
    Piece(u64),
    /// Write a picture of the screen.
    Screenshot(Target),
    /// Say what a rule means.
    Explain(Code),
    /// Write what is shown into a capture.
    Save(Target),
    /// These addresses are side A.
    Local(Net),
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) existing: Existing,
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, and nothing is written.
    Kept,
    /// `!`: it is written over.
    Replaced,
}

/// A row of the table.
struct Verb {
    name: &'static str,
    /// Another name.
    alias: Option<&'static str>,
    takes: Takes,
    about: &'static str,
}

/// What stands behind a verb, and what becomes of it.
enum Takes {
    Nothing(Action),
    /// An action, and another one behind `!`.
    Force(Action, Action),
    Filter,
    Sought,
    Number(&'static str, fn(u64) -> Command),
    Seconds,
    Address,
    Rule,
    /// A file whose name ends in one of these.
    File(&'static [&'static str], fn(Target) -> Command),
}

static VERBS: &[Verb] = &[
    verb(
        "filter",
        Takes::Filter,
        "show what it lets pass; alone: show all",
    ),
    verb(
        "find",
        Takes::Sought,
        "go to the next row with this text, or =filter",
    ),
    view("messages", Pane::Ladder, "what a connection says"),
    view("connections", Pane::Connections, "the list of connections"),
    view("torrents", Pane::Torrent, "a torrent over all its peers"),
    view("pieces", Pane::Pieces, "the pieces of both sides"),
    view(
        "requests",
        Pane::Requests,
        "what was asked for, and what became of it",
    ),
    view("life", Pane::Life, "the steps of a connection"),
    view(
        "transport",
        Pane::Transport,
        "delays, loss and windows of a connection",
    ),
    view("findings", Pane::Findings, "what is wrong, by rule"),
    verb(
        "explain",
        Takes::Rule,
        "say what a rule of the findings means",
    ),
    view(
        "summary",
        Pane::Account,
        "where every frame and every byte went",
    ),
    verb(
        "entry",
        Takes::Number("a message", Command::Entry),
        "go to this message; :17 does, too",
    ),
    verb(
        "frame",
        Takes::Number("a frame", Command::Frame),
        "go to what this frame completed",
    ),
    verb(
        "time",
        Takes::Seconds,
        "go to so many seconds after the first frame",
    ),
    verb(
        "connection",
        Takes::Number("a connection", Command::Connection),
        "go to the messages of this connection",
    ),
    verb(
        "piece",
        Takes::Number("a piece", Command::Piece),
        "go to this piece and the next message about it",
    ),
    verb(
        "screenshot",
        Takes::File(&["svg", "txt"], Command::Screenshot),
        "write a picture of the screen; screenshot! writes over",
    ),
    alias(
        "w",
        "save",
        Takes::File(&["pcapng"], Command::Save),
        "write what is shown into a new capture",
    ),
    verb(
        "local",
        Takes::Address,
        "these addresses are side A: 10.0.0.5, 10.0.0.0/8",
    ),
    verb("swap", Takes::Nothing(Action::SwapSides), "swap A and B"),
    verb("fold", Takes::Nothing(Action::FoldAll), "fold all runs"),
    verb(
        "unfold",
        Takes::Nothing(Action::UnfoldAll),
        "unfold all runs",
    ),
    verb(
        "kinds",
        Takes::Nothing(Action::Kinds),
        "choose the kinds that are shown",
    ),
    verb("mouse", Takes::Nothing(Action::Mouse), "mouse on, off"),
    verb(
        "follow",
        Takes::Nothing(Action::Follow),
        "live: follow the newest message, or no longer",
    ),
    verb(
        "pause",
        Takes::Nothing(Action::Pause),
        "live: hold the screen, or go on",
    ),
    verb(
        "redraw",
        Takes::Nothing(Action::Redraw),
        "draw the screen anew",
    ),
    alias(
        "keys",
        "help",
        Takes::Nothing(Action::Help),
        "what the keys do",
    ),
    alias(
        "q",
        "quit",
        Takes::Force(Action::Quit, Action::QuitNow),
        "quit; q! without a question",
    ),
];

const fn view(name: &'static str, pane: Pane, about: &'static str) -> Verb {
    verb(name, Takes::Nothing(Action::Go(pane)), about)
}

const fn verb(name: &'static str, takes: Takes, about: &'static str) -> Verb {
    Verb {
        name,
        alias: None,
        takes,
        about,
    }
}

const fn alias(alias: &'static str, name: &'static str, takes: Takes, about: &'static str) -> Verb {
    let alias = Some(alias);
    Verb {
        name,
        alias,
        takes,
        about,
    }
}

impl Verb {
    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name].into_iter().chain(self.alias)
    }
}

/// A line cut into its words.
struct Typed<'t> {
    verb: &'t str,
    existing: Existing,
    /// Where the verb stands.
    verb_at: Range<usize>,
    rest: &'t str,
    /// Where the rest begins.
    rest_at: usize,
}

impl<'t> Typed<'t> {
    fn new(text: &'t str) -> Typed<'t> {
        let start = text.len() - text.trim_start().len();
        let body = &text[start..];
        let end = start + body.find(char::is_whitespace).unwrap_or(body.len());
        let rest = text[end..].trim();
        let word = &text[start..end];
        let (verb, existing) = match word.strip_suffix('!') {
            Some(verb) => (verb, Existing::Replaced),
            None => (word, Existing::Kept),
        };
        Typed {
            verb,
            existing,
            verb_at: start..end,
            rest,
            rest_at: text.len() - text[end..].trim_start().len(),
        }
    }

    fn rest_range(&self) -> Range<usize> {
        self.rest_at..self.rest_at + self.rest.len()
    }

    /// The verb that was typed is wrong.
    fn not<T>(&self, words: String) -> Result<T, Fault> {
        let at = self.verb_at.clone();
        Err(Fault { at, words })
    }

    /// What stands behind the verb is wrong.
    fn wants<T>(&self, words: String) -> Result<T, Fault> {
        let at = self.rest_range();
        Err(Fault { at, words })
    }
}

/// Reads a command.
pub(super) fn parse(text: &str) -> Result<Command, Fault> {
    let typed = Typed::new(text);
    if let Ok(number) = typed.verb.parse() {
        return match typed.rest {
            "" => Ok(Command::Entry(number)),
            _ => typed.wants("nothing stands behind a number".to_owned()),
        };
    }
    match named(typed.verb) {
        Some(verb) => verb.takes.read(&typed),
        None => typed.not(unknown(typed.verb)),
    }
}

fn named(name: &str) -> Option<&'static Verb> {
    VERBS
        .iter()
        .find(|verb| verb.names().any(|known| known == name))
}

/// What a typed verb does.
pub(super) fn about(text: &str) -> Option<&'static str> {
    named(Typed::new(text).verb).map(|verb| verb.about)
}

fn names() -> impl Iterator<Item = &'static str> {
    VERBS.iter().flat_map(Verb::names)
}

fn unknown(name: &str) -> String {
    if name.is_empty() {
        return "a command is wanted here; Tab lists them".to_owned();
    }
    let near = names().map(|known| (strsim::damerau_levenshtein(known, name), known));
    let begun = names().find(|known| known.starts_with(name));
    let nearest = near.min().filter(|(slips, _)| *slips <= MAX_SLIPS);
    match begun.or(nearest.map(|(_, known)| known)) {
        Some(meant) => format!("no such command; is it {meant}?"),
        None => "no such command; Tab lists them".to_owned(),
    }
}

impl Takes {
    fn read(&self, typed: &Typed<'_>) -> Result<Command, Fault> {
        let takes_force = matches!(self, Takes::Force(..) | Takes::File(..));
        if typed.existing == Existing::Replaced && !takes_force {
            return typed.not("`!` means nothing here".to_owned());
        }
        match self {
            Takes::Nothing(_) | Takes::Force(..) if !typed.rest.is_empty() => {
                typed.wants("nothing stands behind this command".to_owned())
            }
            Takes::Nothing(action) => Ok(Command::Do(*action)),
            Takes::Force(asked, forced) => Ok(Command::Do(match typed.existing {
                Existing::Kept => *asked,
                Existing::Replaced => *forced,
            })),
            Takes::Filter => filter(typed),
            Takes::Sought => sought(typed),
            Takes::Number(of, command) => match typed.rest.parse() {
                Ok(number) => Ok(command(number)),
                Err(_) => typed.wants(format!("the number of {of} is wanted here")),
            },
            Takes::Seconds => seconds(typed),
            Takes::Address => match Net::parse(typed.rest) {
                Some(net) => Ok(Command::Local(net)),
                None => typed.wants("an address is wanted here, as in 10.0.0.5".to_owned()),
            },
            Takes::Rule => rule(typed),
            Takes::File(endings, command) => file(typed, endings).map(command),
        }
    }
}

fn filter(typed: &Typed<'_>) -> Result<Command, Fault> {
    match typed.rest {
        "" => Ok(Command::Filter(String::new())),
        text => match Filter::from_str(text) {
            Ok(_) => Ok(Command::Filter(text.to_owned())),
            Err(error) => Err(fault(error, typed.rest_at)),
        },
    }
}

fn sought(typed: &Typed<'_>) -> Result<Command, Fault> {
    match Sought::from_str(typed.rest) {
        _ if typed.rest.is_empty() => {
            typed.wants("a text is wanted here, or = and a filter".to_owned())
        }
        Ok(_) => Ok(Command::Find(typed.rest.to_owned())),
        Err(error) => Err(fault(error, typed.rest_at + 1)),
    }
}

fn seconds(typed: &Typed<'_>) -> Result<Command, Fault> {
    match typed.rest.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => Ok(Command::Time(seconds)),
        _ => typed.wants("seconds are wanted here, as in 9.95".to_owned()),
    }
}

fn rule(typed: &Typed<'_>) -> Result<Command, Fault> {
    match Code::of(typed.rest) {
        Some(code) => Ok(Command::Explain(code)),
        None => typed.wants("the name of a rule is wanted here; Tab lists them".to_owned()),
    }
}

fn file(typed: &Typed<'_>, endings: &[&str]) -> Result<Target, Fault> {
    let path = PathBuf::from(typed.rest);
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    if !endings.contains(&&*ending) {
        let known = endings.join(", .");
        return typed.wants(format!("a file name is wanted here that ends in .{known}"));
    }
    let existing = typed.existing;
    Ok(Target { path, existing })
}

/// What could stand behind `before`, and how many bytes of it do.
pub(super) fn complete(before: &str) -> (usize, Vec<Offer>) {
    let text = before.trim_start();
    let Some((verb, rest)) = text.split_once(' ') else {
        return (text.len(), verbs(text));
    };
    match named(verb).map(|verb| &verb.takes) {
        Some(Takes::Filter) => offered(rest),
        Some(Takes::Sought) => rest
            .trim_start()
            .strip_prefix('=')
            .map_or((0, Vec::new()), offered),
        Some(Takes::Rule) => rules(rest.trim_start()),
        _ => (0, Vec::new()),
    }
}

fn rules(typed: &str) -> (usize, Vec<Offer>) {
    let fitting = RULES.iter().filter(|rule| rule.name.starts_with(typed));
    let offer = |rule: &Rule| Offer {
        word: rule.name.to_owned(),
        about: rule.trigger.to_owned(),
    };
    (typed.len(), fitting.map(offer).collect())
}

fn verbs(typed: &str) -> Vec<Offer> {
    let offer = |verb: &Verb| Offer {
        word: verb.name.to_owned(),
        about: verb.about.to_owned(),
    };
    let fitting = VERBS.iter().filter(|verb| verb.name.starts_with(typed));
    fitting.map(offer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrong(text: &str) -> (Range<usize>, String) {
        let fault = parse(text).unwrap_err();
        (fault.at, fault.words)
    }

    #[test]
    fn a_number_alone_is_a_message() {
        assert_eq!(parse("17"), Ok(Command::Entry(17)));
        assert_eq!(parse(" entry  17 "), Ok(Command::Entry(17)));
    }

    #[test]
    fn a_filter_alone_is_taken_back() {
        assert_eq!(parse("filter"), Ok(Command::Filter(String::new())));
        assert_eq!(parse("filter choke"), Ok(Command::Filter("choke".into())));
    }

    #[test]
    fn quit_has_a_short_name_and_a_force() {
        assert_eq!(parse("q"), Ok(Command::Do(Action::Quit)));
        assert_eq!(parse("quit!"), Ok(Command::Do(Action::QuitNow)));
    }

    #[test]
    fn a_file_is_written_over_only_with_a_force() {
        let target = |existing| Target {
            path: PathBuf::from("a b.svg"),
            existing,
        };
        assert_eq!(
            parse("screenshot a b.svg"),
            Ok(Command::Screenshot(target(Existing::Kept)))
        );
        assert_eq!(
            parse("screenshot! a b.svg"),
            Ok(Command::Screenshot(target(Existing::Replaced)))
        );
    }

    #[test]
    fn what_is_wrong_is_named_at_its_place() {
        for (text, at, words) in [
            ("fliter choke", 0..6, "no such command; is it filter?"),
            ("conn", 0..4, "no such command; is it connections?"),
            ("blah", 0..4, "no such command; Tab lists them"),
            (" ", 1..1, "a command is wanted here; Tab lists them"),
            ("filter indx == 1", 7..11, "no such field; is it index?"),
            ("find =index ==", 14..14, "a value is wanted here"),
            ("find", 4..4, "a text is wanted here, or = and a filter"),
            ("piece x", 6..7, "the number of a piece is wanted here"),
            ("frame", 5..5, "the number of a frame is wanted here"),
            ("time nan", 5..8, "seconds are wanted here, as in 9.95"),
            ("local x", 6..7, "an address is wanted here, as in 10.0.0.5"),
            ("help me", 5..7, "nothing stands behind this command"),
            ("help!", 0..5, "`!` means nothing here"),
            ("17 x", 3..4, "nothing stands behind a number"),
            (
                "screenshot a.png",
                11..16,
                "a file name is wanted here that ends in .svg, .txt",
            ),
        ] {
            assert_eq!(wrong(text), (at, words.to_owned()), "{text}");
        }
    }

    #[test]
    fn verbs_and_their_filters_are_completed() {
        let words = |text| {
            let (replaces, offers) = complete(text);
            let words: Vec<String> = offers.into_iter().map(|offer| offer.word).collect();
            (replaces, words.join(" "))
        };
        assert_eq!(words("fi"), (2, "filter find findings".to_owned()));
        assert_eq!(words("filter type == unch"), (4, "unchoke".to_owned()));
        assert_eq!(words("find =type == unch"), (4, "unchoke".to_owned()));
        assert_eq!(words("find unch"), (0, String::new()));
    }

    #[test]
    fn no_name_has_two_meanings() {
        let mut all: Vec<&str> = names().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_fault_lies_within_it(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "filter", "find", "q", "!", "type", "==", "17", "=", "é", " ", "  ", "piece", "screenshot", ".svg", "(",
            ]), 0..7)
        ) {
            let text = words.concat();
            if let Err(fault) = parse(&text) {
                prop_assert!(fault.at.start <= fault.at.end && fault.at.end <= text.len());
                prop_assert!(text.is_char_boundary(fault.at.start) && text.is_char_boundary(fault.at.end));
            }
            complete(&text);
        }
    }
}
