//! What the user wants of the screen before the first key.

use super::{App, KeyTable};
use crate::store::{Choice, Fold};
use crate::view::{Look, PointOfView, TimeColumn};

/// How the screen begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How it looks.
    pub look: Look,
    /// Whose side it takes.
    pub point_of_view: PointOfView,
    /// What the first column of the ladder says.
    pub time_column: TimeColumn,
    /// What is done with messages that repeat each other.
    pub fold: Fold,
    /// Does it ask the terminal for clicks?
    pub has_mouse: bool,
    /// What keys mean.
    pub keys: KeyTable,
}

impl From<Look> for Settings {
    /// All but the look as it is without a word of the user.
    fn from(look: Look) -> Settings {
        Settings {
            look,
            point_of_view: PointOfView::default(),
            time_column: TimeColumn::default(),
            fold: Fold::default(),
            has_mouse: true,
            keys: KeyTable::default(),
        }
    }
}

impl App {
    /// The same, as the user wants it.
    #[must_use]
    pub fn with(mut self, settings: Settings) -> App {
        self.look = settings.look;
        self.point_of_view = settings.point_of_view;
        self.time_column = settings.time_column;
        self.has_mouse = settings.has_mouse;
        self.keys = settings.keys.help();
        self.table = settings.keys;
        let choice = self.rows.choice().clone();
        self.show(Choice {
            fold: settings.fold,
            ..choice
        });
        self
    }
}
