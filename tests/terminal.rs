//! The program in a terminal of its own. This terminal shows and types, but it answers no question.

#[path = "terminal/keys.rs"]
mod keys;
mod packets;
mod pty;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use packets::{ACK, End, FIN, Pcap, SYN, Segment};
use portable_pty::CommandBuilder;
use pty::{PROGRAM, Terminal, capture, contains, peerscope, peerscope_at, with_plain_environment};
use tempfile::{NamedTempFile, TempDir};
use vt100::Color;

const ENTER: &str = "\r";
const ESC: &str = "\x1b";
const TAB: &str = "\t";
const CTRL_C: &str = "\x03";
const CTRL_L: &str = "\x0c";
const CTRL_Z: &str = "\x1a";

const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";
const WHERE_IS_THE_CURSOR: &[u8] = b"\x1b[6n";

#[test]
fn keys_lead_from_connections_to_bytes() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    let shown = terminal.shows("READ 100%");
    assert!(shown.starts_with("[1 Conns]2 Ladder "), "{shown}");
    assert!(shown.contains("127.0.0.1:58715 "), "{shown}");
    for (key, expected) in [
        (ENTER, " 1 Conns[2 Ladder]3 "),
        ("j", " 2/63  t=0.000385 "),
        (ENTER, "[Fields]"),
        ("?", "─ Keys ─"),
        (ESC, "[Fields]"),
        (TAB, "[Bytes]"),
        ("1", "[1 Conns]2 Ladder "),
    ] {
        terminal.press(key);
        terminal.shows(expected);
    }
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
fn what_is_pasted_is_text_and_never_keys() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    assert!(contains(&terminal.output(), PASTE_ON));
    // Outside of a line it means nothing: neither `q` nor Ctrl-C ends the program.
    terminal.press("\x1b[200~q:q!\r\n\x03\x1b[201~");
    terminal.press("f");
    terminal.shows("filter: ");
    terminal.press("\x1b[200~choke\x07\rq\x1b[2J\x1b[201~");
    terminal.shows("filter: choke q[2J");
    terminal.shows("`and` or `or` is wanted here");
    terminal.press(ESC);
    terminal.shows("? help");
    terminal.press(":q!\r");
    assert_eq!(terminal.status().exit_code(), 0);
    assert!(contains(&terminal.output(), PASTE_OFF));
}

#[test]
fn a_line_is_edited_with_the_keys_of_a_terminal() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    terminal.press("/");
    let (left, control_left, delete, alt_b) = ("\x1b[D", "\x1b[1;5D", "\x1b[3~", "\x1bb");
    for (keys, line) in [
        ("un choke", "/un choke"),
        (left, "/un choke"),
        ("x", "/un chokxe"),
        (delete, "/un chokx"),
        ("\x7f", "/un chok"),
        (control_left, "/un chok"),
        ("\x7f", "/unchok"),
        ("\x05e", "/unchoke"),
        (alt_b, "/unchoke"),
        ("\x0b", "/ "),
        ("choke\x01un", "/unchoke"),
    ] {
        terminal.press(keys);
        terminal.until(line, |screen| {
            let last = screen.rows(0, 80).last().unwrap_or_default();
            format!("{last} ").starts_with(&format!("{} ", line.trim_end()))
        });
    }
    terminal.press("\r");
    terminal.until("the row that was found", |screen| {
        screen.contents().contains("t=") && !screen.contents().contains("/unchoke ")
    });
}

#[test]
fn a_resized_terminal_is_filled_again() {
    let terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    for (width, height) in [(120, 40), (70, 20), (200, 60), (80, 24)] {
        terminal.resize(width, height);
        terminal.until("hints in the last row", |screen| {
            let hints = screen.rows(0, width - 1).last();
            hints.is_some_and(|row| row.len() == usize::from(width) - 1 && row.ends_with("q quit"))
        });
    }
    terminal.resize(59, 16);
    terminal.shows("need 60x16, have 59x16");
    terminal.resize(60, 16);
    terminal.shows("q quit");
}

#[test]
fn a_garbled_screen_is_drawn_anew() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    terminal.garble("\x1b[9;9Hanother program was here");
    terminal.shows("another program was here");
    terminal.press(CTRL_L);
    terminal.until("no other program", |screen| {
        !screen.contents().contains("another program")
    });
    terminal.shows("READ 100%");
}

