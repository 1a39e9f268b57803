//! What was named -> bytes, and who brings them.

use std::fs::File;
use std::io::{self, IsTerminal, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::copied::{Access, Copied};
use super::feed::Control;
use super::opening::Named;
use super::pump::{Origin, Pump};
use super::unpack::{MAGIC_LEN, Packing};
use super::{OpenError, Source};

/// The name of what is not named otherwise.
pub(super) const STDIN: &str = "standard input";

/// How the bytes of a capture come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// They are there.
    File,
    /// They are unpacked from a file.
    Archive,
    /// Somebody else writes them.
    Pipe,
}

/// Opens captures, and starts whoever brings their bytes.
pub(super) struct Inlet {
    pub(super) access: Access,
    pub(super) control: Arc<Control>,
    pub(super) grown: Sender<()>,
}

impl Inlet {
    /// The bytes of a capture, which may not have come yet.
    pub(super) fn open(&self, named: &Named) -> Result<(Source, Means), OpenError> {
        match named {
            Named::Path(path) => self.path(path),
            Named::Stdin => self.stdin(),
            Named::Memory { bytes, .. } => Ok((Source::Memory(bytes), Means::File)),
        }
    }

    fn path(&self, path: &Path) -> Result<(Source, Means), OpenError> {
        let failed = |error| OpenError::Open {
            path: path.to_owned(),
            error,
        };
        // Looked at before opening: opening a fifo waits for its writer.
        let kind = std::fs::metadata(path).map_err(failed)?.file_type();
        if kind.is_fifo() {
            let name = path.display().to_string();
            return self.pump(Origin::Fifo(path.to_owned()), None, &name, Means::Pipe);
        }
        match Source::open(path)? {
            Source::File(file) => self.file(&file, &path.display().to_string()),
            source => Ok((source, Means::File)),
        }
    }

    /// Standard input may be a file, too.
    fn stdin(&self) -> Result<(Source, Means), OpenError> {
        let failed = |error| OpenError::Read {
            name: STDIN.to_owned(),
            error,
        };
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(OpenError::Terminal);
        }
        let mut file: File = stdin.as_fd().try_clone_to_owned().map_err(failed)?.into();
        let is_whole = file.metadata().map_err(failed)?.is_file()
            && file.stream_position().is_ok_and(|position| position == 0);
        if is_whole {
            return self.file(&Arc::new(file), STDIN);
        }
        self.pump(Origin::Open(file), None, STDIN, Means::Pipe)
    }

    /// A file is read where it is, but for an archive.
    fn file(&self, file: &Arc<File>, name: &str) -> Result<(Source, Means), OpenError> {
        let mut head = [0; MAGIC_LEN];
        let failed = |error| OpenError::Read {
            name: name.to_owned(),
            error,
        };
        let len = file.read_at(&mut head, 0).map_err(failed)?;
        if Packing::of(&head[..len]).is_none() {
            return Ok((Source::File(file.clone()), Means::File));
        }
        let size = file.metadata().map_err(failed)?.len();
        let archive = file.try_clone().map_err(failed)?;
        self.pump(Origin::Open(archive), Some(size), name, Means::Archive)
    }

    fn pump(
        &self,
        origin: Origin,
        len: Option<u64>,
        name: &str,
        means: Means,
    ) -> Result<(Source, Means), OpenError> {
        let copied = Copied::new(self.access, len).map_err(|error| OpenError::Spool {
            name: name.to_owned(),
            error,
        })?;
        let pump = Pump {
            copied: copied.clone(),
            control: self.control.clone(),
            grown: self.grown.clone(),
        };
        pump.start(origin);
        Ok((Source::Copied(copied), means))
    }
}
