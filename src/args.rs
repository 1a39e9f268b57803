//! What was typed -> what is meant.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;
use peerscope::export::{DiagramFormat, FindingFormat};
use peerscope::findings::{Code, Severity};
use peerscope::packet::Checksums;
use peerscope::store::filter::{Filter, Net};
use peerscope::store::{EntryId, Fold, Privacy, Store};
use peerscope::view::{Depth, PointOfView, Theme, Wish};

use crate::config::{self, Config, Glyphs, Mask};

/// See what BitTorrent peers say to each other.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "On a terminal FILE is opened on the screen; otherwise its summary is printed.\n\
    Exit codes: 0, 1 errors found by `findings --check`, 2 usage, 3 cannot read or write, 4 not permitted."
)]
pub(crate) struct Args {
    /// What to do instead of opening the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The capture.
    #[command(flatten)]
    pub input: Input,
    /// List the interfaces of this machine.
    #[arg(short = 'D', long, conflicts_with_all = ["file", "read", "demo"])]
    pub list_interfaces: bool,
    /// Print a file of options, each as it is without one.
    #[arg(long, conflicts_with_all = ["file", "read", "demo"])]
    pub print_config: bool,
    /// Print the keys of the screen, by pane.
    #[arg(long, conflicts_with_all = ["file", "read", "demo"])]
    pub print_keys: bool,
    /// How the screen looks.
    #[command(flatten)]
    pub look: Look,
    /// What is not typed each time.
    #[command(flatten)]
    pub own: Own,
    /// A picture of it.
    #[command(flatten)]
    pub(crate) picture: Picture,
}

/// What the user may keep in a file, beside how the screen looks.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Own {
    /// An address of our side, or a network: it is A. Several are possible.
    #[arg(long, global = true, value_name = "ADDR", value_parser = net)]
    pub local: Vec<Net>,
    /// Read options from here and not from $XDG_CONFIG_HOME/peerscope/config.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

fn net(typed: &str) -> Result<Net, String> {
    Net::parse(typed)
        .ok_or_else(|| "write an address or a network: 10.0.0.5, 10.0.0.0/8".to_owned())
}

/// A picture of the screen, taken without a terminal.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Picture {
    /// Write a picture of the screen: FILE.svg, or FILE.txt.
    #[arg(long, value_name = "FILE", conflicts_with = "interface")]
    pub screenshot: Option<PathBuf>,
    /// Columns and rows of the picture.
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size, requires = "screenshot")]
    pub size: (u16, u16),
    /// Keys that are pressed before it is taken: "Enter PgDn j".
    #[arg(long, value_name = "KEYS", default_value = "", requires = "screenshot")]
    pub keys: String,
}

fn size(typed: &str) -> Result<(u16, u16), String> {
    let parsed = typed
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match parsed {
        Some((width @ 1..=500, height @ 1..=500)) => Ok((width, height)),
        _ => Err("write columns and rows, up to 500 each: 120x40".to_owned()),
    }
}

/// Without a screen.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a line for each message, in capture order.
    Messages(Filtered),
    /// Print each connection: who, how long, what was exchanged.
    Connections(Filtered),
    /// Print each torrent: its name, pieces and peers, as far as they are known.
    Torrents(Output),
    /// Print where every frame and every byte of the capture went.
    Summary(Output),
    /// Print what is wrong: broken rules, slow peers, suspicious names, and what the capture lacks.
    Findings(Judged),
    /// Draw the conversation of a connection: Mermaid, a Markdown table, or SVG.
    Diagram(Diagram),
    /// Write a part of the capture into a new one.
    ///
    /// Kept are connections: all that speak BitTorrent, or those that are named, or those on which the filter lets a
    /// message pass. Of such a connection all frames are kept as they are, so that the new capture opens with the whole
    /// state; with a filter, frames that hold nothing but the inside of a block which does not pass are left out.
    /// Frames that are of no kept connection are left out.
    Save(Save),
    /// Print the fields of the filter language, and how they are compared.
    Fields,
    /// Print completions for a shell.
    Completions {
        /// Which one.
        shell: Shell,
    },
    /// Print the manual page: `peerscope man | man -l -`.
    Man,
}

