//! A capture filter, held against frames that were captured already.

use std::sync::Arc;

use super::{Frame, LinkType};

/// What the filter says of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It passes, or there is no filter.
    #[default]
    Pass,
    /// It does not.
    FilteredOut,
    /// The filter asks for what frames of this link type do not have.
    CannotTell,
}

/// Why frames cannot be filtered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(String);

/// The filter, compiled for each link type that comes.
#[derive(Debug)]
pub(super) struct Filter {
    text: Arc<str>,
    #[cfg(feature = "live")]
    programs: std::collections::BTreeMap<LinkType, Option<program::Program>>,
}

#[cfg(feature = "live")]
impl Filter {
    pub(super) fn new(text: Arc<str>) -> Filter {
        Filter {
            text,
            programs: std::collections::BTreeMap::new(),
        }
    }

    /// Fails when the filter can be used for none of the link types; libpcap says why.
    pub(super) fn check(text: &str, links: &[LinkType]) -> Result<(), FilterError> {
        let mut errors = Vec::new();
        for link in links {
            match program::Program::new(text, *link) {
                Ok(_) => return Ok(()),
                Err(error) => errors.push(error),
            }
        }
        match errors.into_iter().next() {
            Some(error) => Err(FilterError(format!(
                "the filter `{text}` is wrong: {error}; `man pcap-filter` has its words"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn judge(&mut self, frame: &Frame<'_>) -> Verdict {
        let text = &self.text;
        let compiled = self
            .programs
            .entry(frame.link)
            .or_insert_with(|| program::Program::new(text, frame.link).ok());
        match compiled {
            None => Verdict::CannotTell,
            Some(program) if program.passes(frame.bytes) => Verdict::Pass,
            Some(_) => Verdict::FilteredOut,
        }
    }
}

#[cfg(not(feature = "live"))]
impl Filter {
    pub(super) fn new(text: Arc<str>) -> Filter {
        Filter { text }
    }

    /// Nothing can be filtered without libpcap.
    pub(super) fn check(text: &str, _: &[LinkType]) -> Result<(), FilterError> {
        Err(FilterError(format!(
            "cannot filter by `{text}`: this peerscope was built without libpcap; build it with the feature `live`"
        )))
    }

    pub(super) fn judge(&mut self, _: &Frame<'_>) -> Verdict {
        let _ = &self.text;
        Verdict::CannotTell
    }
}

#[cfg(feature = "live")]
mod program {
    use std::fmt;

    use pcap::{BpfProgram, Capture, Linktype};

    use super::LinkType;

    pub(super) struct Program(BpfProgram);

    impl Program {
        pub(super) fn new(text: &str, link: LinkType) -> Result<Program, pcap::Error> {
            let link = match link {
                // libpcap's number for raw IP is not that of files.
                LinkType::RAW => Linktype(12),
                LinkType(number) => Linktype(number as i32),
            };
            Capture::dead(link)?.compile(text, true).map(Program)
        }

        pub(super) fn passes(&self, bytes: &[u8]) -> bool {
            self.0.filter(bytes)
        }
    }

    impl fmt::Debug for Program {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Program")
        }
    }
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::*;
    use crate::capture::{FilePosition, FrameNumber, Timestamp};

    fn judged(text: &str, link: LinkType, bytes: &[u8]) -> Verdict {
        Filter::new(text.into()).judge(&Frame {
            number: FrameNumber(1),
            position: FilePosition(0),
            time: Timestamp(0),
            link,
            original_len: bytes.len() as u32,
            bytes,
            verdict: Verdict::Pass,
        })
    }

    /// IPv4, no options, protocol UDP, 10.0.0.1 to 10.0.0.2, ports 1 and 2.
    const UDP: [u8; 28] =
        hex_literal::hex!("4500001c 00000000 40110000 0a000001 0a000002 0001 0002 0008 0000");

    #[test]
    fn a_frame_is_judged_by_its_link_type() {
        let ethernet = [&[0; 12][..], &[8, 0], &UDP].concat();
        for (link, bytes) in [
            (LinkType::RAW, &UDP[..]),
            (LinkType::IPV4, &UDP[..]),
            (LinkType::ETHERNET, &ethernet),
        ] {
            assert_eq!(judged("udp port 2", link, bytes), Verdict::Pass, "{link}");
            assert_eq!(judged("tcp", link, bytes), Verdict::FilteredOut, "{link}");
        }
    }

    #[test]
    fn what_a_link_type_does_not_have_cannot_be_told() {
        let text = "ether host 1:2:3:4:5:6";
        assert_eq!(judged(text, LinkType::RAW, &UDP), Verdict::CannotTell);
        assert!(Filter::check(text, &[LinkType::RAW, LinkType::ETHERNET]).is_ok());
        let error = Filter::check(text, &[LinkType::RAW]).unwrap_err();
        assert!(error.to_string().contains("ethernet"), "{error}");
    }

    #[test]
    fn a_wrong_filter_is_refused_in_the_words_of_libpcap() {
        let error = Filter::check("tcp prot 80", &[LinkType::ETHERNET]).unwrap_err();
        assert!(error.to_string().contains("syntax error"), "{error}");
    }
}
