//! The user's file: what would otherwise be typed each time. What is typed counts more.

mod place;
mod template;

use std::ops::Range;
use std::path::{Path, PathBuf};

use peerscope::app::KeyTable;
use peerscope::store::Fold;
use peerscope::store::filter::Net;
use peerscope::view::{Depth, Theme, TimeColumn};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use place::read;
pub(crate) use template::template;

/// The options of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) theme: Theme,
    pub(crate) color: Depth,
    pub(crate) glyphs: Glyphs,
    pub(crate) mouse: Mouse,
    pub(crate) time: TimeColumn,
    pub(crate) fold: Fold,
    pub(crate) local: Vec<Net>,
    pub(crate) mask: Mask,
    pub(crate) keys: KeyTable,
}

/// What to draw with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// What the terminal has.
    #[default]
    All,
    /// ASCII alone.
    Ascii,
}

/// Is the terminal asked for clicks?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// It is.
    #[default]
    On,
    /// It selects text.
    Off,
}

/// Is it shown who the peers are?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mask {
    /// It is.
    #[default]
    Off,
    /// They have aliases.
    On,
}

/// Names of the columns of times.
pub(crate) const TIMES: [(&str, TimeColumn); 4] = [
    ("start", TimeColumn::SinceStart),
    ("previous", TimeColumn::SincePrevious),
    ("partner", TimeColumn::SincePartner),
    ("absolute", TimeColumn::Absolute),
];

const OPTIONS: [&str; 9] = [
    "theme", "color", "ascii", "mouse", "time", "fold", "local", "mask", "keys",
];

/// What is wrong with the file, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {what}", .file.display())]
pub(crate) struct BadConfig {
    file: PathBuf,
    line: usize,
    what: String,
}

/// What is wrong, and where in the text.
type Fault = (Range<usize>, String);

/// Reads a file's text.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Config, BadConfig> {
    let fault = |(at, what): Fault| BadConfig {
        file: file.to_owned(),
        line: 1 + text[..at.start.min(text.len())].matches('\n').count(),
        what,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or_default();
        fault((at, error.message().replace('\n', ", ")))
    })?;
    let mut config = Config::default();
    for (key, value) in table.get_ref() {
        option(&mut config, key, value).map_err(fault)?;
    }
    Ok(config)
}

fn option(
    config: &mut Config,
    key: &Spanned<impl AsRef<str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), Fault> {
    match key.get_ref().as_ref() {
        "theme" => config.theme = choice(value, &Theme::NAMES)?,
        "color" => config.color = choice(value, &Depth::NAMES)?,
        "ascii" => config.glyphs = either(value, Glyphs::All, Glyphs::Ascii)?,
        "mouse" => config.mouse = either(value, Mouse::Off, Mouse::On)?,
        "time" => config.time = choice(value, &TIMES)?,
        "fold" => config.fold = either(value, Fold::Nothing, Fold::Runs)?,
        "local" => config.local = texts(value)?.iter().map(net).collect::<Result<_, _>>()?,
        "mask" => config.mask = either(value, Mask::Off, Mask::On)?,
        "keys" => config.keys = keys(value)?,
        unknown => return Err((key.span(), no_option(unknown))),
    }
    Ok(())
}

fn no_option(typed: &str) -> String {
    let nearness = |name: &str| strsim::jaro_winkler(name, typed);
    let near = OPTIONS
        .into_iter()
        .max_by(|a, b| nearness(a).total_cmp(&nearness(b)));
    let near = near.unwrap_or_default();
    format!("there is no option `{typed}`; did you mean `{near}`?")
}

fn choice<T: Copy>(value: &Spanned<DeValue<'_>>, known: &[(&str, T)]) -> Result<T, Fault> {
    let (at, typed) = text(value)?;
    named(&typed, known).map_err(|what| (at, format!("`{typed}`: {what}")))
}