/// What is drawn, and how.
#[derive(Debug, ClapArgs)]
pub(crate) struct Diagram {
    /// The capture.
    #[command(flatten)]
    pub input: Input,
    /// Which connection, by its number; without it the first that speaks BitTorrent.
    #[arg(long, value_name = "N")]
    pub connection: Option<u32>,
    /// Only what this display filter lets pass.
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER")]
    pub only: Option<Filter>,
    /// A step for each message, also where they repeat each other.
    #[arg(long)]
    pub unfold: bool,
    /// mermaid, markdown or svg; without it as FILE ends, or else mermaid.
    #[arg(long, value_name = "FORMAT", value_parser = diagram_format)]
    pub format: Option<DiagramFormat>,
    /// Write it here and not to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

fn diagram_format(typed: &str) -> Result<DiagramFormat, String> {
    DiagramFormat::named(typed).ok_or_else(|| "write mermaid, markdown or svg".to_owned())
}

impl Diagram {
    /// What becomes of messages that repeat each other.
    pub(crate) fn fold(&self) -> Fold {
        if self.unfold {
            Fold::Nothing
        } else {
            Fold::Runs
        }
    }

    /// The format that was named, or that of the file.
    pub(crate) fn format(&self) -> DiagramFormat {
        let of_file = || DiagramFormat::named(self.output.as_ref()?.to_str()?);
        self.format
            .or_else(of_file)
            .unwrap_or(DiagramFormat::Mermaid)
    }
}

/// Where the frames come from.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Input {
    /// A capture: .pcap or .pcapng, also as .gz or .zst; `-` is standard input. Several are read as one, by time.
    #[arg(value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// The same, as tcpdump and tshark have it.
    #[arg(short, long, value_name = "FILE", conflicts_with = "file")]
    pub read: Vec<PathBuf>,
    /// Open the built-in capture.
    #[arg(long, conflicts_with_all = ["file", "read"])]
    pub demo: bool,
    /// Leave segments out whose checksum is wrong. Offload to the network card makes those of a sender look so.
    #[arg(long)]
    pub checksum: bool,
    /// A .torrent file, or a folder of them: names the torrents of the capture and counts their pieces.
    #[arg(long, value_name = "FILE")]
    pub torrent: Vec<PathBuf>,
    /// Read encrypted connections with the keys of this log, which may be written meanwhile; several are possible.
    #[arg(long, value_name = "FILE")]
    pub mse_keys: Vec<PathBuf>,
    /// Hide who the peers are: addresses, info hashes, peer ids and names of torrents become aliases.
    #[arg(long)]
    pub mask: bool,
    /// Sniff.
    #[command(flatten)]
    pub(crate) sniff: Sniff,
}

/// Sniffing, in the letters of tcpdump and dumpcap.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Sniff {
    /// Sniff an interface; several are possible, `any` is all.
    #[arg(short, long, value_name = "IFACE", conflicts_with_all = ["file", "read", "demo"])]
    pub interface: Vec<String>,
    /// Capture only what this filter lets pass (pcap-filter); of a file, follow only that.
    #[arg(short = 'f', long = "filter", value_name = "BPF")]
    pub filter: Option<String>,
    /// Keep the packets in a pcapng file.
    #[arg(short, long, value_name = "FILE", requires = "interface")]
    pub write: Option<PathBuf>,
    /// Stop after so many packets.
    #[arg(short, long, value_name = "N", requires = "interface")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Stop after a time: duration:SECONDS.
    #[arg(short, long, value_name = "WHEN", requires = "interface", value_parser = autostop)]
    pub autostop: Option<Duration>,
    /// Begin another file when one is full, numbered: filesize:KB, duration:SECONDS; keep the last files:N.
    #[arg(short = 'b', long, value_name = "WHEN", requires = "write", value_parser = bound)]
    pub(crate) ring_buffer: Vec<Bound>,
    /// Capture no more than so many bytes of a packet.
    #[arg(short, long, value_name = "BYTES", requires = "interface")]
    #[arg(value_parser = clap::value_parser!(u32).range(14..=262_144))]
    pub snaplen: Option<u32>,
    /// Do not put the interface into promiscuous mode.
    #[arg(short = 'p', long, requires = "interface")]
    pub no_promiscuous: bool,
}

/// A bound of the files that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Kilobytes of a file.
    FileSize(u64),
    /// Seconds of a file.
    Duration(Duration),
    /// Files that are kept.
    Files(usize),
}

fn bound(typed: &str) -> Result<Bound, String> {
    let advice = || "write filesize:KB, duration:SECONDS or files:N".to_owned();
    let (name, number) = typed.split_once(':').ok_or_else(advice)?;
    let number: u32 = number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(advice)?;
    match name {
        "filesize" => Ok(Bound::FileSize(u64::from(number))),
        "duration" => Ok(Bound::Duration(Duration::from_secs(u64::from(number)))),
        "files" => Ok(Bound::Files(number as usize)),
        _ => Err(advice()),
    }
}

