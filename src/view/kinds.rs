//! The kinds of messages, to choose which are shown.

use super::canvas::Canvas;
use super::{Overlay, Scene, Tone};
use crate::wire::Kind;

/// Kinds that are shown or hidden together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// For the list.
    pub name: &'static str,
    /// Its kinds.
    pub kinds: &'static [Kind],
}

/// All groups; each kind is in one.
pub const GROUPS: [Group; 11] = [
    Group {
        name: "handshake",
        kinds: &[Kind::Handshake],
    },
    Group {
        name: "choke, interested",
        kinds: &[
            Kind::Choke,
            Kind::Unchoke,
            Kind::Interested,
            Kind::NotInterested,
        ],
    },
    Group {
        name: "bitfield, have_all, have_none",
        kinds: &[Kind::Bitfield, Kind::HaveAll, Kind::HaveNone],
    },
    Group {
        name: "have",
        kinds: &[Kind::Have],
    },
    Group {
        name: "request, cancel, reject",
        kinds: &[Kind::Request, Kind::Cancel, Kind::Reject],
    },
    Group {
        name: "piece",
        kinds: &[Kind::Piece],
    },
    Group {
        name: "allowed_fast, suggest",
        kinds: &[Kind::AllowedFast, Kind::Suggest],
    },
    Group {
        name: "extended, port, azureus",
        kinds: &[Kind::Extended, Kind::Port, Kind::Azureus],
    },
    Group {
        name: "hashes of v2",
        kinds: &[Kind::HashRequest, Kind::Hashes, Kind::HashReject],
    },
    Group {
        name: "keepalive",
        kinds: &[Kind::KeepAlive],
    },
    Group {
        name: "unknown, gap, undecoded, encrypted",
        kinds: &[
            Kind::Unknown,
            Kind::Gap,
            Kind::Undecoded,
            Kind::Conflict,
            Kind::Encrypted,
        ],
    },
];

impl Group {
    /// Is it among the hidden?
    pub fn is_hidden(&self, scene: &Scene<'_>) -> bool {
        let hidden = &scene.rows.choice().hidden;
        self.kinds
            .iter()
            .all(|kind| hidden.contains(&(*kind as u8)))
    }
}

pub(super) fn draw(scene: &Scene<'_>, screen: &mut Canvas<'_>) {
    let Overlay::Kinds(selected) = scene.overlay else {
        return;
    };
    let mut canvas = screen.overlay(56, GROUPS.len() as u16 + 2);
    canvas.frame(" Kinds ");
    for (row, group) in (1..).zip(&GROUPS) {
        let count: u32 = group.kinds.iter().map(|kind| scene.rows.count(*kind)).sum();
        let mark = if group.is_hidden(scene) { " " } else { "x" };
        let text = format!(" [{mark}] {:<36}{count:>9} ", group.name);
        let style = match (usize::from(row) == selected + 1, count) {
            (true, _) => scene.look.style(Tone::Selected),
            (false, 0) => scene.look.style(Tone::Dim),
            (false, _) => scene.look.style(Tone::Plain),
        };
        canvas.styled(1, row, &text, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_in_one_group() {
        for kind in Kind::ALL {
            let groups = GROUPS.iter().filter(|group| group.kinds.contains(&kind));
            assert_eq!(groups.count(), 1, "{kind:?}");
        }
    }
}