/// What has this name; the fault says which names there are.
pub(crate) fn named<T: Copy>(typed: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == typed);
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| format!("write one of: {}", names.join(", ")))
}

fn either<T>(value: &Spanned<DeValue<'_>>, no: T, yes: T) -> Result<T, Fault> {
    match value.get_ref() {
        DeValue::Boolean(true) => Ok(yes),
        DeValue::Boolean(false) => Ok(no),
        _ => Err((value.span(), "write true or false".to_owned())),
    }
}

fn text(value: &Spanned<DeValue<'_>>) -> Result<(Range<usize>, String), Fault> {
    match value.get_ref() {
        DeValue::String(text) => Ok((value.span(), text.clone().into_owned())),
        _ => Err((value.span(), "write a text in quotes".to_owned())),
    }
}

fn texts(value: &Spanned<DeValue<'_>>) -> Result<Vec<(Range<usize>, String)>, Fault> {
    match value.get_ref() {
        DeValue::Array(values) => values.iter().map(text).collect(),
        _ => Err((
            value.span(),
            "write a list of texts: [\"a\", \"b\"]".to_owned(),
        )),
    }
}

fn net((at, typed): &(Range<usize>, String)) -> Result<Net, Fault> {
    let advice = || format!("`{typed}` is no address, as 10.0.0.5 or 10.0.0.0/8 is");
    Net::parse(typed).ok_or_else(|| (at.clone(), advice()))
}

fn keys(value: &Spanned<DeValue<'_>>) -> Result<KeyTable, Fault> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err((value.span(), "write a table: [keys]".to_owned()));
    };
    let (mut changes, mut places) = (Vec::new(), Vec::new());
    for (action, keys) in table {
        let keys = texts(keys)?.into_iter().map(|(_, key)| key).collect();
        changes.push((action.get_ref().clone().into_owned(), keys));
        places.push(action.span());
    }
    KeyTable::rebound(&changes).map_err(|(at, fault)| (places[at].clone(), fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        parse(Path::new("c.toml"), text).map_err(|fault| fault.to_string())
    }

    #[test]
    fn every_option_can_be_set() {
        let config = read(
            "theme = \"light\"\ncolor = \"256\"\nascii = true\nmouse = false\ntime = \"previous\"\n\
             fold = false\nlocal = [\"10.0.0.0/8\", \"fd77::1\"]\nmask = true\n[keys]\ndown = [\"Ctrl-N\"]\n",
        )
        .unwrap();
        assert_eq!((config.theme, config.color), (Theme::Light, Depth::Indexed));
        assert_eq!((config.glyphs, config.mouse), (Glyphs::Ascii, Mouse::Off));
        assert_eq!(
            (config.time, config.fold),
            (TimeColumn::SincePrevious, Fold::Nothing)
        );
        assert_eq!((config.local.len(), config.mask), (2, Mask::On));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let fault = |text| read(text).unwrap_err();
        assert_eq!(
            fault("\nthme = \"dark\""),
            "c.toml:2: there is no option `thme`; did you mean `theme`?"
        );
        assert_eq!(
            fault("theme = \"drak\""),
            "c.toml:1: `drak`: write one of: auto, terminal, dark, light, monochrome"
        );
        assert_eq!(fault("mask = 1"), "c.toml:1: write true or false");
        assert_eq!(
            fault("local = [\"10.0.0\"]"),
            "c.toml:1: `10.0.0` is no address, as 10.0.0.5 or 10.0.0.0/8 is"
        );
        assert_eq!(
            fault("[keys]\n\nup = [\"x\"]\ndwn = [\"n\"]"),
            "c.toml:4: there is no action `dwn`; did you mean `down`?"
        );
        assert!(
            fault("theme = \n").starts_with("c.toml:1: "),
            "{}",
            fault("theme = \n")
        );
    }

    #[test]
    fn nothing_is_what_it_is_by_default() {
        assert_eq!(
            format!("{:?}", read("").unwrap()),
            format!("{:?}", Config::default())
        );
    }
}
