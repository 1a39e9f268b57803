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
    BadProtocolString "bad-protocol-string" Error "BEP 3"
        when "A stream begins nearly, but not wholly, with the length 19 and `BitTorrent protocol`."
        means "The first 20 bytes of a handshake are fixed. Every client hangs up at the first byte that differs: \
            look at how the handshake is put together.";
    NotBitTorrent "not-bittorrent" Note "BEP 3"
        when "A peer that takes connections of BitTorrent was spoken to in another protocol, or with as many bytes as \
            begin a key exchange (96 to 608), of which nothing came."
        means "Peers that want encryption try a key exchange first and come back in plaintext: that is healthy. \
            Scanners, \
            browsers and other services come to any open port.";
    HandshakePartial "handshake-partial" Note "BEP 3"
        when "The connection ended behind 48 to 67 of the 68 bytes of a handshake."
        means "Up to its 48th byte a handshake names the torrent, and the peer id is missing. Trackers check a peer's \
            port like that; a peer that does not know the torrent hangs up there.";
    HandshakeNever "handshake-never" Note "BEP 3"
        when "A connection to a known peer was established and closed within 30 seconds, and nobody said a word."
        means "Somebody looks whether the port is open, or a client had another connection to the same peer already. \
            Many of them in a row point to a client that is full, or that bans the other.";
    HandshakeSlow "handshake-slow" Note "libtorrent, Transmission"
        when "A handshake came more than 10 seconds behind the SYN-ACK, or behind the handshake that it answers."
        means "libtorrent gives up after 10 seconds, Transmission after 30. The peer is overloaded, or packets were \
            lost.";
    InfoHashMismatch "info-hash-mismatch" Error "BEP 3, BEP 52"
        when "The two handshakes name different torrents, and they are not the two hashes of one hybrid torrent."
        means "Who is asked for a torrent answers with the same info hash, or hangs up. Look at how the answer finds \
            its torrent where several share one port.";
    InfoHashV2Upgrade "info-hash-v2-upgrade" Note "BEP 52"
        when "The two handshakes name the v1 and the v2 hash of one hybrid torrent."
        means "It is healthy: the upgrade to v2 was offered and taken.";
    V2BitOnV1Torrent "v2-bit-on-v1-torrent" Warning "BEP 52"
        when "A handshake offers the upgrade to v2 for a torrent whose info dictionary has no v2."
        means "The bit 0x10 of the last reserved byte is for hybrid torrents only. Peers that trust it look for a v2 \
            hash that is not there.";
    SelfConnection "self-connection" Warning "BEP 3"
        when "Both handshakes carry the same peer id."
        means "A client has connected to itself, by an address that a tracker or a peer gave it; it should hang up. \
            Else two clients share an id that should be random.";
    PeerIdDuplicate "peer-id-duplicate" Note "libtorrent"
        when "Two connections for one torrent are open between the same two peer ids at once."
        means "Both connected to each other at the same time, or over TCP and uTP. libtorrent keeps the connection \
            that \
            the greater peer id opened; a client that keeps both wastes a slot.";
    ReservedUnknownBits "reserved-unknown-bits" Note "BEP 4"
        when "Reserved bits are set to which neither a BEP nor a client gives a meaning."
        means "They should be ignored. Bits that look random come from a handshake that is put together at the wrong \
            offset.";
    FramingLost "framing-lost" Error "BEP 3, libtorrent"
        when "A length prefix of more than 16 MiB, or a message of an unassigned id of more than 1 MiB."
        means "The sender has lost count of its own bytes, or writes something else than messages. Its receiver hangs \
            up; what follows was read from the next messages that could be found.";
    UnknownMessageId "unknown-message-id" Warning "BEP 3"
        when "A message has an id that no BEP assigns."
        means "Most clients ignore it, some hang up. New messages belong into the extension protocol (BEP 10).";
    HistoricMessageId "historic-message-id" Note "Tribler, Azureus"
        when "Messages have ids of Tribler's overlay (225 to 253), or come in the framing of Azureus messaging. Said \
            once for each side."
        means "Extensions from before BEP 10, for peers of the same make.";
    MessageLengthWrong "message-length-wrong" Error "BEP 3, BEP 5, BEP 6, BEP 10, BEP 52"
        when "A message has a length that its id does not allow."
        means "It is unreadable, and most clients hang up. Look at whether the length prefix counts the id (it does) \
            and itself (it does not).";
    MessageIncomplete "message-incomplete" Warning "BEP 3, RFC 9293"
        when "A FIN of its sender, or a RST of either side, stands behind a part of a message."
        means "The rest will never come: what its receiver has of it is thrown away. It is common when a client drops \
            a peer; as an answer to each request it points to a sender that crashes or times out.";
    ConnectionReset "connection-reset" Note "RFC 9293"
        when "A connection was reset while requests were open or a message was on its way."
        means "One side aborted: its process died, it closed a socket with unread data, or something between the two \
            cut them off.";
}

