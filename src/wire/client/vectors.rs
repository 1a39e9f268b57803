//! Peer ids and the names they have to get: ids of real clients, and of the tests of Transmission and WebTorrent.

use proptest::prelude::*;

use super::*;

/// An id, of which the rest is filled with what no version is made of.
fn named(id: &[u8]) -> Option<String> {
    let mut bytes = [0xd7; 20];
    bytes[..id.len()].copy_from_slice(id);
    client(&PeerId(bytes))
}

fn assert_names(ids: &[(&[u8], &str)]) {
    for (id, name) in ids {
        assert_eq!(named(id).as_deref(), Some(*name), "{}", id.escape_ascii());
    }
}

#[test]
fn clients_of_a_real_swarm_are_named() {
    assert_names(&[
        (b"-LT2110-!NE.I9_24jHd", "libtorrent 2.1.1"),
        (b"-TR3000-u28prwuxaul4", "Transmission 3.00"),
        (
            b"A2-1-36-0-\xaf\x5c\x90\x57\x38\x35\x24\x9b\x89\xe1",
            "aria2 1.36.0",
        ),
        (
            b"-lt0D80-\xaf\xc3\x57z2=\x7fa\xff\x50t[",
            "rTorrent/libTorrent 0.13.8",
        ),
        (
            b"-CD0303-C\r!=\x9c\xb5\x13\x16\xef\xc2\xc9l",
            "Enhanced CTorrent 3.3",
        ),
        (b"-qB4520-(p7PaITLXwT8", "qBittorrent 4.5.2"),
        (b"-WW0109-v9xZog+3zYEh", "WebTorrent 1.9"),
    ]);
}

#[test]
fn living_clients_are_named() {
    assert_names(&[
        (b"-qB4630-abcdefghijkl", "qBittorrent 4.6.3"),
        (b"-qB33L1-abcdefghijkl", "qBittorrent 3.3.21"),
        (b"-DE13F0-abcdefghijkl", "Deluge 1.3.15"),
        (b"-DE211s-abcdefghijkl", "Deluge 2.1.1"),
        (b"-LT20B0-", "libtorrent 2.0.11"),
        (b"-BI2300-", "BiglyBT 2.3.0.0"),
        (b"-FW6830-", "FrostWire 6.8.3"),
        (b"-Lr10X0-", "LibreTorrent 1.0.33"),
        (b"-PI0091-", "PicoTorrent 0.09.1"),
        (b"-PI0120-", "PicoTorrent 0.12.0"),
        (b"-rQ8110-", "rqbit 8.1.1"),
        (b"-GT0003-", "anacrolix/torrent 0.0.0.3"),
        (b"-FL51FF-", "Folx or Flud 5.x"),
        (b"-FL09\xc6\xf2-_Cch2zmy.(8g", "Folx or Flud 0.x"),
        (b"-FL10\xff\x86", "Folx or Flud 1.x"),
        (b"-BN0001-", "Baidu Netdisk"),
        (b"-ADB560-", "Advanced Download Manager 11.5.6"),
        (b"-XF9990-", "Xfplay 9.9.9"),
        (b"-XF9992-", "Xfplay 9.9.92"),
        (b"-SD0100-", "Thunder (Xunlei) 0.1.0.0"),
        (b"TIX0193-", "Tixati 1.93"),
        (b"TIX0137-i6i6f0i5d5b7", "Tixati 1.37"),
        (b"-FD51@\xff-", "Free Download Manager 5.1.x"),
        (b"-FD51R\xff-", "Free Download Manager 5.1.27"),
        (b"-FD51\x5d\xc7-", "Free Download Manager 5.1.x"),
        (b"FD6k4SYy9BOU4U4rk3-J", "Free Download Manager 6"),
        (b"-KT33D1-", "KTorrent 3.3 Dev 1"),
        (b"-KT11R1-693649213030", "KTorrent 1.1 RC 1"),
        (b"-KT22B1-695754334315", "KTorrent 2.2.11"),
        (b"-KT2140-584815613993", "KTorrent 2.1.4"),
    ]);
}

