//! How fast blocks come, and why not faster.

mod download;
mod latencies;
mod telling;

use super::Rules;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::store::What;
use crate::stream::Side;
use crate::wire::Message;
use download::Download;
use telling::Telling;

/// How fast blocks come, and why not faster.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Each side as the one that receives; made with its first request.
    downloads: [Option<Box<Download>>; 2],
    telling: Telling,
}

impl Rules for Pace {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let by = scene.by;
        match message {
            Message::Request(_) | Message::Cancel(_) => {
                let download = self.downloads[by.index()].get_or_insert_default();
                download.said(scene, message);
            }
            Message::Piece(_) | Message::Reject(_) | Message::Choke | Message::Unchoke => {
                if let Some(download) = &mut self.downloads[(!by).index()] {
                    download.said(scene, message);
                }
            }
            Message::Have(_) | Message::NotInterested => {
                for download in self.downloads.iter_mut().flatten() {
                    download.pause();
                }
            }
            _ => {}
        }
        self.telling.said(scene, message, out);
    }

    fn missed(&mut self, _: &Scene<'_>, what: &What, _: &mut Raise<'_>) {
        if !matches!(what, What::Conflict { .. }) {
            let downloads = self.downloads.iter_mut().flatten();
            downloads.for_each(|download| download.go_blind());
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        for to in Side::BOTH {
            if let Some(download) = &mut self.downloads[to.index()] {
                download.end(ending, to, out);
            }
        }
        self.telling.ended(ending, out);
    }
}
