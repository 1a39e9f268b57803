//! Where a live capture is written: one file, or files in turn.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chain::Chain;
use super::spool::{Batch, Described, Spool};
use super::{Source, Timestamp};

/// When the next file is begun, and how many are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a file.
    pub bytes: Option<u64>,
    /// Time of a file, by the packets' own clock.
    pub duration: Option<Duration>,
    /// Files that are kept: the oldest is removed when there is one more.
    pub files: Option<usize>,
}

impl Bounds {
    /// True when files are counted and none is ever full.
    pub fn is_endless(&self) -> bool {
        self.is_one_file() && self.files.is_some()
    }

    fn is_one_file(&self) -> bool {
        self.bytes.is_none() && self.duration.is_none()
    }
}

/// The files of a capture.
#[derive(Debug)]
pub(super) struct Ring {
    path: PathBuf,
    bounds: Bounds,
    interfaces: Vec<Described>,
    chain: Chain,
    spool: Spool,
    /// Time of the first packet in the file that is being written.
    began: Option<Timestamp>,
    number: u32,
    kept: VecDeque<PathBuf>,
}

impl Ring {
    /// Begins the first file. With bounds its name gets a number.
    pub(super) fn begin(
        path: &Path,
        bounds: Bounds,
        interfaces: Vec<Described>,
    ) -> io::Result<Ring> {
        let first = if bounds.is_one_file() {
            path.to_owned()
        } else {
            numbered(path, 1)
        };
        let chain = Chain::default();
        let spool = begin_file(&first, &chain, &interfaces)?;
        let kept = VecDeque::from([first]);
        Ok(Ring {
            path: path.to_owned(),
            bounds,
            interfaces,
            chain,
            spool,
            began: None,
            number: 1,
            kept,
        })
    }

    /// All files, as one source.
    pub(super) fn source(&self) -> Source {
        Source::Chain(self.chain.clone())
    }

    /// Appends whole blocks, the last of which is of `now`.
    pub(super) fn write(&mut self, batch: &Batch, now: Timestamp) -> io::Result<()> {
        // Counts without frames belong to the file of the frames.
        if batch.frames() > 0 {
            if self.is_full(now) {
                self.begin_next()?;
            }
            // A clock that was set back begins the time of a file anew.
            self.began = Some(self.began.map_or(now, |began| began.min(now)));
        }
        let before = self.spool.size();
        self.spool.write(batch)?;
        self.chain.grow(self.spool.size() - before);
        self.keep_bound();
        Ok(())
    }

    /// True when somebody has removed the file that is being written.
    pub(super) fn is_removed(&self) -> bool {
        self.spool.is_removed()
    }

    fn is_full(&self, now: Timestamp) -> bool {
        let age = self.began.map_or(0, |began| now.since(began));
        self.bounds
            .bytes
            .is_some_and(|bytes| self.spool.size() >= bytes)
            || self
                .bounds
                .duration
                .is_some_and(|duration| age >= duration.as_nanos() as i64)
    }

    fn begin_next(&mut self) -> io::Result<()> {
        self.number += 1;
        let path = numbered(&self.path, self.number);
        self.spool = begin_file(&path, &self.chain, &self.interfaces)?;
        self.began = None;
        self.kept.push_back(path);
        Ok(())
    }

    /// A file that cannot be removed stays; the capture is worth more than the bound.
    fn keep_bound(&mut self) {
        while self
            .bounds
            .files
            .is_some_and(|files| self.kept.len() > files.max(1))
        {
            self.chain.give_up();
            if let Some(oldest) = self.kept.pop_front() {
                let _ = std::fs::remove_file(oldest);
            }
        }
    }
}

fn begin_file(path: &Path, chain: &Chain, interfaces: &[Described]) -> io::Result<Spool> {
    let spool = Spool::begin(File::create(path)?, interfaces)?;
    chain.push(path.to_owned(), File::open(path)?, spool.size());
    Ok(spool)
}