#[test]
fn transmission_changed_its_scheme_thrice() {
    assert_names(&[
        (b"-TR0006-01234567890!", "Transmission 0.6"),
        (b"-TR0072-8vd6hrmp04an", "Transmission 0.72"),
        (b"-TR072Z-zihst5yvg22f", "Transmission 0.72 (Dev)"),
        (b"-TR111Z-", "Transmission 1.11 (Dev)"),
        (b"-TR2940-", "Transmission 2.94"),
        (b"-TR400B-", "Transmission 4.0.0 (Beta)"),
        (b"-TR4000-", "Transmission 4.0.0"),
        (b"-TR4Az0-", "Transmission 4.10.61"),
    ]);
}

#[test]
fn utorrent_and_its_kin_are_named() {
    assert_names(&[
        (b"-UT341\0-", "uTorrent 3.4.1"),
        (b"-UT7a5\0-", "uTorrent 7.10.5"),
        (b"-UT1704-", "uTorrent 1.7.0"),
        (b"-UT170B-", "uTorrent 1.7.0 (Beta)"),
        (b"-UT170-\0\xaf\x8b", "uTorrent 1.7.0 RC"),
        (b"-UT340-\0\x09\x71", "uTorrent 3.4.0"),
        (b"-UM15110\xc9", "uTorrent Mac 1.5.11"),
        (b"-UW110Q-", "uTorrent Web 1.1.0"),
        (b"-UW1110Q", "uTorrent Web 1.1.10"),
        (b"-UE3500-", "uTorrent Embedded 3.5.0"),
        (b"-BT791B-", "BitTorrent 7.9.1 (Beta)"),
        (b"-BT791\0-", "BitTorrent 7.9.1"),
        (b"-UT600B-", "BitTorrent 6.0 (Beta)"),
        (b"-BW1293-", "BitTorrent Web or BitWombat 1.2.9"),
        (b"-BW1213Q", "BitTorrent Web 1.2.13"),
    ]);
}

#[test]
fn azureus_style_has_many_ways_to_count() {
    assert_names(&[
        (b"-AZ8421-", "Vuze 8.4.2.1"),
        (b"-AZ2200-6wfG2wk6wWLc", "Vuze 2.2.0.0"),
        (b"-BC0241-", "BitComet 2.41"),
        (b"-BC0108-", "BitComet 1.08"),
        (b"-LP0302-\x008365", "Lphant 3.02"),
        (b"-FG0180u\xf8\0W\x82", "FlashGet 1.80"),
        (b"-WW0011-", "WebTorrent 0.11"),
        (b"-WW1000-", "WebTorrent 10.0"),
        (b"-WW0207-", "WebTorrent 2.7"),
        (b"-WD0007-", "WebTorrent Desktop 0.7"),
        (b"-PC251Q-6huHF5Pr7Vde", "CacheLogic 25.1-Q"),
        (b"-BB1234-", "BitBuddy 1.234"),
        (b"-BL246326", "BitLord 2.4.6-326"),
        (b"-BR0332-!XVceSn(*KIl", "BitRocket 0.3 (32)"),
        (b"-CT1234-", "CTorrent 1.2.34"),
        (b"-XX1234-", "Xtorrent 1.2 (34)"),
        (b"-ML2.7.2-kgjjfkd", "MLDonkey 2.7.2"),
        (b"-MG1Cr0-24p_", "MediaGet 1.12"),
        (b"-MG21\x110-24p", "MediaGet 2.1"),
        (b"-NE1090002IKyMn4g7Ko", "BT Next Evolution 1.0.9.0"),
        (b"-SP3605", "BitSpirit 3.6.0"),
        (b"-LW0001-1", "LimeWire"),
        (b"-TB2137-", "Torch"),
        (b"-WS1000-", "HTTP Seed"),
        (b"-WT-", "BitLet"),
        (b"-G3Anonymousp", "G3 Torrent"),
        (b"-BOWP05-EPICNZOGQPHP", "Bits on Wheels P.0.5"),
        (b"-BOWA0C-", "Bits on Wheels 1.0.6"),
        (b"-A~1230-", "Ares 1.2.3"),
        (b"-S~2110-", "Shareaza (beta) 2.1.1.0"),
        (b"-#@0000-Em6o1EmvwLtD", "Invalid PeerID 0.0.0"),
        (b"-ZT1234-bLAde", "fake ZipTorrent 1.2.3.4"),
        (b"-Q91234-abcdefghijkl", "Q9 1.2.3.4"),
    ]);
}

