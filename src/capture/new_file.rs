//! A file that is there when it is whole, and not before.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Spared,
    /// The new one takes its place.
    Replaced,
}

/// Why a file was not written. Each names it.
#[derive(Debug, Error)]
pub enum SaveError {
    /// It is there.
    #[error("{} is there already; give another name{}", path.display(), advice)]
    Exists {
        /// As it was typed.
        path: PathBuf,
        /// What else can be done.
        advice: &'static str,
    },
    /// It is a capture that is read.
    #[error("{} is the capture that is read; give another name", path.display())]
    IsInput {
        /// As it was typed.
        path: PathBuf,
    },
    /// It is no file.
    #[error("{} is no regular file; `-` is standard output", path.display())]
    NotAFile {
        /// As it was typed.
        path: PathBuf,
    },
    /// What the system said.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// As it was typed.
        path: PathBuf,
        /// In its words.
        error: io::Error,
    },
}

/// A file that is being written beside its place. Dropping it removes what was written.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    written: NamedTempFile,
    existing: Existing,
}

impl NewFile {
    /// Begins a file that will be at `path`. It must be none of `inputs`, whatever they are called there.
    pub fn create(
        path: &Path,
        existing: Existing,
        inputs: &[PathBuf],
    ) -> Result<NewFile, SaveError> {
        let typed = path.to_owned();
        check(path, existing, inputs)?;
        // A link stays one: what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| typed.clone());
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let written = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| SaveError::Write { path: typed, error })?;
        Ok(NewFile {
            path,
            written,
            existing,
        })
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It is whole: from now on it is at its place.
    pub fn finish(self) -> Result<(), SaveError> {
        let NewFile { path, written, .. } = self;
        let placed = match self.existing {
            Existing::Spared => written.persist_noclobber(&path),
            Existing::Replaced => written.persist(&path),
        };
        match placed {
            Ok(_) => Ok(()),
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(SaveError::Exists { path, advice: "" })
            }
            Err(failed) => Err(SaveError::Write {
                path,
                error: failed.error,
            }),
        }
    }
}

fn check(path: &Path, existing: Existing, inputs: &[PathBuf]) -> Result<(), SaveError> {
    // A link that leads nowhere is there, too.
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let path = path.to_owned();
    if inputs.iter().any(|input| is_same(&path, input)) {
        return Err(SaveError::IsInput { path });
    }
    if existing == Existing::Spared {
        let advice = ", or --force to replace it";
        return Err(SaveError::Exists { path, advice });
    }
    if !path.is_file() {
        return Err(SaveError::NotAFile { path });
    }
    Ok(())
}

/// True when two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| fs::metadata(path).ok());
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    one.zip(other)
        .is_some_and(|(one, other)| place(one) == place(other))
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path, existing: Existing) -> Result<(), SaveError> {
        let mut file = NewFile::create(path, existing, &[])?;
        file.write_all(b"new").unwrap();
        assert!(fs::read(path).is_ok_and(|is| is == b"old") || !path.exists());
        file.finish()
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(NewFile::create(&path, Existing::Spared, &[]).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        written(&path, Existing::Spared).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let refused = written(&path, Existing::Spared).unwrap_err().to_string();
        assert!(refused.contains("is there already"), "{refused}");
    }

    #[test]
    fn one_that_came_meanwhile_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = NewFile::create(&path, Existing::Spared, &[]).unwrap();
        fs::write(&path, b"old").unwrap();
        assert!(matches!(file.finish(), Err(SaveError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_file_is_replaced_where_that_is_asked_for_and_never_if_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let link = folder.path().join("link");
        fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let inputs = [link.clone()];
        let refused = NewFile::create(&path, Existing::Replaced, &inputs).unwrap_err();
        assert!(matches!(refused, SaveError::IsInput { .. }));
        written(&link, Existing::Replaced).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let refused = NewFile::create(folder.path(), Existing::Replaced, &[]).unwrap_err();
        assert!(matches!(refused, SaveError::NotAFile { .. }));
    }
}
