//! Compressed captures: what they are packed with, told by their first bytes, and their bytes unpacked.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Bytes that tell a packing.
pub(super) const MAGIC_LEN: usize = 6;

/// Bytes read of an archive at once.
const INPUT: usize = 64 * 1024;

/// What can be unpacked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// How the file that begins with `head` is packed, if it is.
    pub(super) fn of(head: &[u8]) -> Option<Packing> {
        match head {
            [0x1f, 0x8b, ..] => Some(Packing::Gzip),
            // A frame, or one to be skipped: parallel compressors begin with that.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Some(Packing::Zstd)
            }
            _ => None,
        }
    }

    /// The bytes in the archive. An error is said in words for the user.
    pub(super) fn unpack(self, archive: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let archive = BufReader::with_capacity(INPUT, archive);
        match self {
            Packing::Gzip => Box::new(Members {
                decoder: None,
                archive: Some(archive),
            }),
            Packing::Zstd => Box::new(Frames {
                decoder: FrameDecoder::new(),
                archive,
                state: Between::Frames,
            }),
        }
    }
}

/// gzip: members, one behind the other. What follows them and is no member is not looked at, as gzip has it.
///
/// Invariant: the archive is with the decoder while a member is open.
struct Members<R: BufRead> {
    decoder: Option<GzDecoder<R>>,
    archive: Option<R>,
}

impl<R: BufRead> Members<R> {
    /// False at the end of the last member.
    fn open(&mut self) -> io::Result<bool> {
        let Some(archive) = &mut self.archive else {
            return Ok(true);
        };
        let is_member = archive.fill_buf()?.first() == Some(&0x1f);
        if is_member {
            self.decoder = self.archive.take().map(GzDecoder::new);
        }
        Ok(is_member)
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.open()? {
            let Some(decoder) = &mut self.decoder else {
                return Ok(0);
            };
            match decoder.read(into) {
                Ok(0) => self.archive = self.decoder.take().map(GzDecoder::into_inner),
                Err(error) => return Err(in_words("gzip", error)),
                read => return read,
            }
        }
        Ok(0)
    }
}

/// zstd: frames, one behind the other.
struct Frames<R: BufRead> {
    decoder: FrameDecoder,
    archive: R,
    state: Between,
}

enum Between {
    Frames,
    Blocks,
    /// Nothing more will be decoded; what was is still to be read.
    Fault(Option<io::Error>),
}

/// A raw block of no bytes, the last of its frame, and room for a checksum. The decoder holds what later blocks may
/// refer to until it has seen such a block: behind a fault it never would.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

impl<R: BufRead> Frames<R> {
    fn begin(&mut self) -> io::Result<()> {
        let skipped = match self.decoder.reset(&mut self.archive) {
            Ok(()) => {
                self.state = Between::Blocks;
                return Ok(());
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => u64::from(length),
            Err(error) => return Err(self.failed(error)),
        };
        let mut frame = (&mut self.archive).take(skipped);
        match io::copy(&mut frame, &mut io::sink())? {
            len if len == skipped => Ok(()),
            _ => Err(in_words("zstd", ErrorKind::UnexpectedEof.into())),
        }
    }

    /// What the frame says of its content must be so, where it says it.
    fn end(&mut self) -> io::Result<()> {
        self.state = Between::Frames;
        let said = self.decoder.get_checksum_from_data();
        if said.is_some() && said != self.decoder.get_calculated_checksum() {
            return Err(in_words("zstd", io::Error::other("its checksum is wrong")));
        }
        Ok(())
    }

    /// The decoder does not tell a cut archive from a damaged one: there, nothing is left.
    fn failed(&mut self, error: FrameDecoderError) -> io::Error {
        match self.archive.fill_buf() {
            Ok([]) => in_words("zstd", ErrorKind::UnexpectedEof.into()),
            Ok(_) => in_words("zstd", io::Error::other(error)),
            Err(error) => error,
        }
    }
}

impl<R: BufRead> Frames<R> {
    fn decode(&mut self) -> io::Result<()> {
        let one = BlockDecodingStrategy::UptoBlocks(1);
        match self.decoder.decode_blocks(&mut self.archive, one) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn release(&mut self) {
        let one = BlockDecodingStrategy::UptoBlocks(1);
        let _ = self.decoder.decode_blocks(&LAST_BLOCK[..], one);
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(into);
            }
            let done = match &mut self.state {
                Between::Fault(fault) => return fault.take().map_or(Ok(0), Err),
                Between::Frames if self.archive.fill_buf()?.is_empty() => return Ok(0),
                Between::Frames => self.begin(),
                Between::Blocks if self.decoder.is_finished() => self.end(),
                Between::Blocks => self.decode(),
            };
            if let Err(fault) = done {
                self.state = Between::Fault(Some(fault));
                self.release();
            }
        }
    }
}