#[test]
fn the_shell_finds_its_terminal_as_it_was() {
    let script = r#"printf 'shell %s\n' before; "$0" "$1"; echo "code $?"; stty -a; read -r _"#;
    let mut terminal = Terminal::start(shell(script, &capture("loopback.pcap")));
    terminal.shows("READ 100%");
    terminal.until("an alternate screen without a cursor", |screen| {
        screen.alternate_screen() && screen.hide_cursor()
    });
    terminal.press("q");
    let shown = terminal.shows(" icanon");
    assert!(shown.contains("shell before\ncode 0\n"), "{shown}");
    assert!(shown.contains(" echo "), "{shown}");
    terminal.until("the shell's screen with its cursor", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor()
    });
}

#[test]
fn the_terminal_is_asked_nothing_and_given_back() {
    for key in ["q", CTRL_C] {
        let mut terminal = Terminal::start(peerscope("loopback.pcap"));
        terminal.shows("READ 100%");
        terminal.resize(120, 40);
        terminal.shows("A and B");
        terminal.press(CTRL_L);
        terminal.press(key);
        assert_eq!(terminal.status().exit_code(), 0, "{key:?}");
        terminal.was_given_back();
        assert!(!contains(&terminal.output(), WHERE_IS_THE_CURSOR));
    }
}

#[test]
fn a_signal_ends_the_program_and_gives_the_terminal_back() {
    for signal in ["TERM", "INT", "HUP"] {
        let mut terminal = Terminal::start(peerscope("loopback.pcap"));
        terminal.shows("READ 100%");
        terminal.signal(signal);
        assert_eq!(terminal.status().signal(), None, "caught SIG{signal}");
        terminal.was_given_back();
    }
}

/// The shell stops and wakes it up; between that it has its terminal as it was.
#[test]
fn it_is_suspended_and_goes_on() {
    let script = r#"set -m; "$0" "$1"; echo "stopped $?"; stty -a; read -r _; fg; echo "code $?"; stty -a; read -r _"#;
    let mut terminal = Terminal::start(shell(script, &capture("loopback.pcap")));
    terminal.shows("READ 100%");
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    terminal.press(CTRL_Z);
    let shown = terminal.shows(" icanon");
    assert!(shown.contains("stopped 1"), "{shown}");
    terminal.until("the shell's screen with its cursor", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor()
    });
    terminal.press(ENTER);
    terminal.until("the ladder again", |screen| {
        screen.alternate_screen() && screen.contents().contains("[2 Ladder]")
    });
    terminal.press("j");
    terminal.shows(" 2/63 ");
    terminal.press("q");
    terminal.shows("code 0");
    terminal.shows(" icanon");
}

/// Nobody could wake it up again.
#[test]
fn without_a_shell_nothing_is_suspended() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    terminal.press(CTRL_Z);
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
fn whoever_stops_and_wakes_it_finds_the_screen_again() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    terminal.signal("STOP");
    terminal.garble("\x1b[9;9Hanother program was here");
    terminal.shows("another program was here");
    terminal.signal("CONT");
    terminal.until("no other program", |screen| {
        !screen.contents().contains("another program")
    });
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
fn what_is_copied_is_sent_to_the_clipboard_of_the_terminal() {
    let mut terminal = Terminal::start(peerscope("loopback.pcap"));
    terminal.shows("READ 100%");
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    terminal.press("yf");
    terminal.shows("Wireshark filter, 110 B: sent to the terminal's clipboard");
    let filter = "frame.number == 4 && ip.src == 127.0.0.1 && tcp.srcport == 58715 \
                  && ip.dst == 127.0.0.1 && tcp.dstport == 6881";
    let mut sent = String::new();
    let command = crossterm::clipboard::CopyToClipboard::to_clipboard_from(filter);
    crossterm::Command::write_ansi(&command, &mut sent).unwrap();
    assert!(sent.starts_with("\x1b]52;c;"), "{sent:?}");
    terminal.shown.until("the filter", |state| {
        contains(&state.output, sent.as_bytes())
    });
}

#[test]
fn no_color_is_obeyed_and_the_selection_is_still_seen() {
    let mut command = peerscope("loopback.pcap");
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::start(command);
    terminal.shows("READ 100%");
    assert!(terminal.inverse().contains("127.0.0.1:58715"));
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    assert!(terminal.inverse().contains("handshake 5ff8"));
    terminal.press("q");
    terminal.status();

    let painted = painted(&terminal.output());
    assert!(painted.reversed.contains("127.0.0.1:58715"));
    assert_eq!(painted.colors, BTreeSet::new());
}