#[test]
fn four_digits_are_the_common_way() {
    assert_names(&[
        (b"-AG2053-Em6o1EmvwLtD", "Ares 2.0.5.3"),
        (b"-AN2171-nr17R1h19O7n", "Ares 2.1.7.1"),
        (b"-AR1670-3Ql6wM3hgtCc", "Arctic or Ares 1.6.7.0"),
        (b"-AT2520-vEEt0wO6v0cr", "Artemis 2.5.2.0"),
        (b"-WY0300-6huHF5Pr7Vde", "FireTorrent 0.3.0.0"),
        (b"-SZ2132-\0\0\0\0\0\0\0\0\0\0\0\0", "Shareaza 2.1.3.2"),
        (b"-GR6300-13s3iFKmbArc", "GetRight 6.3.0.0"),
        (b"-HL0290-xUO*9ugvENUE", "Halite 0.2.9"),
        (b"-LK0140-ATIV~nbEQAMr", "Linkage 0.1.4"),
        (b"-LT0D00-eZ0PwaDDr-~v", "libtorrent 0.13.0"),
        (b"-ST0117-01234567890!", "SymTorrent 0.1.1.7"),
        (b"-TT210w-dq!nWf~Qcext", "TuoTu 2.1.0.58"),
        (b"-KG2450-BDEw8OM14Hk6", "KGet 2.4.5.0"),
        (b"-VG2644-", "Vagaa 2.6.4.4"),
        (b"-FC1013-", "FileCroc 1.0.1.3"),
        (b"-MR1100-", "Miro 1.1.0.0"),
        (b"-tT1234-", "tTorrent 1.2.3.4"),
    ]);
}

#[test]
fn shadow_and_mainline_styles_are_told_by_their_dashes() {
    assert_names(&[
        (b"S58B-----", "Shad0w 5.8.11"),
        (b"A--------YMyoBPXYy2L", "ABC"),
        (b"A269----4Pw\x19\x9f\xae", "ABC 2.6.9"),
        (b"A310--001v5Gysr4NxNK", "ABC 3.1.0"),
        (b"T03C-----6tYolxhVUFS", "BitTornado 0.3.12"),
        (b"T03I--008gY6iB6Aq27C", "BitTornado 0.3.18"),
        (b"T0390----5uL5NvjBe2z", "BitTornado 0.3.9.0"),
        (b"R100--003hR6s07XWcov", "Tribler 1.0.0"),
        (b"R37---003uApHy851-Pq", "Tribler 3.7"),
        (b"M5-0-7--9aa757efd5be", "Mainline 5.0.7"),
        (b"M4-20-8-", "Mainline 4.20.8"),
        (b"Q1-23-4-", "Queen Bee 1.23.4"),
        (b"S3-1-0-0--0123456789", "Amazon S3 1.0.0"),
        (b"A2-1-18-8-", "aria2 1.18.8"),
        (b"A2-1-2-0-", "aria2 1.2.0"),
        (b"A2-1-36-0-\xc3\x1b]0;abcde", "aria2 1.36.0"),
    ]);
}

