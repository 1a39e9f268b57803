//! Which rows the strip has, by its height.

/// Rows that belong together. A direction is 0 where A receives, 1 where B does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The letters of a direction.
    Letters(usize),
    /// Something that grows and shrinks.
    Graph(Graph),
    /// The times.
    Axis,
    /// What the letters mean.
    Legend,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Graph {
    pub(super) what: What,
    pub(super) of: Of,
}

/// What a graph is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Requests that wait.
    InFlight,
    /// Bytes of blocks in a second.
    Rate,
}

/// Of which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// That one.
    One(usize),
    /// The sum of both.
    Both,
}

use Part::{Axis, Legend, Letters};

const fn flight(of: Of) -> Part {
    let what = What::InFlight;
    Part::Graph(Graph { what, of })
}

const fn rate(of: Of) -> Part {
    let what = What::Rate;
    Part::Graph(Graph { what, of })
}

/// Rows of the legend, with an empty one before it.
const LEGEND: u16 = 5;
/// Rows of a graph at most: there is no more to see in a taller one.
const MOST: u16 = 6;

/// The parts from above, and the rows of each.
pub(super) fn of(height: u16) -> Vec<(Part, u16)> {
    let (both, to_a, to_b) = (Of::Both, Of::One(0), Of::One(1));
    let parts: &[Part] = match height {
        ..3 => &[Letters(0), Letters(1)],
        3 => &[Letters(0), Letters(1), Axis],
        4 => &[Letters(0), Letters(1), flight(both), Axis],
        5 => &[Letters(0), Letters(1), flight(both), rate(both), Axis],
        6 => &[
            Letters(0),
            Letters(1),
            flight(both),
            rate(to_a),
            rate(to_b),
            Axis,
        ],
        _ => &[
            Letters(0),
            flight(to_a),
            rate(to_a),
            Letters(1),
            flight(to_b),
            rate(to_b),
            Axis,
        ],
    };
    let spare = height.saturating_sub(parts.len() as u16);
    let tall = 1 + (spare.saturating_sub(LEGEND) / 4).min(MOST - 1);
    let rows = |part: &Part| (*part, if let Part::Graph(_) = part { tall } else { 1 });
    let mut parts: Vec<(Part, u16)> = parts.iter().map(rows).collect();
    if spare >= LEGEND {
        parts.push((Legend, LEGEND));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_fit_at_any_height() {
        for height in 2..200 {
            let used: u16 = of(height).iter().map(|(_, rows)| rows).sum();
            assert!(used <= height, "{used} in {height}");
            assert!(height > 7 || used == height, "{used} in {height}");
        }
    }

    #[test]
    fn both_directions_and_the_axis_are_always_there() {
        for height in 3..80 {
            let parts: Vec<Part> = of(height).into_iter().map(|(part, _)| part).collect();
            assert!(
                [Letters(0), Letters(1), Axis]
                    .iter()
                    .all(|part| parts.contains(part))
            );
        }
    }
}
