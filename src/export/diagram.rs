//! A conversation as a diagram for documents: Mermaid, a Markdown table, or SVG.
//!
//! What peers say goes into languages that have commands, so each writer escapes all that is not a letter, a digit or
//! one of a few harmless signs.

mod markdown;
mod mermaid;
mod steps;
mod svg;

pub use steps::{sides, steps};

/// Steps that are drawn. Nobody reads more, and no browser draws more.
const MAX_STEPS: usize = 10_000;

/// In what language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagramFormat {
    /// A `sequenceDiagram`, as GitHub and GitLab draw it.
    Mermaid,
    /// A table.
    Markdown,
    /// A picture.
    Svg,
}

impl DiagramFormat {
    /// By its name, or by how the name of a file ends.
    pub fn named(name: &str) -> Option<DiagramFormat> {
        match name.rsplit('.').next()? {
            "mermaid" | "mmd" => Some(DiagramFormat::Mermaid),
            "markdown" | "md" => Some(DiagramFormat::Markdown),
            "svg" => Some(DiagramFormat::Svg),
            _ => None,
        }
    }
}

/// A row of a diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One side says something.
    Said {
        /// Seconds since the capture began, as text.
        time: String,
        /// Does the side say it that stands left?
        from_a: bool,
        /// What.
        label: String,
        /// Is it no message, or not whole?
        is_fault: bool,
    },
    /// Nobody says anything.
    Silence {
        /// In words.
        lasted: String,
    },
}

/// Writes a diagram of what the sides of these names say.
pub fn diagram(
    format: DiagramFormat,
    sides: &[String; 2],
    steps: impl IntoIterator<Item = Step>,
) -> String {
    let mut steps = steps.into_iter();
    let shown: Vec<Step> = steps.by_ref().take(MAX_STEPS).collect();
    let more = steps.count();
    match format {
        DiagramFormat::Mermaid => mermaid::write(sides, &shown, more),
        DiagramFormat::Markdown => markdown::write(sides, &shown, more),
        DiagramFormat::Svg => svg::write(sides, &shown, more),
    }
}

/// In place of steps that are left out.
fn and_more(count: usize) -> String {
    format!("and {count} more rows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn said(from_a: bool, label: &str) -> Step {
        Step::Said {
            time: "0.000385".to_owned(),
            from_a,
            label: label.to_owned(),
            is_fault: label.starts_with("gap"),
        }
    }

    pub(super) fn sides() -> [String; 2] {
        ["A 10.0.0.1:6881 X".to_owned(), "B 10.0.0.2:6881".to_owned()]
    }

    #[test]
    fn a_format_is_known_by_its_name_and_by_a_file() {
        assert_eq!(
            DiagramFormat::named("mermaid"),
            Some(DiagramFormat::Mermaid)
        );
        assert_eq!(
            DiagramFormat::named("a/b.md"),
            Some(DiagramFormat::Markdown)
        );
        assert_eq!(DiagramFormat::named("b.png"), None);
    }

    #[test]
    fn more_than_can_be_drawn_is_counted() {
        for format in [
            DiagramFormat::Mermaid,
            DiagramFormat::Markdown,
            DiagramFormat::Svg,
        ] {
            let drawn = diagram(format, &sides(), vec![said(true, "choke"); 12_000]);
            let left_out = drawn
                .lines()
                .rev()
                .take(3)
                .find(|line| line.contains("more rows"));
            assert!(left_out.is_some(), "{format:?}");
            assert_eq!(
                drawn.contains("and 2000 more rows"),
                format != DiagramFormat::Mermaid
            );
        }
    }

    proptest! {
        #[test]
        fn no_label_ends_its_line(label in "\\PC{0,40}") {
            let lines = |label: &str, format| {
                let drawn = diagram(format, &[label.to_owned(), label.to_owned()], [said(true, label)]);
                drawn.lines().count()
            };
            for format in [DiagramFormat::Mermaid, DiagramFormat::Markdown, DiagramFormat::Svg] {
                prop_assert_eq!(lines(&label, format), lines("choke", format));
            }
        }
    }
}