fn autostop(typed: &str) -> Result<Duration, String> {
    let seconds = typed
        .strip_prefix("duration:")
        .and_then(|seconds| seconds.parse().ok());
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "write duration:SECONDS, as in duration:60".to_owned())
}

impl Sniff {
    /// The letter of an option that means nothing without an interface.
    pub(crate) fn idle_option(&self) -> Option<&'static str> {
        let typed = [
            ("-w", self.write.is_some()),
            ("-c", self.count.is_some()),
            ("-a", self.autostop.is_some()),
            ("-s", self.snaplen.is_some()),
            ("-p", self.no_promiscuous),
        ];
        let idle = typed.into_iter().find(|(_, is_typed)| *is_typed);
        idle.filter(|_| self.interface.is_empty())
            .map(|(letter, _)| letter)
    }
}

impl Args {
    /// What a command reads.
    fn input_mut(&mut self) -> &mut Input {
        match &mut self.command {
            Some(Command::Messages(it) | Command::Connections(it)) => &mut it.output.input,
            Some(Command::Torrents(it) | Command::Summary(it)) => &mut it.input,
            Some(Command::Findings(it)) => &mut it.input,
            Some(Command::Diagram(it)) => &mut it.input,
            Some(Command::Save(it)) => &mut it.input,
            Some(Command::Fields | Command::Completions { .. } | Command::Man) | None => {
                &mut self.input
            }
        }
    }

    /// Takes what the file says and nobody typed.
    pub(crate) fn complete(&mut self, config: &Config) {
        if self.own.local.is_empty() {
            self.own.local.clone_from(&config.local);
        }
        self.input_mut().mask |= config.mask == Mask::On;
    }

    /// Whose side is taken.
    pub(crate) fn point_of_view(&self) -> PointOfView {
        PointOfView {
            local: self.own.local.clone(),
            ..PointOfView::default()
        }
    }
}

impl Input {
    /// What is to become of segments whose checksum is wrong.
    pub(crate) fn checksums(&self) -> Checksums {
        if self.checksum {
            Checksums::Verified
        } else {
            Checksums::Ignored
        }
    }

    /// Who may see who it is.
    pub(crate) fn privacy(&self) -> Privacy {
        if self.mask {
            Privacy::Masked
        } else {
            Privacy::Open
        }
    }

    /// True when there is nothing to read.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.paths().is_empty() && !self.demo && self.sniff.interface.is_empty()
    }

    /// The files that were named, either way.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        if self.file.is_empty() {
            &self.read
        } else {
            &self.file
        }
    }
}

/// What a full disk or a closed terminal is about.
pub(crate) const CANNOT_PRINT: &str = "cannot write to standard output";

/// What a command reads and how it prints.
#[derive(Debug, ClapArgs)]
pub(crate) struct Output {
    /// The capture.
    #[command(flatten)]
    pub input: Input,
    /// Print JSON Lines: one object a line.
    #[arg(long)]
    pub json: bool,
}

/// The same, of what a filter lets pass.
#[derive(Debug, ClapArgs)]
pub(crate) struct Filtered {
    /// What is read, and how it is printed.
    #[command(flatten)]
    pub output: Output,
    /// Only what this display filter lets pass: type == piece and index in {17..32} and src == 10.0.0.5
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER")]
    pub only: Option<Filter>,
}

impl Filtered {
    /// Is this entry to be printed?
    pub(crate) fn shows(&self, store: &Store, id: EntryId) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|filter| filter.matches(store, id))
    }
}

/// How findings are printed, if not for reading.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Printed {
    /// Print JSON Lines: one object a line.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values below the names of their columns.
    #[arg(long)]
    pub csv: bool,
}

/// What is judged, and what is printed of it.
#[derive(Debug, ClapArgs)]
pub(crate) struct Judged {
    /// The capture.
    #[command(flatten)]
    pub input: Input,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// End with exit code 1 where there are errors.
    #[arg(long)]
    pub check: bool,
    /// Read the blocks again and hash the pieces of torrents that are known: finds false data. Not from a pipe.
    #[arg(long, conflicts_with = "interface")]
    pub verify: bool,
    /// The least that is printed: error, warning or note.
    #[arg(long, value_name = "SEVERITY", default_value = "note", value_parser = severity)]
    pub severity: Severity,
    /// Say what a rule means and where it comes from; `all` prints every rule.
    #[arg(long, value_name = "CODE", value_parser = explained, conflicts_with_all = ["file", "read", "demo"])]
    pub explain: Option<Explained>,
    /// Only findings at messages that this display filter lets pass.
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER")]
    pub only: Option<Filter>,
}