/// `kept.pcapng` -> `kept_00001.pcapng`
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path
        .extension()
        .map_or_else(|| "pcapng".into(), |extension| extension.to_string_lossy());
    path.with_file_name(format!("{stem}_{number:05}.{extension}"))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::capture::{LinkType, Reader};

    fn lo() -> Vec<Described> {
        vec![Described {
            name: "lo".to_owned(),
            link: LinkType::ETHERNET,
            snap_len: 100,
            filter: None,
        }]
    }

    /// In a folder of its own.
    fn ring(bounds: Bounds) -> (TempDir, Ring) {
        let folder = tempfile::tempdir().unwrap();
        let ring = Ring::begin(&folder.path().join("a.pcapng"), bounds, lo()).unwrap();
        (folder, ring)
    }

    fn write(ring: &mut Ring, seconds: u64) {
        let mut batch = Batch::default();
        batch.frame(0, Timestamp::from_parts(seconds, 0), 64, &[0; 64]);
        ring.write(&batch, Timestamp::from_parts(seconds, 0))
            .unwrap();
    }

    #[test]
    fn a_file_that_somebody_removed_and_counts_at_the_end_are_no_trouble() {
        let bounds = Bounds {
            duration: Some(Duration::from_secs(2)),
            files: Some(2),
            ..Bounds::default()
        };
        let (folder, mut ring) = ring(bounds);
        (0..2).for_each(|second| write(&mut ring, second));
        std::fs::remove_file(folder.path().join("a_00001.pcapng")).unwrap();
        (2..8).for_each(|second| write(&mut ring, second));
        let mut counts = Batch::default();
        counts.statistics(
            0,
            Timestamp::from_parts(99, 0),
            crate::capture::spool::Counts::default(),
        );
        ring.write(&counts, Timestamp::from_parts(99, 0)).unwrap();
        assert_eq!(names(folder.path()), ["a_00003.pcapng", "a_00004.pcapng"]);
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn without_bounds_there_is_one_file_of_the_name_that_was_typed() {
        let (folder, mut ring) = ring(Bounds::default());
        (0..100).for_each(|second| write(&mut ring, second));
        assert_eq!(names(folder.path()), ["a.pcapng"]);
    }

    #[test]
    fn a_file_that_is_full_is_followed_by_the_next_and_read_as_one() {
        let bounds = Bounds {
            bytes: Some(400),
            ..Bounds::default()
        };
        let (folder, mut ring) = ring(bounds);
        (0..10).for_each(|second| write(&mut ring, second));
        assert!(names(folder.path()).len() > 2, "{:?}", names(folder.path()));
        let mut reader = Reader::new(ring.source(), "ring").unwrap();
        let times: Vec<u64> =
            std::iter::from_fn(|| Some(reader.next_frame()?.time.parts().0)).collect();
        assert_eq!(times, (0..10).collect::<Vec<_>>());
        assert_eq!(reader.note(), None);
    }

    #[test]
    fn a_file_lasts_as_long_as_its_duration() {
        let bounds = Bounds {
            duration: Some(Duration::from_secs(3)),
            ..Bounds::default()
        };
        let (folder, mut ring) = ring(bounds);
        (0..6).for_each(|second| write(&mut ring, second));
        assert_eq!(names(folder.path()), ["a_00001.pcapng", "a_00002.pcapng"]);
    }

    #[test]
    fn the_oldest_file_goes_and_a_reader_that_was_in_it_goes_on_behind_it() {
        let bounds = Bounds {
            duration: Some(Duration::from_secs(2)),
            files: Some(2),
            ..Bounds::default()
        };
        let (folder, mut ring) = ring(bounds);
        let mut reader = Reader::new(ring.source(), "ring").unwrap();
        (0..8).for_each(|second| write(&mut ring, second));
        assert_eq!(names(folder.path()), ["a_00003.pcapng", "a_00004.pcapng"]);
        let times: Vec<u64> =
            std::iter::from_fn(|| Some(reader.next_frame()?.time.parts().0)).collect();
        assert!(times.ends_with(&[4, 5, 6, 7]), "{times:?}");
    }
}