// Bitfields and haves.
Protocol {
    BitfieldLate "bitfield-late" Error "BEP 3, BEP 6"
        when "A bitfield, have_all or have_none stands behind another message than the extended handshake, PORT or a \
            keep-alive, and its sender knew the number of pieces."
        means "It may only be the first message. Some clients drop it or hang up, and then never ask for the pieces \
            in it.";
    BitfieldAfterMetadata "bitfield-after-metadata" Note "BEP 9"
        when "A bitfield, have_all or have_none came late, from a peer that had to fetch the info dictionary first."
        means "It is healthy: who starts from a magnet link does not know how long a bitfield has to be.";
    BitfieldRepeated "bitfield-repeated" Warning "BEP 6"
        when "A second bitfield, have_all or have_none of the same side."
        means "Exactly one is allowed, and later pieces are to be announced with have. aria2 sends whole bitfields in \
            place of haves; most clients bear it, some hang up.";
    BitfieldShort "bitfield-short" Error "BEP 3"
        when "A bitfield has fewer bytes than an eighth of the number of pieces, rounded up."
        means "Its sender counts pieces wrongly, or speaks of another torrent. Most clients hang up.";
    BitfieldLong "bitfield-long" Error "BEP 3"
        when "A bitfield has more bytes than an eighth of the number of pieces, rounded up."
        means "Its sender counts pieces wrongly, pads to whole words, or speaks of another torrent. Most clients hang \
            up.";
    BitfieldSpareBits "bitfield-spare-bits" Error "BEP 3"
        when "Bits behind the last piece are set in a bitfield."
        means "They have to be zero: fill the bytes of a seed's bitfield only up to the last piece. Some clients hang \
            up.";
    BitfieldEmpty "bitfield-empty" Note "BEP 3, BEP 6"
        when "A bitfield has not one bit set."
        means "It is allowed. With the fast extension have_none says the same, and without it no message at all.";
    BitfieldLazy "bitfield-lazy" Note "libtorrent"
        when "A bitfield lacks pieces that two or more haves name within a second, before anything else is said."
        means "A lazy bitfield hides a seed from providers that look for whole ones. The haves tell of no progress.";
    BitfieldMissing "bitfield-missing" Note "BEP 3, BEP 6"
        when "The first request of a side, with the fast extension, or its first block comes before any bitfield, \
            have_all, have_none or have."
        means "It counts as a peer that has nothing. With the fast extension have_none should say so; who sends blocks \
            should say which.";
    FastExclusiveMissing "fast-exclusive-missing" Warning "BEP 6"
        when "With the fast extension, the first word of a side about its pieces is a have."
        means "BEP 6 wants exactly one of bitfield, have_all and have_none before it. Some clients wait for that.";
    HaveOutOfRange "have-out-of-range" Error "BEP 3"
        when "A have names a piece behind the last one."
        means "Pieces are counted from 0. Most clients hang up.";
    HaveRedundant "have-redundant" Note "BEP 3"
        when "A have names a piece that its sender had announced before."
        means "It is harmless; in numbers it costs traffic, and it shows that the sender does not know what it has \
            said.";
    HaveBeforeMetadata "have-before-metadata" Note "BEP 3, BEP 9"
        when "A have goes to a peer that started from a magnet link and has not said what it has. Said once for each \
            side."
        means "The receiver does not know yet how many pieces there are. It has to remember the index and check it \
            later.";
    HaveAllWithoutFast "have-all-without-fast" Error "BEP 6"
        when "A have_all, have_none, suggest or allowed_fast where not both handshakes offer the fast extension."
        means "Both sides have to set the bit 0x04 of the last reserved byte. Who gets such a message without it must \
            hang up.";
    HaveRegression "have-regression" Warning "BEP 3, BEP 54"
        when "A bitfield lacks pieces that its sender had announced on the same connection and not taken back."
        means "Peers will ask for pieces that are gone, or never again for them. lt_donthave (BEP 54) takes pieces \
            back.";
    SeedClaimsInterest "seed-claims-interest" Warning "BEP 3"
        when "Interested, from a peer that had announced all pieces."
        means "There is nothing it can want. It announces what it has not, or forgets to look before it speaks; it \
            takes an upload slot from others.";
    SeedToSeed "seed-to-seed" Note "libtorrent"
        when "Both sides have announced all pieces."
        means "They have nothing to give each other. Clients close such connections to make room.";
}

