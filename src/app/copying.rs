//! `y`: what is selected goes into the clipboard.

use super::{App, Effect, clipboard};
use crate::export::{Copied, Field, bytes, copied};
use crate::view::{Node, Pane};

/// Columns of a field's name.
const NAME: usize = 12;

impl App {
    /// The selected field where fields or bytes have the keys, or else the message.
    pub(super) fn copy(&mut self, form: Copied) -> Effect {
        let Some(mut text) = self.copied(form) else {
            self.notice = Some(format!("no {} of this", form.name()));
            return Effect::Draw;
        };
        let whole = text.len();
        clipboard::cut(&mut text);
        let size = match text.len() {
            all if all == whole => bytes(whole as u64),
            part => format!(
                "the first {} of {}",
                bytes(part as u64),
                bytes(whole as u64)
            ),
        };
        self.notice = Some(format!(
            "{}, {size}: sent to the terminal's clipboard",
            form.name()
        ));
        Effect::Copy(text)
    }

    fn copied(&self, form: Copied) -> Option<String> {
        let id = self.selected()?;
        let raw = self.raw.as_ref().map(|(_, raw)| raw);
        let is_field = matches!(self.arrangement.focus, Pane::Tree | Pane::Hex);
        let selected = self.tree.selected(&self.nodes);
        let node = selected.filter(|at| is_field && *at > 0);
        let node = node.and_then(|at| self.nodes.get(at));
        let field = node.map(field);
        copied(&self.store, id, raw, field.as_ref(), form)
    }
}

/// `begin        16384`: a name, padded, and a value. Headings have none.
fn field(node: &Node) -> Field<'_> {
    let text = node.text.as_str();
    let (name, value) = match text.split_at_checked(NAME) {
        Some((name, value)) if node.depth > 0 && value.starts_with(' ') => (name, value),
        _ => ("", text),
    };
    Field {
        name: name.trim_end(),
        value: value.trim(),
        range: node.range.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Folded;

    fn parts(depth: u8, text: &str) -> (String, String) {
        let node = Node {
            depth,
            text: text.to_owned(),
            range: None,
            filter: None,
            folded: Folded::No,
        };
        let field = field(&node);
        (field.name.to_owned(), field.value.to_owned())
    }

    #[test]
    fn a_field_has_a_name_and_a_value() {
        assert_eq!(
            parts(1, "begin        16384"),
            ("begin".into(), "16384".into())
        );
        assert_eq!(
            parts(1, "proof layers 3"),
            ("proof layers".into(), "3".into())
        );
        assert_eq!(
            parts(0, "meaning  send me this"),
            (String::new(), "meaning  send me this".into())
        );
        assert_eq!(parts(1, "! odd"), (String::new(), "! odd".into()));
    }
}
