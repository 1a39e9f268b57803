//! What was named -> captures that can be read, alone or together.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::bounded;

use super::copied::Access;
use super::feed::{Control, Feed, Wait};
use super::filter::Filter;
use super::inlet::{Inlet, Means, STDIN};
use super::reader::Begun;
use super::several::start_of;
use super::{LinkType, OpenError, Reader, Several, Source, pcapng};

/// Where a capture is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// In a file, or it will come out of a named pipe.
    Path(PathBuf),
    /// On standard input.
    Stdin,
    /// In the program.
    Memory {
        /// All of it.
        bytes: &'static [u8],
        /// For the user.
        name: &'static str,
    },
}

/// Captures that are open. Whether each is one is known when its first bytes have come, which a pipe may never
/// bring.
#[derive(Debug)]
pub struct Opening {
    source: Source,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready(Box<Reader>),
    Waiting {
        members: Vec<Member>,
        filter: Option<String>,
    },
}

#[derive(Debug)]
struct Member {
    name: String,
    begun: Option<Begun>,
}

/// Captures, and who brings what is still to come of them.
#[derive(Debug)]
pub struct Opened {
    /// The captures.
    pub opening: Opening,
    /// Tells that there is more. `None` when all is there.
    pub feed: Option<Feed>,
    /// True when a pipe is among them, whose other end may be silent.
    pub is_piped: bool,
}

impl From<Reader> for Opening {
    fn from(reader: Reader) -> Opening {
        Opening {
            source: reader.source().clone(),
            state: State::Ready(Box::new(reader)),
        }
    }
}

impl Opening {
    /// Where frames can be read again.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Waits for what says how each capture is to be read.
    pub fn read(self, feed: Option<&Feed>) -> Result<Reader, OpenError> {
        let (members, filter) = match self.state {
            State::Ready(reader) => return Ok(*reader),
            State::Waiting { members, filter } => (members, filter),
        };
        let (mut all, mut names) = (Vec::new(), Vec::new());
        for (file, member) in members.into_iter().enumerate() {
            all.push(match member.begun {
                Some(begun) => begun,
                None => begin(&self.source, file, &member.name, feed)?,
            });
            names.push(member.name);
        }
        let mut reader = Reader::begin(self.source, all, names);
        let Some(filter) = filter else {
            return Ok(reader);
        };
        Filter::check(&filter, &reader.links())?;
        Ok(reader.filtered(&filter))
    }
}

/// Opens captures. Those that are files are looked into at once; a filter that is wrong is refused before.
pub fn open(named: &[Named], access: Access, filter: Option<&str>) -> Result<Opened, OpenError> {
    let count = named.len();
    if count > Several::MOST {
        return Err(OpenError::TooMany { count });
    }
    if named.iter().filter(|it| **it == Named::Stdin).count() > 1 {
        return Err(OpenError::Twice);
    }
    if let Some(filter) = filter {
        Filter::check(filter, &LinkType::KNOWN)?;
    }
    let (grown, more) = bounded(1);
    let control = Arc::new(Control::default());
    let feed = Feed::of_others(more, control.clone());
    let inlet = Inlet {
        access,
        control,
        grown,
    };
    let opened = named.iter().map(|named| inlet.open(named));
    let (sources, means): (Vec<_>, Vec<_>) =
        opened.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    // Only those who bring something still hold it.
    drop(inlet);
    let opening = Opening::of(sources, named, &means, filter, &feed)?;
    let is_piped = means.contains(&Means::Pipe);
    let opening = if is_piped {
        opening
    } else {
        opening.read(Some(&feed))?.into()
    };
    Ok(Opened {
        opening,
        feed: means
            .iter()
            .any(|means| *means != Means::File)
            .then_some(feed),
        is_piped,
    })
}

impl Opening {
    fn of(
        sources: Vec<Source>,
        named: &[Named],
        means: &[Means],
        filter: Option<&str>,
        feed: &Feed,
    ) -> Result<Opening, OpenError> {
        let source = match <[Source; 1]>::try_from(sources) {
            Ok([source]) => source,
            Err(sources) => Source::Several(Arc::new(Several::new(sources))),
        };
        let member = |(file, (named, means)): (usize, (&Named, &Means))| {
            let name = named.to_string();
            let begun = match means {
                Means::Pipe => None,
                Means::File | Means::Archive => Some(begin(&source, file, &name, Some(feed))?),
            };
            Ok(Member { name, begun })
        };
        let members = named.iter().zip(means).enumerate().map(member);
        let members = members.collect::<Result<_, OpenError>>()?;
        let filter = filter.map(str::to_owned);
        let state = State::Waiting { members, filter };
        Ok(Opening { source, state })
    }
}