#[test]
fn colors_are_the_sixteen_of_the_terminal() {
    let mut command = peerscope("loopback.pcap");
    // It counts when it is not empty.
    command.env("NO_COLOR", "");
    let mut terminal = Terminal::start(command);
    terminal.shows("READ 100%");
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    let colors = terminal.until("coloured arrows", |screen| {
        let row = screen.cell(3, 20).map(vt100::Cell::fgcolor);
        row.is_some_and(|color| color != Color::Default)
    });
    assert!(colors.contains("◀"), "{colors}");
    terminal.press("q");
    terminal.status();
    // Cyan, magenta: an index into the palette of the terminal, not a colour of our own.
    let expected = ["38;5;5;49", "38;5;6;49"].map(str::to_owned);
    assert_eq!(painted(&terminal.output()).colors, expected.into());
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
    let mut command = peerscope("loopback.pcap");
    command.env("LANG", "C");
    let mut terminal = Terminal::start(command);
    terminal.shows("READ 100%");
    terminal.press(ENTER);
    let shown = terminal.shows("- handshake 5ff8");
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn a_program_that_loses_its_terminal_ends() {
    let mut terminal = Terminal::start(deaf_to_its_end("", &capture("loopback.pcap")));
    terminal.shows("READ 100%");
    terminal.hang_up();
    terminal.is_gone_soon();
}

#[test]
fn a_program_that_loses_its_terminal_ends_though_sighup_was_ignored() {
    let command = deaf_to_its_end(r#"trap "" HUP; "#, &capture("loopback.pcap"));
    let mut terminal = Terminal::start(command);
    terminal.shows("READ 100%");
    terminal.hang_up();
    terminal.is_gone_soon();
}

#[test]
fn a_program_that_loses_a_terminal_that_sends_no_signal_ends() {
    let mut command = deaf_to_its_end("", &capture("loopback.pcap"));
    command.set_controlling_tty(false);
    let mut terminal = Terminal::start(command);
    terminal.shows("READ 100%");
    terminal.hang_up();
    terminal.is_gone_soon();
}

#[test]
fn a_program_that_loses_its_terminal_while_it_reads_ends() {
    let file = large_capture();
    let mut command = deaf_to_its_end("", file.path());
    command.set_controlling_tty(false);
    let mut terminal = Terminal::start(command);
    terminal.shows("READ ");
    terminal.hang_up();
    terminal.is_gone_soon();
}

#[test]
fn without_a_keyboard_there_is_one_line_of_error() {
    let script = r#"exec "$0" "$1" </dev/null"#;
    let mut command = shell(script, &capture("loopback.pcap"));
    command.set_controlling_tty(false);
    let mut terminal = Terminal::start(command);
    assert_eq!(terminal.status().exit_code(), 2);
    let output = String::from_utf8(terminal.output()).unwrap();
    assert!(!output.contains(ESC), "{output:?}");
    assert!(output.starts_with("peerscope: "), "{output}");
    assert!(output.contains("standard input"), "{output}");
    assert_eq!(output.lines().count(), 1, "{output}");
}

#[test]
fn without_a_screen_there_is_a_summary_and_no_escape() {
    let output = Command::new(PROGRAM).arg(capture("loopback.pcap")).output();
    let output = output.unwrap();
    assert!(output.status.success());
    assert!(!contains(&output.stdout, ESC.as_bytes()));
    assert!(contains(&output.stdout, b"127.0.0.1:58715"));
}

#[test]
fn a_large_capture_can_be_walked_while_it_is_read() {
    let file = large_capture();
    let mut terminal = Terminal::start(peerscope_at(file.path()));
    terminal.shows("10.0.0.1:50001");
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    terminal.press("j");
    let shown = terminal.shows(" 2/");
    assert!(!shown.contains("READ 100%"), "read too fast\n{shown}");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
    terminal.was_given_back();
}

#[test]
fn esc_stops_the_reading_and_what_was_read_stays() {
    let file = large_capture();
    let mut terminal = Terminal::start(peerscope_at(file.path()));
    terminal.shows("10.0.0.1:50001");
    terminal.press(ESC);
    let shown = terminal.shows("READ, NOT ALL");
    assert!(
        shown.contains("! reading was stopped at offset "),
        "{shown}"
    );
    terminal.press(ENTER);
    terminal.shows("─ have ×");
    terminal.press("G");
    terminal.until("the last message", |screen| {
        is_at_the_end(&screen.contents())
    });
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
fn keys_work_while_a_pipe_brings_more() {
    let (fifo, mut terminal) = piped();
    let whole = fs::read(capture("loopback.pcap")).unwrap();
    let mut pipe = File::options().write(true).open(&fifo.path).unwrap();
    pipe.write_all(&whole[..60_000]).unwrap();
    let shown = terminal.shows("127.0.0.1:58715 ");
    assert!(shown.contains(" READING"), "{shown}");
    assert!(
        shown.contains("reading standard input: more may come"),
        "{shown}"
    );
    terminal.press(ENTER);
    let shown = terminal.shows(" 1/");
    assert!(!shown.contains(" 1/63 "), "{shown}");
    terminal.press("j");
    terminal.shows(" 2/");
    pipe.write_all(&whole[60_000..]).unwrap();
    terminal.shows(" 2/63 ");
    drop(pipe);
    terminal.shows("READ 100%");
    // The bytes of a message are read again, from where they were kept.
    terminal.press(ENTER);
    terminal.shows("42 69 74 54 6f 72 72");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
    terminal.was_given_back();
}

#[test]
fn q_ends_it_though_the_pipe_is_silent() {
    for bytes in [0, 10, 60_000] {
        let (fifo, mut terminal) = piped();
        let whole = fs::read(capture("loopback.pcap")).unwrap();
        let mut pipe = File::options().write(true).open(&fifo.path).unwrap();
        pipe.write_all(&whole[..bytes]).unwrap();
        terminal.shows("q quit");
        let pressed = Instant::now();
        terminal.press("q");
        assert_eq!(terminal.status().exit_code(), 0);
        assert!(pressed.elapsed() < Duration::from_secs(1), "{bytes} bytes");
        terminal.was_given_back();
        drop(pipe);
    }
}

#[test]
fn what_is_no_capture_on_a_pipe_gives_the_terminal_back() {
    let script = r#"echo Dear diary | "$0" -; echo "code $?"; read -r _"#;
    let terminal = Terminal::start(shell(script, Path::new("")));
    let shown = terminal.shows("code 3");
    assert!(shown.contains("standard input is not a pcap"), "{shown}");
    terminal.was_given_back();
}

#[test]
fn a_keyboard_is_no_capture() {
    let mut terminal = Terminal::start(peerscope_at(Path::new("-")));
    assert_eq!(terminal.status().exit_code(), 2);
    let output = String::from_utf8(terminal.output()).unwrap();
    assert!(output.contains("pipe a capture into it"), "{output}");
    assert_eq!(output.lines().count(), 1, "{output}");
}

#[test]
fn a_program_that_loses_its_terminal_ends_though_a_pipe_is_open() {
    for before in ["", r#"trap "" HUP; "#] {
        let fifo = Fifo::new();
        let script = format!(r#"stty eof undef; {before}exec "$0" - <"$1""#);
        let mut terminal = Terminal::start(shell(&script, &fifo.path));
        let whole = fs::read(capture("loopback.pcap")).unwrap();
        let mut pipe = File::options().write(true).open(&fifo.path).unwrap();
        pipe.write_all(&whole[..60_000]).unwrap();
        terminal.shows("127.0.0.1:58715 ");
        terminal.hang_up();
        terminal.is_gone_soon();
        drop(pipe);
    }
}

#[test]
fn a_named_pipe_without_a_writer_is_waited_for() {
    let fifo = Fifo::new();
    let mut terminal = Terminal::start(peerscope_at(&fifo.path));
    terminal.shows("q quit");
    fs::write(&fifo.path, fs::read(capture("loopback.pcap")).unwrap()).unwrap();
    terminal.shows("READ 100%");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
fn the_bytes_of_several_captures_are_found_again() {
    let mut command = peerscope("v2_hybrid.pcap");
    command.arg(capture("loopback.pcap"));
    let mut terminal = Terminal::start(command);
    terminal.resize(140, 40);
    terminal.shows("v2_hybrid.pcap + loopback.pcap");
    terminal.shows("READ 100%");
    terminal.press("G");
    terminal.press(ENTER);
    terminal.shows("[2 Ladder]");
    terminal.press(ENTER);
    terminal.shows("42 69 74 54 6f 72 72");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
fn esc_stops_the_reading_of_an_archive() {
    let file = NamedTempFile::new().unwrap();
    let archive = GzEncoder::new(file.as_file(), Compression::fast());
    write_haves(archive, 60_000).unwrap();
    let mut terminal = Terminal::start(peerscope_at(file.path()));
    terminal.shows("10.0.0.1:50001");
    terminal.press(ESC);
    let shown = terminal.shows("READ, NOT ALL");
    assert!(shown.contains("! reading was stopped"), "{shown}");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}

#[test]
#[cfg(feature = "live")]
fn without_a_capture_it_asks_which_interface_to_sniff() {
    let mut terminal = Terminal::start(with_plain_environment(CommandBuilder::new(PROGRAM)));
    let screen = terminal.shows("Sniff which interface?");
    assert!(screen.contains(" lo "), "{screen}");
    terminal.press("\r");
    assert_eq!(terminal.status().exit_code(), 0);
}

/// A named pipe, with its folder.
struct Fifo {
    path: PathBuf,
    _folder: TempDir,
}

impl Fifo {
    fn new() -> Fifo {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        Fifo {
            path,
            _folder: folder,
        }
    }
}

/// The program with a pipe as its standard input.
fn piped() -> (Fifo, Terminal) {
    let fifo = Fifo::new();
    let script = r#"exec "$0" - <"$1""#;
    let terminal = Terminal::start(shell(script, &fifo.path));
    (fifo, terminal)
}

/// What came out between the escapes, by how it was painted.
#[derive(Default)]
struct Painted {
    /// Codes of colours, other than the terminal's own.
    colors: BTreeSet<String>,
    reversed: String,
}

fn painted(output: &[u8]) -> Painted {
    let text = String::from_utf8_lossy(output);
    let (mut painted, mut is_reversed) = (Painted::default(), false);
    for part in text.split("\x1b[").skip(1) {
        let end = part.find(|char: char| char.is_ascii_alphabetic()).unwrap();
        let (codes, rest) = part.split_at(end);
        if rest.starts_with('m') {
            is_reversed = match codes {
                "" | "0" | "27" => false,
                "7" => true,
                _ => is_reversed,
            };
            painted.colors.extend(color(codes));
        }
        painted
            .reversed
            .push_str(if is_reversed { &rest[1..] } else { "" });
    }
    painted
}

/// The codes, if they choose a colour.
fn color(codes: &str) -> Option<String> {
    let mut codes_alone = codes.split(';').filter_map(|code| code.parse().ok());
    codes_alone
        .any(|code| matches!(code, 30..=38 | 40..=48 | 90..=107))
        .then(|| codes.to_owned())
}

/// A script that finds the program in `$0` and the capture in `$1`.
fn shell(script: &str, capture: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script, PROGRAM]);
    command.arg(capture);
    with_plain_environment(command)
}

/// The program in a terminal whose closing types nothing: by default it would type an end of file.
fn deaf_to_its_end(before: &str, capture: &Path) -> CommandBuilder {
    let script = format!(r#"stty eof undef; {before}exec "$0" "$1""#);
    shell(&script, capture)
}

/// Some tens of MiB, so full of messages that reading them takes longer than a few keys.
fn large_capture() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    write_haves(file.as_file(), 100_000).unwrap();
    file
}

/// One side says hello and then what it has, in so many segments.
fn write_haves(file: impl Write, segments: u32) -> io::Result<()> {
    const HAVES: u32 = 40;
    let [src, dst] =
        [([10, 0, 0, 1], 50001), ([10, 0, 0, 2], 6881)].map(|(ip, port)| End { ip, port });
    let mut pcap = Pcap::new(BufWriter::new(file))?;
    let mut say = |seq, flags, payload: &[u8]| {
        pcap.push(&Segment {
            src,
            dst,
            seq,
            ack: 0,
            flags,
            payload,
        })
    };
    let have = |piece: u32| [&[0, 0, 0, 5, 4][..], &piece.to_be_bytes()].concat();
    let payload: Vec<u8> = (0..HAVES).flat_map(have).collect();
    say(0, SYN, &[])?;
    say(1, ACK, &handshake())?;
    for at in 0..segments {
        say(69 + at * payload.len() as u32, ACK, &payload)?;
    }
    say(69 + segments * payload.len() as u32, FIN | ACK, &[])?;
    pcap.into_inner().flush()
}

fn handshake() -> Vec<u8> {
    let ids = *b"the hash of a torrent-LT2110-and a client";
    [b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04", &ids[..40]].concat()
}

/// ` 812/812  t=` in the row of the status.
fn is_at_the_end(shown: &str) -> bool {
    let place = shown.lines().find_map(|line| line.split_once("  t="));
    let place = place.and_then(|(place, _)| place.trim().split_once('/'));
    place.is_some_and(|(at, of)| at == of)
}
