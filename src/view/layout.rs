//! Where the panes are, by size. Separators are single lines, not boxes: two boxes cost four rows.

use ratatui::layout::{Constraint, Layout, Rect};

use super::{Detail, Pane};

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

/// The last row is for what was lost, and the first to go.
const FACTS: u16 = 10;
/// Messages that are in sight whatever else is open.
const MIN_LADDER: u16 = 4;
const FLOW: u16 = 2;
const PIECES: u16 = 2;

/// Areas of the panes that are shown. `hex` holds 8 bytes a row in 42 columns, 16 in 77.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the area of the pane it is named for")]
pub struct Panes {
    pub tabs: Rect,
    pub connections: Option<Rect>,
    pub facts: Option<Rect>,
    pub ladder: Option<Rect>,
    pub flow: Option<Rect>,
    pub pieces: Option<Rect>,
    pub line: Option<Rect>,
    pub tree: Option<Rect>,
    pub hex: Option<Rect>,
    pub account: Option<Rect>,
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

/// Rows for fields and bytes: a part of the body, and never so many that the ladder loses its last messages.
fn open_detail(body: Rect, percent: u16) -> u16 {
    let others = 1 + MIN_LADDER + FLOW + PIECES + 1;
    (body.height * percent / 100)
        .max(8)
        .min(body.height.saturating_sub(others))
}

impl Panes {
    /// The areas on a screen of this size; `None` when it is too small.
    pub fn of(area: Rect, focus: Pane, detail: Detail) -> Option<Panes> {
        if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
            return None;
        }
        // The pane with the keys is on the screen, also on one that has become small.
        let detail = match focus {
            Pane::Tree | Pane::Hex => Detail::Open,
            Pane::Connections | Pane::Ladder | Pane::Account => detail,
        };
        let [tabs, body, status, hints] = rows(area, [Length(1), Fill(1), Length(1), Length(1)]);
        let mut panes = Panes {
            tabs,
            status,
            hints,
            ..Panes::default()
        };
        match area.width {
            _ if focus == Pane::Account => panes.account = Some(body),
            ..TWO_COLUMNS if focus == Pane::Connections => panes.list(body),
            ..TWO_COLUMNS => panes.conversation_and_detail(body, detail),
            TWO_COLUMNS..THREE_COLUMNS => panes.two_columns(body, detail, area.height),
            THREE_COLUMNS.. => panes.three_columns(body),
        }
        Some(panes)
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
    fn conversation(&mut self, area: Rect) {
        let [ladder, flow, pieces] = rows(area, [Fill(1), Length(FLOW), Length(PIECES)]);
        self.ladder = Some(ladder);
        self.flow = Some(flow);
        self.pieces = Some(pieces);
    }

    fn conversation_and_detail(&mut self, body: Rect, detail: Detail) {
        let height = match detail {
            Detail::Line => 1,
            Detail::Open => open_detail(body, 40),
        };
        let [talk, rule, below] = rows(body, [Fill(1), Length(1), Length(height)]);
        self.conversation(talk);
        self.separators.push(rule);
        match detail {
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

    fn two_columns(&mut self, body: Rect, detail: Detail, height: u16) {
        let detail = if height >= TALL { Detail::Open } else { detail };
        let lower = match detail {
            Detail::Line => 1,
            Detail::Open => open_detail(body, 25),
        };
        let [upper, rule, below] = rows(body, [Fill(1), Length(1), Length(lower)]);
        let [left, middle, right] = columns(upper, [Length(34), Length(1), Fill(1)]);
        self.list(left);
        self.conversation(right);
        self.separators.extend([rule, middle]);
        match detail {
            Detail::Line => self.line = Some(below),
            Detail::Open => self.tree_beside_hex(below),
        }
    }

    fn three_columns(&mut self, body: Rect) {
        let [left, first, centre, second, right] = columns(
            body,
            [Length(40), Length(1), Fill(1), Length(1), Length(78)],
        );
        self.list(left);
        self.conversation(centre);
        let [tree, rule, hex] = rows(right, [Fill(1), Length(1), Fill(1)]);
        self.tree = Some(tree);
        self.hex = Some(hex);
        self.separators.extend([first, second, rule]);
    }

    /// The area of a pane that keys can go to.
    pub fn area(&self, pane: Pane) -> Option<Rect> {
        match pane {
            Pane::Connections => self.connections,
            Pane::Ladder => self.ladder,
            Pane::Tree => self.tree,
            Pane::Hex => self.hex,
            Pane::Account => self.account,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panes(width: u16, height: u16, focus: Pane, detail: Detail) -> Panes {
        Panes::of(Rect::new(0, 0, width, height), focus, detail).unwrap()
    }

    #[test]
    fn at_80x24_the_ladder_has_fourteen_rows_of_messages() {
        let ladder = panes(80, 24, Pane::Ladder, Detail::Line).ladder.unwrap();
        assert_eq!(ladder.height - 1, 14, "one row is its header");
    }

    #[test]
    fn no_pane_overlaps_another_at_any_size() {
        for (width, height) in [
            (60, 16),
            (80, 24),
            (109, 50),
            (110, 29),
            (120, 40),
            (169, 30),
            (170, 16),
            (200, 60),
        ] {
            for focus in [Pane::Connections, Pane::Ladder, Pane::Account] {
                for detail in [Detail::Line, Detail::Open] {
                    let panes = panes(width, height, focus, detail);
                    let shown = [
                        panes.connections,
                        panes.facts,
                        panes.ladder,
                        panes.flow,
                        panes.pieces,
                        panes.line,
                        panes.tree,
                        panes.hex,
                        panes.account,
                    ];
                    let mut areas: Vec<Rect> = shown
                        .into_iter()
                        .flatten()
                        .chain(panes.separators)
                        .collect();
                    areas.extend([panes.tabs, panes.status, panes.hints]);
                    let covered: u32 = areas.iter().map(|area| area.area()).sum();
                    assert_eq!(
                        covered,
                        u32::from(width) * u32::from(height),
                        "{width}x{height} {focus:?} {detail:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn below_60x16_there_are_no_panes() {
        assert_eq!(
            Panes::of(Rect::new(0, 0, 59, 40), Pane::Ladder, Detail::Line),
            None
        );
    }
}
