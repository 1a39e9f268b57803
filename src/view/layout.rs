//! Where the panes are, by size. Separators are single lines, not boxes: two boxes cost four rows.

use ratatui::layout::{Constraint, Layout, Rect};

use super::{Detail, Pane, View, Zoom};

/// Fewer columns cannot hold a ladder.
pub const MIN_WIDTH: u16 = 60;
/// Fewer rows cannot hold what belongs to it.
pub const MIN_HEIGHT: u16 = 16;

/// From so many columns on, connections stand beside the ladder.
const TWO_COLUMNS: u16 = 110;
/// From so many, fields and bytes do, too.
const THREE_COLUMNS: u16 = 170;
/// From so many rows on, fields and bytes are always there.
const TALL: u16 = 30;
/// From so many, pieces are maps and the strip has its axis.
const VERY_TALL: u16 = 45;

/// The last row is for what was lost, and the first to go.
const FACTS: u16 = 10;
/// Messages that are in sight whatever else is open.
const MIN_LADDER: u16 = 4;
/// Columns that a pane keeps, however its neighbour grows.
const MIN_COLUMNS: u16 = 24;

/// What the user chose about the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The pane that keys go to.
    pub focus: Pane,
    /// What stands beside the connections, or in their place.
    pub view: View,
    /// How much of the message is shown.
    pub detail: Detail,
    /// Does one pane have it all?
    pub zoom: Zoom,
    /// How much wider or taller some are.
    pub sizes: Sizes,
}

/// Columns and rows that the user gave to panes, or took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// To the connections.
    pub left: i16,
    /// To fields and bytes, where they stand beside the ladder.
    pub right: i16,
    /// To fields and bytes, where they stand below it.
    pub lower: i16,
}

/// Areas of the panes that are shown. `hex` holds 8 bytes a row in 42 columns, 16 in 77.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the area of the pane it is named for")]
pub struct Panes {
    pub tabs: Rect,
    pub connections: Option<Rect>,
    pub facts: Option<Rect>,
    pub ladder: Option<Rect>,
    pub strip: Option<Rect>,
    /// Pieces of both sides below the ladder.
    pub bars: Option<Rect>,
    pub line: Option<Rect>,
    pub tree: Option<Rect>,
    pub hex: Option<Rect>,
    pub account: Option<Rect>,
    pub pieces: Option<Rect>,
    pub torrent: Option<Rect>,
    pub requests: Option<Rect>,
    pub life: Option<Rect>,
    pub transport: Option<Rect>,
    pub findings: Option<Rect>,
    pub separators: Vec<Rect>,
    pub status: Rect,
    pub hints: Rect,
}

fn rows<const N: usize>(area: Rect, sizes: [Constraint; N]) -> [Rect; N] {
    Layout::vertical(sizes).areas(area)
}

fn columns<const N: usize>(area: Rect, sizes: [Constraint; N]) -> [Rect; N] {
    Layout::horizontal(sizes).areas(area)
}

use Constraint::{Fill, Length};

/// Rows of the strip and of the pieces, by those of the screen.
fn strip_and_bars(height: u16, width: u16) -> [u16; 2] {
    match height {
        ..TALL => [2, 2],
        TALL..VERY_TALL => [5, 2],
        _ if width < THREE_COLUMNS => [6, 2],
        _ => [7, 12],
    }
}

/// A size and what the user added, within what leaves room for the others.
fn sized(size: u16, by: i16, min: u16, max: u16) -> u16 {
    size.saturating_add_signed(by).max(min).min(max.max(min))
}

impl Arrangement {
    /// The pane with the keys is on the screen, also on one that has become small.
    fn with_focus_in_sight(self, width: u16) -> Arrangement {
        let view = match self.focus {
            Pane::Connections => self.view,
            Pane::Ladder | Pane::Strip if width >= THREE_COLUMNS => self.view,
            focus => focus.view(),
        };
        let detail = match self.focus {
            Pane::Tree | Pane::Hex => Detail::Open,
            _ => self.detail,
        };
        Arrangement {
            view,
            detail,
            ..self
        }
    }
}