// Requests and data.
Protocol {
    RequestWhileChoked "request-while-choked" Error "BEP 3, BEP 6"
        when "A block was asked for while choked, the transport of its sender had acknowledged the choke, and the \
            piece was \
            not allowed fast; a warning within 2 s of the choke."
        means "The sender ignores chokes, or has not read this one yet: libtorrent reads late under a rate limit. Most \
            clients drop such requests; libtorrent disconnects who goes on with it for 2 s.";
    RequestCrossedChoke "request-crossed-choke" Note "BEP 3"
        when "A block was asked for behind a choke that its sender could not know of yet."
        means "The two messages passed each other on their way. It is healthy; the request is dropped, or rejected \
            where \
            the fast extension holds.";
    RequestNotInterested "request-not-interested" Note "BEP 3"
        when "A block was asked for by a side that had not said to be interested; told once for each time it is not."
        means "libtorrent takes such a request for an interested, other clients never unchoke who does not say it. \
            Send \
            interested first.";
    RequestPieceLacking "request-piece-lacking" Warning "BEP 3"
        when "A block was asked for of a piece that the other side had not announced, nor did within 0.1 s."
        means "The sender's picture of the other's pieces is wrong, or it asks on the word of an allowed fast \
            message alone. \
            The other can only reject or ignore it.";
    RequestOwnPiece "request-own-piece" Warning "BEP 3"
        when "A block was asked for of a piece that its sender had announced itself."
        means "It downloads what it has, or announced what it does not have. A piece that failed its hash check must \
            not \
            have been announced.";
    RequestOutOfRange "request-out-of-range" Error "BEP 3"
        when "A block was asked for of a piece that the torrent does not have, or that ends behind the piece or behind \
            32 bits; a warning where the number of pieces is inferred."
        means "An error in the arithmetic of the last piece, or another torrent in mind. libtorrent counts 300 of \
            them and \
            hangs up, others hang up at once.";
    RequestZeroLength "request-zero-length" Warning "BEP 3"
        when "0 bytes were asked for."
        means "An error in the arithmetic of the last block. Most clients ignore it, some hang up.";
    RequestOversized "request-oversized" Error "BEP 3"
        when "More than 128 KiB were asked for at once; a warning, once for each side, above 16 KiB."
        means "BEP 3 knows 16 KiB as what all do and lets others close the connection. Many clients reject or ignore \
            larger \
            requests, none gives more than 128 KiB.";
    RequestUnaligned "request-unaligned" Note "BEP 3"
        when "A request begins off the multiples of 16 KiB, or ends off them before the end of the piece; told once \
            for \
            each side."
        means "It is allowed. Such blocks overlap those of other clients, and some refuse them; where it was not \
            meant, the \
            piece length is mistaken.";
    RequestDuplicate "request-duplicate" Warning "BEP 6"
        when "A block was asked for again while the same request waited, and no answer or choke came within 0.1 s."
        means "The sender has lost count of what it asked for, or gave up on the answer without a cancel. Both may be \
            answered, which wastes the block; with the fast extension some clients hang up.";
    RequestOverReqq "request-over-reqq" Warning "BEP 10"
        when "More requests wait than `reqq` of the other's extended handshake takes, for more than 0.1 s."
        means "The other side drops or rejects those beyond. Keep to its `reqq`; libtorrent takes 250 where nothing \
            is said.";
    RequestNoAnswer "request-no-answer" Warning "BEP 3"
        when "The request that is next in turn has no answer for 60 s though its sender is unchoked, and the other \
            side \
            speaks of something else."
        means "The other side lost or ignores it, or serves others first. libtorrent gives up after 60 s and asks \
            somebody \
            else; the last blocks of a download hang on such requests.";
    RequestUnansweredFast "request-unanswered-fast" Error "BEP 6"
        when "With the fast extension a request was neither given nor rejected for 120 s behind a choke; a warning \
            where \
            it was cancelled."
        means "BEP 6 wants one answer to each request, also to those that a choke or a cancel ends. Who waits for it \
            keeps \
            the block reserved for ever. Transmission before 4.0 never rejected what was cancelled and is not told of.";
    CancelUnknown "cancel-unknown" Note "BEP 3"
        when "A block was cancelled that its sender had not asked for."
        means "It is ignored. The sender has lost count of its requests, or sends the cancel with other numbers than \
            the \
            request.";
    CancelTooLate "cancel-too-late" Note "BEP 3"
        when "A block was cancelled that had come in full before."
        means "The two passed each other, as they do at the end of a download. Many of them are data paid for twice.";
    RejectWithoutFast "reject-without-fast" Error "BEP 6"
        when "A request was rejected though one of the handshakes lacks the bit of the fast extension."
        means "BEP 6 wants the connection closed. The sender does not look at the other's handshake.";
    RejectUnrequested "reject-unrequested" Error "BEP 6"
        when "A request was rejected that did not wait, and none came within 0.1 s."
        means "Two answers to one request, or a reject with other numbers than the request. libtorrent and anacrolix \
            log \
            it as invalid; BEP 6 lets the other close the connection.";
    RejectStorm "reject-storm" Warning "BEP 6"
        when "More than 20 requests were rejected within 10 s by a side that serves, and no choke followed."
        means "The other asks for more than it takes, or for pieces it lacks. Look at `reqq` and at the pieces that \
            were \
            refused.";
    PieceUnrequested "piece-unrequested" Warning "BEP 3, BEP 52"
        when "A block came for which no request waited nor was taken back, and none came within 0.1 s."
        means "A late answer to what was given up, or data forced upon the other: BEP 52 wants the connection \
            closed. One \
            in a hundred is usual.";
    PieceAfterCancel "piece-after-cancel" Note "BEP 3"
        when "A block came behind its cancel."
        means "It was on its way already, or its sender does not look through its queue for cancels. The bytes are \
            wasted \
            if they came from elsewhere.";
    PieceWhileChoking "piece-while-choking" Warning "BEP 3"
        when "A side gave a block while it choked, for a request made more than 0.1 s behind the choke, of a piece \
            that \
            was not allowed fast."
        means "It does not hold to its own choke, so its upload slots are not what it thinks they are.";
    PieceShort "piece-short" Warning "BEP 3"
        when "A block came with more or fewer bytes than its request asked for."
        means "The rest never comes, and the request counts as answered: the piece stays incomplete. Some clients \
            hang up.";
    PieceZeroLength "piece-zero-length" Note "BEP 3"
        when "A piece message came without data."
        means "BitComet rejects so what it does not give. libtorrent and rTorrent read it as a reject.";
    PieceDuplicate "piece-duplicate" Warning "BEP 3"
        when "A peer got a block that it had got before, on any connection, and later asked for blocks it had never \
            asked \
            for: so it was not at its end."
        means "Bytes are paid for twice: requests that timed out too early, were given to two peers without a \
            cancel, or had \
            to be made anew because a piece failed its hash check (`--verify` tells).";
    BlockInterleaved "block-interleaved" Note "BEP 3"
        when "A peer got blocks of the same MiB of a piece from three or more others."
        means "Should the piece fail its hash check, nobody can say who sent bad data. Near the end of a download it \
            is \
            usual.";
    HashRequestBad "hash-request-bad" Error "BEP 52"
        when "A number of hashes was asked for that is no power of two, or from an index that is no multiple of it; a \
            warning for a single one or more than 512."
        means "The other side must reject it.";
    HashUnanswered "hash-unanswered" Warning "BEP 52"
        when "Hashes were asked for, and for 60 s neither hashes nor a reject came while the other side spoke."
        means "Without the hashes no piece of the file can be checked: the download stands. The other side may be a \
            client \
            of v1 that claims v2.";
    HashesUnrequested "hashes-unrequested" Warning "BEP 52"
        when "Hashes or a reject of hashes came that were not asked for, nor within 0.1 s."
        means "An answer with other numbers than its request matches none: the one who asked goes on waiting.";
    HashesLength "hashes-length" Error "BEP 52"
        when "A hashes message has fewer hashes than it says, or a part of one."
        means "The proof cannot be checked, and the receiver asks elsewhere or hangs up.";
    AllowedFastAbuse "allowed-fast-abuse" Warning "BEP 6"
        when "More requests than three times its blocks were made for an allowed fast piece while choked."
        means "The grant is used to download the same over and over. libtorrent rejects what goes beyond three rounds.";
    HaveNotServed "have-not-served" Warning "BEP 3, BEP 54"
        when "A side that serves refused three times to give of a piece that it had announced, asked anew each time."
        means "It announced what it does not have, or has it no more and does not send `lt_donthave`. Ask others.";
}