#[test]
fn bitcomet_and_its_kin_count_in_bytes() {
    assert_names(&[
        (b"exbc\x00\x38zDc\x10-n\x9a\xd6", "BitComet 0.56"),
        (b"exbc\x00\x38LORD2\x00\x04\x8e", "BitLord 0.56"),
        (b"exbc\x01\x01LORD", "BitLord 1.1"),
        (b"FUTB\x00\x38", "BitComet (Solidox Mod) 0.56"),
        (
            b"\x00\x02BS\x9b\x7e\xd3\xe0X\xa88J\xa7HHTTPBT",
            "BitSpirit 2",
        ),
        (
            b"\x00\x03BS\x07$\x88\x96D\xc5\x95\x30\x8a_\xf2\xcaUDP0",
            "BitSpirit 3",
        ),
        (b"\x00\x00BS", "BitSpirit 1"),
        (b"M4-0-2--h\x98\xd9\xd0\xca\xf2^EUDP0", "BitSpirit?"),
    ]);
}

#[test]
fn words_are_found_where_they_stand() {
    assert_names(&[
        (b"Azureus\0\0\0\0\0\0\0\0\xa0v\xf0\xae\xf7", "Azureus 1"),
        (b"-----AzureusTsINz*dT", "Azureus 2.0.3.2"),
        (b"AZ2500BT", "BitTyrant"),
        (b"arclight.he.\xa5\x86\x0c", "Hurricane Electric"),
        (b"Pando-6B511B691CAC2E", "Pando"),
        (b"BitLet01\x9a\xeaN\x02", "BitLet 0.1"),
        (b"Mbrst1-1-32e3c394b43", "Burst! 1.1.3"),
        (b"OP7685f2c1495b1680bf", "Opera build 7685"),
        (b"O100634008270e29150a", "Opera build 10063"),
        (b"\0ERSAnonymous\x82\xbeBu\x02J\xe3", "Rufus 0.6.9"),
        (b"DNA010000\xdd\x01", "BitTorrent DNA 1.0.0"),
        (b"BTM21abcdefghijklmno", "BTuga Revolution 2.1"),
        (b"AP0.70rc30->>\xb8{1\xf2A\xdb\xfe", "AllPeers 0.70rc30"),
        (b"Ext \xec|\xc3\0", "External Webseed"),
        (b"QVOD00541234567890AB", "Qvod 0.0.5.4"),
        (b"TB100----abcdefghijk", "Top-BT 1.0.0"),
        (b"XBT054d-", "XBT Client 0.5.4 (Debug)"),
        (b"Plus---", "BitTorrent Plus!"),
        (b"Plus201", "Plus! 2.01"),
        (b"btpd/0.9-", "BitTorrent Protocol Daemon 0.9"),
        (b"10-------", "JVtorrent"),
        (b"T00---0", "Teeweety"),
        (b"a02---0", "Swarmy"),
        (b"Deadman Walking-", "Deadman"),
        (b"\x01\x02\x03\x04btfans", "SimpleBT"),
        (b"eXuserofexeem1", "eXeem"),
    ]);
}

