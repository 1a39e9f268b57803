//! Which fields are in sight: those below a folded one are not.

use std::collections::BTreeSet;

use super::{Folded, Node};
use crate::view::Cursor;

/// Where one is in the fields of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Counts the rows in sight.
    pub cursor: Cursor,
    /// Fields that are not as they were at first.
    toggled: BTreeSet<usize>,
}

impl State {
    /// The fields in sight, by their places among all.
    pub fn visible(&self, nodes: &[Node]) -> Vec<usize> {
        let mut visible = Vec::new();
        let mut hidden_below = None;
        for (at, node) in nodes.iter().enumerate() {
            if hidden_below.is_some_and(|depth| node.depth > depth) {
                continue;
            }
            visible.push(at);
            hidden_below = self.is_folded(nodes, at).then_some(node.depth);
        }
        visible
    }

    /// The selected field, by its place among all.
    pub fn selected(&self, nodes: &[Node]) -> Option<usize> {
        self.visible(nodes).get(self.cursor.selected).copied()
    }

    /// The row of a field, or of the one that hides it.
    pub fn nearest_in_sight(&self, nodes: &[Node], wanted: usize) -> usize {
        let visible = self.visible(nodes);
        visible.partition_point(|at| *at <= wanted).max(1) - 1
    }

    /// Is something hidden below it?
    pub fn is_folded(&self, nodes: &[Node], at: usize) -> bool {
        let is_at_first = nodes[at].folded == Folded::Yes;
        has_below(nodes, at) && is_at_first != self.toggled.contains(&at)
    }

    /// Folds the selected field or unfolds it.
    pub fn toggle(&mut self, nodes: &[Node]) {
        if let Some(at) = self.selected(nodes).filter(|at| has_below(nodes, *at)) {
            self.flip(at);
        }
    }

    /// Unfolds the selected field; false when it is not folded.
    pub fn unfold(&mut self, nodes: &[Node]) -> bool {
        let folded = self.selected(nodes).filter(|at| self.is_folded(nodes, *at));
        folded.inspect(|at| self.flip(*at)).is_some()
    }

    /// Folds the selected field; where it has nothing to fold, goes to the one that it is a part of. False at the
    /// outermost.
    pub fn fold(&mut self, nodes: &[Node]) -> bool {
        let Some(at) = self.selected(nodes) else {
            return false;
        };
        if has_below(nodes, at) && !self.is_folded(nodes, at) {
            self.flip(at);
            return true;
        }
        let above = above(nodes, at);
        above.inspect(|above| self.select(nodes, *above)).is_some()
    }

    /// Folds all fields with parts, or none.
    pub fn set_all(&mut self, nodes: &[Node], wanted: Folded) {
        let selected = self.selected(nodes);
        for at in (0..nodes.len()).filter(|at| has_below(nodes, *at)) {
            if (wanted == Folded::Yes) != self.is_folded(nodes, at) {
                self.flip(at);
            }
        }
        let outermost = |mut at| {
            while let Some(above) = above(nodes, at) {
                at = above;
            }
            at
        };
        if let Some(at) = selected {
            let at = if wanted == Folded::Yes {
                outermost(at)
            } else {
                at
            };
            self.select(nodes, at);
        }
    }

    /// Selects a field, and unfolds what hides it.
    pub fn select(&mut self, nodes: &[Node], wanted: usize) {
        let mut at = wanted;
        while let Some(above) = above(nodes, at) {
            if self.is_folded(nodes, above) {
                self.flip(above);
            }
            at = above;
        }
        let row = self.visible(nodes).binary_search(&wanted);
        self.cursor.selected = row.unwrap_or(0);
    }

    fn flip(&mut self, at: usize) {
        if !self.toggled.remove(&at) {
            self.toggled.insert(at);
        }
    }
}

/// Has this field parts of its own?
pub(super) fn has_below(nodes: &[Node], at: usize) -> bool {
    nodes
        .get(at + 1)
        .is_some_and(|next| next.depth > nodes[at].depth)
}

/// The field that this one is a part of.
fn above(nodes: &[Node], at: usize) -> Option<usize> {
    nodes[..at]
        .iter()
        .rposition(|node| node.depth < nodes[at].depth)
}

