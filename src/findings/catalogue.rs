//! Every rule, in one list: its name, how bad it is to break it, where it comes from, what it says and what it usually
//! means.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A rule of the protocol is broken, or data are lost.
    Error,
    /// Harmful or suspicious.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

    /// `error`, `warning`, `note`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The peer wire protocol and its extensions.
    Protocol,
    /// How peers treat each other, and how fast they are.
    Behaviour,
    /// TCP and uTP.
    Transport,
    /// Encryption, names, addresses, false data.
    Security,
    /// What the capture lacks. Nobody may blame the peers for it.
    Capture,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Group; 5] = [
        Group::Protocol,
        Group::Behaviour,
        Group::Transport,
        Group::Security,
        Group::Capture,
    ];

    /// For titles, and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Group::Protocol => "protocol",
            Group::Behaviour => "behaviour",
            Group::Transport => "transport",
            Group::Security => "security",
            Group::Capture => "capture",
        }
    }
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its value.
    pub code: Code,
    /// Its name, as it is typed and printed.
    pub name: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// What it is about.
    pub group: Group,
    /// The BEP or RFC it comes from, or the clients that hold it.
    pub source: &'static str,
    /// When it is broken: one sentence.
    pub trigger: &'static str,
    /// What that usually means, and what to do: one to three sentences.
    pub meaning: &'static str,
}

/// Makes the enum and the table of one list.
macro_rules! rules {
    ($($group:ident { $($code:ident $name:literal $severity:ident $source:literal
        when $trigger:literal
        means $meaning:literal;)* })*) => {
        /// The rule of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is described by its rule")]
        pub enum Code { $($($code,)*)* }

        /// Every rule; the position of each is its [`Code`].
        pub const RULES: &[Rule] = &[$($(Rule {
            code: Code::$code,
            name: $name,
            severity: Severity::$severity,
            group: Group::$group,
            source: $source,
            trigger: $trigger,
            meaning: $meaning,
        },)*)*];
    };
}

impl Code {
    /// What is known of it.
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// The one of a name.
    pub fn of(name: &str) -> Option<Code> {
        let named = RULES.iter().find(|rule| rule.name == name);
        named.map(|rule| rule.code)
    }
}

impl Code {
    /// Those whose names have a word in common with what was typed.
    pub fn like(typed: &str) -> impl Iterator<Item = Code> {
        let has = move |rule: &&Rule| {
            let mut words = typed.split('-').filter(|word| word.len() > 2);
            words.any(|word| rule.name.split('-').any(|it| it.starts_with(word)))
        };
        RULES.iter().filter(has).map(|rule| rule.code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

rules! {
// Handshake and framing.
Protocol {
}

// Bitfields and haves.
Protocol {
}

// Requests and data.
Protocol {
    RequestWhileChoked "request-while-choked" Error "BEP 3"
        when "A block was asked for while choked, and the transport of the sender had acknowledged the choke."
        means "The sender ignores chokes. Most clients drop such requests; libtorrent disconnects who goes on with it.";
    RequestCrossedChoke "request-crossed-choke" Note "BEP 3"
        when "A block was asked for behind a choke that its sender could not know of yet."
        means "The two messages passed each other on their way. It is healthy; the request is dropped, or rejected where \
            the fast extension holds.";
}

// Extensions.
Protocol {
}

// Choking, interest and their rhythm.
Behaviour {
}

// Pace.
Behaviour {
}

// Transport.
Transport {
}

// Privacy and security.
Security {
}

// The bytes of blocks.
Security {
    PieceHashBad "piece-hash-bad" Error "BEP 3, BEP 52"
        when "All blocks of a piece are in the capture, and it does not hash to what the torrent says."
        means "Somebody sent wrong data, or they were damaged on their way. Clients throw the piece away and ask anew; who \
            sends several such pieces is banned. Judged with `findings --verify`.";
    PieceConflict "piece-conflict" Error "BEP 3"
        when "A peer received the same block from two peers, with different bytes."
        means "One of the two sent wrong data. Name the torrent with `--torrent`, so that `findings --verify` can tell which.";
    DataPoison "data-poison" Error "BEP 3"
        when "A block was wrong: another one in its place made its piece hash to what the torrent says."
        means "Its sender is the one to blame for the bad piece: a broken disk, or somebody who poisons the torrent.";
}

// Quality of the capture.
Capture {
    CaptureSnaplen "capture-snaplen" Warning "pcap"
        when "Frames were captured only in part."
        means "What the snap length cut cannot be decoded: block data are not missed, but messages behind the first of a \
            segment are. Capture with a snap length of 0 (`tcpdump -s 0`).";
}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_rule_stands_at_its_code_and_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        for (at, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.code as usize, at, "{}", rule.name);
            assert!(names.insert(rule.name), "{} twice", rule.name);
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(rule.name.bytes().all(is_plain), "{}", rule.name);
            assert_eq!(Code::of(rule.name), Some(rule.code));
        }
    }

    #[test]
    fn each_rule_says_when_and_what_in_whole_sentences() {
        for rule in RULES {
            for text in [rule.trigger, rule.meaning] {
                assert!(
                    text.ends_with('.') && text.len() > 20,
                    "{}: {text}",
                    rule.name
                );
            }
        }
    }
}