// Waste of requests and data.
Behaviour {
    RedundantRatio "redundant-ratio" Warning "BEP 3"
        when "More than 3 % of at least 16 MiB that a peer got of a torrent were blocks that it had got before."
        means "Some 1 % is usual, and more near the end. Look at the requests that were given to two peers, and \
            whether \
            cancels followed.";
    EndgameWaste "endgame-waste" Note "BEP 3"
        when "In the last minute of a download more than 10 % of at least 50 requests were cancelled."
        means "In the endgame the last blocks are asked for everywhere. With as many cancels the endgame began too \
            early, or \
            asks too many.";
}

// Extensions.
Protocol {
    ExtendedNotNegotiated "extended-not-negotiated" Error "BEP 10"
        when "An extended message (id 20) was sent though the handshake of one of the two lacks the bit of the \
            extension \
            protocol (byte 5, 0x10)."
        means "The receiver does not know message 20 and may hang up. Check the bits of both handshakes before the \
            first \
            extended message.";
    ExtendedBeforeHandshake "extended-before-handshake" Warning "BEP 10"
        when "An extended message other than the extended handshake stands more than 0.1 s before the extended \
            handshake of \
            its receiver."
        means "Only the receiver gives ids, so this id was guessed or kept from another connection.";
    ExtendedIdUnknown "extended-id-unknown" Warning "BEP 10"
        when "An extended message has an id that its receiver gave to no extension in any of its extended handshakes."
        means "Usually the sender uses the id of its own `m` instead of the receiver's. The receiver drops the \
            message.";
    ExtendedIdInvalid "extended-id-invalid" Warning "BEP 10"
        when "A value in `m` of an extended handshake is not a number from 0 to 255."
        means "An id is one byte on the wire: nobody can send this extension to its sender.";
    ExtendedIdConflict "extended-id-conflict" Warning "BEP 10"
        when "An extended handshake gives one id, other than 0, to two names."
        means "A message with this id can be read in two ways. Each extension needs an id of its own.";
    ExtendedHandshakeBad "extended-handshake-bad" Warning "BEP 10, BEP 3"
        when "An extended handshake is not one bencoded dictionary, or bytes follow it."
        means "libtorrent ignores such a handshake, others hang up: no extension will work. Check the lengths of \
            strings and \
            the `e` at the end.";
    ExtendedHandshakeRepeat "extended-handshake-repeat" Note "BEP 10"
        when "A side sends a second extended handshake, or a later one."
        means "It is legal: names and ids are merged over the earlier ones. Messages that are under way still have the \
            former ids.";
    ExtendedBodyBad "extended-body-bad" Warning "BEP 9, BEP 11, BEP 54, BEP 55"
        when "The payload of an extended message is not what its extension says: broken bencode, a key that is \
            missing, bytes \
            too few or too many."
        means "Receivers drop it or hang up. The sentence names what is wrong and at which byte.";
    BencodeNoncanonical "bencode-noncanonical" Note "BEP 3"
        when "A dictionary has keys that are not sorted or stand twice, or numbers with leading zeros."
        means "Most clients read it, strict ones do not; of keys that stand twice each reader may take another one.";
    TypeSurprise "type-surprise" Note "BEP 10, BEP 11"
        when "A known key has a value of another type than its BEP says, or a number is one without a meaning."
        means "Tolerant clients read a number that is written as a string, and flags that are a list; others take \
            the key for \
            missing.";
    PexTooOften "pex-too-often" Warning "BEP 11"
        when "Less than 50 s lie between two `ut_pex` messages of one side."
        means "BEP 11 allows one a minute (10 s are forgiven here). libtorrent and BiglyBT hang up on who floods.";
    PexTooMany "pex-too-many" Warning "BEP 11, libtorrent"
        when "A `ut_pex` message behind the first of its sender has more than 100 contacts that are added, or that \
            are dropped."
        means "BEP 11 asks for 50 at most, libtorrent sends up to 100. Receivers cut the list or hang up.";
    PexEmpty "pex-empty" Note "BEP 11"
        when "A `ut_pex` message names no contact at all."
        means "It only costs bytes: say nothing where nothing has changed.";
    PexUneven "pex-uneven" Warning "BEP 11"
        when "A list of contacts is not a multiple of 6 bytes (IPv4) or 18 bytes (IPv6) long."
        means "The list was cut, or the two kinds of addresses are mixed up. Receivers drop the last contact, or all.";
    PexFlagsLength "pex-flags-length" Warning "BEP 11"
        when "`added.f` or `added6.f` has not one byte for each contact."
        means "The flags cannot be told apart by contact; some clients drop the whole message.";
    PexUnreachable "pex-unreachable" Warning "BEP 11"
        when "A contact that is added has port 0 or an address that is nobody's (unspecified, loopback, multicast), \
            or a private \
            one though both ends of the connection are public."
        means "Nobody can connect to it. Filter addresses before they are told to others: private ones also give \
            away what \
            a network looks like inside.";
    PexPoison "pex-poison" Warning "BEP 11"
        when "Of 20 or more public IPv4 contacts that one `ut_pex` message adds, more than half are in one network \
            of 256 \
            addresses."
        means "Peers are spread over the world: somebody fills your list with its own hosts, or with a victim's. Do \
            not \
            connect to more than a few of one network.";
    PexAddedDropped "pex-added-dropped" Warning "BEP 11"
        when "One contact stands in the added and in the dropped ones of a message."
        means "Receivers keep it or forget it, as they happen to read the lists. Send only the difference since the \
            last \
            message.";
    PexOnPrivateTorrent "pex-on-private-torrent" Warning "BEP 27"
        when "A `ut_pex` message is sent on a torrent whose info dictionary has `private` 1."
        means "Peers of a private torrent come from its tracker alone. Trackers ban clients that do this.";
    MetadataSizeOdd "metadata-size-odd" Warning "BEP 9"
        when "`metadata_size` is 0 or less or more than 30 MiB, changes, or is not the size of the known info \
            dictionary."
        means "Who does not have the info dictionary leaves the key out. Receivers that believe it ask for blocks \
            that do not \
            exist.";
    MetadataPieceBad "metadata-piece-bad" Error "BEP 9"
        when "A block of metadata is not 16384 bytes long (the last: the remainder), lies behind the end, or its \
            `total_size` \
            is not the size that its sender announced or that the info dictionary has."
        means "`total_size` is the size of the whole dictionary, not of the block; only the last block is shorter. The \
            receiver cannot put the dictionary together.";
    MetadataUnrequested "metadata-unrequested" Warning "BEP 9"
        when "A block of metadata is sent that the other side has not asked for, and does not ask for within 0.1 s."
        means "Receivers drop it; libtorrent counts it as an attack. Send one block for each request.";
    MetadataRerequest "metadata-rerequest" Warning "BEP 9"
        when "One side asks for one block of metadata more than 5 times without being rejected."
        means "It does not take what it gets, or does not wait for it. A size that is a multiple of 16384 has led \
            clients to \
            this.";
    MetadataReject "metadata-reject" Note "BEP 9"
        when "A request for metadata is rejected."
        means "The peer does not have the info dictionary, or limits how often it may be asked for. Ask another one.";
    MetadataHashBad "metadata-hash-bad" Warning "BEP 9"
        when "One side has sent all blocks of an info dictionary, and they do not make one with the info hash."
        means "The sender lies or its copy is broken: throw away what it sent and ask another peer.";
    HolepunchError "holepunch-error" Note "BEP 55"
        when "A peer that was asked to introduce another answers with an error."
        means "The sentence says which: the two peers will not be connected through this one.";
    HolepunchTruncated "holepunch-truncated" Note "BEP 55"
        when "A rendezvous or a connect message of `ut_holepunch` has no `err_code`."
        means "libtorrent and BiglyBT leave it out though BEP 55 has it: accept both forms.";
    DonthaveOutOfRange "donthave-out-of-range" Error "BEP 54"
        when "`lt_donthave` names a piece that the torrent does not have."
        means "The index is wrong, or is not in network byte order.";
    PortWithoutDht "port-without-dht" Note "BEP 5"
        when "A port message is sent though the handshake of one of the two lacks the bit of the DHT (byte 7, 0x01), \
            or its port \
            is 0."
        means "It names a node of the DHT: who has none says nothing, and who did not set the bit will not use it.";
}

