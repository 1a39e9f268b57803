//! What is shown, as a capture of its own: written while no key waits.

use std::path::{Path, PathBuf};

use super::App;
use crate::capture::{Existing, NewFile};
use crate::export::save::{Saved, Saving, Step, Wanted};
use crate::wire::plain;

/// Entries or frames of a slice: some two milliseconds.
const SLICE: u32 = 4096;
/// Names that are tried.
const MOST_NAMES: usize = 1000;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Writing {
    work: Saving<NewFile>,
    name: String,
}

impl App {
    /// Begins to save what is shown: the tagged connections, or those of the ladder; where it is filtered, only what
    /// passes. Without a path it gets a name of its own, in the current folder. No file is overwritten.
    pub(super) fn save(&mut self, path: Option<&Path>) {
        let wanted = self.wanted();
        let path = match path {
            Some(path) => path.to_owned(),
            None => self.free_name(&wanted),
        };
        let name = plain(path.display().to_string().as_bytes());
        let file = match NewFile::create(&path, Existing::Spared, &[]) {
            Ok(file) => file,
            Err(error) => return self.say_of_saving(plain(error.to_string().as_bytes())),
        };
        match Saving::new(&self.store, &self.source, wanted, file) {
            Some(work) => self.writing = Some(Writing { work, name }),
            None => self.say_of_saving("nothing was read yet".to_owned()),
        }
    }

    fn wanted(&self) -> Wanted {
        let shown = Wanted::shown(self.rows.choice());
        let tagged = (!self.tags.is_empty()).then(|| self.tags.clone());
        Wanted {
            connections: tagged.or(shown.connections),
            ..shown
        }
    }

    /// `NAME-conn3.pcapng`, or with a number behind it where that is taken.
    fn free_name(&self, wanted: &Wanted) -> PathBuf {
        let stem = stem(&self.name, wanted);
        let numbered = (2..MOST_NAMES).map(|number| format!("{stem}-{number}"));
        let mut names = [stem.clone()]
            .into_iter()
            .chain(numbered)
            .map(|name| PathBuf::from(name + ".pcapng"));
        let free = names.find(|name| name.symlink_metadata().is_err());
        free.unwrap_or_else(|| PathBuf::from(stem + ".pcapng"))
    }

    /// Writes more. True when there is nothing to write.
    pub(super) fn go_on_saving(&mut self) -> bool {
        let Some(mut writing) = self.writing.take() else {
            return true;
        };
        match writing.work.step(&self.store, SLICE) {
            Ok(Step::More(done, all)) => {
                let percent = done * 100 / all.max(1);
                self.say_of_saving(format!("saving {}: {percent} %, Esc stops", writing.name));
                self.writing = Some(writing);
                return false;
            }
            Ok(Step::Done) => {
                let told = finish(writing);
                self.say_of_saving(told);
            }
            Err(error) => self.say_of_saving(format!("cannot save {}: {error}", writing.name)),
        }
        true
    }

    fn say_of_saving(&mut self, told: String) {
        self.notice = Some(told);
    }

    /// Stops writing, and removes what was written. False when nothing was.
    pub(super) fn stop_saving(&mut self) -> bool {
        let Some(writing) = self.writing.take() else {
            return false;
        };
        self.notice = Some(format!("{} is not saved", writing.name));
        true
    }
}

/// What came of it.
fn finish(Writing { work, name }: Writing) -> String {
    let (file, saved) = match work.finish() {
        Ok(finished) => finished,
        Err(error) => return format!("cannot save {name}: {error}"),
    };
    let Saved {
        frames,
        connections,
    } = saved;
    if frames == 0 {
        return "nothing to save: no message is shown".to_owned();
    }
    match file.finish() {
        Ok(()) => format!("saved {name}: {frames} frames, connections: {connections}"),
        Err(error) => plain(error.to_string().as_bytes()),
    }
}

/// `loopback-conn0`; `part` says that it is not all of them.
fn stem(capture: &str, wanted: &Wanted) -> String {
    let name = ["gz", "zst", "pcapng", "pcap", "cap"]
        .iter()
        .fold(capture, |name, ending| {
            let bare = name.strip_suffix(ending);
            bare.and_then(|bare| bare.strip_suffix('.')).unwrap_or(name)
        });
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let letters = name.chars().take(64);
    let mut stem: String = letters.map(|it| if safe(it) { it } else { '-' }).collect();
    // No option, and no file that is hidden.
    if stem.starts_with(['-', '.']) || stem.is_empty() {
        stem.insert_str(0, "capture");
    }
    let numbers = wanted.connections.iter().flatten();
    let numbers: Vec<String> = numbers.map(ToString::to_string).collect();
    let numbers = match &numbers[..] {
        [] => String::new(),
        few if few.len() <= 4 => few.join("-"),
        many => format!("s-{}", many.len()),
    };
    let is_part = wanted.only.is_some() || !wanted.hidden.is_empty();
    let part = if is_part { "-part" } else { "" };
    format!("{stem}-conn{numbers}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Source;
    use crate::pipeline::Pipeline;
    use crate::stream::ConnectionId;
    use crate::view::{Glyphs, Look, Palette};
    use ratatui::layout::Rect;

    fn named(capture: &str, connections: &[u32]) -> String {
        let ids = connections.iter().map(|id| ConnectionId(*id));
        stem(
            capture,
            &Wanted {
                connections: Some(ids.collect()),
                ..Wanted::default()
            },
        )
    }

    #[test]
    fn a_name_is_that_of_the_capture_and_its_connections() {
        assert_eq!(named("loopback.pcap", &[0]), "loopback-conn0");
        assert_eq!(named("a.pcapng.gz", &[3, 11]), "a-conn3-11");
        assert_eq!(named("a b/../c", &[1, 2, 3, 4, 5]), "a-b-..-c-conns-5");
        assert_eq!(named("-rf", &[1]), "capture-rf-conn1");
    }

    /// The screen of a capture that was read.
    fn app() -> App {
        let bytes = include_bytes!("../../captures/loopback.pcap");
        let reader = crate::capture::Reader::new(Source::Memory(bytes), "loopback.pcap");
        let look = Look {
            palette: Palette::MONOCHROME,
            glyphs: Glyphs::ASCII,
        };
        App::having_read(Pipeline::new(reader.unwrap()), "loopback.pcap", look)
    }

    fn told(app: &App) -> &str {
        app.notice.as_deref().unwrap_or_default()
    }

    #[test]
    fn what_is_shown_is_saved_and_never_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.pcapng");
        let mut app = app();
        app.save(Some(&path));
        assert!(!path.exists());
        app.settle();
        assert!(told(&app).ends_with("out.pcapng: 52 frames, connections: 1"));
        assert!(path.exists());
        app.save(Some(&path));
        assert!(told(&app).contains("is there already"), "{}", told(&app));
    }

    #[test]
    fn esc_stops_it_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = app();
        app.save(Some(&folder.path().join("out.pcapng")));
        assert!(app.writing.is_some());
        app.press("Esc", Rect::new(0, 0, 80, 24));
        assert!(told(&app).ends_with("out.pcapng is not saved"));
        app.settle();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
