//! What the commands do that no key does.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::commands::{Command, Existing, Target};
use super::picture_for;
use super::{App, Effect};
use crate::capture::Timestamp;
use crate::store::EntryId;
use crate::view::Pane;
use crate::wire::plain;

impl App {
    /// Does what was typed.
    pub(super) fn obey(&mut self, command: Command, screen: Rect) -> Effect {
        match command {
            Command::Do(action) => return self.take(action, screen),
            Command::Filter(text) => self.filter_accepted(&text),
            Command::Find(text) => self.find(&text),
            Command::Piece(piece) => self.go_to_piece(piece),
            Command::Entry(number) => self.go_to_entry(number),
            Command::Frame(frame) => self.go_to_frame(frame),
            Command::Time(seconds) => self.go_to_time(seconds),
            Command::Connection(number) => self.go_to_connection(number),
            Command::Local(net) => self.point_of_view.local = vec![net],
            Command::Screenshot(target) => self.write_picture(&target, screen),
            Command::Explain(code) => self.explain(code),
            Command::Save(target) => self.save(Some(&target.path)),
        }
        Effect::Draw
    }

    /// Messages of a conversation are counted from 1, as the status row does.
    fn go_to_entry(&mut self, number: u64) {
        let entries = self.scene().connection().map_or(&[][..], |it| it.entries());
        let at = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        match at.and_then(|at| entries.get(at)).copied() {
            Some(id) => self.show_message(id),
            None => self.notice = Some(format!("the messages here are 1 to {}", entries.len())),
        }
    }

    fn go_to_frame(&mut self, frame: u64) {
        let frame_of = |at: usize| u64::from(self.store.entry(EntryId(at as u32)).frame.0);
        let at = partition_point(self.store.len(), |at| frame_of(at) < frame);
        if at == self.store.len() {
            self.notice = Some(format!("no message ends in frame {frame} or behind it"));
            return;
        }
        let found = frame_of(at);
        self.show_message(EntryId(at as u32));
        if found != frame {
            self.notice = Some(format!(
                "no message ends in frame {frame}; this one does in {found}"
            ));
        }
    }

    fn go_to_time(&mut self, seconds: f64) {
        let start = self.store.tally().start.unwrap_or(Timestamp(0));
        let entries = self.scene().connection().map_or(&[][..], |it| it.entries());
        let is_before = |id: &EntryId| {
            (self.store.entry(*id).time.since(start) as f64) < (seconds * 1e9).round()
        };
        match entries.get(entries.partition_point(is_before)).copied() {
            Some(id) => self.show_message(id),
            None => self.notice = Some(format!("nothing is said here after {seconds} s")),
        }
    }

    fn go_to_connection(&mut self, number: u64) {
        let count = self.store.connections().len();
        match usize::try_from(number).ok().filter(|at| *at < count) {
            Some(at) => {
                self.select_connection(at);
                self.go_to(Pane::Ladder);
            }
            None => self.notice = Some(format!("there are {count} connections, from 0")),
        }
    }

    /// Goes to a message, and shows it in a row of its own.
    pub(super) fn show_message(&mut self, id: EntryId) {
        self.unfold_run_of(id);
        self.jump_to(id);
        if self.arrangement.focus == Pane::Connections {
            self.go_to(Pane::Ladder);
        }
    }

    fn write_picture(&mut self, target: &Target, screen: Rect) {
        let mut buffer = Buffer::empty(screen);
        self.draw(screen, &mut buffer);
        let picture = picture_for(&target.path, &buffer, self.look);
        self.notice = Some(written(target, picture.as_bytes()));
    }
}

/// Writes a file, and says what became of it.
pub(super) fn written(target: &Target, content: &[u8]) -> String {
    let name = plain(target.path.as_os_str().as_encoded_bytes());
    match create(target).and_then(|mut file| file.write_all(content)) {
        Ok(()) => format!("wrote {name}, {} bytes", content.len()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            format!("! {name} is there already; with ! behind the command it is written over")
        }
        Err(error) => format!("! cannot write {name}: {error}"),
    }
}

fn create(target: &Target) -> io::Result<File> {
    match target.existing {
        Existing::Replaced => File::create(&target.path),
        Existing::Kept => OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&target.path),
    }
}

/// The first of `len` places at which it no longer holds.
fn partition_point(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