// Choking, interest and their rhythm.
Behaviour {
    ChokeFlapping "choke-flapping" Warning "BEP 3"
        when "A side choked an interested peer and took that back, more than 4 changes in 10 s."
        means "Fibrillation: TCP cannot get up to speed in slots that short. BEP 3 recomputes chokes every 10 s; \
            look at \
            the unchoke timer, and at slots that are given away anew on each event.";
    ChokeRedundant "choke-redundant" Note "BEP 3"
        when "A peer was choked that was choked already, or unchoked that was unchoked already and had said nothing of \
            interest since."
        means "Harmless. The sender does not keep track of what it said last.";
    UnchokeUnused "unchoke-unused" Warning "libtorrent"
        when "A side was interested and unchoked for 60 s by a peer with pieces that it did not tell of, and asked for \
            nothing."
        means "It holds an upload slot and does not use it; libtorrent closes on such peers. Look at why the piece \
            picker \
            finds nothing: all of it asked for elsewhere, or an unchoke that was missed.";
    UnchokeToUninterested "unchoke-to-uninterested" Note "BEP 3"
        when "A peer was unchoked that had not been interested before, and was not in all the time behind it, 60 s \
            at least."
        means "An upload slot is kept for nobody. libtorrent unchokes in advance while it has free slots: that is \
            healthy.";
    InterestUnserved "interest-unserved" Note "BEP 3"
        when "A side was interested and choked for more than 120 s, and no more than 600 s."
        means "That is longer than four turns of an optimistic unchoke. With few slots and many peers it is usual.";
    InterestStarved "interest-starved" Warning "BEP 3"
        when "A side was interested and choked for more than 600 s."
        means "It will get nothing here. Either the other serves nobody, or this side gives it too little back; \
            clients do \
            well to hang up on such a peer.";
    InterestMissing "interest-missing" Warning "BEP 3"
        when "The other has pieces that a side did not tell of, and the side, which does not say that it only uploads \
            (BEP 21), was not interested for 60 s, and never before."
        means "It will never be unchoked. Often a bitfield or haves were not taken into account, or all files are \
            deselected and the extended handshake does not say so.";
    InterestStale "interest-stale" Note "BEP 3"
        when "A side stayed interested for more than 10 s in a peer that has told of no piece beyond its own."
        means "It may be given a slot that it cannot use. Say `not_interested` when the last wanted piece has come.";
    UploadOnlyPair "upload-only-pair" Note "BEP 21"
        when "Both sides say `upload_only`."
        means "Neither wants anything: expect that one of them closes the connection as redundant.";
    Snubbed "snubbed" Warning "libtorrent"
        when "A side had unchoked the other, at least one request was open, and no block came for 60 s."
        means "The other is stuck with its requests: it should ask elsewhere for them. Look at the disk and at the \
            upload \
            limit of the silent side, and at requests that it forgot over a choke.";
    KeepaliveMissing "keepalive-missing" Warning "BEP 3"
        when "A side sent nothing for more than 130 s, and then used the connection again."
        means "Peers may close a connection on which they heard nothing for two minutes: send a keep-alive before.";
    KeepaliveFlood "keepalive-flood" Warning "BiglyBT"
        when "A side sent more than 6 keep-alives in 60 s."
        means "One in two minutes of silence will do; BiglyBT closes on who sends that many.";
    IdleTimeout "idle-timeout" Note "BEP 3"
        when "A side closed the connection 115 to 130 s after the last word of the other."
        means "It timed out: the other should have sent a keep-alive, or was gone.";
    RequestsLeftAfterChoke "requests-left-after-choke" Warning "BEP 3"
        when "Without the fast extension, a block that was asked for before a choke of 1 s or more, and not again, \
            came \
            behind the next unchoke."
        means "A choke drops what was asked for (BEP 3). Its sender kept the queue: the other has asked elsewhere \
            meanwhile, and gets the block twice.";
}