/// What is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Explained {
    /// One rule.
    Rule(Code),
    /// Every rule.
    All,
}

impl Judged {
    /// How it is printed.
    pub(crate) fn format(&self) -> FindingFormat {
        match (self.printed.json, self.printed.csv) {
            (true, _) => FindingFormat::Json,
            (false, true) => FindingFormat::Csv,
            (false, false) => FindingFormat::Text,
        }
    }
}

fn severity(typed: &str) -> Result<Severity, String> {
    let named = Severity::ALL.into_iter().find(|it| it.name() == typed);
    named.ok_or_else(|| "write error, warning or note".to_owned())
}

fn explained(typed: &str) -> Result<Explained, String> {
    let rule = || Code::of(typed).map(Explained::Rule);
    let named = (typed == "all").then_some(Explained::All).or_else(rule);
    named.ok_or_else(|| {
        let like: Vec<&str> = Code::like(typed).map(Code::name).collect();
        if like.is_empty() {
            "there is no such rule; `all` prints every rule".to_owned()
        } else {
            format!("there is no such rule; there are {}", like.join(", "))
        }
    })
}

/// What is kept, and where.
#[derive(Debug, ClapArgs)]
pub(crate) struct Save {
    /// The capture.
    #[command(flatten)]
    pub input: Input,
    /// The new capture, in pcapng; `-` is standard output.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Only connections with messages that this display filter lets pass, and no blocks beside those that pass.
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER")]
    pub only: Option<Filter>,
    /// Only this connection; several are possible.
    #[arg(long, value_name = "N")]
    pub connection: Vec<u32>,
    /// Replace OUT, should it be there.
    #[arg(long)]
    pub force: bool,
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Look {
    /// Colours to choose from: auto, terminal, dark, light, monochrome.
    #[arg(long, global = true, value_name = "NAME", value_parser = theme)]
    pub theme: Option<Theme>,
    /// How many colours: auto, always, never, 16, 256, truecolor.
    #[arg(long, global = true, value_name = "WHEN", value_parser = depth)]
    pub color: Option<Depth>,
    /// No colours; NO_COLOR does the same.
    #[arg(long, global = true, conflicts_with = "color")]
    pub no_color: bool,
    /// Draw with ASCII characters alone.
    #[arg(long, global = true)]
    pub ascii: bool,
}

fn theme(typed: &str) -> Result<Theme, String> {
    config::named(typed, &Theme::NAMES)
}

fn depth(typed: &str) -> Result<Depth, String> {
    config::named(typed, &Depth::NAMES)
}

impl Look {
    /// What the user wants to see.
    pub(crate) fn wish(self, config: &Config) -> Wish {
        let never = self.no_color.then_some(Depth::Never);
        Wish {
            theme: self.theme.unwrap_or(config.theme),
            depth: never.or(self.color).unwrap_or(config.color),
            is_ascii: self.ascii || config.glyphs == Glyphs::Ascii,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }

    #[test]
    fn bounds_are_written_as_dumpcap_has_them() {
        assert_eq!(bound("filesize:1000"), Ok(Bound::FileSize(1000)));
        assert_eq!(bound("files:3"), Ok(Bound::Files(3)));
        assert!(bound("files:0").is_err() && bound("packets:3").is_err() && bound("3").is_err());
    }

    #[test]
    fn a_duration_is_written_as_dumpcap_has_it() {
        assert_eq!(autostop("duration:1.5"), Ok(Duration::from_millis(1500)));
        assert!(autostop("60").is_err() && autostop("duration:-1").is_err());
    }

    #[test]
    fn a_size_is_columns_and_rows() {
        assert_eq!(size("80x24"), Ok((80, 24)));
        assert!(size("80").is_err() && size("0x24").is_err() && size("80x9999").is_err());
    }

    #[test]
    fn files_are_named_alone_or_after_r() {
        for typed in [
            &["peerscope", "a.pcap", "-"][..],
            &["peerscope", "-r", "a.pcap", "-r", "-"],
        ] {
            assert_eq!(
                Args::parse_from(typed).input.paths(),
                [PathBuf::from("a.pcap"), PathBuf::from("-")]
            );
        }
    }
}