fn in_words(packing: &str, error: io::Error) -> io::Error {
    let words = match error.kind() {
        ErrorKind::UnexpectedEof => format!("the {packing} archive is cut short"),
        _ if error.to_string().contains("window_size is too big") => format!(
            "the {packing} archive needs more memory than is given here; unpack it with `zstd -d --long=31`"
        ),
        _ => format!("the {packing} archive is damaged: {error}"),
    };
    io::Error::new(error.kind(), words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn unpacked(archive: Vec<u8>) -> (Vec<u8>, Option<String>) {
        let mut bytes = Vec::new();
        let packing = Packing::of(&archive).unwrap();
        let ended = packing
            .unpack(io::Cursor::new(archive))
            .read_to_end(&mut bytes);
        (bytes, ended.err().map(|error| error.to_string()))
    }

    /// Half a megabyte that does not repeat: several blocks in each packing.
    fn noise() -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..500_000).map(|_| next()).collect()
    }

    #[test]
    fn archives_of_several_parts_are_unpacked_to_the_end() {
        for pack in [gzip, zstd] {
            let archive = [pack(b"one, "), pack(b""), pack(b"two")].concat();
            assert_eq!(unpacked(archive), (b"one, two".to_vec(), None));
        }
    }

    #[test]
    fn a_zstd_frame_to_be_skipped_is_skipped() {
        // Magic number of such a frame, its length, three bytes of it.
        let skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec();
        let archive = [skipped.clone(), zstd(b"one"), skipped].concat();
        assert_eq!(unpacked(archive), (b"one".to_vec(), None));
    }

    #[test]
    fn a_cut_archive_gives_what_is_there_and_says_so() {
        let whole = noise();
        for pack in [gzip, zstd] {
            let mut archive = pack(&whole);
            archive.truncate(archive.len() / 2);
            let (bytes, fault) = unpacked(archive);
            assert!(
                bytes.len() > 100_000 && whole.starts_with(&bytes),
                "{}: {fault:?}",
                bytes.len()
            );
            let fault = fault.unwrap();
            assert!(fault.ends_with("archive is cut short"), "{fault}");
        }
    }

    #[test]
    fn an_archive_may_be_cut_at_any_byte() {
        for pack in [gzip, zstd] {
            let archive = [pack(b"some bytes, some bytes"), pack(b"more")].concat();
            let first = pack(b"some bytes, some bytes").len();
            for len in MAGIC_LEN..archive.len() {
                let (bytes, fault) = unpacked(archive[..len].to_vec());
                assert!(b"some bytes, some bytesmore".starts_with(&bytes[..]));
                assert_eq!(fault.is_none(), len == first, "cut at {len}: {fault:?}");
            }
        }
    }

    #[test]
    fn a_damaged_archive_is_told_from_a_cut_one() {
        let mut archive = gzip(&noise());
        let at = archive.len() - 6;
        archive[at] ^= 1;
        let (bytes, fault) = unpacked(archive);
        assert_eq!(bytes.len(), 500_000);
        assert!(
            fault
                .unwrap()
                .starts_with("the gzip archive is damaged: corrupt")
        );
    }

    #[test]
    fn zeros_behind_a_gzip_archive_are_padding() {
        let archive = [gzip(b"one"), vec![0; 512]].concat();
        assert_eq!(unpacked(archive), (b"one".to_vec(), None));
    }
}