impl Panes {
    /// The areas on a screen of this size; `None` when it is too small.
    pub fn of(area: Rect, chosen: Arrangement) -> Option<Panes> {
        if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
            return None;
        }
        let chosen = chosen.with_focus_in_sight(area.width);
        let [tabs, body, status, hints] = rows(area, [Length(1), Fill(1), Length(1), Length(1)]);
        let mut panes = Panes {
            tabs,
            status,
            hints,
            ..Panes::default()
        };
        let is_wide = area.width >= TWO_COLUMNS;
        match (chosen.zoom, chosen.focus) {
            (_, Pane::Account) => panes.account = Some(body),
            (Zoom::On, Pane::Connections) => panes.list(body),
            (Zoom::On, Pane::Ladder) => panes.conversation(body, area),
            (Zoom::On, focus) => panes.alone(focus, body),
            (Zoom::Off, Pane::Connections) if !is_wide => panes.list(body),
            (Zoom::Off, _) if !is_wide => panes.one_column(body, area, chosen),
            (Zoom::Off, _) => panes.several_columns(body, area, chosen),
        }
        Some(panes)
    }

    fn alone(&mut self, pane: Pane, area: Rect) {
        let place = match pane {
            Pane::Connections => &mut self.connections,
            Pane::Ladder => &mut self.ladder,
            Pane::Tree => &mut self.tree,
            Pane::Hex => &mut self.hex,
            Pane::Account => &mut self.account,
            Pane::Strip => &mut self.strip,
            Pane::Pieces => &mut self.pieces,
            Pane::Torrent => &mut self.torrent,
            Pane::Requests => &mut self.requests,
            Pane::Life => &mut self.life,
            Pane::Transport => &mut self.transport,
            Pane::Findings => &mut self.findings,
        };
        *place = Some(area);
    }

    fn list(&mut self, body: Rect) {
        let [list, rule, facts] = rows(
            body,
            [
                Fill(1),
                Length(1),
                Length(if body.height < TALL { FACTS - 1 } else { FACTS }),
            ],
        );
        self.connections = Some(list);
        self.facts = Some(facts);
        self.separators.push(rule);
    }

    /// Ladder, and under it what holds at its cursor.
    fn conversation(&mut self, area: Rect, screen: Rect) {
        let [strip, bars] = strip_and_bars(screen.height, screen.width);
        let [ladder, strip, bars] = rows(area, [Fill(1), Length(strip), Length(bars)]);
        self.ladder = Some(ladder);
        self.strip = Some(strip);
        self.bars = Some(bars);
    }

    fn one_column(&mut self, body: Rect, screen: Rect, chosen: Arrangement) {
        match of_view(chosen.view) {
            Some(pane) => self.alone(pane, body),
            None => self.conversation_and_detail(body, screen, chosen),
        }
    }

    /// Rows for fields and bytes: a part of the body, and never so many that the ladder loses its last messages.
    fn open_detail(body: Rect, screen: Rect, percent: u16, chosen: Arrangement) -> u16 {
        let [strip, bars] = strip_and_bars(screen.height, screen.width);
        let most = body.height.saturating_sub(2 + MIN_LADDER + strip + bars);
        let wanted = (body.height * percent / 100).max(8);
        sized(wanted.min(most), chosen.sizes.lower, 3, most)
    }

    fn conversation_and_detail(&mut self, body: Rect, screen: Rect, chosen: Arrangement) {
        let height = match chosen.detail {
            Detail::Line => 1,
            Detail::Open => Panes::open_detail(body, screen, 40, chosen),
        };
        let [talk, rule, below] = rows(body, [Fill(1), Length(1), Length(height)]);
        self.conversation(talk, screen);
        self.separators.push(rule);
        match chosen.detail {
            Detail::Line => self.line = Some(below),
            Detail::Open => self.tree_beside_hex(below),
        }
    }

    fn tree_beside_hex(&mut self, area: Rect) {
        let hex_width = if area.width >= 140 { 78 } else { 42 };
        let [tree, rule, hex] = columns(area, [Fill(1), Length(1), Length(hex_width)]);
        self.tree = Some(tree);
        self.hex = Some(hex);
        self.separators.push(rule);
    }

    fn several_columns(&mut self, body: Rect, screen: Rect, chosen: Arrangement) {
        if body.width >= THREE_COLUMNS {
            return self.three_columns(body, screen, chosen);
        }
        let Some(pane) = of_view(chosen.view) else {
            return self.two_columns(body, screen, chosen);
        };
        let [left, rule, right] =
            columns(body, [Length(left(34, body, chosen)), Length(1), Fill(1)]);
        self.list(left);
        self.separators.push(rule);
        self.alone(pane, right);
    }

    fn two_columns(&mut self, body: Rect, screen: Rect, chosen: Arrangement) {
        let detail = if screen.height >= TALL {
            Detail::Open
        } else {
            chosen.detail
        };
        let lower = match detail {
            Detail::Line => 1,
            Detail::Open => Panes::open_detail(body, screen, 25, chosen),
        };
        let [upper, rule, below] = rows(body, [Fill(1), Length(1), Length(lower)]);
        let [left, middle, right] =
            columns(upper, [Length(left(34, body, chosen)), Length(1), Fill(1)]);
        self.list(left);
        self.conversation(right, screen);
        self.separators.extend([rule, middle]);
        match detail {
            Detail::Line => self.line = Some(below),
            Detail::Open => self.tree_beside_hex(below),
        }
    }

    /// Other views stand beside the ladder, so that the moment can be chosen while they are looked at.
    fn three_columns(&mut self, body: Rect, screen: Rect, chosen: Arrangement) {
        let left = left(40, body, chosen);
        let most = body.width.saturating_sub(left + 2 + MIN_WIDTH);
        let right = sized(78, chosen.sizes.right, MIN_COLUMNS, most);
        let [left, first, centre, second, right] = columns(
            body,
            [Length(left), Length(1), Fill(1), Length(1), Length(right)],
        );
        self.list(left);
        self.conversation(centre, screen);
        self.separators.extend([first, second]);
        if let Some(pane) = of_view(chosen.view) {
            return self.alone(pane, right);
        }
        let [tree, rule, hex] = rows(right, [Fill(1), Length(1), Fill(1)]);
        self.tree = Some(tree);
        self.hex = Some(hex);
        self.separators.push(rule);
    }

    /// The area of a pane that keys can go to.
    pub fn area(&self, pane: Pane) -> Option<Rect> {
        match pane {
            Pane::Connections => self.connections,
            Pane::Ladder => self.ladder,
            Pane::Tree => self.tree,
            Pane::Hex => self.hex,
            Pane::Account => self.account,
            Pane::Strip => self.strip,
            Pane::Pieces => self.pieces,
            Pane::Torrent => self.torrent,
            Pane::Requests => self.requests,
            Pane::Life => self.life,
            Pane::Transport => self.transport,
            Pane::Findings => self.findings,
        }
    }

    /// The pane at a cell of the screen.
    pub fn at(&self, x: u16, y: u16) -> Option<(Pane, Rect)> {
        let areas = Pane::ALL
            .into_iter()
            .filter_map(|pane| Some((pane, self.area(pane)?)));
        areas
            .into_iter()
            .find(|(_, area)| area.contains((x, y).into()))
    }
}

