//! What people and programs wrote into a capture, beside its frames.

use super::FrameNumber;

/// Comments kept of a capture; the others are counted.
const MAX_COMMENTS: usize = 1000;
/// Bytes kept of a comment.
const MAX_LEN: usize = 2048;

/// Comments in the order in which they were met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    kept: Vec<Comment>,
    more: u64,
}

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What it speaks of.
    pub about: About,
    /// What it says, two KiB at most: not safe to print.
    pub text: Box<[u8]>,
}

/// What a comment speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The capture, or a section of it.
    Capture,
    /// An interface, by its place in [`super::Layout::interfaces`] of its section.
    Interface(u32),
    /// A frame.
    Frame(FrameNumber),
}

impl Comments {
    /// Those that were kept: a thousand at most.
    pub fn kept(&self) -> &[Comment] {
        &self.kept
    }

    /// How many more there are.
    pub fn more(&self) -> u64 {
        self.more
    }

    pub(super) fn push(&mut self, about: About, text: &[u8]) {
        if self.kept.len() == MAX_COMMENTS {
            self.more += 1;
            return;
        }
        let text = text[..text.len().min(MAX_LEN)].into();
        self.kept.push(Comment { about, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_bounded_in_length_and_number() {
        let mut comments = Comments::default();
        for _ in 0..1002 {
            comments.push(About::Capture, &[b'x'; 5000]);
        }
        assert_eq!((comments.kept().len(), comments.more()), (1000, 2));
        assert_eq!(comments.kept()[999].text.len(), 2048);
    }
}