// Pace.
Behaviour {
    PipelineTooShallow "pipeline-too-shallow" Warning "libtorrent"
        when "In at least 5 s of download and 10 pauses, a side had no request open for more than 20 % of the time."
        means "The sender runs dry and waits for the next request: stop-and-go. Keep as many requests open as the \
            delay \
            takes (libtorrent: what comes in 3 s), and ask again before the last block is there.";
    PipelineFixed "pipeline-fixed" Note "libtorrent"
        when "At 95 % of the times when a side had asked and a block came, of 100 at least, the same number of \
            requests was \
            open."
        means "A queue of fixed depth limits the rate to that many blocks for each round trip. Let it follow the \
            rate and \
            the delay.";
    BlockRttHigh "block-rtt-high" Warning "libtorrent"
        when "Of 20 blocks or more, half took longer than 5 s from the request to the last byte."
        means "A slow or shared uplink, a busy disk, or more requests open than the rate bears: late answers look like \
            snubs, and blocks are asked for twice.";
    BlockRttBimodal "block-rtt-bimodal" Note "libtorrent"
        when "Of 50 blocks or more, one in ten took more than ten times as long as half of them did, and more than \
            0.2 s."
        means "Some blocks come from a cache and others from a disk, or an upload limit lets them go in bursts.";
    UploadBurstThenIdle "upload-burst-then-idle" Note "libtorrent"
        when "A side was unchoked and had requests open for 10 s or more in all, and got less than 16 KiB/s."
        means "The slot is too slow to be worth one: an upload limit that is spread over too many peers, or a slow \
            link.";
    ProtocolOverhead "protocol-overhead" Note "BEP 3"
        when "Of the bytes of a side that sent more than 1 MiB of blocks, more than 10 % are no block data."
        means "Small blocks, floods of haves, large bitfields or much peer exchange.";
    HaveFlood "have-flood" Note "libtorrent"
        when "Of a side's messages more than 30 %, and at least 50, are haves of pieces that the other had."
        means "They tell the other nothing that it needs. libtorrent leaves them out if `send_redundant_have` is off.";
    SuperSeeding "super-seeding" Note "BEP 16"
        when "A side showed no piece at first, was never interested, and told of 5 pieces or more, at no time more \
            than 3 \
            ahead of those that it gave."
        means "It looks like initial seeding: a piece is shown when the last was seen elsewhere, so one peer alone \
            gets \
            data slowly. A peer that gets its own pieces no faster than it gives them looks alike.";
}