#[test]
fn awkward_ids_are_told_by_their_bytes() {
    let mut shareaza = *b"0123456789abcdef\0\0\0\0";
    (0..4).for_each(|at| shareaza[16 + at] = shareaza[at] ^ shareaza[15 - at]);
    assert_names(&[
        (&shareaza, "Shareaza"),
        (b"\0\0\0\0\0\0\0\0\0\x03\x03\x03", "I2PSnark"),
        (b"\0\0\0\0\0\0\0\0\0\0\0\0LSD\x19", "Mainline"),
        (b"\0\0\0\0\0\0\0\0\0\0\0\0aaLS", "Mainline 3.2.1b2"),
        (b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0LS", "Mainline 3.1"),
    ]);
}

#[test]
fn what_is_only_like_a_client_is_nobody() {
    for id in [
        b"\xb5Torrent/3025       ".as_slice(),
        b"\0\0\0\0\0\0\0\x001}\xa3/\x83\x1f\xf0A\xa5\x15\xfe<",
        b"\0\0\0\xdf\x05\x02\0 \x01\0\x02\0\0\x08\0\0\0\0@(",
        b"\xe7\xf1c\xbb\x0e_\xcd5\0\\\t\xa1\x1b\xc2t\xc4#\x85\xa1\xa0",
        &[0; 20],
        b"-\x1b[2J0-abcdefghijklm",
        b"-IIO\x10\x2d\x04-",
        b"-I\x05O\x08\x03\x01-",
        b"M is a letter of many",
        b"Q1-2x3-4",
        b"Once upon a time abcd",
        b"S3 and A2 and AP, XBT",
        b"R2D2 is not a client.",
        b"-UTx",
    ] {
        assert_eq!(
            named(&id[..id.len().min(20)]),
            None,
            "{}",
            id.escape_ascii()
        );
    }
}

/// Random numbers that are the same in each run (xorshift64*).
fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

fn named_of_a_million(alphabet: &[u8]) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut byte = |_| alphabet[(random(&mut state) >> 33) as usize % alphabet.len()];
    (0..1_000_000)
        .filter(|_| client(&PeerId([0; 20].map(&mut byte))).is_some())
        .count()
}

#[test]
fn a_random_id_names_nobody() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert!(named_of_a_million(&bytes) <= 1);
    assert_eq!(named_of_a_million(b"0123456789abcdef"), 0);
}

/// Where clients hide, they draw from letters; three of them are met once in 300,000.
#[test]
fn a_random_text_names_hardly_anybody() {
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.!~*()";
    let named = named_of_a_million(letters);
    assert!(named <= 60, "{named}");
}

#[test]
fn each_signature_is_met() {
    for (at, bytes, _, name) in SIGNATURES {
        let mut id = *b"\x00\x45\x00\x00\x00abc0-0-0-000000";
        id[at..at + bytes.len()].copy_from_slice(bytes);
        let tail = [
            b"0-0-0-00000000".as_slice(),
            b"100----",
            b"0.1-",
            b"000000000000000000",
            b"000000000000\0",
        ];
        let met = tail.iter().any(|tail| {
            let mut id = id;
            let room = at + bytes.len();
            let length = tail.len().min(20 - room);
            id[room..room + length].copy_from_slice(&tail[..length]);
            client(&PeerId(id)).is_some_and(|client| client.starts_with(name))
        });
        assert!(met, "{name} at {at}");
    }
}

#[test]
fn each_code_is_met_once() {
    let mut codes: Vec<_> = CODES.iter().map(|(code, ..)| code).collect();
    codes.dedup();
    assert_eq!(codes.len(), CODES.len());
    assert!(CODES.is_sorted_by_key(|(code, ..)| *code));
    for (code, _, name) in CODES {
        let id = [b"-", code.as_slice(), b"1234-"].concat();
        assert!(named(&id).unwrap().starts_with(name), "{name}");
    }
}

/// Ids that begin as a client's, and then anything.
fn any_id() -> impl Strategy<Value = [u8; 20]> {
    let begin = (0..SIGNATURES.len() + CODES.len()).prop_map(|row| match SIGNATURES.get(row) {
        Some((at, bytes, ..)) => (*at, bytes.to_vec()),
        None => (
            0,
            [b"-", CODES[row - SIGNATURES.len()].0.as_slice()].concat(),
        ),
    });
    (begin, any::<[u8; 20]>(), any::<bool>()).prop_map(|((at, bytes), mut id, closed)| {
        id[at..at + bytes.len()].copy_from_slice(&bytes);
        id[7] = if closed { b'-' } else { id[7] };
        id
    })
}

proptest! {
    #[test]
    fn no_id_writes_more_than_a_short_name(id in any_id()) {
        let name = client(&PeerId(id)).unwrap_or_default();
        prop_assert!(name.len() <= 64, "{}", name);
        prop_assert!(name.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", name);
    }
}