/// Columns of the connections.
fn left(width: u16, body: Rect, chosen: Arrangement) -> u16 {
    let most = body.width.saturating_sub(MIN_WIDTH + 2);
    sized(width, chosen.sizes.left, MIN_COLUMNS, most)
}

/// The one pane of a view that has one.
fn of_view(view: View) -> Option<Pane> {
    match view {
        View::Connections | View::Ladder | View::Account => None,
        View::Pieces => Some(Pane::Pieces),
        View::Torrent => Some(Pane::Torrent),
        View::Requests => Some(Pane::Requests),
        View::Life => Some(Pane::Life),
        View::Transport => Some(Pane::Transport),
        View::Findings => Some(Pane::Findings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Arrangement = Arrangement {
        focus: Pane::Ladder,
        view: View::Ladder,
        detail: Detail::Line,
        zoom: Zoom::Off,
        sizes: Sizes {
            left: 0,
            right: 0,
            lower: 0,
        },
    };

    fn panes(width: u16, height: u16, chosen: Arrangement) -> Panes {
        Panes::of(Rect::new(0, 0, width, height), chosen).unwrap()
    }

    #[test]
    fn at_80x24_the_ladder_has_fourteen_rows_of_messages() {
        let ladder = panes(80, 24, PLAIN).ladder.unwrap();
        assert_eq!(ladder.height - 1, 14, "one row is its header");
    }

    #[test]
    fn no_pane_overlaps_another_at_any_size() {
        let sizes = [
            (60, 16),
            (80, 24),
            (109, 50),
            (110, 29),
            (120, 40),
            (169, 30),
            (170, 16),
            (200, 60),
        ];
        for (width, height) in sizes {
            for chosen in arrangements() {
                let covered = covered(&panes(width, height, chosen));
                let whole = u32::from(width) * u32::from(height);
                assert_eq!(covered, whole, "{width}x{height} {chosen:?}");
            }
        }
    }

    #[test]
    fn the_pane_with_the_keys_is_always_there() {
        for chosen in arrangements() {
            for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
                let panes = panes(width, height, chosen);
                assert!(panes.area(chosen.focus).is_some(), "{width} {chosen:?}");
            }
        }
    }

    /// Whatever a user can choose.
    fn arrangements() -> impl Iterator<Item = Arrangement> {
        let of_pane = |focus: Pane| {
            [-300, 0, 300].into_iter().flat_map(move |size| {
                let details = [Detail::Line, Detail::Open].into_iter();
                details.flat_map(move |detail| {
                    [Zoom::Off, Zoom::On].map(|zoom| Arrangement {
                        focus,
                        view: focus.view(),
                        detail,
                        zoom,
                        sizes: Sizes {
                            left: size,
                            right: size,
                            lower: size,
                        },
                    })
                })
            })
        };
        Pane::ALL.into_iter().flat_map(of_pane)
    }

    fn covered(panes: &Panes) -> u32 {
        let others = [panes.facts, panes.bars, panes.line];
        let areas = Pane::ALL
            .map(|pane| panes.area(pane))
            .into_iter()
            .chain(others);
        let rest = [panes.tabs, panes.status, panes.hints];
        let areas = areas.flatten().chain(rest);
        areas
            .chain(panes.separators.iter().copied())
            .map(|area| u32::from(area.width) * u32::from(area.height))
            .sum()
    }

    #[test]
    fn below_60x16_there_are_no_panes() {
        assert_eq!(Panes::of(Rect::new(0, 0, 59, 40), PLAIN), None);
    }
}
