//! What the program says of itself: keys, fields of the filter, manual page, completions.

use std::fmt::Write as _;
use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use peerscope::app::key_help;
use peerscope::store::filter::fields;
use peerscope::view::{KeyHelp, Pane};

use crate::args::Args;

/// Columns of the keys in the table of keys, and of names in that of fields.
const KEYS: usize = 16;
const NAMES: usize = 34;
const KINDS: usize = 10;

/// What is said of the filter beside its fields.
const LANGUAGE: &str = "\
A filter is a field, alone or compared, and any number of these joined:

  choke or unchoke                     a kind of message, alone
  index                                the field is there
  index == 5   bytes > 0x1000          ==  !=  <  <=  >  >=, or eq ne lt le gt ge
  index in {3, 17..32}                 one of these
  client contains \"torrent\"            text within a text
  type matches \"^have\"                 a regular expression
  src == 10.0.0.5   dst == 10.0.0.0/8  an address, an address and its port, a network
  not (choke or have) and time > 3.5   and or not, also && || !
";

/// The table of keys, by pane.
pub(crate) fn keys() -> String {
    let table = key_help();
    let of = |pane: Pane| table.iter().filter(move |key| key.panes.contains(&pane));
    let mut text = String::new();
    for pane in Pane::ALL {
        group(&mut text, &format!("{pane:?}"), of(pane));
    }
    let everywhere = table.iter().filter(|key| key.panes.is_empty());
    group(&mut text, "Everywhere", everywhere);
    text
}

fn group<'a>(text: &mut String, title: &str, keys: impl Iterator<Item = &'a KeyHelp>) {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return;
    }
    let blank = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{blank}{title}");
    for key in keys {
        let _ = writeln!(text, "  {:<KEYS$} {}", key.keys, key.about);
    }
}

/// The fields of the filter language, with what they are compared with.
pub(crate) fn filter() -> String {
    let mut text = format!("{LANGUAGE}\nFields\n");
    for field in fields() {
        let names = field.names.join(", ");
        let _ = writeln!(
            text,
            "  {names:<NAMES$} {:<KINDS$} {}",
            field.kind, field.about
        );
        for value in field.values.chunks(5) {
            let _ = writeln!(text, "  {:NAMES$} {:KINDS$}   {}", "", "", value.join(", "));
        }
    }
    text
}

/// Writes the completions of a shell.
pub(crate) fn completions(shell: Shell, out: &mut impl Write) {
    clap_complete::generate(shell, &mut command(), "peerscope", out);
}

/// Writes the manual page, in roff: the options, those of each command, the keys, the filter.
pub(crate) fn page(out: &mut impl Write) -> io::Result<()> {
    let mut command = command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    page.render_subcommands_section(out)?;
    for subcommand in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        let title = subcommand.get_name().to_uppercase();
        writeln!(out, ".SH \"THE COMMAND {title}\"")?;
        let page = clap_mangen::Man::new(subcommand.clone());
        page.render_description_section(out)?;
        page.render_options_section(out)?;
    }
    verbatim("KEYS", &keys(), out)?;
    verbatim("FILTERS", &filter(), out)?;
    page.render_extra_section(out)?;
    page.render_version_section(out)
}

/// A section of text that keeps its lines.
fn verbatim(title: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, ".SH {title}\n.nf")?;
    for line in text.lines() {
        // No line is a request, no backslash an escape, no hyphen another sign.
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        let line = line.replace('\'', "\\(aq");
        writeln!(out, "\\&{line}")?;
    }
    writeln!(out, ".fi")
}

fn command() -> Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_field_is_in_the_manual() {
        let mut written = Vec::new();
        page(&mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        let text = text.replace("\\-", "-").replace("\\(aq", "'");
        for key in key_help() {
            assert!(text.contains(key.about), "{}", key.about);
        }
        for field in fields() {
            assert!(text.contains(field.about), "{}", field.about);
        }
    }

    #[test]
    fn no_line_of_a_text_is_a_request_of_roff() {
        let mut written = Vec::new();
        verbatim("X", ".so /etc/passwd\n'a \\b", &mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert_eq!(
            text,
            ".SH X\n.nf\n\\&.so /etc/passwd\n\\&\\(aqa \\eb\n.fi\n"
        );
    }
}
