//! Which side is A. The letters of choke and interest are told from its side.

use crate::store::Connection;
use crate::store::filter::Net;
use crate::stream::Side;

/// Who is A: the side that the user calls local, or else the one that opened the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointOfView {
    /// Addresses that are local.
    pub local: Vec<Net>,
    /// Whose side is taken.
    pub pov: Pov,
}

/// Whose side is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pov {
    /// That of the local side, or of the opener.
    #[default]
    Ours,
    /// That of the other.
    Theirs,
}

impl PointOfView {
    /// The sides of a connection, A first.
    pub fn sides(&self, connection: &Connection) -> [Side; 2] {
        let ours = self.local_side(connection).unwrap_or(connection.opener());
        match self.pov {
            Pov::Ours => [ours, !ours],
            Pov::Theirs => [!ours, ours],
        }
    }

    /// The one side that is local. Where both are, nobody is.
    pub fn local_side(&self, connection: &Connection) -> Option<Side> {
        let is_local = |side: &Side| {
            let ip = connection.real_end(*side).ip;
            self.local.iter().any(|net| net.holds(ip))
        };
        let [a, b] = Side::BOTH.map(|side| is_local(&side));
        match (a, b) {
            (true, false) => Some(Side::A),
            (false, true) => Some(Side::B),
            _ => None,
        }
    }

    /// Takes the other side.
    pub fn swap(&mut self) {
        self.pov = match self.pov {
            Pov::Ours => Pov::Theirs,
            Pov::Theirs => Pov::Ours,
        };
    }
}