// Transport.
Transport {
    TinyWrites "tiny-writes" Note "RFC 896"
        when "Of at least 100 segments of a side with messages, more than 30 % carry a single one of less than 20 \
            bytes, \
            and its next follows within 10 ms without a word of the other side."
        means "Messages are written one by one: each costs a packet, and the other side a wake-up. Collect what is \
            to be \
            said and write it at once.";
    HeadOfLine "head-of-line" Warning "RFC 9293"
        when "Bytes that had arrived waited for more than 1 s behind a segment that was lost and sent again."
        means "Nothing behind a hole reaches the peer, however much has arrived: a block seems to stall and then \
            comes at \
            once. The network loses packets; the clients are not slow.";
    TcpRetransmitShare "tcp-retransmit-share" Warning "RFC 9293"
        when "Of at least 128 KiB and 100 segments of a side over TCP, more than 2 % of the bytes were sent again."
        means "The way between the peers loses or reorders packets, and TCP slows down. Look for a full queue, a bad \
            radio link or a rate limit that drops.";
    TcpZeroWindow "tcp-zero-window" Warning "RFC 9293"
        when "The receive window of a side was 0 for more than 1 s."
        means "That client does not read its socket: it waits for its disk, or holds to a rate limit. The sender and \
            the \
            network are not to blame.";
    UtpDelayHigh "utp-delay-high" Warning "BEP 29"
        when "For 10 s, each packet that a side sent over uTP stood more than 300 ms in queues, above the least of the \
            last minutes."
        means "uTP aims at 100 ms and gives way to others. Something else fills the queue of that way, or the client \
            does not hold to the target.";
    UtpLoss "utp-loss" Warning "BEP 29"
        when "Of at least 128 KiB and 100 packets of a side over uTP, more than 3 % of the bytes were sent again."
        means "The way between the peers loses packets, and uTP halves its window each time.";
    UtpWindowLimited "utp-window-limited" Note "BEP 29"
        when "The receive window that a side names over uTP was 0 for more than 1 s."
        means "That client takes no more for now: it waits for its disk, or holds to a rate limit.";
    UtpTinyPackets "utp-tiny-packets" Note "BEP 29"
        when "Of a side that sends at least 128 KiB of blocks over uTP, and little else, more than half of the \
            payload is \
            in packets of less than 400 bytes."
        means "Headers and acknowledgements weigh more than the data. The sender may have taken a lost probe for a \
            small \
            MTU, or sends before its buffer fills a packet.";
    ConnectionChurn "connection-churn" Warning "libtorrent"
        when "A host connects to the same peer more than 5 times in 60 s, each time when the connection before was \
            closed."
        means "One of them hangs up and the other comes back at once. Look at why the connections end; wait longer \
            before \
            each try.";
    IpFragments "ip-fragments" Note "RFC 791"
        when "Packets came as fragments of IP."
        means "They are larger than the MTU of some link. With one fragment lost all of a packet is lost: uTP should \
            send \
            smaller ones, TCP should find the MTU of the path.";
}

// Privacy and security.
Security {
    ClientMismatch "client-mismatch" Note "BEP 10, BEP 20"
        when "The program that the peer id stands for and the one that `v` of the extended handshake names have no \
            word in \
            common."
        means "Often a program that is built on another one's library; sometimes a client in disguise. Clients that \
            name \
            libtorrent in `v` are passed over.";
    ClientSpoofed "client-spoofed" Warning "BEP 20"
        when "The peer id is one of the known fakes: BitSpirit and BitComet that copy others (`UDP0`, `HTTPBT` at \
            its end), or \
            `-ZT` with `bLAde`."
        means "The client is not the one it says it is; such clients are known to take and not to give.";
    ClientBlocklisted "client-blocklisted-pattern" Note "qBittorrent, Transmission"
        when "The peer id or `v` is one that operators block: `-XL`, `-SD`, `-QD`, `-XF`, `hp/torrent`, `dt/torrent`."
        means "Offline downloaders that take and hardly ever give. If peers hang up on it at once, that is why.";
    PeerIdRandom "peer-id-random" Note "BEP 20"
        when "A peer id follows no known convention and consists of random bytes."
        means "An anonymous mode, or a client that names itself only in `v`.";
    NameControlChars "name-control-chars" Warning "BEP 10"
        when "`v`, or a name in `m`, of an extended handshake has control characters, characters that turn the \
            direction of \
            text, or bytes that are not UTF-8."
        means "Printed as it is, it can take over a terminal or hide what is there. Make names harmless before you \
            show or \
            log them.";
    NameTooLong "name-too-long" Note "BEP 10"
        when "`v` of an extended handshake has more than 128 bytes."
        means "No client has such a name: cut names before you keep or show them.";
    MsePossible "mse-possible" Note "MSE"
        when "A connection begins like an MSE key exchange, and nothing that follows can be read."
        means "What was said here is hidden, so nothing else can be judged. Give the keys of the exchange if you \
            have them.";
    MseConfirmed "mse-confirmed" Note "MSE"
        when "A connection begins like an MSE key exchange, and its secret is known or one of its ends is known as a \
            peer."
        means "It is encrypted on its way. What follows can be judged only where it was decrypted: give the keys of \
            the \
            exchange if you have them.";
    MsePlaintextSelected "mse-plaintext-selected" Note "MSE"
        when "Behind an MSE key exchange the stream goes on in plaintext."
        means "Both peers allow plaintext, so only the handshakes are hidden. Set the encryption of both to forced \
            if that is \
            not what you want.";
    MseDowngrade "mse-downgrade" Warning "MSE"
        when "The opener of a connection sent 96 to 1200 bytes that cannot be read and was hung up on within 5 s, \
            and within \
            60 s it opens another one to the same peer in plaintext."
        means "The peer refuses encryption, or somebody between them breaks it to read along. Clients that must be \
            private \
            should not fall back.";
    AddressLeak "yourip-leak" Note "BEP 10"
        when "`yourip`, `ipv4` or `ipv6` of an extended handshake is a private or link-local address, and both ends \
            of the \
            connection are public."
        means "It tells strangers what the network looks like inside. Leave such addresses out.";
    YouripWrong "yourip-wrong" Note "BEP 10"
        when "`yourip` is not the address that the receiver has in this capture."
        means "The receiver is behind a NAT or a proxy: `yourip` is its address outside.";
    ListenPortDiffers "listen-port-differs" Note "BEP 10"
        when "A side that was connected to names another listening port (`p`) than the one it was reached at."
        means "A port was forwarded to another one, or the client tells a wrong port to everybody.";
}

