//! A table, in which what is said stands as code: there nothing is a link, a mention or markup.

use super::{Step, and_more};

pub(super) fn write(sides: &[String; 2], steps: &[Step], more: usize) -> String {
    let [a, b] = sides.each_ref().map(|side| code(side));
    let head = format!("- {a}\n- {b}\n\n| time | | message |\n| ---: | :---: | --- |\n");
    let rows = steps.iter().map(row);
    let last = (more > 0).then(|| row_of("", "", &and_more(more)));
    head + &rows.chain(last).collect::<String>()
}

fn row(step: &Step) -> String {
    match step {
        Step::Said {
            time,
            from_a,
            label,
            is_fault,
        } => {
            let arrow = if *from_a { "A → B" } else { "B → A" };
            let mark = if *is_fault { "! " } else { "" };
            row_of(time, arrow, &code(&format!("{mark}{label}")))
        }
        Step::Silence { lasted } => row_of("", "", &format!("*{lasted} silent*")),
    }
}

fn row_of(time: &str, arrow: &str, message: &str) -> String {
    format!("| {time} | {arrow} | {message} |\n")
}

/// A backtick would end the code, and a bar the cell, also behind a backslash.
fn code(text: &str) -> String {
    let harmless = text.replace('`', "'").replace('|', "¦").replace('\\', "/");
    format!("`{}`", harmless.trim())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{said, sides};
    use super::*;

    #[test]
    fn a_conversation_is_a_table() {
        let silence = Step::Silence {
            lasted: "9.87 s".to_owned(),
        };
        let steps = [said(true, "choke"), silence, said(false, "gap: 3 B")];
        assert_eq!(
            write(&sides(), &steps, 2),
            "- `A 10.0.0.1:6881 X`\n- `B 10.0.0.2:6881`\n\n\
             | time | | message |\n| ---: | :---: | --- |\n\
             | 0.000385 | A → B | `choke` |\n|  |  | *9.87 s silent* |\n\
             | 0.000385 | B → A | `! gap: 3 B` |\n|  |  | and 2 more rows |\n"
        );
    }

    #[test]
    fn nothing_that_peers_say_leaves_its_cell() {
        assert_eq!(
            code("a | b \\| `c` @me <b> www.x.y"),
            "`a ¦ b /¦ 'c' @me <b> www.x.y`"
        );
    }
}
