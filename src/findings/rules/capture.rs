//! What is wrong with the capture itself: nobody may blame the peers for it.

use crate::findings::scene::Raise;
use crate::findings::{Code, Spot};
use crate::store::Store;

/// Looks at the capture as a whole.
pub(in crate::findings) struct OfCapture;

impl OfCapture {
    pub(in crate::findings) fn judge(store: &Store, out: &mut Raise<'_>) {
        let tally = store.tally();
        if tally.cut > 0 {
            let (cut, all) = (tally.cut, tally.frames);
            out.say(
                Code::CaptureSnaplen,
                None,
                Spot::default(),
                format_args!("{cut} of {all} frames were cut by the snap length"),
            );
        }
    }
}