// The bytes of blocks.
Security {
    PieceHashBad "piece-hash-bad" Error "BEP 3, BEP 52"
        when "All blocks of a piece are in the capture, and it does not hash to what the torrent says."
        means "Somebody sent wrong data, or they were damaged on their way. Clients throw the piece away and ask \
            anew; who \
            sends several such pieces is banned. Judged with `findings --verify`.";
    PieceConflict "piece-conflict" Error "BEP 3"
        when "A peer received the same block from two peers, with different bytes."
        means "One of the two sent wrong data. Name the torrent with `--torrent`, so that `findings --verify` can \
            tell which.";
    DataPoison "data-poison" Error "BEP 3"
        when "A block was wrong: another one in its place made its piece hash to what the torrent says."
        means "Its sender is the one to blame for the bad piece: a broken disk, or somebody who poisons the torrent.";
}

// Quality of the capture.
Capture {
    CaptureSnaplen "capture-snaplen" Warning "pcap"
        when "Frames were captured only in part."
        means "What the snap length cut cannot be decoded: block data are not missed, but messages behind the first \
            of a \
            segment are. Capture with a snap length of 0 (`tcpdump -s 0`).";
    CaptureGap "capture-gap" Warning "RFC 9293"
        when "Bytes of a side, or packets of uTP, were never captured, and the other side has them."
        means "The capturing machine lost packets. What they said is unknown, and rules that need it stay silent \
            behind them.";
    CaptureMidstream "capture-midstream" Note "RFC 9293"
        when "Neither the SYN of a connection nor the handshake of a side that speaks was captured."
        means "The capture began when they were talking. Who has what, and who chokes whom, is unknown until it is \
            said again.";
    CaptureOneWay "capture-one-way" Warning "RFC 9293"
        when "More than 20 segments of one side were captured, and none of the other."
        means "The capture filter or the mirror port shows one direction only. What the other side said can be \
            guessed at best.";
    CaptureClockBack "capture-clock-back" Warning "pcap"
        when "A frame is more than 1 ms older than the one before it."
        means "The clock was set, or frames of several interfaces are not in order. Times and delays around it are \
            not to be trusted.";
    CaptureDuplicatePackets "capture-duplicate-packets" Note "pcap"
        when "Of a side with at least 20 segments, more than a quarter of the bytes came again within 2 ms of the \
            first time."
        means "The capture has each packet twice, as on a mirror port or with `-i any`. It is not the network that \
            repeats them.";
    CaptureOffload "capture-offload" Note "RFC 9293"
        when "Segments of peers carry more than 1500 bytes of payload."
        means "The network card puts segments together or takes them apart (TSO, GRO), or this is a loopback \
            interface. Messages in one segment have the time of that segment.";
    CaptureChecksumOffload "capture-checksum-offload" Note "RFC 9293"
        when "Checksums are checked, and frames were left out whose checksum a network card was to finish."
        means "They are whole: the capture saw them before the card did. Do not check checksums here.";
    CaptureFragmentMissing "capture-fragment-missing" Note "RFC 791"
        when "Fragments of IP were captured without the others of their packet."
        means "What the packet said is unknown.";
    CaptureTruncatedFile "capture-truncated-file" Warning "pcap"
        when "The file ends inside a record, or cannot be read any further."
        means "Its writer was killed, the disk was full, or the file was not copied whole. What is missing is the end.";
    CaptureDamaged "capture-damaged" Warning "pcapng"
        when "Blocks of the file were damaged."
        means "They were stepped over, with the frames in them.";
    CaptureDrops "capture-drops" Warning "pcapng"
        when "The statistics of the interfaces tell of dropped frames."
        means "The capturing machine was too slow. Capture with a larger buffer (`-B`) or a filter.";
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
                    text.ends_with('.') && text.len() > 20 && !text.contains("  "),
                    "{}: {text}",
                    rule.name
                );
            }
        }
    }
}
