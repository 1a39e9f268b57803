//! Why the reading ended before the end.

use std::fmt;

use super::FilePosition;

/// Why the reading ended before the end of the file. What was read until there stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The file ends inside a record: its writer was killed, or is still writing.
    Cut {
        /// Where the incomplete record starts.
        position: FilePosition,
        /// Bytes of it that are there.
        bytes: u64,
    },
    /// A record whose length cannot be.
    Damaged {
        /// Where it starts.
        position: FilePosition,
    },
    /// The reading was stopped here.
    Stopped {
        /// Where.
        position: FilePosition,
    },
    /// The system failed to read.
    Io {
        /// Where.
        position: FilePosition,
        /// What the system said.
        error: String,
    },
    /// What brings the bytes failed: an archive is cut or damaged, a disk is full.
    Broken {
        /// In words.
        fault: String,
    },
    /// Some of several files have a note.
    Files(Vec<(String, Note)>),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Cut { position, bytes } => {
                write!(
                    f,
                    "the capture ends inside a record: {bytes} bytes at offset {} were left unread",
                    position.0
                )
            }
            Note::Damaged { position } => {
                write!(
                    f,
                    "the capture is damaged at offset {}: the rest was left unread",
                    position.0
                )
            }
            Note::Stopped { position } => {
                write!(
                    f,
                    "reading was stopped at offset {}: the rest was left unread",
                    position.0
                )
            }
            Note::Io { position, error } => {
                write!(
                    f,
                    "reading failed at offset {}: {error}; the rest was left unread",
                    position.0
                )
            }
            Note::Broken { fault } => write!(f, "{fault}; what came before was read"),
            Note::Files(notes) => {
                let words = notes.iter().map(|(name, note)| format!("{name}: {note}"));
                f.write_str(&words.collect::<Vec<_>>().join("; "))
            }
        }
    }
}
