//! Which rows the view has, by its height.

/// What a graph is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Graph {
    /// From data to its acknowledgement.
    RoundTrip,
    /// Time in queues: uTP alone tells.
    Queueing,
    /// Bytes on their way.
    InFlight,
    /// What the other side has room for.
    Window,
    /// Packets that were sent again, and other rare things.
    Again,
}

/// Rows of the head where there is room for all.
const HEAD: u16 = 10;
/// Rows of the head at least: title, directions, and the figures that matter most.
const LEAST_HEAD: u16 = 5;
/// Rows of the legend, with an empty one before it.
pub(super) const LEGEND: u16 = 4;
/// Rows of a graph at most: there is no more to see in a taller one.
const MOST: u16 = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// Rows of the head.
    pub(super) head: u16,
    /// The graphs of each direction.
    pub(super) graphs: Vec<Graph>,
    /// Rows of each that grows.
    pub(super) tall: u16,
    pub(super) has_legend: bool,
}

impl Parts {
    pub(super) fn of(height: u16, is_utp: bool) -> Parts {
        let mut graphs = vec![Graph::RoundTrip];
        graphs.extend(is_utp.then_some(Graph::Queueing));
        graphs.extend([Graph::InFlight, Graph::Window, Graph::Again]);
        while graphs.len() > 2 && height < LEAST_HEAD + rows(&graphs, 1) {
            graphs.remove(graphs.len() - 2);
        }
        let wanted = HEAD + u16::from(is_utp);
        let head = height.saturating_sub(rows(&graphs, 1)).min(wanted);
        let spare = height.saturating_sub(head + rows(&graphs, 1));
        let has_legend = spare >= LEGEND;
        let spare = spare - if has_legend { LEGEND } else { 0 };
        let growing = 2 * (graphs.len() as u16 - 1);
        Parts {
            head,
            tall: 1 + (spare / growing).min(MOST - 1),
            graphs,
            has_legend,
        }
    }
}

/// Rows of the graphs of both directions, and of the times below.
fn rows(graphs: &[Graph], tall: u16) -> u16 {
    2 * (tall * (graphs.len() as u16 - 1) + 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_fit_at_any_height() {
        for (height, is_utp) in (12..120).flat_map(|it| [(it, false), (it, true)]) {
            let parts = Parts::of(height, is_utp);
            let legend = if parts.has_legend { LEGEND } else { 0 };
            let used = parts.head + rows(&parts.graphs, parts.tall) + legend;
            assert!(used <= height, "{used} in {height}");
            assert!(parts.head >= LEAST_HEAD);
        }
    }

    #[test]
    fn at_80x24_nothing_is_left_out() {
        let body = 24 - 3;
        assert_eq!(Parts::of(body, false).head, HEAD);
        assert_eq!(Parts::of(body, false).graphs.len(), 4);
        assert_eq!(Parts::of(body, true).head, HEAD);
        assert_eq!(Parts::of(body, true).graphs.len(), 5);
    }
}
