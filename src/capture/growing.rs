//! A text file that others write to while it is read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes that are read at a time; a longer line is not whole.
const WINDOW: usize = 1 << 16;

/// Gives its lines as they are written.
#[derive(Debug)]
pub struct GrowingText {
    file: File,
    path: PathBuf,
    read: u64,
}

impl GrowingText {
    /// Opens it; there need be nothing in it yet.
    pub fn open(path: &Path) -> io::Result<GrowingText> {
        if !path.metadata()?.is_file() {
            return Err(io::Error::other(
                "it must be a regular file, to be read again when it grows",
            ));
        }
        Ok(GrowingText {
            file: File::open(path)?,
            path: path.to_owned(),
            read: 0,
        })
    }

    /// Hands on the lines that are whole and new. A file that became shorter was begun again.
    pub fn more(&mut self, mut lines: impl FnMut(&str)) -> io::Result<()> {
        let len = self.file.metadata()?.len();
        if len < self.read {
            self.file = File::open(&self.path)?;
            self.read = 0;
        }
        while self.read < len {
            let mut window = vec![0; WINDOW.min((len - self.read) as usize)];
            let count = self.file.read_at(&mut window, self.read)?;
            window.truncate(count);
            let Some(whole) = whole_lines(&window) else {
                return Ok(());
            };
            lines(&String::from_utf8_lossy(&window[..whole]));
            self.read += whole as u64;
        }
        Ok(())
    }

    /// What stands behind the last whole line.
    pub fn end(&mut self) -> io::Result<String> {
        let mut window = vec![0; WINDOW];
        let count = self.file.read_at(&mut window, self.read)?;
        Ok(String::from_utf8_lossy(&window[..count]).into_owned())
    }
}

/// How far there are whole lines; a window without an end of line is stepped over.
fn whole_lines(window: &[u8]) -> Option<usize> {
    let end = window.iter().rposition(|byte| *byte == b'\n');
    match end {
        Some(end) => Some(end + 1),
        None => (window.len() == WINDOW).then_some(WINDOW),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lines(text: &mut GrowingText) -> String {
        let mut read = String::new();
        text.more(|lines| read += lines).unwrap();
        read
    }

    #[test]
    fn what_is_no_file_cannot_grow() {
        assert!(GrowingText::open(Path::new("/")).is_err());
    }

    #[test]
    fn a_line_is_read_once_when_it_is_whole() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut text = GrowingText::open(file.path()).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(lines(&mut text), "one\n");
        assert_eq!(text.end().unwrap(), "tw");
        file.write_all(b"o\n").unwrap();
        assert_eq!(
            (lines(&mut text), lines(&mut text)),
            ("two\n".to_owned(), String::new())
        );
    }
}