/// The field that a byte belongs to: of those that hold it the shortest, and of equal ones the innermost. Frames hold
/// bytes, too, but are no fields of the message.
pub fn owner(nodes: &[Node], byte: usize) -> Option<usize> {
    let holding = nodes.iter().enumerate().filter_map(|(at, node)| {
        let range = node.range.as_ref().filter(|range| range.contains(&byte))?;
        Some((range.len(), std::cmp::Reverse(at)))
    });
    holding.min().map(|(_, at)| at.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(depth: u8, folded: Folded) -> Node {
        Node {
            depth,
            folded,
            ..Node::default()
        }
    }

    /// A message of a field, a long one with two parts, and a heading.
    fn nodes() -> Vec<Node> {
        use Folded::{No, Yes};
        [(0, No), (1, No), (1, Yes), (2, No), (2, No), (0, No)]
            .map(|(depth, folded)| node(depth, folded))
            .to_vec()
    }

    fn at(row: usize) -> State {
        let mut state = State::default();
        state.cursor.selected = row;
        state
    }

    #[test]
    fn what_is_long_is_folded_at_first() {
        assert_eq!(at(0).visible(&nodes()), [0, 1, 2, 5]);
    }

    #[test]
    fn a_field_unfolds_and_folds() {
        let mut state = at(2);
        assert!(state.unfold(&nodes()) && !state.unfold(&nodes()));
        assert_eq!(state.visible(&nodes()), [0, 1, 2, 3, 4, 5]);
        assert!(state.fold(&nodes()));
        assert_eq!(state.visible(&nodes()), [0, 1, 2, 5]);
        state.toggle(&nodes());
        assert_eq!(state.visible(&nodes()).len(), 6);
    }

    #[test]
    fn folding_leads_outwards() {
        let mut state = at(2);
        state.unfold(&nodes());
        state.cursor.selected = 4;
        assert!(state.fold(&nodes()));
        assert_eq!(state.selected(&nodes()), Some(2));
        assert!(state.fold(&nodes()) && state.fold(&nodes()));
        assert_eq!(state.selected(&nodes()), Some(0));
        assert!(state.fold(&nodes()), "folds the heading");
        assert!(!state.fold(&nodes()));
    }

    #[test]
    fn what_is_selected_is_in_sight() {
        let mut state = at(0);
        state.select(&nodes(), 4);
        assert_eq!(
            (state.selected(&nodes()), state.cursor.selected),
            (Some(4), 4)
        );
    }

    #[test]
    fn all_are_folded_and_unfolded_at_once() {
        let mut state = at(1);
        state.set_all(&nodes(), Folded::Yes);
        assert_eq!(
            (state.visible(&nodes()), state.cursor.selected),
            (vec![0, 5], 0)
        );
        state.set_all(&nodes(), Folded::No);
        assert_eq!(state.visible(&nodes()).len(), 6);
    }

    #[test]
    fn a_byte_belongs_to_the_shortest_field_that_holds_it() {
        let with = |depth, range| Node {
            range: Some(range),
            ..node(depth, Folded::No)
        };
        let nodes = [with(0, 0..9), with(1, 0..4), with(1, 4..9), with(2, 4..9)];
        assert_eq!(
            [0, 4, 9].map(|byte| owner(&nodes, byte)),
            [Some(1), Some(3), None]
        );
    }

    proptest! {
        #[test]
        fn the_selected_field_is_always_one_of_those_in_sight(
            depths in proptest::collection::vec((0u8..4, any::<bool>()), 1..30),
            steps in proptest::collection::vec((0u8..5, any::<prop::sample::Index>()), 0..30),
        ) {
            let nodes: Vec<Node> = depths.into_iter()
                .map(|(depth, long)| node(depth, if long { Folded::Yes } else { Folded::No })).collect();
            let mut state = State::default();
            for (step, place) in steps {
                match step {
                    0 => state.toggle(&nodes),
                    1 => drop(state.fold(&nodes)),
                    2 => drop(state.unfold(&nodes)),
                    3 => state.set_all(&nodes, if place.index(2) == 0 { Folded::Yes } else { Folded::No }),
                    _ => {
                        let wanted = place.index(nodes.len());
                        state.select(&nodes, wanted);
                        prop_assert_eq!(state.selected(&nodes), Some(wanted));
                    }
                }
                prop_assert!(state.selected(&nodes).is_some());
            }
        }
    }
}
