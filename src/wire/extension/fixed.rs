//! A payload of a few numbers, one behind the other.

use super::{At, Fault, FaultKind};

/// Reads from the front, and remembers what was not there.
pub(super) struct Fixed<'t> {
    bytes: &'t [u8],
    at: usize,
    pub(super) faults: Vec<Fault>,
}

impl<'t> Fixed<'t> {
    pub(super) fn read(bytes: &'t [u8]) -> Fixed<'t> {
        Fixed {
            bytes,
            at: 0,
            faults: Vec::new(),
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn note(&mut self, at: usize, kind: FaultKind) {
        self.faults.push(Fault { at, kind });
    }

    /// The next bytes. What ends too early is said once.
    pub(super) fn array<const N: usize>(&mut self) -> Option<At<[u8; N]>> {
        let Some(value) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) else {
            if !self
                .faults
                .iter()
                .any(|fault| fault.kind == FaultKind::Short)
            {
                self.note(self.bytes.len(), FaultKind::Short);
            }
            return None;
        };
        let range = self.at..self.at + N;
        self.at = range.end;
        Some(At {
            value: *value,
            range,
        })
    }

    pub(super) fn u8(&mut self) -> Option<At<u8>> {
        self.array().map(|it| it.map(u8::from_be_bytes))
    }

    pub(super) fn u16(&mut self) -> Option<At<u16>> {
        self.array().map(|it| it.map(u16::from_be_bytes))
    }

    pub(super) fn u32(&mut self) -> Option<At<u32>> {
        self.array().map(|it| it.map(u32::from_be_bytes))
    }

    /// What is left is too much.
    pub(super) fn end(mut self) -> Vec<Fault> {
        if self.at < self.bytes.len() && self.faults.is_empty() {
            self.note(self.at, FaultKind::Trailing);
        }
        self.faults
    }
}

impl<T> At<T> {
    pub(super) fn map<U>(self, into: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: into(self.value),
            range: self.range,
        }
    }
}
