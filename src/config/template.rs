//! A file to begin with: every option as it is without one.

use peerscope::app::KeyTable;

const OPTIONS: &str = "\
# Options of peerscope. What is typed on the command line counts more.

# Colours: auto, terminal (its own sixteen), dark, light, monochrome.
theme = \"auto\"

# How many: auto, always, never, 16, 256, truecolor. auto is none where NO_COLOR is set.
color = \"auto\"

# Draw with ASCII characters alone, also where the terminal has others.
ascii = false

# Clicks and the wheel. Text is then selected with Shift held.
mouse = true

# The first column of the ladder: since the start, the previous message, its partner, or absolute.
time = \"start\"

# Messages that repeat each other are one row.
fold = true

# Addresses that are on our side: they are A. As in [\"10.0.0.5\", \"192.168.0.0/16\"].
local = []

# Hide who the peers are, in everything that is shown and printed.
mask = false

# Other keys for an action; the list is all that it then has. j, Ctrl-D, F5, PgDn, or one after the other: z R
[keys]
";

/// Its text.
pub(crate) fn template() -> String {
    let bindings = KeyTable::bindings().into_iter();
    let lines = bindings.map(|(action, keys)| format!("# {action} = {keys:?}\n"));
    OPTIONS.to_owned() + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::super::{Config, parse};
    use super::*;
    use std::path::Path;

    fn read(text: &str) -> Config {
        parse(Path::new("template"), text).unwrap_or_else(|fault| panic!("{fault}"))
    }

    #[test]
    fn the_template_changes_nothing() {
        assert_eq!(
            format!("{:?}", read(&template())),
            format!("{:?}", Config::default())
        );
    }

    #[test]
    fn the_keys_of_the_template_may_be_given() {
        let (options, keys) = (OPTIONS, template()[OPTIONS.len()..].replace("# ", ""));
        assert!(keys.lines().count() > 20, "{keys}");
        read(&format!("{options}{keys}"));
    }
}
