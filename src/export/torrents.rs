//! A line for each torrent.

use std::io::{self, Write};

use serde::Serialize;

use super::json::line;
use super::words::bytes;
use crate::store::{Connection, Store};
use crate::swarm::{Certainty, Metainfo, Origin, Swarm};

/// Characters of a name in the table; JSON has it whole.
const NAME_WIDTH: usize = 32;

/// The name of the torrent that a connection speaks of, safe to print.
pub fn torrent_name<'s>(store: &'s Store, connection: &Connection) -> Option<&'s str> {
    store.swarm_of(connection)?.name()
}

pub(super) fn text(store: &Store, out: &mut impl Write) -> io::Result<()> {
    let title = format!(
        "{:<40}  {:>8}  {:>9}  {:>9}  {:>5}  {:>5}  {:>5}  NAME",
        "INFO HASH", "PIECES", "OF", "LENGTH", "FILES", "PEERS", "CONNS"
    );
    writeln!(out, "{title}")?;
    store.torrents().try_for_each(|swarm| row(swarm, out))
}

fn row(swarm: &Swarm, out: &mut impl Write) -> io::Result<()> {
    let metainfo = swarm.metainfo();
    let told = |of: fn(&Metainfo) -> Option<String>| {
        metainfo
            .and_then(|it| of(it))
            .unwrap_or_else(|| "?".to_owned())
    };
    let pieces = match swarm.pieces() {
        Some((count, certainty)) => format!("{}{count}", mark(certainty)),
        None => "?".to_owned(),
    };
    writeln!(
        out,
        "{}  {pieces:>8}  {:>9}  {:>9}  {:>5}  {:>5}  {:>5}  {}",
        swarm.info_hash(),
        told(|it| it.piece_length.map(bytes)),
        told(|it| Some(bytes(it.files.length))),
        told(|it| Some(it.files.count.to_string())),
        swarm.peers(),
        swarm.connections,
        name(swarm),
    )?;
    beside(swarm, out)
}

/// What the table has no column for.
fn beside(swarm: &Swarm, out: &mut impl Write) -> io::Result<()> {
    let mut words = Vec::new();
    words.extend(hash_v2(swarm).map(|hash| format!("v2 {hash}")));
    if swarm.connections == 0 {
        words.push("nobody spoke of it".to_owned());
    }
    words.extend(misfits(swarm).map(|count| format!("{count} bitfields of another length")));
    if claims_beyond(swarm) == Some(true) {
        words.push("pieces behind the last were claimed".to_owned());
    }
    words.extend(flaws(swarm).into_iter().map(str::to_owned));
    if words.is_empty() {
        return Ok(());
    }
    writeln!(out, "    {}", words.join("; "))
}

fn name(swarm: &Swarm) -> String {
    let name = swarm.name().unwrap_or("?");
    match name.char_indices().nth(NAME_WIDTH) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// `~` where the number of pieces is inferred from what peers say.
pub fn mark(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Exact => "",
        Certainty::Inferred => "~",
    }
}

/// As much of it as is known.
fn hash_v2(swarm: &Swarm) -> Option<String> {
    let whole = swarm.metainfo().and_then(|it| it.version.v2());
    let whole = whole.map(|hash| hash.to_string());
    whole.or_else(|| swarm.v2().map(|hash| hash.to_string()))
}

/// Bitfields whose length is not that of the torrent; none where the length is not sure.
fn misfits(swarm: &Swarm) -> Option<u32> {
    let (count, certainty) = swarm.pieces()?;
    let misfits = swarm.piece_count.misfits(count);
    (certainty == Certainty::Exact && misfits > 0).then_some(misfits)
}

/// Did somebody claim a piece that there is not, or set a spare bit of a bitfield?
fn claims_beyond(swarm: &Swarm) -> Option<bool> {
    let (count, certainty) = swarm.pieces()?;
    (certainty == Certainty::Exact).then(|| swarm.piece_count.beyond(count))
}

fn flaws(swarm: &Swarm) -> Vec<&'static str> {
    let flaws = swarm.metainfo().map(|it| it.flaws.iter());
    flaws.into_iter().flatten().map(|it| it.words()).collect()
}

#[derive(Serialize)]
struct Row<'a> {
    info_hash: String,
    info_hash_v2: Option<String>,
    name: Option<&'a str>,
    pieces: Option<u32>,
    pieces_exact: Option<bool>,
    piece_length: Option<u64>,
    length: Option<u64>,
    files: Option<u64>,
    private: Option<bool>,
    peers: usize,
    connections: u32,
    source: &'static str,
    odd_bitfields: Option<u32>,
    claims_beyond: Option<bool>,
    flaws: Vec<&'static str>,
}

pub(super) fn json(swarm: &Swarm, out: &mut impl Write) -> io::Result<()> {
    let metainfo = swarm.metainfo();
    let (pieces, certainty) = swarm.pieces().unzip();
    let is_exact = certainty.map(|it| it == Certainty::Exact);
    let row = Row {
        info_hash: swarm.info_hash().to_string(),
        info_hash_v2: hash_v2(swarm),
        name: swarm.name(),
        pieces,
        pieces_exact: is_exact,
        piece_length: metainfo.and_then(|it| it.piece_length),
        length: metainfo.map(|it| it.files.length),
        files: metainfo.map(|it| it.files.count),
        private: metainfo.map(|it| it.is_private),
        peers: swarm.peers(),
        connections: swarm.connections,
        source: match swarm.origin() {
            Some(Origin::Capture) => "capture metadata",
            Some(Origin::File) => "torrent file",
            None => "inferred",
        },
        odd_bitfields: (is_exact == Some(true)).then(|| misfits(swarm).unwrap_or(0)),
        claims_beyond: claims_beyond(swarm),
        flaws: flaws(swarm),
    };
    line(&row, out)
}