/// Reads the header of one of the captures, when it has come.
fn begin(
    source: &Source,
    file: usize,
    name: &str,
    feed: Option<&Feed>,
) -> Result<Begun, OpenError> {
    let member = &source.members()[file];
    let is_short = || {
        member
            .size()
            .is_ok_and(|size| size < pcapng::HEADER_LEN as u64)
    };
    while member.may_grow() && is_short() && feed.is_some_and(|feed| feed.wait() == Wait::More) {}
    let shown = match member {
        Source::Copied(copied) if copied.is_unpacked() => format!("{name}, unpacked,"),
        _ => name.to_owned(),
    };
    Begun::read(source, start_of(file), &shown).map_err(|error| match member.fault() {
        Some(fault) => OpenError::Broken {
            name: name.to_owned(),
            fault,
        },
        None => error,
    })
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Named::Path(path) => path.display().fmt(f),
            Named::Stdin => f.write_str(STDIN),
            Named::Memory { name, .. } => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Write;

    /// A capture of Ethernet with a frame of one byte at each of these seconds.
    fn capture(seconds: &[u8]) -> Vec<u8> {
        let header = hex_literal::hex!("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000");
        let frame = |second: &u8| {
            let [one, none] = [[1, 0, 0, 0], [0; 4]];
            [[*second, 0, 0, 0], none, one, one, [*second, 0, 0, 0]].concat()[..17].to_vec()
        };
        [header.to_vec(), seconds.iter().flat_map(frame).collect()].concat()
    }

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn named(files: &[tempfile::NamedTempFile]) -> Vec<Named> {
        let path = |file: &tempfile::NamedTempFile| Named::Path(file.path().to_owned());
        files.iter().map(path).collect()
    }

    /// Reads to the end, waiting where it must.
    fn seconds(opened: Opened) -> (Vec<u8>, Reader) {
        let mut reader = opened.opening.read(opened.feed.as_ref()).unwrap();
        let mut seconds = Vec::new();
        loop {
            let is_over = opened
                .feed
                .as_ref()
                .is_none_or(|feed| feed.wait() == Wait::Ended);
            while let Some(frame) = reader.next_frame() {
                seconds.push(frame.bytes[0]);
            }
            if is_over {
                return (seconds, reader);
            }
        }
    }

    #[test]
    fn frames_of_several_captures_come_in_the_order_of_their_times() {
        let files = [&[1, 4, 5][..], &[2, 4, 9], &[]].map(|times| file(&capture(times)));
        for access in [Access::Anywhere, Access::Forward] {
            let opened = open(&named(&files), access, None).unwrap();
            assert_eq!(seconds(opened).0, [1, 2, 4, 4, 5, 9]);
        }
    }

    #[test]
    fn a_capture_whose_clock_went_back_keeps_its_own_order() {
        let files = [&[7, 3, 8][..], &[5, 6]].map(|times| file(&capture(times)));
        let opened = open(&named(&files), Access::Anywhere, None).unwrap();
        assert_eq!(seconds(opened).0, [5, 6, 7, 3, 8]);
    }

    #[test]
    fn a_frame_of_several_captures_is_found_again_with_those_behind_it() {
        let times: Vec<u8> = (0..250).collect();
        let files: Vec<_> = (0..20).map(|_| file(&capture(&times))).collect();
        let opened = open(&named(&files), Access::Anywhere, None).unwrap();
        let mut first = opened.opening.read(None).unwrap();
        let mut all = Vec::new();
        while let Some(frame) = first.next_frame() {
            all.push((frame.position, frame.bytes[0]));
        }
        assert_eq!(all.len(), 5000);
        for at in [0, 1, 1279, 1280, 1281, 4000, 4997] {
            let mut again = Reader::resume(first.source().clone(), first.layout(), all[at].0);
            for expected in &all[at..all.len().min(at + 3)] {
                let frame = again.next_frame().unwrap();
                assert_eq!((frame.position, frame.bytes[0]), *expected, "frame {at}");
            }
        }
    }

    #[test]
    fn a_capture_that_is_not_there_yet_holds_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let files = [file(&capture(&[2, 4]))];
        let mut names = named(&files);
        names.push(Named::Path(fifo.clone()));
        let opened = open(&names, Access::Forward, None).unwrap();
        let feed = opened.feed.unwrap();
        let mut writer = File::options().write(true).open(&fifo).unwrap();
        writer.write_all(&capture(&[3])).unwrap();
        let mut reader = opened.opening.read(Some(&feed)).unwrap();
        let mut next = || reader.next_frame().map(|frame| frame.bytes[0]);
        assert_eq!(
            (next(), next(), next()),
            (Some(2), Some(3), None),
            "4 may not be the next"
        );
        drop(writer);
        while feed.wait() == Wait::More {}
        assert_eq!((next(), next()), (Some(4), None));
    }

    #[test]
    fn more_captures_than_positions_have_room_for_are_refused() {
        let refused = |count| {
            let named = vec![Named::Stdin; count];
            open(&named, Access::Forward, None).unwrap_err().to_string()
        };
        assert!(refused(256).contains("256 captures at once, only 255"));
        assert!(refused(2).contains("standard input was named twice"));
    }
}
